use repository_core::retrieve::*;
use xds_model::XdsCode;

fn request(repository: &str, document: &str) -> DocumentRequest {
    DocumentRequest {
        home: None,
        repository: repository.to_owned(),
        document: document.to_owned(),
    }
}

#[test]
fn xds_24_a_request_is_for_this_repository() {
    let ours = "1.2.3".parse().unwrap();
    assert_eq!(
        wanted(&request("1.2.3", "1.9^x"), &ours).unwrap().as_str(),
        "1.9^x"
    );
    for other in ["1.2.4", "", " 1.2.3", "1.2.3 ", "urn:oid:1.2.3"] {
        let fault = wanted(&request(other, "1.9"), &ours).unwrap_err();
        assert_eq!(fault.code(), XdsCode::XDSUnknownRepositoryId);
        assert_eq!((fault.location(), fault.found()), ("1.9", other));
    }
    for bad in ["", "a b", "\u{0}", &"x".repeat(129)] {
        let fault = wanted(&request("1.2.3", bad), &ours).unwrap_err();
        assert_eq!(fault.code(), XdsCode::XDSDocumentUniqueIdError);
        assert_eq!(fault.location(), bad);
    }
}

#[test]
fn lookups_and_their_codes() {
    let request = request("1.2.3", "1.9");
    assert_eq!(Lookup::Released.fault(&request), None);
    for (lookup, code) in [
        (Lookup::Absent, XdsCode::XDSDocumentUniqueIdError),
        (Lookup::Withheld, XdsCode::XDSDocumentUniqueIdError),
        (Lookup::OtherPatient, XdsCode::XDSResultNotSinglePatient),
        (Lookup::Damaged, XdsCode::XDSRepositoryError),
        (Lookup::Unreadable, XdsCode::XDSRepositoryBusy),
        (Lookup::Undecided, XdsCode::XDSRepositoryBusy),
    ] {
        let fault = lookup.fault(&request).unwrap();
        assert_eq!((fault.code(), fault.location()), (code, "1.9"), "{lookup:?}");
    }
}

#[test]
fn what_is_withheld_looks_like_what_is_not_there() {
    let request = request("1.2.3", "1.9");
    assert_eq!(Lookup::Withheld.fault(&request), Lookup::Absent.fault(&request));
    let unknown = wanted(&self::request("1.2.3", "not an id"), &"1.2.3".parse().unwrap()).unwrap_err();
    assert_eq!(
        unknown.context(),
        Lookup::Absent.fault(&request).unwrap().context()
    );
}

#[test]
fn the_limit_is_tested_at_it_and_one_past_it() {
    let requests = vec![request("1.2.3", "1.9"); 201];
    assert!(check_count(&requests[..200], 200).is_ok());
    assert!(check_count(&[], 0).is_ok());
    let fault = check_count(&requests, 200).unwrap_err();
    assert_eq!(fault.code(), XdsCode::XDSTooManyResults);
    assert!(fault.context().contains("200"));
}

#[test]
fn the_status_counts_documents_and_faults() {
    use RetrieveStatus::{Failure, PartialSuccess, Success};
    for (documents, faults, status) in [
        (0, 0, Success),
        (3, 0, Success),
        (2, 1, PartialSuccess),
        (1, 200, PartialSuccess),
        (0, 1, Failure),
    ] {
        assert_eq!(RetrieveStatus::of(documents, faults), status);
    }
    assert!(PartialSuccess.urn().starts_with("urn:ihe:iti:2007:"));
    assert!(Success.urn().starts_with("urn:oasis:") && Failure.urn().starts_with("urn:oasis:"));
}
