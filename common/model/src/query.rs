//! Stored queries with typed parameters (ITI TF-2 3.18.4.1.2.3.7).

use uuid::Uuid;

use crate::association::AssociationType;
use crate::code::Code;
use crate::document_entry::DocumentEntryType;
use crate::ident::AvailabilityStatus;
use crate::patient::PatientId;
use crate::time::Dtm;

/// A request of ITI-18: what is asked and in which form the answer is wanted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredQueryRequest {
    /// The query.
    pub query: StoredQuery,
    /// LeafClass or ObjectRef.
    pub return_type: ReturnType,
}

/// `@returnType`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReturnType {
    /// Whole objects.
    LeafClass,
    /// Ids only.
    ObjectRef,
}

/// FindDocumentsByReferenceId as an older text spelt it, and clients still do.
const MISSPELT_BY_REFERENCE_ID: &str = "urn:uuid:12941a89-e02e-4be5-967cce4bfc8fe492";

macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident $uuid:literal,)+) => {
        /// The stored queries by id.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum QueryId { $($(#[$doc])* $name,)+ }

        impl QueryId {
            /// Every query id.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// `AdhocQuery/@id`.
            pub fn urn(self) -> &'static str {
                match self { $(Self::$name => concat!("urn:uuid:", $uuid),)+ }
            }

            /// The query's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// The query with this id, white space around it ignored.
            pub fn from_urn(urn: &str) -> Option<Self> {
                let urn = match urn.trim() {
                    MISSPELT_BY_REFERENCE_ID => Self::FindDocumentsByReferenceId.urn(),
                    urn => urn,
                };
                Self::ALL.iter().copied().find(|query| query.urn() == urn)
            }
        }
    };
}

queries! {
    /// DocumentEntries of a patient.
    FindDocuments "14d4debf-8f97-4251-9a74-a90016b0af0d",
    /// SubmissionSets of a patient.
    FindSubmissionSets "f26abbcb-ac74-4422-8a30-edb644bbc1a9",
    /// Folders of a patient.
    FindFolders "958f3006-baad-4929-a4de-ff1114824431",
    /// Everything of a patient.
    GetAll "10b545ea-725c-446d-9b95-8aeb444eddf3",
    /// DocumentEntries by id.
    GetDocuments "5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4",
    /// Folders by id.
    GetFolders "5737b14c-8a1a-4539-b659-e03a34a5e1e4",
    /// Associations of objects.
    GetAssociations "a7ae438b-4bc2-4642-93e9-be891f7bb155",
    /// DocumentEntries by id with their associations.
    GetDocumentsAndAssociations "bab9529a-4a10-40b3-a01f-f68a615d247a",
    /// SubmissionSets that hold objects.
    GetSubmissionSets "51224314-5390-4169-9b91-b1980040715a",
    /// A SubmissionSet with what it holds.
    GetSubmissionSetAndContents "e8e3cb2c-e39c-46b9-99e4-c12f57260b83",
    /// A Folder with what it holds.
    GetFolderAndContents "b909a503-523d-4517-8acf-8e5834dfc4c7",
    /// Folders that hold a document.
    GetFoldersForDocument "10cae35a-c7f9-4cf5-b61e-fc3278ffb578",
    /// Documents related to a document.
    GetRelatedDocuments "d90e5407-b356-4d91-a89f-873917b4b0e6",
    /// DocumentEntries of a patient by a reference id.
    FindDocumentsByReferenceId "12941a89-e02e-4be5-967c-ce4bfc8fe492",
}

/// A stored query with its parameters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StoredQuery {
    /// FindDocuments.
    FindDocuments(Box<FindDocuments>),
    /// FindSubmissionSets.
    FindSubmissionSets(FindSubmissionSets),
    /// GetAll.
    GetAll(GetAll),
    /// GetDocuments.
    GetDocuments(EntryIds),
    /// GetAssociations: ids of any objects.
    GetAssociations(Vec<Uuid>),
    /// GetDocumentsAndAssociations.
    GetDocumentsAndAssociations(EntryIds),
    /// GetSubmissionSets: ids of what they hold.
    GetSubmissionSets(Vec<Uuid>),
    /// GetSubmissionSetAndContents.
    GetSubmissionSetAndContents(GetContents),
}

impl StoredQuery {
    /// Its id.
    pub fn id(&self) -> QueryId {
        match self {
            Self::FindDocuments(_) => QueryId::FindDocuments,
            Self::FindSubmissionSets(_) => QueryId::FindSubmissionSets,
            Self::GetAll(_) => QueryId::GetAll,
            Self::GetDocuments(_) => QueryId::GetDocuments,
            Self::GetAssociations(_) => QueryId::GetAssociations,
            Self::GetDocumentsAndAssociations(_) => QueryId::GetDocumentsAndAssociations,
            Self::GetSubmissionSets(_) => QueryId::GetSubmissionSets,
            Self::GetSubmissionSetAndContents(_) => QueryId::GetSubmissionSetAndContents,
        }
    }

