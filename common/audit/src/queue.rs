//! What waits to be written, and whether more is taken.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use crate::error::AuditError;
use crate::record::Kind;
use crate::stats::JournalStats;

/// The answer to one who waits for a record to be durable.
pub(crate) type Answer = Result<(), AuditError>;

/// A record that waits to be written.
pub(crate) struct Item {
    pub(crate) sequence: u64,
    pub(crate) content: ItemContent,
}

/// What it will say.
pub(crate) enum ItemContent {
    /// This.
    Payload {
        kind: Kind,
        payload: Vec<u8>,
        opened: Option<u64>,
    },
    /// The chain up to here, signed when the writer comes to it.
    Checkpoint { end: bool },
}

/// A record to append.
pub(crate) struct New {
    pub(crate) kind: Kind,
    pub(crate) payload: Vec<u8>,
    /// For a closing part: the number of its opening part.
    pub(crate) opened: Option<u64>,
}

/// What the writer takes at once.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) items: Vec<Item>,
    pub(crate) waiters: Vec<oneshot::Sender<Answer>>,
    /// Whether somebody wants it on the disk, though nobody may wait.
    pub(crate) sync: bool,
    /// Nothing more will come.
    pub(crate) last: bool,
}

/// Whether the journal takes events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Running,
    Failed,
    Closed,
}

/// How long a group is held for requests that are about to end, about what the flush itself takes.
const GATHER: Duration = Duration::from_micros(150);

struct Inner {
    batch: Batch,
    /// Requests whose closing part has not been taken yet.
    open: usize,
    /// Waiters of the group before: where it was one there is nobody to wait for.
    group: usize,
    bytes: usize,
    next: u64,
    since_checkpoint: u64,
    state: State,
    disk_low: bool,
}

/// The queue between those who append and the writer.
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    wake: Condvar,
    limits: Limits,
    pub(crate) stats: JournalStats,
    /// The newest record on the disk, for those who follow.
    pub(crate) durable: watch::Sender<u64>,
    /// Milliseconds that the wall clock is ahead, if known.
    clock_offset_ms: Mutex<Option<i64>>,
}

/// What the queue holds at most, and when a checkpoint is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) queue_bytes_max: usize,
    pub(crate) checkpoint_records: u64,
}

impl Queue {
    /// `open`: requests that were open when the process before died.
    pub(crate) fn new(next: u64, open: usize, limits: Limits) -> Self {
        let inner = Inner {
            batch: Batch::default(),
            open,
            group: 0,
            bytes: 0,
            next,
            since_checkpoint: 0,
            state: State::Running,
            disk_low: false,
        };
        Self {
            inner: Mutex::new(inner),
            wake: Condvar::new(),
            limits,
            stats: JournalStats::default(),
            durable: watch::Sender::new(0),
            clock_offset_ms: Mutex::new(None),
        }
    }

    /// Takes records in this order, all or none; the number of the last one.
    pub(crate) fn push(
        &self,
        records: Vec<New>,
        sync: bool,
        waiter: Option<oneshot::Sender<Answer>>,
    ) -> Result<u64, AuditError> {
        let mut inner = self.lock();
        if let Err(refusal) = inner.admit(&records, &self.limits) {
            JournalStats::count(&self.stats.refused, 1);
            return Err(refusal);
        }
        JournalStats::count(&self.stats.accepted, records.len() as u64);
        let mut last = inner.next;
        for record in records {
            last = inner.add(record, &self.limits);
        }
        let was_urgent = inner.is_urgent();
        inner.batch.sync |= sync;
        inner.batch.waiters.extend(waiter);
        // Who gathers a group wakes by itself, unless nobody else is to come.
        let wake = inner.is_urgent() && (!was_urgent || inner.open == 0);
        drop(inner);
        if wake {
            self.wake.notify_one();
        }
        Ok(last)
    }

    /// Waits for everything that was taken so far.
    pub(crate) fn wait_durable(&self) -> Result<oneshot::Receiver<Answer>, AuditError> {
        let (waiter, answer) = oneshot::channel();
        let mut inner = self.lock();
        match inner.state {
            State::Failed => return Err(AuditError::Failed),
            State::Closed => return Err(AuditError::Closed),
            State::Running => inner.batch.waiters.push(waiter),
        }
        drop(inner);
        self.wake.notify_one();
        Ok(answer)
    }

    pub(crate) fn set_clock_offset(&self, milliseconds: Option<i64>) {
        *self
            .clock_offset_ms
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = milliseconds;
    }

