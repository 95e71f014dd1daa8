//! XUA-16: attributes: every one needed is there, and every value counts.

use xds_testkit::xua::SpecValue;
use xds_xua::{Assertion, Refused, Rules, Validator, names};

use crate::support::{
    NOW, ORGANISATION_ID, assert_refused, check, coded, envelope, node, rsa, rules, signed_with, spec, text,
    trust, validate_as,
};

/// The good assertion with other values of one attribute.
fn with(name: &str, values: &[SpecValue]) -> String {
    let mut spec = spec();
    spec.attributes.retain(|(other, _)| other != name);
    spec.attributes
        .extend(values.iter().map(|value| (name.to_owned(), value.clone())));
    envelope(&rsa().issue(&spec).unwrap())
}

fn result(name: &str, values: &[SpecValue]) -> Result<Assertion, Refused> {
    crate::support::validate(&with(name, values))
}

#[test]
fn xua_16_organization_id() {
    let stated = |values: &[SpecValue]| result(names::ORGANIZATION_ID, values);
    assert_refused(stated(&[]), "XUA-O03", "FailedAuthentication");
    assert!(stated(&[text(ORGANISATION_ID), text(ORGANISATION_ID)]).is_ok());
    for other in [
        "urn:oid:1.2.392.200270.1.2",
        "1.2.392.200270.1.1",
        "URN:OID:1.2.392.200270.1.1",
        "urn:oid:1.2.392.200270.1.1０",
    ] {
        assert_refused(stated(&[text(other)]), "XUA-O04", "FailedAuthentication");
        assert_refused(
            stated(&[text(ORGANISATION_ID), text(other)]),
            "XUA-O04",
            "FailedAuthentication",
        );
        assert_refused(
            stated(&[text(other), text(ORGANISATION_ID)]),
            "XUA-O04",
            "FailedAuthentication",
        );
    }
    assert_refused(stated(&[coded("Role", "x")]), "XUA-A01", "InvalidSecurityToken");
    for blank in ["", " ", " urn:oid:1.2.392.200270.1.1"] {
        assert_refused(stated(&[text(blank)]), "XUA-A01", "InvalidSecurityToken");
    }
}

#[test]
fn xua_16_role_and_purpose() {
    assert_refused(result(names::ROLE, &[]), "XUA-A03", "FailedAuthentication");
    assert_refused(
        result(names::PURPOSE_OF_USE, &[]),
        "XUA-A04",
        "FailedAuthentication",
    );
    for bad in [
        text("physician"),
        coded("PurposeOfUse", "physician"),
        coded("Role", ""),
    ] {
        assert_refused(
            result(names::ROLE, &[coded("Role", "physician"), bad.clone()]),
            "XUA-A01",
            "InvalidSecurityToken",
        );
        assert_refused(result(names::ROLE, &[bad]), "XUA-A01", "InvalidSecurityToken");
    }
}

/// A second role or purpose is kept: whoever decides must permit every combination.
#[test]
fn xua_16_second_role_and_second_purpose() {
    let roles = [
        coded("Role", "physician"),
        coded("Role", "nurse"),
        coded("Role", "nurse"),
    ];
    let users = result(names::ROLE, &roles).unwrap().users();
    assert_eq!(
        users.iter().map(|user| user.role.as_str()).collect::<Vec<_>>(),
        ["physician", "nurse"]
    );
    let purposes = [coded("PurposeOfUse", "TREAT"), coded("PurposeOfUse", "ETREAT")];
    assert_eq!(result(names::PURPOSE_OF_USE, &purposes).unwrap().users().len(), 2);
}

#[test]
fn xua_16_what_the_domain_does_not_ask_for_may_be_missing() {
    let lenient = Rules {
        needs_organization_id: false,
        needs_role: false,
        needs_purpose: false,
        ..rules()
    };
    let validator = Validator::new(trust(), lenient);
    for name in [names::ORGANIZATION_ID, names::ROLE, names::PURPOSE_OF_USE] {
        let assertion = validate_as(&with(name, &[]), &validator, &node("n1", "h1"), NOW).unwrap();
        assert_eq!(assertion.users().is_empty(), name != names::ORGANIZATION_ID);
    }
    let wrong = with(names::ORGANIZATION_ID, &[text("urn:oid:1.2.3")]);
    assert_refused(
        validate_as(&wrong, &validator, &node("n1", "h1"), NOW),
        "XUA-O04",
        "FailedAuthentication",
    );
}

#[test]
fn xua_16_patients_and_communities() {
    for bad in ["P1", "P1^^^1.2.3", "P1^^^&1.2.3", "P1^^^&x&ISO"] {
        assert_refused(
            result(names::RESOURCE_ID, &[text(bad)]),
            "XUA-A05",
            "InvalidSecurityToken",
        );
    }
    for bad in ["1.2.3", "urn:oid:x", "urn:uuid:1"] {
        assert_refused(
            result(names::HOME_COMMUNITY_ID, &[text(bad)]),
            "XUA-A06",
            "InvalidSecurityToken",
        );
    }
    assert!(result(names::RESOURCE_ID, &[]).is_ok());
}

#[test]
fn xua_16_one_value_where_one_is_meant() {
    for name in [
        names::AUTH_LEVEL,
        names::ENCOUNTER_ID,
        names::BREAK_GLASS_REASON,
        names::CONTRACT,
    ] {
        let two = [text("two-factor"), text("single")];
        assert_refused(result(name, &two), "XUA-A02", "InvalidSecurityToken");
    }
}

#[test]
fn xua_16_form_of_attributes() {
    for (from, to) in [
        (
            "Name=\"urn:oasis:names:tc:xspa:1.0:subject:organization\"",
            "Name=\"\"",
        ),
        (
            "<saml2:Attribute Name=\"urn:oasis:names:tc:xspa:1.0:subject:organization\">",
            "<saml2:Attribute>",
        ),
        (
            "<saml2:AttributeStatement>",
            "<saml2:AttributeStatement><saml2:EncryptedAttribute></saml2:EncryptedAttribute>",
        ),
        (
            "<saml2:AttributeValue>中央病院</saml2:AttributeValue>",
            "<saml2:Value>x</saml2:Value>",
        ),
        (
            "urn:hl7-org:v3\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" code=\"TREAT\"",
            "urn:hl7-org:v2\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" code=\"TREAT\"",
        ),
    ] {
        assert_refused(check(&signed_with(from, to)), "XUA-A01", "InvalidSecurityToken");
    }
    let unknown = "<saml2:AttributeStatement><saml2:Attribute Name=\"urn:unknown\"><saml2:AttributeValue><x xmlns=\"urn:x\">y</x>z</saml2:AttributeValue></saml2:Attribute>";
    assert!(check(&signed_with("<saml2:AttributeStatement>", unknown)).is_ok());
}
