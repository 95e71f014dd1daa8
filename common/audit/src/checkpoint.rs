//! Checkpoints: the chain so far, signed.
//!
//! The chain alone proves that nothing in it was changed by itself; whoever may write the folder can
//! compute it anew. A checkpoint binds it to the node's audit key, and one that is kept elsewhere
//! (an anchor) also shows a journal that was cut or put back.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::chain::{Link, hex, link_from_hex};
use crate::error::JournalError;
use crate::medium::sync_folder;

/// The file beside the segments that repeats the newest checkpoint.
pub const FILE: &str = "checkpoint.json";

/// The file beside the segments with the public half of the key.
pub const PUBLIC_FILE: &str = "audit-key.pk8.pub";

/// DER of a SubjectPublicKeyInfo for Ed25519 (RFC 8410), up to the key itself.
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// What is signed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The journal.
    pub journal: Uuid,
    /// The number of the checkpoint's own record.
    pub sequence: u64,
    /// The link before that record, in hexadecimal: it stands for every record before.
    pub link: String,
    /// When, by the wall clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Milliseconds that the wall clock was ahead of the time sources, if measured (IHE CT).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset_ms: Option<i64>,
    /// Whether the process ended here, in order.
    pub end: bool,
    /// The first 16 hexadecimal digits of the public key's SHA-256.
    pub key: String,
    /// Ed25519 over [`Checkpoint::text`], in base64.
    pub signature: String,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let offset = self
            .clock_offset_ms
            .map_or_else(|| "-".to_owned(), |offset| offset.to_string());
        format!(
            "renkei audit checkpoint 1\n{}\n{}\n{}\n{}\n{offset}\n{}\n",
            self.journal,
            self.sequence,
            self.link,
            self.at.unix_timestamp_nanos(),
            self.end
        )
    }

    /// The link that it vouches for.
    pub fn link(&self) -> Option<Link> {
        link_from_hex(&self.link)
    }
}

/// What a checkpoint says, before it is signed.
pub(crate) struct Claim {
    pub(crate) journal: Uuid,
    pub(crate) sequence: u64,
    pub(crate) link: Link,
    pub(crate) at: OffsetDateTime,
    pub(crate) clock_offset_ms: Option<i64>,
    pub(crate) end: bool,
}

/// The node's audit key.
pub struct AuditKey {
    pair: Ed25519KeyPair,
}

impl AuditKey {
    /// Reads the key, or makes it (mode 0600) with its public half in `<path>.pub` beside it.
    ///
    /// # Errors
    /// [`JournalError::Key`] for a file that holds no Ed25519 key, [`JournalError::Io`].
    pub fn ensure(path: &Path) -> Result<Self, JournalError> {
        let der = match fs::read(path) {
            Ok(der) => der,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(path)?,
            Err(source) => {
                return Err(JournalError::Io {
                    what: "cannot read",
                    path: path.to_owned(),
                    source,
                });
            }
        };
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| JournalError::Key {
            path: path.to_owned(),
        })?;
        let key = Self { pair };
        let public = public_path(path);
        if !public.exists() {
            write_new(&public, key.public().to_pem().as_bytes(), 0o644)?;
        }
        Ok(key)
    }

    /// Puts the public half into the journal's folder, so that a copy can be verified at once; a key that is kept
    /// elsewhere proves more. A journal has one key: nobody could verify it with the one of its beginning otherwise.
    pub(crate) fn publish(&self, folder: &Path, own: &Path) -> Result<(), JournalError> {
        let path = folder.join(PUBLIC_FILE);
        match fs::read_to_string(&path) {
            Ok(text) if PublicKey::from_pem(&text) == Some(self.public()) => Ok(()),
            Ok(_) => Err(JournalError::OtherKey {
                folder: folder.to_owned(),
                path: own.to_owned(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_new(&path, self.public().to_pem().as_bytes(), 0o644)
            }
            Err(source) => Err(JournalError::io("cannot read", &path)(source)),
        }
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes
            .iter_mut()
            .zip(self.pair.public_key().as_ref())
            .for_each(|(slot, byte)| *slot = *byte);
        PublicKey(bytes)
    }

    pub(crate) fn sign(&self, claim: Claim) -> Checkpoint {
        let mut checkpoint = Checkpoint {
            journal: claim.journal,
            sequence: claim.sequence,
            link: hex(&claim.link),
            at: claim.at,
            clock_offset_ms: claim.clock_offset_ms,
            end: claim.end,
            key: self.public().id(),
            signature: String::new(),
        };
        checkpoint.signature = self.signature(&checkpoint.text());
        checkpoint
    }

    /// Ed25519 over `text`, in base64.
    pub(crate) fn signature(&self, text: &str) -> String {
        STANDARD.encode(self.pair.sign(text.as_bytes()))
    }
}

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuditKey({})", self.public().id())
    }
}

