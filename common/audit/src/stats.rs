//! The journal in numbers, for metrics and health.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::growth::days_left;

/// Days left below which there is an alarm.
const DAYS_SHORT: f64 = 14.0;

/// Counters and gauges of one journal. Reading them costs nothing and waits for nothing.
#[derive(Debug, Default)]
pub struct JournalStats {
    pub(crate) accepted: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) durable: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) syncs: AtomicU64,
    pub(crate) segments: AtomicU64,
    pub(crate) open: AtomicU64,
    pub(crate) abandoned: AtomicU64,
    pub(crate) free: AtomicU64,
    pub(crate) free_min: AtomicU64,
    /// Bytes a day, and whether that is known.
    pub(crate) growth: AtomicU64,
    pub(crate) growth_known: AtomicBool,
    pub(crate) sealed: AtomicU64,
    pub(crate) seal_failed: AtomicBool,
    pub(crate) disk_low: AtomicBool,
    pub(crate) failed: AtomicBool,
}

impl JournalStats {
    /// Records accepted since the start.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Events refused since the start.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// The number of the last record that is on the disk.
    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Bytes written since the start.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Syncs since the start: records over syncs is the size of a group.
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// Segments begun since the start.
    pub fn segments(&self) -> u64 {
        self.segments.load(Ordering::Relaxed)
    }

    /// Requests whose closing part is owed.
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Records that were dropped without an end since the start.
    pub fn abandoned(&self) -> u64 {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// Free bytes of the volume when last looked at.
    pub fn free_bytes(&self) -> u64 {
        self.free.load(Ordering::Relaxed)
    }

    /// Bytes a day that the journal grows by, measured over the last day at most; not known in the first minute.
    pub fn growth_bytes_per_day(&self) -> Option<u64> {
        self.growth_known
            .load(Ordering::Relaxed)
            .then(|| self.growth.load(Ordering::Relaxed))
    }

    /// Days until requests are refused for want of room, if the journal grows on like this and alone; not known
    /// in the first minute, and where it does not grow.
    pub fn days_left(&self) -> Option<f64> {
        let free_min = self.free_min.load(Ordering::Relaxed);
        self.growth_bytes_per_day()
            .and_then(|per_day| days_left(self.free_bytes(), free_min, per_day))
    }

    /// Whether somebody must make room soon: less than two weeks are left, or less than twice the bytes below
    /// which requests are refused.
    pub fn is_space_short(&self) -> bool {
        let twice = self.free_min.load(Ordering::Relaxed).saturating_mul(2);
        self.free_bytes() < twice || self.days_left().is_some_and(|days| days < DAYS_SHORT)
    }

    /// Segments sealed since the start.
    pub fn sealed(&self) -> u64 {
        self.sealed.load(Ordering::Relaxed)
    }

    /// Whether the last sealing failed.
    pub fn is_seal_failed(&self) -> bool {
        self.seal_failed.load(Ordering::Relaxed)
    }

    /// Whether new requests are refused for want of room.
    pub fn is_disk_low(&self) -> bool {
        self.disk_low.load(Ordering::Relaxed)
    }

    /// Whether the journal failed for good.
    pub fn is_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}
