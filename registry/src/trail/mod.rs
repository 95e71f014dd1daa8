//! The audit trail of the registry: the index of events in PostgreSQL, and how it is filled.
//!
//! One task follows the registry's own journal, another takes what other nodes deliver. Both work beside the requests, as a role that can add events and nothing else: no request waits for them, and an outage of the
//! database costs nothing but time, since journals and senders keep what is not here yet.

mod batch;
mod doctor;
mod indexing;
mod logins;
mod metrics;
mod repository;
mod section;
mod sink;
mod standing;
mod tasks;

pub(crate) use doctor::examine;
pub(crate) use logins::{TrailLogins, TrailRole};
pub(crate) use metrics::TrailMetrics;
pub(crate) use repository::Listeners;
pub(crate) use section::AuditRepositorySection;
pub(crate) use tasks::TrailTasks;
