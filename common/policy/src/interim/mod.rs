//! The rules that the registry runs on until it is given the law: own record, and the domain setting that
//! shares everything.

mod decide;
mod facts;

pub use decide::{Basis, Decision, Denial, Permit, decide};
pub use facts::{DocumentFacts, Domain, Operation, Request};
