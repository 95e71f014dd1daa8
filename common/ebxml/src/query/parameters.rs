//! The parameters of each stored query as data (ITI TF-2, 3.18.4.1.2.3.7).

use xds_model::query::QueryId;

/// One parameter of a stored query.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Parameter {
    /// The slot's name.
    pub name: &'static str,
    /// Whether the query needs it.
    pub need: Need,
    /// How many values it may have.
    pub multiplicity: Multiplicity,
    /// What its values are.
    pub kind: Kind,
}

/// Whether a parameter must be given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    /// Always.
    Required,
    /// Never.
    Optional,
    /// One of the parameters with this need, and only one.
    OneOf,
}

/// How many values a parameter may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Multiplicity {
    /// One, written without parentheses.
    Single,
    /// A list: any of the values.
    List,
    /// Lists: any of the values of each, the slot being repeated for "and".
    ListOfLists,
}

/// What the values of a parameter are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A patient id as CX.
    Patient,
    /// `code^^scheme`.
    Code,
    /// Any text.
    Text,
    /// DTM, a number.
    Time,
    /// A URN from a list, or a UUID of an object.
    Urn,
    /// A pattern with `%` and `_`.
    Pattern,
}

use Kind::{Code, Patient, Pattern, Text, Time, Urn};
use Multiplicity::{List, ListOfLists, Single};
use Need::{OneOf, Optional, Required};

const fn row(name: &'static str, need: Need, multiplicity: Multiplicity, kind: Kind) -> Parameter {
    Parameter {
        name,
        need,
        multiplicity,
        kind,
    }
}

const FIND_DOCUMENTS: &[Parameter] = &[
    row("$XDSDocumentEntryPatientId", Required, Single, Patient),
    row("$XDSDocumentEntryStatus", Required, List, Urn),
    row("$XDSDocumentEntryClassCode", Optional, List, Code),
    row("$XDSDocumentEntryTypeCode", Optional, List, Code),
    row("$XDSDocumentEntryPracticeSettingCode", Optional, List, Code),
    row("$XDSDocumentEntryCreationTimeFrom", Optional, Single, Time),
    row("$XDSDocumentEntryCreationTimeTo", Optional, Single, Time),
    row("$XDSDocumentEntryServiceStartTimeFrom", Optional, Single, Time),
    row("$XDSDocumentEntryServiceStartTimeTo", Optional, Single, Time),
    row("$XDSDocumentEntryServiceStopTimeFrom", Optional, Single, Time),
    row("$XDSDocumentEntryServiceStopTimeTo", Optional, Single, Time),
    row(
        "$XDSDocumentEntryHealthcareFacilityTypeCode",
        Optional,
        List,
        Code,
    ),
    row("$XDSDocumentEntryEventCodeList", Optional, ListOfLists, Code),
    row(
        "$XDSDocumentEntryConfidentialityCode",
        Optional,
        ListOfLists,
        Code,
    ),
    row("$XDSDocumentEntryAuthorPerson", Optional, List, Pattern),
    row("$XDSDocumentEntryFormatCode", Optional, List, Code),
    row("$XDSDocumentEntryType", Optional, List, Urn),
    row("$XDSDocumentEntryDocumentAvailability", Optional, List, Urn),
];

/// What FindDocumentsByReferenceId has beside the parameters of FindDocuments.
const REFERENCE_ID: &[Parameter] = &[row(
    "$XDSDocumentEntryReferenceIdList",
    Required,
    ListOfLists,
    Pattern,
)];

const FIND_SUBMISSION_SETS: &[Parameter] = &[
    row("$XDSSubmissionSetPatientId", Required, Single, Patient),
    row("$XDSSubmissionSetStatus", Required, List, Urn),
    row("$XDSSubmissionSetSourceId", Optional, List, Text),
    row("$XDSSubmissionSetSubmissionTimeFrom", Optional, Single, Time),
    row("$XDSSubmissionSetSubmissionTimeTo", Optional, Single, Time),
    row("$XDSSubmissionSetAuthorPerson", Optional, Single, Pattern),
    row("$XDSSubmissionSetContentType", Optional, List, Code),
];

const FIND_FOLDERS: &[Parameter] = &[
    row("$XDSFolderPatientId", Required, Single, Patient),
    row("$XDSFolderStatus", Required, List, Urn),
    row("$XDSFolderLastUpdateTimeFrom", Optional, Single, Time),
    row("$XDSFolderLastUpdateTimeTo", Optional, Single, Time),
    row("$XDSFolderCodeList", Optional, ListOfLists, Code),
];

const GET_ALL: &[Parameter] = &[
    row("$patientId", Required, Single, Patient),
    row("$XDSDocumentEntryStatus", Required, List, Urn),
    row("$XDSSubmissionSetStatus", Required, List, Urn),
    row("$XDSFolderStatus", Required, List, Urn),
    row("$XDSDocumentEntryFormatCode", Optional, List, Code),
    row(
        "$XDSDocumentEntryConfidentialityCode",
        Optional,
        ListOfLists,
        Code,
    ),
    row("$XDSDocumentEntryType", Optional, List, Urn),
];

const GET_DOCUMENTS: &[Parameter] = &[
    row("$XDSDocumentEntryEntryUUID", OneOf, List, Urn),
    row("$XDSDocumentEntryUniqueId", OneOf, List, Text),
    row("$XDSDocumentEntryLogicalID", OneOf, List, Urn),
];

