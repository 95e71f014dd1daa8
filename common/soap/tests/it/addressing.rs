//! What a request's envelope must be: structure, mustUnderstand, addressing, security.

use proptest::prelude::*;
use xds_model::Transaction;
use xds_soap::{
    AddressingProblem, Fault, FaultCode, QName, ReplyAddresses, RequestHeaders, Subcode, action, is_soap11,
    ns, read_message_id_leniently, read_request,
};
use xds_xml::{Document, Limits};

use crate::messages::{QUERY, QUERY_ACTION, envelope, parse};

const ID: &str = "<a:MessageID>urn:uuid:1</a:MessageID>";

fn action_header() -> String {
    format!("<a:Action s:mustUnderstand=\"1\">{QUERY_ACTION}</a:Action>")
}

/// A request that has a good Action and MessageID, and further header blocks.
fn with_blocks(blocks: &str) -> Result<RequestHeaders, Fault> {
    with_header(&format!("{}{ID}{blocks}", action_header()))
}

fn with_header(header: &str) -> Result<RequestHeaders, Fault> {
    read(&envelope(header, QUERY), ReplyAddresses::AnonymousOnly)
}

fn read(xml: &str, replies: ReplyAddresses) -> Result<RequestHeaders, Fault> {
    read_request(&parse(xml), replies).map(|request| request.headers)
}

fn address(header: &str, address: &str) -> String {
    format!("<a:{header}><a:Address>{address}</a:Address></a:{header}>")
}

fn problem(fault: &Fault) -> Option<AddressingProblem> {
    match fault.subcode {
        Some(Subcode::InvalidAddressingHeader(problem)) => Some(problem),
        _ => None,
    }
}

#[test]
fn the_smallest_request_is_read() {
    let headers = with_blocks("").unwrap();
    assert_eq!(headers.action, QUERY_ACTION);
    assert_eq!(headers.message_id, "urn:uuid:1");
    assert_eq!(
        (headers.to, headers.reply_to, headers.fault_to),
        (None, None, None)
    );
}

#[test]
fn http_16_action_and_message_id() {
    let missing = |header: &str| with_header(header).unwrap_err().subcode;
    assert_eq!(missing(ID), Some(Subcode::MessageAddressingHeaderRequired));
    assert_eq!(
        missing(&action_header()),
        Some(Subcode::MessageAddressingHeaderRequired)
    );
    assert_eq!(missing(""), Some(Subcode::MessageAddressingHeaderRequired));

    for twice in ["Action", "MessageID", "To", "From", "ReplyTo", "FaultTo"] {
        let block = match twice {
            "ReplyTo" | "FaultTo" | "From" => address(twice, ns::ANONYMOUS),
            _ => format!("<a:{twice}>urn:x</a:{twice}>"),
        };
        let fault = with_blocks(&format!("{block}{block}")).unwrap_err();
        assert_eq!(
            problem(&fault),
            Some(AddressingProblem::InvalidCardinality),
            "{twice}"
        );
    }
    for malformed in ["", " ", " urn:x", "urn:x\n", "urn: x", "<a:b/>", "urn:<!-- -->x"] {
        let fault = with_header(&format!("{ID}<a:Action>{malformed}</a:Action>")).unwrap_err();
        assert_eq!(
            problem(&fault),
            Some(AddressingProblem::InvalidAddress),
            "{malformed:?}"
        );
    }
    let long = format!("urn:{}", "x".repeat(1024));
    for malformed in ["", "  ", "urn: x", "urn:x\ny", "<a:b/>", &long] {
        let header = format!("{}<a:MessageID>{malformed}</a:MessageID>", action_header());
        let fault = with_header(&header).unwrap_err();
        assert_eq!(
            problem(&fault),
            Some(AddressingProblem::InvalidAddress),
            "{malformed:?}"
        );
    }
}

