//! Joint-use agreements 共同利用 (Act on the Protection of Personal Information, Article 27(5)(3)).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use xds_model::principal::OrganisationId;

use super::blank;
use super::organisation::Status;
use crate::version::{Evidence, InstrumentKind, Terms};
use crate::words::{ClassCode, Confidentiality, InstrumentId, Purpose, TypeCode};

/// What organisations agreed on, and told the persons concerned.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct JointUseAgreement {
    /// Its name.
    pub title: String,
    /// Whether it is used at the moment.
    #[serde(default)]
    pub status: Status,
    /// When the joint use began under this id: the same in all versions.
    #[serde(with = "crate::instant")]
    pub began: OffsetDateTime,
    /// J0: the published words that data are used jointly 共同利用する旨.
    #[serde(default)]
    pub statement: String,
    /// J1 (ア): what is used jointly.
    #[serde(default)]
    pub items: Vec<JointItem>,
    /// J1: which items of metadata.
    #[serde(default)]
    pub metadata_items: Vec<String>,
    /// J2 (イ): who uses it, one by one.
    #[serde(default)]
    pub users: Vec<JointUser>,
    /// J3 (ウ): what for, as codes.
    #[serde(default)]
    pub purposes: BTreeSet<Purpose>,
    /// J3: what for, in words.
    #[serde(default)]
    pub purpose_text: String,
    /// J4 (エ): who is responsible.
    pub responsible: Responsible,
    /// J5: where persons can learn it.
    #[serde(default)]
    pub publications: Vec<Publication>,
    /// J6: evidence that data registered before the joint use began are covered and were told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers_existing_data: Option<Evidence>,
    /// J9: clauses.
    #[serde(default)]
    pub clauses: Clauses,
    /// Why a version changes purpose or responsible person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeNote>,
}

impl Terms for JointUseAgreement {
    const KIND: InstrumentKind = InstrumentKind::JointUseAgreement;
}

/// A class of documents in joint use.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct JointItem {
    /// The class.
    pub class: ClassCode,
    /// Its types; empty: all.
    #[serde(default)]
    pub types: BTreeSet<TypeCode>,
    /// How confidential documents may be: N always, R if named, V never.
    #[serde(default)]
    pub restricted: bool,
}

/// An organisation in joint use.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct JointUser {
    /// Which.
    pub organisation: OrganisationId,
    /// J8: that it signed this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// J6: it attests that it acquired the data for a purpose that covers the joint use.
    #[serde(default)]
    pub purpose_attested: bool,
}

/// A signature under an agreement.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Who signed for the organisation.
    pub by: String,
    /// When.
    #[serde(with = "crate::instant")]
    pub at: OffsetDateTime,
    /// When it was taken back.
    #[serde(
        default,
        with = "crate::instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub withdrawn_at: Option<OffsetDateTime>,
}

impl Signature {
    /// Whether it counts.
    pub fn holds(&self, at: OffsetDateTime) -> bool {
        !blank(&self.by) && self.at <= at && self.withdrawn_at.is_none_or(|withdrawn| at < withdrawn)
    }
}

/// J4: who is responsible for the management of the data 管理について責任を有する者.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Responsible {
    /// Name 氏名又は名称.
    #[serde(default)]
    pub name: String,
    /// Address 住所.
    #[serde(default)]
    pub address: String,
    /// Whether it is a corporation.
    pub corporation: bool,
    /// The representative's name, if it is a corporation 代表者の氏名.
    #[serde(default)]
    pub representative: String,
    /// From when this is out of date: the representative changed and persons were not told.
    #[serde(
        default,
        with = "crate::instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub outdated_from: Option<OffsetDateTime>,
}

impl Responsible {
    /// Whether all that the law wants is there, and still true.
    pub fn complete(&self, at: OffsetDateTime) -> bool {
        !blank(&self.name)
            && !blank(&self.address)
            && (!self.corporation || !blank(&self.representative))
            && self.outdated_from.is_none_or(|from| at < from)
    }
}

/// J5: a place where persons can easily learn of the joint use.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// An address on the web, or where the notice is posted.
    pub reference: String,
    /// Since when.
    #[serde(with = "crate::instant")]
    pub published_from: OffsetDateTime,
    /// When it was last seen there before this version was entered.
    #[serde(with = "crate::instant")]
    pub verified_at: OffsetDateTime,
    /// What was seen.
    pub evidence: Evidence,
}

/// J9: what the agreement must have written down.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Clauses {
    /// What members do after an incident.
    #[serde(default)]
    pub incidents: String,
    /// What happens when a member or a patient withdraws.
    #[serde(default)]
    pub withdrawal: String,
    /// How sensitive classes are handled.
    #[serde(default)]
    pub sensitive_classes: String,
}

impl Clauses {
    /// Whether all are there.
    pub fn complete(&self) -> bool {
        !blank(&self.incidents) && !blank(&self.withdrawal) && !blank(&self.sensitive_classes)
    }
}

/// What a new version that changes purpose or responsible person has to say.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeNote {
    /// What changes, and why.
    pub text: String,
    /// Whether a person would not find it hard to foresee.
    pub foreseeable: bool,
    /// Since when persons can learn of it.
    #[serde(with = "crate::instant")]
    pub notified_from: OffsetDateTime,
}

/// A later look at a publication: whether it is still there.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PublicationCheck {
    /// The agreement.
    pub agreement: InstrumentId,
    /// The publication's reference.
    pub reference: String,
    /// Whether the text was there.
    pub found: bool,
}

impl Terms for PublicationCheck {
    const KIND: InstrumentKind = InstrumentKind::PublicationCheck;
}

impl JointUseAgreement {
    /// The user entry of an organisation.
    pub fn user(&self, organisation: &OrganisationId) -> Option<&JointUser> {
        self.users.iter().find(|user| user.organisation == *organisation)
    }

    /// The item that covers a document's class and type.
    pub fn item(&self, class: &ClassCode, type_code: &TypeCode) -> Option<&JointItem> {
        self.items
            .iter()
            .find(|item| item.class == *class && (item.types.is_empty() || item.types.contains(type_code)))
    }

    /// Whether a document of this confidentiality may be used jointly under an item.
    pub fn allows(item: &JointItem, confidentiality: Confidentiality) -> bool {
        match confidentiality {
            Confidentiality::N => true,
            Confidentiality::R => item.restricted,
            Confidentiality::V => false,
        }
    }

    /// J5: the instant when the evidence of publication goes stale, as far as it is known at `at`; none if
    /// nothing is published. `looks` are later looks at this agreement's publications: when, where, found.
    pub fn stale_from<'a>(
        &self,
        looks: impl Iterator<Item = (OffsetDateTime, &'a PublicationCheck)> + Clone,
        at: OffsetDateTime,
        recheck: Duration,
    ) -> Option<OffsetDateTime> {
        self.publications
            .iter()
            .filter(|publication| publication.published_from <= at && !blank(&publication.reference))
            .filter_map(|publication| {
                let last = looks
                    .clone()
                    .filter(|(when, look)| *when <= at && look.reference == publication.reference)
                    .filter(|(when, _)| *when >= publication.verified_at)
                    .max_by_key(|(when, look)| (*when, !look.found));
                match last {
                    Some((_, look)) if !look.found => None,
                    Some((when, _)) => Some(when),
                    None => Some(publication.verified_at).filter(|verified| *verified <= at),
                }
            })
            .max()
            .and_then(|verified| verified.checked_add(recheck))
    }
}
