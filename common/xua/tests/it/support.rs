//! A domain with one assertion provider, and messages to it.

use std::collections::BTreeSet;

use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use xds_model::principal::{EnrolledNode, OrganisationId};
use xds_testkit::xua::{AssertionProvider, AssertionSpec, SignatureAlgorithm, SpecValue};
use xds_xml::{Document, Element, Limits};
use xds_xua::{
    Assertion, Refused, Rules, SigningCertificate, Trust, TrustedIssuer, Validator, Vouching, names,
};

pub(crate) const NOW: OffsetDateTime = datetime!(2027-01-01 00:00 UTC);
pub(crate) const ISSUER: &str = "https://idp.h1.example/saml";
pub(crate) const AUDIENCE: &str = "urn:oid:1.2.392.200270.1";
pub(crate) const ORGANISATION_ID: &str = "urn:oid:1.2.392.200270.1.1";
pub(crate) const SMARTCARD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI";
pub(crate) const WSSE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

const RSA_KEY: &str = include_str!("../data/keys/rsa.key.pem");
const RSA_CERT: &str = include_str!("../data/keys/rsa.cert.pem");
const P256_KEY: &str = include_str!("../data/keys/p256.key.pem");
const P256_CERT: &str = include_str!("../data/keys/p256.cert.pem");
const P384_KEY: &str = include_str!("../data/keys/p384.key.pem");
const P384_CERT: &str = include_str!("../data/keys/p384.cert.pem");
const STRANGER_KEY: &str = include_str!("../data/keys/stranger.key.pem");
const STRANGER_CERT: &str = include_str!("../data/keys/stranger.cert.pem");

/// The domain's provider, by RSA.
pub(crate) fn rsa() -> AssertionProvider {
    AssertionProvider::from_pem(ISSUER, SignatureAlgorithm::RsaSha256, RSA_KEY, RSA_CERT).unwrap()
}

/// The domain's provider, by this algorithm.
pub(crate) fn provider(algorithm: SignatureAlgorithm) -> AssertionProvider {
    let (key, certificate) = match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => (P256_KEY, P256_CERT),
        SignatureAlgorithm::EcdsaP384Sha384 => (P384_KEY, P384_CERT),
        _ => (RSA_KEY, RSA_CERT),
    };
    AssertionProvider::from_pem(ISSUER, algorithm, key, certificate).unwrap()
}

/// Another key, with the domain's issuer in its mouth.
pub(crate) fn stranger() -> AssertionProvider {
    AssertionProvider::from_pem(ISSUER, SignatureAlgorithm::RsaSha256, STRANGER_KEY, STRANGER_CERT).unwrap()
}

pub(crate) fn certificate(provider: &AssertionProvider) -> SigningCertificate {
    SigningCertificate::from_der(provider.certificate_der()).unwrap()
}

/// All three keys of the domain's provider, for organisation h1.
pub(crate) fn trust() -> Trust {
    let algorithms = [
        SignatureAlgorithm::RsaSha256,
        SignatureAlgorithm::EcdsaP256Sha256,
        SignatureAlgorithm::EcdsaP384Sha384,
    ];
    Trust::new(vec![TrustedIssuer {
        entity_id: ISSUER.to_owned(),
        certificates: algorithms
            .into_iter()
            .map(|algorithm| certificate(&provider(algorithm)))
            .collect(),
        vouches_for: vec![vouching("h1", ORGANISATION_ID)],
    }])
}

pub(crate) fn vouching(organisation: &str, id: &str) -> Vouching {
    Vouching {
        organisation: OrganisationId(organisation.to_owned()),
        organisation_ids: BTreeSet::from([id.to_owned()]),
        nodes: None,
    }
}

pub(crate) fn rules() -> Rules {
    Rules::new([AUDIENCE.to_owned()])
}

pub(crate) fn node(name: &str, organisation: &str) -> EnrolledNode {
    // As a repository gets it, so that fields added later keep their defaults.
    serde_json::from_value(serde_json::json!({
        "name": name,
        "fingerprint": "0".repeat(64),
        "organisation": organisation,
        "entity": organisation,
        "transactions": [],
        "allow_tls12": false,
        "acts_for_others": false,
        "in_flight_max": null,
        "source_ids": [],
        "feeds": [],
        "default_user": null,
    }))
    .unwrap()
}

