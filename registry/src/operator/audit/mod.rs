//! `/v1/audit`: the audit trail. Operators only.

mod asked;
mod complete;
mod month;
mod parameters;
mod patient;
mod patients;
mod search;
mod sheet;
mod show;

pub(super) use asked::{look, objects};
pub(super) use month::{review, sign_off};
pub(super) use parameters::{json, no_query, once, pairs, unknown};
pub(super) use patient::patient_report;
pub(super) use patients::patients;
pub(super) use search::{events, search};
pub(super) use show::event as one_event;
