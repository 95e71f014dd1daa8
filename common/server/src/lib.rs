//! What every server binary does: configuration, listeners, authentication, limits, health, telemetry, drain.

pub mod authenticate;
pub mod config;
pub mod delivery;
pub mod doctor;
pub mod foundation;
pub mod gate;
pub mod http;
pub mod in_flight;
pub mod journal_commands;
pub mod lang;
pub mod ledger;
pub mod metrics;
pub mod ready;
pub mod run;
pub mod status;
pub mod telemetry;
pub mod timekeeping;
pub mod xua;
