//! The rules that the members of a domain adopted together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};
use xds_model::principal::OrganisationId;

use super::acknowledgement::PrivacyPolicy;
use crate::basis::Basis;
use crate::version::{Evidence, InstrumentKind, Terms};
use crate::words::{AuthLevel, ClassSet, Operation, PrivacyPolicyId, Purpose, RoleCode, SensitivityCode};

/// Rules of the domain. Every field has a default that gives nobody more than the law gives by itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DomainPolicy {
    /// The organisation that runs the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<OrganisationId>,
    /// In which order bases are tried: joint use and consent may change places.
    pub order: BasisOrder,
    /// Whether joint use is a basis at all.
    pub joint_enabled: bool,
    /// Whether joint use also needs the patient's enrolment.
    pub joint_requires_enrolment: bool,
    /// Days after which evidence of a publication is stale.
    pub publication_recheck_days: u16,
    /// The common rule that explicit consent is obtained whenever another institution is queried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_query_rule: Option<Adoption>,
    /// Hours that a consent on query holds for an outpatient or home visit.
    pub on_query_hours: u16,
    /// Days after which a consent on query of an inpatient must be given again.
    pub on_query_inpatient_days: u16,
    /// Hours of a break-glass session, and of its one renewal.
    pub break_glass_hours: u8,
    /// B5: what an emergency gives.
    pub emergency_classes: ClassSet,
    /// A refusal that includes emergencies.
    pub emergency_over_refusal: OverRefusal,
    /// Days that a contractor may keep what was pushed to it.
    pub temp_max_days: u16,
    /// Days without work, besides Saturdays and Sundays: for the review of emergencies.
    #[serde(with = "dates")]
    pub holidays: BTreeSet<Date>,
    /// How surely users must be recognised.
    pub users: BTreeMap<Operation, AuthLevel>,
    /// Whether a user must have an entry in the ID ledger. An entry that ended shuts a user out in any case.
    pub user_ledger_required: bool,
    /// Role × class matrix. A role that is not in it gets nothing.
    pub roles: BTreeMap<RoleCode, RoleRule>,
    /// Codes of sensitive information, with their names. An unlisted code is sensitive too.
    pub sensitivities: BTreeMap<SensitivityCode, String>,
    /// What a patient does by acknowledging a privacy policy, by its OID (BPPC, ITI TF-3 5.1).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub privacy_policies: BTreeMap<PrivacyPolicyId, PrivacyPolicy>,
    /// Years that records of provision and receipt are kept. It is not written when it is the usual five, so that
    /// policies from before there was a choice have the text, and the hash, that they had.
    #[serde(skip_serializing_if = "is_usual_retention")]
    pub record_retention_years: u8,
}

impl Terms for DomainPolicy {
    const KIND: InstrumentKind = InstrumentKind::DomainPolicy;
}

/// That members adopted a rule.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Adoption {
    /// From when.
    #[serde(with = "crate::instant")]
    pub from: OffsetDateTime,
    /// Evidence.
    pub evidence: Evidence,
}

/// A line of the role × class matrix.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRule {
    /// What the role is called.
    #[serde(default)]
    pub name: String,
    /// Classes that it may see.
    pub classes: ClassSet,
    /// Whether it may see very restricted and sensitive documents of its own entity.
    #[serde(default)]
    pub sensitive: bool,
    /// B1: whether it may declare an emergency, and confirm one as the second.
    #[serde(default)]
    pub emergency: bool,
    /// Whether it executes legal orders: the privacy officer.
    #[serde(default)]
    pub legal: bool,
}

/// What happens to an emergency when the patient refused even that.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OverRefusal {
    /// Nothing is given.
    #[default]
    Deny,
    /// A second physician may confirm.
    SecondApprover,
}

/// The order of bases. Only joint use and consent may change places.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Vec<Basis>", into = "Vec<Basis>")]
pub enum BasisOrder {
    /// Joint use before consent.
    #[default]
    JointFirst,
    /// Consent before joint use.
    ConsentFirst,
}

impl BasisOrder {
    /// The bases, in order.
    pub fn bases(self) -> [Basis; 6] {
        let [own, entrust, joint, consent, law, emergency] = Basis::ALL;
        match self {
            Self::JointFirst => Basis::ALL,
            Self::ConsentFirst => [own, entrust, consent, joint, law, emergency],
        }
    }
}

/// The order is not one of the two.
#[derive(Debug, thiserror::Error)]
#[error("the order is OWN, ENTRUST, JOINT, CONSENT, LAW, EMERG; only JOINT and CONSENT may change places")]
pub struct OrderError;

impl TryFrom<Vec<Basis>> for BasisOrder {
    type Error = OrderError;

    fn try_from(bases: Vec<Basis>) -> Result<Self, OrderError> {
        [Self::JointFirst, Self::ConsentFirst]
            .into_iter()
            .find(|order| order.bases().as_slice() == bases)
            .ok_or(OrderError)
    }
}

impl From<BasisOrder> for Vec<Basis> {
    fn from(order: BasisOrder) -> Self {
        order.bases().to_vec()
    }
}

