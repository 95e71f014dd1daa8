//! The `body` of a stored object, and the answers written from it.
//!
//! A body is a compact, versioned encoding of everything that cannot change after registration. What can
//! change is a column of the table and comes in beside the body, as [`EntryColumns`] and its siblings:
//! availabilityStatus, logicalID, version, homeCommunityId, patientId, a Folder's lastUpdateTime, and the ends
//! of an Association. Texts in a body are escaped for XML already, so that an answer is a template with the
//! texts copied into it.
//!
//! ```text
//! version (1 byte)  kind (1 byte)  length of texts (varint)  texts (UTF-8)  parts
//! ```
//! The parts, in the order in which they are written into an answer, name their texts by length only: the
//! texts lie one after the other in the same order. The numbers in `tags` never change meaning; a new layout
//! gets a new version byte, and old ones stay readable.
//!
//! Ids of nested Classifications and ExternalIdentifiers are in the body only if they were submitted as UUIDs.
//! The others are derived from the object's UUID and their position ([`nested_id`]), so that each answer
//! shows the same ones.

mod columns;
mod cursor;
mod decode;
mod encode;
mod parts;
mod pieces;
mod tags;
pub(crate) mod template;
mod write;

pub use columns::{AssociationColumns, EntryColumns, Escaped, FolderColumns, SetColumns, nested_id};
pub use cursor::BodyError;
pub use decode::{decode_association, decode_document_entry, decode_folder, decode_submission_set};
pub use encode::{encode_association, encode_document_entry, encode_folder, encode_submission_set};
pub(crate) use write::{Ends, association_element, entry_element, folder_element, set_element};
pub use write::{
    write_association, write_document_entry, write_folder, write_object_ref, write_submission_set,
};
