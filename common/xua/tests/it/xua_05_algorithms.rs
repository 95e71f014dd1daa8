//! XUA-05: an allow list of algorithms, and keys that cannot be mistaken for others.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::{assert_refused, check, good, provider, refusal, replaced, spec};
use xds_testkit::xua::SignatureAlgorithm;
use xds_xua::{CertificateError, SigningCertificate};

const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

#[test]
fn xua_05_every_allowed_algorithm_is_accepted() {
    for algorithm in [
        SignatureAlgorithm::RsaSha256,
        SignatureAlgorithm::RsaSha384,
        SignatureAlgorithm::RsaSha512,
        SignatureAlgorithm::PssSha256,
        SignatureAlgorithm::PssSha384,
        SignatureAlgorithm::PssSha512,
        SignatureAlgorithm::EcdsaP256Sha256,
        SignatureAlgorithm::EcdsaP384Sha384,
    ] {
        assert!(
            check(&provider(algorithm).issue(&spec()).unwrap()).is_ok(),
            "{algorithm:?}"
        );
    }
}

#[test]
fn xua_05_signature_methods_that_are_refused() {
    for method in [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2009/xmldsig11#dsa-sha256",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
        "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
        "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256",
        "none",
        "",
    ] {
        let changed = replaced(&good(), RSA_SHA256, method);
        assert_eq!(
            refusal(check(&changed)),
            ("XUA-S11", "UnsupportedAlgorithm"),
            "{method}"
        );
    }
}

#[test]
fn xua_05_digest_methods_that_are_refused() {
    for method in [
        "http://www.w3.org/2000/09/xmldsig#sha1",
        "http://www.w3.org/2001/04/xmldsig-more#md5",
        "http://www.w3.org/2001/04/xmldsig-more#sha224",
        "http://www.w3.org/2001/04/xmlenc#ripemd160",
        "",
    ] {
        let changed = replaced(&good(), SHA256, method);
        assert_eq!(
            refusal(check(&changed)),
            ("XUA-S12", "UnsupportedAlgorithm"),
            "{method}"
        );
    }
}

/// The public key as an HMAC secret: the method is refused before any key is touched.
#[test]
fn xua_05_hmac_by_the_public_key() {
    let changed = replaced(
        &good(),
        RSA_SHA256,
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    );
    let (head, rest) = changed.split_once("<ds:SignatureValue>").unwrap();
    let (_, tail) = rest.split_once("</ds:SignatureValue>").unwrap();
    let signed_info = &head[head.find("<ds:SignedInfo").unwrap()..];
    let rsa = crate::support::rsa();
    let secret = hmac::Key::new(hmac::HMAC_SHA256, rsa.certificate_der());
    let value = STANDARD.encode(hmac::sign(&secret, signed_info.as_bytes()));
    let forged = format!("{head}<ds:SignatureValue>{value}</ds:SignatureValue>{tail}");
    assert_refused(check(&forged), "XUA-S11", "UnsupportedAlgorithm");
}

/// One algorithm's signature under another's name.
#[test]
fn xua_05_confusion_of_algorithms() {
    for other in [
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    ] {
        assert_eq!(
            refusal(check(&replaced(&good(), RSA_SHA256, other))),
            ("XUA-S16", "FailedCheck"),
            "{other}"
        );
    }
}

/// An issuer with an RSA key only is not asked about ECDSA.
#[test]
fn xua_05_method_for_a_key_that_the_issuer_has_not() {
    use crate::support::{
        ISSUER, NOW, ORGANISATION_ID, certificate, envelope, node, rsa, rules, validate_as, vouching,
    };
    let issuer = xds_xua::TrustedIssuer {
        entity_id: ISSUER.to_owned(),
        certificates: vec![certificate(&rsa())],
        vouches_for: vec![vouching("h1", ORGANISATION_ID)],
    };
    let validator = xds_xua::Validator::new(xds_xua::Trust::new(vec![issuer]), rules());
    let by_ecdsa = provider(SignatureAlgorithm::EcdsaP256Sha256)
        .issue(&spec())
        .unwrap();
    assert_refused(
        validate_as(&envelope(&by_ecdsa), &validator, &node("n1", "h1"), NOW),
        "XUA-S14",
        "FailedCheck",
    );
}

#[test]
fn xua_05_ecdsa_values_that_prove_nothing() {
    let good = provider(SignatureAlgorithm::EcdsaP256Sha256)
        .issue(&spec())
        .unwrap();
    let (head, rest) = good.split_once("<ds:SignatureValue>").unwrap();
    let (value, tail) = rest.split_once("</ds:SignatureValue>").unwrap();
    let real = STANDARD.decode(value).unwrap();
    let order = [
        0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA,
        0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ];
    for bytes in [
        vec![0; 64],
        [[0; 32].as_slice(), &real[32..]].concat(),
        [&real[..32], &[0; 32]].concat(),
        [order.as_slice(), &order].concat(),
        vec![0; 2],
        real[..63].to_vec(),
        [real.as_slice(), &[0]].concat(),
        vec![0xFF; 64],
    ] {
        let forged = format!(
            "{head}<ds:SignatureValue>{}</ds:SignatureValue>{tail}",
            STANDARD.encode(&bytes)
        );
        assert_refused(check(&forged), "XUA-S16", "FailedCheck");
    }
}

#[test]
fn xua_05_rsa_values_that_prove_nothing() {
    let good = good();
    let (head, rest) = good.split_once("<ds:SignatureValue>").unwrap();
    let (_, tail) = rest.split_once("</ds:SignatureValue>").unwrap();
    for bytes in [
        vec![0; 256],
        vec![1; 1],
        [vec![0; 255], vec![1]].concat(),
        vec![0xFF; 256],
        vec![0; 257],
    ] {
        let forged = format!(
            "{head}<ds:SignatureValue>{}</ds:SignatureValue>{tail}",
            STANDARD.encode(&bytes)
        );
        assert_refused(check(&forged), "XUA-S16", "FailedCheck");
    }
}

#[test]
fn xua_05_parameters_of_a_method_are_refused() {
    let from = format!("<ds:SignatureMethod Algorithm=\"{RSA_SHA256}\">");
    let with_length = replaced(
        &good(),
        &from,
        &format!("{from}<ds:HMACOutputLength>0</ds:HMACOutputLength>"),
    );
    assert_refused(check(&with_length), "XUA-S04", "FailedCheck");
}

#[test]
fn xua_05_keys_that_cannot_be_configured() {
    let short = der(include_str!("../data/keys/rsa1024.cert.pem"));
    assert_eq!(
        SigningCertificate::from_der(&short),
        Err(CertificateError::RsaBits { bits: 1024 })
    );
    assert_eq!(
        SigningCertificate::from_der(b""),
        Err(CertificateError::NotACertificate)
    );
    let mut trailing = der(include_str!("../data/keys/rsa.cert.pem"));
    assert!(SigningCertificate::from_der(&trailing).is_ok());
    trailing.push(0);
    assert_eq!(
        SigningCertificate::from_der(&trailing),
        Err(CertificateError::NotACertificate)
    );
    let ed25519 = der(include_str!("../data/keys/ed25519.cert.pem"));
    assert_eq!(
        SigningCertificate::from_der(&ed25519),
        Err(CertificateError::KeyKind)
    );
}

fn der(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(base64).unwrap()
}
