//! The clock against servers: a real chronyd, and false ones.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests end by it"
)]

mod chronyd;
mod false_server;
mod folder;
mod ntp;
mod real;
mod starts;
