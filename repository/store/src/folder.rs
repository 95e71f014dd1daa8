//! A local data folder: private to its owner, free of symbolic links, used by one process.
//!
//! `object_store` writes the large files and removes all; what it leaves to the process (modes, the flush after
//! a removal, files left over from a crash) is done here, and small files are written and all are read here, in
//! one step each.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};

use crate::backend::SMALL_BYTES_MAX;
use crate::commit::write_new;
use crate::error::StoreError;
use crate::layout;

/// Bytes read at a time.
const READ_BYTES: u64 = 256 * 1024;

/// An opened data folder. Clones share the lock on it.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: Arc<PathBuf>,
    /// Files come out as 0600 by themselves, because the umask is private.
    private_umask: bool,
    _lock: Arc<File>,
}

impl Folder {
    /// Opens the folder, or makes it where there is none; makes and checks the folders inside.
    ///
    /// # Errors
    /// It is a symbolic link, others have access to it, there is a symbolic link in place of a folder
    /// inside, another process has it open, or the file system fails.
    pub(crate) fn open(root: &Path) -> Result<Self, StoreError> {
        make_or_check(root)?;
        let lock = lock(root)?;
        for folder in layout::folders() {
            make_inside(&root.join(folder))?;
        }
        for top in [layout::BLOBS, layout::POINTERS] {
            sync(&root.join(top))?;
        }
        sync(root)?;
        let root = root
            .canonicalize()
            .map_err(StoreError::io("open the data folder"))?;
        Ok(Self {
            private_umask: umask_is_private(&root)?,
            root: Arc::new(root),
            _lock: Arc::new(lock),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Takes a file that was just written away from everybody but its owner.
    pub(crate) async fn restrict(&self, name: &str) -> Result<(), StoreError> {
        if self.private_umask {
            return Ok(());
        }
        let path = self.root.join(name);
        blocking(move || std::fs::set_permissions(path, Permissions::from_mode(0o600)))
            .await
            .map_err(StoreError::io("restrict a file"))
    }

    /// Writes a file that nobody else can name yet. It is not flushed.
    pub(crate) async fn write(&self, name: &str, bytes: Bytes) -> Result<(), StoreError> {
        let path = self.root.join(name);
        blocking(move || write_new(&path, &bytes, false))
            .await
            .map_err(StoreError::io("write a document"))
    }

    /// A small file whole, if it is there.
    pub(crate) async fn read_small(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        let path = self.root.join(name);
        let (bytes, size) = match blocking(move || read_ahead(&path, SMALL_BYTES_MAX)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map(|(_, bytes, size)| (bytes, size)),
        }
        .map_err(StoreError::io("read an object"))?;
        if size > SMALL_BYTES_MAX {
            return Err(StoreError::Damaged("a small object is too large"));
        }
        Ok(Some(bytes))
    }

    /// The bytes of a file, piece by piece; the first one is read already.
    pub(crate) async fn read(
        &self,
        name: &str,
    ) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, StoreError> {
        let path = self.root.join(name);
        let (file, first, size) = match blocking(move || read_ahead(&path, READ_BYTES)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(StoreError::Damaged("the bytes of a document are gone"));
            }
            read => read.map_err(StoreError::io("read a document"))?,
        };
        let left = size.saturating_sub(first.len() as u64);
        let first = (!first.is_empty()).then_some(Ok(first));
        Ok(stream::iter(first).chain(pieces(file, left)).boxed())
    }

    /// Makes removals of files durable: flushes the folders that these names lie in.
    pub(crate) async fn sync_parents(&self, names: &[String]) -> Result<(), StoreError> {
        let mut folders: Vec<PathBuf> = names
            .iter()
            .filter_map(|name| self.root.join(name).parent().map(Path::to_owned))
            .collect();
        folders.sort();
        folders.dedup();
        blocking(move || {
            folders
                .iter()
                .try_for_each(|folder| File::open(folder)?.sync_all())
        })
        .await
        .map_err(StoreError::io("flush a folder"))
    }

    /// Removes the unfinished files of writers that died, when they were last written before `before`.
    pub(crate) async fn remove_leftovers(&self, before: SystemTime) -> Result<u64, StoreError> {
        let root = Arc::clone(&self.root);
        blocking(move || {
            let mut removed = 0;
            for folder in layout::folders() {
                removed += remove_leftovers_in(&root.join(folder), before)?;
            }
            Ok(removed)
        })
        .await
        .map_err(StoreError::io("remove unfinished files"))
    }
}

/// Opens a file and reads its first bytes; its size is told too.
fn read_ahead(path: &Path, bytes_max: u64) -> std::io::Result<(File, Bytes, u64)> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let bytes = read_piece(&file, size.min(bytes_max))?;
    Ok((file, bytes, size))
}

fn read_piece(file: &File, len: u64) -> std::io::Result<Bytes> {
    let mut piece = Vec::with_capacity(usize::try_from(len).unwrap_or_default());
    file.take(len).read_to_end(&mut piece)?;
    Ok(piece.into())
}

/// The rest of a file.
fn pieces(file: File, left: u64) -> impl Stream<Item = Result<Bytes, StoreError>> + Send {
    stream::try_unfold((file, left), |(file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let (file, piece) = blocking(move || {
            let piece = read_piece(&file, left.min(READ_BYTES))?;
            Ok((file, piece))
        })
        .await
        .map_err(StoreError::io("read a document"))?;
        let left = left.saturating_sub(piece.len() as u64);
        Ok((!piece.is_empty()).then_some((piece, (file, left))))
    })
}

fn make_or_check(root: &Path) -> Result<(), StoreError> {
    let failed = StoreError::io("open the data folder");
    let found = match std::fs::symlink_metadata(root) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            DirBuilder::new().mode(0o700).create(root).map_err(&failed)?;
            let parent = root.parent().filter(|parent| !parent.as_os_str().is_empty());
            sync(parent.unwrap_or(Path::new(".")))?;
            std::fs::set_permissions(root, Permissions::from_mode(0o700)).map_err(&failed)?;
            std::fs::symlink_metadata(root)
        }
        found => found,
    }
    .map_err(&failed)?;
    if !found.is_dir() {
        return Err(unfit(
            root,
            "is no folder, or a symbolic link: name the folder itself",
        ));
    }
    if found.permissions().mode() & 0o077 != 0 {
        return Err(unfit(root, "is open to others: chmod 700 it"));
    }
    Ok(())
}

