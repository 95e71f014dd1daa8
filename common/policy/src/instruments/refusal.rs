//! Refusals and reservations 拒否・留保.

use serde::{Deserialize, Serialize};
use xds_model::principal::OrganisationId;

use super::acknowledgement::Acknowledgement;
use super::consent::GivenBy;
use crate::version::{InstrumentKind, Terms};
use crate::words::{ClassCode, DocumentId, PatientRef, SensitivityCode, UserId};

/// What a patient does not want. It holds until its `effective_to`: a new version lifts it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The patient.
    pub patient: PatientRef,
    /// What is refused.
    pub level: RefusalLevel,
    /// Whether even in an emergency.
    #[serde(default)]
    pub includes_emergency: bool,
    /// Who said so.
    pub given_by: GivenBy,
    /// The document that it was entered from, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<Acknowledgement>,
}

impl Terms for Refusal {
    const KIND: InstrumentKind = InstrumentKind::Refusal;
}

/// What is refused.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum RefusalLevel {
    /// All sharing over the network.
    Network,
    /// What one organisation provides.
    ProviderOrg(OrganisationId),
    /// That one organisation gets anything.
    RequesterOrg(OrganisationId),
    /// That one person gets anything.
    Person {
        /// The person's organisation.
        organisation: OrganisationId,
        /// The person.
        user: UserId,
    },
    /// One class of documents.
    Class(ClassCode),
    /// One kind of sensitive information.
    Sensitivity(SensitivityCode),
    /// One document.
    Document(DocumentId),
}
