//! What stands beside a body: columns that can change after registration.

use uuid::Uuid;
use xds_model::ident::{AvailabilityStatus, HomeCommunityId};
use xds_model::time::Dtm;
use xds_model::{AssociationType, PatientId};
use xds_xml::escape;

/// A text that is escaped for XML, made once and written many times.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Escaped(String);

impl Escaped {
    /// Escapes a plain text.
    pub fn new(plain: &str) -> Self {
        Self(escape::escaped(plain).into_owned())
    }

    /// The escaped text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&PatientId> for Escaped {
    fn from(patient: &PatientId) -> Self {
        Self::new(&patient.to_string())
    }
}

/// Columns of a DocumentEntry.
#[derive(Clone, Copy, Debug)]
pub struct EntryColumns<'a> {
    /// entryUUID.
    pub id: Uuid,
    /// logicalID, `@lid`.
    pub logical_id: Uuid,
    /// version, 1 for the first.
    pub version: u32,
    /// availabilityStatus.
    pub status: AvailabilityStatus,
    /// homeCommunityId to answer with, if any.
    pub home: Option<&'a HomeCommunityId>,
    /// patientId as CX, the surviving one after a merge. Left out of the answer if the body has none.
    pub patient_id: &'a Escaped,
}

/// Columns of a SubmissionSet: logicalID is the id and version 1.
#[derive(Clone, Copy, Debug)]
pub struct SetColumns<'a> {
    /// entryUUID.
    pub id: Uuid,
    /// availabilityStatus.
    pub status: AvailabilityStatus,
    /// homeCommunityId to answer with, if any.
    pub home: Option<&'a HomeCommunityId>,
    /// patientId as CX, the surviving one after a merge. Left out of the answer if the body has none.
    pub patient_id: &'a Escaped,
}

/// Columns of a Folder.
#[derive(Clone, Copy, Debug)]
pub struct FolderColumns<'a> {
    /// entryUUID.
    pub id: Uuid,
    /// logicalID, `@lid`.
    pub logical_id: Uuid,
    /// version, 1 for the first.
    pub version: u32,
    /// availabilityStatus.
    pub status: AvailabilityStatus,
    /// homeCommunityId to answer with, if any.
    pub home: Option<&'a HomeCommunityId>,
    /// patientId as CX, the surviving one after a merge. Left out of the answer if the body has none.
    pub patient_id: &'a Escaped,
    /// lastUpdateTime.
    pub last_update_time: Dtm,
}

/// Columns of an Association.
#[derive(Clone, Copy, Debug)]
pub struct AssociationColumns<'a> {
    /// `@id`.
    pub id: Uuid,
    /// availabilityStatus.
    pub status: AvailabilityStatus,
    /// homeCommunityId to answer with, if any.
    pub home: Option<&'a HomeCommunityId>,
    /// `@associationType`.
    pub kind: AssociationType,
    /// `@sourceObject`.
    pub source: Uuid,
    /// `@targetObject`.
    pub target: Uuid,
}

/// The id of the nested Classification or ExternalIdentifier at this position (from 0) of an object.
///
/// A UUID of version 8 (RFC 9562, 5.8): the object's bits mixed with the position. Cheap, for an answer has
/// hundreds of them, and always the same.
pub fn nested_id(object: Uuid, position: u32) -> Uuid {
    let (high, low) = object.as_u64_pair();
    let step = u64::from(position)
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let first = mix(high ^ step);
    let second = mix(low.wrapping_add(first) ^ step.rotate_left(32));
    let first = mix(first ^ second.rotate_left(17));
    let first = (first & 0xffff_ffff_ffff_0fff) | 0x8000;
    let second = (second & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
    Uuid::from_u64_pair(first, second)
}

/// The finaliser of SplitMix64: every bit of the input moves every bit of the output.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nested_ids_are_uuids_of_their_own() {
        let objects = [
            Uuid::from_u128(1),
            Uuid::from_u128(2),
            Uuid::from_u128(1 << 64),
            Uuid::max(),
        ];
        let ids: HashSet<_> = objects
            .iter()
            .flat_map(|object| (0..1000).map(|position| nested_id(*object, position)))
            .collect();
        assert_eq!(ids.len(), 4000);
        assert!(ids.iter().all(|id| id.get_version_num() == 8));
        assert!(ids.iter().all(|id| id.get_variant() == uuid::Variant::RFC4122));
    }

    #[test]
    fn nested_ids_never_change() {
        let object = Uuid::from_u128(0xbbc3_62bb_88b3_593a_a324_1881_ef3c_52d7);
        assert_eq!(
            nested_id(object, 0).to_string(),
            "97d602a4-8797-8692-b4ab-43882696de1b"
        );
        assert_eq!(
            nested_id(object, 12).to_string(),
            "74c2ae5b-8c20-8448-b80c-cb09faa437f3"
        );
    }
}
