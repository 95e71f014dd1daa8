//! Assertions about users (ITI-40), signed with the key of the demo's identity provider.

use std::fs;
use std::path::Path;

use time::Duration;
use xds_model::time::System;
use xds_model::{Clock, IdSource};
use xds_server::lang::Say;
use xds_testkit::xua::{AssertionProvider, AssertionSpec, SignatureAlgorithm};

use crate::network::{ASSERTION_AUDIENCE, ASSERTION_ISSUER, Organisation};
use crate::pki::IDENTITY_PROVIDER;
use crate::stopped::Stopped;

/// The code system of roles and purposes.
const CODES: &str = "1.2.392.9.9.9.5";

/// The demo's identity provider.
pub(crate) struct IdentityProvider(AssertionProvider);

impl IdentityProvider {
    /// With the key and certificate that step 1 made.
    pub(crate) fn open(pki: &Path) -> Result<Self, Stopped> {
        let read = |extension: &str| {
            let file = pki.join(format!("{IDENTITY_PROVIDER}.{extension}"));
            fs::read_to_string(&file).map_err(|error| Stopped::file(&file, error))
        };
        let (key, certificate) = (read("key")?, read("pem")?);
        let algorithm = SignatureAlgorithm::RsaSha256;
        AssertionProvider::from_pem(ASSERTION_ISSUER, algorithm, &key, &certificate)
            .map(Self)
            .map_err(unsigned)
    }

    /// What it says about a physician of an organisation who signed in with two factors: good for an hour.
    pub(crate) fn spec(organisation: &Organisation, user: &str, purpose: &str) -> AssertionSpec {
        let id = format!("_{}", System.random().simple());
        AssertionSpec::new(&id, System.now() - Duration::SECOND, ASSERTION_AUDIENCE, user).physician(
            &organisation.organization_id(),
            purpose,
            CODES,
        )
    }

    /// Signs what is said.
    pub(crate) fn sign(&self, spec: &AssertionSpec) -> Result<String, Stopped> {
        self.0.issue(spec).map_err(unsigned)
    }
}

fn unsigned(error: impl std::fmt::Display) -> Stopped {
    Stopped::new(
        Say::new("アサーションに署名できること", "an assertion can be signed"),
        error,
    )
}
