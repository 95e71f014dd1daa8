//! The caller against small TLS servers in the same process that answer as they are told.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod json;
mod keep_alive;
mod memory;
mod mllp;
mod mtom;
mod simple;
mod tls;
mod world;
mod xds;
