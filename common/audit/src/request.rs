//! A request between its two parts.

use crate::error::AuditError;
use crate::event::Closing;
use crate::journal::{Journal, wait};
use crate::stats::JournalStats;

/// A request whose opening part is written and whose closing part is owed.
///
/// Dropped without [`Record::close`] it closes itself as abandoned, a major failure.
#[derive(Debug)]
#[must_use = "a request is closed with its outcome"]
pub struct Record {
    journal: Journal,
    sequence: u64,
    closed: bool,
}

impl Record {
    pub(crate) fn new(journal: Journal, sequence: u64) -> Self {
        Self {
            journal,
            sequence,
            closed: false,
        }
    }

    /// The number of the opening part: with [`Journal::id`] the name of the event.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Waits until the opening part is on the disk: for an answer that is streamed before its end is
    /// known.
    ///
    /// # Errors
    /// [`AuditError`]: nothing may be sent.
    pub async fn durable(&self) -> Result<(), AuditError> {
        if self.journal.stats().durable() >= self.sequence {
            return Ok(());
        }
        self.journal.sync().await
    }

    /// Writes the closing part at once, whether or not the future is awaited, which ends when it is on
    /// the disk. Only then may the answer leave.
    ///
    /// # Errors
    /// [`AuditError`]: no answer may leave; recovery tells the outcome after the next start.
    pub fn close(mut self, closing: Closing) -> impl Future<Output = Result<(), AuditError>> + Send + use<> {
        self.closed = true;
        let pushed = self.journal.push_closing(self.sequence, closing);
        async move { wait(pushed?).await }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        JournalStats::count(&self.journal.stats().abandoned, 1);
        // Refused, it is found as unfinished at the next start.
        let _ = self
            .journal
            .push_closing(self.sequence, Closing::noted(Closing::ABANDONED));
    }
}
