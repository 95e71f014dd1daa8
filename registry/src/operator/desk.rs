//! What the handlers of the operator listener share.

use std::sync::Arc;

use registry_store::{Change, EvidenceFolder, Store};
use registry_trail::Trail;
use registry_trail::report::{Directory, Thresholds};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use xds_atna::Source;
use xds_audit::Journal;
use xds_model::time::{SharedClock, SharedIds};
use xds_server::http::{Call, Refusal};

use super::refusal::of_store;
use crate::papers::Site;

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk {
    /// The trail, as a role that does not see what was withheld.
    pub(crate) reader: Trail,
    /// The trail, as the operator's role.
    pub(crate) operator: Trail,
    /// The ledger.
    pub(crate) store: Store,
    /// The registry's own journal.
    pub(crate) journal: Journal,
    /// The time.
    pub(crate) clock: SharedClock,
    /// Who writes the audit messages of our own events.
    pub(crate) writer: Arc<Source>,
    /// The address that clients use, without a slash at its end.
    pub(crate) public_url: String,
    /// When something stands out in a monthly review.
    pub(crate) thresholds: Arc<Thresholds>,
    /// Evidence of instruments.
    pub(crate) evidence: EvidenceFolder,
    /// What of the configuration papers tell.
    pub(crate) site: Arc<Site>,
    /// Fresh ids.
    pub(crate) ids: SharedIds,
    /// A place for what reads all instruments, or all documents: one at a time.
    pub(crate) whole: Arc<Semaphore>,
}

impl Desk {
    /// Who changes something, now: the node of the certificate, under the id that log and journal know.
    pub(super) fn change(&self, call: &Call<'_>, reason: Option<String>) -> Change {
        Change {
            id: call.correlation,
            at: self.clock.now(),
            who: call.caller.principal.node().name.0.clone(),
            reason,
        }
    }

    /// Work that holds a thread: files, hashes.
    pub(super) async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        tokio::task::spawn_blocking(work).await.map_err(|_| {
            tracing::error!("alarm: work for an operator panicked");
            Refusal::failed()
        })
    }

    /// The place for what reads everything.
    pub(super) fn alone(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.whole)
            .try_acquire_owned()
            .map_err(|_| Refusal::busy())
    }

    /// What organisations are called, also those that ended: events stay.
    pub(super) async fn directory(&self) -> Result<Directory, Refusal> {
        let mut versions = self
            .store
            .organisations(None, true)
            .await
            .map_err(|error| of_store(&error))?;
        versions.sort_by_key(|known| known.from);
        let named = versions
            .into_iter()
            .map(|known| (known.value.id.0, known.value.name));
        Ok(Directory {
            organisations: named.collect(),
            ..Directory::default()
        })
    }
}
