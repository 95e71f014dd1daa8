//! Messages read, written and stored.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking and say what they skip"
)]

mod bodies;
mod limits;
mod metadata;
mod properties;
mod provide;
mod queries;
mod responses;
mod retrieve;
mod samples;
mod strategies;
mod support;
