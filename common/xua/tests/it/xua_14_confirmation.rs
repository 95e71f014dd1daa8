//! XUA-14 and XUA-18: who may bring the assertion, and how the user signed in.

use aws_lc_rs::digest;
use xds_xua::{Assertion, Refused, Rules, Validator};

use crate::support::{
    NOW, SMARTCARD, assert_refused, check, envelope, node, replaced, rsa, rules, signed_with, spec, trust,
    validate_as,
};

const BEARER: &str = "cm:bearer";
const DATA: &str = "<saml2:SubjectConfirmationData NotOnOrAfter=\"2027-01-01T01:00:00Z\">";

fn with_rules(message: &str, rules: Rules, fingerprint: &str) -> Result<Assertion, Refused> {
    let mut node = node("n1", "h1");
    node.fingerprint = fingerprint.to_owned();
    validate_as(&envelope(message), &Validator::new(trust(), rules), &node, NOW)
}

fn fingerprint(der: &[u8]) -> String {
    digest::digest(&digest::SHA256, der)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn xua_14_no_confirmation() {
    let all = rsa().write(&spec());
    let (start, end) = (
        all.find("<saml2:SubjectConfirmation ").unwrap(),
        all.find("</saml2:Subject>").unwrap(),
    );
    assert_refused(
        check(&signed_with(&all[start..end], "")),
        "XUA-U02",
        "InvalidSecurityToken",
    );
}

#[test]
fn xua_14_methods_that_are_refused() {
    for method in ["cm:sender-vouches", "cm:artifact", "cm:Bearer"] {
        assert_refused(
            check(&signed_with(BEARER, method)),
            "XUA-U03",
            "FailedAuthentication",
        );
    }
}

#[test]
fn xua_14_one_confirmation_that_holds_is_enough() {
    let vouches = "<saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\"></saml2:SubjectConfirmation>";
    assert!(
        check(&signed_with(
            "</saml2:NameID>",
            &format!("</saml2:NameID>{vouches}")
        ))
        .is_ok()
    );
    let other = signed_with("</saml2:NameID>", "</saml2:NameID><x xmlns=\"urn:x\"></x>");
    assert_refused(check(&other), "XUA-M01", "InvalidSecurityToken");
}

#[test]
fn xua_14_times_of_the_confirmation() {
    let until = |time: &str| {
        check(&signed_with(
            DATA,
            &format!("<saml2:SubjectConfirmationData NotOnOrAfter=\"{time}\">"),
        ))
    };
    assert!(until("2026-12-31T23:59:01Z").is_ok());
    assert_refused(until("2026-12-31T23:59:00Z"), "XUA-U04", "InvalidSecurityToken");
    assert_refused(
        until("2027-01-01T01:00:00+09:00"),
        "XUA-T02",
        "InvalidSecurityToken",
    );
    let from = |time: &str| {
        check(&signed_with(
            DATA,
            &format!("<saml2:SubjectConfirmationData NotBefore=\"{time}\">"),
        ))
    };
    assert!(from("2027-01-01T00:01:00Z").is_ok());
    assert_refused(from("2027-01-01T00:01:01Z"), "XUA-U04", "InvalidSecurityToken");
}

#[test]
fn xua_14_recipient() {
    let to = |recipient: &str| {
        signed_with(
            DATA,
            &format!("<saml2:SubjectConfirmationData Recipient=\"{recipient}\">"),
        )
    };
    assert_refused(
        check(&to("https://elsewhere.example")),
        "XUA-U05",
        "InvalidSecurityToken",
    );
    assert!(check(&to(crate::support::AUDIENCE)).is_ok());
    let ours = Rules {
        recipients: ["https://registry.example/iti18".to_owned()].into(),
        ..rules()
    };
    assert!(with_rules(&to("https://registry.example/iti18"), ours, "").is_ok());
}

#[test]
fn xua_14_holder_of_key() {
    let certificate = rsa().certificate_der().to_vec();
    let mut spec = spec();
    spec.holder_of_key = Some(certificate.clone());
    let message = rsa().issue(&spec).unwrap();
    let own = fingerprint(&certificate);
    assert!(with_rules(&message, rules(), &own).is_ok());
    assert_refused(
        with_rules(&message, rules(), &fingerprint(b"other")),
        "XUA-U06",
        "FailedAuthentication",
    );
    let off = Rules {
        accepts_holder_of_key: false,
        ..rules()
    };
    assert_refused(with_rules(&message, off, &own), "XUA-U03", "FailedAuthentication");
    let without_key = signed_with(BEARER, "cm:holder-of-key");
    assert_refused(
        with_rules(&without_key, rules(), &own),
        "XUA-U06",
        "FailedAuthentication",
    );
}

#[test]
fn xua_14_subject() {
    for (from, to, code) in [
        ("<saml2:NameID>yamada@h1.example</saml2:NameID>", "", "XUA-U01"),
        ("yamada@h1.example", "", "XUA-U01"),
        ("yamada@h1.example", " yamada@h1.example", "XUA-U01"),
        ("yamada@h1.example", "<x xmlns=\"urn:x\"></x>", "XUA-U01"),
        (
            "<saml2:NameID>yamada@h1.example</saml2:NameID>",
            "<saml2:EncryptedID></saml2:EncryptedID>",
            "XUA-U01",
        ),
    ] {
        assert_refused(check(&signed_with(from, to)), code, "InvalidSecurityToken");
    }
    let unsigned = rsa().write(&spec());
    let (start, end) = (
        unsigned.find("<saml2:Subject>").unwrap(),
        unsigned.find("<saml2:Conditions").unwrap(),
    );
    let none = replaced(&unsigned, &unsigned[start..end], "");
    assert_refused(
        check(&rsa().sign(&none).unwrap()),
        "XUA-U01",
        "InvalidSecurityToken",
    );
}

#[test]
fn xua_18_sign_in() {
    let unsigned = rsa().write(&spec());
    let (start, end) = (
        unsigned.find("<saml2:AuthnStatement").unwrap(),
        unsigned.find("<saml2:AttributeStatement").unwrap(),
    );
    assert_refused(
        check(&signed_with(&unsigned[start..end], "")),
        "XUA-U07",
        "InvalidSecurityToken",
    );
    let context = format!("<saml2:AuthnContextClassRef>{SMARTCARD}</saml2:AuthnContextClassRef>");
    assert_refused(
        check(&signed_with(&context, "")),
        "XUA-U07",
        "InvalidSecurityToken",
    );
    let whole = format!("<saml2:AuthnContext>{context}</saml2:AuthnContext>");
    assert_refused(check(&signed_with(&whole, "")), "XUA-U07", "InvalidSecurityToken");
    let instant = " AuthnInstant=\"2026-12-31T23:59:00Z\"";
    assert_refused(
        check(&signed_with(instant, "")),
        "XUA-U07",
        "InvalidSecurityToken",
    );
}

#[test]
fn xua_18_contexts_of_the_domain() {
    let only = |context: &str| Rules {
        authn_contexts: [context.to_owned()].into(),
        ..rules()
    };
    let good = crate::support::good();
    assert!(with_rules(&good, only(SMARTCARD), "").is_ok());
    assert_refused(
        with_rules(&good, only("urn:other"), ""),
        "XUA-U08",
        "FailedAuthentication",
    );
    // A second one that is not accepted spoils the first.
    let second = "<saml2:AuthnContextDeclRef>urn:other</saml2:AuthnContextDeclRef></saml2:AuthnContext>";
    let two = signed_with("</saml2:AuthnContext>", second);
    assert_refused(
        with_rules(&two, only(SMARTCARD), ""),
        "XUA-U08",
        "FailedAuthentication",
    );
    assert!(!check(&two).unwrap().is_two_factor());
    assert!(check(&good).unwrap().is_two_factor());
}
