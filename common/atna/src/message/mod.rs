//! The audit message of DICOM PS3.15 A.5.1, as IHE uses it (ITI TF-2 3.20.7).

mod event_part;
mod look;
mod object;
mod read;
mod write;

use std::fmt;

use time::OffsetDateTime;
use xds_audit::{Action, Outcome};

use crate::code::CodedValue;

pub use event_part::EventPart;
pub use object::{Detail, NameOrQuery, ObjectLifeCycle, ObjectRole, ObjectType, ParticipantObject};
pub use read::{ReadError, ReadFault, ReadMessage, read};
pub(crate) use write::{action_code, date_time};

/// An audit message. `Debug` shows its kind only.
#[derive(Clone, Eq, PartialEq)]
pub struct AuditMessage {
    /// What happened, and how it ended.
    pub event: EventIdentification,
    /// Who took part; at least one.
    pub participants: Vec<ActiveParticipant>,
    /// Who wrote it.
    pub source: AuditSource,
    /// What it was about.
    pub objects: Vec<ParticipantObject>,
}

/// EventIdentification.
#[derive(Clone, Eq, PartialEq)]
pub struct EventIdentification {
    /// EventActionCode.
    pub action: Option<Action>,
    /// EventDateTime.
    pub at: OffsetDateTime,
    /// EventOutcomeIndicator.
    pub outcome: Outcome,
    /// EventID.
    pub id: CodedValue,
    /// EventTypeCode.
    pub types: Vec<CodedValue>,
    /// EventOutcomeDescription: the error codes.
    pub outcome_description: Option<String>,
    /// PurposeOfUse.
    pub purposes: Vec<CodedValue>,
}

/// ActiveParticipant.
#[derive(Clone, Eq, PartialEq)]
pub struct ActiveParticipant {
    /// UserID.
    pub user_id: String,
    /// AlternativeUserID: of our own participant the process id.
    pub alternative_user_id: Option<String>,
    /// UserName: `alias<user@issuer>` of an asserted user.
    pub user_name: Option<String>,
    /// UserIsRequestor.
    pub is_requestor: bool,
    /// NetworkAccessPointID and NetworkAccessPointTypeCode.
    pub network: Option<NetworkAccessPoint>,
    /// RoleIDCode.
    pub roles: Vec<CodedValue>,
    /// MediaIdentifier/MediaType.
    pub media_type: Option<CodedValue>,
}

impl ActiveParticipant {
    /// One of whom only the identity is known.
    pub fn of(user_id: impl Into<String>) -> Self {
        Self {
            user_id: user_id.into(),
            alternative_user_id: None,
            user_name: None,
            is_requestor: false,
            network: None,
            roles: Vec::new(),
            media_type: None,
        }
    }
}

/// Where a participant is in the network.
#[derive(Clone, Eq, PartialEq)]
pub struct NetworkAccessPoint {
    /// NetworkAccessPointID.
    pub id: String,
    /// NetworkAccessPointTypeCode; others may leave it out.
    pub kind: Option<NetworkType>,
}

/// NetworkAccessPointTypeCode.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NetworkType {
    /// 1: a machine's name, DNS names included.
    Name,
    /// 2: an IP address.
    Address,
    /// 3: a telephone number.
    Telephone,
    /// 4: an email address.
    Email,
    /// 5: a URI.
    Uri,
}

impl NetworkType {
    /// The number on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Name => "1",
            Self::Address => "2",
            Self::Telephone => "3",
            Self::Email => "4",
            Self::Uri => "5",
        }
    }

    /// The type with this number.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Name, Self::Address, Self::Telephone, Self::Email, Self::Uri]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// AuditSourceIdentification.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditSource {
    /// AuditSourceID.
    pub id: String,
    /// AuditEnterpriseSiteID.
    pub site: Option<String>,
    /// AuditSourceTypeCode.
    pub types: Vec<CodedValue>,
}

impl fmt::Debug for AuditMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditMessage")
            .field("id", &self.event.id.code)
            .field("outcome", &self.event.outcome)
            .field("participants", &self.participants.len())
            .field("objects", &self.objects.len())
            .finish_non_exhaustive()
    }
}
