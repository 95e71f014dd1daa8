//! The rules that requests are judged by: one table from rule to code, section and words.
//!
//! Ids never change meaning. `MD` metadata, `SUB` submission, `REG` registry content, `REP` repository,
//! `SQ` stored query, `RET` retrieve, `ACC` access, `ACK` acknowledgement of privacy policies, `LAW` the law as it is applied.

use crate::fault::XdsCode;

macro_rules! rules {
    ($($name:ident $id:literal $code:ident $section:literal $says:literal)+) => {
        /// A rule of the standard or of this product, by name.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum RuleId {
            $(#[doc = $says] $name,)+
        }

        impl RuleId {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The id in answers and documents, such as `MD-010`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// The code that a broken rule is answered with. The only place where the two meet.
            pub fn code(self) -> XdsCode {
                match self { $(Self::$name => XdsCode::$code,)+ }
            }

            /// The section of the standard that it comes from.
            pub fn section(self) -> &'static str {
                match self { $(Self::$name => $section,)+ }
            }

            /// The rule in words: what would be right.
            pub fn says(self) -> &'static str {
                match self { $(Self::$name => $says,)+ }
            }
        }
    };
}

rules! {
    // Metadata: reading one object.
    UnknownElement "MD-001" XDSRegistryMetadataError "ITI TF-3 4.2.1"
        "a RegistryObjectList holds ExtrinsicObject, RegistryPackage, Association, Classification and ObjectRef only, and each the children of its schema type"
    RequiredXmlAttribute "MD-002" XDSRegistryMetadataError "ebRIM 3.0"
        "the schema requires this XML attribute"
    ObjectIdForm "MD-003" XDSRegistryMetadataError "ITI TF-3 4.1.12.3"
        "an id is a symbol, or urn:uuid: and a UUID in lower case"
    EnclosingId "MD-004" XDSRegistryMetadataError "ITI TF-3 4.2.3.1.2"
        "classifiedObject and registryObject name the object that the element stands in"
    PackageLabel "MD-005" XDSRegistryMetadataError "ITI TF-3 4.2.1.2"
        "a RegistryPackage is labelled as SubmissionSet or as Folder by exactly one Classification"
    DocumentEntryType "MD-006" XDSRegistryMetadataError "ITI TF-3 4.2.3.2.30"
        "objectType is the UUID of a Stable or On-Demand DocumentEntry"
    AssociationType "MD-007" XDSRegistryMetadataError "ITI TF-3 4.2.2"
        "associationType is the full URN of an association that this transaction allows"
    RequiredAttribute "MD-010" XDSRegistryMetadataError "ITI TF-3 4.3.1"
        "this attribute is required of this sender"
    ForbiddenAttribute "MD-011" XDSRegistryMetadataError "ITI TF-3 4.3.1"
        "this attribute must not be sent here"
    SingleValue "MD-012" XDSRegistryMetadataError "ITI TF-3 4.2.3.1"
        "this attribute has one value"
    SlotNameUnique "MD-013" XDSRegistryMetadataError "ebRIM 3.0"
        "a slot name is used once in an object"
    SlotValueLength "MD-014" XDSRegistryMetadataError "ebRIM 3.0"
        "a slot name, slot value, code or identifier has at most 256 characters"
    ExtraSlotName "MD-015" XDSRegistryMetadataError "ITI TF-3 4.2.3.1.6"
        "the name of an additional slot is a URN and does not start with urn:ihe:"
    SlotValues "MD-016" XDSRegistryMetadataError "ITI TF-3 4.2.3.1"
        "a slot has 1 to 1,000 values, and none is empty"
    SlotCount "MD-017" XDSRegistryMetadataError "product limit"
        "an object has at most 1,000 slots"
    OidForm "MD-020" XDSRegistryMetadataError "ITI TF-3 4.2.3.1.7"
        "an OID has digits and dots, at most 64 characters, first arc 0 to 2 and no leading zeros"
    UniqueIdForm "MD-021" XDSRegistryMetadataError "ITI TF-3 4.2.3.2.26"
        "a document's uniqueId has 1 to 128 printable ASCII characters without blanks"
    TimeForm "MD-022" XDSRegistryMetadataError "ITI TF-3 4.2.3.1.7"
        "a time has 4, 6, 8, 10, 12 or 14 digits YYYYMMDDhhmmss of a real moment in UTC, without zone or fraction"
    PatientIdForm "MD-023" XDSRegistryMetadataError "ITI TF-3 4.2.3.1.7"
        "a patient id has the form id^^^&OID&ISO"
    HashForm "MD-024" XDSRegistryMetadataError "ITI TF-3 4.2.3.2.10"
        "hash is the SHA-1 in 40 hexadecimal digits"
    SizeForm "MD-025" XDSRegistryMetadataError "ITI TF-3 4.2.3.2.23"
        "size is a number of bytes in decimal digits without sign or leading zeros"
    LanguageForm "MD-026" XDSRegistryMetadataError "ITI TF-3 4.2.3.2.13"
        "languageCode is a tag of RFC 5646 such as ja-JP"
    MimeTypeForm "MD-027" XDSRegistryMetadataError "ITI TF-3 4.2.3.2.15"
        "mimeType is a type and subtype of RFC 2046"
    PersonForm "MD-028" XDSRegistryMetadataError "ITI TF-3 4.2.3.1.7"
        "a person (XCN) has at least an id or a family name, and an authority in component 9 only with an id"
    InstitutionForm "MD-029" XDSRegistryMetadataError "ITI TF-3 4.2.3.1.7"
        "an institution (XON) has the form Name, Name^^^^^&OID&ISO^^^^Id or Name^^^^^^^^^OID"
    AuthorForm "MD-030" XDSRegistryMetadataError "ITI TF-3 4.2.3.1.4"
        "an author has an empty nodeRepresentation and at least one of authorPerson, authorInstitution, authorTelecommunication"
    CodeForm "MD-031" XDSRegistryMetadataError "ITI TF-3 4.2.3.1.2"
        "a code has a nodeRepresentation, one value of slot codingScheme and a display name"
    ReferenceIdForm "MD-032" XDSRegistryMetadataError "ITI TF-3 4.2.3.2.28"
        "a referenceIdList value has the form id^^^authority^type"
    SourcePatientInfoForm "MD-033" XDSRegistryMetadataError "ITI TF-3 4.2.3.2.17"
        "a sourcePatientInfo value has the form PID-n|value, with at most one PID-7 and one PID-8"
    HomeForm "MD-034" XDSRegistryMetadataError "ITI TF-3 4.2.3.2.12"
        "homeCommunityId has the form urn:oid: and an OID"
    UriForm "MD-035" XDSRegistryMetadataError "ITI TF-3 4.2.3.2.27"
        "URI is one value of at most 256 characters without blanks or control characters"
    TitleLength "MD-036" XDSRegistryMetadataError "ITI TF-3 4.2.3.2"
        "a title has at most 128 characters in a DocumentEntry, 256 in a SubmissionSet or Folder"
    IntendedRecipientForm "MD-037" XDSRegistryMetadataError "ITI TF-3 4.2.3.3.7"
        "an intendedRecipient value has the form XON|XCN|XTN with at least one part"
    AvailabilityForm "MD-038" XDSRegistryMetadataError "ITI TF-3 4.2.3.2"
        "documentAvailability is urn:ihe:iti:2010:DocumentAvailability:Online or Offline"
    SubmissionSetStatusForm "MD-039" XDSRegistryMetadataError "ITI TF-3 4.2.2.1"
        "slot SubmissionSetStatus has one value, Original or Reference"
    ServiceTimeOrder "MD-040" XDSRegistryMetadataError "ITI TF-3 4.2.3.2"
        "serviceStartTime is not after serviceStopTime"
    LimitedMetadata "MD-041" XDSRegistryMetadataError "ITI TF-3 4.3.1"
        "limited metadata is not accepted by a registry"
    UnknownCode "MD-042" XDSRegistryMetadataError "ITI TF-3 4.2.3.1.2"
        "the code is in the affinity domain's list for this attribute"
    UnknownMimeType "MD-043" XDSRegistryMetadataError "ITI TF-3 4.2.3.2.15"
        "the mimeType is in the affinity domain's list"
    DocumentationForm "MD-044" XDSRegistryMetadataError "ITI TF-3 4.2.2.2"
        "a relationship has at most one documentation Classification, and HasMember has none"
    TelecommunicationForm "MD-045" XDSRegistryMetadataError "ITI TF-3 4.2.3.1.7"
        "a telecommunication address (XTN) is an e-mail (^^Internet^address) or a telephone"
    CommentCut "MD-046" XDSRegistryMetadataError "ITI TF-3 4.2.1"
        "a value is not cut by a comment or by an element"

    // Submission: objects together.
    OneSubmissionSet "SUB-001" XDSRegistryMetadataError "ITI TF-3 4.1.4"
        "a submission has exactly one SubmissionSet"
    SomethingSubmitted "SUB-002" XDSRegistryMetadataError "ITI TF-3 4.1.4"
        "a submission has at least one DocumentEntry, Folder or Folder-DocumentEntry HasMember"
    LinkedToSubmissionSet "SUB-003" XDSRegistryMetadataError "ITI TF-3 4.1.4"
        "the SubmissionSet has one HasMember to each DocumentEntry, Folder and Folder-DocumentEntry HasMember of the request"
    OriginalOrReference "SUB-004" XDSRegistryMetadataError "ITI TF-3 4.2.2.1"
        "SubmissionSetStatus is Original for an entry of this request, Reference for one of the registry, and stands on SubmissionSet-DocumentEntry HasMember only"
    IdOnce "SUB-005" XDSRegistryMetadataError "ITI TF-3 4.1.12.3"
        "an id is used once in a request"
    SymbolResolves "SUB-006" XDSRegistryMetadataError "ITI TF-3 4.1.12.3"
        "a symbolic id names an object of the request"
    UniqueIdOnce "SUB-007" XDSRegistryDuplicateUniqueIdInMessage "ITI TF-3 4.2.4.1"
        "a uniqueId is used once in a request"
    StableOnly "SUB-008" XDSRegistryMetadataError "ITI TF-2 3.42.4.1.2"
        "ITI-42 registers Stable DocumentEntries; On-Demand ones come by ITI-61"
    HasMemberEnds "SUB-009" XDSRegistryMetadataError "ITI TF-3 4.2.2.1"
        "HasMember leads from the SubmissionSet of the request to an entry, a folder or a folder's HasMember, or from a Folder to a DocumentEntry"
    UpdateInRegister "SUB-010" XDSRegistryMetadataError "ITI TF-2 3.42.4.1.2"
        "updates (PreviousVersion, UpdateAvailabilityStatus, SubmitAssociation, a logicalID other than the id) come by ITI-57"
    ReplacedOnce "SUB-011" XDSRegistryMetadataError "ITI TF-3 4.2.2.2.3"
        "a document is replaced once in a request"
    SubmissionPatients "SUB-012" XDSPatientIdDoesNotMatch "ITI TF-2 3.42.4.1.3"
        "SubmissionSet, DocumentEntries and Folders of a request have the same patientId"
    ObjectCount "SUB-013" XDSRegistryMetadataError "product limit"
        "a submission has no more DocumentEntries than the registry's limit"
    SelfReference "SUB-014" XDSRegistryMetadataError "ITI TF-3 4.2.2"
        "an association does not link an object to itself"

    // Against what the registry holds.
    UnknownPatient "REG-001" XDSUnknownPatientId "ITI TF-2 3.42.4.1.3"
        "the patient id is known to this affinity domain by its patient identity feed"
    SetUniqueIdUsed "REG-002" XDSDuplicateUniqueIdInRegistry "ITI TF-2 3.42.4.1.3"
        "the uniqueId of a SubmissionSet is new"
    FolderUniqueIdUsed "REG-003" XDSDuplicateUniqueIdInRegistry "ITI TF-2 3.42.4.1.3"
        "the uniqueId of a Folder is new"
    NonIdenticalHash "REG-004" XDSNonIdenticalHash "ITI TF-2 3.42.4.1.3"
        "a document registered again has the same hash"
    NonIdenticalSize "REG-005" XDSNonIdenticalSize "ITI TF-2 3.42.4.1.3"
        "a document registered again has the same size"
    EntryUniqueIdOfOther "REG-006" XDSRegistryMetadataError "ITI TF-2 3.42.4.1.3"
        "a document's uniqueId is not that of an On-Demand entry, a SubmissionSet or a Folder"
    ObjectIdUsed "REG-007" XDSRegistryMetadataError "ITI TF-3 4.1.12.3"
        "an entryUUID given by the sender is new"
    SourceInRequest "REG-008" UnresolvedReferenceException "ITI TF-3 4.2.2.2"
        "the source of a relationship is a DocumentEntry of the request"
    TargetExists "REG-009" UnresolvedReferenceException "ITI TF-3 4.2.2.2"
        "the target of an association exists; that of a replacement in the registry"
    TargetDeprecated "REG-010" XDSRegistryDeprecatedDocumentError "ITI TF-3 4.2.2.2"
        "the target of an association is Approved"
    TargetPatient "REG-011" XDSPatientIdDoesNotMatch "ITI TF-2 3.42.4.1.3"
        "associated documents and folders are of one patient"
    TargetKind "REG-012" XDSRegistryMetadataError "ITI TF-3 4.2.2"
        "an association links the kinds of object that its type allows"
    SnapshotKinds "REG-013" XDSRegistryMetadataError "ITI TF-3 4.2.2.2"
        "IsSnapshotOf leads from a Stable to an On-Demand entry"
    AppendToTransform "REG-014" XDSRegistryMetadataError "ITI TF-3 4.2.2.2"
        "a transformation is not appended to"
    ClosedSubmissionSet "REG-015" XDSRegistryMetadataError "ITI TF-3 4.1.4"
        "no association starts from or ends at a SubmissionSet of an earlier request"
    FolderPatient "REG-016" XDSPatientIdDoesNotMatch "ITI TF-2 3.42.4.1.3"
        "a replacement has the patient of the folders that hold the replaced document"
    RegistryBusy "REG-090" XDSRegistryBusy "ITI TF-3 4.2.4.1"
        "the registry is busy; send the same request again later"
    RegistryInternal "REG-091" XDSRegistryError "ITI TF-3 4.2.4.1"
        "the registry failed; nothing was stored; tell the operator the correlation id"

    // Repository.
    MissingDocument "REP-001" XDSMissingDocument "ITI TF-2 3.41.4.1.3"
        "each DocumentEntry has its document"
    MissingDocumentMetadata "REP-002" XDSMissingDocumentMetadata "ITI TF-2 3.41.4.1.3"
        "each document has its DocumentEntry"
    DocumentHash "REP-003" XDSRepositoryMetadataError "ITI TF-2 3.41.4.1.3"
        "the submitted hash is that of the document's bytes"
    DocumentSize "REP-004" XDSRepositoryMetadataError "ITI TF-2 3.41.4.1.3"
        "the submitted size is that of the document's bytes"
    RepositoryUniqueIdOnce "REP-005" XDSRepositoryDuplicateUniqueIdInMessage "ITI TF-3 4.2.4.1"
        "a document's uniqueId is used once in a request"
    StoredWithOtherHash "REP-006" XDSNonIdenticalHash "ITI TF-2 3.41.4.1.3"
        "a document stored again under its uniqueId has the same bytes"
    StoredWithOtherSize "REP-007" XDSNonIdenticalSize "ITI TF-2 3.41.4.1.3"
        "a document stored again under its uniqueId has the same size"
    RepositoryMetadata "REP-008" XDSRepositoryMetadataError "ITI TF-2 3.41.4.1.3"
        "the repository needs id, mimeType and a valid uniqueId of each DocumentEntry, and hash and size well formed where given"
    RegistryNotAvailable "REP-009" XDSRegistryNotAvailable "ITI TF-2 3.41.4.1.3"
        "the registry cannot be reached; nothing is registered; send the same request again later"
    RepositoryFull "REP-010" XDSRepositoryOutOfResources "ITI TF-3 4.2.4.1"
        "the repository has no room for the document; nothing was stored"
    DocumentTooLarge "REP-011" XDSRepositoryOutOfResources "product limit"
        "a document is no larger than the repository's limit"
    AcknowledgementContent "REP-012" InvalidDocumentContent "ITI TF-3 5.1.2"
        "an acknowledgement of privacy policies is a CDA document that acknowledges the policies of its eventCodeList, for its patient and from its serviceStartTime to its serviceStopTime"
    RepositoryBusy "REP-090" XDSRepositoryBusy "ITI TF-3 4.2.4.1"
        "the repository is busy; send the same request again later"
    RepositoryInternal "REP-091" XDSRepositoryError "ITI TF-3 4.2.4.1"
        "the repository failed; nothing was stored; tell the operator the correlation id"

    // Retrieve.
    UnknownRepository "RET-001" XDSUnknownRepositoryId "ITI TF-2 3.43.4.2.3"
        "repositoryUniqueId is that of this repository"
    UnknownDocument "RET-002" XDSDocumentUniqueIdError "ITI TF-2 3.43.4.2.3"
        "the document is available here to this requester"
    RetrieveManyPatients "RET-003" XDSResultNotSinglePatient "ITI TF-3 4.2.4.1"
        "one retrieval is about one patient"
    RetrieveTooMany "RET-004" XDSTooManyResults "ITI TF-3 4.2.4.1"
        "one retrieval asks for no more documents than the repository's limit"
    RetrieveForm "RET-006" XDSRepositoryError "ITI TF-2 3.43.4.1.2"
        "a RetrieveDocumentSetRequest has DocumentRequests, each with HomeCommunityId (optional), RepositoryUniqueId and DocumentUniqueId in this order"
    DocumentDamaged "RET-005" XDSRepositoryError "ITI TF-2 3.43.4.2.3"
        "the stored bytes of the document do not verify; the operator has been told"

    // Stored query.
    UnknownQuery "SQ-001" XDSUnknownStoredQuery "ITI TF-2 3.18.4.1.2.4"
        "the query id is one of the registry's stored queries"
    MissingParameter "SQ-002" XDSStoredQueryMissingParam "ITI TF-2 3.18.4.1.2.3.7"
        "this parameter is required by the query"
    ParameterNumber "SQ-003" XDSStoredQueryParamNumber "ITI TF-2 3.18.4.1.2.3.7"
        "this parameter has one value and is given once, and only one of a pair of exclusive parameters is given"
    ParameterForm "SQ-004" XDSRegistryError "ITI TF-2 3.18.4.1.2.3.5"
        "a parameter value is a number, a text in single quotes with quotes inside doubled, or a list of these in parentheses"
    ReturnType "SQ-005" XDSRegistryError "ITI TF-2 3.18.4.1.2.3.2"
        "returnType is LeafClass or ObjectRef"
    ManyPatients "SQ-006" XDSResultNotSinglePatient "ITI TF-2 3.18.4.1.3"
        "the answer in LeafClass form is about one patient; ask with ObjectRef first"
    TooManyResults "SQ-007" XDSTooManyResults "ITI TF-3 4.2.4.1"
        "the answer has no more objects than the registry's limit; narrow the query or ask with ObjectRef"
    TooManyValues "SQ-008" XDSTooManyResults "product limit"
        "a query has no more values than the registry's limit"
    CodeParameterForm "SQ-009" XDSRegistryError "ITI TF-2 3.18.4.1.2.3.4"
        "a code parameter has the form code^^scheme with both parts"

    // Access.
    NotAuthorised "ACC-001" XDSRegistryError "product policy"
        "the sender is not authorised to publish this on behalf of this organisation"
    RepositoryNotAuthorised "ACC-002" XDSRepositoryError "product policy"
        "the sender is not authorised for this at this repository"

    // Acknowledgement of privacy policies (BPPC).
    AcknowledgementPolicy "ACK-001" XDSRegistryMetadataError "ITI TF-3 5.1.2.1.1.2"
        "the eventCodeList of an acknowledgement names the privacy policies that were acknowledged"
    AcknowledgementUnknown "ACK-002" XDSRegistryMetadataError "ITI TF-3 5.1.2.1.1.2"
        "the domain declares each privacy policy that is acknowledged, and what that means"
    AcknowledgementClass "ACK-003" XDSRegistryMetadataError "ITI TF-3 5.1.2.1.1.1"
        "the classCode or typeCode of an acknowledgement is 57016-8 of 2.16.840.1.113883.6.1"
    AcknowledgementStart "ACK-004" XDSRegistryMetadataError "ITI TF-3 5.1.2.2.7"
        "an acknowledgement has a serviceStartTime: from when the patient wants it"
    AcknowledgementOver "ACK-005" XDSRegistryMetadataError "product policy"
        "an acknowledgement is not over yet (serviceStopTime) when it is registered"
    AcknowledgementEvidence "ACK-006" XDSRegistryMetadataError "product policy"
        "the repository tells the SHA-256 of an acknowledgement in slot urn:renkei:document-sha256"
    AcknowledgementTaker "ACK-007" XDSRegistryError "product policy"
        "the organisation that an acknowledgement comes from is one that the domain lets take it"
    AcknowledgementText "ACK-008" XDSRegistryMetadataError "product policy"
        "the text that a privacy policy stands for was in force when the patient acknowledged it"
    RefusalReplaced "ACK-009" XDSRegistryMetadataError "product policy"
        "the document that a refusal rests on is replaced by an acknowledgement of privacy policies only"
    NothingLifted "ACK-010" XDSRegistryMetadataError "product policy"
        "an acknowledgement that lifts earlier ones finds one in force"
    AcknowledgementContradiction "ACK-011" XDSRegistryMetadataError "product policy"
        "an acknowledgement does not lift what it acknowledges itself"
    LiftWithoutEnd "ACK-012" XDSRegistryMetadataError "product policy"
        "an acknowledgement that lifts earlier ones has no serviceStopTime"

    // Law.
    NotHosted "LAW-001" XDSRegistryError "APPI Article 25 and 27(5)(1)"
        "who publishes has a valid contract of kind HOSTING with the operator of the registry: the operator enters one (renkei-registry instrument add --kind contract), and doctor says who lacks one"
    NotStored "LAW-002" XDSRegistryError "APPI Article 25 and 27(5)(1)"
        "who publishes has a valid contract of kind EXTERNAL_STORAGE with the organisation that keeps the document, if it is another legal entity: the operator enters one (renkei-registry instrument add --kind contract)"
    NotMember "LAW-003" XDSRegistryError "APPI Article 25"
        "who publishes takes part in the domain: the operator enters its organisation (renkei-registry org add) or a version that is active (renkei-registry instrument add --kind organisation)"
    StoredAbroad "LAW-004" XDSRegistryError "APPI Article 28"
        "documents are kept in Japan, and by an organisation that is known"
    UserMayNotPublish "LAW-005" XDSRegistryError "product policy"
        "the user, its role, its purpose of use and how it signed in are such as the domain lets publish"
    UnknownInstitution "LAW-006" XDSRegistryError "product policy"
        "authorInstitution names an organisation of this domain, by its facility code or OID (domain setting unknown_author_institution)"
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn rule_ids_are_unique() {
        let ids: HashSet<_> = RuleId::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), RuleId::ALL.len());
    }

    #[test]
    fn rules_are_said_in_words() {
        for rule in RuleId::ALL {
            assert!(
                !rule.says().is_empty() && !rule.says().ends_with('.') && !rule.section().is_empty(),
                "{rule:?}"
            );
        }
    }
}
