//! Which assertion providers are believed, by which keys and for whom.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey as ParsedKey;
use xds_model::principal::{EnrolledNode, NodeName, OrganisationId};

use crate::algorithm::{KeyKind, Method, PublicKey};
use crate::refused::Reason;

/// The assertion providers of the domain.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    issuers: Vec<TrustedIssuer>,
}

/// An assertion provider.
#[derive(Clone, Debug)]
pub struct TrustedIssuer {
    /// Its entity identifier, compared with Issuer character by character.
    pub entity_id: String,
    /// What it signs with. Several while its key is rolled over.
    pub certificates: Vec<SigningCertificate>,
    /// The organisations whose users it may name.
    pub vouches_for: Vec<Vouching>,
}

/// What an assertion provider may say of an organisation.
#[derive(Clone, Debug)]
pub struct Vouching {
    /// The organisation, as the ledger has it.
    pub organisation: OrganisationId,
    /// The values of the attribute organization-id that mean this organisation, compared character by
    /// character.
    pub organisation_ids: BTreeSet<String>,
    /// The nodes that may bring such an assertion; none for all nodes of the organisation.
    pub nodes: Option<BTreeSet<NodeName>>,
}

/// The certificate of an assertion provider. It is trusted because it is configured: no chain is built, and
/// what a message carries in KeyInfo is never looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SigningCertificate {
    key: PublicKey,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

/// Why a certificate cannot be configured for an assertion provider.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum CertificateError {
    /// Not one DER certificate.
    #[error("no X.509 certificate in DER form")]
    NotACertificate,
    /// A key that no allowed SignatureMethod uses.
    #[error("the key is neither RSA nor ECDSA on P-256 or P-384")]
    KeyKind,
    /// An RSA key that is too short or too long.
    #[error("an RSA key has 2048 to 8192 bits, this one has {bits}")]
    RsaBits {
        /// Bits found.
        bits: usize,
    },
}

impl SigningCertificate {
    /// Reads a certificate.
    ///
    /// # Errors
    ///
    /// If it is none, or its key is not of an allowed kind and size.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| CertificateError::NotACertificate)?;
        if !rest.is_empty() {
            return Err(CertificateError::NotACertificate);
        }
        let validity = certificate.validity();
        Ok(Self {
            key: public_key(&certificate)?,
            not_before: validity.not_before.to_datetime(),
            not_after: validity.not_after.to_datetime(),
        })
    }

    /// The last moment at which it is valid.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    fn is_valid_at(&self, now: OffsetDateTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

fn public_key(certificate: &X509Certificate<'_>) -> Result<PublicKey, CertificateError> {
    let info = certificate.public_key();
    let kind = match info.parsed() {
        Ok(ParsedKey::RSA(rsa)) => {
            let bits = significant_bits(rsa.modulus);
            if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
                return Err(CertificateError::RsaBits { bits });
            }
            KeyKind::Rsa
        }
        Ok(ParsedKey::EC(_)) => curve(&info.algorithm)?,
        Ok(_) | Err(_) => return Err(CertificateError::KeyKind),
    };
    Ok(PublicKey {
        kind,
        bytes: info.subject_public_key.data.to_vec(),
    })
}

fn curve(algorithm: &x509_parser::x509::AlgorithmIdentifier<'_>) -> Result<KeyKind, CertificateError> {
    let name = algorithm
        .parameters
        .as_ref()
        .and_then(|parameters| parameters.as_oid().ok())
        .map(|oid| oid.to_id_string());
    match name.as_deref() {
        Some(OID_P256) => Ok(KeyKind::P256),
        Some(OID_P384) => Ok(KeyKind::P384),
        _ => Err(CertificateError::KeyKind),
    }
}

fn significant_bits(big_endian: &[u8]) -> usize {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let Some(digits) = big_endian.get(zeros..) else {
        return 0;
    };
    let unused = digits.first().map_or(0, |first| first.leading_zeros());
    digits
        .len()
        .saturating_mul(8)
        .saturating_sub(usize::try_from(unused).unwrap_or(0))
}

const RSA_BITS_MIN: usize = 2048;
const RSA_BITS_MAX: usize = 8192;
const OID_P256: &str = "1.2.840.10045.3.1.7";
const OID_P384: &str = "1.3.132.0.34";

impl Trust {
    /// Trust in these providers. Of two with one entity identifier, the first is the one.
    pub fn new(issuers: Vec<TrustedIssuer>) -> Self {
        Self { issuers }
    }

    /// The providers.
    pub fn issuers(&self) -> &[TrustedIssuer] {
        &self.issuers
    }

    pub(crate) fn issuer(&self, entity_id: &str) -> Result<&TrustedIssuer, Reason> {
        self.issuers
            .iter()
            .find(|issuer| issuer.entity_id == entity_id)
            .ok_or(Reason::UnknownIssuer)
    }
}

impl TrustedIssuer {
    /// Whether a key of this provider made the signature.
    pub(crate) fn verify(
        &self,
        method: Method,
        message: &[u8],
        signature: &[u8],
        now: OffsetDateTime,
    ) -> Result<(), Reason> {
        let mut fitting = self
            .certificates
            .iter()
            .filter(|certificate| certificate.key.fits(method))
            .peekable();
        fitting.peek().ok_or(Reason::KeyMismatch)?;
        let mut valid = fitting
            .filter(|certificate| certificate.is_valid_at(now))
            .peekable();
        valid.peek().ok_or(Reason::KeyDate)?;
        if valid.any(|certificate| certificate.key.verifies(method, message, signature)) {
            Ok(())
        } else {
            Err(Reason::WrongSignature)
        }
    }

    /// What this provider may say of the organisation of the node.
    pub(crate) fn vouching(&self, node: &EnrolledNode) -> Result<&Vouching, Reason> {
        let mut for_organisation = self
            .vouches_for
            .iter()
            .filter(|vouching| vouching.organisation == node.organisation)
            .peekable();
        for_organisation.peek().ok_or(Reason::IssuerOrganisation)?;
        for_organisation
            .find(|vouching| {
                vouching
                    .nodes
                    .as_ref()
                    .is_none_or(|nodes| nodes.contains(&node.name))
            })
            .ok_or(Reason::IssuerNode)
    }
}

/// Whether the certificate is the one with this fingerprint (SHA-256 in lower-case hexadecimal).
pub(crate) fn has_fingerprint(der: &[u8], fingerprint: &str) -> bool {
    let digest = crate::algorithm::Hash::Sha256.digest(der);
    let digits: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    digits == fingerprint
}
