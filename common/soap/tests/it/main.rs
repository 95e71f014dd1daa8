//! Tests over the public API: rows of the hardening catalogue by name, the vectors, and random input.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking and say what they skip"
)]

mod addressing;
mod content_type;
mod faults;
mod messages;
mod mime;
mod mtom;
mod vectors;
mod xmllint;
