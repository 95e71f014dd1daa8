//! Work with instruments that the command line and the operator API do in the same way.
//!
//! Each function here does one verb but for its two ends: who asks, and how it is shown.

mod domain;
mod ending;
mod evidence;
mod listing;
mod reach;
mod refused;
mod verdict;

pub(crate) use domain::{evidence_absent, evidence_named, exported, owe_export, patients_of};
pub(crate) use ending::ending;
pub(crate) use evidence::complete;
pub(crate) use listing::{latest_of_each, state, version_of};
pub(crate) use reach::reach;
pub(crate) use refused::Refused;
#[cfg(test)]
pub(crate) use verdict::findings;
pub(crate) use verdict::{Verdict, finding_text, finding_why, of_draft, of_kept};
