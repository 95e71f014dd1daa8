use bytes::Bytes;
use proptest::prelude::*;
use uuid::Uuid;
use xds_soap::{
    Cid, ContentId, Fault, FaultCode, Includes, MimeLimits, MtomEvent, MtomReader, refuse_stray_includes,
    write_include, xop_include,
};

use crate::messages::parse;

const ROOT_TYPE: &str = "application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"";

fn id(text: &str) -> ContentId {
    ContentId::from_header(text).unwrap()
}

fn part(id: &str, content_type: &str, content: &str) -> String {
    format!("--b\r\nContent-Type: {content_type}\r\nContent-ID: {id}\r\n\r\n{content}\r\n")
}

fn events(start: Option<&str>, parts: &[String], limits: MimeLimits) -> Result<Vec<MtomEvent>, Fault> {
    let message = parts.concat() + "--b--\r\n";
    let mut reader = MtomReader::new("b", start, limits)?;
    let mut events = Vec::new();
    for byte in message.as_bytes().chunks(7) {
        reader.push(Bytes::copy_from_slice(byte));
        while let Some(event) = reader.next()? {
            events.push(event);
        }
    }
    reader.finish();
    assert!(reader.next()?.is_none() && reader.is_complete());
    Ok(events)
}

/// The envelope that is read, or the fault.
fn root(start: Option<&str>, parts: &[String]) -> Result<String, Fault> {
    let events = events(start, parts, MimeLimits::default())?;
    let Some(MtomEvent::Root { envelope, .. }) = events.first() else {
        panic!("{events:?}");
    };
    Ok(String::from_utf8(envelope.to_vec()).unwrap())
}

#[test]
fn the_root_comes_whole_and_documents_in_pieces() {
    let parts = [
        part("<root>", ROOT_TYPE, "<envelope-in-more-than-one-chunk/>"),
        part("<d1>", "application/pdf", "document one"),
        part("<d2>", "text/plain", ""),
    ];
    let events = events(Some("<root>"), &parts, MimeLimits::default()).unwrap();
    assert_eq!(
        events[0],
        MtomEvent::Root {
            envelope: Bytes::from_static(b"<envelope-in-more-than-one-chunk/>"),
            content_id: Some(id("root")),
        }
    );
    let mut document = Vec::new();
    for event in &events[2..] {
        match event {
            MtomEvent::Data(data) => document.extend_from_slice(data),
            _ => break,
        }
    }
    assert_eq!(document, b"document one");
    let starts = events
        .iter()
        .filter(|event| matches!(event, MtomEvent::PartStart(_)));
    assert_eq!(starts.count(), 2);
    assert_eq!(events.last(), Some(&MtomEvent::End));
}

#[test]
fn http_10_start_parameter() {
    let first = part("<r>", ROOT_TYPE, "root");
    let second = part("<d>", "application/pdf", "doc");
    let xop = part("<x>", ROOT_TYPE, "other");
    let parts = [first.clone(), second.clone()];
    for start in [
        None,
        Some("<r>"),
        Some("r"),
        Some("<named-by-nobody>"),
        Some("<R>"),
    ] {
        assert_eq!(root(start, &parts), Ok("root".to_owned()), "{start:?}");
    }
    for (start, parts) in [
        // The root is not first.
        (Some("<d>"), vec![first.clone(), second.clone()]),
        (Some("<x>"), vec![first.clone(), xop.clone()]),
        (None, vec![second.clone(), first.clone()]),
        (Some("<r>"), vec![second.clone(), first.clone()]),
        (Some("<named-by-nobody>"), vec![second.clone(), first.clone()]),
        // Two parts have its id.
        (Some("<r>"), vec![first.clone(), first.clone()]),
        (None, vec![first.clone(), first.clone()]),
        (Some("<>"), vec![first.clone()]),
    ] {
        let fault = root(start, &parts).unwrap_err();
        assert_eq!(fault.code, FaultCode::Sender, "{start:?}");
    }
}

