//! TLS as a peer sees it: the alert, and what the server learnt. Test names carry the row of the hardening catalogue.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "helpers of tests fail by panicking and say what they skip"
)]

mod certificates;
mod files;
mod hello;
mod lifetime;
mod openssl;
mod outgoing;
mod protocols;
mod revocation;
mod rotation;
mod world;
