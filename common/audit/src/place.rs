//! Where the segments lie: in the journal's folder, and sealed ones perhaps in cold storage.
//!
//! `journal-<first sequence, 20 digits>.seg`, and `.seg.zst` when sealed. A segment is copied before the
//! older form of it is removed, so it is always found: plain first, then sealed, then in cold storage.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::JournalError;
use crate::seal;
use crate::verify::Fault;

/// The file in a journal's folder that names its cold storage.
pub(crate) const COLD_FILE: &str = "cold-folder";

const PREFIX: &str = "journal-";
const PLAIN: &str = ".seg";
const SEALED: &str = ".seg.zst";

/// A segment, and where it lies.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Place {
    /// The number of its first record.
    pub(crate) first: u64,
    /// The file.
    pub(crate) path: PathBuf,
    /// Whether it is sealed.
    pub(crate) sealed: bool,
}

impl Place {
    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_prefix(PREFIX)?;
        let (digits, sealed) = name
            .strip_suffix(SEALED)
            .map(|digits| (digits, true))
            .or_else(|| name.strip_suffix(PLAIN).map(|digits| (digits, false)))?;
        let plain = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let first = plain.then(|| digits.parse().ok())??;
        Some(Self { first, path, sealed })
    }

    /// The name of its file, without the folder.
    pub(crate) fn file(&self) -> String {
        self.path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }

    /// Header and records, whole.
    ///
    /// # Errors
    /// [`Unread`]; a sealed file is compared with its own hash.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, Unread> {
        let bytes = fs::read(&self.path)?;
        if self.sealed {
            seal::unseal(&bytes).ok_or(Unread::Fault(Fault::Sealed))
        } else {
            Ok(bytes)
        }
    }

    /// The same; a segment that was sealed or moved since it was listed is read where it lies now.
    pub(crate) fn bytes_wherever(&self, folder: &Path) -> Result<Vec<u8>, Unread> {
        match self.bytes() {
            Err(Unread::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                find(folder, self.first)?.ok_or(error)?.bytes()
            }
            read => read,
        }
    }

    /// Header and records, as a stream.
    pub(crate) fn stream(&self) -> io::Result<Box<dyn Read + Send>> {
        let file = File::open(&self.path)?;
        if self.sealed {
            Ok(Box::new(seal::stream(file)?))
        } else {
            Ok(Box::new(file))
        }
    }
}

/// Why a segment could not be read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The system refused.
    Io(io::Error),
    /// It is not as it was written.
    Fault(Fault),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Unread {
    /// As the error of a journal.
    pub(crate) fn in_journal(self, folder: &Path, path: &Path) -> JournalError {
        match self {
            Self::Io(source) => JournalError::io("cannot read", path)(source),
            Self::Fault(verdict) => JournalError::Damaged {
                folder: folder.to_owned(),
                verdict,
            },
        }
    }
}

/// The path of the plain segment that begins with record `first`.
pub(crate) fn plain(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{PREFIX}{first:020}{PLAIN}"))
}

/// The path of the sealed segment that begins with record `first`.
pub(crate) fn sealed(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{PREFIX}{first:020}{SEALED}"))
}

/// The cold storage that the journal in `folder` names.
pub(crate) fn cold_folder(folder: &Path) -> io::Result<Option<PathBuf>> {
    match fs::read_to_string(folder.join(COLD_FILE)) {
        Ok(text) => Ok(Some(folder.join(text.trim_end_matches('\n')))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The segments of the journal in `folder`, by their first record.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<Place>> {
    list_with(folder, cold_folder(folder)?.as_deref())
}

/// The segments in `folder` and in `cold`, by their first record.
///
/// The folder is looked at again after the cold storage, so that a segment that changes its form or place meanwhile
/// is seen at least once.
pub(crate) fn list_with(folder: &Path, cold: Option<&Path>) -> io::Result<Vec<Place>> {
    if !folder.is_dir() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut found = BTreeMap::new();
    let hot = in_folder(folder)?;
    let cold = cold.map(in_folder).transpose()?.unwrap_or_default();
    let sealed = |place: &Place| place.sealed;
    let mut hot: Vec<Place> = hot.into_iter().chain(in_folder(folder)?).collect();
    // The plain form last: it is the one that stays.
    hot.sort_by_key(|place| !place.sealed);
    for place in cold.into_iter().filter(sealed).chain(hot) {
        found.insert(place.first, place);
    }
    Ok(found.into_values().collect())
}

/// Cold storage that is not mounted holds nothing: whoever needs a segment of it says which.
fn in_folder(folder: &Path) -> io::Result<Vec<Place>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut places = Vec::new();
    for entry in entries {
        places.extend(Place::of(entry?.path()));
    }
    Ok(places)
}

/// The segment that begins with record `first`.
pub(crate) fn find(folder: &Path, first: u64) -> io::Result<Option<Place>> {
    let cold = cold_folder(folder)?;
    let paths = [Some(plain(folder, first)), Some(sealed(folder, first))]
        .into_iter()
        .chain([cold.map(|cold| sealed(&cold, first))])
        .flatten();
    for path in paths {
        if path.try_exists()? {
            return Ok(Place::of(path));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_of(name: &str) -> Option<(u64, bool)> {
        Place::of(Path::new("/j").join(name)).map(|place| (place.first, place.sealed))
    }

    #[test]
    fn only_segments_are_listed() {
        assert_eq!(first_of("journal-00000000000000000042.seg"), Some((42, false)));
        assert_eq!(first_of("journal-00000000000000000042.seg.zst"), Some((42, true)));
        for other in [
            "journal-42.seg",
            "journal-+0000000000000000042.seg",
            "journal-00000000000000000042.seg.new",
            "journal-00000000000000000042.seg.zst.new",
            "journal.lock",
            "torn-1.bin",
        ] {
            assert_eq!(first_of(other), None, "{other}");
        }
    }
}
