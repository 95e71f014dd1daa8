//! Everything an endpoint needs to prove who it is and to judge others, read from files and checked.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use serde::Deserialize;
use time::OffsetDateTime;
use webpki::anchor_from_trusted_cert;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::crl::{self, Crl, CrlHealth};
use crate::files;
use crate::peer::{PeerSummary, escaped, time_of};
use crate::{Fingerprint, MaterialError, provider};

/// Where the files are and how strictly revocation is judged: the `[tls]` table of a configuration.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct MaterialPaths {
    /// Our certificate, followed by its intermediates. PEM, or DER with one certificate.
    pub certificate: PathBuf,
    /// Its private key, PKCS #8, PKCS #1 or SEC 1, PEM or DER. Not readable by others.
    pub key: PathBuf,
    /// Files of CA certificates that may sign a peer's certificate. The system's own list is never used.
    #[serde(default)]
    pub trusted_roots: Vec<PathBuf>,
    /// Files of revocation lists, of every CA that may stand in a chain.
    #[serde(default)]
    pub crls: Vec<PathBuf>,
    /// Files of certificates trusted as they are, self-signed or not (ITI TF-2 3.19.6.1.2). Taking one out revokes it.
    #[serde(default)]
    pub directly_trusted: Vec<PathBuf>,
    /// Whether revocation lists are required.
    #[serde(default)]
    pub crl: CrlPolicy,
    /// Hours that a revocation list is used after its nextUpdate, with an alarm, before its CA is refused.
    #[serde(default = "crl_grace_h")]
    pub crl_grace_h: u32,
}

fn crl_grace_h() -> u32 {
    24
}

/// Whether a certificate whose revocation status is unknown is refused.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum CrlPolicy {
    /// It is refused; every CA of a chain needs a list in force.
    #[default]
    Required,
    /// Revocation is not checked at all.
    None,
}

/// Checked material. Immutable: a change is a new value.
pub struct Material {
    certified: Arc<CertifiedKey>,
    summary: PeerSummary,
    roots: Vec<TrustAnchor<'static>>,
    root_subjects: Vec<RootSubject>,
    directly_trusted: HashSet<Vec<u8>>,
    policy: CrlPolicy,
    crls: Vec<Crl>,
    crl_grace: Duration,
}

struct RootSubject {
    der: Vec<u8>,
    text: String,
}

impl Material {
    /// Reads and checks everything. Blocks on file access.
    ///
    /// # Errors
    /// The first fault found, naming the file and the repair.
    pub fn load(paths: &MaterialPaths, now: OffsetDateTime) -> Result<Self, MaterialError> {
        let (certified, summary) = load_own(paths, now)?;
        let (roots, root_subjects) = load_roots(&paths.trusted_roots)?;
        let directly_trusted = load_direct(&paths.directly_trusted)?;
        if roots.is_empty() && directly_trusted.is_empty() {
            return Err(MaterialError::NobodyTrusted);
        }
        let crls = load_crls(paths, &roots)?;
        if crls.is_empty() && paths.crl == CrlPolicy::Required && !roots.is_empty() {
            return Err(MaterialError::NoCrl);
        }
        Ok(Self {
            certified: Arc::new(certified),
            summary,
            roots,
            root_subjects,
            directly_trusted,
            policy: paths.crl,
            crls,
            crl_grace: Duration::from_secs(u64::from(paths.crl_grace_h) * 3600),
        })
    }

    /// Our own certificate.
    #[must_use]
    pub fn own(&self) -> &PeerSummary {
        &self.summary
    }

