//! Files with what the trail says: for their owner only, and never in the place of another by mistake.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use xds_model::IdSource;

/// Why a file was not made.
#[derive(Debug, thiserror::Error)]
pub(in crate::commands) enum FileError {
    /// There is one.
    #[error("{} is there already: give another name, or --force to replace it", .0.display())]
    IsThere(PathBuf),
    /// The disk.
    #[error("cannot write {}: {source}", file.display())]
    Unwritable {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Makes a file that only its owner may read. With `force` it replaces one of that name, at once: the name, not what a
/// link of that name leads to.
///
/// # Errors
/// [`FileError`].
pub(in crate::commands) fn write(
    path: &Path,
    bytes: &[u8],
    force: bool,
    ids: &dyn IdSource,
) -> Result<(), FileError> {
    let written = match force {
        false => fill(path, bytes),
        true => {
            let draft = draft_of(path, ids);
            fill(&draft, bytes).and_then(|()| {
                fs::rename(&draft, path).inspect_err(|_| {
                    let _ = fs::remove_file(&draft);
                })
            })
        }
    };
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => FileError::IsThere(path.to_owned()),
        _ => FileError::Unwritable {
            file: path.to_owned(),
            source,
        },
    })
}

fn draft_of(path: &Path, ids: &dyn IdSource) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", ids.random().simple()));
    path.with_file_name(name)
}

/// A new file with these bytes, or none.
fn fill(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .inspect_err(|_| {
            // A part of a sheet is no sheet, and tells of persons.
            let _ = fs::remove_file(path);
        })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use xds_model::time::System;

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let name = format!("renkei-audit-file-{}", System.random().simple());
            let path = std::env::temp_dir().join(name);
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let mut names: Vec<_> = fs::read_dir(&self.0)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_is_for_its_owner_and_replaces_another_only_by_force() {
        let folder = Folder::new();
        let path = folder.0.join("sheet.html");
        write(&path, b"one", false, &System).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = write(&path, b"two", false, &System);
        assert!(matches!(again, Err(FileError::IsThere(_))));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        write(&path, b"two", true, &System).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.names(), ["sheet.html"]);
    }

    #[test]
    fn a_link_leads_nowhere() {
        let folder = Folder::new();
        let (target, link) = (folder.0.join("target"), folder.0.join("link"));
        fs::write(&target, b"precious").unwrap();
        symlink(&target, &link).unwrap();
        assert!(write(&link, b"sheet", false, &System).is_err());
        write(&link, b"sheet", true, &System).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        assert!(!fs::symlink_metadata(&link).unwrap().is_symlink());
        let nowhere = folder.0.join("no/such/folder");
        assert!(matches!(
            write(&nowhere, b"", false, &System),
            Err(FileError::Unwritable { .. })
        ));
    }
}
