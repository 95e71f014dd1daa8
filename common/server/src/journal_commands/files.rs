//! Files that are named on the command line.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use xds_audit::checkpoint::{Checkpoint, PUBLIC_FILE, PublicKey};

use super::{JournalCommandError, Key, KeySource};

/// The longest file that is read, in bytes. A proof holds 80 bytes for each record up to the checkpoint.
const BYTES_MAX: u64 = 512 * 1024 * 1024;

/// The key that was named, or the one beside the journal.
pub(super) fn key(named: Option<&Path>, journal: &Path) -> Result<Key, JournalCommandError> {
    if let Some(file) = named {
        let key = public_key(file)?;
        return Ok(Key {
            key: Some(key),
            source: KeySource::Given,
        });
    }
    let beside = fs::read_to_string(journal.join(PUBLIC_FILE)).ok();
    let key = beside.as_deref().and_then(PublicKey::from_pem);
    let source = key.map_or(KeySource::None, |_| KeySource::Beside);
    Ok(Key { key, source })
}

pub(super) fn public_key(file: &Path) -> Result<PublicKey, JournalCommandError> {
    let text = read(file)?;
    std::str::from_utf8(&text)
        .ok()
        .and_then(PublicKey::from_pem)
        .ok_or_else(|| JournalCommandError::NoPublicKey(file.to_owned()))
}

/// One checkpoint, or several one after the other.
pub(super) fn checkpoints(file: &Path) -> Result<Vec<Checkpoint>, JournalCommandError> {
    let text = read(file)?;
    let read: Result<Vec<Checkpoint>, _> = serde_json::Deserializer::from_slice(&text).into_iter().collect();
    match read {
        Ok(checkpoints) if !checkpoints.is_empty() => Ok(checkpoints),
        _ => Err(JournalCommandError::NoCheckpoint(file.to_owned())),
    }
}

pub(super) fn checkpoint(file: &Path) -> Result<Checkpoint, JournalCommandError> {
    let mut checkpoints = checkpoints(file)?;
    match (checkpoints.pop(), checkpoints.is_empty()) {
        (Some(checkpoint), true) => Ok(checkpoint),
        _ => Err(JournalCommandError::NoCheckpoint(file.to_owned())),
    }
}

pub(super) fn read(file: &Path) -> Result<Vec<u8>, JournalCommandError> {
    let read = || {
        let mut bytes = Vec::new();
        File::open(file)?.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    };
    read().map_err(|source| JournalCommandError::Unreadable {
        file: file.to_owned(),
        source,
    })
}

/// Makes a new file for the owner's eyes: an event holds names. One that is there is not written over.
pub(super) fn write(file: &Path, text: &str) -> Result<(), JournalCommandError> {
    let write = || {
        let mut opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)?;
        opened.write_all(text.as_bytes())?;
        opened.sync_all()
    };
    write().map_err(|source| JournalCommandError::Unwritable {
        file: file.to_owned(),
        source,
    })
}
