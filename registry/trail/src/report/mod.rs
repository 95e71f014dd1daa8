//! Reports: pure functions of what was found and counted.
//!
//! [`access_report`] tells who saw a patient's records, [`review_report`] what happened in a month, with
//! [`anomalies`]. Each becomes a [`Sheet`] in Japanese or English, and that an HTML page to print
//! ([`Sheet::html`]) or CSV ([`Sheet::csv`]); the reports themselves serialize to JSON.

mod access;
mod anomaly;
mod directory;
mod local;
mod review;
mod sheet;
mod words;

pub use access::{AccessLine, AccessReport, AccessRequest, Audience, access_report};
pub use anomaly::{Anomaly, AnomalyKind, Thresholds, anomalies};
pub use directory::Directory;
pub use local::{JAPAN, MonthError, MonthRange};
pub use review::{ReviewReport, Signature, review_report};
pub use sheet::{Section, Sheet};
pub use words::Language;
