//! The last good measurement, kept in a small file over a restart.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use time::OffsetDateTime;

/// The largest file that is read, in bytes.
const BYTES_MAX: u64 = 256;

/// When the clock was last seen to be right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LastGood {
    /// When, by the clock that was right then; to the second.
    pub at: OffsetDateTime,
    /// Milliseconds that the sources were ahead.
    pub offset_ms: i64,
}

/// Reads it. A file that is missing or damaged is no good measurement.
pub fn read(file: &Path) -> Option<LastGood> {
    let mut text = String::new();
    let opened = File::open(file).ok()?;
    opened.take(BYTES_MAX).read_to_string(&mut text).ok()?;
    let (seconds, offset) = text.trim().split_once(' ')?;
    Some(LastGood {
        at: OffsetDateTime::from_unix_timestamp(seconds.parse().ok()?).ok()?,
        offset_ms: offset.parse().ok()?,
    })
}

/// Writes it beside the old one, then in its place. Not flushed: what a power cut loses is one minute's measurement.
///
/// # Errors
/// When the folder does not take it.
pub fn write(file: &Path, good: LastGood) -> std::io::Result<()> {
    // At the very first start the journal's folder, and what is above it, is not made yet.
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let text = format!("{} {}\n", good.at.unix_timestamp(), good.offset_ms);
    File::create(&beside)?.write_all(text.as_bytes())?;
    fs::rename(&beside, file)
}
