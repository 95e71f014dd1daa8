//! What is known about the document concerned.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use xds_model::principal::OrganisationId;

use crate::scope::SharingScope;
use crate::words::{ClassCode, Confidentiality, DocumentId, PatientRef, SensitivityCode, TypeCode};

/// A document.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// uniqueId. A refusal of one document needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<DocumentId>,
    /// Its patient; when given it must be that of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientRef>,
    /// The organisation that it comes from. Its legal entity is taken from the ledger.
    pub author_org: OrganisationId,
    /// classCode.
    pub class_code: ClassCode,
    /// typeCode.
    pub type_code: TypeCode,
    /// The highest confidentialityCode.
    #[serde(default)]
    pub confidentiality: Confidentiality,
    /// Sensitive information in it, each once.
    #[serde(default)]
    pub sensitivity: Vec<SensitivityCode>,
    /// How far its author lets it be shared.
    #[serde(default)]
    pub scope: SharingScope,
    /// When it was registered.
    #[serde(with = "crate::instant")]
    pub registered_at: OffsetDateTime,
    /// Who runs the repository that keeps it; absent: its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_by: Option<OrganisationId>,
    /// PUSH_ONLY: the recipients that it is addressed to.
    #[serde(default)]
    pub addressed_to: BTreeSet<OrganisationId>,
}

impl Document {
    /// Whether it is very restricted or holds sensitive information.
    pub fn is_sensitive(&self) -> bool {
        self.confidentiality == Confidentiality::V || !self.sensitivity.is_empty()
    }
}
