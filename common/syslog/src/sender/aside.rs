//! Messages that a receiver refuses for good: each in a file, until the operator has seen to it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::destination::DestinationName;

/// Messages of one record that are set aside at most: far more than it has patients.
const PARTS_MAX: u32 = 100_000;

/// The folder `NAME.refused` beside the cursor.
#[derive(Clone, Debug)]
pub(super) struct Aside {
    folder: PathBuf,
}

impl Aside {
    pub(super) fn new(folder: &Path, name: &DestinationName) -> Self {
        Self {
            folder: folder.join(format!("{name}.refused")),
        }
    }

    /// How many messages lie there.
    pub(super) fn count(&self) -> u64 {
        fs::read_dir(&self.folder).map_or(0, |files| files.count() as u64)
    }

    /// Puts a message of this record there, lasting, and says where. One that lies there already is not put twice.
    pub(super) fn put(&self, sequence: u64, message: &str) -> io::Result<PathBuf> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        for part in 1..=PARTS_MAX {
            let path = self.folder.join(format!("{sequence}-{part}.json"));
            match self.write(&path, message) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if fs::read(&path)? == message.as_bytes() {
                        return Ok(path);
                    }
                }
                written => return written.map(|()| path),
            }
        }
        Err(io::ErrorKind::QuotaExceeded.into())
    }

    /// Written beside and linked to its name: a file there is whole.
    fn write(&self, path: &Path, message: &str) -> io::Result<()> {
        let staged = self.folder.with_extension("refused-new");
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&staged)?;
        file.write_all(message.as_bytes())?;
        file.sync_all()?;
        let linked = fs::hard_link(&staged, path);
        fs::remove_file(&staged)?;
        linked?;
        File::open(&self.folder)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_lies_there_once_and_whole() {
        let folder = std::env::temp_dir().join(format!("renkei-aside-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let aside = Aside::new(&folder, &"arr".parse().unwrap());
        assert_eq!(aside.count(), 0);
        let first = aside.put(7, "a").unwrap();
        assert_eq!(aside.put(7, "a").unwrap(), first);
        let second = aside.put(7, "b").unwrap();
        assert_eq!(aside.count(), 2);
        assert_eq!(
            (fs::read(first).unwrap(), fs::read(second).unwrap()),
            (b"a".to_vec(), b"b".to_vec())
        );
        fs::remove_dir_all(folder).unwrap();
    }
}
