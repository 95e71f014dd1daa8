//! Why a peer was turned away, for the audit and the log.

use std::io;

use rustls::{CertificateError, PeerIncompatible};

use crate::PeerSummary;
use crate::judge::ChainFault;

/// The kinds of refusal. Fixed: metrics and audit use them as labels ([`RefusalReason::as_str`]).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RefusalReason {
    /// The peer sent no certificate. Alert `certificate_required`.
    NoCertificate,
    /// Its certificate, or one above it, has expired. Alert `certificate_expired`.
    Expired,
    /// It is not valid yet. Alert `certificate_expired`.
    NotYetValid,
    /// No path to a trusted root. Alert `unknown_ca`.
    UnknownCa,
    /// The certificate or one above it is revoked. Alert `certificate_revoked`.
    Revoked,
    /// No revocation list in force speaks for it. Alert `unknown_ca`.
    StaleCrl,
    /// A certificate for another purpose, or a CA's own. Alert `unsupported_certificate` or `certificate_unknown`.
    Usage,
    /// The certificate cannot be read or carries a critical extension we do not know. Alert `bad_certificate`.
    Malformed,
    /// The server's certificate does not hold the host name meant (FQDN option). Alert `bad_certificate`.
    WrongName,
    /// Trusted, but bound to no active node. Alert `access_denied`.
    NotEnrolled,
    /// TLS 1.1 or older, or 1.2 from a peer that may not. Alert `protocol_version` or `handshake_failure`.
    OldProtocol,
    /// No cipher suite, group or signature scheme in common. Alert `handshake_failure`.
    NoCommonSuite,
    /// The peer does not hold the certificate's key. Alert `decrypt_error`.
    BadSignature,
    /// The bytes are no TLS, or malformed TLS.
    NotTls,
    /// The handshake took too long.
    Timeout,
    /// The peer closed or broke the connection.
    Closed,
    /// The peer ended the handshake by an alert: most often it does not trust our certificate.
    PeerAlert,
    /// Anything else.
    Other,
}

impl RefusalReason {
    /// A stable, short label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoCertificate => "no_certificate",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::UnknownCa => "unknown_ca",
            Self::Revoked => "revoked",
            Self::StaleCrl => "stale_crl",
            Self::Usage => "usage",
            Self::Malformed => "malformed",
            Self::WrongName => "wrong_name",
            Self::NotEnrolled => "not_enrolled",
            Self::OldProtocol => "old_protocol",
            Self::NoCommonSuite => "no_common_suite",
            Self::BadSignature => "bad_signature",
            Self::NotTls => "not_tls",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::PeerAlert => "peer_alert",
            Self::Other => "other",
        }
    }

    pub(crate) fn of_io(error: &io::Error) -> Self {
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        {
            Some(error) => Self::of_tls(error),
            None => Self::Closed,
        }
    }

    pub(crate) fn of_tls(error: &rustls::Error) -> Self {
        use rustls::Error as E;
        match error {
            E::NoCertificatesPresented => Self::NoCertificate,
            E::InvalidCertificate(error) => Self::of_certificate(error),
            E::PeerIncompatible(error) => Self::of_incompatible(error),
            E::InvalidMessage(_) | E::InappropriateMessage { .. } | E::PeerSentOversizedRecord => {
                Self::NotTls
            }
            E::AlertReceived(_) => Self::PeerAlert,
            E::NoApplicationProtocol => Self::NoCommonSuite,
            E::Other(error) if error.0.is::<Tls12NotAdmitted>() => Self::OldProtocol,
            _ => Self::Other,
        }
    }

    pub(crate) fn of_certificate(error: &CertificateError) -> Self {
        use CertificateError as E;
        match error {
            E::Expired | E::ExpiredContext { .. } => Self::Expired,
            E::NotValidYet | E::NotValidYetContext { .. } => Self::NotYetValid,
            E::UnknownIssuer => Self::UnknownCa,
            E::Revoked => Self::Revoked,
            E::UnknownRevocationStatus
            | E::ExpiredRevocationList
            | E::ExpiredRevocationListContext { .. } => Self::StaleCrl,
            E::InvalidPurpose | E::InvalidPurposeContext { .. } => Self::Usage,
            E::BadEncoding | E::UnhandledCriticalExtension => Self::Malformed,
            E::NotValidForName | E::NotValidForNameContext { .. } => Self::WrongName,
            E::ApplicationVerificationFailure => Self::NotEnrolled,
            E::BadSignature
            | E::UnsupportedSignatureAlgorithmContext { .. }
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Self::BadSignature,
            E::Other(error) => match error.0.downcast_ref::<ChainFault>() {
                Some(ChainFault::Shape(webpki::Error::CaUsedAsEndEntity)) => Self::Usage,
                Some(_) => Self::Malformed,
                None => Self::Other,
            },
            _ => Self::Other,
        }
    }

    fn of_incompatible(error: &PeerIncompatible) -> Self {
        use PeerIncompatible as E;
        match error {
            E::ServerDoesNotSupportTls12Or13
            | E::ServerTlsVersionIsDisabledByOurConfig
            | E::SupportedVersionsExtensionRequired
            | E::Tls12NotOffered
            | E::Tls12NotOfferedOrEnabled => Self::OldProtocol,
            _ => Self::NoCommonSuite,
        }
    }
}

impl std::fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A handshake that did not end in a connection.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("TLS handshake refused: {reason}")]
pub struct HandshakeRefused {
    /// Why.
    pub reason: RefusalReason,
    /// The certificate that was shown, if it came to that. *Claimed*: a certificate is judged before the peer proves
    /// that it holds the key, and certificates are public.
    pub peer: Option<Box<PeerSummary>>,
}

/// TLS 1.2 from a peer whose entry does not allow it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this peer may use TLS 1.3 only")]
pub(crate) struct Tls12NotAdmitted;
