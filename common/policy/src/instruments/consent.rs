//! Consents 同意 (Act on the Protection of Personal Information, Article 27(1)), and the texts that are signed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use xds_model::principal::OrganisationId;

use super::acknowledgement::Acknowledgement;
use super::blank;
use crate::hash::ContentHash;
use crate::version::{InstrumentKind, Terms, Version};
use crate::words::{
    ClassSet, Confidentiality, EncounterId, InstrumentId, PatientRef, Purpose, SensitivityCode, UserId,
};

/// What a patient agreed to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The patient.
    pub patient: PatientRef,
    /// How it gives a basis.
    pub model: ConsentModel,
    /// Who gave it.
    pub given_by: GivenBy,
    /// How.
    pub method: Method,
    /// When.
    #[serde(with = "crate::instant")]
    pub signed_at: OffsetDateTime,
    /// Who took it down.
    #[serde(default)]
    pub recorder: String,
    /// The text that was signed or read out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextRef>,
    /// C3: whose documents.
    pub providers: Organisations,
    /// C3: who may have them.
    pub requesters: Organisations,
    /// C3: which persons of the requester may have them; empty: all.
    #[serde(default)]
    pub persons: BTreeSet<UserId>,
    /// C3: which classes.
    pub classes: ClassSet,
    /// C3: whether restricted documents are included.
    #[serde(default)]
    pub restricted: bool,
    /// C3: whether very restricted documents without a named sensitivity are included.
    #[serde(default)]
    pub very_restricted: bool,
    /// C3: which sensitive information is included, by name.
    #[serde(default)]
    pub sensitivities: BTreeSet<SensitivityCode>,
    /// C3: what for.
    pub purposes: BTreeSet<Purpose>,
    /// The visit that it was given at: ON_QUERY.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<Encounter>,
    /// C1: when it was withdrawn 撤回.
    #[serde(
        default,
        with = "crate::instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub withdrawn_at: Option<OffsetDateTime>,
    /// The document that it was entered from, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<Acknowledgement>,
}

impl Terms for Consent {
    const KIND: InstrumentKind = InstrumentKind::Consent;
}

/// How a consent gives a basis. Implied consent to a push 黙示の同意 is not recorded: it rests on the author's
/// posted notice.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConsentModel {
    /// Given beforehand, for a scope 一括同意・個別同意.
    Scoped,
    /// Given at a visit, to query other institutions 照会時の明示同意.
    OnQuery,
    /// To take part in the network 参加同意. Gives no basis by itself: joint use may need it.
    Enrolment,
}

/// Who gave a consent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum GivenBy {
    /// The patient.
    Patient,
    /// A proxy.
    Proxy {
        /// What the proxy is to the patient: 法定代理人 and so on.
        relation: String,
        /// C6: when the authority ends: the day a minor comes of age.
        #[serde(
            default,
            with = "crate::instant::option",
            skip_serializing_if = "Option::is_none"
        )]
        authority_until: Option<OffsetDateTime>,
    },
}

/// How a consent was given.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// On paper.
    Paper,
    /// Electronically.
    Electronic,
    /// Orally, and written down.
    Oral,
}

/// A set of organisations.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Organisations {
    /// All members, with named exclusions.
    AllMembers {
        /// Not these.
        #[serde(default)]
        except: BTreeSet<OrganisationId>,
    },
    /// These.
    Listed(BTreeSet<OrganisationId>),
}

impl Organisations {
    /// Whether an organisation is meant, however it became a member.
    pub fn contains(&self, organisation: &InstrumentId) -> bool {
        let is_it = |listed: &OrganisationId| listed.0 == organisation.0;
        match self {
            Self::AllMembers { except } => !except.iter().any(is_it),
            Self::Listed(organisations) => organisations.iter().any(is_it),
        }
    }

    /// Whether it is meant by name.
    pub fn by_name(&self) -> bool {
        matches!(self, Self::Listed(_))
    }
}

/// The version of a text.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TextRef {
    /// Its id.
    pub id: InstrumentId,
    /// Its version.
    pub version: u32,
    /// The hash of that version; checked when given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<ContentHash>,
}

/// A visit or stay.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Encounter {
    /// Its number at the organisation.
    pub id: EncounterId,
    /// What kind.
    pub kind: EncounterKind,
    /// When it began.
    #[serde(with = "crate::instant")]
    pub started: OffsetDateTime,
    /// When it ended: discharge.
    #[serde(
        default,
        with = "crate::instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub ended: Option<OffsetDateTime>,
}

/// What kind of visit.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EncounterKind {
    /// 外来
    Outpatient,
    /// 入院
    Inpatient,
    /// 在宅
    Home,
}

/// A text that patients sign 説明同意文書.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentText {
    /// Its name.
    pub title: String,
    /// What kind of consent it asks for.
    pub model: ConsentModel,
    /// OID of the Patient Privacy Policy that stands for it, for readers: what a BPPC document means that names it is in
    /// `DomainPolicy::privacy_policies` (ITI TF-3 5.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_oid: Option<String>,
    /// C7: it says that members who join later are included, once that was notified.
    #[serde(default)]
    pub includes_later_members: bool,
    /// The words.
    #[serde(default)]
    pub words: String,
}

impl Terms for ConsentText {
    const KIND: InstrumentKind = InstrumentKind::ConsentText;
}

impl Consent {
    /// C5: whether there is proof of it. Words at a visit are proved by who took them down.
    pub fn proved(consent: &Version<Self>) -> bool {
        match (consent.terms.method, &consent.evidence) {
            (Method::Oral, None) => !blank(&consent.terms.recorder),
            _ => consent.evidence_holds(),
        }
    }

    /// C6: whether who gave it could give it still.
    pub fn authority_holds(&self, at: OffsetDateTime) -> bool {
        match &self.given_by {
            GivenBy::Patient => true,
            GivenBy::Proxy {
                relation,
                authority_until,
            } => !blank(relation) && authority_until.is_none_or(|until| at < until),
        }
    }

    /// Whether it was withdrawn.
    pub fn withdrawn(&self, at: OffsetDateTime) -> bool {
        self.withdrawn_at.is_some_and(|withdrawn| withdrawn <= at)
    }

    /// Whether documents of this confidentiality are in its scope.
    pub fn covers(&self, confidentiality: Confidentiality, sensitivities: &[SensitivityCode]) -> bool {
        let level = match confidentiality {
            Confidentiality::N => true,
            Confidentiality::R => self.restricted,
            Confidentiality::V => self.very_restricted || !sensitivities.is_empty(),
        };
        level
            && sensitivities
                .iter()
                .all(|sensitivity| self.sensitivities.contains(sensitivity))
    }
}
