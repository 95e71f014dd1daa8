//! Association.

use crate::code::CodedValue;
use crate::ident::{AvailabilityStatus, HomeCommunityId, ObjectId};
use crate::slot::{Extras, Slot};
use crate::text::Text;

/// A link between two registry objects (ITI TF-3, 4.2.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Association {
    /// `@id`.
    pub id: ObjectId,
    /// availabilityStatus; ignored when submitted.
    pub status: Option<AvailabilityStatus>,
    /// homeCommunityId.
    pub home: Option<HomeCommunityId>,
    /// `@associationType`.
    pub kind: AssociationType,
    /// `@sourceObject`.
    pub source: ObjectId,
    /// `@targetObject`.
    pub target: ObjectId,
    /// Slot SubmissionSetStatus, on SubmissionSet-DocumentEntry HasMember only.
    pub submission_set_status: Option<SubmissionSetStatus>,
    /// Slot PreviousVersion: marks the target as an update (metadata update only).
    pub previous_version: Option<Slot>,
    /// Documentation of a relationship.
    pub documentation: Option<CodedValue>,
    /// `rim:Name` and `rim:Description`, rarely given.
    pub name: Text,
    /// Description.
    pub description: Text,
    /// Everything else that was submitted.
    pub extras: Extras,
}

impl Association {
    /// A link with nothing but its ends.
    pub fn new(id: ObjectId, kind: AssociationType, source: ObjectId, target: ObjectId) -> Self {
        Self {
            id,
            status: None,
            home: None,
            kind,
            source,
            target,
            submission_set_status: None,
            previous_version: None,
            documentation: None,
            name: Text::default(),
            description: Text::default(),
            extras: Extras::default(),
        }
    }
}

/// `@associationType` (ITI TF-3, Table 4.2.2-1; the last two in Metadata Update only).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AssociationType {
    /// Membership in a SubmissionSet or Folder.
    HasMember,
    /// The new document is an addendum to the target.
    Append,
    /// The new document replaces the target.
    Replace,
    /// The new document is a transformation of the target.
    Transform,
    /// The new document replaces the target and is a transformation of it.
    TransformReplace,
    /// The new document is a signature of the target.
    Signs,
    /// The new Stable document is a snapshot of the On-Demand target.
    IsSnapshotOf,
    /// A change of availabilityStatus (ITI-57).
    UpdateAvailabilityStatus,
    /// A new association between existing objects (ITI-57).
    SubmitAssociation,
}

impl AssociationType {
    /// Every type.
    pub const ALL: [Self; 9] = [
        Self::HasMember,
        Self::Append,
        Self::Replace,
        Self::Transform,
        Self::TransformReplace,
        Self::Signs,
        Self::IsSnapshotOf,
        Self::UpdateAvailabilityStatus,
        Self::SubmitAssociation,
    ];

    /// The full URN.
    pub fn urn(self) -> &'static str {
        match self {
            Self::HasMember => "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember",
            Self::Append => "urn:ihe:iti:2007:AssociationType:APND",
            Self::Replace => "urn:ihe:iti:2007:AssociationType:RPLC",
            Self::Transform => "urn:ihe:iti:2007:AssociationType:XFRM",
            Self::TransformReplace => "urn:ihe:iti:2007:AssociationType:XFRM_RPLC",
            Self::Signs => "urn:ihe:iti:2007:AssociationType:signs",
            Self::IsSnapshotOf => "urn:ihe:iti:2010:AssociationType:IsSnapshotOf",
            Self::UpdateAvailabilityStatus => "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus",
            Self::SubmitAssociation => "urn:ihe:iti:2010:AssociationType:SubmitAssociation",
        }
    }

    /// The type with this URN.
    pub fn from_urn(urn: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.urn() == urn)
    }

    /// Whether it links two DocumentEntries by meaning: everything but membership and updates.
    pub fn is_relationship(self) -> bool {
        !matches!(
            self,
            Self::HasMember | Self::UpdateAvailabilityStatus | Self::SubmitAssociation
        )
    }

    /// Whether it deprecates its target.
    pub fn replaces(self) -> bool {
        matches!(self, Self::Replace | Self::TransformReplace)
    }

    /// A small number that never changes, for storage.
    pub fn number(self) -> i16 {
        match self {
            Self::HasMember => 1,
            Self::Append => 2,
            Self::Replace => 3,
            Self::Transform => 4,
            Self::TransformReplace => 5,
            Self::Signs => 6,
            Self::IsSnapshotOf => 7,
            Self::UpdateAvailabilityStatus => 8,
            Self::SubmitAssociation => 9,
        }
    }

    /// The type with this number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// How a SubmissionSet holds a DocumentEntry (ITI TF-3, 4.2.2.2.6.1 SubmissionSetStatus).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SubmissionSetStatus {
    /// The entry is in this request.
    Original,
    /// The entry is in the registry already.
    Reference,
}

impl SubmissionSetStatus {
    /// The slot value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Original => "Original",
            Self::Reference => "Reference",
        }
    }
}
