//! The audit trail as it is asked: index of events in PostgreSQL, searches, reports.
//!
//! [`Trail`] is the one door to the schema `audit`. [`Trail::index`] adds what the journal tells, each event once;
//! [`Trail::search`] and [`Trail::show`] find it again. The reports are pure functions of what was found. What
//! counts as evidence is the journal: the index is made from it and can be made again.

mod config;
mod delivered;
mod entry;
mod error;
mod index;
pub mod iti81;
mod keep;
mod kinds;
mod migrate;
mod question;
pub mod report;
mod retention;
mod review;
mod search;
mod sign_off;
mod trail;
mod unread;
mod usage;
mod withheld;

pub use config::TrailConfig;
pub use delivered::{Delivered, Taken};
pub use error::TrailError;
pub use kinds::{OTHER_KINDS, kind_named};
pub use migrate::{Login, Logins, MigrationError, Roles, SCHEMA_VERSION, grants};
pub use question::{Page, Position, Question, QuestionError};
pub use registry_store::Endpoint;
pub use retention::{KEPT_YEARS_MIN, RetentionError};
pub use search::{EXPLAINED, Found, FoundValue};
pub use sign_off::SignOff;
pub use trail::Trail;
pub use usage::{Count, Hour, ROWS_MAX, Who};
pub use withheld::WithheldObject;
