//! The audit trail of the registry: the index of events in PostgreSQL, and how it is filled.

mod logins;

pub(crate) use logins::{TrailLogins, TrailRole};
