//! Rows of the hardening catalogue on XML, against the real registry: what is spoilt is a query that is good otherwise.

use std::time::{Duration, Instant};

use renkei_network::{Network, Program};

use crate::five_checks::{Audit, CANARIES, Case};
use crate::http::good_query;
use crate::soap::{Answered, SIMPLE, post, send, simple};

/// Every document is answered by a Sender fault, leaves one event, and changes nothing.
async fn refused(documents: Vec<(&str, Vec<u8>)>) {
    refused_within(documents, Duration::from_secs(5)).await;
}

async fn refused_within(documents: Vec<(&str, Vec<u8>)>, limit: Duration) {
    let (case, h1) = Case::begin(async |network: &'static Network| network.node("h1").unwrap()).await;
    let mut replies = String::new();
    let count = documents.len();
    for (name, document) in documents {
        let began = Instant::now();
        let (answered, text) = send(&h1, Program::Registry, &simple(Program::Registry, &document)).await;
        assert_eq!(answered, Answered::fault("Sender"), "{name}: {text}");
        assert!(began.elapsed() < limit, "{name}: {:?}", began.elapsed());
        replies.push_str(&text);
    }
    case.end(&Audit::registry("request-refused 8", count), &replies)
        .await;
}

fn text(documents: Vec<(&'static str, String)>) -> Vec<(&'static str, Vec<u8>)> {
    documents
        .into_iter()
        .map(|(name, text)| (name, text.into_bytes()))
        .collect()
}

/// In front of the root element.
fn before(what: &str) -> String {
    what.to_owned() + &good_query()
}

/// Text in place of the patient id's number.
fn in_text(what: &str) -> String {
    good_query().replace(CANARIES[0], &format!("{}{what}", CANARIES[0]))
}

/// Attributes on the query element.
fn in_tag(what: &str) -> String {
    good_query().replace(
        "<query:AdhocQueryRequest ",
        &format!("<query:AdhocQueryRequest {what} "),
    )
}

/// Elements in front of the query's parameters.
fn in_body(what: &str) -> String {
    good_query().replace(
        "<rim:Slot name=\"$XDSDocumentEntryStatus\">",
        &format!("{what}<rim:Slot name=\"$XDSDocumentEntryStatus\">"),
    )
}

#[tokio::test]
async fn xml_01_no_document_type_at_all() {
    refused(text(vec![
        ("a name", before("<!DOCTYPE x>")),
        ("an internal subset", before("<!DOCTYPE x [<!ELEMENT x ANY>]>")),
        (
            "an external id",
            before("<!DOCTYPE x SYSTEM \"file:///etc/hostname\">"),
        ),
        ("behind the root", good_query() + "<!DOCTYPE x>"),
        ("within an element", in_body("<!DOCTYPE x>")),
    ]))
    .await;
}

#[tokio::test]
async fn xml_02_no_external_entity() {
    let entity = |id: &str| before(&format!("<!DOCTYPE x [<!ENTITY e {id}>]>")).replace(CANARIES[0], "&e;");
    refused(text(vec![
        ("a file", entity("SYSTEM \"file:///etc/hostname\"")),
        ("an address", entity("SYSTEM \"http://127.0.0.1:9/\"")),
        (
            "a parameter entity",
            before("<!DOCTYPE x [<!ENTITY % p SYSTEM \"file:///etc/hostname\"> %p;]>"),
        ),
        (
            "a style sheet",
            before("<?xml-stylesheet href=\"file:///etc/hostname\"?>"),
        ),
        (
            "an inclusion",
            in_body("<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"/etc/hostname\"/>")
                + "<",
        ),
    ]))
    .await;
}

#[tokio::test]
async fn xml_03_billion_laughs() {
    let laughs: String = (1..10)
        .map(|level| {
            format!(
                "<!ENTITY l{level} \"{}\">",
                format!("&l{};", level - 1).repeat(10)
            )
        })
        .collect();
    let billion = format!("<!DOCTYPE x [<!ENTITY l0 \"ha\">{laughs}]>");
    let quadratic = format!("<!DOCTYPE x [<!ENTITY a \"{}\">]>", "a".repeat(100_000));
    let documents = text(vec![
        ("a billion", before(&billion).replace(CANARIES[0], "&l9;")),
        (
            "quadratic",
            before(&quadratic).replace(CANARIES[0], &"&a;".repeat(10_000)),
        ),
    ]);
    refused_within(documents, Duration::from_millis(500)).await;
}

#[tokio::test]
async fn xml_04_undefined_entities() {
    let mut documents = Vec::new();
    for entity in ["&foo;", "&#0;", "&#1;", "&#xD800;", "&#x110000;", "&", "&amp"] {
        documents.push(("in text", in_text(entity)));
        documents.push(("in an attribute", in_tag(&format!("federated=\"{entity}\""))));
    }
    refused(text(documents)).await;
}

#[tokio::test]
async fn xml_05_depth() {
    let nested = |levels: usize| {
        in_body(&format!(
            "{}{}",
            "<rim:a>".repeat(levels),
            "</rim:a>".repeat(levels)
        ))
    };
    refused(text(vec![
        // Four levels are around it.
        ("65 levels", nested(61)),
        ("100 000 levels", nested(100_000)),
        ("100 000 levels, not ended", in_body(&"<rim:a>".repeat(100_000))),
    ]))
    .await;
}

#[tokio::test]
async fn xml_06_width() {
    let attributes = |count: usize| (0..count).map(|at| format!("a{at}=\"\" ")).collect::<String>();
    let namespaces = |count: usize| {
        (0..count)
            .map(|at| format!("xmlns:n{at}=\"u\" "))
            .collect::<String>()
    };
    let documents = text(vec![
        ("65 attributes", in_tag(&attributes(65))),
        ("80 000 attributes", in_tag(&attributes(80_000))),
        ("33 declarations", in_tag(&namespaces(32))),
        ("300 000 declarations", in_tag(&namespaces(300_000))),
    ]);
    refused_within(documents, Duration::from_secs(2)).await;
}

#[tokio::test]
async fn xml_07_duplicate_attributes() {
    refused(text(vec![
        ("one name", in_tag("federated=\"true\" federated=\"true\"")),
        (
            "one expanded name",
            in_tag("xmlns:p=\"u\" xmlns:q=\"u\" p:ID=\"1\" q:ID=\"2\""),
        ),
        ("one declaration", in_tag("xmlns=\"a\" xmlns=\"b\"")),
        ("one prefix", in_tag("xmlns:p=\"a\" xmlns:p=\"b\"")),
    ]))
    .await;
}

#[tokio::test]
async fn xml_08_namespace_confusion() {
    let query = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0";
    refused(text(vec![
        ("another namespace", good_query().replace(query, "urn:other")),
        (
            "no namespace",
            good_query().replace("query:AdhocQueryRequest", "AdhocQueryRequest"),
        ),
        ("a prefix of nothing", in_tag("xmlns:p=\"\"")),
        ("xml bound anew", in_tag("xmlns:xml=\"urn:other\"")),
        ("xmlns bound", in_tag("xmlns:xmlns=\"urn:other\"")),
        (
            "the XML namespace under another prefix",
            in_tag("xmlns:p=\"http://www.w3.org/XML/1998/namespace\""),
        ),
        (
            "the envelope's prefix bound anew",
            good_query().replace("<soap12:Body>", "<soap12:Body xmlns:soap12=\"urn:other\">"),
        ),
    ]))
    .await;
}

#[tokio::test]
async fn xml_09_ill_formed() {
    let root_open = good_query().replace("</soap12:Envelope>", "");
    let mut documents = text(vec![
        ("a control character", in_text("\u{1}")),
        ("NUL", in_text("\0")),
        (
            "a control character in an attribute",
            in_tag("federated=\"&#1;\""),
        ),
        ("an undeclared prefix of an element", in_body("<nobody:a/>")),
        ("an undeclared prefix of an attribute", in_tag("nobody:a=\"1\"")),
        ("< in an attribute", in_tag("federated=\"<\"")),
        ("-- in a comment", in_body("<!-- a -- b -->")),
        ("]]> in text", in_text("]]>")),
        ("two roots", good_query() + "<x/>"),
        ("text before the root", before("text")),
        ("text after the root", good_query() + "text"),
        ("an unclosed root", root_open),
        ("nothing", String::new()),
        ("a declaration only", "<?xml version=\"1.0\"?>".to_owned()),
        ("a declaration in the middle", in_body("<?xml version=\"1.0\"?>")),
        ("a name with a digit first", in_body("<1a/>")),
        ("no space between attributes", in_tag("a=\"1\"b=\"2\"")),
        ("version 9", before("<?xml version=\"9\"?>")),
        ("two colons", in_body("<rim:a:b/>")),
        ("an empty local name", in_body("<rim:/>")),
        (
            "a mismatched end",
            good_query().replace("</query:AdhocQueryRequest>", "</query:Other>"),
        ),
        ("no quotes", in_tag("a=1")),
        ("no value", in_tag("a")),
        (
            "an attribute in an end tag",
            good_query().replace("</soap12:Body>", "</soap12:Body a=\"1\">"),
        ),
    ]);
    for (name, bytes) in [
        ("invalid UTF-8", b"\xff".as_slice()),
        ("an overlong slash", b"\xc0\xaf"),
        ("a surrogate", b"\xed\xa0\x80"),
    ] {
        let good = good_query();
        let (head, tail) = good.split_once(CANARIES[0]).unwrap();
        documents.push((name, [head.as_bytes(), bytes, tail.as_bytes()].concat()));
    }
    refused(documents).await;
}

#[tokio::test]
async fn xml_10_utf8_only() {
    let good = good_query();
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = good.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let utf32: Vec<u8> = good
        .chars()
        .flat_map(|char| u32::from(char).to_be_bytes())
        .collect();
    let mut documents = vec![
        (
            "UTF-16, little end first",
            [b"\xff\xfe".as_slice(), &utf16].concat(),
        ),
        ("UTF-16, big end first", [b"\xfe\xff".as_slice(), &big].concat()),
        ("UTF-16 without a mark", big),
        ("UTF-32", [b"\0\0\xfe\xff".as_slice(), &utf32].concat()),
    ];
    for name in [
        "UTF-16",
        "Shift_JIS",
        "ISO-2022-JP",
        "EUC-JP",
        "UTF-7",
        "ISO-8859-1",
    ] {
        let declared = format!("<?xml version=\"1.0\" encoding=\"{name}\"?>{good}");
        documents.push((name, declared.into_bytes()));
    }
    refused(documents).await;

    // The charset of HTTP is another one than that of the document. And a mark at the start is no fault.
    let (case, h1) = Case::begin(async |network: &'static Network| network.node("h1").unwrap()).await;
    let lines = format!("Content-Type: {}\r\n", SIMPLE.replace("UTF-8", "Shift_JIS"));
    let request = post(Program::Registry, &lines, good.as_bytes());
    let (answered, first) = send(&h1, Program::Registry, &request).await;
    assert!(
        matches!(answered, Answered::Fault(_) | Answered::Http(415)),
        "{first}"
    );
    let marked = format!("\u{feff}{good}");
    let (answered, second) = send(
        &h1,
        Program::Registry,
        &simple(Program::Registry, marked.as_bytes()),
    )
    .await;
    assert_eq!(answered, Answered::Response(true, Vec::new()), "{second}");
    let audit = Audit {
        registry: vec!["request-refused 8".to_owned(), "ITI-18 0".to_owned()],
        ..Audit::default()
    };
    case.end(&audit, &(first + &second)).await;
}

#[tokio::test]
async fn xml_12_ids_are_not_cut() {
    let comment = in_text("<!-- -->0");
    let instruction = in_text("<?p i?>0");
    let (case, h1) = Case::begin(async |network: &'static Network| network.node("h1").unwrap()).await;
    let mut replies = String::new();
    for spoilt in [comment, instruction] {
        let (answered, text) = send(
            &h1,
            Program::Registry,
            &simple(Program::Registry, spoilt.as_bytes()),
        )
        .await;
        assert_eq!(answered, Answered::fault("Sender"), "{text}");
        replies.push_str(&text);
    }
    // CDATA is text as any other.
    let joined = good_query().replace(CANARIES[0], &format!("<![CDATA[{}]]>", CANARIES[0]));
    let (answered, text) = send(
        &h1,
        Program::Registry,
        &simple(Program::Registry, joined.as_bytes()),
    )
    .await;
    assert_eq!(answered, Answered::Response(true, Vec::new()), "{text}");
    let audit = Audit {
        registry: ["request-refused 8", "request-refused 8", "ITI-18 0"]
            .map(str::to_owned)
            .to_vec(),
        ..Audit::default()
    };
    case.end(&audit, &(replies + &text)).await;
}
