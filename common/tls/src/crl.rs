//! Certificate revocation lists: which are in force, and how long they still can be.

use std::path::Path;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use time::OffsetDateTime;
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use crate::MaterialError;
use crate::files;
use crate::peer::{escaped, time_of};
use crate::signature;

/// How the revocation lists stand at one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CrlHealth {
    /// Every list in use.
    pub lists: Vec<CrlStatus>,
    /// Subjects of trusted roots for which no list is there at all: whatever they signed is refused.
    pub roots_without_list: Vec<String>,
}

/// One revocation list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CrlStatus {
    /// Issuer name, control characters escaped.
    pub issuer: String,
    /// When the issuer signed it.
    pub this_update: OffsetDateTime,
    /// When the issuer promised the next one.
    pub next_update: OffsetDateTime,
    /// What follows from that.
    pub condition: CrlCondition,
}

/// What a revocation list is worth. The order is by gravity.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum CrlCondition {
    /// In date.
    Fresh,
    /// nextUpdate has passed, the grace has not: in use, and an alarm.
    Overdue,
    /// The grace has passed: certificates of this issuer are refused.
    Refusing,
}

impl CrlHealth {
    /// The gravest condition of all; a root without a list counts as [`CrlCondition::Refusing`].
    #[must_use]
    pub fn worst(&self) -> CrlCondition {
        if !self.roots_without_list.is_empty() {
            return CrlCondition::Refusing;
        }
        self.lists
            .iter()
            .map(|list| list.condition)
            .max()
            .unwrap_or(CrlCondition::Fresh)
    }
}

/// A parsed list with what webpki does not tell of it.
pub(crate) struct Crl {
    list: CertRevocationList<'static>,
    issuer: Box<[u8]>,
    issuer_text: String,
    /// authorityKeyIdentifier: tells two authorities apart that share a name.
    key_id: Option<Box<[u8]>>,
    scope: Option<Box<[u8]>>,
    this_update: OffsetDateTime,
    next_update: OffsetDateTime,
}

impl Crl {
    /// Reads a file of lists. One that bears a trusted root's name must bear its signature: taken as it is, a list
    /// of somebody else would refuse everything that root has signed.
    pub(crate) fn load(path: &Path, roots: &[TrustAnchor<'_>]) -> Result<Vec<Self>, MaterialError> {
        let mut lists = Vec::new();
        for der in files::crls(path)? {
            let list = Self::parse(&der).ok_or_else(|| MaterialError::BadCrl {
                path: path.to_owned(),
            })?;
            if !signature::is_credible(&der, &list.issuer, roots) {
                return Err(MaterialError::CrlForged {
                    path: path.to_owned(),
                });
            }
            lists.push(list);
        }
        Ok(lists)
    }

    /// `None` for what is no complete v2 list in DER with a nextUpdate (RFC 5280 5.1.2.5).
    fn parse(der: &[u8]) -> Option<Self> {
        let list = CertRevocationList::from(OwnedCertRevocationList::from_der(der).ok()?);
        let (_, parsed) = CertificateRevocationList::from_der(der).ok()?;
        Some(Self {
            issuer: parsed.issuer().as_raw().into(),
            issuer_text: escaped(&parsed.issuer().to_string()),
            key_id: authority_key_id(parsed.extensions()),
            scope: list.issuing_distribution_point().map(Into::into),
            this_update: time_of(parsed.last_update())?,
            next_update: time_of(parsed.next_update()?)?,
            list,
        })
    }

    /// Whether both speak for the same certificates, so that only the newer one counts.
    pub(crate) fn same_scope(&self, other: &Self) -> bool {
        self.issuer == other.issuer && self.key_id == other.key_id && self.scope == other.scope
    }

    pub(crate) fn is_older_than(&self, other: &Self) -> bool {
        self.this_update < other.this_update
    }

    pub(crate) fn issued_by(&self, subject: &[u8]) -> bool {
        &*self.issuer == subject
    }

    /// A certificate without authorityKeyIdentifier goes by the name alone.
    fn is_of_issuer_of(&self, certificate: &X509Certificate<'_>) -> bool {
        let key_id = authority_key_id(certificate.extensions());
        self.issued_by(certificate.issuer().as_raw()) && (key_id.is_none() || key_id == self.key_id)
    }

    pub(crate) fn issuer_text(&self) -> &str {
        &self.issuer_text
    }

    fn deadline(&self, grace: Duration) -> OffsetDateTime {
        self.next_update
            .saturating_add(time::Duration::try_from(grace).unwrap_or(time::Duration::MAX))
    }

    fn condition(&self, now: OffsetDateTime, grace: Duration) -> CrlCondition {
        if now <= self.next_update {
            CrlCondition::Fresh
        } else if now <= self.deadline(grace) {
            CrlCondition::Overdue
        } else {
            CrlCondition::Refusing
        }
    }

    pub(crate) fn status(&self, now: OffsetDateTime, grace: Duration) -> CrlStatus {
        CrlStatus {
            issuer: self.issuer_text.clone(),
            this_update: self.this_update,
            next_update: self.next_update,
            condition: self.condition(now, grace),
        }
    }
}

impl std::fmt::Debug for Crl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crl")
            .field("issuer", &self.issuer_text)
            .finish_non_exhaustive()
    }
}

