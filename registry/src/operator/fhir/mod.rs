//! What audit consumers are offered: ITI-81 (Retrieve ATNA Audit Event), ITI-82 (Retrieve Syslog Event), and what
//! FHIR wants beside them.

mod capability;
mod iti81;
mod iti82;
mod messages;

pub(super) use capability::capability_statement;
pub(super) use iti81::{read, search, search_by_form};
pub(super) use iti82::syslog_search;
