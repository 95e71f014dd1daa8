//! XUA-09: where there is no canonical form, there is no match. See also `signature::tests`.

use crate::support::{assert_refused, check, envelope, good, replaced, signed_with, validate};
use xds_xua::c14n::{C14nError, Canonical};

fn canonical(document: &str, bytes_max: usize) -> Result<String, C14nError> {
    let what = Canonical {
        document,
        apex: 0,
        omitted: None,
        inclusive: &[],
        bytes_max,
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
            Err(C14nError::RelativeNamespace),
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
fn xua_09_too_long_or_not_there() {
    assert_eq!(canonical("<a>123</a>", 10), Ok("<a>123</a>".to_owned()));
    assert_eq!(canonical("<a>1234</a>", 10), Err(C14nError::TooLong));
    assert_eq!(canonical("<a>", 10), Err(C14nError::NotFound));
    assert_eq!(canonical("", 10), Err(C14nError::NotFound));
    let absent = Canonical {
        document: "<a/>",
        apex: 1,
        omitted: None,
        inclusive: &[],
        bytes_max: 10,
    };
    assert_eq!(absent.octets(), Err(C14nError::NotFound));
}
