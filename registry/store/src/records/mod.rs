//! The ledgers of provision and receipt (Articles 29 and 30), and the tasks that disclosures leave.
//!
//! [`Store::keep_records`] writes what [`registry_core::records::written`] says, in one transaction and one round trip,
//! before anything leaves. Nothing changes a record; [`Store::expire_records`] removes those whose time is over.
//!
//! [`Store::keep_records`]: crate::Store::keep_records
//! [`Store::expire_records`]: crate::Store::expire_records

mod add;
mod expire;
mod look;
mod session;
mod task;
mod verify;

pub use add::{NewTask, RecordsError};
pub use look::{KeptRecord, LedgerRange, PatientRange, RecordName, RecordNameError};
pub use session::Opened;
pub use task::{KnownTask, TaskCount};
pub use verify::{FaultyStrand, StrandName, Verified};
