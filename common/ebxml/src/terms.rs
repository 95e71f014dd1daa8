//! Fixed URNs and names of the ebRIM encoding (ITI TF-3, 4.2.1.2, 4.2.3 and 4.2.5).

/// `@objectType` of a RegistryPackage.
pub(crate) const PACKAGE_TYPE: &str =
    "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:RegistryPackage";
/// `@objectType` of an Association.
pub(crate) const ASSOCIATION_TYPE: &str =
    "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Association";

/// What tells the kinds of object apart on the wire that share an encoding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schemes {
    /// Of author, where the kind has one.
    pub(crate) author: Option<&'static str>,
    /// Of patientId, with the fixed name.
    pub(crate) patient_id: (&'static str, &'static str),
    /// Of uniqueId, with the fixed name.
    pub(crate) unique_id: (&'static str, &'static str),
    /// Of sourceId, where the kind has one.
    pub(crate) source_id: Option<(&'static str, &'static str)>,
    /// `@classificationNode` of limitedMetadata.
    pub(crate) limited_metadata: &'static str,
}

pub(crate) const DOCUMENT_ENTRY: Schemes = Schemes {
    author: Some("urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"),
    patient_id: (
        "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427",
        "XDSDocumentEntry.patientId",
    ),
    unique_id: (
        "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab",
        "XDSDocumentEntry.uniqueId",
    ),
    source_id: None,
    limited_metadata: "urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85",
};

pub(crate) const SUBMISSION_SET: Schemes = Schemes {
    author: Some("urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"),
    patient_id: (
        "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446",
        "XDSSubmissionSet.patientId",
    ),
    unique_id: (
        "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8",
        "XDSSubmissionSet.uniqueId",
    ),
    source_id: Some((
        "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832",
        "XDSSubmissionSet.sourceId",
    )),
    limited_metadata: "urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707",
};

pub(crate) const FOLDER: Schemes = Schemes {
    author: None,
    patient_id: (
        "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a",
        "XDSFolder.patientId",
    ),
    unique_id: (
        "urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a",
        "XDSFolder.uniqueId",
    ),
    source_id: None,
    limited_metadata: "urn:uuid:2c144a76-29a9-4b7c-af54-b25409fe7d03",
};

/// Slot names (ITI TF-3, Tables 4.2.3.2-1 to 4.2.3.4-1 and 4.2.2.2).
pub(crate) mod slot {
    pub(crate) const ASSOCIATION_PROPAGATION: &str = "AssociationPropagation";
    pub(crate) const AUTHOR_INSTITUTION: &str = "authorInstitution";
    pub(crate) const AUTHOR_PERSON: &str = "authorPerson";
    pub(crate) const AUTHOR_ROLE: &str = "authorRole";
    pub(crate) const AUTHOR_SPECIALTY: &str = "authorSpecialty";
    pub(crate) const AUTHOR_TELECOMMUNICATION: &str = "authorTelecommunication";
    pub(crate) const CODING_SCHEME: &str = "codingScheme";
    pub(crate) const CREATION_TIME: &str = "creationTime";
    pub(crate) const DOCUMENT_AVAILABILITY: &str = "documentAvailability";
    pub(crate) const HASH: &str = "hash";
    pub(crate) const INTENDED_RECIPIENT: &str = "intendedRecipient";
    pub(crate) const LANGUAGE_CODE: &str = "languageCode";
    pub(crate) const LAST_UPDATE_TIME: &str = "lastUpdateTime";
    pub(crate) const LEGAL_AUTHENTICATOR: &str = "legalAuthenticator";
    pub(crate) const NEW_STATUS: &str = "NewStatus";
    pub(crate) const ORIGINAL_STATUS: &str = "OriginalStatus";
    pub(crate) const PREVIOUS_VERSION: &str = "PreviousVersion";
    pub(crate) const REFERENCE_ID_LIST: &str = "urn:ihe:iti:xds:2013:referenceIdList";
    pub(crate) const REPOSITORY_UNIQUE_ID: &str = "repositoryUniqueId";
    pub(crate) const SERVICE_START_TIME: &str = "serviceStartTime";
    pub(crate) const SERVICE_STOP_TIME: &str = "serviceStopTime";
    pub(crate) const SIZE: &str = "size";
    pub(crate) const SOURCE_PATIENT_ID: &str = "sourcePatientId";
    pub(crate) const SOURCE_PATIENT_INFO: &str = "sourcePatientInfo";
    pub(crate) const SUBMISSION_SET_STATUS: &str = "SubmissionSetStatus";
    pub(crate) const SUBMISSION_TIME: &str = "submissionTime";
    pub(crate) const URI: &str = "URI";
}
