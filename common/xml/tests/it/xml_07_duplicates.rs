//! XML-07: an attribute has one value. More forms are in the corpus.

use xds_xml::XmlErrorKind::{DuplicateAttribute, DuplicateNamespaceDeclaration};

use crate::support::assert_refused;

#[test]
fn xml_07_attribute_pollution() {
    assert_refused(&[
        (r#"<x ID="1" ID="2"/>"#, DuplicateAttribute),
        (r#"<x ID="1" a="" b="" c="" ID="1"/>"#, DuplicateAttribute),
        (
            r#"<x xmlns:p="urn:a" xmlns:q="urn:a" p:ID="1" q:ID="2"/>"#,
            DuplicateAttribute,
        ),
        (
            r#"<p:x xmlns:p="urn:a"><y xmlns:q="urn:a" q:ID="2" p:ID="1"/></p:x>"#,
            DuplicateAttribute,
        ),
        (r#"<x xml:lang="ja" xml:lang="en"/>"#, DuplicateAttribute),
        (
            r#"<x xmlns:xml="http://www.w3.org/XML/1998/namespace" xml:lang="ja" xml:lang="en"/>"#,
            DuplicateAttribute,
        ),
        (
            r#"<x xmlns="urn:a" xmlns="urn:a"/>"#,
            DuplicateNamespaceDeclaration,
        ),
        (
            r#"<x xmlns:p="urn:a" xmlns:p="urn:b"/>"#,
            DuplicateNamespaceDeclaration,
        ),
    ]);
}
