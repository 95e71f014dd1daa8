//! Step 1: the demo's certificate authority, certificates of servers and nodes, and an identity provider's key pair.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::{Duration, OffsetDateTime};
use xds_testkit::pki::{Issued, KeyKind, LeafSpec, PkiError, TestCa, write_private, write_public};

use crate::network::NODES;
use crate::show::Running;

/// A certificate that the CA signed and nobody enrolled.
pub(crate) const STRANGER: &str = "stranger";
/// The certificate that assertions are signed with.
pub(crate) const IDENTITY_PROVIDER: &str = "idp";
const SERVERS: [&str; 2] = ["registry-server", "repository-server"];
const OTHERS: [&str; 2] = ["operator", STRANGER];
/// How long the revocation list says that it holds.
const CRL_DAYS: i64 = 30;

/// Results of the step: CA, CRL, identity provider, and each leaf.
pub(crate) const RESULTS: usize = 3 + SERVERS.len() + OTHERS.len() + NODES.len();

/// Makes all of it in `folder`.
///
/// # Errors
/// When something cannot be made or written.
pub(crate) fn make(folder: &Path, now: OffsetDateTime, step: &mut Running<'_>) -> Result<(), PkiError> {
    let ca = TestCa::new("Renkei demo CA", now)?;
    write_public(&folder.join("ca.pem"), ca.cert_pem().as_bytes())?;
    step.right();
    let crl = ca.crl(&[], now - Duration::MINUTE, now + Duration::days(CRL_DAYS))?;
    write_public(&folder.join("ca.crl"), crl.as_bytes())?;
    step.right();
    let nodes = NODES.iter().map(|node| node.name);
    for name in SERVERS.into_iter().chain(OTHERS).chain(nodes) {
        let spec = LeafSpec {
            organisation: Some("Renkei demo network".to_owned()),
            ..LeafSpec::node(name)
        };
        write(folder, name, &ca.leaf(&spec)?)?;
        step.right();
    }
    let provider = LeafSpec {
        dns_names: Vec::new(),
        ip_addresses: Vec::new(),
        extended_key_usages: Vec::new(),
        // What toolkits for SAML expect.
        key: KeyKind::Rsa2048,
        ..LeafSpec::node("Renkei demo identity provider")
    };
    let provider = provider.self_signed(now - Duration::DAY, now + Duration::days(3650))?;
    write(folder, IDENTITY_PROVIDER, &provider)?;
    step.right();
    Ok(())
}

/// The first certificate of a PEM file.
pub(crate) fn certificate(pem: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(pem).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.chars().filter(|of| !of.is_whitespace()).collect();
    STANDARD.decode(body).ok()
}

fn write(folder: &Path, name: &str, issued: &Issued) -> Result<(), PkiError> {
    write_public(&folder.join(format!("{name}.pem")), issued.chain_pem.as_bytes())?;
    write_private(&folder.join(format!("{name}.key")), issued.key_pem.as_bytes())
}