/// Keeps, of lists that speak for the same certificates, the newest.
pub(crate) fn newest(lists: Vec<Crl>) -> Vec<Crl> {
    let mut kept: Vec<Crl> = Vec::with_capacity(lists.len());
    for list in lists {
        match kept.iter_mut().find(|other| other.same_scope(&list)) {
            Some(other) if other.is_older_than(&list) => *other = list,
            Some(_) => {}
            None => kept.push(list),
        }
    }
    kept
}

/// The lists that may decide about a chain at `now`, and until when that choice holds.
pub(crate) struct InForce<'a> {
    pub(crate) lists: Vec<&'a CertRevocationList<'static>>,
    pub(crate) until: Option<OffsetDateTime>,
}

impl<'a> InForce<'a> {
    /// A list past its grace is left out: the status of its certificates is then unknown, and they are refused.
    pub(crate) fn choose(
        crls: &'a [Crl],
        grace: Duration,
        now: OffsetDateTime,
        chain: &[&CertificateDer<'_>],
    ) -> Self {
        let candidates: Vec<&Crl> = crls
            .iter()
            .filter(|crl| crl.condition(now, grace) < CrlCondition::Refusing)
            .collect();
        let chosen = if has_namesakes(&candidates) {
            of_chain(&candidates, chain)
        } else {
            candidates
        };
        Self {
            until: chosen.iter().map(|crl| crl.deadline(grace)).min(),
            lists: chosen.into_iter().map(|crl| &crl.list).collect(),
        }
    }
}

/// webpki takes the first list with the issuer's name. After a CA changed its key under the same name there are two.
fn has_namesakes(crls: &[&Crl]) -> bool {
    crls.iter().enumerate().any(|(at, crl)| {
        crls.iter()
            .skip(at + 1)
            .any(|other| other.issuer == crl.issuer && other.key_id != crl.key_id)
    })
}

/// Of namesakes, those whose key signed a certificate of this chain.
fn of_chain<'a>(crls: &[&'a Crl], chain: &[&CertificateDer<'_>]) -> Vec<&'a Crl> {
    let parsed: Vec<X509Certificate<'_>> = chain
        .iter()
        .filter_map(|der| X509Certificate::from_der(der).ok())
        .map(|(_, certificate)| certificate)
        .collect();
    let signed_some = |crl: &&&Crl| parsed.iter().any(|certificate| crl.is_of_issuer_of(certificate));
    crls.iter().filter(signed_some).copied().collect()
}

fn authority_key_id(extensions: &[X509Extension<'_>]) -> Option<Box<[u8]>> {
    extensions
        .iter()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|key| key.0.into()),
            _ => None,
        })
}

/// A `UnixTime` as the moment it is.
pub(crate) fn moment(at: UnixTime) -> OffsetDateTime {
    i64::try_from(at.as_secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
