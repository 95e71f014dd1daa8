//! Tests of the public interface.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking and say what they skip"
)]

mod coverage;
mod fhir;
mod golden;
mod property;
mod received;
mod rules;
mod support;
mod syslog;
