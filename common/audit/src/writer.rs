//! The one thread that writes: takes what waits, writes it, syncs once, tells everybody.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use uuid::Uuid;
use xds_model::time::SharedClock;

use crate::chain::Link;
use crate::checkpoint::{self, AuditKey, Checkpoint, Claim};
use crate::content;
use crate::error::{AuditError, JournalError};
use crate::growth::Growth;
use crate::medium::{Medium, SegmentFile};
use crate::queue::{Answer, Batch, Item, ItemContent, Queue, answer};
use crate::record::{Kind, encode};
use crate::recover::begin_segment;
use crate::segment::Header;
use crate::stats::JournalStats;

/// An opening part that nobody waits for is written after this time, and on the disk after twice this time.
const SYNC_DELAY: Duration = Duration::from_millis(200);
/// How often free space is looked at, and a write to a full disk tried again.
const DISK_CHECK: Duration = Duration::from_secs(1);

/// Everything the thread owns.
pub(crate) struct Writer {
    pub(crate) queue: Arc<Queue>,
    pub(crate) medium: Medium,
    pub(crate) folder: PathBuf,
    pub(crate) journal: Uuid,
    pub(crate) clock: SharedClock,
    pub(crate) key: Arc<AuditKey>,
    pub(crate) file: Box<dyn SegmentFile>,
    /// Good bytes in the segment.
    pub(crate) segment_bytes: u64,
    pub(crate) segment_bytes_max: u64,
    pub(crate) free_bytes_min: u64,
    pub(crate) checkpoint_every: Duration,
    pub(crate) link: Link,
    pub(crate) open: BTreeSet<u64>,
    pub(crate) buffer: Vec<u8>,
    pub(crate) written: u64,
    pub(crate) dirty_since: Option<Instant>,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) checkpoint_at: Instant,
    pub(crate) checkpoint_owed: bool,
    pub(crate) disk_checked: Instant,
    /// Bytes written when free space was last looked at.
    pub(crate) disk_checked_bytes: u64,
    pub(crate) growth: Growth,
    pub(crate) space_short: bool,
    /// Wakes the thread that seals full segments.
    pub(crate) sealer: Option<SyncSender<()>>,
    /// Held as long as the thread lives: one process writes a journal.
    pub(crate) _lock: File,
}

/// Why the thread cannot go on: the log has it.
struct Fatal;

type Waiters = Vec<tokio::sync::oneshot::Sender<Answer>>;

impl Writer {
    /// Until the queue is closed, or something failed for good.
    pub(crate) fn run(mut self) {
        loop {
            let batch = self.queue.take(self.next_duty());
            let last = batch.last;
            if self.handle(batch).is_err() {
                return;
            }
            if last {
                self.finish();
                return;
            }
        }
    }

    fn next_duty(&self) -> Instant {
        let write = Instant::now() + SYNC_DELAY;
        let disk = self.disk_checked + DISK_CHECK;
        let sync = self.dirty_since.map(|since| since + SYNC_DELAY);
        let checkpoint = self
            .checkpoint_owed
            .then_some(self.checkpoint_at + self.checkpoint_every);
        [sync, checkpoint]
            .into_iter()
            .flatten()
            .fold(disk.min(write), Instant::min)
    }

    fn handle(&mut self, batch: Batch) -> Result<(), Fatal> {
        let Batch {
            items,
            mut waiters,
            sync,
            last: _,
        } = batch;
        let result = self.write(items, &mut waiters).and_then(|()| {
            let overdue = self
                .dirty_since
                .is_some_and(|since| since.elapsed() >= SYNC_DELAY);
            if sync || overdue || !waiters.is_empty() {
                self.sync()
            } else {
                Ok(())
            }
        });
        let told: Answer = if result.is_ok() {
            Ok(())
        } else {
            Err(AuditError::Failed)
        };
        if result.is_err() {
            self.queue.fail();
        }
        answer(waiters, &told);
        result?;
        self.duties();
        Ok(())
    }

