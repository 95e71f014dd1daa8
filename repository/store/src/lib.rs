//! The repository's documents: encrypted bytes, and pointers that say whose they are.
//!
//! A local folder or an S3-compatible bucket, no database. The life of a submission:
//! [`DocumentStore::receive`] takes bytes while they stream in; [`DocumentStore::begin`] makes the
//! documents of a submission retrievable, all together; after ITI-42 [`OpenSubmission::finish`] keeps
//! them or [`OpenSubmission::undo`] removes them; [`DocumentStore::recover`] does what a crash kept
//! from being done. [`DocumentStore::open_document`] and [`DocumentStore::read`] give them out again.

mod backend;
mod begun;
mod blob;
mod cipher;
mod commit;
mod error;
mod folder;
mod keys;
mod layout;
mod pointer;
mod read;
mod recover;
mod seal;
mod store;
mod submission;
mod sweep;
mod uuid_text;

pub use backend::{Bucket, Location};
pub use blob::{CARRIED_BYTES_MAX, ReceiveOptions, Received};
pub use error::{ReceiveError, StoreError};
pub use keys::{KEY_BYTES, KEYS_MAX, KeyError, KeyId, KeyRing};
pub use pointer::StoredDocument;
pub use read::DocumentReader;
pub use recover::{Recovered, Unfinished};
pub use store::{CLAIM_WAIT, DocumentStore, StoreConfig};
pub use submission::{Claim, NewDocument, OpenSubmission, SubmissionContext};
pub use sweep::{SWEEP_AGE_MIN, Swept};
