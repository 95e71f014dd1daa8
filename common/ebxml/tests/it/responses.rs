//! Registry responses and query answers: what is written is valid and read back.

use proptest::prelude::*;
use xds_ebxml::query::{read_query_response, write_response_without_objects};
use xds_ebxml::rs::{
    RegistryResponse, ResponseError, ResponseFormError, ResponseStatus, read_registry_response,
    write_registry_response, write_registry_response_of,
};
use xds_model::{Fault, RuleId, Severity};

use crate::strategies::text;
use crate::support::{assert_valid, with_body};

fn response(faults: &[Fault], partial: bool) -> (String, RegistryResponse) {
    let mut out = String::new();
    write_registry_response(faults, partial, &mut out);
    assert_valid(&out);
    let read = with_body(&out, read_registry_response).unwrap();
    (out, read)
}

fn error() -> Fault {
    Fault::new(RuleId::UnknownPatient, "SubmitObjectsRequest/x", "R1^^^&1.2&ISO")
}

fn warning() -> Fault {
    Fault::warning(RuleId::ExtraSlotName, "", "urn:x:y")
}

#[test]
fn the_status_follows_the_worst_fault() {
    for (faults, partial, status) in [
        (vec![], false, ResponseStatus::Success),
        (vec![warning()], false, ResponseStatus::Success),
        (vec![warning()], true, ResponseStatus::Success),
        (vec![error()], false, ResponseStatus::Failure),
        (vec![warning(), error()], false, ResponseStatus::Failure),
        (vec![error()], true, ResponseStatus::PartialSuccess),
    ] {
        let (text, read) = response(&faults, partial);
        assert_eq!((read.status, read.errors.len()), (status, faults.len()));
        let highest = faults.iter().map(Fault::severity).max();
        let says = highest.map(|severity| format!("highestSeverity=\"{}\"", severity.urn()));
        assert!(says.is_none_or(|says| text.contains(&says)), "{text}");
    }
}

#[test]
fn the_urns_are_those_of_the_framework() {
    assert_eq!(
        ResponseStatus::PartialSuccess.urn(),
        "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
    );
    for status in [
        ResponseStatus::Success,
        ResponseStatus::PartialSuccess,
        ResponseStatus::Failure,
    ] {
        assert_eq!(ResponseStatus::from_urn(status.urn()), Some(status));
    }
    assert_eq!(ResponseStatus::from_urn("Success"), None);
}

#[test]
fn a_success_without_faults_has_no_list() {
    let (text, _) = response(&[], false);
    assert_eq!(
        text,
        "<rs:RegistryResponse xmlns:rs=\"urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0\" status=\"urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success\"/>"
    );
}

#[test]
fn code_context_starts_with_the_id_found() {
    let (_, read) = response(&[error()], false);
    let error = &read.errors[0];
    assert_eq!(
        (error.code.as_str(), error.severity),
        ("XDSUnknownPatientId", Severity::Error)
    );
    assert!(error.context.starts_with("R1^^^&1.2&ISO: "), "{}", error.context);
    assert_eq!(error.location, "SubmitObjectsRequest/x");
}

#[test]
fn failures_of_a_query_have_an_empty_list() {
    let mut out = String::new();
    write_response_without_objects(&[error(), warning()], &mut out);
    assert_valid(&out);
    assert!(out.find("RegistryErrorList") < out.find("RegistryObjectList"));
    let read = with_body(&out, read_query_response).unwrap();
    assert_eq!((read.status, read.errors.len()), (ResponseStatus::Failure, 2));
    assert!(read.references.is_empty() && read.objects.entries.is_empty());
    let mut empty = String::new();
    write_response_without_objects(&[], &mut empty);
    assert_valid(&empty);
    assert!(empty.contains("<rim:RegistryObjectList></rim:RegistryObjectList>"));
}

#[test]
fn other_answers_are_refused() {
    let rs = "xmlns=\"urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0\"";
    for (text, error) in [
        (
            format!("<Other {rs}/>"),
            ResponseFormError::Element("RegistryResponse"),
        ),
        (
            format!("<RegistryResponse {rs}/>"),
            ResponseFormError::Attribute("status"),
        ),
        (
            format!("<RegistryResponse {rs} status=\"Success\"/>"),
            ResponseFormError::Attribute("status"),
        ),
        (
            format!(
                "<RegistryResponse {rs} status=\"{}\"><RegistryErrorList><RegistryError/></RegistryErrorList></RegistryResponse>",
                ResponseStatus::Failure.urn()
            ),
            ResponseFormError::Attribute("errorCode"),
        ),
    ] {
        assert_eq!(with_body(&text, read_registry_response), Err(error), "{text}");
    }
}

proptest! {
    #[test]
    fn errors_are_passed_on_unchanged(texts in (text(), text(), text()), is_warning: bool) {
        let severity = if is_warning { Severity::Warning } else { Severity::Error };
        let sent = ResponseError { code: texts.0, context: texts.1, location: texts.2, severity };
        let mut out = String::new();
        write_registry_response_of(ResponseStatus::Failure, std::slice::from_ref(&sent), &mut out);
        let read = with_body(&out, read_registry_response).unwrap();
        prop_assert_eq!(read.errors, [sent]);
    }
}
