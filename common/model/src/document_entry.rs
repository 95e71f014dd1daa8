//! DocumentEntry.

use uuid::Uuid;

use crate::author::Author;
use crate::code::CodedValue;
use crate::ident::{AvailabilityStatus, DocumentHash, HomeCommunityId, ObjectId, Oid, UniqueId};
use crate::patient::PatientId;
use crate::slot::{Extras, IdentifierIds};
use crate::text::Text;
use crate::time::Dtm;

/// What is known about one document (ITI TF-3, Table 4.2.3.2-1).
///
/// Attributes that some sender may leave out are optional here; which are required of whom is a rule
/// (`rules`), not a type, because limited metadata and On-Demand entries lack different ones.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DocumentEntry {
    /// entryUUID, `@id`.
    pub id: ObjectId,
    /// logicalID, `@lid`, when submitted or stored.
    pub logical_id: Option<ObjectId>,
    /// version, when stored; 1 is the first.
    pub version: Option<u32>,
    /// availabilityStatus; ignored when submitted.
    pub status: Option<AvailabilityStatus>,
    /// homeCommunityId, `@home`.
    pub home: Option<HomeCommunityId>,
    /// Stable or On-Demand.
    pub object_type: DocumentEntryType,
    /// mimeType, RFC 2046.
    pub mime_type: String,
    /// uniqueId.
    pub unique_id: UniqueId,
    /// patientId.
    pub patient_id: Option<PatientId>,
    /// sourcePatientId, CX as submitted.
    pub source_patient_id: Option<String>,
    /// sourcePatientInfo, a field each.
    pub source_patient_info: Vec<String>,
    /// author.
    pub authors: Vec<Author>,
    /// legalAuthenticator, XCN.
    pub legal_authenticator: Option<String>,
    /// classCode.
    pub class_code: Option<CodedValue>,
    /// typeCode.
    pub type_code: Option<CodedValue>,
    /// formatCode.
    pub format_code: Option<CodedValue>,
    /// healthcareFacilityTypeCode.
    pub healthcare_facility_type_code: Option<CodedValue>,
    /// practiceSettingCode.
    pub practice_setting_code: Option<CodedValue>,
    /// confidentialityCode.
    pub confidentiality_codes: Vec<CodedValue>,
    /// eventCodeList.
    pub event_codes: Vec<CodedValue>,
    /// title.
    pub title: Text,
    /// comments.
    pub comments: Text,
    /// creationTime.
    pub creation_time: Option<Dtm>,
    /// serviceStartTime.
    pub service_start_time: Option<Dtm>,
    /// serviceStopTime.
    pub service_stop_time: Option<Dtm>,
    /// languageCode.
    pub language_code: Option<String>,
    /// hash.
    pub hash: Option<DocumentHash>,
    /// size in bytes.
    pub size: Option<u64>,
    /// repositoryUniqueId.
    pub repository_unique_id: Option<Oid>,
    /// URI.
    pub uri: Option<String>,
    /// referenceIdList, CXi each.
    pub reference_ids: Vec<String>,
    /// documentAvailability, the URN as submitted.
    pub document_availability: Option<String>,
    /// Whether it is marked as limited metadata.
    pub limited_metadata: bool,
    /// Ids of its ExternalIdentifiers.
    pub identifier_ids: IdentifierIds,
    /// Everything else that was submitted.
    pub extras: Extras,
}

impl DocumentEntry {
    /// An entry with nothing but what every entry has.
    pub fn new(id: ObjectId, object_type: DocumentEntryType, mime_type: String, unique_id: UniqueId) -> Self {
        Self {
            id,
            logical_id: None,
            version: None,
            status: None,
            home: None,
            object_type,
            mime_type,
            unique_id,
            patient_id: None,
            source_patient_id: None,
            source_patient_info: Vec::new(),
            authors: Vec::new(),
            legal_authenticator: None,
            class_code: None,
            type_code: None,
            format_code: None,
            healthcare_facility_type_code: None,
            practice_setting_code: None,
            confidentiality_codes: Vec::new(),
            event_codes: Vec::new(),
            title: Text::default(),
            comments: Text::default(),
            creation_time: None,
            service_start_time: None,
            service_stop_time: None,
            language_code: None,
            hash: None,
            size: None,
            repository_unique_id: None,
            uri: None,
            reference_ids: Vec::new(),
            document_availability: None,
            limited_metadata: false,
            identifier_ids: IdentifierIds::default(),
            extras: Extras::default(),
        }
    }
}

/// The two kinds of DocumentEntry, `@objectType` (ITI TF-3, 4.2.3.2.30).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum DocumentEntryType {
    /// The document exists.
    Stable,
    /// The document is made when it is retrieved.
    OnDemand,
}

impl DocumentEntryType {
    /// The objectType URN.
    pub fn urn(self) -> &'static str {
        match self {
            Self::Stable => "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1",
            Self::OnDemand => "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248",
        }
    }

    /// The kind with this URN.
    pub fn from_urn(urn: &str) -> Option<Self> {
        [Self::Stable, Self::OnDemand]
            .into_iter()
            .find(|kind| kind.urn() == urn)
    }
}

/// An entryUUID as text, for messages.
pub fn urn_uuid(uuid: Uuid) -> String {
    format!("urn:uuid:{uuid}")
}
