//! SubmissionSet.

use crate::author::Author;
use crate::code::CodedValue;
use crate::ident::{AvailabilityStatus, HomeCommunityId, ObjectId, Oid};
use crate::patient::PatientId;
use crate::slot::{Extras, IdentifierIds};
use crate::text::Text;
use crate::time::Dtm;

/// What one submission is: who sent what when (ITI TF-3, Table 4.2.3.3-1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubmissionSet {
    /// entryUUID.
    pub id: ObjectId,
    /// availabilityStatus; ignored when submitted, always Approved.
    pub status: Option<AvailabilityStatus>,
    /// homeCommunityId.
    pub home: Option<HomeCommunityId>,
    /// uniqueId.
    pub unique_id: Oid,
    /// sourceId: the system that sent it.
    pub source_id: Option<Oid>,
    /// patientId.
    pub patient_id: Option<PatientId>,
    /// author.
    pub authors: Vec<Author>,
    /// contentTypeCode.
    pub content_type_code: Option<CodedValue>,
    /// submissionTime.
    pub submission_time: Option<Dtm>,
    /// title.
    pub title: Text,
    /// comments.
    pub comments: Text,
    /// intendedRecipient, `XON|XCN|XTN` each.
    pub intended_recipients: Vec<String>,
    /// Whether it is marked as limited metadata.
    pub limited_metadata: bool,
    /// Ids of its ExternalIdentifiers.
    pub identifier_ids: IdentifierIds,
    /// Everything else that was submitted.
    pub extras: Extras,
}

impl SubmissionSet {
    /// `@classificationNode` that labels a RegistryPackage as a SubmissionSet.
    pub const NODE: &str = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd";

    /// A submission set with nothing but what every one has.
    pub fn new(id: ObjectId, unique_id: Oid) -> Self {
        Self {
            id,
            status: None,
            home: None,
            unique_id,
            source_id: None,
            patient_id: None,
            authors: Vec::new(),
            content_type_code: None,
            submission_time: None,
            title: Text::default(),
            comments: Text::default(),
            intended_recipients: Vec::new(),
            limited_metadata: false,
            identifier_ids: IdentifierIds::default(),
            extras: Extras::default(),
        }
    }
}
