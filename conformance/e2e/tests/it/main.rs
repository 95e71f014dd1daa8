//! Both programs together, over the wire, judged by things we did not write.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests end by it"
)]

mod acts;
mod auz;
mod clock;
mod delivery;
mod five_checks;
mod http;
mod law;
mod main_job;
mod operator;
mod outside;
mod programs;
mod reload;
mod samples;
mod soap;
mod sto;
mod support;
mod tls;
mod trail;
mod trail_commands;
mod xds;
mod xml;
mod xua;
