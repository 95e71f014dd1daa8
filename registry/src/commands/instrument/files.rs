//! Files that are read for instruments.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The disk.
    #[error("cannot read {}: {source}", file.display())]
    Io {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is too long.
    #[error("{} is longer than {max} bytes", file.display())]
    TooLong {
        /// Which file.
        file: PathBuf,
        /// How long it may be.
        max: usize,
    },
}

/// A text file of so many bytes at most.
pub(super) fn text(file: &Path, max: usize) -> Result<String, ReadError> {
    let mut text = String::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(file)
        .and_then(|open| open.take(limit).read_to_string(&mut text))
        .map_err(|source| ReadError::Io {
            file: file.to_owned(),
            source,
        })?;
    if text.len() > max {
        return Err(ReadError::TooLong {
            file: file.to_owned(),
            max,
        });
    }
    Ok(text)
}
