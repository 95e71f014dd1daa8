//! The pointer object: which bytes a uniqueId means. Written create-only, so that one atomic write
//! decides between submissions.
//!
//! It is a sealed record that names the bytes, and carries them itself when they are few:
//!
//! ```text
//! pointer  sealed record
//!       or "RNKC" 4 | version 1 | length of the sealed record 4, least byte first | sealed record | encrypted bytes
//! ```
//!
//! Carried bytes are encrypted as those in an object of their own are, and the record says that there are some.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;
use xds_model::{DocumentHash, UniqueId};

use crate::error::StoreError;
use crate::layout;
use crate::seal;
use crate::store::DocumentStore;

/// A document that the repository holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredDocument {
    /// Its uniqueId.
    pub unique_id: UniqueId,
    /// mimeType as registered.
    pub mime_type: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-1, the XDS `hash`.
    pub sha1: DocumentHash,
    /// SHA-256.
    pub sha256: [u8; 32],
    /// Who sent it first: the name of the node.
    pub sender: String,
    /// The submission that stored it first.
    pub submission: Uuid,
    /// The patient it was submitted for, CX text, when it was known.
    pub patient: Option<String>,
    /// The key of its bytes.
    pub blob: Uuid,
    /// When it was stored.
    pub created: OffsetDateTime,
    /// Where its bytes are.
    pub(crate) place: Place,
}

impl StoredDocument {
    /// Bytes of it in memory: what its pointer carried.
    pub fn carried_bytes(&self) -> usize {
        match &self.place {
            Place::Pointer(Some(bytes)) => bytes.len(),
            _ => 0,
        }
    }

    /// Whether its bytes are in an object of their own.
    pub(crate) fn has_blob(&self) -> bool {
        self.place == Place::Blob
    }

    /// Lets go of what its pointer carried; reading it reads the pointer again.
    pub fn let_go(&mut self) {
        if let Place::Pointer(carried) = &mut self.place {
            *carried = None;
        }
    }
}

/// Where a document's encrypted bytes are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// In an object of their own.
    Blob,
    /// In the pointer; here too, while they are held.
    Pointer(Option<Bytes>),
}

impl Place {
    pub(crate) fn of(carried: Option<Bytes>) -> Self {
        match carried {
            Some(bytes) => Self::Pointer(Some(bytes)),
            None => Self::Blob,
        }
    }
}

/// The pointer as it is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PointerRecord {
    version: u8,
    pub(crate) repository_unique_id: String,
    pub(crate) unique_id: String,
    pub(crate) mime_type: String,
    pub(crate) size: u64,
    pub(crate) sha1: String,
    pub(crate) sha256: [u8; 32],
    pub(crate) sender: String,
    #[serde(with = "crate::uuid_text")]
    pub(crate) submission: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) patient: Option<String>,
    #[serde(with = "crate::uuid_text")]
    pub(crate) blob: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created: OffsetDateTime,
    /// Whether the pointer carries the bytes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    carried: bool,
}

const VERSION: u8 = 1;

impl PointerRecord {
    pub(crate) fn from_document(store: &DocumentStore, document: &StoredDocument) -> Self {
        Self {
            version: VERSION,
            repository_unique_id: store.repository_unique_id().as_str().to_owned(),
            unique_id: document.unique_id.as_str().to_owned(),
            mime_type: document.mime_type.clone(),
            size: document.size,
            sha1: document.sha1.as_str().to_owned(),
            sha256: document.sha256,
            sender: document.sender.clone(),
            submission: document.submission,
            patient: document.patient.clone(),
            blob: document.blob,
            created: document.created,
            carried: matches!(document.place, Place::Pointer(_)),
        }
    }