    fn write(&mut self, items: Vec<Item>, waiters: &mut Waiters) -> Result<(), Fatal> {
        for item in items {
            if self.segment_bytes + self.buffer.len() as u64 >= self.segment_bytes_max {
                self.flush(waiters)?;
                self.roll(item.sequence, waiters)?;
            }
            self.encode(item)?;
        }
        self.flush(waiters)
    }

    fn encode(&mut self, item: Item) -> Result<(), Fatal> {
        self.written = item.sequence;
        let (kind, payload) = match item.content {
            ItemContent::Payload {
                kind,
                payload,
                opened,
            } => {
                self.track(kind, item.sequence, opened);
                self.checkpoint_owed = true;
                (kind, payload)
            }
            ItemContent::Checkpoint { end } => (Kind::Checkpoint, self.sign(item.sequence, end)?),
        };
        self.link = encode(&mut self.buffer, item.sequence, kind, &payload, &self.link);
        Ok(())
    }

    fn track(&mut self, kind: Kind, sequence: u64, opened: Option<u64>) {
        if kind == Kind::Open {
            self.open.insert(sequence);
        }
        if let Some(opened) = opened {
            self.open.remove(&opened);
        }
        self.queue
            .stats
            .open
            .store(self.open.len() as u64, Ordering::Relaxed);
    }

    fn sign(&mut self, sequence: u64, end: bool) -> Result<Vec<u8>, Fatal> {
        let claim = Claim {
            journal: self.journal,
            sequence,
            link: self.link,
            at: self.clock.now(),
            clock_offset_ms: self.queue.clock_offset(),
            end,
        };
        let checkpoint = self.key.sign(claim);
        let payload = content::encode(&checkpoint).map_err(|_| Fatal)?;
        self.checkpoint = Some(checkpoint);
        self.checkpoint_at = Instant::now();
        self.checkpoint_owed = false;
        Ok(payload)
    }

    /// Writes the buffer. A full disk is waited out: those who wait are told, nothing is lost.
    fn flush(&mut self, waiters: &mut Waiters) -> Result<(), Fatal> {
        while !self.buffer.is_empty() {
            match self.file.append(&self.buffer) {
                Ok(()) => {
                    self.segment_bytes += self.buffer.len() as u64;
                    JournalStats::count(&self.queue.stats.bytes, self.buffer.len() as u64);
                    self.buffer.clear();
                    self.dirty_since.get_or_insert_with(Instant::now);
                }
                Err(error) if is_full(&error) => self.wait_for_room(waiters)?,
                Err(error) => return Err(self.fatal("write", &error)),
            }
        }
        Ok(())
    }

