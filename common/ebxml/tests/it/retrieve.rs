//! ITI-43, both sides.

use xds_ebxml::retrieve::{
    Content, DOCUMENTS_MAX, DocumentRequest, read_request, read_response, write_document_end,
    write_document_start, write_include, write_inline, write_request, write_response_end,
    write_response_start,
};
use xds_ebxml::rs::ResponseStatus;
use xds_model::{Fault, RuleId};

use crate::support::{assert_valid, summary, with_body};

fn ids(document: &str, home: Option<&str>) -> DocumentRequest {
    DocumentRequest {
        home: home.map(str::to_owned),
        repository: "1.2.392.9.1".to_owned(),
        document: document.to_owned(),
    }
}

fn read(text: &str) -> Result<Vec<DocumentRequest>, Vec<Fault>> {
    with_body(text, |root| read_request(root, DOCUMENTS_MAX))
}

fn request(inside: &str) -> String {
    format!(
        r#"<RetrieveDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007">{inside}</RetrieveDocumentSetRequest>"#
    )
}

#[test]
fn requests_come_back() {
    let sent = [
        ids("1.2^<&>", Some("urn:oid:1.2.3")),
        ids("漢字 '\"", None),
        ids("1.2^<&>", None),
    ];
    let mut out = String::new();
    write_request(&sent, &mut out);
    assert_valid(&out);
    assert_eq!(read(&out).unwrap(), sent);
}

#[test]
fn requests_of_another_form_are_refused() {
    let one = "<RepositoryUniqueId>1.2</RepositoryUniqueId><DocumentUniqueId>3</DocumentUniqueId>";
    let document = |inside: &str| request(&format!("<DocumentRequest>{inside}</DocumentRequest>"));
    assert!(read(&document(one)).is_ok());
    for bad in [
        request(""),
        request("<Other/>"),
        document(""),
        document("<RepositoryUniqueId>1.2</RepositoryUniqueId>"),
        document("<DocumentUniqueId>3</DocumentUniqueId><RepositoryUniqueId>1.2</RepositoryUniqueId>"),
        document(&format!("{one}<HomeCommunityId>urn:oid:1.2</HomeCommunityId>")),
        document(&one.replace(">3<", "><")),
        document(&one.replace(">3<", ">3<!-- -->4<")),
        document(&one.replace(">3<", &format!(">{}<", "3".repeat(257)))),
        document(one).replace("RetrieveDocumentSetRequest", "RetrieveDocumentSetResponse"),
    ] {
        let faults = summary(&read(&bad).unwrap_err());
        assert_eq!((faults.len(), faults[0].0), (1, RuleId::RetrieveForm), "{bad}");
    }
}

#[test]
fn the_number_of_documents_is_limited() {
    let of = |count: usize| {
        let mut out = String::new();
        write_request(&vec![ids("1", None); count], &mut out);
        read(&out)
    };
    assert_eq!(of(DOCUMENTS_MAX).unwrap().len(), DOCUMENTS_MAX);
    assert_eq!(
        summary(&of(DOCUMENTS_MAX + 1).unwrap_err())[0].0,
        RuleId::RetrieveTooMany
    );
}

#[test]
fn answers_come_back() {
    let fault = Fault::new(RuleId::UnknownDocument, "1.2.404", "1.2.404");
    let mut out = String::new();
    write_response_start(&[fault], 2, &mut out);
    write_document_start(&ids("1.2.1", Some("urn:oid:1.2.3")), "text/xml", &mut out);
    write_inline(b"<ClinicalDocument/>", &mut out);
    write_document_end(&mut out);
    write_document_start(&ids("1.2.2", None), "application/pdf", &mut out);
    let plain = out.clone();
    write_include("d&1@example.org", &mut out);
    for text in [&mut out, &mut plain.clone()] {
        write_document_end(text);
        write_response_end(text);
    }
    let read = with_body(&out, read_response).unwrap();
    assert_eq!(read.response.status, ResponseStatus::PartialSuccess);
    assert_eq!(read.response.errors[0].location, "1.2.404");
    assert_eq!(read.documents[0].ids, ids("1.2.1", Some("urn:oid:1.2.3")));
    assert_eq!(
        read.documents[0].content,
        Content::Inline(b"<ClinicalDocument/>".to_vec())
    );
    assert_eq!(
        read.documents[1].content,
        Content::Include("cid:d&1@example.org".to_owned())
    );
    assert_eq!(read.documents[1].mime_type, "application/pdf");
    // The schema knows no xop:Include: the second document empty instead.
    let mut valid = plain;
    write_document_end(&mut valid);
    write_response_end(&mut valid);
    assert_valid(&valid);
}

#[test]
fn nothing_found_is_a_failure_and_all_found_a_success() {
    let fault = Fault::new(RuleId::UnknownDocument, "1", "1");
    for (faults, documents, status) in [
        (vec![fault.clone()], 0, ResponseStatus::Failure),
        (vec![fault], 1, ResponseStatus::PartialSuccess),
        (vec![], 1, ResponseStatus::Success),
    ] {
        let mut out = String::new();
        write_response_start(&faults, documents, &mut out);
        write_response_end(&mut out);
        assert_eq!(with_body(&out, read_response).unwrap().response.status, status);
    }
}

#[test]
fn content_is_base64_or_an_include() {
    let content = |inside: &str| {
        let text = format!(
            r#"<Document xmlns="urn:ihe:iti:xds-b:2007" xmlns:x="http://www.w3.org/2004/08/xop/include">{inside}</Document>"#
        );
        with_body(&text, Content::read)
    };
    assert_eq!(content(""), Ok(Content::Inline(vec![])));
    assert_eq!(content(" QU\nJD "), Ok(Content::Inline(b"ABC".to_vec())));
    assert_eq!(
        content(" <x:Include href=\"cid:a\"/> "),
        Ok(Content::Include("cid:a".to_owned()))
    );
    for bad in [
        "QUJ",
        "!",
        "<x:Include/>",
        "<x:Include href=\"cid:a\"/>QUJD",
        "<x:Include href=\"a\"/><x:Include href=\"b\"/>",
        "QU<!-- -->JD",
        "<b/>",
    ] {
        assert!(content(bad).is_err(), "{bad}");
    }
}
