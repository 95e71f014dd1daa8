//! The pointer object: which bytes a uniqueId means. Written create-only, so that one atomic write
//! decides between submissions.

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
        let Some(sealed) = self.backend().get(name).await? else {
            return Ok(None);
        };
        let json = seal::open(self.keys(), name, &sealed)?;
        let record: PointerRecord =
            serde_json::from_slice(&json).map_err(|_| StoreError::Damaged("a pointer has another form"))?;
        record.into_document().map(Some)
    }

    pub(crate) fn seal_pointer(&self, name: &str, document: &StoredDocument) -> Result<Vec<u8>, StoreError> {
        let json = serde_json::to_vec(&PointerRecord::from_document(self, document))
            .map_err(|_| StoreError::Internal("writing a pointer"))?;
        seal::seal(self.keys(), name, &json)
    }
}
