//! The key ring: key-encryption keys that wrap a data key per document and seal the small objects.
//!
//! The first key of the ring is the current one; older ones stay in the ring, so that a rotation
//! rewrites nothing. Data keys are wrapped and small objects sealed under two different keys that
//! are derived from the key-encryption key (HKDF-SHA-256), never under that key itself.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a key-encryption key.
pub const KEY_BYTES: usize = 32;

/// Keys in the longest ring.
pub const KEYS_MAX: usize = 64;

/// Names a key-encryption key: the first 8 bytes of a hash of the key.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct KeyId(pub(crate) [u8; 8]);

impl KeyId {
    fn of(key: &[u8; KEY_BYTES]) -> Self {
        let mut text = Zeroizing::new(Vec::with_capacity(64));
        text.extend_from_slice(b"renkei key id\0");
        text.extend_from_slice(key);
        let mut id = [0; 8];
        id.iter_mut()
            .zip(digest(&SHA256, &text).as_ref())
            .for_each(|(to, from)| *to = *from);
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// The key-encryption keys of a repository.
pub struct KeyRing {
    current: Kek,
    older: Vec<Kek>,
}

/// A key-encryption key, as the two keys derived from it.
pub(crate) struct Kek {
    pub(crate) id: KeyId,
    pub(crate) wrap: LessSafeKey,
    pub(crate) seal: LessSafeKey,
}

impl KeyRing {
    /// Reads a ring from key files, the current key first.
    ///
    /// # Errors
    /// No file at all or more than [`KEYS_MAX`], a file that others may read, a symbolic link, a
    /// form other than that of [`KeyRing::create_file`], or a key that does not fit its id.
    pub fn load(paths: &[PathBuf]) -> Result<Self, KeyError> {
        if paths.len() > KEYS_MAX {
            return Err(KeyError::TooMany);
        }
        let mut keys = paths.iter().map(|path| read_key(path));
        let current = Kek::derive(&*keys.next().ok_or(KeyError::NoKey)??)?;
        let older = keys
            .map(|key| Kek::derive(&*key?))
            .collect::<Result<Vec<_>, KeyError>>()?;
        Ok(Self { current, older })
    }

    /// Writes a new random key to a new file of mode 0600, flushed with its folder.
    ///
    /// The form is one line: `renkei-key-1`, the id in 16 and the key in 64 hexadecimal digits.
    ///
    /// # Errors
    /// The file exists already, or cannot be written.
    pub fn create_file(path: &Path) -> Result<KeyId, KeyError> {
        let key = random_key()?;
        let id = KeyId::of(&key);
        let line = Zeroizing::new(format!("{FORM} {id} {}\n", hex(&*key).as_str()));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| KeyError::file(path, source))?;
        file.write_all(line.as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| File::open(parent(path)).and_then(|folder| folder.sync_all()))
            .map_err(|source| KeyError::file(path, source))?;
        Ok(id)
    }

    /// A ring of one random key that is kept nowhere: for tests and throw-away stores.
    ///
    /// # Errors
    /// The random source fails.
    pub fn ephemeral() -> Result<Self, KeyError> {
        Ok(Self {
            current: Kek::derive(&*random_key()?)?,
            older: Vec::new(),
        })
    }

    /// The id of the key that new documents are encrypted under.
    pub fn current_id(&self) -> KeyId {
        self.current.id
    }

    pub(crate) fn current(&self) -> &Kek {
        &self.current
    }

    pub(crate) fn find(&self, id: KeyId) -> Option<&Kek> {
        std::iter::once(&self.current)
            .chain(&self.older)
            .find(|key| key.id == id)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let older: Vec<_> = self.older.iter().map(|key| key.id).collect();
        f.debug_struct("KeyRing")
            .field("current", &self.current.id)
            .field("older", &older)
            .finish()
    }
}

impl Kek {
    fn derive(key: &[u8; KEY_BYTES]) -> Result<Self, KeyError> {
        let root = Salt::new(HKDF_SHA256, b"renkei repository 1").extract(key);
        let derive = |purpose: &[u8]| -> Result<LessSafeKey, KeyError> {
            root.expand(&[purpose], &AES_256_GCM)
                .map(|okm| LessSafeKey::new(UnboundKey::from(okm)))
                .map_err(|_| KeyError::Crypto)
        };
        Ok(Self {
            id: KeyId::of(key),
            wrap: derive(b"wrap data keys")?,
            seal: derive(b"seal objects")?,
        })
    }
}

const FORM: &str = "renkei-key-1";
const FILE_BYTES_MAX: u64 = 256;

fn read_key(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
    let text = read_private(path)?;
    let mut words = text.split_ascii_whitespace();
    let (Some(FORM), Some(id), Some(digits), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(KeyError::Form(path.to_owned()));
    };
    let key = from_hex(digits).ok_or_else(|| KeyError::Form(path.to_owned()))?;
    if KeyId::of(&key).to_string() == id {
        Ok(key)
    } else {
        Err(KeyError::WrongId(path.to_owned()))
    }
}

/// The text of a small file that is no symbolic link and that only its owner may read.
fn read_private(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let failed = |source| KeyError::file(path, source);
    let named = std::fs::symlink_metadata(path).map_err(failed)?;
    let file = File::open(path).map_err(failed)?;
    let opened = file.metadata().map_err(failed)?;
    if !named.is_file() || (named.dev(), named.ino()) != (opened.dev(), opened.ino()) {
        return Err(KeyError::NotAFile(path.to_owned()));
    }
    if opened.mode() & 0o077 != 0 {
        return Err(KeyError::Open(path.to_owned()));
    }
    let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize));
    file.take(FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}

fn random_key() -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    aws_lc_rs::rand::fill(&mut *key).map_err(|_| KeyError::Crypto)?;
    Ok(key)
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Lower-case hexadecimal digits, wiped when dropped.
fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
    text
}

fn from_hex(digits: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    if digits.len() != KEY_BYTES * 2 {
        return None;
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    for (to, pair) in key.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let mut value = char::from(*high).to_digit(16)? << 4 | char::from(*low).to_digit(16)?;
        *to = u8::try_from(value).ok()?;
        value.zeroize();
    }
    Some(key)
}

/// Why a key ring cannot be had. `Display` names files, never keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The configuration names no key file.
    #[error("no key file is configured")]
    NoKey,
    /// More than [`KEYS_MAX`] files.
    #[error("more than {KEYS_MAX} key files are configured")]
    TooMany,
    /// Reading or writing failed.
    #[error("key file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A symbolic link, a folder or a device.
    #[error("key file {} is not a plain file", .0.display())]
    NotAFile(PathBuf),
    /// Others than the owner have access.
    #[error("key file {} is open to others: chmod 600 it", .0.display())]
    Open(PathBuf),
    /// Another form than the one that `create_file` writes.
    #[error("key file {} has not the form of a key file", .0.display())]
    Form(PathBuf),
    /// The id in the file is not that of the key in it.
    #[error("key file {} is damaged: its key does not fit its id", .0.display())]
    WrongId(PathBuf),
    /// The crypto library failed.
    #[error("the crypto library failed")]
    Crypto,
}

impl KeyError {
    fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
