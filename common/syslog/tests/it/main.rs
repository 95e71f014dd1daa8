//! Delivery of syslog against receivers and senders that others wrote, and against hostile ones.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests end by a panic, and helpers outside of test functions too"
)]

mod faults;
mod namespace;
mod outside;
mod receiver;
mod restarts;
mod rsyslog;
mod source;
mod world;
