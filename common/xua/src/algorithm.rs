//! Which algorithms are allowed, and their work.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    UnparsedPublicKey, VerificationAlgorithm,
};

/// SHA-2 with its length in bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// By the name of a DigestMethod (XML Encryption 5.7; RFC 6931, section 2.1.3).
    pub(crate) fn by_uri(uri: &str) -> Option<Self> {
        match uri {
            "http://www.w3.org/2001/04/xmlenc#sha256" => Some(Self::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Some(Self::Sha384),
            "http://www.w3.org/2001/04/xmlenc#sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    pub(crate) fn digest(self, bytes: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, bytes)
    }
}

/// What a signature is made with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scheme {
    /// RSASSA-PKCS1-v1_5.
    Rsa,
    /// RSASSA-PSS with MGF1 of the same hash and a salt as long as the hash.
    RsaPss,
    /// ECDSA, the value being r and s side by side.
    Ecdsa,
}

/// An allowed SignatureMethod.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Method {
    pub(crate) scheme: Scheme,
    pub(crate) hash: Hash,
}

impl Method {
    /// By the name of a SignatureMethod (RFC 6931, sections 2.3.2 to 2.3.10).
    pub(crate) fn by_uri(uri: &str) -> Option<Self> {
        let (scheme, hash) = match uri {
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => (Scheme::Rsa, Hash::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => (Scheme::Rsa, Hash::Sha384),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => (Scheme::Rsa, Hash::Sha512),
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" => (Scheme::RsaPss, Hash::Sha256),
            "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1" => (Scheme::RsaPss, Hash::Sha384),
            "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1" => (Scheme::RsaPss, Hash::Sha512),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => (Scheme::Ecdsa, Hash::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => (Scheme::Ecdsa, Hash::Sha384),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512" => (Scheme::Ecdsa, Hash::Sha512),
            _ => return None,
        };
        Some(Self { scheme, hash })
    }
}

/// The kind of a public key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyKind {
    /// 2048 to 8192 bits.
    Rsa,
    P256,
    P384,
}

/// A public key as its certificate holds it: RSAPublicKey, or a point.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PublicKey {
    pub(crate) kind: KeyKind,
    pub(crate) bytes: Vec<u8>,
}

impl PublicKey {
    /// Whether the method can be used with this key at all. The method never decides what kind a key is of.
    pub(crate) fn fits(&self, method: Method) -> bool {
        match method.scheme {
            Scheme::Rsa | Scheme::RsaPss => self.kind == KeyKind::Rsa,
            Scheme::Ecdsa => matches!(self.kind, KeyKind::P256 | KeyKind::P384),
        }
    }

    /// Whether this key made the signature.
    pub(crate) fn verifies(&self, method: Method, message: &[u8], signature: &[u8]) -> bool {
        let Some((algorithm, signature)) = self.prepared(method, signature) else {
            return false;
        };
        UnparsedPublicKey::new(algorithm, &self.bytes)
            .verify(message, &signature)
            .is_ok()
    }

    fn prepared(
        &self,
        method: Method,
        signature: &[u8],
    ) -> Option<(&'static dyn VerificationAlgorithm, Vec<u8>)> {
        let algorithm: &'static dyn VerificationAlgorithm = match (self.kind, method.scheme, method.hash) {
            (KeyKind::Rsa, Scheme::Rsa, Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            (KeyKind::Rsa, Scheme::Rsa, Hash::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
            (KeyKind::Rsa, Scheme::Rsa, Hash::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
            (KeyKind::Rsa, Scheme::RsaPss, Hash::Sha256) => &RSA_PSS_2048_8192_SHA256,
            (KeyKind::Rsa, Scheme::RsaPss, Hash::Sha384) => &RSA_PSS_2048_8192_SHA384,
            (KeyKind::Rsa, Scheme::RsaPss, Hash::Sha512) => &RSA_PSS_2048_8192_SHA512,
            (KeyKind::P256, Scheme::Ecdsa, Hash::Sha256) => &ECDSA_P256_SHA256_ASN1,
            (KeyKind::P256, Scheme::Ecdsa, Hash::Sha384) => &ECDSA_P256_SHA384_ASN1,
            (KeyKind::P256, Scheme::Ecdsa, Hash::Sha512) => &ECDSA_P256_SHA512_ASN1,
            (KeyKind::P384, Scheme::Ecdsa, Hash::Sha256) => &ECDSA_P384_SHA256_ASN1,
            (KeyKind::P384, Scheme::Ecdsa, Hash::Sha384) => &ECDSA_P384_SHA384_ASN1,
            (KeyKind::P384, Scheme::Ecdsa, Hash::Sha512) => &ECDSA_P384_SHA512_ASN1,
            (KeyKind::Rsa, Scheme::Ecdsa, _)
            | (KeyKind::P256 | KeyKind::P384, Scheme::Rsa | Scheme::RsaPss, _) => {
                return None;
            }
        };
        let signature = match self.kind {
            KeyKind::Rsa => signature.to_vec(),
            KeyKind::P256 => der_signature(signature, 32)?,
            KeyKind::P384 => der_signature(signature, 48)?,
        };
        Some((algorithm, signature))
    }
}

/// r and s side by side, as XML Signature has them, as the DER sequence of two integers (RFC 3279, 2.2.3).
/// Lengths stay below 128: two integers of at most 49 bytes.
fn der_signature(fixed: &[u8], size: usize) -> Option<Vec<u8>> {
    if fixed.len() != size.saturating_mul(2) {
        return None;
    }
    let (r, s) = fixed.split_at_checked(size)?;
    let mut body = der_integer(r)?;
    body.extend(der_integer(s)?);
    let mut sequence = vec![0x30, u8::try_from(body.len()).ok().filter(|len| *len < 128)?];
    sequence.extend(body);
    Some(sequence)
}

fn der_integer(big_endian: &[u8]) -> Option<Vec<u8>> {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let digits = big_endian.get(zeros..)?;
    let pad = digits.first().is_none_or(|first| first & 0x80 != 0);
    let len = u8::try_from(digits.len()).ok()?.checked_add(u8::from(pad))?;
    let mut integer = vec![0x02, len];
    integer.extend(pad.then_some(0));
    integer.extend(digits);
    Some(integer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_minimal_and_positive() {
        assert_eq!(der_integer(&[0, 0, 0x7F]), Some(vec![2, 1, 0x7F]));
        assert_eq!(der_integer(&[0, 0x80]), Some(vec![2, 2, 0, 0x80]));
        assert_eq!(der_integer(&[0, 0]), Some(vec![2, 1, 0]));
        assert_eq!(der_signature(&[1, 2], 1), Some(vec![0x30, 6, 2, 1, 1, 2, 1, 2]));
        assert_eq!(der_signature(&[1, 2, 3], 1), None);
    }
}
