//! What the journal is written on: files, their names, and the room that is left for them.
//!
//! The journal of a running node takes [`Medium::disk`]. Tests of failing disks take their own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

/// A segment open for appending.
pub trait SegmentFile: Send {
    /// Appends `bytes`, all of them or an error.
    ///
    /// # Errors
    /// Whatever the system says; some of the bytes may have been written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Puts what was appended on the disk (`fdatasync`).
    ///
    /// # Errors
    /// Whatever the system says; after that nothing is known about the file.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file to `bytes`.
    ///
    /// # Errors
    /// Whatever the system says.
    fn truncate(&mut self, bytes: u64) -> io::Result<()>;
}

type OpenSegment = dyn Fn(&Path) -> io::Result<Box<dyn SegmentFile>> + Send + Sync;
type Rename = dyn Fn(&Path, &Path) -> io::Result<()> + Send + Sync;
type FreeBytes = dyn Fn(&Path) -> io::Result<u64> + Send + Sync;

/// Opens segments and measures free space.
#[derive(Clone)]
pub struct Medium {
    open: Arc<OpenSegment>,
    free: Arc<FreeBytes>,
    rename: Arc<Rename>,
}

impl Medium {
    /// The local disk.
    pub fn disk() -> Self {
        Self::new(|path| Ok(Box::new(DiskFile::open(path)?)), free_bytes)
    }

    /// Other means of opening a segment for appending (made if it is missing) and of measuring the
    /// free bytes of a folder's volume.
    pub fn new(
        open: impl Fn(&Path) -> io::Result<Box<dyn SegmentFile>> + Send + Sync + 'static,
        free: impl Fn(&Path) -> io::Result<u64> + Send + Sync + 'static,
    ) -> Self {
        Self {
            open: Arc::new(open),
            free: Arc::new(free),
            rename: Arc::new(|from, to| fs::rename(from, to)),
        }
    }

    /// Another means of giving a new segment its name.
    #[must_use]
    pub fn renaming(
        mut self,
        rename: impl Fn(&Path, &Path) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.rename = Arc::new(rename);
        self
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        (self.rename)(from, to)
    }

    pub(crate) fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        (self.open)(path)
    }

    pub(crate) fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        (self.free)(folder)
    }
}

impl std::fmt::Debug for Medium {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Medium(..)")
    }
}

/// A segment on the local disk, readable by its owner only.
#[derive(Debug)]
pub struct DiskFile(File);

impl DiskFile {
    /// Opens or makes `path`.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map(Self)
    }
}

impl SegmentFile for DiskFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }
}

/// Bytes that an ordinary user may still write to the volume of `folder`.
fn free_bytes(folder: &Path) -> io::Result<u64> {
    let volume = nix::sys::statvfs::statvfs(folder)?;
    Ok(volume.blocks_available().saturating_mul(volume.fragment_size()))
}

/// Puts a folder's entries on the disk.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
