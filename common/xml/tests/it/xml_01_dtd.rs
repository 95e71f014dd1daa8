//! XML-01: a DTD is refused at its first bytes. The forms are in the corpus.

use xds_xml::{Document, Limits, XmlErrorKind};

#[test]
fn xml_01_is_refused_before_its_end_is_looked_for() {
    let mut document = b"<?xml version=\"1.0\"?>\n<!DOCTYPE x [".to_vec();
    document.resize(4 << 20, b' ');

    let error = Document::parse(&document, &Limits::default()).unwrap_err();

    assert_eq!((error.kind(), error.offset()), (XmlErrorKind::Doctype, 22));
    assert_eq!((error.line(), error.column()), (2, 1));
}
