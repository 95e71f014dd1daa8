//! Submissions: all documents of one belong together, and a crash leaves all of them or none.
//!
//! The order of writes, each lasting before the next:
//! 1. the bytes ([`DocumentStore::receive`]), which need not last before their pointers do; few bytes are
//!    not written at all, but carried by their pointer;
//! 2. the state of the submission, which lists what it is about to create;
//! 3. the pointers, create-only;
//! 4. *ITI-42, by the caller*;
//! 5. the state is removed ([`OpenSubmission::finish`]), or the pointers, then the bytes, then the
//!    state ([`OpenSubmission::undo`]).
//!
//! In a folder 2 is a record in a log and one flush, 3 another flush, each for all submissions that wait
//! (`commit`). A state that nobody works on any more lies in a file of its own.
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

use crate::backend::Written;
use crate::blob::Received;
use crate::commit::Pointer;
use crate::error::StoreError;
use crate::layout;
use crate::pointer::{Place, PointerRecord, StoredDocument};
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
        let (stored, received): (Vec<_>, Vec<_>) = documents
            .into_iter()
            .map(|new| stored_document(id, begun, &context, new))
            .unzip();
        let state = self.seal_state(id, begun, context, &stored)?;
        let claims = self.plan_claims(&stored, received)?;
        // From here on the state answers for the bytes.
        open.documents = stored;
        match open.claim_all(state, claims).await {
            Ok(()) => Ok(open),
            Err(error) => {
                if open.undo().await.is_err() {
                    tracing::warn!("a submission that failed is left to recovery");
                }
                Err(error)
            }
        }
    }

    fn seal_state(
        &self,
        id: Uuid,
        begun: OffsetDateTime,
        context: SubmissionContext,
        documents: &[StoredDocument],
    ) -> Result<Bytes, StoreError> {
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
        seal::seal(self.keys(), &layout::unfinished(id), &json).map(Bytes::from)
    }

    /// The claims in the order of the pointers' names, so that two submissions of the same documents in
    /// another order do not wait for each other.
    fn plan_claims(
        &self,
        documents: &[StoredDocument],
        received: Vec<Received>,
    ) -> Result<Vec<Planned>, StoreError> {
        let mut claims = documents
            .iter()
            .zip(received)
            .enumerate()
            .map(|(position, (document, received))| {
                let (name, sealed) = self.pointer_of(document)?;
                Ok(Planned {
                    position,
                    name,
                    sealed,
                    received,
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        claims.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(claims)
    }

    fn pointer_of(&self, document: &StoredDocument) -> Result<Pointer, StoreError> {
        let name = layout::pointer(self.repository_unique_id(), &document.unique_id);
        let sealed = self.seal_pointer(&name, document)?.into();
        Ok((name, sealed))
    }

    /// Claims a uniqueId. Waits while a submission that may still be taken back holds it.
    pub(crate) async fn claim(&self, document: &StoredDocument) -> Result<Claim, StoreError> {
        let (name, sealed) = self.pointer_of(document)?;
        self.claim_as(&name, &sealed, document).await
    }

    async fn claim_as(
        &self,
        name: &str,
        sealed: &Bytes,
        document: &StoredDocument,
    ) -> Result<Claim, StoreError> {
        let until = Instant::now() + self.claim_wait();
        loop {
            let written = self.backend().create(name, sealed.clone()).await?;
            if written == Written::Yes {
                return Ok(Claim::Claimed);
            }
            if let Some(claim) = self.existing(name, document).await? {
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
        if self.backend().is_unfinished(found.submission).await? {
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
            if self.is_pointer_of(&name, id).await? {
                pointers.push(name);
            }
        }
        self.backend().remove(&pointers).await?;
        let blobs: Vec<_> = documents
            .iter()
            .filter(|document| document.has_blob())
            .map(|document| layout::blob(document.blob))
            .collect();
        self.backend().remove(&blobs).await?;
        self.backend().end(id).await
    }

    /// Whether a pointer is this submission's. One that is blank never lasted (a power failure took its
    /// content): it is nobody else's, for whose pointer has lasted is not blank.
    async fn is_pointer_of(&self, name: &str, submission: Uuid) -> Result<bool, StoreError> {
        match self.read_pointer(name).await {
            Err(StoreError::Damaged(_)) if self.backend().is_blank(name).await? => Ok(true),
            found => Ok(found?.is_some_and(|found| found.submission == submission)),
        }
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
        self.store.backend().end(self.id).await
    }

    /// The registry has not registered it, and will not: what it created is removed.
    ///
    /// # Errors
    /// The backend's failure; then recovery removes the rest.
    pub async fn undo(self) -> Result<(), StoreError> {
        self.store.take_back(self.id, &self.documents).await
    }

    /// Writes the state and claims the uniqueIds.
    async fn claim_all(&mut self, state: Bytes, mut planned: Vec<Planned>) -> Result<(), StoreError> {
        planned.iter_mut().for_each(|claim| claim.received.blob.keep());
        let pointers = planned
            .iter()
            .map(|claim| (claim.name.clone(), claim.sealed.clone()))
            .collect();
        let made = self.store.backend().begin(self.id, state, pointers).await?;
        let mut claims = Vec::with_capacity(planned.len());
        for (number, mut planned) in planned.into_iter().enumerate() {
            let document = self.documents.get(planned.position);
            let claim = match document {
                Some(document) if number >= made => {
                    self.store
                        .claim_as(&planned.name, &planned.sealed, document)
                        .await?
                }
                _ => Claim::Claimed,
            };
            if claim != Claim::Claimed && document.is_some_and(StoredDocument::has_blob) {
                planned.received.blob.remove_when_dropped(self.store.backend());
            }
            claims.push((planned.position, claim));
        }
        claims.sort_by_key(|(position, _)| *position);
        self.claims = claims.into_iter().map(|(_, claim)| claim).collect();
        Ok(())
    }
}

impl Drop for OpenSubmission {
    /// One that did not end is left to recovery, which has to find it.
    fn drop(&mut self) {
        self.store.backend().leave(self.id);
    }
}

/// A claim to be made: the document's place among those of the submission, and its pointer.
struct Planned {
    position: usize,
    name: String,
    sealed: Bytes,
    received: Received,
}

fn stored_document(
    submission: Uuid,
    created: OffsetDateTime,
    context: &SubmissionContext,
    mut new: NewDocument,
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
        place: Place::of(new.received.carried.take()),
    };
    (document, new.received)
}
