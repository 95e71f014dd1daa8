//! Submissions: all documents of one belong together, and a crash leaves all of them or none.
//!
//! The order of writes, each durable before the next:
//! 1. the bytes ([`DocumentStore::receive`]);
//! 2. the state of the submission, which lists what it is about to create;
//! 3. the pointers, create-only;
//! 4. *ITI-42, by the caller*;
//! 5. the state is removed ([`OpenSubmission::finish`]), or the pointers, then the bytes, then the
//!    state ([`OpenSubmission::undo`]).
//!
//! A pointer whose submission still has its state may yet be taken back. So a submission that finds
//! its document stored already waits until that state is gone, and then looks again: bytes that it
//! relies on are never removed.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;
use xds_model::UniqueId;

use crate::backend::{Put, Written};
use crate::blob::Received;
use crate::error::StoreError;
use crate::layout;
use crate::pointer::{PointerRecord, StoredDocument};
use crate::seal;
use crate::store::{DocumentStore, SubmissionGuard};

/// Who submits what, as the store keeps it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubmissionContext {
    /// The name of the node that sent it.
    pub sender: String,
    /// The uniqueId of its SubmissionSet: by it the registry is asked after a crash.
    pub submission_set: String,
    /// Its patient, CX text, when known.
    pub patient: Option<String>,
}

/// A received document and the uniqueId it is to be stored under.
#[derive(Debug)]
pub struct NewDocument {
    /// The DocumentEntry's uniqueId.
    pub unique_id: UniqueId,
    /// The DocumentEntry's mimeType.
    pub mime_type: String,
    /// The bytes.
    pub received: Received,
}

/// What became of a document's claim to its uniqueId.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Claim {
    /// This submission stored it first.
    Claimed,
    /// It was stored before, with the same bytes; these stay, ours are removed.
    AlreadyIdentical(StoredDocument),
    /// It was stored before with other bytes: the submission has to be undone.
    AlreadyDifferent(StoredDocument),
}

/// A submission whose bytes and pointers are durable, and that waits for the registry.
///
/// Dropping it (the registry's answer is unknown) leaves it to [`DocumentStore::recover`].
#[derive(Debug)]
pub struct OpenSubmission {
    store: DocumentStore,
    id: Uuid,
    claims: Vec<Claim>,
    documents: Vec<StoredDocument>,
    _guard: Option<SubmissionGuard>,
}

/// The state of a submission as it is kept.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StateRecord {
    #[serde(with = "crate::uuid_text")]
    pub(crate) id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) begun: OffsetDateTime,
    pub(crate) sender: String,
    pub(crate) submission_set: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) patient: Option<String>,
    pub(crate) documents: Vec<PointerRecord>,
}

/// Time between two looks at another submission's state.
const POLL: Duration = Duration::from_millis(20);

impl DocumentStore {
    /// Makes a submission's documents retrievable, before ITI-42 (ITI TF-2 3.41.4.1.3).
    ///
    /// The uniqueIds must differ from each other (`repository_core::provide` sees to it). On an error
    /// everything is taken back, as far as the backend still works; what is left, recovery removes.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another submission of one of the documents does not end in time, or
    /// the backend's failure.
    pub async fn begin(
        &self,
        context: SubmissionContext,
        documents: Vec<NewDocument>,
    ) -> Result<OpenSubmission, StoreError> {
        let id = self.ids().ordered();
        let mut open = OpenSubmission {
            store: self.clone(),
            id,
            claims: Vec::new(),
            documents: Vec::new(),
            _guard: self.submissions_in_flight().enter(id),
        };
        if documents.is_empty() {
            return Ok(open);
        }
        let begun = self.clock().now();
        let (stored, mut received): (Vec<_>, Vec<_>) = documents
            .into_iter()
            .map(|new| stored_document(id, begun, &context, new))
            .unzip();
        self.write_state(id, begun, context, &stored).await?;
        // From here on the state answers for the bytes.
        received.iter_mut().for_each(|received| received.blob.keep());
        open.documents = stored;
        match open.claim_all(received).await {
            Ok(()) => Ok(open),
            Err(error) => {
                if open.undo().await.is_err() {
                    tracing::warn!("a submission that failed is left to recovery");
                }
                Err(error)
            }
        }
    }

    async fn write_state(
        &self,
        id: Uuid,
        begun: OffsetDateTime,
        context: SubmissionContext,
        documents: &[StoredDocument],
    ) -> Result<(), StoreError> {
        let state = StateRecord {
            id,
            begun,
            sender: context.sender,
            submission_set: context.submission_set,
            patient: context.patient,
            documents: documents
                .iter()
                .map(|document| PointerRecord::from_document(self, document))
                .collect(),
        };
        let json =
            serde_json::to_vec(&state).map_err(|_| StoreError::Internal("writing a submission's state"))?;
        let name = layout::unfinished(id);
        let sealed = seal::seal(self.keys(), &name, &json)?;
        self.backend().put(&name, sealed.into(), Put::Fresh).await?;
        Ok(())
    }

