//! xmlsec1 as the second opinion on what our provider signs. Without it (Debian: xmlsec1) these tests say so and pass.

use std::io::Write as _;
use std::process::{Command, Stdio};

use xds_testkit::xua::SignatureAlgorithm;

use crate::support::{envelope, provider, spec};

/// Whether xmlsec1 takes the signature to be good; `None` without xmlsec1.
fn verified(message: &str, certificate: &str) -> Option<bool> {
    let certificate = format!(
        "{}/tests/data/keys/{certificate}.cert.pem",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut child = Command::new("xmlsec1")
        .args(["--verify", "--pubkey-cert-pem", &certificate])
        .args([
            "--id-attr:ID",
            "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
            "-",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
    Some(child.wait().unwrap().success())
}

#[test]
fn what_our_provider_signs_is_good_to_xmlsec1() {
    for (algorithm, certificate) in [
        (SignatureAlgorithm::RsaSha256, "rsa"),
        (SignatureAlgorithm::RsaSha384, "rsa"),
        (SignatureAlgorithm::RsaSha512, "rsa"),
        (SignatureAlgorithm::EcdsaP256Sha256, "p256"),
        (SignatureAlgorithm::EcdsaP384Sha384, "p384"),
    ] {
        let message = envelope(&provider(algorithm).issue(&spec()).unwrap());
        let Some(good) = verified(&message, certificate) else {
            println!("xmlsec1 is not installed: not compared");
            return;
        };
        assert!(good, "{algorithm:?}");
        let tampered = message.replace("yamada", "suzuki");
        assert_eq!(verified(&tampered, certificate), Some(false), "{algorithm:?}");
    }
}
