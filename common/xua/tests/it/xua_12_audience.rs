//! XUA-12: audience restrictions (SAML erratum E46).

use crate::support::{AUDIENCE, assert_refused, check, signed_with};

fn with(restrictions: &[&[&str]]) -> String {
    let xml: String = restrictions
        .iter()
        .map(|audiences| {
            let audiences: String = audiences
                .iter()
                .map(|audience| format!("<saml2:Audience>{audience}</saml2:Audience>"))
                .collect();
            format!("<saml2:AudienceRestriction>{audiences}</saml2:AudienceRestriction>")
        })
        .collect();
    let from = format!(
        "<saml2:AudienceRestriction><saml2:Audience>{AUDIENCE}</saml2:Audience></saml2:AudienceRestriction>"
    );
    signed_with(&from, &xml)
}

#[test]
fn xua_12_no_restriction() {
    assert_refused(check(&with(&[])), "XUA-C01", "InvalidSecurityToken");
}

#[test]
fn xua_12_another_audience() {
    for other in [
        "urn:other",
        "urn:oid:1.2.392.200270.10",
        "URN:OID:1.2.392.200270.1",
        "1.2.392.200270.1",
    ] {
        assert_refused(check(&with(&[&[other]])), "XUA-C02", "InvalidSecurityToken");
    }
    assert_refused(check(&with(&[&[]])), "XUA-C02", "InvalidSecurityToken");
}

#[test]
fn xua_12_audiences_of_one_restriction_are_alternatives() {
    assert!(check(&with(&[&["urn:other", AUDIENCE]])).is_ok());
    assert!(check(&with(&[&[AUDIENCE, "urn:other"]])).is_ok());
}

#[test]
fn xua_12_every_restriction_must_be_met() {
    assert_refused(
        check(&with(&[&[AUDIENCE], &["urn:other"]])),
        "XUA-C02",
        "InvalidSecurityToken",
    );
    assert_refused(
        check(&with(&[&["urn:other"], &[AUDIENCE]])),
        "XUA-C02",
        "InvalidSecurityToken",
    );
    assert_refused(
        check(&with(&[&[AUDIENCE], &[]])),
        "XUA-C02",
        "InvalidSecurityToken",
    );
    assert!(check(&with(&[&[AUDIENCE], &[AUDIENCE, "urn:other"]])).is_ok());
}

#[test]
fn xua_12_white_space_and_children() {
    for audience in [
        format!(" {AUDIENCE}"),
        format!("{AUDIENCE}\n"),
        format!("{AUDIENCE}<x xmlns=\"urn:x\"></x>"),
    ] {
        assert_refused(check(&with(&[&[&audience]])), "XUA-M01", "InvalidSecurityToken");
    }
}

#[test]
fn xua_12_conditions_that_are_not_known() {
    let end = "</saml2:Conditions>";
    let unknown = signed_with(end, &format!("<saml2:Condition></saml2:Condition>{end}"));
    assert_refused(check(&unknown), "XUA-C03", "InvalidSecurityToken");
    let foreign = signed_with(
        end,
        &format!("<d:Delegation xmlns:d=\"urn:d\"></d:Delegation>{end}"),
    );
    assert_refused(check(&foreign), "XUA-C03", "InvalidSecurityToken");
    let proxy = signed_with(
        end,
        &format!("<saml2:ProxyRestriction Count=\"1\"></saml2:ProxyRestriction>{end}"),
    );
    assert!(check(&proxy).is_ok());
}
