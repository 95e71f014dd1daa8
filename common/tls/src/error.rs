//! What can be wrong with the files, and what to do about it.

use std::io;
use std::path::PathBuf;

use time::OffsetDateTime;

use crate::files::FILE_BYTES_MAX;

/// Why material was not taken. Each names the file and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum MaterialError {
    /// The file cannot be opened or read.
    #[error(
        "cannot read {path}: {source}; check that it is there and readable for the account of this service"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The path is a folder, a pipe or a device.
    #[error("{path} is not a file; name a PEM or DER file")]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is larger than any sensible one.
    #[error("{path} is larger than {} MiB or holds too many objects; split it or remove what does not belong there", FILE_BYTES_MAX >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The PEM armour is broken, as in a half-written file.
    #[error("{path} is not well-formed PEM; write it anew, completely")]
    BadPem {
        /// The file.
        path: PathBuf,
    },
    /// The file holds no object of the kind wanted.
    #[error("{path} holds no {what}; put one there in PEM or DER")]
    Nothing {
        /// The file.
        path: PathBuf,
        /// The kind of object.
        what: &'static str,
    },
    /// A certificate is no X.509 v3 certificate in DER.
    #[error(
        "{path} holds a certificate that is not X.509 v3 in DER; convert BER with `openssl x509 -in FILE -outform DER`"
    )]
    BadCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The key file may be read by everybody.
    #[error(
        "{path} can be read by others (mode {mode:o}); run `chmod o= {path}` and consider the key exposed"
    )]
    KeyExposed {
        /// The file.
        path: PathBuf,
        /// Its access mode.
        mode: u32,
    },
    /// The key file holds no usable key.
    #[error(
        "{path} holds no usable private key; give RSA from 2048 bits, ECDSA P-256/384/521 or Ed25519 without a passphrase"
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// Certificate and key are not a pair.
    #[error(
        "the key in {key} does not belong to the certificate in {certificate}; install the pair that was issued together"
    )]
    KeyMismatch {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
    },
    /// Our own certificate has expired.
    #[error("the certificate in {path} expired at {not_after}; have a new one issued")]
    Expired {
        /// The file.
        path: PathBuf,
        /// End of validity.
        not_after: OffsetDateTime,
    },
    /// Our own certificate is not valid yet.
    #[error("the certificate in {path} is valid from {not_before} only; wait, or check this machine's clock")]
    NotYetValid {
        /// The file.
        path: PathBuf,
        /// Start of validity.
        not_before: OffsetDateTime,
    },
    /// Nobody could be trusted.
    #[error(
        "neither trusted_roots nor directly_trusted names a certificate; name the CA of your peers in trusted_roots"
    )]
    NobodyTrusted,
    /// Lists are required and none is named.
    #[error(
        "no revocation list is named in crls; name one for every CA, or set crl = \"none\" to do without revocation"
    )]
    NoCrl,
    /// A revocation list cannot be used.
    #[error(
        "{path} holds a revocation list that is not a complete X.509 v2 list in DER with a nextUpdate; fetch it anew from its CA (for BER: `openssl crl -outform DER`)"
    )]
    BadCrl {
        /// The file.
        path: PathBuf,
    },
    /// A revocation list bears a trusted root's name and another's signature.
    #[error(
        "{path} holds a revocation list in the name of a trusted CA that this CA has not signed; fetch it anew from its CA"
    )]
    CrlForged {
        /// The file.
        path: PathBuf,
    },
    /// A list is older than the one in force, and would make revoked certificates good again.
    #[error("the revocation list of {issuer} is older than the one in force; install the newest")]
    CrlRolledBack {
        /// The issuer's name.
        issuer: String,
    },
    /// The check itself ended abnormally.
    #[error("the check of the new files ended abnormally; the old ones stay in force, try again")]
    Interrupted,
}
