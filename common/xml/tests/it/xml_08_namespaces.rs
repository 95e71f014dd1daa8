//! XML-08: elements are known by (namespace, local name), never by prefix or local name alone.

use std::path::Path;

use xds_xml::{Document, Limits, XML_NAMESPACE};

const A: &str = "urn:a";
const B: &str = "urn:b";

#[test]
fn xml_08_right_local_name_in_wrong_namespace_is_another_element() {
    let bytes = br#"<x xmlns="urn:a" xmlns:b="urn:b"><b:y/><y xmlns=""/><y xmlns="urn:A"/></x>"#;
    let document = Document::parse(bytes, &Limits::default()).unwrap();
    let root = document.root();

    assert!(root.is(A, "x") && !root.is(B, "x") && !root.is("", "x"));
    assert_eq!(root.child(A, "y"), None);
    assert_eq!(root.child(B, "y").map(|y| y.offset()), Some(33));
    assert_eq!(root.children_named("", "y").count(), 1);
}

#[test]
fn xml_08_prefix_rebound_between_parent_and_child() {
    let bytes = br#"<p:x xmlns:p="urn:a"><p:y xmlns:p="urn:b" p:c="1"><p:z/></p:y><p:y/></p:x>"#;
    let document = Document::parse(bytes, &Limits::default()).unwrap();
    let root = document.root();
    let inner = root.child(B, "y").unwrap();

    assert!(root.is(A, "x"));
    assert_eq!(inner.attribute_ns(B, "c"), Some("1"));
    assert_eq!(inner.attribute_ns(A, "c"), None);
    assert_eq!(inner.attribute("c"), None);
    assert!(inner.child(B, "z").is_some());
    assert!(root.child(A, "y").is_some());
}

#[test]
fn xml_08_default_namespace_undone() {
    let bytes = br#"<x xmlns="urn:a"><y xmlns=""><z/></y><z/></x>"#;
    let document = Document::parse(bytes, &Limits::default()).unwrap();
    let root = document.root();

    assert!(root.child("", "y").and_then(|y| y.child("", "z")).is_some());
    assert!(root.child(A, "z").is_some());
}

#[test]
fn xml_08_default_namespace_is_not_for_attributes() {
    let bytes = br#"<x xmlns="urn:a" xmlns:p="urn:a" id="0" p:id="1" xml:lang="ja"/>"#;
    let document = Document::parse(bytes, &Limits::default()).unwrap();
    let root = document.root();

    assert_eq!(root.attribute("id"), Some("0"));
    assert_eq!(root.attribute_ns(A, "id"), Some("1"));
    assert_eq!(root.attribute_ns(XML_NAMESPACE, "lang"), Some("ja"));
    let all: Vec<_> = root.attributes().collect();
    assert_eq!(
        all,
        [("", "id", "0"), (A, "id", "1"), (XML_NAMESPACE, "lang", "ja")]
    );
}

#[test]
fn xml_08_namespace_names_are_compared_after_references_are_resolved() {
    let document = Document::parse(br#"<x xmlns="urn:&#97;"/>"#, &Limits::default()).unwrap();

    assert!(document.root().is(A, "x"));
}

/// Handles give out no prefix and no qualified name, so nobody can compare one.
#[test]
fn xml_08_no_public_function_gives_out_a_raw_name() {
    for file in ["element.rs", "reader.rs", "store.rs", "document.rs"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
        let source = std::fs::read_to_string(path).unwrap();
        for line in source
            .lines()
            .filter(|line| line.trim_start().starts_with("pub fn"))
        {
            assert!(
                !line.contains("prefix") && !line.contains("qname") && !line.contains("quick"),
                "{line}"
            );
        }
    }
}