/// The half of the audit key that everybody may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads a PEM `PUBLIC KEY`, as [`AuditKey::ensure`] and openssl write it.
    pub fn from_pem(text: &str) -> Option<Self> {
        let body = text
            .trim()
            .strip_prefix("-----BEGIN PUBLIC KEY-----")?
            .strip_suffix("-----END PUBLIC KEY-----")?;
        let base64: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(base64).ok()?;
        der.strip_prefix(&SPKI_PREFIX)
            .and_then(|key| key.try_into().ok())
            .map(Self)
    }

    /// As PEM.
    pub fn to_pem(self) -> String {
        let der = [SPKI_PREFIX.as_slice(), &self.0].concat();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(der)
        )
    }

    /// A short name: the first 16 hexadecimal digits of its SHA-256.
    pub fn id(&self) -> String {
        let mut id = crate::chain::sha256_hex(&self.0);
        id.truncate(16);
        id
    }

    /// Whether this key signed `checkpoint`.
    pub fn signed(&self, checkpoint: &Checkpoint) -> bool {
        checkpoint.key == self.id() && self.verifies(&checkpoint.text(), &checkpoint.signature)
    }

    /// Whether `signature`, in base64, is this key's over `text`.
    pub(crate) fn verifies(&self, text: &str, signature: &str) -> bool {
        let signature = STANDARD.decode(signature).unwrap_or_default();
        UnparsedPublicKey::new(&ED25519, self.0)
            .verify(text.as_bytes(), &signature)
            .is_ok()
    }
}

/// The newest checkpoint as repeated beside the segments.
pub(crate) fn read(folder: &Path) -> Result<Option<Checkpoint>, io::Error> {
    match fs::read(folder.join(FILE)) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the file beside the segments is exactly what [`write`] made of a checkpoint, or is not there.
pub(crate) fn is_as_written(folder: &Path) -> Result<bool, io::Error> {
    match fs::read(folder.join(FILE)) {
        Ok(text) => Ok(serde_json::from_slice::<Checkpoint>(&text)
            .and_then(|checkpoint| serde_json::to_vec(&checkpoint))
            .is_ok_and(|again| again == text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Repeats `checkpoint` beside the segments; it is durable in the journal already.
pub(crate) fn write(folder: &Path, checkpoint: &Checkpoint) -> io::Result<()> {
    let text = serde_json::to_vec(checkpoint)?;
    let fresh = folder.join(format!("{FILE}.new"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(&text)?;
    file.sync_data()?;
    fs::rename(&fresh, folder.join(FILE))
}

/// The file of the public half.
pub(crate) fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

fn make(path: &Path) -> Result<Vec<u8>, JournalError> {
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|_| JournalError::Key {
            path: path.to_owned(),
        })?
        .as_ref()
        .to_vec();
    write_new(path, &der, 0o600)?;
    Ok(der)
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), JournalError> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        path.parent().map_or(Ok(()), sync_folder)
    };
    write().map_err(JournalError::io("cannot write", path))
}