const GET_FOLDERS: &[Parameter] = &[
    row("$XDSFolderEntryUUID", OneOf, List, Urn),
    row("$XDSFolderUniqueId", OneOf, List, Text),
    row("$XDSFolderLogicalID", OneOf, List, Urn),
];

const GET_ASSOCIATIONS: &[Parameter] = &[
    row("$uuid", Required, List, Urn),
    row("$XDSAssociationStatus", Optional, List, Urn),
];

const GET_DOCUMENTS_AND_ASSOCIATIONS: &[Parameter] = &[
    row("$XDSDocumentEntryEntryUUID", OneOf, List, Urn),
    row("$XDSDocumentEntryUniqueId", OneOf, List, Text),
    row("$XDSAssociationStatus", Optional, List, Urn),
];

const GET_SUBMISSION_SETS: &[Parameter] = &[row("$uuid", Required, List, Urn)];

const GET_SUBMISSION_SET_AND_CONTENTS: &[Parameter] = &[
    row("$XDSSubmissionSetEntryUUID", OneOf, Single, Urn),
    row("$XDSSubmissionSetUniqueId", OneOf, Single, Text),
    row("$XDSDocumentEntryFormatCode", Optional, List, Code),
    row(
        "$XDSDocumentEntryConfidentialityCode",
        Optional,
        ListOfLists,
        Code,
    ),
    row("$XDSDocumentEntryType", Optional, List, Urn),
];

const GET_FOLDER_AND_CONTENTS: &[Parameter] = &[
    row("$XDSFolderEntryUUID", OneOf, Single, Urn),
    row("$XDSFolderUniqueId", OneOf, Single, Text),
    row("$XDSDocumentEntryFormatCode", Optional, List, Code),
    row(
        "$XDSDocumentEntryConfidentialityCode",
        Optional,
        ListOfLists,
        Code,
    ),
    row("$XDSDocumentEntryType", Optional, List, Urn),
    row("$XDSAssociationStatus", Optional, List, Urn),
];

const GET_FOLDERS_FOR_DOCUMENT: &[Parameter] = &[
    row("$XDSDocumentEntryEntryUUID", OneOf, Single, Urn),
    row("$XDSDocumentEntryUniqueId", OneOf, Single, Text),
    row("$XDSAssociationStatus", Optional, List, Urn),
];

const GET_RELATED_DOCUMENTS: &[Parameter] = &[
    row("$XDSDocumentEntryEntryUUID", OneOf, Single, Urn),
    row("$XDSDocumentEntryUniqueId", OneOf, Single, Text),
    row("$AssociationTypes", Required, List, Urn),
    row("$XDSDocumentEntryType", Optional, List, Urn),
    row("$XDSAssociationStatus", Optional, List, Urn),
];

/// The parameters of a query. Others are ignored when they are sent (ITI TF-2, 3.38.4.1.2).
pub fn parameters(query: QueryId) -> impl Iterator<Item = &'static Parameter> {
    let (own, more): (_, &[Parameter]) = match query {
        QueryId::FindDocuments => (FIND_DOCUMENTS, &[]),
        QueryId::FindDocumentsByReferenceId => (FIND_DOCUMENTS, REFERENCE_ID),
        QueryId::FindSubmissionSets => (FIND_SUBMISSION_SETS, &[]),
        QueryId::FindFolders => (FIND_FOLDERS, &[]),
        QueryId::GetAll => (GET_ALL, &[]),
        QueryId::GetDocuments => (GET_DOCUMENTS, &[]),
        QueryId::GetFolders => (GET_FOLDERS, &[]),
        QueryId::GetAssociations => (GET_ASSOCIATIONS, &[]),
        QueryId::GetDocumentsAndAssociations => (GET_DOCUMENTS_AND_ASSOCIATIONS, &[]),
        QueryId::GetSubmissionSets => (GET_SUBMISSION_SETS, &[]),
        QueryId::GetSubmissionSetAndContents => (GET_SUBMISSION_SET_AND_CONTENTS, &[]),
        QueryId::GetFolderAndContents => (GET_FOLDER_AND_CONTENTS, &[]),
        QueryId::GetFoldersForDocument => (GET_FOLDERS_FOR_DOCUMENT, &[]),
        QueryId::GetRelatedDocuments => (GET_RELATED_DOCUMENTS, &[]),
    };
    own.iter().chain(more)
}

/// The parameter of a query with this name.
pub fn parameter(query: QueryId, name: &str) -> Option<&'static Parameter> {
    parameters(query).find(|parameter| parameter.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_in_a_query() {
        for query in QueryId::ALL {
            let names: HashSet<_> = parameters(*query).map(|parameter| parameter.name).collect();
            assert_eq!(names.len(), parameters(*query).count(), "{query:?}");
        }
    }

    #[test]
    fn only_multi_valued_attributes_may_be_repeated() {
        let repeatable: HashSet<_> = QueryId::ALL
            .iter()
            .flat_map(|query| parameters(*query))
            .filter(|parameter| parameter.multiplicity == ListOfLists)
            .map(|parameter| parameter.name)
            .collect();
        assert_eq!(
            repeatable,
            HashSet::from([
                "$XDSDocumentEntryEventCodeList",
                "$XDSDocumentEntryConfidentialityCode",
                "$XDSFolderCodeList",
                "$XDSDocumentEntryReferenceIdList",
            ])
        );
    }
}
