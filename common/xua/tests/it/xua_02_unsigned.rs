//! XUA-02: no signature, or an empty one.

use crate::support::{assert_refused, check, good, rsa, spec};

/// The good assertion with what stands between two marks replaced.
fn without(from: &str, to: &str, by: &str) -> String {
    let good = good();
    let (head, rest) = good.split_once(from).unwrap();
    let (_, tail) = rest.split_once(to).unwrap();
    format!("{head}{by}{tail}")
}

#[test]
fn xua_02_signature_removed() {
    let unsigned = without("<ds:Signature ", "</ds:Signature>", "");
    assert_eq!(unsigned, rsa().write(&spec()));
    assert_refused(check(&unsigned), "XUA-S01", "FailedCheck");
}

#[test]
fn xua_02_signature_empty() {
    let empty = without(
        "<ds:Signature ",
        "</ds:Signature>",
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>",
    );
    assert_refused(check(&empty), "XUA-S04", "FailedCheck");
}

#[test]
fn xua_02_signature_of_another_namespace() {
    let other = good().replace(
        "http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo",
        "urn:ds\"><ds:SignedInfo",
    );
    assert_refused(check(&other), "XUA-S01", "FailedCheck");
}

#[test]
fn xua_02_signature_value_empty() {
    for value in [
        "<ds:SignatureValue/>",
        "<ds:SignatureValue> \n</ds:SignatureValue>",
        "",
    ] {
        let empty = without("<ds:SignatureValue>", "</ds:SignatureValue>", value);
        assert_refused(check(&empty), "XUA-S04", "FailedCheck");
    }
}

#[test]
fn xua_02_no_reference() {
    let none = without("<ds:Reference ", "</ds:Reference>", "");
    assert_refused(check(&none), "XUA-S05", "FailedCheck");
}

#[test]
fn xua_02_digest_value_empty() {
    let none = without(
        "<ds:DigestValue>",
        "</ds:DigestValue>",
        "<ds:DigestValue></ds:DigestValue>",
    );
    assert_refused(check(&none), "XUA-S04", "FailedCheck");
}
