//! The network's certificate authority.

use std::path::{Path, PathBuf};

use time::{Duration, OffsetDateTime};
use xds_model::Clock;
use xds_model::time::System;
use xds_testkit::pki::{Issued, LeafSpec, PkiError, TestCa, write_public};

use crate::roster::NODES;

/// How long the revocation list says that it holds.
const CRL_DAYS: i64 = 30;

/// The certificate authority, its revocation list, and the files of every certificate.
pub struct Pki {
    folder: PathBuf,
    ca: TestCa,
}

impl Pki {
    /// Makes the CA, an empty revocation list, both servers' certificates and that of every node.
    pub(crate) fn make(folder: &Path) -> Result<Self, PkiError> {
        let now = System.now();
        let pki = Self {
            folder: folder.to_owned(),
            ca: TestCa::new("Renkei test CA", now)?,
        };
        write_public(&pki.ca_file(), pki.ca.cert_pem().as_bytes())?;
        pki.revoke(&[])?;
        let nodes = NODES.iter().map(|node| node.name);
        for name in ["registry-server", "repository-server"].into_iter().chain(nodes) {
            pki.issue(name)?;
        }
        Ok(pki)
    }

    /// The authority, to sign what a test needs.
    pub fn ca(&self) -> &TestCa {
        &self.ca
    }

    /// Signs a certificate as nodes have it and writes `NAME.crt` and `NAME.key`, over what is there.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn issue(&self, name: &str) -> Result<Issued, PkiError> {
        let issued = self.ca.leaf(&LeafSpec::node(name))?;
        issued.write(&self.folder, name)?;
        Ok(issued)
    }

    /// Writes files of any certificate under a name, for [`Network::node`](crate::Network::node).
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self, issued: &Issued, name: &str) -> Result<(), PkiError> {
        issued.write(&self.folder, name).map(drop)
    }

    /// Replaces the revocation list: these serial numbers and no others are revoked.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn revoke(&self, serials: &[Vec<u8>]) -> Result<(), PkiError> {
        let now: OffsetDateTime = System.now();
        let crl = self
            .ca
            .crl(serials, now - Duration::MINUTE, now + Duration::days(CRL_DAYS))?;
        write_public(&self.crl_file(), crl.as_bytes())
    }

    /// The CA's certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// The revocation list.
    pub fn crl_file(&self) -> PathBuf {
        self.folder.join("ca.crl")
    }

    /// A certificate with its intermediates.
    pub fn certificate(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.crt"))
    }

    /// A private key.
    pub fn key(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.key"))
    }
}

impl std::fmt::Debug for Pki {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pki")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}
