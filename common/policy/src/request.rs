//! Who asks, what for, and in which capacity.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use xds_model::principal::{EntityId, OrganisationId};

use crate::instruments::session::EmergencyReason;
use crate::words::{
    AuthLevel, EncounterId, InstrumentId, Operation, PatientRef, Purpose, RoleCode, SensitivityCode, UserId,
};

/// A request, as authentication made it. One patient, one requester; the documents come apart.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What is asked for.
    pub op: Operation,
    /// When: the server's clock.
    #[serde(with = "crate::instant")]
    pub at: OffsetDateTime,
    /// The organisation that the client's certificate is bound to. When a repository asks, that of the node it names.
    pub cert_org: OrganisationId,
    /// SHA-256 of that certificate; when given it must be one of that organisation alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// The organisation that asks: from the assertion, or that of the certificate.
    pub req_org: OrganisationId,
    /// Its legal entity as asserted; when given it must be that of the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub req_entity: Option<EntityId>,
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The user's role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleCode>,
    /// How surely the user was recognised.
    #[serde(default)]
    pub auth_level: AuthLevel,
    /// Purpose of use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// For itself, or for an entruster. Declared per request, never mixed.
    #[serde(default)]
    pub capacity: Capacity,
    /// The patient. Absent for what concerns none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientRef>,
    /// The visit, as the requester numbers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EncounterId>,
    /// The declaration of an emergency; never inferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
    /// PUSH: who gets the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<OrganisationId>,
    /// PUSH: which person, if one is addressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_user: Option<UserId>,
}

impl Request {
    /// The organisation that learns something.
    pub fn receiver(&self) -> Option<&OrganisationId> {
        match self.op {
            Operation::Push => self.recipient.as_ref(),
            _ => Some(&self.req_org),
        }
    }

    /// The person who learns something.
    pub fn receiving_user(&self) -> Option<&UserId> {
        match self.op {
            Operation::Push => self.recipient_user.as_ref(),
            _ => self.user.as_ref(),
        }
    }
}

/// In which capacity an organisation asks.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Capacity {
    /// For itself.
    #[default]
    #[serde(rename = "SELF")]
    Itself,
    /// For an entruster.
    ContractorOf {
        /// The entruster.
        entity: EntityId,
        /// Under this contract.
        contract: InstrumentId,
    },
}

/// The declaration of an emergency.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// B2: why consent cannot be had.
    pub reason_code: EmergencyReason,
    /// B2: in words.
    pub free_text: String,
    /// B2: who attests it.
    pub attested_by: UserId,
    /// B2: when.
    #[serde(with = "crate::instant")]
    pub attested_at: OffsetDateTime,
    /// B2: it is attested that consent cannot be had.
    pub consent_unobtainable: bool,
    /// B4: the banner was shown and confirmed.
    pub confirmed: bool,
    /// What very restricted or sensitive documents are needed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitive_need: Option<SensitiveNeed>,
    /// A second physician's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondConfirmation>,
}

/// What very restricted or sensitive documents are needed for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SensitiveNeed {
    /// In words.
    pub text: String,
    /// Which sensitive information.
    #[serde(default)]
    pub sensitivities: BTreeSet<SensitivityCode>,
    /// Whether very restricted documents without a named sensitivity.
    #[serde(default)]
    pub very_restricted: bool,
}

/// A second physician's word.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SecondConfirmation {
    /// Who.
    pub by: UserId,
    /// In which role.
    pub role: RoleCode,
    /// When.
    #[serde(with = "crate::instant")]
    pub at: OffsetDateTime,
}