    /// The fingerprint under which our peers enrol us.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.summary.fingerprint
    }

    /// How the revocation lists stand at `now`. Empty where none are used.
    #[must_use]
    pub fn crl_health(&self, now: OffsetDateTime) -> CrlHealth {
        let roots_without_list = match self.policy {
            CrlPolicy::None => Vec::new(),
            CrlPolicy::Required => self.roots_without_list(),
        };
        CrlHealth {
            lists: self
                .crls
                .iter()
                .map(|crl| crl.status(now, self.crl_grace))
                .collect(),
            roots_without_list,
        }
    }

    /// A successor must not bring back what an issuer has revoked since.
    pub(crate) fn may_succeed(&self, old: &Self) -> Result<(), MaterialError> {
        let older = |new: &&Crl| {
            old.crls
                .iter()
                .any(|crl| crl.same_scope(new) && new.is_older_than(crl))
        };
        match self.crls.iter().find(older) {
            Some(crl) => Err(MaterialError::CrlRolledBack {
                issuer: crl.issuer_text().to_owned(),
            }),
            None => Ok(()),
        }
    }

    pub(crate) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }

    pub(crate) fn roots(&self) -> &[TrustAnchor<'static>] {
        &self.roots
    }

    pub(crate) fn trusts_directly(&self, der: &[u8]) -> bool {
        self.directly_trusted.contains(der)
    }

    pub(crate) fn crls(&self) -> &[Crl] {
        &self.crls
    }

    pub(crate) fn crl_policy(&self) -> CrlPolicy {
        self.policy
    }

    pub(crate) fn crl_grace(&self) -> Duration {
        self.crl_grace
    }

    fn roots_without_list(&self) -> Vec<String> {
        let lacks = |root: &&RootSubject| !self.crls.iter().any(|crl| crl.issued_by(&root.der));
        self.root_subjects
            .iter()
            .filter(lacks)
            .map(|root| root.text.clone())
            .collect()
    }
}

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Material")
            .field("own", &self.summary)
            .finish_non_exhaustive()
    }
}

fn load_own(
    paths: &MaterialPaths,
    now: OffsetDateTime,
) -> Result<(CertifiedKey, PeerSummary), MaterialError> {
    let path = || paths.certificate.clone();
    let chain = files::certificates(&paths.certificate)?;
    let summary = chain
        .first()
        .and_then(|leaf| PeerSummary::parse(leaf))
        .ok_or_else(|| MaterialError::BadCertificate { path: path() })?;
    let key = files::private_key(&paths.key)?;
    let signer = provider::provider()
        .key_provider
        .load_private_key(key)
        .map_err(|_| MaterialError::NoKey {
            path: paths.key.clone(),
        })?;
    let certified = CertifiedKey::new(chain, signer);
    match certified.keys_match() {
        Ok(()) => {}
        Err(rustls::Error::InvalidCertificate(_)) => {
            return Err(MaterialError::BadCertificate { path: path() });
        }
        Err(_) => {
            return Err(MaterialError::KeyMismatch {
                certificate: path(),
                key: paths.key.clone(),
            });
        }
    }
    if now > summary.not_after {
        return Err(MaterialError::Expired {
            path: path(),
            not_after: summary.not_after,
        });
    }
    if now < summary.not_before {
        return Err(MaterialError::NotYetValid {
            path: path(),
            not_before: summary.not_before,
        });
    }
    Ok((certified, summary))
}

fn load_roots(paths: &[PathBuf]) -> Result<(Vec<TrustAnchor<'static>>, Vec<RootSubject>), MaterialError> {
    let mut anchors = Vec::new();
    let mut subjects = Vec::new();
    for path in paths {
        for der in files::certificates(path)? {
            let bad = || MaterialError::BadCertificate { path: path.clone() };
            anchors.push(anchor_from_trusted_cert(&der).map_err(|_| bad())?.to_owned());
            let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| bad())?;
            subjects.push(RootSubject {
                der: parsed.subject().as_raw().to_vec(),
                text: escaped(&parsed.subject().to_string()),
            });
        }
    }
    Ok((anchors, subjects))
}

fn load_direct(paths: &[PathBuf]) -> Result<HashSet<Vec<u8>>, MaterialError> {
    let mut trusted = HashSet::new();
    for path in paths {
        for der in files::certificates(path)? {
            // What rustls cannot parse could never prove possession of its key.
            if !usable(&der) {
                return Err(MaterialError::BadCertificate { path: path.clone() });
            }
            trusted.insert(der.to_vec());
        }
    }
    Ok(trusted)
}

fn usable(der: &CertificateDer<'_>) -> bool {
    let dated = X509Certificate::from_der(der)
        .is_ok_and(|(_, parsed)| time_of(parsed.validity().not_after).is_some());
    dated && webpki::EndEntityCert::try_from(der).is_ok()
}

fn load_crls(paths: &MaterialPaths, roots: &[TrustAnchor<'_>]) -> Result<Vec<Crl>, MaterialError> {
    if paths.crl == CrlPolicy::None {
        return Ok(Vec::new());
    }
    let mut lists = Vec::new();
    for path in &paths.crls {
        lists.append(&mut Crl::load(path, roots)?);
    }
    Ok(crl::newest(lists))
}