    fn wait_for_room(&mut self, waiters: &mut Waiters) -> Result<(), Fatal> {
        self.file
            .truncate(self.segment_bytes)
            .map_err(|error| self.fatal("truncate", &error))?;
        tracing::error!(folder = %self.folder.display(), "the disk of the audit journal is full");
        self.queue.set_disk_low(true);
        answer(std::mem::take(waiters), &Err(AuditError::DiskLow));
        if self.queue.reject_waiters() {
            return Err(Fatal);
        }
        std::thread::sleep(DISK_CHECK);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Fatal> {
        if self.dirty_since.is_some() {
            self.file.sync().map_err(|error| self.fatal("sync", &error))?;
            JournalStats::count(&self.queue.stats.syncs, 1);
            self.dirty_since = None;
        }
        self.queue.set_durable(self.written);
        if let Some(checkpoint) = self.checkpoint.take()
            && let Err(error) = checkpoint::write(&self.folder, &checkpoint)
        {
            tracing::error!(%error, "the audit checkpoint was not repeated beside the journal");
        }
        Ok(())
    }

    /// Room that is left in the last segment is room of a process that died: no harm, but not in order.
    fn finish(&mut self) {
        if let Err(error) = self.file.finish() {
            tracing::warn!(%error, "the room ahead in the audit journal was not given back");
        }
    }

    /// The old segment is on the disk, whole and without room, before the new one exists.
    fn roll(&mut self, first: u64, waiters: &mut Waiters) -> Result<(), Fatal> {
        self.sync()?;
        self.file.finish().map_err(|error| self.fatal("end", &error))?;
        let oldest_open = self.open.first().copied().unwrap_or(0);
        let header = Header {
            journal: self.journal,
            first,
            oldest_open,
            link: self.link,
        };
        loop {
            match start_segment(&self.medium, &self.folder, &header) {
                Ok((file, bytes)) => {
                    self.file = file;
                    self.segment_bytes = bytes;
                    JournalStats::count(&self.queue.stats.segments, 1);
                    if let Some(sealer) = &self.sealer {
                        // A full channel: it is awake and looks again.
                        let _ = sealer.try_send(());
                    }
                    return Ok(());
                }
                Err(JournalError::Io { source, .. }) if is_full(&source) => self.wait_for_room(waiters)?,
                Err(error) => {
                    tracing::error!(%error, "no new segment for the audit journal: every request is refused until a restart");
                    return Err(Fatal);
                }
            }
        }
    }

    fn duties(&mut self) {
        if self.checkpoint_owed && self.checkpoint_at.elapsed() >= self.checkpoint_every {
            // It comes back in the next batch; the time is set so that only one is asked for.
            self.checkpoint_at = Instant::now();
            self.queue.push_checkpoint();
        }
        let written = self.queue.stats.bytes().saturating_sub(self.disk_checked_bytes);
        // Between two looks no more than a quarter of the reserve may go.
        if self.disk_checked.elapsed() >= DISK_CHECK || written >= self.free_bytes_min / 4 {
            self.check_disk();
        }
    }

    pub(crate) fn check_disk(&mut self) {
        self.disk_checked = Instant::now();
        self.disk_checked_bytes = self.queue.stats.bytes();
        self.measure_growth();
        match self.medium.free_bytes(&self.folder) {
            Ok(free) => {
                let low = free < self.free_bytes_min;
                match (self.queue.stats.is_disk_low(), low) {
                    (false, true) => tracing::error!(
                        free,
                        "alarm: the volume of the audit journal is nearly full: new requests are refused"
                    ),
                    (true, false) => tracing::warn!(
                        free,
                        "there is room again for the audit journal: requests are taken"
                    ),
                    _ => {}
                }
                self.queue.stats.free.store(free, Ordering::Relaxed);
                self.queue.set_disk_low(low);
                self.warn_of_space();
            }
            Err(error) => tracing::error!(%error, "the free space of the audit journal's volume is unknown"),
        }
    }

    fn measure_growth(&mut self) {
        let stats = &self.queue.stats;
        if let Some(per_day) = self.growth.note(self.disk_checked, stats.bytes()) {
            stats.growth.store(per_day, Ordering::Relaxed);
            stats.growth_known.store(true, Ordering::Relaxed);
        }
    }

    /// Long before the disk is full somebody is told, once.
    fn warn_of_space(&mut self) {
        let stats = &self.queue.stats;
        let short = stats.is_space_short();
        if short && !self.space_short {
            let (free, days) = (stats.free_bytes(), stats.days_left());
            tracing::error!(free, ?days, folder = %self.folder.display(), "alarm: the volume of the audit journal fills up; make room or move sealed segments to cold storage");
        }
        self.space_short = short;
    }

    fn fatal(&self, what: &'static str, error: &io::Error) -> Fatal {
        tracing::error!(%error, what, "the audit journal failed: every request is refused until a restart");
        Fatal
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Also after a panic: nobody may wait for a writer that is gone.
        self.queue.gone();
    }
}

/// Begins a segment and opens it for appending; its size so far.
pub(crate) fn start_segment(
    medium: &Medium,
    folder: &std::path::Path,
    header: &Header,
) -> Result<(Box<dyn SegmentFile>, u64), JournalError> {
    let path = begin_segment(medium, folder, header)?;
    let file = medium
        .open(&path)
        .map_err(JournalError::io("cannot open", &path))?;
    Ok((file, crate::segment::HEADER_BYTES as u64))
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