fn make_inside(path: &Path) -> Result<(), StoreError> {
    let failed = StoreError::io("make the folders of the store");
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let found = std::fs::symlink_metadata(path).map_err(&failed)?;
    if !found.is_dir() {
        return Err(unfit(path, "is no folder, or a symbolic link"));
    }
    if found.permissions().mode() & 0o777 != 0o700 {
        std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(&failed)?;
    }
    Ok(())
}

fn lock(root: &Path) -> Result<File, StoreError> {
    let path = root.join("lock");
    if std::fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
        return Err(unfit(&path, "is no plain file"));
    }
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(StoreError::io("lock the data folder"))?;
    file.try_lock()
        .map_err(|_| StoreError::InUse(root.display().to_string()))?;
    Ok(file)
}

/// Makes a file as `object_store` does, and looks at its mode.
fn umask_is_private(root: &Path) -> Result<bool, StoreError> {
    let failed = StoreError::io("write into the data folder");
    let path = root.join("probe");
    let mut file = File::create(&path).map_err(&failed)?;
    file.write_all(b"?").map_err(&failed)?;
    let mode = file.metadata().map_err(&failed)?.permissions().mode();
    std::fs::remove_file(&path).map_err(&failed)?;
    Ok(mode & 0o077 == 0)
}

/// `object_store` writes `name#1` and renames it to `name`.
fn remove_leftovers_in(folder: &Path, before: SystemTime) -> std::io::Result<u64> {
    let mut removed = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_string_lossy().contains('#') {
            continue;
        }
        let gone = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        };
        match entry.metadata().and_then(|found| found.modified()) {
            Ok(written) if written < before => {
                std::fs::remove_file(entry.path()).or_else(gone)?;
                removed += 1;
            }
            Ok(_) => {}
            Err(error) => gone(error)?,
        }
    }
    Ok(removed)
}

fn sync(folder: &Path) -> Result<(), StoreError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(StoreError::io("flush a folder"))
}

fn unfit(path: &Path, why: &str) -> StoreError {
    StoreError::Unfit(format!("{} {why}", path.display()))
}

/// Runs file system work where it may block.
pub(crate) async fn blocking<T, F>(work: F) -> std::io::Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> std::io::Result<T> + Send + 'static,
{
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(std::io::Error::other("the worker ended early")))
}
