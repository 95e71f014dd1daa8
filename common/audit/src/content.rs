//! What a record says: the JSON in it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::checkpoint::Checkpoint;
use crate::error::{AuditError, JournalError};
use crate::event::{Closing, Event, Opening};
use crate::record::{Frame, Kind, PAYLOAD_BYTES_MAX};

/// When a record was made, by two clocks: the second one never jumps.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Stamp {
    /// Wall clock, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Microseconds since the process opened the journal.
    pub up_us: u64,
}

/// The opening part of a request.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct OpenContent {
    /// When.
    pub stamp: Stamp,
    /// What.
    pub opening: Opening,
}

/// The closing part of a request.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct CloseContent {
    /// When.
    pub stamp: Stamp,
    /// The number of the opening record.
    pub opened: u64,
    /// What.
    pub closing: Closing,
}

/// An event of one moment.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct SingleContent {
    /// When.
    pub stamp: Stamp,
    /// What.
    pub event: Event,
}

/// A record, read.
#[derive(Clone, Eq, PartialEq)]
pub enum Content {
    /// The opening part of a request.
    Open(Box<OpenContent>),
    /// The closing part of a request.
    Close(Box<CloseContent>),
    /// An event of one moment.
    Single(Box<SingleContent>),
    /// A checkpoint.
    Checkpoint(Checkpoint),
}

impl Content {
    /// Reads a record.
    ///
    /// # Errors
    /// [`JournalError::Content`] if it is not what its kind says.
    pub fn read(frame: &Frame<'_>) -> Result<Self, JournalError> {
        let read = match frame.kind {
            Kind::Open => serde_json::from_slice(frame.payload).map(|content| Self::Open(Box::new(content))),
            Kind::Close => {
                serde_json::from_slice(frame.payload).map(|content| Self::Close(Box::new(content)))
            }
            Kind::Single => {
                serde_json::from_slice(frame.payload).map(|content| Self::Single(Box::new(content)))
            }
            Kind::Checkpoint => serde_json::from_slice(frame.payload).map(Self::Checkpoint),
        };
        read.map_err(|_| JournalError::Content {
            sequence: frame.sequence,
        })
    }
}

/// The JSON of a record's content, within the limit.
pub(crate) fn encode(content: &impl Serialize) -> Result<Vec<u8>, AuditError> {
    let payload = serde_json::to_vec(content).map_err(|_| AuditError::Encoding)?;
    if payload.len() > PAYLOAD_BYTES_MAX {
        Err(AuditError::TooLarge)
    } else {
        Ok(payload)
    }
}
