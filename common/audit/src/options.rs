//! How a journal is kept.

use std::path::PathBuf;
use std::time::Duration;

use crate::medium::Medium;

/// How a journal is kept.
#[derive(Clone, Debug)]
pub struct JournalOptions {
    /// Bytes after which a new segment begins.
    pub segment_bytes_max: u64,
    /// Free bytes on the volume below which new requests are refused.
    pub free_bytes_min: u64,
    /// Bytes that may wait to be written.
    pub queue_bytes_max: usize,
    /// Records between two checkpoints, at most.
    pub checkpoint_records: u64,
    /// Time between two checkpoints, at most, while there is something new.
    pub checkpoint_every: Duration,
    /// A wall clock that moves by more than this against the monotonic one, between two records, was
    /// set: that is an event.
    pub clock_step_min: Duration,
    /// The audit key (PKCS#8, made if missing); `None`: `audit-key.pk8` in the folder.
    pub key_file: Option<PathBuf>,
    /// Whether full segments are compressed beside the writing ([`crate::seal`]).
    pub seal: bool,
    /// Where compressed segments are moved to, such as a slower or a write-once volume. It must be there.
    pub cold_folder: Option<PathBuf>,
    /// Files and free space.
    pub medium: Medium,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            segment_bytes_max: 64 * 1024 * 1024,
            free_bytes_min: 256 * 1024 * 1024,
            queue_bytes_max: 64 * 1024 * 1024,
            checkpoint_records: 1_000,
            checkpoint_every: Duration::from_secs(60),
            clock_step_min: Duration::from_secs(1),
            key_file: None,
            seal: false,
            cold_folder: None,
            medium: Medium::disk(),
        }
    }
}
