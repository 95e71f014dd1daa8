//! Registry objects as the store keeps them: key columns, and a body of bytes that only the codec reads.

use uuid::Uuid;
use xds_model::document_entry::DocumentEntry;
use xds_model::folder::Folder;
use xds_model::submission_set::SubmissionSet;
use xds_model::{Association, AvailabilityStatus, Code, Dtm, HomeCommunityId, PatientId};

/// The four kinds of registry object.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ObjectKind {
    /// DocumentEntry.
    DocumentEntry,
    /// SubmissionSet.
    SubmissionSet,
    /// Folder.
    Folder,
    /// Association.
    Association,
}

impl ObjectKind {
    /// A small number that never changes, for storage.
    pub fn number(self) -> i16 {
        match self {
            Self::DocumentEntry => 1,
            Self::SubmissionSet => 2,
            Self::Folder => 3,
            Self::Association => 4,
        }
    }

    /// The kind with this number.
    pub fn from_number(number: i16) -> Option<Self> {
        [
            Self::DocumentEntry,
            Self::SubmissionSet,
            Self::Folder,
            Self::Association,
        ]
        .into_iter()
        .find(|kind| kind.number() == number)
    }
}

/// Turns checked objects, all of whose ids are UUIDs by then, into the bytes that are stored.
///
/// The codec does it; core and store know nothing of the format. What can change after registration
/// (availabilityStatus, version, home, lastUpdateTime, patientId) is no part of the body: it is a
/// column, see [`Current`].
pub trait BodyEncoder {
    /// The body of a DocumentEntry.
    fn document_entry(&self, entry: &DocumentEntry) -> Vec<u8>;
    /// The body of a SubmissionSet.
    fn submission_set(&self, set: &SubmissionSet) -> Vec<u8>;
    /// The body of a Folder.
    fn folder(&self, folder: &Folder) -> Vec<u8>;
    /// The body of an Association.
    fn association(&self, association: &Association) -> Vec<u8>;
}

/// What can change after registration, and so is written into an answer beside the body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Current {
    /// availabilityStatus.
    pub status: AvailabilityStatus,
    /// The version, 1 for the first.
    pub version: u32,
    /// logicalID: the id of the first version.
    pub logical_id: Uuid,
    /// homeCommunityId as registered.
    pub home: Option<HomeCommunityId>,
    /// lastUpdateTime of a Folder.
    pub last_update_time: Option<Dtm>,
    /// patientId, the surviving one after a merge; none for an Association.
    pub patient: Option<PatientId>,
}

/// A code as one text, as the store keeps it and stored queries write it: `code^^scheme`.
pub fn code_text(code: &Code) -> String {
    format!("{}^^{}", code.code, code.scheme)
}

/// availabilityStatus as the store keeps it.
pub fn status_number(status: AvailabilityStatus) -> i16 {
    match status {
        AvailabilityStatus::Approved => 1,
        AvailabilityStatus::Deprecated => 2,
    }
}

/// The status that the store keeps under this number.
pub fn status_from_number(number: i16) -> Option<AvailabilityStatus> {
    [AvailabilityStatus::Approved, AvailabilityStatus::Deprecated]
        .into_iter()
        .find(|status| status_number(*status) == number)
}

/// The type of a DocumentEntry as the store keeps it.
pub fn entry_type_number(kind: xds_model::DocumentEntryType) -> i16 {
    match kind {
        xds_model::DocumentEntryType::Stable => 1,
        xds_model::DocumentEntryType::OnDemand => 2,
    }
}

/// The type that the store keeps under this number.
pub fn entry_type_from_number(number: i16) -> Option<xds_model::DocumentEntryType> {
    use xds_model::DocumentEntryType::{OnDemand, Stable};
    [Stable, OnDemand]
        .into_iter()
        .find(|kind| entry_type_number(*kind) == number)
}

/// The sharing scope as the store keeps it.
pub fn scope_number(scope: xds_policy::SharingScope) -> i16 {
    match scope {
        xds_policy::SharingScope::Shared => 1,
        xds_policy::SharingScope::OrganisationOnly => 2,
        xds_policy::SharingScope::PushOnly => 3,
    }
}

/// The scope that the store keeps under this number.
pub fn scope_from_number(number: i16) -> Option<xds_policy::SharingScope> {
    use xds_policy::SharingScope::{OrganisationOnly, PushOnly, Shared};
    [Shared, OrganisationOnly, PushOnly]
        .into_iter()
        .find(|scope| scope_number(*scope) == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_back() {
        for number in 1..=4 {
            assert_eq!(
                ObjectKind::from_number(number).map(ObjectKind::number),
                Some(number)
            );
        }
        for number in 1..=2 {
            assert_eq!(status_from_number(number).map(status_number), Some(number));
            assert_eq!(
                entry_type_from_number(number).map(entry_type_number),
                Some(number)
            );
        }
        for number in 1..=3 {
            assert_eq!(scope_from_number(number).map(scope_number), Some(number));
        }
        assert_eq!((status_from_number(0), scope_from_number(4)), (None, None));
    }
}