    /// The patient that the query names, for the audit.
    pub fn patient(&self) -> Option<&PatientId> {
        match self {
            Self::FindDocuments(query) => Some(&query.patient),
            Self::FindSubmissionSets(query) => Some(&query.patient),
            Self::GetAll(query) => Some(&query.patient),
            _ => None,
        }
    }
}

/// Values of one attribute: a conjunction of disjunctions. Empty: no condition.
///
/// One inner list for each time the slot was given; only multi-valued attributes may have several.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AnyOfAll<T>(pub Vec<Vec<T>>);

impl<T> Default for AnyOfAll<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// `from <= attribute < to`, either end open (ITI TF-2 3.18.4.1.2.3.4).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TimeRange {
    /// Inclusive.
    pub from: Option<Dtm>,
    /// Exclusive.
    pub to: Option<Dtm>,
}

/// A LIKE pattern: `%` any run, `_` one character.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pattern(pub String);

/// Parameters of FindDocuments.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FindDocuments {
    /// `$XDSDocumentEntryPatientId`
    pub patient: PatientId,
    /// `$XDSDocumentEntryStatus`
    pub statuses: Vec<AvailabilityStatus>,
    /// `$XDSDocumentEntryType`; Stable only when it was not given.
    pub types: Vec<DocumentEntryType>,
    /// `$XDSDocumentEntryClassCode`
    pub class_codes: Vec<Code>,
    /// `$XDSDocumentEntryTypeCode`
    pub type_codes: Vec<Code>,
    /// `$XDSDocumentEntryPracticeSettingCode`
    pub practice_setting_codes: Vec<Code>,
    /// `$XDSDocumentEntryHealthcareFacilityTypeCode`
    pub facility_type_codes: Vec<Code>,
    /// `$XDSDocumentEntryFormatCode`
    pub format_codes: Vec<Code>,
    /// `$XDSDocumentEntryEventCodeList`
    pub event_codes: AnyOfAll<Code>,
    /// `$XDSDocumentEntryConfidentialityCode`
    pub confidentiality_codes: AnyOfAll<Code>,
    /// `$XDSDocumentEntryAuthorPerson`
    pub author_persons: Vec<Pattern>,
    /// `$XDSDocumentEntryCreationTimeFrom` and `To`
    pub creation_time: TimeRange,
    /// `$XDSDocumentEntryServiceStartTimeFrom` and `To`
    pub service_start_time: TimeRange,
    /// `$XDSDocumentEntryServiceStopTimeFrom` and `To`
    pub service_stop_time: TimeRange,
    /// `$XDSDocumentEntryDocumentAvailability`
    pub availabilities: Vec<String>,
}

/// Parameters of FindSubmissionSets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FindSubmissionSets {
    /// `$XDSSubmissionSetPatientId`
    pub patient: PatientId,
    /// `$XDSSubmissionSetStatus`
    pub statuses: Vec<AvailabilityStatus>,
    /// `$XDSSubmissionSetSourceId`
    pub source_ids: Vec<String>,
    /// `$XDSSubmissionSetSubmissionTimeFrom` and `To`
    pub submission_time: TimeRange,
    /// `$XDSSubmissionSetAuthorPerson`
    pub author_person: Option<Pattern>,
    /// `$XDSSubmissionSetContentType`
    pub content_types: Vec<Code>,
}

/// Parameters of GetAll.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GetAll {
    /// `$patientId`
    pub patient: PatientId,
    /// `$XDSDocumentEntryStatus`
    pub entry_statuses: Vec<AvailabilityStatus>,
    /// `$XDSSubmissionSetStatus`
    pub set_statuses: Vec<AvailabilityStatus>,
    /// `$XDSFolderStatus`
    pub folder_statuses: Vec<AvailabilityStatus>,
    /// Which of the entries.
    pub entries: EntryFilter,
}

/// What GetAll and the Get...AndContents queries restrict DocumentEntries by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntryFilter {
    /// `$XDSDocumentEntryFormatCode`
    pub format_codes: Vec<Code>,
    /// `$XDSDocumentEntryConfidentialityCode`
    pub confidentiality_codes: AnyOfAll<Code>,
    /// `$XDSDocumentEntryType`; Stable only when it was not given.
    pub types: Vec<DocumentEntryType>,
}

/// DocumentEntries named by one kind of id. The texts are as the client sent them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EntryIds {
    /// `$XDSDocumentEntryEntryUUID`
    EntryUuid(Vec<Uuid>),
    /// `$XDSDocumentEntryUniqueId`
    UniqueId(Vec<String>),
    /// `$XDSDocumentEntryLogicalID`
    LogicalId(Vec<Uuid>),
}

/// Parameters of GetSubmissionSetAndContents (and GetFolderAndContents).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GetContents {
    /// Which container.
    pub container: ContainerId,
    /// Which of its entries.
    pub entries: EntryFilter,
}

/// A SubmissionSet or Folder named by one kind of id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ContainerId {
    /// `$XDSSubmissionSetEntryUUID` or `$XDSFolderEntryUUID`
    EntryUuid(Uuid),
    /// `$XDSSubmissionSetUniqueId` or `$XDSFolderUniqueId`
    UniqueId(String),
}

/// The association types of GetRelatedDocuments.
pub type AssociationTypes = Vec<AssociationType>;
