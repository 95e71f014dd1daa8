//! The frame as a client sees it: a server on loopback, raw bytes over mutual TLS, and the journal that it leaves.
//! Test names carry the row of the hardening catalogue.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod api;
mod app;
mod bodies;
mod client;
mod clock;
mod config;
mod fhir_feed;
mod flow;
mod heads;
mod journal_commands;
mod message;
mod mime;
mod soap;
mod tls;
mod watch;
mod world;
mod xua;
