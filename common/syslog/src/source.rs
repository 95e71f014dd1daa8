//! Where the lines come from that a destination is owed.

use time::OffsetDateTime;

/// One record of the source with the lines that it owes to a destination.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Owed {
    /// Number of the record; grows by the order of the source, gaps are allowed.
    pub sequence: u64,
    /// When the event happened: its age is what alarms look at.
    pub at: OffsetDateTime,
    /// Lines as RFC 5424 6 has them, one frame each, without any frame. None where nothing is owed for this record:
    /// the cursor passes over it.
    pub lines: Vec<String>,
}

/// Why the source gave nothing. Fixed words: no content of a record.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the source of audit messages cannot be read: {0}")]
pub struct SourceError(pub &'static str);

/// An ordered, durable source of audit messages. Each destination has one of its own.
pub trait Source: Send + 'static {
    /// The records after number `after`, in order: at most `events_max` of them, and about `bytes_max` bytes of lines
    /// (at least one record, if there is one). May block on the disk: it is called on a blocking thread.
    ///
    /// The same number must give the same lines whenever it is asked for: what was sent and is not known to have
    /// arrived is read and sent again after a restart.
    ///
    /// # Errors
    /// When the source cannot be read now; it is asked again later.
    fn read(&mut self, after: u64, events_max: usize, bytes_max: usize) -> Result<Vec<Owed>, SourceError>;
}
