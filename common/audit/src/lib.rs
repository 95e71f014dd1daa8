//! ATNA: audit events and the append-only journal that holds them (ITI TF-2 3.20).
//!
//! A handler opens a record before its work and closes it after; the answer leaves when the closing
//! part is on the disk:
//!
//! ```no_run
//! # use xds_audit::{AuditError, Closing, Journal, Opening};
//! # async fn handle(journal: Journal, opening: Opening) -> Result<(), AuditError> {
//! let record = journal.open(opening).await?; // an error refuses the request
//! // ... the work ...
//! record.close(Closing::success()).await?; // an error holds the answer back
//! # Ok(())
//! # }
//! ```
//!
//! Every record is framed with a CRC and linked to the one before by SHA-256; checkpoints signed with
//! the node's audit key bind the chain. [`verify`] finds what was changed, removed, inserted, moved or
//! cut; [`proof`] shows one event to somebody who has a checkpoint and nothing else. Full segments are compressed and
//! moved away ([`seal`]), and removed when the law allows it ([`expire`]). The wire form (DICOM audit messages over
//! syslog) is made from the journal, not beside it: [`Follower`] tells whole events as they become durable.

mod aggregate;
mod archive;
mod caller;
pub mod chain;
pub mod checkpoint;
mod content;
mod error;
mod event;
pub mod expire;
mod follow;
mod growth;
mod journal;
pub mod medium;
mod objects;
mod options;
mod place;
pub mod proof;
mod queue;
mod reader;
pub mod record;
mod recover;
mod request;
mod seal;
mod segment;
mod stats;
mod told;
pub mod verify;
mod writer;

pub use aggregate::Refusals;
pub use archive::{Sealed, seal};
pub use caller::{AuditUser, Caller, Coded, Hl7Parties};
pub use content::{CloseContent, Content, OpenContent, SingleContent, Stamp};
pub use error::{AuditError, JournalError, RemoveError};
pub use event::{
    Action, Asked, AskedPerson, Closing, Decision, Event, EventKind, FailedPart, Instrument, Opening,
    Outcome, Withheld,
};
pub use follow::Follower;
pub use journal::{Journal, Opened};
pub use objects::{DocumentReference, Objects, QueryText};
pub use options::JournalOptions;
pub use reader::read;
pub use recover::{Torn, Unfinished};
pub use request::Record;
pub use stats::JournalStats;
pub use told::{EventId, Told};