impl Default for DomainPolicy {
    fn default() -> Self {
        Self {
            operator: None,
            order: BasisOrder::JointFirst,
            joint_enabled: false,
            joint_requires_enrolment: true,
            publication_recheck_days: 35,
            on_query_rule: None,
            on_query_hours: 24,
            on_query_inpatient_days: 90,
            break_glass_hours: 4,
            emergency_classes: ClassSet::Only(EMERGENCY_CLASSES.into_iter().map(Into::into).collect()),
            emergency_over_refusal: OverRefusal::Deny,
            temp_max_days: 30,
            holidays: BTreeSet::new(),
            users: BTreeMap::from([
                (Operation::Register, AuthLevel::None),
                (Operation::Update, AuthLevel::None),
                (Operation::Delete, AuthLevel::None),
                (Operation::Query, AuthLevel::TwoFactor),
                (Operation::Retrieve, AuthLevel::TwoFactor),
                (Operation::Push, AuthLevel::SingleFactor),
            ]),
            user_ledger_required: false,
            roles: standard_roles(),
            sensitivities: SENSITIVITIES
                .into_iter()
                .map(|(code, name)| (code.into(), name.to_owned()))
                .collect(),
            privacy_policies: BTreeMap::new(),
            record_retention_years: RECORD_YEARS_USUAL,
        }
    }
}

impl DomainPolicy {
    /// Years that records of provision and receipt are kept: never fewer than the law asks for.
    pub fn record_years(&self) -> u8 {
        self.record_retention_years.max(RECORD_YEARS_MIN)
    }

    /// How surely a user must be recognised for an operation. An operation that is not listed needs two factors.
    pub fn auth_level(&self, operation: Operation) -> AuthLevel {
        self.users
            .get(&operation)
            .copied()
            .unwrap_or(AuthLevel::TwoFactor)
    }

    /// What is left when it has ended: what it forbade stays forbidden, what it opened is shut.
    pub fn lapsed(&self) -> Self {
        Self {
            operator: None,
            joint_enabled: false,
            on_query_rule: None,
            emergency_over_refusal: OverRefusal::Deny,
            privacy_policies: self.refusals(),
            ..self.clone()
        }
    }

    /// The privacy policies that a patient refuses something by.
    fn refusals(&self) -> BTreeMap<PrivacyPolicyId, PrivacyPolicy> {
        let policies = self.privacy_policies.iter();
        policies
            .filter(|(_, policy)| matches!(policy, PrivacyPolicy::Refusal(_)))
            .map(|(id, policy)| (id.clone(), policy.clone()))
            .collect()
    }

    /// How long evidence of a publication is fresh.
    pub fn publication_recheck(&self) -> Duration {
        Duration::days(i64::from(self.publication_recheck_days))
    }

    /// Whether the common rule for consent on query is adopted.
    pub fn on_query_adopted(&self, at: OffsetDateTime) -> bool {
        self.on_query_rule.as_ref().is_some_and(|rule| rule.from <= at)
    }
}

/// Years that a record of provision or receipt is kept at least (Enforcement Rules, Articles 21 and 25).
pub const RECORD_YEARS_MIN: u8 = 3;

/// Years that it is kept unless the domain decides on more: as long as a medical record.
const RECORD_YEARS_USUAL: u8 = 5;

/// Serde passes a reference.
fn is_usual_retention(years: &u8) -> bool {
    *years == RECORD_YEARS_USUAL
}

/// Purposes that somebody may be served for.
pub const PURPOSES_SERVED: [Purpose; 6] = [
    Purpose::Treatment,
    Purpose::Emergency,
    Purpose::EntrustedTask,
    Purpose::Maintenance,
    Purpose::Legal,
    Purpose::PatientRequest,
];

/// Summaries, allergies, medication, latest results, images: LOINC.
const EMERGENCY_CLASSES: [&str; 8] = [
    "18842-5", "34133-9", "60591-5", "48765-2", "10160-0", "57833-6", "26436-6", "18748-4",
];

const SENSITIVITIES: [(&str, &str); 6] = [
    ("HIV", "HIV 感染症"),
    ("PSY", "精神科"),
    ("GEN", "遺伝子情報"),
    ("SUD", "物質使用症"),
    ("DV", "配偶者等からの暴力"),
    ("ABORT", "人工妊娠中絶"),
];

/// Role, name, whether sensitive documents of its own entity, whether emergencies.
const STANDARD_ROLES: [(&str, &str, bool, bool); 4] = [
    ("physician", "医師", true, true),
    ("dentist", "歯科医師", true, true),
    ("nurse", "看護師", false, false),
    ("pharmacist", "薬剤師", false, false),
];

fn standard_roles() -> BTreeMap<RoleCode, RoleRule> {
    let officer = RoleRule {
        name: "個人情報保護責任者".to_owned(),
        classes: ClassSet::All,
        sensitive: false,
        emergency: false,
        legal: true,
    };
    STANDARD_ROLES
        .into_iter()
        .map(|(code, name, sensitive, emergency)| {
            let rule = RoleRule {
                name: name.to_owned(),
                classes: ClassSet::All,
                sensitive,
                emergency,
                legal: false,
            };
            (code.into(), rule)
        })
        .chain([("privacy-officer".into(), officer)])
        .collect()
}

/// Dates in files: 2026-11-23.
mod dates {
    use std::collections::BTreeSet;

    use serde::{Deserialize, Deserializer, Serializer};
    use time::Date;
    use time::format_description::well_known::Iso8601;

    pub(super) fn serialize<S: Serializer>(dates: &BTreeSet<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(dates.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<Date>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts
            .iter()
            .map(|text| Date::parse(text, &Iso8601::DATE))
            .collect::<Result<_, _>>()
            .map_err(|_| serde::de::Error::custom("a date is written as 2026-11-23"))
    }
}