#[test]
fn http_10_type_of_the_root_part() {
    for good in [
        "application/xop+xml",
        "application/xop+xml; type=\"application/soap+xml\"; charset=utf-8",
        "application/xop+xml; type=\"application/soap+xml; action=\\\"urn:x\\\"\"",
    ] {
        assert!(root(None, &[part("<r>", good, "root")]).is_ok(), "{good}");
    }
    for bad in [
        "application/soap+xml",
        "text/xml",
        "application/xop+xml; type=\"text/xml\"",
        "application/xop+xml; charset=UTF-16",
        "xop",
    ] {
        let fault = root(None, &[part("<r>", bad, "root")]).unwrap_err();
        assert_eq!(fault.code, FaultCode::Sender, "{bad}");
    }
    let untyped = "--b\r\n\r\nroot\r\n".to_owned();
    assert_eq!(root(None, &[untyped]).unwrap_err().code, FaultCode::Sender);
}

#[test]
fn http_15_root_part_over_the_limit_names_xop() {
    let limits = MimeLimits {
        root_bytes_max: 20,
        ..MimeLimits::default()
    };
    let with = |length: usize| events(None, &[part("<r>", ROOT_TYPE, &"x".repeat(length))], limits);
    assert!(with(20).is_ok());
    for length in [21, 200] {
        assert!(with(length).unwrap_err().reason.contains("XOP"));
    }
}

#[test]
fn a_fault_stays() {
    let mut reader = MtomReader::new("b", None, MimeLimits::default()).unwrap();
    reader.push(Bytes::from(part("<r>", "text/xml", "root") + "--b--"));
    reader.finish();
    let fault = reader.next().unwrap_err();
    assert_eq!(reader.next(), Err(fault));
    assert!(!reader.is_complete());
}

#[test]
fn http_11_href_is_compared_as_written_and_then_decoded() {
    let names = |href: &str, content_id: &str| Cid::from_href(href).unwrap().names(&id(content_id));
    assert!(names("cid:d1@x", "<d1@x>"));
    assert!(names("CID:d1@x", "d1@x"));
    assert!(names(
        "cid:0.1-1@urn%3Aihe%3Aiti%3Axds-b%3A2007",
        "<0.1-1@urn:ihe:iti:xds-b:2007>"
    ));
    assert!(names(
        "cid:0.1-1@urn:ihe:iti:xds-b:2007",
        "<0.1-1@urn:ihe:iti:xds-b:2007>"
    ));
    assert!(names("cid:a%41", "<a%41>"), "as written");
    assert!(names("cid:a+b", "<a+b>") && !names("cid:a+b", "<a%20b>"));
    assert!(!names("cid:D1@x", "<d1@x>"), "case counts");
    assert!(!names("cid:d1", "<d%31>"), "a Content-ID is not decoded");
    assert!(!names("cid:a%2541", "<aA>"), "decoded once only");
}

#[test]
fn http_12_href_of_another_scheme() {
    for href in [
        "http://127.0.0.1/x",
        "file:///etc/passwd",
        "d1@x",
        "",
        "cid:",
        "cid:%",
        "cid:a%4",
        "cid:a%zz",
        "cid:a%+1",
        "cid:%ff",
        "cid:%20",
        "cid:a%0d%0ab",
        "cid:a b",
        "cid:<a>",
        "cid:%3ca%3e",
        "mid:a",
    ] {
        let fault = Cid::from_href(href).unwrap_err();
        assert_eq!(fault.code, FaultCode::Sender, "{href}");
    }
}

fn include(xml: &str) -> Result<Option<Cid>, Fault> {
    let xml = format!("<d xmlns:x=\"http://www.w3.org/2004/08/xop/include\">{xml}</d>");
    xop_include(parse(&xml).root())
}

#[test]
fn http_12_include_with_something_beside_it() {
    let good = "<x:Include href=\"cid:a\"/>";
    assert_eq!(include(good), Ok(Some(Cid::from_href("cid:a").unwrap())));
    assert!(
        include(&format!("\n {good} <!-- comment -->\n"))
            .unwrap()
            .is_some()
    );
    assert_eq!(include("YWJj"), Ok(None));
    assert_eq!(include(""), Ok(None));
    assert_eq!(
        include("<Include href=\"cid:a\"/>"),
        Ok(None),
        "another namespace"
    );
    for bad in [
        format!("text{good}"),
        format!("{good}YWJj"),
        good.repeat(2),
        format!("<other/>{good}"),
        format!("{good}<other/>"),
        "<x:Include/>".to_owned(),
        "<x:Include href=\"http://127.0.0.1/\"/>".to_owned(),
        "<x:Include href=\"cid:a\">text</x:Include>".to_owned(),
        "<x:Include href=\"cid:a\"><other/></x:Include>".to_owned(),
        "<x:Include x:href=\"cid:a\"/>".to_owned(),
    ] {
        assert_eq!(include(&bad).unwrap_err().code, FaultCode::Sender, "{bad}");
    }
}

