//! Acknowledgements of privacy policies (BPPC, ITI TF-3 5.1): documents by which a patient agrees, refuses, or lifts what
//! was acknowledged before. What they say becomes instruments in the transaction that registers them.
//!
//! [`check`] judges the metadata, with all other rules; [`enter`] turns a permitted submission into instruments. What a
//! *refusal* lacks is a warning and no fault, so that it takes effect; what a consent or a lift lacks is a fault, so that
//! nobody trusts a consent that is not enforced.

mod check;
mod ends;
mod entering;
mod reading;

use uuid::Uuid;
use xds_model::Fault;
use xds_policy::instruments::acknowledgement::{Acknowledged, Acknowledgement};
use xds_policy::version::InstrumentRef;

pub(super) use check::check;
pub(super) use entering::enter;

/// What is registered already of a patient's acknowledgements: the latest version of each consent and refusal that a
/// document entered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing(pub Vec<Acknowledged>);

/// What a registration does to instruments, all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entered {
    /// The id under which it stands in the record of changes.
    pub change: Uuid,
    /// Who enters it: the node, and its user if one was asserted.
    pub by: String,
    /// New versions: first those that end, then those that begin.
    pub versions: Vec<Acknowledged>,
    /// Warnings for the answer.
    pub(super) warnings: Vec<Fault>,
}

impl Entered {
    /// Kind, id, version and hash of each new version, for the audit.
    pub fn references(&self) -> impl Iterator<Item = &InstrumentRef> {
        self.versions.iter().map(|version| match version {
            Acknowledged::Consent(version) => version.reference().as_ref(),
            Acknowledged::Refusal(version) => version.reference().as_ref(),
        })
    }
}

/// The document that an instrument was entered from.
fn document_of(version: &Acknowledged) -> Option<&Acknowledgement> {
    match version {
        Acknowledged::Consent(version) => version.terms.acknowledgement.as_ref(),
        Acknowledged::Refusal(version) => version.terms.acknowledgement.as_ref(),
    }
}
