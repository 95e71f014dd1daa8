//! Messages for the tests, and the writing and reading of whole messages.

use xds_soap::{
    FaultCode, ReplyAddresses, RequestEnvelope, ResponseError, ns, read_request, read_response,
    write_request, write_response,
};
use xds_xml::{Document, Limits};

use crate::xmllint::assert_valid;

pub(crate) const QUERY_ACTION: &str = "urn:ihe:iti:2007:RegistryStoredQuery";
pub(crate) const QUERY: &str = r#"<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"><q:ResponseOption/><r:AdhocQuery xmlns:r="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" id="urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"/></q:AdhocQueryRequest>"#;

/// An envelope around header blocks and the content of the body.
pub(crate) fn envelope(header: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"{}\" xmlns:a=\"{}\" xmlns:w=\"{}\"><s:Header>{header}</s:Header>\
         <s:Body>{body}</s:Body></s:Envelope>",
        ns::SOAP12,
        ns::WSA,
        ns::WSSE
    )
}

pub(crate) fn parse(xml: &str) -> Document<'_> {
    Document::parse(xml.as_bytes(), &Limits::default()).unwrap()
}

fn good_request(doc: &Document<'_>) -> (String, String) {
    let RequestEnvelope { headers, .. } = read_request(doc, ReplyAddresses::AnonymousOnly).unwrap();
    (headers.action, headers.message_id)
}

#[test]
fn a_request_of_ours_is_valid_and_read_back() {
    let xml = write_request(
        QUERY_ACTION,
        "urn:uuid:1",
        "https://registry.example.org/x?a=b&c='d'",
        None,
        |out| out.push_str(QUERY),
    );
    assert_valid(&xml);
    let doc = parse(&xml);
    let request = read_request(&doc, ReplyAddresses::AnonymousOnly).unwrap();
    assert_eq!(request.headers.action, QUERY_ACTION);
    assert_eq!(request.headers.message_id, "urn:uuid:1");
    assert_eq!(
        request.headers.to.as_deref(),
        Some("https://registry.example.org/x?a=b&c='d'")
    );
    assert_eq!(request.headers.reply_to, None);
    assert!(request.security.is_none());
    assert_eq!(request.body.local(), "AdhocQueryRequest");
}

#[test]
fn a_request_of_ours_marks_action_and_security_as_to_be_understood() {
    let assertion = r#"<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" IssueInstant="2026-01-01T00:00:00Z" Version="2.0"><saml2:Issuer>i</saml2:Issuer></saml2:Assertion>"#;
    let xml = write_request(QUERY_ACTION, "urn:uuid:1", "https://x/", Some(assertion), |out| {
        out.push_str(QUERY);
    });
    assert_valid(&xml);
    let doc = parse(&xml);
    let header = doc.root().child(ns::SOAP12, "Header").unwrap();
    let marked: Vec<_> = header
        .children()
        .filter(|block| block.attribute_ns(ns::SOAP12, "mustUnderstand") == Some("1"))
        .map(|block| block.local())
        .collect();
    assert_eq!(marked, ["Action", "Security"]);
    let request = read_request(&doc, ReplyAddresses::AnonymousOnly).unwrap();
    let security = request.security.unwrap();
    assert_eq!(security.children().next().unwrap().source(), assertion);
}

#[test]
fn a_response_of_ours_is_valid_and_relates_to_its_request() {
    let body = r#"<rs:RegistryResponse xmlns:rs="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0" status="urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"/>"#;
    let xml = write_response("urn:x:Response", "urn:uuid:<&\"'>", "urn:uuid:2", |out| {
        out.push_str(body);
    });
    assert_valid(&xml);
    assert_eq!(
        xml,
        "<soap12:Envelope xmlns:soap12=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:wsa=\"http://www.w3.org/2005/08/addressing\"><soap12:Header>\
         <wsa:Action soap12:mustUnderstand=\"1\">urn:x:Response</wsa:Action>\
         <wsa:MessageID>urn:uuid:2</wsa:MessageID>\
         <wsa:RelatesTo>urn:uuid:&lt;&amp;&quot;&#39;&gt;</wsa:RelatesTo>\
         <wsa:To>http://www.w3.org/2005/08/addressing/anonymous</wsa:To></soap12:Header><soap12:Body>"
            .to_owned()
            + body
            + "</soap12:Body></soap12:Envelope>"
    );
    let doc = parse(&xml);
    let read = read_response(&doc, &["urn:y", "urn:x:Response"], "urn:uuid:<&\"'>").unwrap();
    assert_eq!(read.local(), "RegistryResponse");
}

