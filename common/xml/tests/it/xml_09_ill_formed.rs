//! XML-09: the 39 probe documents of rule R1, each with its own reason. More forms are in the corpus.

use xds_xml::XmlErrorKind::*;

use crate::support::{assert_refused, verdict};

#[test]
fn xml_09_what_quick_xml_lets_pass() {
    assert_refused(&[
        ("<x>\0</x>", ForbiddenCharacter),
        ("<x>\u{1}</x>", ForbiddenCharacter),
        ("<x>&#0;</x>", ForbiddenCharacterReference),
        ("<x a=\"&#1;\"/>", ForbiddenCharacterReference),
        ("<p:x/>", UndeclaredPrefix),
        ("<x p:a=\"1\"/>", UndeclaredPrefix),
        (
            "<x xmlns:p=\"urn:a\" xmlns:q=\"urn:a\" p:a=\"1\" q:a=\"2\"/>",
            DuplicateAttribute,
        ),
        ("<x a=\"<\"/>", LessThanInAttribute),
        ("<x><!-- a -- b --></x>", DoubleHyphenInComment),
        ("<x>]]></x>", CDataEndInText),
        ("<x/><y/>", SecondRoot),
        ("a<x/>", TextOutsideRoot),
        ("<x/>a", TextOutsideRoot),
        ("<x/><!DOCTYPE x>", Doctype),
        ("<x><!DOCTYPE x></x>", Doctype),
        ("<x>&foo;</x>", UndefinedEntity),
        ("<x>", UnclosedElement),
        ("", NoRoot),
        ("<?xml version=\"1.0\"?>", NoRoot),
        ("<x xmlns:p=\"\"/>", EmptyNamespace),
        ("<x><?xml version=\"1.0\"?></x>", MisplacedDeclaration),
        ("<1a/>", InvalidName),
        ("<x a=\"1\"b=\"2\"/>", MissingSpaceBetweenAttributes),
        ("<?xml version=\"9\"?><x/>", UnsupportedVersion),
        ("<a:b:c xmlns:a=\"urn:a\"/>", InvalidQualifiedName),
        ("<p: xmlns:p=\"urn:a\"/>", InvalidQualifiedName),
    ]);
}

#[test]
fn xml_09_what_quick_xml_refuses_itself() {
    assert_refused(&[
        ("<x>&#xD800;</x>", ForbiddenCharacterReference),
        ("<x a=\"1\" a=\"2\"/>", DuplicateAttribute),
        (
            "<x xmlns=\"urn:a\" xmlns=\"urn:a\"/>",
            DuplicateNamespaceDeclaration,
        ),
        ("<x a=\"&foo;\"/>", UndefinedEntity),
        ("<x></y>", MismatchedEndTag),
        ("<x xmlns:xml=\"urn:a\"/>", ReservedNamespace),
        ("<x xmlns:xmlns=\"urn:a\"/>", ReservedNamespace),
        (
            "<x xmlns:p=\"http://www.w3.org/XML/1998/namespace\"/>",
            ReservedNamespace,
        ),
        ("<x a=1/>", UnquotedAttribute),
        ("<x a/>", AttributeWithoutValue),
        ("<x></x a=\"1\">", AttributeInEndTag),
    ]);
    assert_eq!(verdict(b"<x>\xFF</x>"), Err(NotUtf8));
    assert_eq!(verdict(b"<x>\xC0\xAF</x>"), Err(NotUtf8));
}
