//! Folder.

use crate::code::CodedValue;
use crate::ident::{AvailabilityStatus, HomeCommunityId, ObjectId, Oid};
use crate::patient::PatientId;
use crate::slot::{Extras, IdentifierIds};
use crate::text::Text;
use crate::time::Dtm;

/// A named collection of one patient's documents (ITI TF-3, Table 4.2.3.4-1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Folder {
    /// entryUUID.
    pub id: ObjectId,
    /// logicalID, `@lid`, when submitted or stored.
    pub logical_id: Option<ObjectId>,
    /// version, when stored.
    pub version: Option<u32>,
    /// availabilityStatus.
    pub status: Option<AvailabilityStatus>,
    /// homeCommunityId.
    pub home: Option<HomeCommunityId>,
    /// uniqueId.
    pub unique_id: Oid,
    /// patientId.
    pub patient_id: Option<PatientId>,
    /// codeList.
    pub codes: Vec<CodedValue>,
    /// lastUpdateTime: set by the registry; a submitted one is discarded.
    pub last_update_time: Option<Dtm>,
    /// title.
    pub title: Text,
    /// comments.
    pub comments: Text,
    /// Whether it is marked as limited metadata.
    pub limited_metadata: bool,
    /// Ids of its ExternalIdentifiers.
    pub identifier_ids: IdentifierIds,
    /// Everything else that was submitted.
    pub extras: Extras,
}

impl Folder {
    /// `@classificationNode` that labels a RegistryPackage as a Folder.
    pub const NODE: &str = "urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2";

    /// A folder with nothing but what every one has.
    pub fn new(id: ObjectId, unique_id: Oid) -> Self {
        Self {
            id,
            logical_id: None,
            version: None,
            status: None,
            home: None,
            unique_id,
            patient_id: None,
            codes: Vec::new(),
            last_update_time: None,
            title: Text::default(),
            comments: Text::default(),
            limited_metadata: false,
            identifier_ids: IdentifierIds::default(),
            extras: Extras::default(),
        }
    }
}
