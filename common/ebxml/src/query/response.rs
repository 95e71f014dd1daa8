//! AdhocQueryResponse: written around objects from the store, and read by clients (ITI TF-2, 3.18.4.1.3).

use xds_model::Fault;
use xds_model::ident::ObjectId;
use xds_model::submission::ReceivedSubmission;
use xds_xml::Element;

use crate::ns::{QUERY, RIM, RS};
use crate::rim::{SenderColumn, read_objects};
use crate::rs::{ResponseError, ResponseFormError, ResponseStatus, read_status_and_errors, write_error_list};

/// Appends the start of a `query:AdhocQueryResponse` up to the first object. Objects follow, by
/// [`stored`](crate::stored) or `write_object_ref`, then [`write_response_end`].
///
/// The status is that of the faults; a registry never answers with PartialSuccess.
pub fn write_response_start(faults: &[Fault], out: &mut String) {
    let errors: Vec<ResponseError> = faults.iter().map(ResponseError::from).collect();
    write_response_start_of(ResponseStatus::of(faults, false), &errors, out);
}

/// The same with errors from elsewhere.
pub fn write_response_start_of(status: ResponseStatus, errors: &[ResponseError], out: &mut String) {
    for piece in [
        "<query:AdhocQueryResponse xmlns:query=\"",
        QUERY,
        "\" xmlns:rim=\"",
        RIM,
        "\" xmlns:rs=\"",
        RS,
        "\" status=\"",
        status.urn(),
        "\">",
    ] {
        out.push_str(piece);
    }
    write_error_list(errors, out);
    out.push_str("<rim:RegistryObjectList>");
}

/// Appends the end of a `query:AdhocQueryResponse`.
pub fn write_response_end(out: &mut String) {
    out.push_str("</rim:RegistryObjectList></query:AdhocQueryResponse>");
}

/// Appends a whole `query:AdhocQueryResponse` without objects: a failure, or an empty result.
pub fn write_response_without_objects(faults: &[Fault], out: &mut String) {
    write_response_start(faults, out);
    write_response_end(out);
}

/// A `query:AdhocQueryResponse`, as a client reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryResponse {
    /// The status.
    pub status: ResponseStatus,
    /// Errors and warnings, in order.
    pub errors: Vec<ResponseError>,
    /// Objects, with what could not be read of them as faults.
    pub objects: ReceivedSubmission,
    /// ObjectRefs: ids, in order.
    pub references: Vec<ObjectId>,
}

/// Reads a `query:AdhocQueryResponse`.
///
/// # Errors
///
/// If it is none, has no status that is known, or an ObjectRef without a proper id.
pub fn read_query_response(root: Element<'_>) -> Result<QueryResponse, ResponseFormError> {
    if !root.is(QUERY, "AdhocQueryResponse") {
        return Err(ResponseFormError::Element("AdhocQueryResponse"));
    }
    let response = read_status_and_errors(root)?;
    let list = root.child(RIM, "RegistryObjectList");
    let references = list
        .iter()
        .flat_map(|list| list.children_named(RIM, "ObjectRef"))
        .map(|reference| reference.attribute("id").and_then(|id| id.parse().ok()))
        .map(|id| id.ok_or(ResponseFormError::Attribute("id")))
        .collect::<Result<_, _>>()?;
    Ok(QueryResponse {
        status: response.status,
        errors: response.errors,
        objects: list
            .map(|list| read_objects(list, SenderColumn::Answer))
            .unwrap_or_default(),
        references,
    })
}
