//! XDS.b Document Repository: ITI-41 and ITI-43 over mutual TLS, documents encrypted in a folder or bucket.
//!
//! [`app::start`] puts the parts together; [`config::Config`] says how. Who may do what the registry
//! decides, which is asked through [`registry::RegistryClient`].

mod acknowledgement;
pub mod app;
pub mod cli;
mod commands;
pub mod config;
mod delivery;
mod documents;
mod handlers;
mod inline;
pub mod metrics;
mod outlet;
pub mod registry;
mod upkeep;
mod words;
