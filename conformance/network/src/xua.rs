//! The network's assertion provider: it names users of every organisation but the operator's.

use std::fs;
use std::path::{Path, PathBuf};

use time::{Duration, OffsetDateTime};
use xds_model::time::System;
use xds_model::{Clock, IdSource};
use xds_testkit::xua::{AssertionProvider, AssertionSpec, SignatureAlgorithm, XuaError};

use crate::error::NetworkError;
use crate::roster::{ORGANISATIONS, Organisation};

/// What assertions of the network name as their audience: the domain.
pub const AUDIENCE: &str = "urn:oid:1.2.392.9.9.9.7";
/// Its entity identifier.
pub const ISSUER: &str = "https://idp.network.example/saml";
/// The code system of roles and purposes.
const CODES: &str = "1.2.392.9.9.9.7.9";
const CERTIFICATE: &str = "pki/idp.crt";

/// The assertion provider of a network that was started with [`Options::xua`](crate::Options::xua).
pub struct Provider {
    provider: AssertionProvider,
    certificate: PathBuf,
}

impl Provider {
    /// A provider with a fresh key; writes its certificate below `folder`.
    pub(crate) fn make(folder: &Path) -> Result<Self, NetworkError> {
        let provider = Self {
            provider: AssertionProvider::generate(ISSUER, SignatureAlgorithm::EcdsaP256Sha256, System.now())?,
            certificate: folder.join(CERTIFICATE),
        };
        provider.trust(&[&provider.provider])?;
        Ok(provider)
    }

    /// The provider itself, to sign what a test needs.
    pub fn key(&self) -> &AssertionProvider {
        &self.provider
    }

    /// Writes these certificates and no others into the file that both programs trust.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn trust(&self, keys: &[&AssertionProvider]) -> Result<(), NetworkError> {
        let text: String = keys.iter().map(|key| key.certificate_pem()).collect();
        let beside = self.certificate.with_extension("new");
        fs::write(&beside, text).map_err(NetworkError::io(&beside))?;
        fs::rename(&beside, &self.certificate).map_err(NetworkError::io(&self.certificate))
    }

    /// A good assertion about a physician of an organisation, who treats, unsigned: good for ten minutes.
    pub fn spec(&self, organisation: &Organisation, user: &str) -> AssertionSpec {
        let now: OffsetDateTime = System.now();
        let id = format!("_{}", System.random().simple());
        let spec = AssertionSpec::new(&id, now - Duration::SECOND, AUDIENCE, user).physician(
            &organization_id(organisation),
            "TREAT",
            CODES,
        );
        AssertionSpec {
            not_on_or_after: now + Duration::minutes(10),
            ..spec
        }
    }

    /// The same, signed.
    ///
    /// # Errors
    /// When the key does not fit.
    pub fn assertion(&self, organisation: &Organisation, user: &str) -> Result<String, XuaError> {
        self.provider.issue(&self.spec(organisation, user))
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").finish_non_exhaustive()
    }
}

/// What the provider calls an organisation.
fn organization_id(organisation: &Organisation) -> String {
    format!("urn:renkei-network:{}", organisation.id)
}

/// `[xua]` of both programs.
pub(crate) fn section() -> String {
    let mut text = format!(
        "
[xua]
audiences = [\"{AUDIENCE}\"]

[[xua.issuer]]
entity_id = \"{ISSUER}\"
certificates = [\"{CERTIFICATE}\"]
"
    );
    for organisation in ORGANISATIONS.iter().filter(|one| one.is_clinical()) {
        text.push_str(&format!(
            "
[[xua.issuer.organisation]]
id = \"{}\"
organization_ids = [\"{}\"]
",
            organisation.id,
            organization_id(organisation)
        ));
    }
    text
}
