//! XUA-04: the key comes from the configuration. KeyInfo is not looked into.

use crate::support::{
    ISSUER, NOW, ORGANISATION_ID, assert_refused, certificate, check, envelope, good, node, replaced, rsa,
    rules, spec, stranger, trust, validate_as, vouching,
};
use xds_testkit::xua::{AssertionProvider, SignatureAlgorithm};
use xds_xua::{Trust, TrustedIssuer, Validator};

#[test]
fn xua_04_unknown_key_with_its_certificate_in_key_info() {
    let forged = stranger().issue(&spec()).unwrap();
    assert!(forged.contains("<ds:X509Certificate>"));
    assert_refused(check(&forged), "XUA-S16", "FailedCheck");
}

#[test]
fn xua_04_unknown_issuer() {
    let other = AssertionProvider::generate("https://evil.example", SignatureAlgorithm::EcdsaP256Sha256, NOW)
        .unwrap();
    assert_refused(
        check(&other.issue(&spec()).unwrap()),
        "XUA-S18",
        "InvalidSecurityToken",
    );
}

/// The key of one configured issuer does not speak for another.
#[test]
fn xua_04_key_of_another_configured_issuer() {
    let other = TrustedIssuer {
        entity_id: "https://idp.h2.example".to_owned(),
        certificates: vec![certificate(&stranger())],
        vouches_for: vec![vouching("h1", ORGANISATION_ID)],
    };
    let issuers = [trust().issuers(), &[other]].concat();
    let validator = Validator::new(Trust::new(issuers), rules());
    let forged = stranger().issue(&spec()).unwrap();
    assert_refused(
        validate_as(&envelope(&forged), &validator, &node("n1", "h1"), NOW),
        "XUA-S16",
        "FailedCheck",
    );
}

/// Whatever KeyInfo says, the result is the same, and nothing is fetched: the crate has no I/O.
#[test]
fn xua_04_key_info_is_not_looked_into() {
    let good = good();
    let (head, rest) = good.split_once("<ds:KeyInfo>").unwrap();
    let (_, tail) = rest.split_once("</ds:KeyInfo>").unwrap();
    for key_info in [
        "",
        "<ds:KeyInfo/>",
        "<ds:KeyInfo><ds:KeyName>stranger</ds:KeyName></ds:KeyInfo>",
        "<ds:KeyInfo><ds:RetrievalMethod URI=\"http://127.0.0.1:1/key\" Type=\"http://www.w3.org/2000/09/xmldsig#X509Data\"/></ds:KeyInfo>",
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQ==</ds:Modulus><ds:Exponent>AQ==</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>",
        "<ds:KeyInfo><w:SecurityTokenReference xmlns:w=\"urn:w\"/></ds:KeyInfo>",
    ] {
        assert!(check(&format!("{head}{key_info}{tail}")).is_ok(), "{key_info}");
    }
    let twice = format!("{head}<ds:KeyInfo/><ds:KeyInfo/>{tail}");
    assert_refused(check(&twice), "XUA-S04", "FailedCheck");
}

/// A certificate that is out of date speaks for nobody; a rolled key does while both are configured.
#[test]
fn xua_04_dates_of_certificates() {
    let expired = AssertionProvider::generate(
        ISSUER,
        SignatureAlgorithm::EcdsaP256Sha256,
        NOW - time::Duration::days(4000),
    )
    .unwrap();
    let validator = |providers: &[&AssertionProvider]| {
        let issuer = TrustedIssuer {
            entity_id: ISSUER.to_owned(),
            certificates: providers.iter().map(|provider| certificate(provider)).collect(),
            vouches_for: vec![vouching("h1", ORGANISATION_ID)],
        };
        Validator::new(Trust::new(vec![issuer]), rules())
    };
    let by = |provider: &AssertionProvider, validator: &Validator| {
        validate_as(
            &envelope(&provider.issue(&spec()).unwrap()),
            validator,
            &node("n1", "h1"),
            NOW,
        )
    };
    assert_refused(by(&expired, &validator(&[&expired])), "XUA-S15", "FailedCheck");
    let rolled = validator(&[&rsa(), &stranger()]);
    assert!(by(&rsa(), &rolled).is_ok() && by(&stranger(), &rolled).is_ok());
    assert_refused(by(&rsa(), &validator(&[&stranger()])), "XUA-S16", "FailedCheck");
}

#[test]
fn xua_04_issuer_of_another_format() {
    let unsigned = rsa().write(&spec());
    let persistent = replaced(
        &unsigned,
        "<saml2:Issuer>",
        "<saml2:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">",
    );
    assert_refused(
        check(&rsa().sign(&persistent).unwrap()),
        "XUA-M07",
        "InvalidSecurityToken",
    );
}