#[test]
fn http_16_action_and_body_must_agree() {
    let resolve = |action: &str, body: &str, offered: &[Transaction]| {
        action::resolve(action, parse(body).root(), offered)
    };
    let all = Transaction::ALL;
    let submit = r#"<l:SubmitObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"/>"#;
    assert_eq!(resolve(QUERY_ACTION, QUERY, &all), Ok(Transaction::Iti18));
    assert_eq!(
        resolve("urn:ihe:iti:2009:MultiPatientStoredQuery", QUERY, &all),
        Ok(Transaction::Iti51)
    );
    assert_eq!(
        resolve("urn:ihe:iti:2010:UpdateDocumentSet", submit, &all),
        Ok(Transaction::Iti57)
    );
    let merge = r#"<PRPA_IN201304UV02 xmlns="urn:hl7-org:v3"/>"#;
    assert_eq!(
        resolve("urn:hl7-org:v3:PRPA_IN201304UV02", merge, &all),
        Ok(Transaction::Iti44)
    );
    let mismatch = Some(Subcode::InvalidAddressingHeader(
        AddressingProblem::ActionMismatch,
    ));
    assert_eq!(resolve(QUERY_ACTION, submit, &all).unwrap_err().subcode, mismatch);
    assert_eq!(
        resolve("urn:hl7-org:v3:PRPA_IN201301UV02", merge, &all)
            .unwrap_err()
            .subcode,
        mismatch
    );
    let foreign = r#"<AdhocQueryRequest xmlns="urn:other"/>"#;
    let fault = resolve(QUERY_ACTION, foreign, &all).unwrap_err();
    assert_eq!((fault.code, fault.subcode), (FaultCode::Sender, None));
    for (action, offered) in [
        ("urn:ihe:iti:2007:registrystoredquery", &all[..]),
        ("urn:other", &all),
        (QUERY_ACTION, &[Transaction::Iti42]),
        (QUERY_ACTION, &[]),
    ] {
        let fault = resolve(action, QUERY, offered).unwrap_err();
        assert_eq!(fault.subcode, Some(Subcode::ActionNotSupported), "{action}");
    }
}

#[test]
fn http_16_must_understand() {
    for value in ["1", "true", " true "] {
        let block = |mark: &str| format!("<x:b xmlns:x=\"urn:x\" s:mustUnderstand=\"{value}\" {mark}/>");
        for ours in [
            "",
            "s:role=\"http://www.w3.org/2003/05/soap-envelope/role/next\"",
            "s:role=\"http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver\"",
        ] {
            let fault = with_blocks(&(block(ours) + &block(ours))).unwrap_err();
            assert_eq!(fault.code, FaultCode::MustUnderstand);
            let name = QName {
                namespace: "urn:x".to_owned(),
                local: "b".to_owned(),
            };
            assert_eq!(fault.not_understood, [name.clone(), name]);
        }
        for foreign in ["http://www.w3.org/2003/05/soap-envelope/role/none", "urn:gateway"] {
            assert!(with_blocks(&block(&format!("s:role=\"{foreign}\""))).is_ok());
        }
    }
    for value in ["0", "false"] {
        assert!(with_blocks(&format!("<b xmlns=\"urn:x\" s:mustUnderstand=\"{value}\"/>")).is_ok());
    }
    for malformed in ["", "yes", "TRUE", "2"] {
        let fault = with_blocks(&format!("<b s:mustUnderstand=\"{malformed}\"/>")).unwrap_err();
        assert_eq!(fault.code, FaultCode::Sender, "{malformed}");
    }
    let unknown = with_blocks("<a:IsReferenceParameter s:mustUnderstand=\"1\"/>").unwrap_err();
    assert_eq!(unknown.code, FaultCode::MustUnderstand);
}

/// A peer may mark every header of WS-Addressing; ITI-51's sample marks ReplyTo.
#[test]
fn every_addressing_header_is_understood() {
    let mark = |block: String| block.replacen('>', " s:mustUnderstand=\"true\">", 1);
    let blocks: String = ["ReplyTo", "FaultTo", "From"]
        .map(|header| mark(address(header, ns::ANONYMOUS)))
        .concat();
    let texts: String = ["To", "RelatesTo"]
        .map(|header| mark(format!("<a:{header}>urn:x</a:{header}>")))
        .concat();
    let headers = with_blocks(&(blocks + &texts + &mark("<w:Security></w:Security>".to_owned()))).unwrap();
    assert_eq!(headers.to.as_deref(), Some("urn:x"));
}

