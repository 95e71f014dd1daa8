//! The assertion providers' certificates under a running server: read, check, then swap.

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use time::{Duration, OffsetDateTime};
use xds_tls::Fingerprint;
use xds_xua::{CertificateError, Rules, SigningCertificate, Trust, TrustedIssuer, Validator, Vouching};

use crate::config::{IssuerSection, XuaSection};

/// The largest certificate file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// Certificates of one file: two while a key is rolled over, some more for good measure.
const CERTIFICATES_MAX: usize = 16;

/// Why the certificate of an assertion provider cannot be used. Each names the file and the repair.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The file cannot be read.
    #[error("cannot read the assertion provider's certificate {}: {source}; check [[xua.issuer]] certificates", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than any certificate.
    #[error("{} is no certificate file: it is larger than 256 KiB", file.display())]
    TooLarge {
        /// Which file.
        file: PathBuf,
    },
    /// The file holds no certificate.
    #[error("{} holds no certificate, or more than 16: put the assertion provider's signing certificate there, PEM or DER", file.display())]
    None {
        /// Which file.
        file: PathBuf,
    },
    /// A certificate of the file cannot be used.
    #[error("a certificate in {} cannot be used: {source}", file.display())]
    Certificate {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: CertificateError,
    },
}

/// The validator in force, and what it was made from.
pub(super) struct Live {
    section: XuaSection,
    rules: Rules,
    current: ArcSwap<Loaded>,
}

struct Loaded {
    validator: Validator,
    /// SHA-256 of every file, so that one that was only touched changes nothing.
    files: Vec<Fingerprint>,
}

impl Live {
    /// Reads the certificates. `address` is this server's own: a Recipient may name it.
    pub(super) fn load(section: &XuaSection, address: &str) -> Result<Self, IssuerError> {
        let rules = rules(section, address);
        let current = ArcSwap::from_pointee(Loaded::read(section, &rules)?);
        Ok(Self {
            section: section.clone(),
            rules,
            current,
        })
    }

    /// The validator in force.
    pub(super) fn validator(&self) -> Validated {
        Validated(self.current.load_full())
    }

    /// Reads the files again; whether something changed. A bad file leaves everything as it was.
    pub(super) fn reload(&self) -> Result<bool, IssuerError> {
        let loaded = Loaded::read(&self.section, &self.rules)?;
        let changed = loaded.files != self.current.load().files;
        if changed {
            self.current.store(Arc::new(loaded));
        }
        Ok(changed)
    }
}

/// A validator that stays as it is while a request is judged.
pub(super) struct Validated(Arc<Loaded>);

impl std::ops::Deref for Validated {
    type Target = Validator;

    fn deref(&self) -> &Validator {
        &self.0.validator
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("issuers", &self.section.issuer.len())
            .finish_non_exhaustive()
    }
}

impl Loaded {
    fn read(section: &XuaSection, rules: &Rules) -> Result<Self, IssuerError> {
        let mut files = Vec::new();
        let mut issuers = Vec::new();
        for issuer in &section.issuer {
            let mut certificates = Vec::new();
            for file in &issuer.certificates {
                let content = content(file)?;
                files.push(Fingerprint::of(&content));
                certificates.extend(signing_certificates(file, &content)?);
            }
            issuers.push(trusted(issuer, certificates));
        }
        let validator = Validator::new(Trust::new(issuers), rules.clone());
        Ok(Self { validator, files })
    }
}

fn rules(section: &XuaSection, address: &str) -> Rules {
    let mut recipients = section.recipients.clone();
    recipients.insert(address.to_owned());
    Rules {
        recipients,
        clock_skew: Duration::seconds(i64::from(section.clock_skew_seconds)),
        lifetime_max: Duration::hours(i64::from(section.lifetime_hours_max)),
        accepts_holder_of_key: section.accepts_holder_of_key,
        authn_contexts: section.authn_contexts.clone(),
        ..Rules::new(section.audiences.iter().cloned())
    }
}

fn trusted(issuer: &IssuerSection, certificates: Vec<SigningCertificate>) -> TrustedIssuer {
    let vouches_for = issuer.organisation.iter().map(|vouching| Vouching {
        organisation: vouching.id.clone(),
        organisation_ids: vouching.organization_ids.clone(),
        nodes: vouching.nodes.clone(),
    });
    TrustedIssuer {
        entity_id: issuer.entity_id.clone(),
        certificates,
        vouches_for: vouches_for.collect(),
    }
}

fn content(file: &Path) -> Result<Vec<u8>, IssuerError> {
    let unreadable = |source| IssuerError::Unreadable {
        file: file.to_owned(),
        source,
    };
    let mut content = Vec::new();
    let read = fs::File::open(file)
        .map_err(unreadable)?
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut content)
        .map_err(unreadable)?;
    if read as u64 > FILE_BYTES_MAX {
        return Err(IssuerError::TooLarge {
            file: file.to_owned(),
        });
    }
    Ok(content)
}

fn signing_certificates(file: &Path, content: &[u8]) -> Result<Vec<SigningCertificate>, IssuerError> {
    let none = || IssuerError::None {
        file: file.to_owned(),
    };
    ders(content)
        .ok_or_else(none)?
        .iter()
        .map(|der| {
            SigningCertificate::from_der(der).map_err(|source| IssuerError::Certificate {
                file: file.to_owned(),
                source,
            })
        })
        .collect()
}

/// The certificates of a PEM or DER file; none when it holds none, or something else between them.
fn ders(content: &[u8]) -> Option<Vec<CertificateDer<'_>>> {
    const PEM: &[u8] = b"-----BEGIN";
    if !content.windows(PEM.len()).any(|window| window == PEM) {
        return Some(vec![CertificateDer::from(content)]);
    }
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(content).collect();
    found
        .ok()
        .filter(|found| (1..=CERTIFICATES_MAX).contains(&found.len()))
}

/// A certificate file of an assertion provider, for `doctor`.
pub(crate) struct CertificateFile {
    /// Which issuer.
    pub(crate) issuer: String,
    /// The end of its last certificate, or why it cannot be used.
    pub(crate) not_after: Result<OffsetDateTime, IssuerError>,
}

/// Looks at every issuer as [`Live::load`] would: until when it has a certificate that is valid.
pub(crate) fn look(section: &XuaSection) -> Vec<CertificateFile> {
    let looked = section.issuer.iter().map(|issuer| CertificateFile {
        issuer: issuer.entity_id.clone(),
        not_after: last_day(issuer),
    });
    looked.collect()
}

fn last_day(issuer: &IssuerSection) -> Result<OffsetDateTime, IssuerError> {
    let mut last = OffsetDateTime::UNIX_EPOCH;
    for file in &issuer.certificates {
        for certificate in signing_certificates(file, &content(file)?)? {
            last = last.max(certificate.not_after());
        }
    }
    Ok(last)
}
