//! XUA-09: where there is no canonical form, there is no match. See also `signature::tests`.

use crate::support::{assert_refused, check, envelope, good, replaced, signed_with, validate};
use xds_xml::canonical::{Canonical, CanonicalError};
use xds_xml::{Document, Limits};

fn canonical(document: &str, bytes_max: usize) -> Result<String, CanonicalError> {
    let document = Document::parse(document.as_bytes(), &Limits::default()).unwrap();
    let what = Canonical {
        bytes_max,
        ..Canonical::of(document.root())
    };
    what.octets()
}

#[test]
fn xua_09_relative_namespaces_have_no_canonical_form() {
    for document in [
        "<a xmlns=\"b\"/>",
        "<a><b xmlns:p=\"../c\" p:x=\"\"/></a>",
        "<a xmlns:p=\"c\"/>",
        "<a xmlns=\"1:b\"/>",
        "<a xmlns=\":b\"/>",
        "<a xmlns=\"//example.org\"/>",
    ] {
        assert_eq!(
            canonical(document, 1_000),
            Err(CanonicalError::RelativeNamespace),
            "{document}"
        );
    }
    assert!(canonical("<a xmlns=\"urn:b\"><b xmlns=\"\"/></a>", 1_000).is_ok());
}

#[test]
fn xua_09_relative_namespace_in_the_assertion() {
    let relative = signed_with(
        "<saml2:AttributeStatement>",
        "<saml2:AttributeStatement xmlns:r=\"relative\">",
    );
    assert_refused(check(&relative), "XUA-S13", "FailedCheck");
    let in_signature = replaced(
        &good(),
        "<ds:DigestValue>",
        "<ds:DigestValue xmlns:r=\"relative\">",
    );
    assert_refused(check(&in_signature), "XUA-S13", "FailedCheck");
}

/// Outside the assertion it does no harm, unless a PrefixList would draw it in.
#[test]
fn xua_09_relative_namespace_elsewhere() {
    let message = replaced(
        &envelope(&good()),
        "xmlns:xs=\"urn:other\"",
        "xmlns:xs=\"relative\"",
    );
    assert!(validate(&message).is_ok());
}

#[test]
fn xua_09_too_long() {
    assert_eq!(canonical("<a>123</a>", 10), Ok("<a>123</a>".to_owned()));
    assert_eq!(canonical("<a>1234</a>", 10), Err(CanonicalError::TooLong));
}

/// A document that was read by wider limits than the default is not canonicalised in part.
#[test]
fn xua_09_wider_limits() {
    let wide = Limits {
        depth_max: 100,
        ..Limits::default()
    };
    let deep = format!("{}{}", "<a>".repeat(65), "</a>".repeat(65));
    let document = Document::parse(deep.as_bytes(), &wide).unwrap();
    assert_eq!(
        Canonical::of(document.root()).octets(),
        Err(CanonicalError::Limits)
    );
}
