//! How far a destination has been served, on the disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::destination::DestinationName;

/// How far a destination has been served.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// Everything up to this number of the source is delivered.
    pub(super) settled: u64,
    /// Messages delivered over all times.
    pub(super) delivered: u64,
    /// Messages sent again over all times.
    pub(super) resent: u64,
}

/// Why a cursor cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CursorError {
    /// The file or its folder cannot be read or written.
    #[error("cannot {what} {path}: {source}")]
    Io {
        /// Read or write.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The source ends before the cursor: it is not the one that was delivered from, or was restored from an older
    /// copy, and gives numbers out again. What comes now would be taken for delivered. Remove the file to send everything
    /// again, with the same ids.
    #[error("{path} says {settled}, but the source ends at {newest}")]
    Ahead {
        /// The file.
        path: PathBuf,
        /// What it says.
        settled: u64,
        /// The last number of the source.
        newest: u64,
    },
    /// The file holds something else. Written whole or not at all, it was changed by somebody: put it right, or remove
    /// it to send everything again.
    #[error("{path} is no cursor of a syslog destination")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// The file of one destination's cursor.
#[derive(Clone, Debug)]
pub(super) struct CursorFile {
    folder: PathBuf,
    path: PathBuf,
}

impl CursorFile {
    pub(super) fn new(folder: &Path, name: &DestinationName) -> Self {
        Self {
            folder: folder.to_owned(),
            path: folder.join(format!("{name}.cursor")),
        }
    }

    /// The cursor as it was saved last; the beginning where there is none yet.
    fn load(&self) -> Result<Cursor, CursorError> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Cursor::default()),
            Err(source) => return Err(self.io("read", source)),
        };
        serde_json::from_slice(&text).map_err(|_| CursorError::Damaged {
            path: self.path.clone(),
        })
    }

    /// The cursor, if it lies within a source that ends at `newest`.
    pub(super) fn load_within(&self, newest: u64) -> Result<Cursor, CursorError> {
        let cursor = self.load()?;
        if cursor.settled <= newest {
            return Ok(cursor);
        }
        Err(CursorError::Ahead {
            path: self.path.clone(),
            settled: cursor.settled,
            newest,
        })
    }

    /// Written beside, put on the disk, renamed, and the name put on the disk: the old one or the new one, whole.
    pub(super) fn save(&self, cursor: Cursor) -> Result<(), CursorError> {
        self.replace(cursor).map_err(|source| self.io("write", source))
    }

    fn replace(&self, cursor: Cursor) -> io::Result<()> {
        let staged = self.path.with_extension("cursor-new");
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&staged)?;
        file.write_all(&serde_json::to_vec(&cursor)?)?;
        file.sync_all()?;
        fs::rename(&staged, &self.path)?;
        File::open(&self.folder)?.sync_all()
    }

    fn io(&self, what: &'static str, source: io::Error) -> CursorError {
        CursorError::Io {
            what,
            path: self.path.clone(),
            source,
        }
    }
}
