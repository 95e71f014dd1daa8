//! A repository in process, on a real folder and real TLS, with a small registry of the tests' own.
//! Test names carry the row of the hardening catalogue.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod acknowledgement;
mod audit;
mod cli;
mod life;
mod mime;
mod provide;
mod registry_lost;
mod retrieve;
mod support;
