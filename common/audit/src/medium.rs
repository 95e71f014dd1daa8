//! What the journal is written on: files, their names, and the room that is left for them.
//!
//! The journal of a running node takes [`Medium::disk`]. Tests of failing disks take their own.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
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

    /// Takes back what was appended after the first `bytes` of the file.
    ///
    /// # Errors
    /// Whatever the system says.
    fn truncate(&mut self, bytes: u64) -> io::Result<()>;

    /// Ends the file where the last appended byte stands, on the disk too: nothing more comes.
    ///
    /// # Errors
    /// Whatever the system says.
    fn finish(&mut self) -> io::Result<()>;
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

/// Zeros written ahead of what is appended. A flush that changes neither size nor extents of a file writes no inode:
/// it costs the disk one write instead of several, and the file system's journal nothing.
const ROOM_BYTES: u64 = 1024 * 1024;

static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// A segment on the local disk, readable by its owner only, with room ahead.
#[derive(Debug)]
pub struct DiskFile {
    file: File,
    /// Where the next byte goes.
    end: u64,
    /// Where the zeros end.
    room: u64,
}

impl DiskFile {
    /// Opens or makes `path`.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        let end = file.metadata()?.len();
        Ok(Self { file, end, room: end })
    }

    /// Room for `bytes` more, and some: on a disk that is nearly full, without it.
    fn make_room(&mut self, bytes: u64) {
        let needed = self.end.saturating_add(bytes);
        if needed <= self.room {
            return;
        }
        for step in (0..ROOM_BYTES).step_by(ZEROS.len()) {
            if self.file.write_all_at(&ZEROS, needed + step).is_err() {
                break;
            }
            self.room = needed + step + ZEROS.len() as u64;
        }
    }
}

impl SegmentFile for DiskFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.make_room(bytes.len() as u64);
        self.file.write_all_at(bytes, self.end)?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)?;
        self.end = bytes;
        self.room = bytes;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.room > self.end {
            self.truncate(self.end)?;
        }
        self.file.sync_data()
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
