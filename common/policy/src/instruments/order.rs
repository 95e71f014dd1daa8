//! Legal orders 法令に基づく照会等 (Act on the Protection of Personal Information, Article 27(1)(1)).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use xds_model::principal::OrganisationId;

use super::blank;
use crate::version::{Evidence, InstrumentKind, Terms};
use crate::words::{ClassSet, PatientRef};

/// What a law or an authority demands. Two distinct people approve it (`approved_by`).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LegalOrder {
    /// The patient.
    pub patient: PatientRef,
    /// The statute.
    pub statute: String,
    /// Who demands it.
    pub issuing_body: String,
    /// The number of its document.
    pub document_number: String,
    /// Whose documents.
    pub authors: BTreeSet<OrganisationId>,
    /// Which classes.
    pub classes: ClassSet,
    /// The author institution's instruction to the operator to execute it; absent: it executes it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_instructed: Option<Evidence>,
    /// Whether it forbids to tell the patient.
    #[serde(default)]
    pub forbids_notice: bool,
}

impl Terms for LegalOrder {
    const KIND: InstrumentKind = InstrumentKind::LegalOrder;
}

impl LegalOrder {
    /// Whether it says what it must.
    pub fn complete(&self) -> bool {
        !blank(&self.statute) && !blank(&self.issuing_body) && !blank(&self.document_number)
    }
}
