//! The operator listener: the API of operators and their console, and what ITI-81 and ITI-82 offer to audit consumers.
//!
//! A certificate with a right in the ledger (`node add --right`) gets in, and no other. [`routes::ROUTES`] lists what is
//! offered; docs/operating/operator-api.openapi.json describes it.

mod audit;
mod desk;
mod fhir;
mod instruments;
mod papers;
mod refusal;
mod routes;
mod start;

use desk::Desk;
use routes::routes;
pub(crate) use start::{Operating, Plan};
