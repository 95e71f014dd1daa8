//! Sealing full segments and moving them to cold storage.
//!
//! Every step leaves the segment readable: the new file is on the disk, and read back, before the old one goes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use serde::Serialize;

use crate::error::JournalError;
use crate::medium::sync_folder;
use crate::place::{COLD_FILE, Place, cold_folder, list, sealed};
use crate::queue::Queue;
use crate::seal::{seal as pack, unseal};
use crate::verify::Fault;

/// What [`seal`] did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Sealed {
    /// Segments compressed.
    pub sealed: u64,
    /// Segments moved to cold storage.
    pub moved: u64,
    /// Bytes of the segments compressed, before.
    pub bytes_before: u64,
    /// The same, after.
    pub bytes_after: u64,
}

/// Compresses every segment of the journal in `folder` but the last, and moves what is compressed to the cold
/// storage that the journal names, if it names one ([`crate::JournalOptions::cold_folder`]). May run beside the
/// process that writes.
///
/// # Errors
/// [`JournalError::InUse`] if it runs already, [`JournalError::Io`], [`JournalError::Damaged`] if what was
/// written does not read back. What was done until then stays done.
pub fn seal(folder: &Path) -> Result<Sealed, JournalError> {
    let _lock = lock(folder, "seal.lock")?;
    let mut done = Sealed::default();
    let mut places = list(folder).map_err(JournalError::io("cannot read", folder))?;
    places.pop();
    for place in &places {
        if !place.sealed {
            let (before, after) = compress(folder, place)?;
            done.sealed += 1;
            done.bytes_before += before;
            done.bytes_after += after;
        }
    }
    let Some(cold) = cold_folder(folder).map_err(JournalError::io("cannot read", folder))? else {
        return Ok(done);
    };
    for place in &places {
        done.moved += u64::from(move_away(folder, &cold, place.first)?);
    }
    Ok(done)
}

/// Takes a lock in `folder`, for as long as the file lives.
pub(crate) fn lock(folder: &Path, name: &str) -> Result<File, JournalError> {
    let path = folder.join(name);
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    let file = options
        .open(&path)
        .map_err(JournalError::io("cannot open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse {
            folder: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(JournalError::io("cannot lock", &path)(source)),
    }
}

/// Notes where the journal's cold storage is. It may not change while segments lie in the old one: they would
/// count as removed.
pub(crate) fn name_cold(folder: &Path, cold: &Path) -> Result<(), JournalError> {
    let cold = std::path::absolute(cold).map_err(JournalError::io("cannot use", cold))?;
    let known = cold_folder(folder).map_err(JournalError::io("cannot read", folder))?;
    if known.as_deref() == Some(cold.as_path()) {
        return Ok(());
    }
    if let Some(was) = known
        && lies_in(folder, &was)?
    {
        return Err(JournalError::ColdMoved { was, now: cold });
    }
    let text = format!("{}\n", cold.display());
    write_whole(&folder.join(COLD_FILE), text.as_bytes())
}

fn lies_in(folder: &Path, cold: &Path) -> Result<bool, JournalError> {
    let places = list(folder).map_err(JournalError::io("cannot read", folder))?;
    Ok(places.iter().any(|place| place.path.starts_with(cold)))
}

/// Bytes before and after.
fn compress(folder: &Path, place: &Place) -> Result<(u64, u64), JournalError> {
    let plain = place
        .bytes()
        .map_err(|unread| unread.in_journal(folder, &place.path))?;
    let packed = pack(&plain).map_err(JournalError::io("cannot compress", &place.path))?;
    let path = sealed(folder, place.first);
    write_whole(&path, &packed)?;
    let read = fs::read(&path).map_err(JournalError::io("cannot read", &path))?;
    if unseal(&read).as_deref() != Some(plain.as_slice()) {
        return Err(unreadable(folder));
    }
    remove(&place.path)?;
    Ok((plain.len() as u64, packed.len() as u64))
}

/// Whether it was there to be moved.
fn move_away(folder: &Path, cold: &Path, first: u64) -> Result<bool, JournalError> {
    let (from, to) = (sealed(folder, first), sealed(cold, first));
    let bytes = match fs::read(&from) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(JournalError::io("cannot read", &from)(source)),
    };
    write_whole(&to, &bytes)?;
    let read = fs::read(&to).map_err(JournalError::io("cannot read", &to))?;
    if read != bytes {
        return Err(unreadable(folder));
    }
    remove(&from)?;
    Ok(true)
}

fn unreadable(folder: &Path) -> JournalError {
    JournalError::Damaged {
        folder: folder.to_owned(),
        verdict: Fault::Sealed,
    }
}

/// Removes a file for good.
pub(crate) fn remove(path: &Path) -> Result<(), JournalError> {
    fs::remove_file(path)
        .and_then(|()| path.parent().map_or(Ok(()), sync_folder))
        .map_err(JournalError::io("cannot remove", path))
}

/// Writes a file of ours, all of it or nothing, on the disk when this returns.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let fresh = PathBuf::from(name);
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        path.parent().map_or(Ok(()), sync_folder)
    };
    write().map_err(JournalError::io("cannot write", path))
}

/// The thread that seals beside the writer. It is woken by what is returned, and ends when that is dropped.
pub(crate) fn background(folder: &Path, queue: &Arc<Queue>) -> Result<SyncSender<()>, JournalError> {
    let (wake, woken) = sync_channel(1);
    let (folder_of, queue) = (folder.to_owned(), Arc::clone(queue));
    thread::Builder::new()
        .name("audit-seal".to_owned())
        .spawn(move || work(&folder_of, &woken, &queue))
        .map_err(JournalError::io("cannot start the sealing thread for", folder))?;
    // What the process before left.
    let _ = wake.try_send(());
    Ok(wake)
}

fn work(folder: &Path, woken: &Receiver<()>, queue: &Queue) {
    while woken.recv().is_ok() {
        let failed = match seal(folder) {
            Ok(done) => {
                queue.stats.sealed.fetch_add(done.sealed, Ordering::Relaxed);
                false
            }
            // The command does it right now.
            Err(JournalError::InUse { .. }) => false,
            Err(error) => {
                tracing::error!(%error, "alarm: full segments of the audit journal are not sealed or moved");
                true
            }
        };
        queue.stats.seal_failed.store(failed, Ordering::Relaxed);
    }
}
