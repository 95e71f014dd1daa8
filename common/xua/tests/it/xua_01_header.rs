//! XUA-01: no assertion, or more than one.

use crate::support::{WSSE, assert_refused, check, envelope, good, message, node, rules, trust, validate};
use xds_xua::Validator;

#[test]
fn xua_01_good_is_accepted() {
    let assertion = check(&good()).unwrap();
    assert_eq!(assertion.id(), "_assertion-1");
}

#[test]
fn xua_01_no_security_header() {
    assert_refused(validate(&message("", "")), "XUA-H01", "SecurityTokenUnavailable");
    let nothing = Validator::new(trust(), rules()).validate(None, &node("n1", "h1"), crate::support::NOW);
    assert_refused(nothing, "XUA-H01", "SecurityTokenUnavailable");
}

#[test]
fn xua_01_another_element_in_its_place() {
    let other = message(&format!("<Security>{}</Security>", good()), "");
    let document = xds_xml::Document::parse(other.as_bytes(), &xds_xml::Limits::default()).unwrap();
    let element = document.root().children().next().unwrap().children().next();
    let result = Validator::new(trust(), rules()).validate(element, &node("n1", "h1"), crate::support::NOW);
    assert_refused(result, "XUA-H01", "SecurityTokenUnavailable");
}

#[test]
fn xua_01_header_without_an_assertion() {
    assert_refused(check(""), "XUA-H02", "SecurityTokenUnavailable");
    let timestamp = "<u:Timestamp xmlns:u=\"urn:u\" Id=\"t\"/>";
    assert_refused(check(timestamp), "XUA-H02", "SecurityTokenUnavailable");
    let other_namespace = good().replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:other");
    assert_refused(check(&other_namespace), "XUA-H02", "SecurityTokenUnavailable");
}

#[test]
fn xua_01_two_assertions() {
    let (one, two) = (good(), good().replace("_assertion-1", "_assertion-2"));
    assert_refused(check(&format!("{one}{two}")), "XUA-H03", "InvalidSecurity");
    assert_refused(check(&format!("{two}{one}")), "XUA-H03", "InvalidSecurity");
}

#[test]
fn xua_01_encrypted_assertion() {
    let encrypted = "<e:EncryptedAssertion xmlns:e=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>";
    assert_refused(check(encrypted), "XUA-H05", "InvalidSecurity");
    assert_refused(
        check(&format!("{}{encrypted}", good())),
        "XUA-H05",
        "InvalidSecurity",
    );
}

#[test]
fn xua_01_assertion_of_saml_1() {
    let old = "<a:Assertion xmlns:a=\"urn:oasis:names:tc:SAML:1.0:assertion\"/>";
    assert_refused(check(old), "XUA-H06", "UnsupportedSecurityToken");
}

#[test]
fn xua_01_two_security_headers() {
    let header = format!("<w:Security xmlns:w=\"{WSSE}\">{}</w:Security>", good());
    let empty = format!("<w:Security xmlns:w=\"{WSSE}\"/>");
    assert_refused(
        validate(&message(&format!("{header}{empty}"), "")),
        "XUA-H07",
        "InvalidSecurity",
    );
    assert_refused(validate(&message(&header, &empty)), "XUA-H07", "InvalidSecurity");
}

#[test]
fn xua_01_what_else_stands_in_the_header_does_no_harm() {
    let others = "<u:Timestamp xmlns:u=\"urn:u\" Id=\"t\"/><w:BinarySecurityToken xmlns:w=\"urn:w\">AA==</w:BinarySecurityToken>\
                  <ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>";
    assert!(validate(&envelope(&format!("{others}\n<!-- -->{}{others}", good()))).is_ok());
}
