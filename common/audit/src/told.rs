//! Whole events as the journal tells them: opening and closing part joined.

use std::fmt;

use uuid::Uuid;

use crate::content::Stamp;
use crate::event::Event;

/// The name of an event for ever, the same in every copy of it: its journal, and in it the number of the record
/// that ended it (of a request) or that it is (of an event of one moment).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EventId {
    /// The journal.
    pub journal: Uuid,
    /// The record's number in it.
    pub sequence: u64,
}

/// `JOURNAL/SEQUENCE`
impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.journal, self.sequence)
    }
}

/// A whole event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// Its name.
    pub id: EventId,
    /// When a request came, or when an event of one moment happened.
    pub began: Stamp,
    /// When it ended; of an event of one moment the same.
    pub ended: Stamp,
    /// What happened.
    pub event: Event,
}