pub(crate) fn coded(element: &'static str, code: &str) -> SpecValue {
    SpecValue::Coded {
        element,
        code: code.to_owned(),
        code_system: "2.16.840.1.113883.6.96".to_owned(),
        display_name: format!("{code} <&\"> 表示名"),
    }
}

pub(crate) fn text(value: &str) -> SpecValue {
    SpecValue::Text(value.to_owned())
}

/// A good assertion.
pub(crate) fn spec() -> AssertionSpec {
    let attributes = [
        (names::SUBJECT_ID, text("山田 太郎 & Söhne")),
        (names::ORGANIZATION, text("中央病院")),
        (names::ORGANIZATION_ID, text(ORGANISATION_ID)),
        (names::HOME_COMMUNITY_ID, text("urn:oid:1.2.392.200270.1")),
        (names::ROLE, coded("Role", "physician")),
        (names::PURPOSE_OF_USE, coded("PurposeOfUse", "TREAT")),
        (names::RESOURCE_ID, text("P1^^^&1.2.392.200270.1.9&ISO")),
    ];
    AssertionSpec {
        id: "_assertion-1".to_owned(),
        issued: NOW - Duration::minutes(1),
        not_on_or_after: NOW + Duration::hours(1),
        name_id: "yamada@h1.example".to_owned(),
        audiences: vec![AUDIENCE.to_owned()],
        authn_context: SMARTCARD.to_owned(),
        one_time_use: false,
        holder_of_key: None,
        attributes: attributes
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

/// A good signed assertion.
pub(crate) fn good() -> String {
    rsa().issue(&spec()).unwrap()
}

/// The good assertion with one piece of it replaced before it is signed.
pub(crate) fn signed_with(from: &str, to: &str) -> String {
    let unsigned = rsa().write(&spec());
    rsa().sign(&replaced(&unsigned, from, to)).unwrap()
}

/// Replaces exactly one place, so that a test cannot go blind.
pub(crate) fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(
        text.matches(from).count(),
        1,
        "{from:?} must stand once in the text"
    );
    text.replace(from, to)
}

/// A message with this content of wsse:Security.
pub(crate) fn envelope(security: &str) -> String {
    message(
        &format!("<wsse:Security xmlns:wsse=\"{WSSE}\" s:mustUnderstand=\"1\">{security}</wsse:Security>"),
        "",
    )
}

/// A message with this content of Header and Body.
pub(crate) fn message(header: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns=\"urn:default\" \
         xmlns:xs=\"urn:other\"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

/// The first wsse:Security of the header, as the SOAP layer would hand it over.
pub(crate) fn security<'d>(document: &'d Document<'_>) -> Option<Element<'d>> {
    let header = document
        .root()
        .children()
        .find(|child| child.local() == "Header")?;
    header.child(WSSE, "Security")
}

pub(crate) fn validate_as(
    message: &str,
    validator: &Validator,
    node: &EnrolledNode,
    now: OffsetDateTime,
) -> Result<Assertion, Refused> {
    let document = Document::parse(message.as_bytes(), &Limits::default()).unwrap();
    validator.validate(security(&document), node, now)
}

/// Validates a whole message by the domain's rules, for node n1 of h1.
pub(crate) fn validate(message: &str) -> Result<Assertion, Refused> {
    validate_as(message, &Validator::new(trust(), rules()), &node("n1", "h1"), NOW)
}

/// Validates an assertion in an ordinary message.
pub(crate) fn check(assertion: &str) -> Result<Assertion, Refused> {
    validate(&envelope(assertion))
}

/// The code and the fault of a refusal.
#[track_caller]
pub(crate) fn refusal(result: Result<Assertion, Refused>) -> (&'static str, &'static str) {
    let refused = result.expect_err("must be refused");
    (refused.code(), refused.fault().as_str())
}

#[track_caller]
pub(crate) fn assert_refused(result: Result<Assertion, Refused>, code: &str, fault: &str) {
    assert_eq!(refusal(result), (code, fault));
}