    pub(crate) fn clock_offset(&self) -> Option<i64> {
        *self
            .clock_offset_ms
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything up to this record is on the disk.
    pub(crate) fn set_durable(&self, sequence: u64) {
        self.stats
            .durable
            .store(sequence, std::sync::atomic::Ordering::Release);
        self.durable.send_if_modified(|durable| {
            let newer = sequence > *durable;
            *durable = sequence.max(*durable);
            newer
        });
    }

    /// Asks for a checkpoint after what was taken so far.
    pub(crate) fn push_checkpoint(&self) {
        let mut inner = self.lock();
        if inner.state == State::Running {
            inner.add_checkpoint(false);
            inner.batch.sync = true;
        }
        drop(inner);
        self.wake.notify_one();
    }

    /// Takes nothing more; the writer ends after what is there and a last checkpoint.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        if inner.state == State::Running {
            inner.add_checkpoint(true);
            inner.batch.sync = true;
            inner.batch.last = true;
            inner.state = State::Closed;
        }
        drop(inner);
        self.wake.notify_one();
    }

    /// The writer is gone without having been asked to, or cannot go on: everybody is told.
    pub(crate) fn fail(&self) {
        let mut inner = self.lock();
        inner.state = State::Failed;
        let batch = std::mem::take(&mut inner.batch);
        drop(inner);
        self.stats
            .failed
            .store(true, std::sync::atomic::Ordering::Relaxed);
        answer(batch.waiters, &Err(AuditError::Failed));
    }

    /// The writer ended: in order if the queue was closed, else it failed.
    pub(crate) fn gone(&self) {
        let closed = self.lock().state == State::Closed;
        if closed {
            let waiters = std::mem::take(&mut self.lock().batch.waiters);
            answer(waiters, &Err(AuditError::Closed));
        } else {
            self.fail();
        }
    }

    /// What there is, as soon as somebody waits for some of it, or at `until`.
    ///
    /// An opening part wakes nobody: it goes with the next closing part, or at `until`.
    pub(crate) fn take(&self, until: Instant) -> Batch {
        let mut inner = self.lock();
        loop {
            if inner.is_urgent() {
                return self.gathered(inner).take();
            }
            let left = until.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return inner.take();
            }
            inner = self.wait(inner, left);
        }
    }

    /// Under load a flush is shared: as long as other requests are at work, and the group before was not of one
    /// request only, it waits a moment for them. One request alone never waits.
    fn gathered<'a>(&'a self, mut inner: MutexGuard<'a, Inner>) -> MutexGuard<'a, Inner> {
        if inner.group > 1 {
            let until = Instant::now() + GATHER;
            while inner.open > 0 && !inner.batch.last {
                let left = until.saturating_duration_since(Instant::now());
                if left == Duration::ZERO {
                    return inner;
                }
                inner = self.wait(inner, left);
            }
            return inner;
        }
        // Whoever is about to add something gets the processor first.
        drop(inner);
        std::thread::yield_now();
        self.lock()
    }

    fn wait<'a>(&'a self, inner: MutexGuard<'a, Inner>, left: Duration) -> MutexGuard<'a, Inner> {
        self.wake
            .wait_timeout(inner, left)
            .map_or_else(|poison| poison.into_inner().0, |(inner, _)| inner)
    }

    /// While nothing can be written: those who wait are told, and whether the end was asked for.
    pub(crate) fn reject_waiters(&self) -> bool {
        let mut inner = self.lock();
        let waiters = std::mem::take(&mut inner.batch.waiters);
        let last = inner.batch.last;
        drop(inner);
        answer(waiters, &Err(AuditError::DiskLow));
        last
    }

    /// Whether new requests are refused for want of room.
    pub(crate) fn set_disk_low(&self, low: bool) {
        self.lock().disk_low = low;
        self.stats
            .disk_low
            .store(low, std::sync::atomic::Ordering::Relaxed);
    }

    /// The queue is consistent between any two statements that could panic: none does.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Everything there is.
    fn take(&mut self) -> Batch {
        self.bytes = 0;
        if !self.batch.waiters.is_empty() {
            self.group = self.batch.waiters.len();
        }
        std::mem::take(&mut self.batch)
    }

    /// Whether somebody waits, or the end was asked for.
    fn is_urgent(&self) -> bool {
        self.batch.sync || !self.batch.waiters.is_empty() || self.batch.last
    }

    /// A closing part is taken as long as the journal can take anything: its request was admitted.
    fn admit(&self, records: &[New], limits: &Limits) -> Result<(), AuditError> {
        let closing = records.iter().all(|record| record.kind == Kind::Close);
        let bytes: usize = records.iter().map(|record| record.payload.len()).sum();
        let room = limits.queue_bytes_max.saturating_mul(if closing { 2 } else { 1 });
        match self.state {
            State::Failed => Err(AuditError::Failed),
            State::Closed => Err(AuditError::Closed),
            State::Running if self.disk_low && !closing => Err(AuditError::DiskLow),
            State::Running if self.bytes > 0 && self.bytes.saturating_add(bytes) > room => {
                Err(AuditError::Overloaded)
            }
            State::Running => Ok(()),
        }
    }

    fn add(&mut self, record: New, limits: &Limits) -> u64 {
        let sequence = self.number();
        self.bytes = self.bytes.saturating_add(record.payload.len());
        match record.kind {
            Kind::Open => self.open += 1,
            Kind::Close => self.open = self.open.saturating_sub(1),
            Kind::Single | Kind::Checkpoint => {}
        }
        let New {
            kind,
            payload,
            opened,
        } = record;
        self.batch.items.push(Item {
            sequence,
            content: ItemContent::Payload {
                kind,
                payload,
                opened,
            },
        });
        self.since_checkpoint += 1;
        if self.since_checkpoint >= limits.checkpoint_records {
            self.add_checkpoint(false);
        }
        sequence
    }

    fn add_checkpoint(&mut self, end: bool) {
        let sequence = self.number();
        self.since_checkpoint = 0;
        self.batch.items.push(Item {
            sequence,
            content: ItemContent::Checkpoint { end },
        });
    }

    fn number(&mut self) -> u64 {
        let sequence = self.next;
        self.next += 1;
        sequence
    }
}

/// Tells everybody the same.
pub(crate) fn answer(waiters: Vec<oneshot::Sender<Answer>>, answer: &Answer) {
    for waiter in waiters {
        // Who does not listen any more has hung up.
        let _ = waiter.send(answer.clone());
    }
}

impl JournalStats {
    pub(crate) fn count(counter: &std::sync::atomic::AtomicU64, by: u64) {
        counter.fetch_add(by, std::sync::atomic::Ordering::Relaxed);
    }
}
