//! Who may see or publish what: a pure, total function of facts.
//!
//! No clock, no I/O: the same inputs give the same answer for ever. Two bases are known so far: own
//! record 自院, and the domain setting that shares everything with all enrolled organisations.

mod decide;
mod facts;

pub use decide::{Basis, Decision, Denial, Permit, decide};
pub use facts::{DocumentFacts, Domain, Operation, Request, SharingScope};
