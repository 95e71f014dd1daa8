//! The document store of one repository.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;
use xds_model::Oid;
use xds_model::time::{SharedClock, SharedIds};

use crate::backend::{Backend, Location};
use crate::blob::BlobsInFlight;
use crate::error::StoreError;
use crate::keys::KeyRing;

/// How a document store is opened.
pub struct StoreConfig {
    /// Where the objects lie.
    pub location: Location,
    /// The repositoryUniqueId whose documents these are.
    pub repository_unique_id: Oid,
    /// The keys that documents are encrypted under.
    pub keys: KeyRing,
    /// The time.
    pub clock: SharedClock,
    /// Fresh ids.
    pub ids: SharedIds,
    /// How long a submission waits for another one of the same document to end.
    pub claim_wait: Duration,
}

/// The default of [`StoreConfig::claim_wait`].
pub const CLAIM_WAIT: Duration = Duration::from_secs(5);

/// The documents of one repository. A clone is the same store.
#[derive(Clone)]
pub struct DocumentStore(Arc<Inner>);

struct Inner {
    backend: Backend,
    repository_unique_id: Oid,
    keys: KeyRing,
    clock: SharedClock,
    ids: SharedIds,
    claim_wait: Duration,
    blobs: BlobsInFlight,
    submissions: SubmissionsInFlight,
}

impl DocumentStore {
    /// Opens the store, or makes an empty one. Does not recover: see [`DocumentStore::recover`].
    ///
    /// Local folders are checked and made private; this may block for some milliseconds.
    ///
    /// # Errors
    /// [`StoreError::Unfit`] with what to do about it, or the backend's failure.
    pub fn open(config: StoreConfig) -> Result<Self, StoreError> {
        Ok(Self(Arc::new(Inner {
            backend: Backend::open(&config.location)?,
            repository_unique_id: config.repository_unique_id,
            keys: config.keys,
            clock: config.clock,
            ids: config.ids,
            claim_wait: config.claim_wait,
            blobs: BlobsInFlight::default(),
            submissions: SubmissionsInFlight::default(),
        })))
    }

    /// The repositoryUniqueId whose documents these are.
    pub fn repository_unique_id(&self) -> &Oid {
        &self.0.repository_unique_id
    }

    pub(crate) fn backend(&self) -> &Backend {
        &self.0.backend
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.0.keys
    }

    pub(crate) fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    pub(crate) fn ids(&self) -> &SharedIds {
        &self.0.ids
    }

    pub(crate) fn claim_wait(&self) -> Duration {
        self.0.claim_wait
    }

    pub(crate) fn blobs_in_flight(&self) -> &BlobsInFlight {
        &self.0.blobs
    }

    pub(crate) fn submissions_in_flight(&self) -> &SubmissionsInFlight {
        &self.0.submissions
    }
}

impl std::fmt::Debug for DocumentStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DocumentStore")
            .field("repository_unique_id", &self.0.repository_unique_id)
            .field("keys", &self.0.keys)
            .finish_non_exhaustive()
    }
}

/// The submissions that a task of this process is working on: recovery leaves them alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubmissionsInFlight(Arc<Mutex<HashSet<Uuid>>>);

impl SubmissionsInFlight {
    /// Takes a submission, unless somebody has it.
    pub(crate) fn enter(&self, id: Uuid) -> Option<SubmissionGuard> {
        let entered = self.with(|ids| ids.insert(id));
        entered.then(|| SubmissionGuard {
            id,
            in_flight: self.clone(),
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashSet<Uuid>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Holds a submission until dropped.
#[derive(Debug)]
pub(crate) struct SubmissionGuard {
    id: Uuid,
    in_flight: SubmissionsInFlight,
}

impl Drop for SubmissionGuard {
    fn drop(&mut self) {
        self.in_flight.with(|ids| ids.remove(&self.id));
    }
}
