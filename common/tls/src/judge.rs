//! Whether a certificate is good at one moment: direct trust, or a chain with dates, usage and revocation.

use std::fmt;
use std::sync::Arc;

use rustls::{CertificateError, OtherError};
use rustls_pki_types::{CertificateDer, UnixTime};
use time::OffsetDateTime;
use webpki::{CertRevocationList, EndEntityCert, KeyUsage, RevocationOptions, RevocationOptionsBuilder};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::crl::{InForce, moment};
use crate::material::CrlPolicy;
use crate::peer::time_of;
use crate::{Material, provider};

/// Most certificates a peer may send: webpki builds paths of at most six intermediates, the rest only costs time.
const CHAIN_CERTIFICATES_MAX: usize = 10;

/// A good certificate, and until when that answer holds while the material does not change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) from: OffsetDateTime,
    pub(crate) until: OffsetDateTime,
}

impl Verdict {
    pub(crate) fn holds_at(&self, now: OffsetDateTime) -> bool {
        self.from <= now && now <= self.until
    }
}

/// What keeps a certificate from being accepted beside rustls's own reasons. Sent as `certificate_unknown`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ChainFault {
    /// A CA's own certificate, or something else webpki rules out by its shape.
    Shape(webpki::Error),
    /// More certificates than any honest chain has.
    TooLong,
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(webpki::Error::CaUsedAsEndEntity) => {
                f.write_str("a CA certificate cannot be a node's")
            }
            Self::Shape(_) => f.write_str("the certificate is not shaped as X.509 v3 asks"),
            Self::TooLong => f.write_str("the chain is too long"),
        }
    }
}

impl std::error::Error for ChainFault {}

/// Judges `leaf` with the certificates that came with it.
///
/// # Errors
/// The reason in rustls's terms, chosen so that the alert it leads to is the one RFC 8446 6.2 names.
pub(crate) fn judge(
    material: &Material,
    usage: KeyUsage,
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<Verdict, CertificateError> {
    if intermediates.len() >= CHAIN_CERTIFICATES_MAX {
        return Err(other(ChainFault::TooLong));
    }
    if material.trusts_directly(leaf) {
        return judge_dates(leaf, moment(now));
    }
    judge_chain(material, usage, leaf, intermediates, now)
}

/// The operator vouches for a directly trusted certificate whatever its issuer and usage; only time can end that.
fn judge_dates(leaf: &CertificateDer<'_>, now: OffsetDateTime) -> Result<Verdict, CertificateError> {
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| CertificateError::BadEncoding)?;
    let validity = parsed.validity();
    let not_before = time_of(validity.not_before).ok_or(CertificateError::BadEncoding)?;
    let not_after = time_of(validity.not_after).ok_or(CertificateError::BadEncoding)?;
    if now < not_before {
        Err(CertificateError::NotValidYet)
    } else if now > not_after {
        Err(CertificateError::Expired)
    } else {
        Ok(Verdict {
            from: now,
            until: not_after,
        })
    }
}

fn judge_chain(
    material: &Material,
    usage: KeyUsage,
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<Verdict, CertificateError> {
    let parsed = EndEntityCert::try_from(leaf).map_err(certificate_error)?;
    let at = moment(now);
    let chain: Vec<&CertificateDer<'_>> = std::iter::once(leaf).chain(intermediates).collect();
    let in_force = InForce::choose(material.crls(), material.crl_grace(), at, &chain);
    let verify = |revocation| {
        parsed
            .verify_for_usage(
                provider::algorithms().all,
                material.roots(),
                intermediates,
                now,
                usage,
                revocation,
                None,
            )
            .map(drop)
            .map_err(certificate_error)
    };
    let lists: Vec<&CertRevocationList<'_>> = in_force.lists;
    match (material.crl_policy(), revocation(&lists)) {
        (CrlPolicy::None, _) => verify(None)?,
        (CrlPolicy::Required, Some(options)) => verify(Some(options))?,
        // No list at all is in force: say what else is wrong first, and refuse in any case.
        (CrlPolicy::Required, None) => {
            verify(None)?;
            return Err(CertificateError::UnknownRevocationStatus);
        }
    }
    let until = chain
        .iter()
        .filter_map(|der| not_after(der))
        .chain(in_force.until)
        .min();
    Ok(Verdict {
        from: at,
        until: until.unwrap_or(at),
    })
}

/// The whole chain is checked and an unknown status refused: webpki's defaults, stated because all rests on them.
/// nextUpdate was judged, with its grace, when the lists were chosen.
fn revocation<'a>(lists: &'a [&'a CertRevocationList<'a>]) -> Option<RevocationOptions<'a>> {
    let builder = RevocationOptionsBuilder::new(lists).ok()?;
    Some(
        builder
            .with_depth(webpki::RevocationCheckDepth::Chain)
            .with_status_policy(webpki::UnknownStatusPolicy::Deny)
            .with_expiration_policy(webpki::ExpirationPolicy::Ignore)
            .build(),
    )
}

fn not_after(der: &CertificateDer<'_>) -> Option<OffsetDateTime> {
    X509Certificate::from_der(der)
        .ok()
        .and_then(|(_, parsed)| time_of(parsed.validity().not_after))
}

/// webpki's faults by what the peer should be told.
pub(crate) fn certificate_error(error: webpki::Error) -> CertificateError {
    use webpki::Error as E;
    match error {
        E::BadDer | E::BadDerTime | E::TrailingData(_) => CertificateError::BadEncoding,
        E::CertNotValidYet { .. } => CertificateError::NotValidYet,
        E::CertExpired { .. } | E::InvalidCertValidity => CertificateError::Expired,
        E::CertRevoked => CertificateError::Revoked,
        E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => CertificateError::InvalidPurpose,
        E::UnsupportedCriticalExtension => CertificateError::UnhandledCriticalExtension,
        E::CertNotValidForName(_) => CertificateError::NotValidForName,
        // Not signed by the one it names: no path leads to a root. `decrypt_error` is kept for the peer's own key.
        E::UnknownIssuer
        | E::InvalidSignatureForPublicKey
        | E::SignatureAlgorithmMismatch
        | E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => CertificateError::UnknownIssuer,
        E::UnknownRevocationStatus
        | E::CrlExpired { .. }
        | E::IssuerNotCrlSigner
        | E::InvalidCrlSignatureForPublicKey
        | E::UnsupportedCrlSignatureAlgorithmContext(_)
        | E::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => {
            CertificateError::UnknownRevocationStatus
        }
        shape => other(ChainFault::Shape(shape)),
    }
}

fn other(fault: ChainFault) -> CertificateError {
    CertificateError::Other(OtherError(Arc::new(fault)))
}