#[test]
fn http_16_two_security_headers() {
    let one = "<w:Security/>";
    let other = "<w:Security s:role=\"urn:gateway\"/>";
    assert!(with_blocks(one).is_ok());
    for two in [one.repeat(2), format!("{one}{other}"), other.repeat(2)] {
        let fault = with_blocks(&two).unwrap_err();
        assert_eq!(fault.subcode, Some(Subcode::InvalidSecurity));
        assert_eq!(fault.http_status(), 400);
    }
    let xml = envelope(&format!("{}{ID}{other}", action_header()), QUERY);
    let doc = parse(&xml);
    let request = read_request(&doc, ReplyAddresses::AnonymousOnly).unwrap();
    assert!(request.security.is_none(), "a header for somebody else");
}

#[test]
fn http_16_two_body_children() {
    let header = format!("{}{ID}", action_header());
    for body in [
        String::new(),
        QUERY.repeat(2),
        format!("{QUERY}text"),
        "text".to_owned(),
    ] {
        let fault = read(&envelope(&header, &body), ReplyAddresses::AnonymousOnly).unwrap_err();
        assert_eq!((fault.code, fault.subcode), (FaultCode::Sender, None), "{body}");
    }
}

#[test]
fn the_structure_of_the_envelope_is_checked() {
    let soap = format!("xmlns:s=\"{}\"", ns::SOAP12);
    for content in [
        String::new(),
        "<s:Header/>".to_owned(),
        format!("<s:Body>{QUERY}</s:Body><s:Header/>"),
        format!("<s:Header/><s:Header/><s:Body>{QUERY}</s:Body>"),
        format!("<s:Header/><s:Body>{QUERY}</s:Body><s:Body>{QUERY}</s:Body>"),
        format!("<s:Header/><s:Body>{QUERY}</s:Body><other/>"),
        format!("<s:Header/>text<s:Body>{QUERY}</s:Body>"),
        format!("<s:Header>text</s:Header><s:Body>{QUERY}</s:Body>"),
        format!("<other/><s:Body>{QUERY}</s:Body>"),
    ] {
        let xml = format!("<s:Envelope {soap}>{content}</s:Envelope>");
        let fault = read(&xml, ReplyAddresses::AnonymousOnly).unwrap_err();
        assert_eq!(
            (fault.code, fault.subcode),
            (FaultCode::Sender, None),
            "{content}"
        );
    }
    let no_header = format!("<s:Envelope {soap}><s:Body>{QUERY}</s:Body></s:Envelope>");
    let fault = read(&no_header, ReplyAddresses::AnonymousOnly).unwrap_err();
    assert_eq!(fault.subcode, Some(Subcode::MessageAddressingHeaderRequired));
    let no_soap = read(QUERY, ReplyAddresses::AnonymousOnly).unwrap_err();
    assert_eq!(no_soap.code, FaultCode::Sender);
}

#[test]
fn http_08_soap_11() {
    let xml = envelope(&format!("{}{ID}", action_header()), QUERY).replace(ns::SOAP12, ns::SOAP11);
    let doc = parse(&xml);
    assert!(is_soap11(&doc));
    let fault = read_request(&doc, ReplyAddresses::AnonymousOnly).unwrap_err();
    assert_eq!(
        (fault.code, fault.http_status()),
        (FaultCode::VersionMismatch, 500)
    );
    assert_eq!(read_message_id_leniently(&doc).as_deref(), Some("urn:uuid:1"));
    assert!(!is_soap11(&parse(&xml.replace(ns::SOAP11, ns::SOAP12))));
}

#[test]
fn http_17_reply_to_elsewhere() {
    for header in ["ReplyTo", "FaultTo"] {
        assert!(with_blocks(&address(header, &format!("\n {} ", ns::ANONYMOUS))).is_ok());
        for elsewhere in [
            "http://127.0.0.1:5432/",
            "http://169.254.169.254/latest/meta-data/",
            "file:///etc/passwd",
            "https://partner.example.org/reply",
            "http://www.w3.org/2005/08/addressing/none",
            "HTTP://WWW.W3.ORG/2005/08/addressing/anonymous",
            "",
        ] {
            let fault = with_blocks(&address(header, elsewhere)).unwrap_err();
            let expected = Some(AddressingProblem::OnlyAnonymousAddressSupported);
            assert_eq!(problem(&fault), expected, "{elsewhere}");
        }
        let two = address(header, &format!("{0}</a:Address><a:Address>{0}", ns::ANONYMOUS));
        for odd in [format!("<a:{header}/>"), two] {
            let fault = with_blocks(&odd).unwrap_err();
            assert_eq!(
                problem(&fault),
                Some(AddressingProblem::MissingAddressInEpr),
                "{odd}"
            );
        }
    }
    assert!(
        with_blocks(&address("From", "file:///etc/passwd")).is_ok(),
        "From is not read"
    );
}