    pub(crate) fn into_document(self) -> Result<StoredDocument, StoreError> {
        let unreadable = StoreError::Damaged("a pointer holds values that are none");
        let (Ok(unique_id), Ok(sha1), VERSION) = (self.unique_id.parse(), self.sha1.parse(), self.version)
        else {
            return Err(unreadable);
        };
        Ok(StoredDocument {
            unique_id,
            mime_type: self.mime_type,
            size: self.size,
            sha1,
            sha256: self.sha256,
            sender: self.sender,
            submission: self.submission,
            patient: self.patient,
            blob: self.blob,
            created: self.created,
            place: if self.carried {
                Place::Pointer(None)
            } else {
                Place::Blob
            },
        })
    }
}

impl DocumentStore {
    /// The document with this uniqueId, if the repository holds one.
    ///
    /// # Errors
    /// The backend's failure, or [`StoreError::Damaged`].
    pub async fn open_document(&self, unique_id: &UniqueId) -> Result<Option<StoredDocument>, StoreError> {
        let name = layout::pointer(self.repository_unique_id(), unique_id);
        let Some(document) = self.read_pointer(&name).await? else {
            return Ok(None);
        };
        if document.unique_id == *unique_id {
            Ok(Some(document))
        } else {
            Err(StoreError::Damaged("a pointer is about another document"))
        }
    }

    pub(crate) async fn read_pointer(&self, name: &str) -> Result<Option<StoredDocument>, StoreError> {
        let Some(object) = self.backend().get(name).await? else {
            return Ok(None);
        };
        let (sealed, carried) = parted(&object)?;
        let json = seal::open(self.keys(), name, sealed)?;
        let record: PointerRecord =
            serde_json::from_slice(&json).map_err(|_| StoreError::Damaged("a pointer has another form"))?;
        let mut document = record.into_document()?;
        match (&mut document.place, carried) {
            (Place::Blob, None) => {}
            (Place::Pointer(held), Some(carried)) => *held = Some(object.slice_ref(carried)),
            _ => return Err(StoreError::Damaged("a pointer carries what it does not say")),
        }
        Ok(Some(document))
    }

    pub(crate) fn seal_pointer(&self, name: &str, document: &StoredDocument) -> Result<Vec<u8>, StoreError> {
        let json = serde_json::to_vec(&PointerRecord::from_document(self, document))
            .map_err(|_| StoreError::Internal("writing a pointer"))?;
        let sealed = seal::seal(self.keys(), name, &json)?;
        match &document.place {
            Place::Blob => Ok(sealed),
            Place::Pointer(Some(bytes)) => joined(&sealed, bytes),
            Place::Pointer(None) => Err(StoreError::Damaged("the bytes of a document are gone")),
        }
    }

    /// The bytes that the pointer of a document carries.
    pub(crate) async fn carried(&self, document: &StoredDocument) -> Result<Bytes, StoreError> {
        let found = self.open_document(&document.unique_id).await?;
        match found {
            Some(found) if found.blob == document.blob => match found.place {
                Place::Pointer(Some(bytes)) => Ok(bytes),
                _ => Err(StoreError::Damaged("a pointer carries what it does not say")),
            },
            _ => Err(StoreError::Damaged("the bytes of a document are gone")),
        }
    }
}

const CARRYING: &[u8; 5] = b"RNKC\x01";

fn joined(sealed: &[u8], carried: &[u8]) -> Result<Vec<u8>, StoreError> {
    let len = u32::try_from(sealed.len()).map_err(|_| StoreError::Internal("writing a pointer"))?;
    Ok([CARRYING.as_slice(), &len.to_le_bytes(), sealed, carried].concat())
}

/// The sealed record, and what is carried beside it.
fn parted(object: &[u8]) -> Result<(&[u8], Option<&[u8]>), StoreError> {
    let Some(rest) = object.strip_prefix(CARRYING) else {
        return Ok((object, None));
    };
    let cut = StoreError::Damaged("a pointer is cut");
    let Some((len, rest)) = rest.split_first_chunk::<4>() else {
        return Err(cut);
    };
    let len = usize::try_from(u32::from_le_bytes(*len)).unwrap_or(usize::MAX);
    let (sealed, carried) = rest.split_at_checked(len).ok_or(cut)?;
    Ok((sealed, Some(carried)))
}
