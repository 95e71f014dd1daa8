//! AdhocQueryRequest to a typed query (ITI TF-2, 3.18.4.1.2).

use uuid::Uuid;
use xds_model::query::{
    ContainerId, EntryFilter, EntryIds, FindDocuments, FindSubmissionSets, GetAll, GetContents, QueryId,
    ReturnType, StoredQuery, StoredQueryRequest,
};
use xds_model::{Fault, RuleId};
use xds_xml::{Element, serialize};

use super::values::{Values, uuid};
use crate::ns::{QUERY, RIM};
use crate::rim::{Faults, found};

/// How large a query may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct QueryLimits {
    /// Values of all parameters together, ids among them.
    pub values_max: usize,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self { values_max: 1_000 }
    }
}

/// Reads a `query:AdhocQueryRequest` of ITI-18.
///
/// # Errors
///
/// Every fault that could be found: an unknown or not served query, a returnType other than LeafClass and
/// ObjectRef, missing and surplus parameters, values of a wrong form, too many values.
pub fn read_query(request: Element<'_>, limits: QueryLimits) -> Result<StoredQueryRequest, Vec<Fault>> {
    let mut faults = Faults::default();
    let return_type = return_type(request, &mut faults);
    let query = match request.child(RIM, "AdhocQuery") {
        None => {
            faults.at(RuleId::UnknownQuery, request, "no AdhocQuery");
            None
        }
        Some(adhoc) => read_adhoc(adhoc, limits, &mut faults),
    };
    let faults = faults.into_vec();
    match (query, return_type) {
        (Some(query), Some(return_type)) if faults.is_empty() => {
            Ok(StoredQueryRequest { query, return_type })
        }
        _ => Err(faults),
    }
}

/// The request by itself, with the namespaces that are in force, for the audit record
/// (ITI TF-2, 3.18.5.1: ParticipantObjectQuery).
pub fn raw_query(request: Element<'_>) -> String {
    let mut out = String::with_capacity(request.source().len() + 256);
    serialize(request, &mut out, &mut |_, _| {});
    out
}

fn return_type(request: Element<'_>, faults: &mut Faults) -> Option<ReturnType> {
    let option = request.child(QUERY, "ResponseOption");
    let text = option.and_then(|option| option.attribute("returnType"));
    match text {
        Some("LeafClass") => Some(ReturnType::LeafClass),
        Some("ObjectRef") => Some(ReturnType::ObjectRef),
        other => {
            let said = found("returnType", other.unwrap_or_default());
            faults.at_attribute(RuleId::ReturnType, option.unwrap_or(request), "returnType", &said);
            None
        }
    }
}

fn read_adhoc(adhoc: Element<'_>, limits: QueryLimits, faults: &mut Faults) -> Option<StoredQuery> {
    let id = adhoc.attribute("id").unwrap_or_default();
    let Some(query) = QueryId::from_urn(id).filter(|query| is_served(*query)) else {
        faults.at_attribute(RuleId::UnknownQuery, adhoc, "id", id);
        return None;
    };
    let mut values = Values::read(query, adhoc, limits.values_max, faults);
    plan(query, &mut values)
}

fn is_served(query: QueryId) -> bool {
    matches!(
        query,
        QueryId::FindDocuments
            | QueryId::FindSubmissionSets
            | QueryId::GetAll
            | QueryId::GetDocuments
            | QueryId::GetAssociations
            | QueryId::GetDocumentsAndAssociations
            | QueryId::GetSubmissionSets
            | QueryId::GetSubmissionSetAndContents
    )
}

/// The typed query; `None` if something that it needs is missing or wrong, which has been reported.
fn plan(query: QueryId, values: &mut Values<'_>) -> Option<StoredQuery> {
    Some(match query {
        QueryId::FindDocuments => StoredQuery::FindDocuments(Box::new(find_documents(values)?)),
        QueryId::FindSubmissionSets => StoredQuery::FindSubmissionSets(find_submission_sets(values)?),
        QueryId::GetAll => StoredQuery::GetAll(get_all(values)?),
        QueryId::GetDocuments => StoredQuery::GetDocuments(entry_ids(values)),
        QueryId::GetAssociations => StoredQuery::GetAssociations(values.uuids("$uuid")),
        QueryId::GetDocumentsAndAssociations => StoredQuery::GetDocumentsAndAssociations(entry_ids(values)),
        QueryId::GetSubmissionSets => StoredQuery::GetSubmissionSets(values.uuids("$uuid")),
        QueryId::GetSubmissionSetAndContents => StoredQuery::GetSubmissionSetAndContents(GetContents {
            container: container(values, "$XDSSubmissionSetEntryUUID", "$XDSSubmissionSetUniqueId")?,
            entries: entry_filter(values),
        }),
        _ => return None,
    })
}