#[test]
fn http_17_reply_to_elsewhere_where_the_caller_allows_it() {
    let read_to = |to: &str| {
        let header = format!("{}{ID}{}", action_header(), address("ReplyTo", to));
        read(&envelope(&header, QUERY), ReplyAddresses::AlsoHttp).map(|headers| headers.reply_to)
    };
    assert_eq!(read_to(ns::ANONYMOUS), Ok(None));
    assert_eq!(
        read_to(" https://partner.example.org/reply "),
        Ok(Some("https://partner.example.org/reply".to_owned()))
    );
    for bad in [
        "file:///etc/passwd",
        "",
        "partner",
        "http:x",
        "http://a b/",
        "http://www.w3.org/2005/08/addressing/none",
    ] {
        let fault = read_to(bad).unwrap_err();
        assert_eq!(problem(&fault), Some(AddressingProblem::InvalidAddress), "{bad}");
    }
}

#[test]
fn the_message_id_of_a_refused_message_is_found_if_it_is_usable() {
    let find = |header: &str, body: &str| read_message_id_leniently(&parse(&envelope(header, body)));
    assert_eq!(find(ID, "").as_deref(), Some("urn:uuid:1"));
    assert_eq!(find(&ID.repeat(2), QUERY), None);
    assert_eq!(find("<a:MessageID> </a:MessageID>", QUERY), None);
    assert_eq!(
        find(&format!("<a:MessageID>{}</a:MessageID>", "x".repeat(1025)), QUERY),
        None
    );
    assert_eq!(find("", QUERY), None);
    assert_eq!(read_message_id_leniently(&parse(QUERY)), None);
}

proptest! {
    #[test]
    fn any_header_is_read_without_panic(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just(action_header()),
                Just(ID.to_owned()),
                "[a-z <>&;\"/:]{0,20}",
                Just(address("ReplyTo", ns::ANONYMOUS)),
                Just("<x s:mustUnderstand=\"1\"/>".to_owned()),
                Just("</s:Header><s:Header>".to_owned()),
                Just("<!-- c -->".to_owned()),
            ],
            0..8,
        )
    ) {
        let xml = envelope(&pieces.concat(), QUERY);
        if let Ok(doc) = Document::parse(xml.as_bytes(), &Limits::default()) {
            let _ = read_message_id_leniently(&doc);
            if let Err(fault) = read_request(&doc, ReplyAddresses::AlsoHttp) {
                let written = fault.write(read_message_id_leniently(&doc).as_deref(), "urn:uuid:2");
                prop_assert!(Document::parse(written.as_bytes(), &Limits::default()).is_ok());
            }
        }
    }
}

#[test]
fn xml_12_a_comment_cuts_no_value() {
    let header = format!("{}{ID}", action_header());
    let with = |body: &str| envelope(&header, &format!("<x>{body}</x>"));
    for cut in [
        "<v>1.2.<!-- -->3</v>",
        "<v><!-- -->1.2.3</v>",
        "<v>1.2.3<!-- --></v>",
    ] {
        let fault = read(&with(cut), ReplyAddresses::AnonymousOnly).unwrap_err();
        assert_eq!(fault.code, FaultCode::Sender, "{cut}");
    }
    for whole in [
        "<v>1.2.3</v><!-- between --><w/>",
        "<v><![CDATA[1.2]]>.3</v>",
        "<v>a &lt;!-- b</v>",
    ] {
        assert!(
            read(&with(whole), ReplyAddresses::AnonymousOnly).is_ok(),
            "{whole}"
        );
    }
}
