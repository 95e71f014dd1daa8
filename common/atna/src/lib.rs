//! ATNA audit messages (ITI TF-2 3.20, DICOM PS3.15 A.5): from the journal's events to DICOM XML and FHIR, and back.
//!
//! [`messages`] makes the messages of an event: one for each patient, and after a partial success one for each half.
//! [`AuditMessage::to_xml`] is the DICOM form, [`syslog::line`] wraps it for an audit record repository,
//! [`fhir::audit_event`] is the same as a FHIR resource. [`read`] takes what others send.
//!
//! What was withheld and why never stands in a message: messages leave the house, the journal does not.

mod build;
pub mod code;
pub mod fhir;
mod message;
mod source;
pub mod syslog;

pub use build::{detail, messages};
pub use code::CodedValue;
pub use message::{
    ActiveParticipant, AuditMessage, AuditSource, Detail, EventIdentification, EventPart, NameOrQuery,
    NetworkAccessPoint, NetworkType, ObjectLifeCycle, ObjectRole, ObjectType, ParticipantObject, ReadError,
    ReadFault, ReadMessage, read,
};
pub use source::{RepositoryUniqueIdDetail, Source};
