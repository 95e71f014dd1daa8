//! ITI-81 (Retrieve ATNA Audit Event) and ITI-82 (Retrieve Syslog Event) as pure functions: from the query string
//! to a [`Question`](crate::Question), from the messages found to the body of the answer. Who may ask, and the
//! audit event of the asking (Audit Log Used), are the caller's.
//!
//! What the index can answer goes into the question; the rest is looked at in each message that was found
//! ([`AuditEventQuery::matches`]), so that a page may hold fewer events than asked for while more follow: the
//! link `next` tells.

mod answer;
mod date;
mod parameters;
mod query;
mod syslog;

pub use answer::{FHIR_JSON, bundle, operation_outcome};
pub use query::{AuditEventQuery, Iti81Error};
pub use syslog::{SyslogQuery, syslog_events};

/// The parameter of the link to the next page: a [`Position`](crate::Position).
const AFTER: &str = "_after";

#[cfg(test)]
mod tests;
