//! The journal as the handlers see it.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use time::OffsetDateTime;
use tokio::sync::{oneshot, watch};
use uuid::Uuid;
use xds_model::time::{IdSource, SharedClock};

use crate::archive::{background, lock, name_cold};
use crate::caller::Caller;
use crate::checkpoint::{AuditKey, PublicKey};
use crate::content::{CloseContent, OpenContent, SingleContent, Stamp, encode};
use crate::error::{AuditError, JournalError, RemoveError};
use crate::event::{Closing, Event, EventKind, Opening};
use crate::expire::{self, Expired, Removal};
use crate::follow::Follower;
use crate::growth::Growth;
use crate::options::JournalOptions;
use crate::queue::{Answer, Limits, New, Queue};
use crate::record::Kind;
use crate::recover::{Tail, Torn, Unfinished, recover};
use crate::request::Record;
use crate::segment::Header;
use crate::stats::JournalStats;
use crate::writer::{Writer, start_segment};

/// A journal that was opened, and what its last process left behind.
#[derive(Debug)]
pub struct Opened {
    /// The journal.
    pub journal: Journal,
    /// Requests that were open when the last process died; close each with
    /// [`Journal::close_unfinished`].
    pub unfinished: Vec<Unfinished>,
    /// An incomplete end that was set aside. An event about it is in the journal already.
    pub torn: Option<Torn>,
}

