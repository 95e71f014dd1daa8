//! Recovery: submissions that a crash, or an unknown answer of the registry, left unfinished.

use futures_util::TryStreamExt;
use repository_core::recover::Recovery;
use time::OffsetDateTime;
use uuid::Uuid;
use xds_model::UniqueId;

use crate::error::StoreError;
use crate::layout;
use crate::pointer::{PointerRecord, StoredDocument};
use crate::seal;
use crate::store::DocumentStore;
use crate::submission::{Claim, StateRecord, SubmissionContext};

/// A submission that began and did not end.
#[derive(Clone, Debug)]
pub struct Unfinished {
    /// Its id, for logs.
    pub id: Uuid,
    /// When its state was written, a moment before ITI-42.
    pub begun: OffsetDateTime,
    /// Who submitted what.
    pub context: SubmissionContext,
    /// Its documents.
    pub documents: Vec<StoredDocument>,
}

impl Unfinished {
    /// The uniqueIds of its documents, to ask the registry for.
    pub fn unique_ids(&self) -> impl Iterator<Item = &UniqueId> {
        self.documents.iter().map(|document| &document.unique_id)
    }
}

/// What a recovery did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Recovered {
    /// Submissions that turned out to be registered: kept.
    pub finished: u64,
    /// Submissions that were not: removed.
    pub removed: u64,
    /// Submissions whose fate is still unknown.
    pub waiting: u64,
    /// States that do not verify: left where they are, for the operator.
    pub damaged: u64,
}

impl DocumentStore {
    /// The submissions that did not end and that no task of this process is working on.
    ///
    /// # Errors
    /// The backend's failure. States that do not verify are logged and left out.
    pub async fn unfinished(&self) -> Result<Vec<Unfinished>, StoreError> {
        let mut found = Vec::new();
        for id in self.unfinished_ids().await? {
            let Some(_guard) = self.submissions_in_flight().enter(id) else {
                continue;
            };
            match self.read_unfinished(id).await {
                Ok(unfinished) => found.extend(unfinished),
                Err(StoreError::Damaged(why)) => tracing::error!(%id, why, "a submission's state is damaged"),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Ends what is unfinished as `decide` says, who asks the registry and then
    /// `repository_core::recover`. To be called before the first request, and again while anything waits.
    ///
    /// # Errors
    /// The backend's failure; it is safe to call again.
    pub async fn recover<F, D>(&self, mut decide: D) -> Result<Recovered, StoreError>
    where
        D: FnMut(Unfinished) -> F,
        F: Future<Output = Recovery>,
    {
        let mut done = Recovered::default();
        for id in self.unfinished_ids().await? {
            let Some(_guard) = self.submissions_in_flight().enter(id) else {
                continue;
            };
            let unfinished = match self.read_unfinished(id).await {
                Ok(Some(unfinished)) => unfinished,
                Ok(None) => continue,
                Err(StoreError::Damaged(why)) => {
                    tracing::error!(%id, why, "a submission's state is damaged");
                    done.damaged += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            match decide(unfinished.clone()).await {
                Recovery::Finish => {
                    self.keep_all(id, &unfinished.documents).await?;
                    done.finished += 1;
                }
                Recovery::Remove => {
                    self.take_back(id, &unfinished.documents).await?;
                    done.removed += 1;
                }
                Recovery::Wait => done.waiting += 1,
            }
        }
        Ok(done)
    }

    /// The registry knows the submission: each document has its pointer, and bytes that were a second
    /// copy go.
    async fn keep_all(&self, id: Uuid, documents: &[StoredDocument]) -> Result<(), StoreError> {
        let mut copies = Vec::new();
        for document in documents {
            let name = layout::pointer(self.repository_unique_id(), &document.unique_id);
            match self.read_pointer(&name).await? {
                Some(found) if found.blob == document.blob => {}
                Some(_) => copies.push(layout::blob(document.blob)),
                None if !self.backend().exists(&layout::blob(document.blob)).await? => {
                    tracing::error!(%id, "a registered document of an unfinished submission has no bytes");
                }
                None => {
                    if self.claim(document).await? != Claim::Claimed {
                        copies.push(layout::blob(document.blob));
                    }
                }
            }
        }
        self.backend().remove(&copies).await?;
        self.backend().end(id).await
    }

    pub(crate) async fn unfinished_ids(&self) -> Result<Vec<Uuid>, StoreError> {
        self.backend().settle().await?;
        let objects: Vec<_> = self.backend().list(layout::UNFINISHED).try_collect().await?;
        Ok(objects
            .iter()
            .filter_map(|object| layout::blob_key(object.location.as_ref()))
            .collect())
    }

    /// The state of a submission, if it is still there.
    pub(crate) async fn read_unfinished(&self, id: Uuid) -> Result<Option<Unfinished>, StoreError> {
        let name = layout::unfinished(id);
        let Some(sealed) = self.backend().get(&name).await? else {
            return Ok(None);
        };
        let json = seal::open(self.keys(), &name, &sealed)?;
        let state: StateRecord = serde_json::from_slice(&json)
            .map_err(|_| StoreError::Damaged("a submission's state has another form"))?;
        if state.id != id {
            return Err(StoreError::Damaged("a submission's state is about another one"));
        }
        Ok(Some(Unfinished {
            id,
            begun: state.begun,
            context: SubmissionContext {
                sender: state.sender,
                submission_set: state.submission_set,
                patient: state.patient,
            },
            documents: state
                .documents
                .into_iter()
                .map(PointerRecord::into_document)
                .collect::<Result<_, _>>()?,
        }))
    }
}
