//! One record, as it is kept.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;
use xds_model::principal::OrganisationId;
use xds_policy::basis::Basis;
use xds_policy::decision::ConsentRoute;
use xds_policy::hash::{ContentHash, canonical};
use xds_policy::version::InstrumentRef;
use xds_policy::words::{
    ClassCode, InstrumentId, Operation, PatientRef, Purpose, RoleCode, TypeCode, UserId,
};

use super::party::Party;

/// Whose duty a record is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The provider's: Article 29.
    Provision,
    /// The receiver's: Article 30.
    Receipt,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Provision, Self::Receipt];

    /// A small number that never changes, for storage.
    pub fn number(self) -> i16 {
        match self {
            Self::Provision => 1,
            Self::Receipt => 2,
        }
    }

    /// The side with this number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.number() == number)
    }

    /// Its name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provision => "provision",
            Self::Receipt => "receipt",
        }
    }

    /// The side of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.name() == name)
    }
}

/// What was provided.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provided {
    /// Metadata: that and where documents are (ITI-18). It is personal data as well.
    LocationMetadata,
    /// The documents themselves.
    Document,
}

/// A record of provision or receipt: everything that it says, but for the person's name, which the registry's patient list
/// adds when it is stored.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The form of this text: 1.
    pub format: u8,
    /// Whose record it is.
    pub side: Side,
    /// When it was provided and received.
    #[serde(with = "xds_policy::instant")]
    pub at: OffsetDateTime,
    /// The day of that in Japan 年月日, as 2026-11-24.
    pub date: String,
    /// The decision, as the audit trail names it.
    pub decision: String,
    /// What was asked for.
    pub operation: Operation,
    /// What was provided.
    pub provided: Provided,
    /// Who provided.
    pub provider: Party,
    /// Who received.
    pub receiver: Party,
    /// The person 本人.
    pub person: Person,
    /// The basis.
    pub basis: Basis,
    /// What the basis is in.
    pub instrument: InstrumentRef,
    /// The consent under Article 27(1), if that is the basis 本人の同意を得ている旨.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentGiven>,
    /// RECEIPT: how the provider acquired the data 取得の経緯.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acquisition: Option<String>,
    /// Whether the law demands this record.
    pub legally_required: bool,
    /// The user who received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The user's role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleCode>,
    /// Purpose of use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// How many items.
    pub count: usize,
    /// The items 個人データの項目.
    pub items: Vec<Item>,
}

/// A record is about a patient.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("side", &self.side)
            .field("decision", &self.decision)
            .finish_non_exhaustive()
    }
}

/// Who a record is about, apart from the name.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The regional identifier at that time.
    pub patient: PatientRef,
    /// The identifiers at the provider, as CX.
    pub source_patients: Vec<String>,
}

/// The consent that a provision rests on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentGiven {
    /// The consent; none for an implied one, which rests on the provider's posted notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<InstrumentId>,
    /// By which kind of consent.
    pub model: ConsentRoute,
    /// The hash of the text that was signed, or of the notice that is posted; none when words did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_hash: Option<ContentHash>,
}

/// One document.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// entryUUID.
    #[serde(with = "entry_uuid")]
    pub entry: Uuid,
    /// uniqueId.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<String>,
    /// classCode.
    pub class_code: ClassCode,
    /// typeCode.
    pub type_code: TypeCode,
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// SHA-1 of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// RECEIPT: how the provider acquired it, when other than the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acquisition: Option<String>,
}

impl Record {
    /// The form that this release writes.
    pub const FORMAT: u8 = 1;

    /// Whose record it is.
    pub fn keeper(&self) -> &Party {
        match self.side {
            Side::Provision => &self.provider,
            Side::Receipt => &self.receiver,
        }
    }

    /// The other party.
    pub fn counterparty(&self) -> &Party {
        match self.side {
            Side::Provision => &self.receiver,
            Side::Receipt => &self.provider,
        }
    }

    /// Whose ledger it stands in.
    pub fn ledger(&self) -> &OrganisationId {
        &self.keeper().organisation
    }

    /// Its canonical text, which is what is kept.
    ///
    /// # Errors
    /// When its instant has a year that RFC 3339 cannot write.
    pub fn text(&self) -> Result<String, RecordError> {
        let mut text = String::with_capacity(1024 + self.items.len() * 256);
        canonical(&serde_json::to_value(self)?, &mut text);
        Ok(text)
    }

    /// The record in a text.
    ///
    /// # Errors
    /// When it is no record that this release knows.
    pub fn from_text(text: &str) -> Result<Self, RecordError> {
        Ok(serde_json::from_str(text)?)
    }
}

/// A record that is to be kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The record.
    pub record: Record,
    /// First instant at which it may be removed.
    pub keep_until: OffsetDateTime,
}

/// A text that is no record, or a record without a text.
#[derive(Debug, thiserror::Error)]
#[error("a record of provision or receipt cannot be written or read")]
pub struct RecordError(#[from] serde_json::Error);

/// An entryUUID as it is written everywhere: `urn:uuid:` and the UUID.
mod entry_uuid {
    use serde::{Deserialize, Deserializer, Serializer};
    use uuid::Uuid;

    pub(super) fn serialize<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&id.urn())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
        let text = String::deserialize(deserializer)?;
        Uuid::try_parse(&text).map_err(serde::de::Error::custom)
    }
}
