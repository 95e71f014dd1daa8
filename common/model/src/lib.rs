//! What the words of document sharing mean.
//!
//! Identifiers, the four registry objects, submissions and their stages, stored queries, rules and
//! faults, principals. No I/O, no clock, no XML and no SQL: every other crate stands on this one.

pub mod acknowledgement;
pub mod association;
pub mod author;
pub mod code;
pub mod document_entry;
pub mod exchange;
pub mod fault;
pub mod folder;
pub mod format;
pub mod ident;
pub mod patient;
pub mod principal;
pub mod query;
pub mod rules;
pub mod slot;
pub mod submission;
pub mod submission_set;
pub mod text;
pub mod time;
pub mod transaction;

pub use association::{Association, AssociationType, SubmissionSetStatus};
pub use author::Author;
pub use code::{Code, CodedValue};
pub use document_entry::{DocumentEntry, DocumentEntryType};
pub use fault::{Fault, Severity, XdsCode};
pub use folder::Folder;
pub use ident::{AvailabilityStatus, DocumentHash, HomeCommunityId, ObjectId, Oid, UniqueId};
pub use patient::PatientId;
pub use principal::Principal;
pub use rules::RuleId;
pub use slot::{Classification, ExternalIdentifier, Slot};
pub use submission::Submission;
pub use submission_set::SubmissionSet;
pub use text::{LocalizedString, Text};
pub use time::{Clock, Dtm, IdSource};
pub use transaction::Transaction;
