//! Reading the journal, a batch of whole events at a time.

use std::io;

use xds_audit::{Event, Follower, Journal, JournalError, Told};

/// Events and bytes of a batch: of one database transaction.
const EVENTS_MAX: usize = 500;
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// What was read.
pub(super) struct Batch {
    /// In the order of their numbers; none where the journal has no more now.
    pub(super) events: Vec<Told>,
    /// Records that should have come before these, and are not there.
    pub(super) gap: Option<Gap>,
}

/// Records that are not in the journal any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Gap {
    /// The first one.
    pub(super) from: u64,
    /// The last one.
    pub(super) to: u64,
}

/// Where reading stands. It blocks on the disk.
pub(super) struct Reading {
    journal: Journal,
    /// The number of the last event that was read.
    after: u64,
    follower: Option<Follower>,
}

impl Reading {
    /// From the event after this one on.
    pub(super) fn from(journal: Journal, after: u64) -> Self {
        Self {
            journal,
            after,
            follower: None,
        }
    }

    /// The next events. After an error the next call reads again.
    pub(super) fn next(&mut self) -> Result<Batch, JournalError> {
        let (mut follower, gap) = match self.follower.take() {
            Some(follower) => (follower, None),
            None => self.begin()?,
        };
        let mut batch = Batch {
            events: Vec::new(),
            gap,
        };
        let mut bytes = 0;
        while batch.events.len() < EVENTS_MAX && bytes < BYTES_MAX {
            match follower.next() {
                Ok(Some(told)) => {
                    bytes += size(&told.event);
                    self.after = told.id.sequence;
                    batch.events.push(told);
                }
                Ok(None) => break,
                // What came before a record that cannot be read is not held up by it: it is met again.
                Err(_) if !batch.events.is_empty() => return Ok(batch),
                Err(error) => return Err(error),
            }
        }
        self.follower = Some(follower);
        Ok(batch)
    }

    fn begin(&self) -> Result<(Follower, Option<Gap>), JournalError> {
        let follower = self.journal.follow(self.after)?;
        let gap = gap(self.after, follower.next_sequence());
        Ok((follower, gap))
    }
}

/// Reading begins at or before the next record: at an older one for the sake of requests that were open. Where it
/// begins after it, what lies between is gone.
fn gap(after: u64, next: u64) -> Option<Gap> {
    let from = after.saturating_add(1);
    (next > from).then(|| Gap { from, to: next - 1 })
}

/// Bytes of an event as JSON.
fn size(event: &Event) -> usize {
    let mut counter = Counter(0);
    // What cannot be written is told when it is indexed.
    let _ = serde_json::to_writer(&mut counter, event);
    counter.0
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
