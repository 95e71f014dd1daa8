//! What every server binary does: configuration, listeners, authentication, limits, health, telemetry, drain.

pub mod config;
pub mod http;
pub mod in_flight;
pub mod ledger;
pub mod metrics;
pub mod ready;
pub mod status;
pub mod telemetry;