    /// Claims a uniqueId. Waits while a submission that may still be taken back holds it.
    pub(crate) async fn claim(&self, document: &StoredDocument) -> Result<Claim, StoreError> {
        let name = layout::pointer(self.repository_unique_id(), &document.unique_id);
        let sealed = Bytes::from(self.seal_pointer(&name, document)?);
        let until = Instant::now() + self.claim_wait();
        loop {
            let written = self.backend().put(&name, sealed.clone(), Put::Create).await?;
            if written == Written::Yes {
                return Ok(Claim::Claimed);
            }
            if let Some(claim) = self.existing(&name, document).await? {
                return Ok(claim);
            }
            if Instant::now() >= until {
                return Err(StoreError::Busy);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The claim against a pointer that exists; none while that pointer may still go away.
    async fn existing(&self, name: &str, document: &StoredDocument) -> Result<Option<Claim>, StoreError> {
        let Some(found) = self.read_pointer(name).await? else {
            return Ok(None);
        };
        if found.blob == document.blob {
            // A retried write that had succeeded at the first try.
            return Ok(Some(Claim::Claimed));
        }
        if self
            .backend()
            .exists(&layout::unfinished(found.submission))
            .await?
        {
            return Ok(None);
        }
        // Whoever removes a pointer removes it before its state: so the second look decides.
        if self.read_pointer(name).await?.as_ref() != Some(&found) {
            return Ok(None);
        }
        let identical = found.sha256 == document.sha256 && found.size == document.size;
        Ok(Some(if identical {
            Claim::AlreadyIdentical(found)
        } else {
            Claim::AlreadyDifferent(found)
        }))
    }

    /// Removes what a submission created: pointers first, so that none is ever without its bytes.
    pub(crate) async fn take_back(&self, id: Uuid, documents: &[StoredDocument]) -> Result<(), StoreError> {
        let mut pointers = Vec::new();
        for document in documents {
            let name = layout::pointer(self.repository_unique_id(), &document.unique_id);
            let ours = self
                .read_pointer(&name)
                .await?
                .is_some_and(|found| found.submission == id);
            if ours {
                pointers.push(name);
            }
        }
        self.backend().remove(&pointers).await?;
        let blobs: Vec<_> = documents
            .iter()
            .map(|document| layout::blob(document.blob))
            .collect();
        self.backend().remove(&blobs).await?;
        self.backend().remove_one(&layout::unfinished(id)).await
    }
}

impl OpenSubmission {
    /// The id of the submission, for logs.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What became of each document, in the order given to [`DocumentStore::begin`].
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// The registry has registered it: the documents stay.
    ///
    /// # Errors
    /// The backend's failure; then recovery finishes it.
    pub async fn finish(self) -> Result<(), StoreError> {
        if self.documents.is_empty() {
            return Ok(());
        }
        self.store
            .backend()
            .remove_one(&layout::unfinished(self.id))
            .await
    }

    /// The registry has not registered it, and will not: what it created is removed.
    ///
    /// # Errors
    /// The backend's failure; then recovery removes the rest.
    pub async fn undo(self) -> Result<(), StoreError> {
        self.store.take_back(self.id, &self.documents).await
    }

    /// Claims in the order of the pointers' names, so that two submissions of the same documents in
    /// another order do not wait for each other.
    async fn claim_all(&mut self, received: Vec<Received>) -> Result<(), StoreError> {
        let repository = self.store.repository_unique_id();
        let mut order: Vec<_> = self.documents.iter().zip(received).enumerate().collect();
        order.sort_by_cached_key(|(_, (document, _))| layout::pointer(repository, &document.unique_id));
        let mut claims = Vec::with_capacity(order.len());
        for (position, (document, mut received)) in order {
            let claim = self.store.claim(document).await?;
            if claim != Claim::Claimed {
                received.blob.remove_when_dropped(self.store.backend());
            }
            claims.push((position, claim));
        }
        claims.sort_by_key(|(position, _)| *position);
        self.claims = claims.into_iter().map(|(_, claim)| claim).collect();
        Ok(())
    }
}

fn stored_document(
    submission: Uuid,
    created: OffsetDateTime,
    context: &SubmissionContext,
    new: NewDocument,
) -> (StoredDocument, Received) {
    let document = StoredDocument {
        unique_id: new.unique_id,
        mime_type: new.mime_type,
        size: new.received.size(),
        sha1: new.received.sha1().clone(),
        sha256: *new.received.sha256(),
        sender: context.sender.clone(),
        submission,
        patient: context.patient.clone(),
        blob: new.received.key(),
        created,
    };
    (document, new.received)
}
