//! Who may see or publish what, and on which legal basis: a pure, total function of facts.
//!
//! No clock, no I/O: the same inputs give the same answer for ever. What is decided on:
//!
//! - [`instruments`]: what organisations and patients agreed to, as immutable versions; kept in a
//!   [`ledger::Ledger`] (the domain) and [`ledger::PatientInstruments`] (one patient),
//! - [`request::Request`] and [`document::Document`].
//!
//! [`engine::decide`] answers for one document. For many documents of one patient and one requester,
//! [`engine::prepare`] does once what does not depend on the document. [`format`] is the domain as a file.

pub mod basis;
pub mod calendar;
pub mod change;
pub mod confidentiality;
pub mod decision;
pub mod document;
pub mod ending;
pub mod engine;
pub mod finding;
pub mod format;
pub mod gates;
pub mod hash;
pub mod impact;
pub mod instant;
pub mod instruments;
pub mod ledger;
pub mod obligations;
pub mod reasons;
pub mod refusals;
pub mod request;
pub mod scope;
pub mod version;
pub mod words;

pub use scope::SharingScope;