#[test]
fn a_message_id_is_kept_character_for_character() {
    let header = format!(
        "<a:Action>{QUERY_ACTION}</a:Action><a:MessageID>\n  URN:uuid:1B0F6F0E&amp;+%41 </a:MessageID>"
    );
    let xml = envelope(&header, QUERY);
    let (_, message_id) = good_request(&parse(&xml));
    assert_eq!(message_id, "\n  URN:uuid:1B0F6F0E&+%41 ");
    let response = write_response("urn:x", &message_id, "urn:uuid:2", |out| out.push_str(QUERY));
    let doc = parse(&response);
    let header = doc.root().child(ns::SOAP12, "Header").unwrap();
    assert_eq!(
        header.child(ns::WSA, "RelatesTo").unwrap().text(),
        Ok(message_id.as_str())
    );
    assert!(read_response(&doc, &["urn:x"], &message_id).is_ok());
}

fn response(header: &str, body: &str) -> Result<String, ResponseError> {
    let xml = envelope(header, body);
    let doc = parse(&xml);
    read_response(&doc, &["urn:x"], "urn:uuid:1").map(|body| body.local().to_owned())
}

#[test]
fn a_response_that_is_not_ours_is_refused() {
    let relates = "<a:RelatesTo>urn:uuid:1</a:RelatesTo>";
    let action = "<a:Action>urn:x</a:Action>";
    assert_eq!(
        response(&format!("{action}{relates}"), "<b/>"),
        Ok("b".to_owned())
    );
    assert_eq!(response(relates, "<b/>"), Err(ResponseError::Action));
    assert_eq!(
        response(&format!("<a:Action>urn:z</a:Action>{relates}"), "<b/>"),
        Err(ResponseError::Action)
    );
    assert_eq!(
        response(&format!("{action}{action}{relates}"), "<b/>"),
        Err(ResponseError::Action)
    );
    assert_eq!(response(action, "<b/>"), Err(ResponseError::RelatesTo));
    for other in [
        "<a:RelatesTo>urn:uuid:2</a:RelatesTo>",
        "<a:RelatesTo>urn:uuid:1</a:RelatesTo><a:RelatesTo>urn:uuid:2</a:RelatesTo>",
        "<a:RelatesTo RelationshipType=\"urn:other\">urn:uuid:1</a:RelatesTo>",
        "<a:RelatesTo>URN:UUID:1</a:RelatesTo>",
    ] {
        let read = response(&format!("{action}{other}"), "<b/>");
        assert_eq!(read, Err(ResponseError::RelatesTo), "{other}");
    }
    let also = "<a:RelatesTo RelationshipType=\"urn:other\">urn:uuid:2</a:RelatesTo>";
    assert!(response(&format!("{action}{relates}{also}"), "<b/>").is_ok());
    assert_eq!(
        response(&format!("{action}{relates}"), ""),
        Err(ResponseError::Malformed)
    );
}

#[test]
fn a_fault_is_read_whatever_its_action() {
    let fault = "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>a:InvalidAddressingHeader</s:Value>\
                 <s:Subcode><s:Value>a:InvalidAddress</s:Value></s:Subcode></s:Subcode></s:Code>\
                 <s:Reason><s:Text xml:lang=\"en\"> patient Yamada </s:Text></s:Reason></s:Fault>";
    for relates in ["", "<a:RelatesTo>urn:uuid:1</a:RelatesTo>"] {
        let Err(error) = response(relates, fault) else {
            panic!("a fault is no response");
        };
        assert_eq!(error.to_string(), "the peer answered with a SOAP fault Sender");
        let ResponseError::Fault(received) = error else {
            panic!("{error:?}");
        };
        assert_eq!(received.code, FaultCode::Sender);
        assert_eq!(received.subcodes, ["InvalidAddressingHeader", "InvalidAddress"]);
        assert_eq!(received.reason, "patient Yamada");
    }
    let foreign = response("<a:RelatesTo>urn:uuid:2</a:RelatesTo>", fault);
    assert_eq!(foreign, Err(ResponseError::RelatesTo));
    let Err(ResponseError::Fault(odd)) = response("", "<s:Fault/>") else {
        panic!("an empty fault is one");
    };
    assert_eq!(odd.code, FaultCode::Receiver);
}
