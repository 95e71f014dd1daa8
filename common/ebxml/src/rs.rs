//! Registry responses: status and error list (ITI TF-3, 4.2.4).

use xds_model::fault::any_error;
use xds_model::{Fault, Severity};
use xds_xml::{Element, escape};

use crate::ns::RS;

/// `@status` of a response (ITI TF-3, Tables 4.2.4.2-1 to -4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResponseStatus {
    /// No error; warnings are possible.
    Success,
    /// Some errors and some results.
    PartialSuccess,
    /// Errors, and nothing done.
    Failure,
}

impl ResponseStatus {
    /// The full URN. That of PartialSuccess has another prefix.
    pub fn urn(self) -> &'static str {
        match self {
            Self::Success => "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success",
            Self::PartialSuccess => "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess",
            Self::Failure => "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure",
        }
    }

    /// The status with this URN.
    pub fn from_urn(urn: &str) -> Option<Self> {
        [Self::Success, Self::PartialSuccess, Self::Failure]
            .into_iter()
            .find(|status| status.urn() == urn)
    }

    /// What these faults amount to: warnings alone never change Success. `partial`: part of what was asked
    /// for was done all the same.
    pub fn of(faults: &[Fault], partial: bool) -> Self {
        match (any_error(faults), partial) {
            (false, _) => Self::Success,
            (true, true) => Self::PartialSuccess,
            (true, false) => Self::Failure,
        }
    }
}

/// One `rs:RegistryError` as it is on the wire.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResponseError {
    /// `@errorCode`.
    pub code: String,
    /// `@codeContext`.
    pub context: String,
    /// `@location`; empty if it was not given.
    pub location: String,
    /// `@severity`; Error if it was not given.
    pub severity: Severity,
}

impl From<&Fault> for ResponseError {
    /// The codeContext starts with what was found: some codes demand an id there.
    fn from(fault: &Fault) -> Self {
        Self {
            code: fault.code().as_str().to_owned(),
            context: fault.context(),
            location: fault.location().to_owned(),
            severity: fault.severity(),
        }
    }
}

/// A `rs:RegistryResponse`, as a client reads it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegistryResponse {
    /// The status.
    pub status: ResponseStatus,
    /// Errors and warnings, in order.
    pub errors: Vec<ResponseError>,
}

/// Why an answer could not be read. Holds nothing of the answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ResponseFormError {
    /// The root or a required element is another one.
    #[error("the answer lacks the element {0}")]
    Element(&'static str),
    /// A required attribute is missing or has an unknown value.
    #[error("the answer lacks a proper attribute {0}")]
    Attribute(&'static str),
    /// A text is cut by a comment or holds elements.
    #[error("the answer has an improper text in {0}")]
    Text(&'static str),
}

/// Appends a `rs:RegistryResponse` with these faults. `partial`: see [`ResponseStatus::of`].
pub fn write_registry_response(faults: &[Fault], partial: bool, out: &mut String) {
    let errors: Vec<ResponseError> = faults.iter().map(ResponseError::from).collect();
    write_registry_response_of(ResponseStatus::of(faults, partial), &errors, out);
}

/// Appends a `rs:RegistryResponse` with errors from elsewhere, unchanged: a repository passes on those of the
/// registry (ITI TF-2, 3.41.4.1.3).
pub fn write_registry_response_of(status: ResponseStatus, errors: &[ResponseError], out: &mut String) {
    for piece in [
        "<rs:RegistryResponse xmlns:rs=\"",
        RS,
        "\" status=\"",
        status.urn(),
        "\"",
    ] {
        out.push_str(piece);
    }
    if errors.is_empty() {
        out.push_str("/>");
    } else {
        out.push('>');
        write_error_list(errors, out);
        out.push_str("</rs:RegistryResponse>");
    }
}

/// Appends a `rs:RegistryErrorList`; nothing if there is nothing to say. The prefix `rs` must be declared.
pub(crate) fn write_error_list(errors: &[ResponseError], out: &mut String) {
    let Some(highest) = errors.iter().map(|error| error.severity).max() else {
        return;
    };
    out.push_str("<rs:RegistryErrorList highestSeverity=\"");
    out.push_str(highest.urn());
    out.push_str("\">");
    for error in errors {
        out.push_str("<rs:RegistryError");
        for (name, value) in [
            (" errorCode=\"", error.code.as_str()),
            (" codeContext=\"", &error.context),
            (" location=\"", &error.location),
            (" severity=\"", error.severity.urn()),
        ] {
            out.push_str(name);
            escape::text(out, value);
            out.push('"');
        }
        out.push_str("/>");
    }
    out.push_str("</rs:RegistryErrorList>");
}

/// Reads a `rs:RegistryResponse`.
///
/// # Errors
///
/// If it is none, or has no status that is known.
pub fn read_registry_response(element: Element<'_>) -> Result<RegistryResponse, ResponseFormError> {
    if !element.is(RS, "RegistryResponse") {
        return Err(ResponseFormError::Element("RegistryResponse"));
    }
    read_status_and_errors(element)
}

/// The status and errors of any element of ebRS's RegistryResponseType.
pub(crate) fn read_status_and_errors(element: Element<'_>) -> Result<RegistryResponse, ResponseFormError> {
    let status = element.attribute("status").and_then(ResponseStatus::from_urn);
    let list = element.child(RS, "RegistryErrorList");
    let errors = list
        .iter()
        .flat_map(|list| list.children_named(RS, "RegistryError"));
    Ok(RegistryResponse {
        status: status.ok_or(ResponseFormError::Attribute("status"))?,
        errors: errors.map(read_error).collect::<Result<_, _>>()?,
    })
}

fn read_error(element: Element<'_>) -> Result<ResponseError, ResponseFormError> {
    let text = |name| element.attribute(name).unwrap_or_default().to_owned();
    let is_warning = element.attribute("severity") == Some(Severity::Warning.urn());
    Ok(ResponseError {
        code: element
            .attribute("errorCode")
            .ok_or(ResponseFormError::Attribute("errorCode"))?
            .to_owned(),
        context: text("codeContext"),
        location: text("location"),
        severity: if is_warning {
            Severity::Warning
        } else {
            Severity::Error
        },
    })
}
