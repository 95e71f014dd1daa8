//! XUA-03: every field of a signed assertion changed, one by one.

use crate::support::{check, good, refusal, replaced};

#[test]
fn xua_03_every_attribute_and_text_is_protected() {
    let good = good();
    let signature = good.find("<ds:Signature ").unwrap()..good.find("</ds:Signature>").unwrap();
    let mut changed = 0;
    for (at, char) in good.char_indices() {
        // Where a value ends: before a closing quote or a closing tag that has text before it.
        let ends_value =
            (char == '"' || char == '<') && good[..at].ends_with(|c: char| !matches!(c, '>' | '=' | '"'));
        if signature.contains(&at) || !ends_value {
            continue;
        }
        let tampered = format!("{}x{}", &good[..at], &good[at..]);
        let message = crate::support::envelope(&tampered);
        if xds_xml::Document::parse(message.as_bytes(), &xds_xml::Limits::default()).is_err() {
            continue;
        }
        changed += 1;
        assert!(
            check(&tampered).is_err(),
            "accepted with a change at {at}: {}",
            &tampered[at.saturating_sub(40)..at]
        );
    }
    assert!(changed >= 37, "only {changed} fields found");
}

#[test]
fn xua_03_named_fields() {
    for (from, to) in [
        ("yamada@h1", "suzuki@h1"),
        ("Version=\"2.0\"", "Version=\"2.1\""),
        (
            "IssueInstant=\"2026-12-31T23:59:00Z\"",
            "IssueInstant=\"2026-12-31T23:58:00Z\"",
        ),
        (
            "NotBefore=\"2026-12-31T23:59:00Z\"",
            "NotBefore=\"2026-12-31T23:58:00Z\"",
        ),
        (
            "NotOnOrAfter=\"2027-01-01T01:00:00Z\"><saml2:Aud",
            "NotOnOrAfter=\"2027-01-01T02:00:00Z\"><saml2:Aud",
        ),
        (
            "<saml2:Audience>",
            "<saml2:Audience>urn:other</saml2:Audience><saml2:Audience>",
        ),
        ("code=\"physician\"", "code=\"nurse\""),
        ("code=\"TREAT\"", "code=\"ETREAT\""),
        ("P1^^^", "P2^^^"),
        (
            "<saml2:AttributeStatement>",
            "<saml2:AttributeStatement/><saml2:AttributeStatement>",
        ),
        (
            "xmlns=\"urn:hl7-org:v3\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" code=\"TREAT\"",
            "xmlns=\"urn:hl7-org:v4\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" code=\"TREAT\"",
        ),
        ("中央病院", "中央病院 "),
    ] {
        assert_eq!(
            refusal(check(&replaced(&good(), from, to))),
            ("XUA-S17", "FailedCheck"),
            "{from}"
        );
    }
}

#[test]
fn xua_03_issuer_and_id() {
    let issuer = replaced(
        &good(),
        "https://idp.h1.example/saml<",
        "https://idp.h2.example/saml<",
    );
    assert_eq!(refusal(check(&issuer)), ("XUA-S18", "InvalidSecurityToken"));
    let id = replaced(&good(), "ID=\"_assertion-1\"", "ID=\"_assertion-2\"");
    assert_eq!(refusal(check(&id)), ("XUA-S06", "FailedCheck"));
    let both = good().replace("_assertion-1", "_assertion-2");
    assert_eq!(refusal(check(&both)), ("XUA-S16", "FailedCheck"));
}

#[test]
fn xua_03_digest_and_signature_value() {
    let good = good();
    for element in ["DigestValue", "SignatureValue"] {
        let start = good.find(&format!("<ds:{element}>")).unwrap() + element.len() + 5;
        let other = if &good[start..=start] == "A" { "B" } else { "A" };
        let tampered = format!("{}{other}{}", &good[..start], &good[start + 1..]);
        assert_eq!(refusal(check(&tampered)), ("XUA-S16", "FailedCheck"), "{element}");
    }
}

/// What canonicalisation does not see changes nothing: quotes, order of attributes, prefixes declared elsewhere.
#[test]
fn xua_03_what_is_not_signed_may_change() {
    let same = replaced(
        &good(),
        "IssueInstant=\"2026-12-31T23:59:00Z\" Version=\"2.0\"",
        "Version='2.0'\n IssueInstant='2026-12-31T23:59:00Z'",
    );
    assert_eq!(check(&same), check(&good()));
}
