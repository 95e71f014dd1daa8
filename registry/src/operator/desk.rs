//! What the handlers of the operator listener share.

use std::sync::Arc;

use registry_store::Store;
use registry_trail::Trail;
use registry_trail::report::{Directory, Thresholds};
use xds_atna::Source;
use xds_audit::Journal;
use xds_model::time::SharedClock;
use xds_server::http::Refusal;

use super::refusal::of_store;

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
}

impl Desk {
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
