//! Why the journal does not take an event.

use std::io;
use std::path::{Path, PathBuf};

/// Why an event was not written. A request that meets one is refused or gets no answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AuditError {
    /// The volume of the journal is nearly full. Ends by itself when there is room again.
    #[error("the volume of the audit journal is nearly full")]
    DiskLow,
    /// More waits to be written than may. Ends by itself.
    #[error("the audit journal cannot keep up")]
    Overloaded,
    /// A write or a sync failed. Final: whether earlier data reached the disk cannot be known, and only
    /// a restart reads what is there.
    #[error("the audit journal failed and takes no more events until a restart")]
    Failed,
    /// It was shut down.
    #[error("the audit journal is closed")]
    Closed,
    /// The event is longer than [`crate::record::PAYLOAD_BYTES_MAX`].
    #[error("the audit event is too large")]
    TooLarge,
    /// The event could not be written as JSON.
    #[error("the audit event cannot be encoded")]
    Encoding,
}

impl AuditError {
    /// Whether the same request may succeed later without anybody's help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::DiskLow | Self::Overloaded)
    }
}

/// Why a journal could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process writes it.
    #[error("the audit journal in {folder} is in use by another process")]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// A record other than the last ones is not as it was written. Nothing is written after it: run
    /// `audit verify`, keep the folder as evidence and give the process a new one.
    #[error("the audit journal in {folder} is damaged: {verdict}")]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// Where and how.
        verdict: crate::verify::Fault,
    },
    /// The signing key cannot be read.
    #[error("the audit key in {path} is not an Ed25519 key in PKCS#8")]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// The key is not the one that the journal was begun with, whose public half is in the folder. Put that one back,
    /// or begin a new folder.
    #[error(
        "the audit key in {path} is not the one that the journal in {folder} was begun with: put that one back, or give the process a new folder"
    )]
    OtherKey {
        /// The folder.
        folder: PathBuf,
        /// The key.
        path: PathBuf,
    },
    /// A record cannot be read as what it says it is.
    #[error(
        "record {sequence} of the audit journal cannot be understood; was it written by a later release?"
    )]
    Content {
        /// Its number.
        sequence: u64,
    },
    /// Another cold storage was configured while segments lie in the one before. Move them, and change the file
    /// `cold-folder` in the journal's folder.
    #[error(
        "segments of the audit journal lie in {was}, not in {now}: move them and change the file cold-folder"
    )]
    ColdMoved {
        /// Where they lie.
        was: PathBuf,
        /// What is configured now.
        now: PathBuf,
    },
    /// A cursor that was kept elsewhere is beyond the journal's end: the journal was put back to an older state.
    #[error("record {after} of the audit journal was seen before, but it ends at {last}: was it put back?")]
    Ahead {
        /// The number that was seen.
        after: u64,
        /// The newest record.
        last: u64,
    },
    /// The operating system refused something.
    #[error("{what} {path}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
}

/// Why old segments were not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// The event about it could not be written: nothing was removed.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The segments could not be read or removed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl JournalError {
    /// For `map_err`: an I/O failure with its circumstances.
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}