fn find_documents(values: &mut Values<'_>) -> Option<FindDocuments> {
    let patient = values.patient("$XDSDocumentEntryPatientId")?;
    Some(FindDocuments {
        patient,
        statuses: values.statuses("$XDSDocumentEntryStatus"),
        types: values.types("$XDSDocumentEntryType"),
        class_codes: values.codes("$XDSDocumentEntryClassCode"),
        type_codes: values.codes("$XDSDocumentEntryTypeCode"),
        practice_setting_codes: values.codes("$XDSDocumentEntryPracticeSettingCode"),
        facility_type_codes: values.codes("$XDSDocumentEntryHealthcareFacilityTypeCode"),
        format_codes: values.codes("$XDSDocumentEntryFormatCode"),
        event_codes: values.code_lists("$XDSDocumentEntryEventCodeList"),
        confidentiality_codes: values.code_lists("$XDSDocumentEntryConfidentialityCode"),
        author_persons: values.patterns("$XDSDocumentEntryAuthorPerson"),
        creation_time: values.range("$XDSDocumentEntryCreationTime"),
        service_start_time: values.range("$XDSDocumentEntryServiceStartTime"),
        service_stop_time: values.range("$XDSDocumentEntryServiceStopTime"),
        availabilities: values.texts("$XDSDocumentEntryDocumentAvailability"),
    })
}

fn find_submission_sets(values: &mut Values<'_>) -> Option<FindSubmissionSets> {
    let patient = values.patient("$XDSSubmissionSetPatientId")?;
    Some(FindSubmissionSets {
        patient,
        statuses: values.statuses("$XDSSubmissionSetStatus"),
        source_ids: values.texts("$XDSSubmissionSetSourceId"),
        submission_time: values.range("$XDSSubmissionSetSubmissionTime"),
        author_person: values
            .patterns("$XDSSubmissionSetAuthorPerson")
            .into_iter()
            .next(),
        content_types: values.codes("$XDSSubmissionSetContentType"),
    })
}

fn get_all(values: &mut Values<'_>) -> Option<GetAll> {
    let patient = values.patient("$patientId")?;
    Some(GetAll {
        patient,
        entry_statuses: values.statuses("$XDSDocumentEntryStatus"),
        set_statuses: values.statuses("$XDSSubmissionSetStatus"),
        folder_statuses: values.statuses("$XDSFolderStatus"),
        entries: entry_filter(values),
    })
}

fn entry_filter(values: &mut Values<'_>) -> EntryFilter {
    EntryFilter {
        format_codes: values.codes("$XDSDocumentEntryFormatCode"),
        confidentiality_codes: values.code_lists("$XDSDocumentEntryConfidentialityCode"),
        types: values.types("$XDSDocumentEntryType"),
    }
}

fn entry_ids(values: &mut Values<'_>) -> EntryIds {
    if values.has("$XDSDocumentEntryUniqueId") {
        EntryIds::UniqueId(values.texts("$XDSDocumentEntryUniqueId"))
    } else if values.has("$XDSDocumentEntryLogicalID") {
        EntryIds::LogicalId(values.uuids("$XDSDocumentEntryLogicalID"))
    } else {
        EntryIds::EntryUuid(values.uuids("$XDSDocumentEntryEntryUUID"))
    }
}

/// What is no UUID is the nil UUID here, which nothing has: unknown ids are no error.
fn container(values: &mut Values<'_>, by_uuid: &str, by_unique_id: &str) -> Option<ContainerId> {
    if let Some(text) = values.text(by_uuid) {
        return Some(ContainerId::EntryUuid(uuid(&text).unwrap_or(Uuid::nil())));
    }
    values.text(by_unique_id).map(ContainerId::UniqueId)
}
