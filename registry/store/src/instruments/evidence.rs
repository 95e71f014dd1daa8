//! Evidence files, kept by their hash.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use xds_model::IdSource;
use xds_policy::hash::ContentHash;

/// Bytes of an evidence file at most.
pub const EVIDENCE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A folder of evidence files: each named by its SHA-256, for its owner only, and on disk before a version that rests
/// on it is entered. `ab/ab12…` is under the first two digits.
#[derive(Clone, Debug)]
pub struct EvidenceFolder {
    folder: PathBuf,
}

/// Why evidence was not kept, or not found.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The disk.
    #[error("evidence at {}: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is too long.
    #[error("{} is longer than {EVIDENCE_BYTES_MAX} bytes", path.display())]
    TooLong {
        /// Which file.
        path: PathBuf,
    },
}

impl EvidenceFolder {
    /// The folder `evidence` in the registry's data folder; it is made when the first file comes.
    pub fn of(data: &Path) -> Self {
        Self {
            folder: data.join("evidence"),
        }
    }

    /// The hash of a file, as it would be kept.
    ///
    /// # Errors
    /// When it cannot be read, or is too long.
    pub fn hash_of(file: &Path) -> Result<ContentHash, EvidenceError> {
        Ok(ContentHash::of_bytes(&whole(file)?))
    }

    /// Keeps a copy of a file, and says its hash. When it returns, the copy outlives a power cut. A copy that was
    /// damaged is replaced.
    ///
    /// # Errors
    /// When the file cannot be read, is too long, or the copy cannot be written.
    pub fn keep(&self, file: &Path, ids: &dyn IdSource) -> Result<ContentHash, EvidenceError> {
        self.keep_bytes(&whole(file)?, ids)
    }

    /// The same of a file's bytes.
    ///
    /// # Errors
    /// When they are too many, or the copy cannot be written.
    pub fn keep_bytes(&self, bytes: &[u8], ids: &dyn IdSource) -> Result<ContentHash, EvidenceError> {
        let hash = ContentHash::of_bytes(bytes);
        if u64::try_from(bytes.len()).map_or(true, |length| length > EVIDENCE_BYTES_MAX) {
            return Err(EvidenceError::TooLong {
                path: self.path(&hash),
            });
        }
        if self.found(&hash)? == Some(hash) {
            return Ok(hash);
        }
        let path = self.path(&hash);
        let folder = path.parent().unwrap_or(&self.folder);
        let draft = folder.join(format!(".{}", ids.random().simple()));
        let written = made(&self.folder)
            .and_then(|()| made(folder))
            .and_then(|()| fill(&draft, bytes))
            .and_then(|()| fs::rename(&draft, &path))
            .and_then(|()| File::open(folder)?.sync_all());
        written.map_err(|source| {
            let _ = fs::remove_file(&draft);
            failed(&path, source)
        })?;
        Ok(hash)
    }

    /// Reads the copy of a file again: its hash now, which is another than asked for if it is damaged; none if there
    /// is no copy.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn found(&self, hash: &ContentHash) -> Result<Option<ContentHash>, EvidenceError> {
        let bytes = self.read(hash)?;
        Ok(bytes.map(|bytes| ContentHash::of_bytes(&bytes)))
    }

    /// The bytes that are kept under a hash, which are others if the copy is damaged; none if there is no copy.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, hash: &ContentHash) -> Result<Option<Vec<u8>>, EvidenceError> {
        match whole(&self.path(hash)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(EvidenceError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn path(&self, hash: &ContentHash) -> PathBuf {
        let name = hash.to_string();
        let first = name.get(..2).unwrap_or_default();
        self.folder.join(first).join(&name)
    }
}

/// A folder for its owner only, on disk with its name.
fn made(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    folder
        .parent()
        .map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

fn fill(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn whole(path: &Path) -> Result<Vec<u8>, EvidenceError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(EVIDENCE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|source| failed(path, source))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > EVIDENCE_BYTES_MAX) {
        return Err(EvidenceError::TooLong {
            path: path.to_owned(),
        });
    }
    Ok(bytes)
}

fn failed(path: &Path, source: io::Error) -> EvidenceError {
    EvidenceError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use xds_model::time::System;

    use super::*;

    #[test]
    fn a_copy_is_for_its_owner_and_is_healed() {
        let data = std::env::temp_dir().join(format!("renkei-evidence-{}", System.random().simple()));
        fs::create_dir(&data).unwrap();
        let scan = data.join("scan.pdf");
        fs::write(&scan, b"signed").unwrap();
        let folder = EvidenceFolder::of(&data);
        let hash = ContentHash::of_bytes(b"signed");
        assert_eq!(folder.found(&hash).unwrap(), None);
        assert_eq!(folder.keep(&scan, &System).unwrap(), hash);
        assert_eq!(folder.found(&hash).unwrap(), Some(hash));
        let copy = folder.path(&hash);
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        let parent = copy.parent().unwrap();
        assert_eq!(fs::metadata(parent).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(&copy, b"forged").unwrap();
        assert_eq!(
            folder.found(&hash).unwrap(),
            Some(ContentHash::of_bytes(b"forged"))
        );
        folder.keep(&scan, &System).unwrap();
        assert_eq!(folder.found(&hash).unwrap(), Some(hash));
        assert_eq!(fs::read_dir(parent).unwrap().count(), 1);
        assert!(folder.keep(&data.join("absent"), &System).is_err());
        fs::remove_dir_all(&data).unwrap();
    }
}
