//! Types of the details (`ParticipantObjectDetail/@type`) that our messages hold.
//!
//! Those of the object that carries the event's name ([`crate::AuditMessage::own_object`]) come first. In it each
//! [`DECISION`] begins a group: the [`BASIS`], [`INSTRUMENT`], [`INSTRUMENT_VERSION`] and [`INSTRUMENT_SHA256`] that
//! follow belong to it.

/// How many messages the event has.
pub const PARTS: &str = "parts";
/// The id that also stands in the log and in the SOAP answer.
pub const CORRELATION: &str = "correlation";
/// When a request ended; when it came is EventDateTime.
pub const ENDED: &str = "ended";
/// The enrolled node that asked.
pub const NODE: &str = "node";
/// Its organisation.
pub const ORGANISATION: &str = "organisation";
/// The repository that asked for it.
pub const VIA: &str = "via";
/// SHA-256 of the client certificate.
pub const CERTIFICATE: &str = "certificate-sha256";
/// `true` where the node's entry vouches for the user, not an assertion.
pub const USER_BY_DEFAULT: &str = "user-by-default";
/// `true` where the user signed in with two factors.
pub const TWO_FACTOR: &str = "two-factor";
/// A fixed word that tells why something was refused.
pub const REASON: &str = "reason";
/// How many objects the answer holds.
pub const RESULTS: &str = "results";
/// A remark of the machinery, such as `abandoned`.
pub const NOTE: &str = "note";
/// Id of a decision that the outcome rests on.
pub const DECISION: &str = "decision";
/// The decision's basis.
pub const BASIS: &str = "basis";
/// The instrument that it rests on: a consent, an agreement, a setting.
pub const INSTRUMENT: &str = "instrument";
/// The instrument's version.
pub const INSTRUMENT_VERSION: &str = "instrument-version";
/// SHA-256 of that version.
pub const INSTRUMENT_SHA256: &str = "instrument-sha256";
/// Stands where a query, or documents of which the owner is not told, are too large to stand in each of the
/// event's messages: they stand in this part.
pub const SHARED_IN_PART: &str = "shared-in-part";

/// The charset of a query before base64 (ITI TF-2 3.18.5.1).
pub const QUERY_ENCODING: &str = "QueryEncoding";
/// homeCommunityId in queries, removals and updates (ITI TF-2 3.18.5.1).
pub const HOME_OF_QUERY: &str = "urn:ihe:iti:xca:2010:homeCommunityId";
/// homeCommunityId of a document (ITI TF-2 3.43.6.1): another spelling, by the text.
pub const HOME_OF_DOCUMENT: &str = "ihe:homeCommunityID";
/// Message control id of HL7 version 2 (ITI TF-2 3.8.5.1).
pub const MSH_10: &str = "MSH-10";
/// message.id of HL7 version 3 (ITI TF-2 3.44.5.1).
pub const II: &str = "II";
/// What a security alert is about (DICOM PS3.15 A.5.3.11).
pub const ALERT_DESCRIPTION: &str = "Alert Description";
/// How a setting was, as JSON.
pub const BEFORE: &str = "before";
/// How a setting is, as JSON.
pub const AFTER: &str = "after";
/// Size of a file.
pub const BYTES: &str = "bytes";
/// SHA-256 of a file.
pub const SHA256: &str = "sha256";
