//! Who is at the other end.

use std::fmt::Write as _;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use crate::Fingerprint;
use crate::judge::Verdict;

/// The peer of an established connection: its certificate was accepted and it proved to hold the key.
///
/// Made by [`crate::ServerTls::accept`] only. Cheap to clone; clones share what is remembered of the last judgement.
#[derive(Clone, Debug)]
pub struct PeerIdentity(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    summary: PeerSummary,
    /// Leaf first, as the peer sent it.
    chain: Vec<CertificateDer<'static>>,
    protocol: TlsVersion,
    judged: ArcSwapOption<Judged>,
}

/// A verdict and the material it was made with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Judged {
    pub(crate) generation: u64,
    pub(crate) verdict: Verdict,
}

/// A protocol version that we speak.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum TlsVersion {
    /// RFC 5246, for peers whose entry allows it.
    Tls12,
    /// RFC 8446.
    Tls13,
}

/// What a certificate says, for people to read. Text is escaped and bounded; identity is the fingerprint, never a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PeerSummary {
    /// SHA-256 of the certificate.
    pub fingerprint: Fingerprint,
    /// Subject name.
    pub subject: String,
    /// Issuer name.
    pub issuer: String,
    /// Serial number, lower-case hexadecimal.
    pub serial: String,
    /// Start of validity.
    pub not_before: OffsetDateTime,
    /// End of validity.
    pub not_after: OffsetDateTime,
}

impl PeerIdentity {
    pub(crate) fn new(
        summary: PeerSummary,
        chain: Vec<CertificateDer<'static>>,
        protocol: TlsVersion,
        judged: Option<Judged>,
    ) -> Self {
        let judged = ArcSwapOption::from_pointee(judged);
        Self(Arc::new(Inner {
            summary,
            chain,
            protocol,
            judged,
        }))
    }

    /// SHA-256 of the certificate: the key into the ledger.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.summary.fingerprint
    }

    /// The certificate, DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.0.chain.first().map(AsRef::as_ref).unwrap_or_default()
    }

    /// End of validity of the certificate.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.0.summary.not_after
    }

    /// The protocol version of the connection.
    #[must_use]
    pub fn protocol(&self) -> TlsVersion {
        self.0.protocol
    }

    /// What the certificate says.
    #[must_use]
    pub fn summary(&self) -> &PeerSummary {
        &self.0.summary
    }

    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.0.chain
    }

    pub(crate) fn was_judged_good(&self, generation: u64, now: OffsetDateTime) -> bool {
        self.0
            .judged
            .load()
            .as_deref()
            .is_some_and(|judged| judged.generation == generation && judged.verdict.holds_at(now))
    }

    pub(crate) fn remember(&self, judged: Option<Judged>) {
        self.0.judged.store(judged.map(Arc::new));
    }
}

impl PeerSummary {
    /// `None` when the bytes are no certificate in DER.
    pub(crate) fn parse(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        Some(Self {
            fingerprint: Fingerprint::of(der),
            subject: escaped(&parsed.subject().to_string()),
            issuer: escaped(&parsed.issuer().to_string()),
            serial: hexadecimal(parsed.raw_serial()),
            not_before: time_of(parsed.validity().not_before)?,
            not_after: time_of(parsed.validity().not_after)?,
        })
    }

    /// As [`PeerSummary::parse`]; of bytes that are no certificate only the fingerprint is said.
    pub(crate) fn parse_or_hash(der: &CertificateDer<'_>) -> Self {
        Self::parse(der).unwrap_or_else(|| Self {
            fingerprint: Fingerprint::of(der),
            subject: String::new(),
            issuer: String::new(),
            serial: String::new(),
            not_before: OffsetDateTime::UNIX_EPOCH,
            not_after: OffsetDateTime::UNIX_EPOCH,
        })
    }
}

/// Longest text taken from a certificate, in characters before escaping.
const TEXT_CHARS_MAX: usize = 256;

/// Fit for one line of a log: control, bidirectional and other invisible characters become escapes.
pub(crate) fn escaped(text: &str) -> String {
    text.chars()
        .take(TEXT_CHARS_MAX)
        .flat_map(char::escape_debug)
        .collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take(TEXT_CHARS_MAX)
        .fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

pub(crate) fn time_of(time: ASN1Time) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(time.timestamp()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_27_text_of_a_certificate_is_escaped_and_bounded() {
        assert_eq!(escaped("CN=a\nb\0c\u{202e}d"), "CN=a\\nb\\0c\\u{202e}d");
        assert_eq!(escaped("O=県立病院"), "O=県立病院");
        assert_eq!(escaped(&"x".repeat(1000)).len(), TEXT_CHARS_MAX);
    }

    #[test]
    fn bytes_that_are_no_certificate_keep_their_fingerprint() {
        let summary = PeerSummary::parse_or_hash(&CertificateDer::from(b"abc".to_vec()));
        assert_eq!(summary.fingerprint, Fingerprint::of(b"abc"));
        assert_eq!(summary.subject, "");
    }
}
