//! The name by which the ledger knows a certificate.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

/// SHA-256 of a certificate's DER. Shown as 64 lower-case hexadecimal digits; read with or without colons, in either
/// case, as `openssl x509 -fingerprint -sha256` writes it.
#[derive(Clone, Copy, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 32]);

/// The text is no fingerprint.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a certificate fingerprint is a SHA-256: 64 hexadecimal digits, colons allowed")]
pub struct FingerprintError;

impl Fingerprint {
    /// The fingerprint of a DER-encoded certificate.
    #[must_use]
    pub fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        for (to, from) in bytes
            .iter_mut()
            .zip(digest::digest(&digest::SHA256, der).as_ref())
        {
            *to = *from;
        }
        Self(bytes)
    }

    /// The 32 bytes of the hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut digits = text.chars().filter(|c| *c != ':').map(|c| c.to_digit(16));
        let mut digit = || {
            digits
                .next()
                .flatten()
                .and_then(|d| u8::try_from(d).ok())
                .ok_or(FingerprintError)
        };
        let mut bytes = [0; 32];
        for byte in &mut bytes {
            *byte = digit()? << 4 | digit()?;
        }
        match digits.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(FingerprintError),
        }
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = FingerprintError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4, the hash of "abc".
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn is_the_sha_256_in_hexadecimal() {
        assert_eq!(Fingerprint::of(b"abc").to_string(), ABC);
    }

    #[test]
    fn reads_what_it_writes_and_what_openssl_writes() {
        let colons = ABC
            .to_uppercase()
            .as_bytes()
            .chunks(2)
            .map(|c| String::from_utf8_lossy(c))
            .fold(String::new(), |text, pair| {
                if text.is_empty() {
                    pair.into_owned()
                } else {
                    format!("{text}:{pair}")
                }
            });
        assert_eq!(ABC.parse(), Ok(Fingerprint::of(b"abc")));
        assert_eq!(colons.parse(), Ok(Fingerprint::of(b"abc")));
    }

    #[test]
    fn refuses_other_lengths_and_letters() {
        for bad in ["", "ba", &ABC[1..], &format!("{ABC}0"), &ABC.replace('a', "g")] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(FingerprintError), "{bad}");
        }
    }
}