/// An append-only journal of audit events. Clones share it.
///
/// One thread writes. It takes everything that waits, writes it, syncs once and tells everybody: under
/// load the groups grow by themselves, and nobody ever waits for a group to fill.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    queue: Arc<Queue>,
    clock: SharedClock,
    started: Instant,
    /// Wall clock minus monotonic clock at the last record, microseconds.
    clock_offset: AtomicI64,
    clock_step_us: u64,
    id: Uuid,
    key: Arc<AuditKey>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    /// Opens the journal in `folder`, or begins one. Blocks while the end of it is read.
    ///
    /// # Errors
    /// [`JournalError::InUse`], [`JournalError::Damaged`] if a record other than the last ones was
    /// changed, [`JournalError::Key`], [`JournalError::Io`].
    pub fn open_dir(
        folder: &Path,
        options: JournalOptions,
        clock: SharedClock,
        ids: &dyn IdSource,
    ) -> Result<Opened, JournalError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(JournalError::io("cannot make", folder))?;
        let lock = lock(folder, "journal.lock")?;
        if let Some(cold) = &options.cold_folder {
            name_cold(folder, cold)?;
        }
        let key_file = options
            .key_file
            .clone()
            .unwrap_or_else(|| folder.join("audit-key.pk8"));
        let key = Arc::new(AuditKey::ensure(&key_file)?);
        key.publish(folder, &key_file)?;
        let tail = recover(folder, || ids.random())?;
        let (journal, writer) = Self::assemble(folder, &options, clock, key, &tail, lock)?;
        journal.begin(writer)?;
        journal.note_torn(tail.torn.as_ref());
        Ok(Opened {
            journal,
            unfinished: tail.unfinished,
            torn: tail.torn,
        })
    }

    fn assemble(
        folder: &Path,
        options: &JournalOptions,
        clock: SharedClock,
        key: Arc<AuditKey>,
        tail: &Tail,
        lock: File,
    ) -> Result<(Self, Writer), JournalError> {
        let open: BTreeSet<u64> = tail
            .unfinished
            .iter()
            .map(|unfinished| unfinished.sequence)
            .collect();
        let (file, segment_bytes) = match &tail.segment {
            Some((path, bytes)) => (
                options
                    .medium
                    .open(path)
                    .map_err(JournalError::io("cannot open", path))?,
                *bytes,
            ),
            None => {
                let header = Header {
                    journal: tail.journal,
                    first: tail.cursor.next,
                    oldest_open: open.first().copied().unwrap_or(0),
                    link: tail.cursor.link,
                };
                start_segment(&options.medium, folder, &header)?
            }
        };
        let limits = Limits {
            queue_bytes_max: options.queue_bytes_max,
            checkpoint_records: options.checkpoint_records.max(1),
        };
        let queue = Arc::new(Queue::new(tail.cursor.next, open.len(), limits));
        queue.stats.open.store(open.len() as u64, Ordering::Relaxed);
        // What was found is on the disk: it was synced when it was written, or has been written anew.
        queue.set_durable(tail.cursor.next.saturating_sub(1));
        let started = Instant::now();
        let shared = Shared {
            folder: folder.to_owned(),
            queue: Arc::clone(&queue),
            started,
            clock_offset: AtomicI64::new(microseconds(clock.now())),
            clock: Arc::clone(&clock),
            clock_step_us: u64::try_from(options.clock_step_min.as_micros()).unwrap_or(u64::MAX),
            id: tail.journal,
            key: Arc::clone(&key),
            writer: Mutex::new(None),
        };
        queue
            .stats
            .free_min
            .store(options.free_bytes_min, Ordering::Relaxed);
        let sealer = options.seal.then(|| background(folder, &queue)).transpose()?;
        let mut writer = Writer {
            queue,
            medium: options.medium.clone(),
            folder: folder.to_owned(),
            journal: tail.journal,
            clock,
            key,
            file,
            segment_bytes,
            segment_bytes_max: options.segment_bytes_max,
            free_bytes_min: options.free_bytes_min,
            checkpoint_every: options.checkpoint_every,
            link: tail.cursor.link,
            open,
            buffer: Vec::new(),
            written: tail.cursor.next.saturating_sub(1),
            dirty_since: None,
            checkpoint: None,
            checkpoint_at: started,
            checkpoint_owed: false,
            disk_checked: started,
            disk_checked_bytes: 0,
            growth: Growth::new(started),
            space_short: false,
            sealer,
            _lock: lock,
        };
        writer.check_disk();
        Ok((
            Self {
                shared: Arc::new(shared),
            },
            writer,
        ))
    }

    fn begin(&self, writer: Writer) -> Result<(), JournalError> {
        let folder = writer.folder.clone();
        // What came after the last checkpoint of the process before has none yet.
        self.shared.queue.push_checkpoint();
        let handle = thread::Builder::new()
            .name("audit-journal".to_owned())
            .spawn(move || writer.run())
            .map_err(JournalError::io("cannot start the writer for", &folder))?;
        *self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
        Ok(())
    }

    fn note_torn(&self, torn: Option<&Torn>) {
        let Some(torn) = torn else {
            return;
        };
        tracing::error!(bytes = torn.bytes, file = %torn.file.display(), "the end of the audit journal was incomplete and is set aside");
        let file = torn
            .file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let kind = EventKind::JournalRecovered {
            bytes: torn.bytes,
            sha256: torn.sha256.clone(),
            file,
        };
        let event = Event::of_machine(kind, Closing::success());
        // If it is refused the file itself and the log still tell.
        let _ = self.push_single(event, None);
    }

    /// Writes the opening part of a request. It is written and on the disk with the next closing part of any request, or
    /// within half a second; [`Record::durable`] waits for that.
    ///
    /// # Errors
    /// [`AuditError`]: the request is to be refused.
    pub async fn open(&self, opening: Opening) -> Result<Record, AuditError> {
        let content = OpenContent {
            stamp: self.stamp(),
            opening,
        };
        let payload = encode(&content)?;
        let sequence = self.shared.queue.push(
            vec![New {
                kind: Kind::Open,
                payload,
                opened: None,
            }],
            false,
            None,
        )?;
        Ok(Record::new(self.clone(), sequence))
    }

    /// Writes an event of one moment and waits until it is on the disk; its number.
    ///
    /// # Errors
    /// [`AuditError`]: nothing may be built upon the event.
    pub async fn single(&self, event: Event) -> Result<u64, AuditError> {
        let (waiter, answer) = oneshot::channel();
        let sequence = self.push_single(event, Some(waiter))?;
        wait(answer).await.map(|()| sequence)
    }

    /// Closes a request of a process that died, and waits until that is on the disk.
    ///
    /// # Errors
    /// [`AuditError`]: it stays open, and the next start finds it again.
    pub async fn close_unfinished(
        &self,
        unfinished: &Unfinished,
        closing: Closing,
    ) -> Result<(), AuditError> {
        let answer = self.push_closing(unfinished.sequence, closing)?;
        wait(answer).await
    }

    /// Writes a checkpoint and waits until everything up to it is on the disk.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn checkpoint(&self) -> Result<(), AuditError> {
        self.shared.queue.push_checkpoint();
        self.sync().await
    }

    /// Takes nothing more, writes what waits and a last checkpoint, and waits for the writer's end.
    /// Requests that are still open then count as unfinished at the next start.
    pub async fn shutdown(&self) {
        self.shared.queue.close();
        let handle = self
            .shared
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(handle) = handle {
            // A writer that panicked has told everybody by its drop.
            let _ = tokio::task::spawn_blocking(move || handle.join()).await;
        }
    }

    /// Follows the journal from the event after `after` (0: from the first one); only what is durable is told.
    /// Blocks while it looks for the place.
    ///
    /// # Errors
    /// [`JournalError::Ahead`] if the journal has not got that far: it was put back to an older state.
    pub fn follow(&self, after: u64) -> Result<Follower, JournalError> {
        let durable = self.durable_watch();
        let last = *durable.borrow();
        if after > last {
            return Err(JournalError::Ahead { after, last });
        }
        Follower::open(&self.shared.folder, after).map(|follower| follower.bounded_by(durable))
    }

    /// The number of the newest record that is on the disk, as it grows.
    pub fn durable_watch(&self) -> watch::Receiver<u64> {
        self.shared.queue.durable.subscribe()
    }

    /// Removes segments whose newest record is older than `before`, and than [`expire::retained_since`] says for
    /// `years`. First an event says what goes, then a signed note is put beside what stays. What was removed, or
    /// `None` if nothing is that old. Blocks on the disk for long.
    ///
    /// # Errors
    /// [`RemoveError`]; the event may have been written.
    pub async fn remove_before(
        &self,
        before: OffsetDateTime,
        years: u32,
        by: &str,
    ) -> Result<Option<Removal>, RemoveError> {
        let now = self.shared.clock.now();
        let before = before.min(expire::retained_since(now, years));
        let Some(expired) = Expired::find(&self.shared.folder, before)? else {
            return Ok(None);
        };
        let removal = expired.sign(&self.shared.key, now, by);
        // What was open is in the note; the event may leave the house.
        let told = Removal {
            open: Vec::new(),
            ..removal.clone()
        };
        let mut event = Event::of_machine(
            EventKind::ConfigurationChanged {
                verb: "audit expire".to_owned(),
                object: format!("records {}..{}", removal.first, removal.kept - 1),
                before: None,
                after: serde_json::to_value(&told).ok(),
            },
            Closing::success(),
        );
        event.opening.caller = Caller::operator(by);
        self.single(event).await?;
        expired.remove(&self.shared.folder, &removal)?;
        Ok(Some(removal))
    }

    /// Says how far the wall clock is ahead of the time sources, in milliseconds; `None` if that is not known. It
    /// stands in every checkpoint from now on (IHE CT).
    pub fn set_clock_offset(&self, milliseconds: Option<i64>) {
        self.shared.queue.set_clock_offset(milliseconds);
    }

    /// The journal in numbers.
    pub fn stats(&self) -> &JournalStats {
        &self.shared.queue.stats
    }

    /// The journal's id: with a record's number it names an event for ever.
    pub fn id(&self) -> Uuid {
        self.shared.id
    }

    /// The key that its checkpoints are signed with.
    pub fn public_key(&self) -> PublicKey {
        self.shared.key.public()
    }

    /// Whether a new request would be taken; for the readiness answer.
    pub fn is_ready(&self) -> bool {
        !self.stats().is_failed() && !self.stats().is_disk_low()
    }

    /// Waits until everything that was taken so far is on the disk.
    pub(crate) async fn sync(&self) -> Result<(), AuditError> {
        wait(self.shared.queue.wait_durable()?).await
    }

    fn push_single(&self, event: Event, waiter: Option<oneshot::Sender<Answer>>) -> Result<u64, AuditError> {
        let payload = encode(&SingleContent {
            stamp: self.stamp(),
            event,
        })?;
        self.shared.queue.push(
            vec![New {
                kind: Kind::Single,
                payload,
                opened: None,
            }],
            true,
            waiter,
        )
    }

    pub(crate) fn push_closing(
        &self,
        opened: u64,
        closing: Closing,
    ) -> Result<oneshot::Receiver<Answer>, AuditError> {
        let (waiter, answer) = oneshot::channel();
        let stamp = self.stamp();
        let note = Closing {
            note: Some(Closing::TOO_LARGE.to_owned()),
            outcome: closing.outcome,
            ..Closing::default()
        };
        let payload = match encode(&CloseContent {
            stamp,
            opened,
            closing,
        }) {
            // The end of a request is told in any case.
            Err(AuditError::TooLarge) => encode(&CloseContent {
                stamp,
                opened,
                closing: note,
            })?,
            other => other?,
        };
        self.shared.queue.push(
            vec![New {
                kind: Kind::Close,
                payload,
                opened: Some(opened),
            }],
            true,
            Some(waiter),
        )?;
        Ok(answer)
    }

    /// The time by both clocks. A wall clock that was set becomes an event of its own (it stands
    /// before the record that noticed it).
    fn stamp(&self) -> Stamp {
        let stamp = self.read_clocks();
        let offset = microseconds(stamp.at) - i64::try_from(stamp.up_us).unwrap_or(i64::MAX);
        let before = self.shared.clock_offset.swap(offset, Ordering::Relaxed);
        if (offset - before).unsigned_abs() > self.shared.clock_step_us {
            let kind = EventKind::ClockStepped {
                milliseconds: (offset - before) / 1_000,
            };
            tracing::warn!(milliseconds = (offset - before) / 1_000, "the wall clock was set");
            let content = SingleContent {
                stamp,
                event: Event::of_machine(kind, Closing::success()),
            };
            // Refused only when the record that noticed it is refused too.
            let _ = encode(&content).and_then(|payload| {
                self.shared.queue.push(
                    vec![New {
                        kind: Kind::Single,
                        payload,
                        opened: None,
                    }],
                    false,
                    None,
                )
            });
        }
        stamp
    }

    fn read_clocks(&self) -> Stamp {
        let up_us = u64::try_from(self.shared.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        Stamp {
            at: self.shared.clock.now(),
            up_us,
        }
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("id", &self.shared.id)
            .field("stats", self.stats())
            .finish()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.close();
    }
}

pub(crate) async fn wait(answer: oneshot::Receiver<Answer>) -> Answer {
    answer.await.unwrap_or(Err(AuditError::Failed))
}

fn microseconds(at: time::OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}