#[test]
fn http_12_include_where_no_document_stands() {
    let check = |xml: &str, allowed| {
        let xml = format!("<r xmlns:x=\"http://www.w3.org/2004/08/xop/include\" xmlns:d=\"urn:d\">{xml}</r>");
        refuse_stray_includes(&parse(&xml), allowed)
    };
    let inside = "<d:Document><x:Include href=\"cid:a\"/></d:Document>";
    let document = Some(("urn:d", "Document"));
    assert_eq!(check(inside, document), Ok(()));
    assert_eq!(check("<d:Document>YWJj</d:Document>", None), Ok(()));
    assert!(check(inside, None).is_err());
    for stray in [
        "<x:Include href=\"cid:a\"/>",
        "<d:Value><x:Include href=\"cid:a\"/></d:Value>",
        "<d:Document><d:deeper><x:Include href=\"cid:a\"/></d:deeper></d:Document>",
        "<Document><x:Include href=\"cid:a\"/></Document>",
    ] {
        let fault = check(&format!("{inside}{stray}"), document).unwrap_err();
        assert_eq!(fault.code, FaultCode::Sender, "{stray}");
    }
    let xml = "<x:Include xmlns:x=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:a\"/>";
    assert!(
        refuse_stray_includes(&parse(xml), document).is_err(),
        "as the root"
    );
}

fn cid(href: &str) -> Cid {
    Cid::from_href(href).unwrap()
}

#[test]
fn http_12_same_part_twice_and_cycle() {
    for (first, second) in [
        ("cid:a", "cid:a"),
        ("cid:a%41", "cid:aA"),
        ("cid:aA", "cid:a%41"),
        ("cid:%61A", "cid:a%41"),
    ] {
        let mut includes = Includes::new(None);
        includes.add(cid(first), 1).unwrap();
        let fault = includes.add(cid(second), 2).unwrap_err();
        assert_eq!(fault.code, FaultCode::Sender, "{first} {second}");
    }
    for href in ["cid:root@x", "cid:root%40x"] {
        let mut includes = Includes::new(Some(id("<root@x>")));
        assert_eq!(includes.add(cid(href), 1).unwrap_err().code, FaultCode::Sender);
    }
}

#[test]
fn http_12_missing_part_and_http_13_surplus_part() {
    let mut includes = Includes::new(Some(id("root")));
    includes.add(cid("cid:a"), "Document01").unwrap();
    includes.add(cid("cid:b%40x"), "Document02").unwrap();
    includes.add(cid("cid:c"), "Document03").unwrap();
    assert_eq!(includes.claim(Some(&id("<b@x>"))), Ok(Some(&"Document02")));
    assert_eq!(includes.claim(Some(&id("surplus"))), Ok(None));
    assert_eq!(includes.claim(None), Ok(None));
    assert_eq!(includes.claim(Some(&id("a"))), Ok(Some(&"Document01")));
    assert_eq!(includes.unclaimed().collect::<Vec<_>>(), [&"Document03"]);
    assert_eq!((includes.len(), includes.is_empty()), (3, false));
    let ambiguous = includes.claim(Some(&id("b%40x"))).unwrap_err();
    assert_eq!(
        ambiguous.code,
        FaultCode::Sender,
        "one is named as written, one decoded"
    );
}

#[test]
fn a_generated_id_is_written_as_it_is() {
    let id = ContentId::generated(Uuid::from_u128(1));
    let mut out = String::new();
    write_include(&mut out, &id);
    assert_eq!(
        out,
        "<xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" \
         href=\"cid:00000000-0000-0000-0000-000000000001@xds.invalid\"/>"
    );
}

proptest! {
    #[test]
    fn what_is_written_as_include_names_its_part(text in "[ -~é薬]{1,20}") {
        if let Ok(id) = ContentId::from_header(&text) {
            let mut xml = "<d>".to_owned();
            write_include(&mut xml, &id);
            xml.push_str("</d>");
            let read = xop_include(parse(&xml).root()).unwrap().unwrap();
            prop_assert!(read.names(&id));
        }
    }

    #[test]
    fn any_href_is_read_without_panic(href in "\\PC{0,40}") {
        let _ = Cid::from_href(&href);
        let _ = Cid::from_href(&format!("cid:{href}"));
    }
}
