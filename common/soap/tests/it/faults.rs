use xds_soap::{
    AddressingProblem, ContentTypeError, Fault, FaultCode, MimeError, QName, ReceivedFault, ResponseError,
    Subcode, ns, read_response,
};
use xds_xml::{Document, Limits};

use crate::messages::parse;
use crate::xmllint::assert_valid;

/// A fault with its HTTP status, its code and its subcodes.
type Case = (Fault, u16, FaultCode, Vec<&'static str>);

/// One fault of every kind that is sent.
fn all() -> Vec<Case> {
    let name = |namespace: &str, local: &str| QName {
        namespace: namespace.to_owned(),
        local: local.to_owned(),
    };
    let mut faults = vec![
        (
            Fault::sender("not a known message"),
            400,
            FaultCode::Sender,
            vec![],
        ),
        (
            Fault::receiver("no answer can be built"),
            500,
            FaultCode::Receiver,
            vec![],
        ),
        (Fault::version_mismatch(), 500, FaultCode::VersionMismatch, vec![]),
        (
            Fault::must_understand(vec![name("urn:x\"&<", "a"), name("", "b")]),
            500,
            FaultCode::MustUnderstand,
            vec![],
        ),
        (
            Fault::action_not_supported("urn:<other>&"),
            400,
            FaultCode::Sender,
            vec!["ActionNotSupported"],
        ),
        (
            Fault::addressing_header_required("Action"),
            400,
            FaultCode::Sender,
            vec!["MessageAddressingHeaderRequired"],
        ),
        (Fault::envelope_too_large(), 400, FaultCode::Sender, vec![]),
        (ContentTypeError::Charset.into(), 400, FaultCode::Sender, vec![]),
        (
            MimeError::DuplicateContentId.into(),
            400,
            FaultCode::Sender,
            vec![],
        ),
    ];
    for (problem, local) in [
        (AddressingProblem::InvalidCardinality, "InvalidCardinality"),
        (AddressingProblem::InvalidAddress, "InvalidAddress"),
        (AddressingProblem::MissingAddressInEpr, "MissingAddressInEPR"),
        (
            AddressingProblem::OnlyAnonymousAddressSupported,
            "OnlyAnonymousAddressSupported",
        ),
        (AddressingProblem::ActionMismatch, "ActionMismatch"),
    ] {
        let fault = Fault::invalid_addressing_header("ReplyTo", problem);
        faults.push((
            fault,
            400,
            FaultCode::Sender,
            vec!["InvalidAddressingHeader", local],
        ));
    }
    for (subcode, local) in [
        (Subcode::SecurityTokenUnavailable, "SecurityTokenUnavailable"),
        (Subcode::InvalidSecurityToken, "InvalidSecurityToken"),
        (Subcode::FailedAuthentication, "FailedAuthentication"),
        (Subcode::InvalidSecurity, "InvalidSecurity"),
        (Subcode::FailedCheck, "FailedCheck"),
        (Subcode::UnsupportedAlgorithm, "UnsupportedAlgorithm"),
        (Subcode::UnsupportedSecurityToken, "UnsupportedSecurityToken"),
    ] {
        let fault = Fault::security(subcode, "no assertion");
        faults.push((fault, 400, FaultCode::Sender, vec![local]));
    }
    faults
}

fn received(xml: &str) -> ReceivedFault {
    match read_response(&parse(xml), &[], "urn:uuid:1") {
        Err(ResponseError::Fault(received)) => received,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_fault_is_valid_and_says_what_it_should() {
    for (fault, status, code, subcodes) in all() {
        assert_eq!(fault.http_status(), status, "{fault}");
        for relates_to in [None, Some("urn:uuid:1")] {
            let xml = fault.write(relates_to, "urn:uuid:2");
            assert_valid(&xml);
            let received = received(&xml);
            assert_eq!(received.code, code);
            assert_eq!(received.subcodes, subcodes);
            assert_eq!(received.reason, fault.reason);
        }
    }
}

#[test]
fn a_fault_of_addressing_has_the_action_of_addressing() {
    for (fault, _, _, subcodes) in all() {
        let of_addressing = subcodes
            .first()
            .is_some_and(|code| code.contains("Action") || code.contains("Addressing"));
        let expected = match of_addressing {
            true => ns::WSA_FAULT_ACTION,
            false => ns::SOAP_FAULT_ACTION,
        };
        assert_eq!(fault.action(), expected, "{fault}");
        let xml = fault.write(None, "urn:uuid:2");
        let action = format!("<wsa:Action soap12:mustUnderstand=\"1\">{expected}</wsa:Action>");
        assert!(xml.contains(&action), "{xml}");
        assert!(!xml.contains("RelatesTo"));
    }
}

#[test]
fn subcodes_have_the_prefix_of_their_namespace() {
    let addressing = Fault::invalid_addressing_header("To", AddressingProblem::InvalidAddress);
    let xml = addressing.write(None, "urn:uuid:2");
    assert!(xml.contains(
        "<soap12:Subcode><soap12:Value>wsa:InvalidAddressingHeader</soap12:Value>\
         <soap12:Subcode><soap12:Value>wsa:InvalidAddress</soap12:Value></soap12:Subcode></soap12:Subcode>"
    ));
    assert!(xml.contains("<wsa:ProblemHeaderQName>wsa:To</wsa:ProblemHeaderQName>"));
    let security = Fault::security(Subcode::FailedCheck, "x").write(None, "urn:uuid:2");
    assert!(security.contains("<soap12:Value>wsse:FailedCheck</soap12:Value>"));
    assert!(security.contains(&format!("xmlns:wsse=\"{}\"", ns::WSSE)));
}

#[test]
fn a_version_mismatch_tells_which_version_is_spoken() {
    let xml = Fault::version_mismatch().write(Some("urn:uuid:1"), "urn:uuid:2");
    assert!(
        xml.contains(
            "<soap12:Upgrade><soap12:SupportedEnvelope qname=\"soap12:Envelope\"/></soap12:Upgrade>"
        )
    );
    assert!(xml.contains("<wsa:RelatesTo>urn:uuid:1</wsa:RelatesTo>"));
}

#[test]
fn what_was_not_understood_is_named_up_to_a_limit() {
    let name = |local: &str| QName {
        namespace: "urn:x".to_owned(),
        local: local.to_owned(),
    };
    let xml = Fault::must_understand(vec![name("a"), name("b")]).write(None, "urn:uuid:2");
    for local in ["a", "b"] {
        let block = format!("<soap12:NotUnderstood qname=\"block:{local}\" xmlns:block=\"urn:x\"/>");
        assert!(xml.contains(&block), "{xml}");
    }
    let many = Fault::must_understand(vec![name("a"); 1000]).write(None, "urn:uuid:2");
    assert_eq!(many.matches("NotUnderstood").count(), 16);
}

#[test]
fn an_unknown_action_is_reflected_in_part() {
    let xml = Fault::action_not_supported("urn:<x>").write(None, "urn:uuid:2");
    assert!(xml.contains("<wsa:ProblemAction><wsa:Action>urn:&lt;x&gt;</wsa:Action></wsa:ProblemAction>"));
    let long = Fault::action_not_supported(&"薬".repeat(10_000)).write(None, "urn:uuid:2");
    assert_eq!(long.matches('薬').count(), 256);
}

#[test]
fn broken_xml_is_a_sender_fault_with_rule_and_place() {
    let parse = |xml: &str, limits: &Limits| Document::parse(xml.as_bytes(), limits).map(|_| ());
    let fault: Fault = parse("<a>\n <b></c></a>", &Limits::default()).unwrap_err().into();
    assert_eq!(fault.http_status(), 400);
    assert!(
        fault.reason.contains("end tag") && fault.reason.contains("line 2"),
        "{fault}"
    );
    assert!(!fault.reason.contains("XOP"));
    let small = Limits {
        text_bytes_max: 3,
        ..Limits::default()
    };
    let fault: Fault = parse("<a>abcd</a>", &small).unwrap_err().into();
    assert!(fault.reason.contains("XOP"), "{fault}");
    assert!(Fault::envelope_too_large().reason.contains("XOP"));
}
