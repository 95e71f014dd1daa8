//! What is done before something of somebody else leaves: records of provision and receipt are kept, and a declared
//! emergency opens its break-glass session, which people are told of at once.

mod describe;
mod doctor;
mod emergency;
mod metrics;
mod watch;

use registry_core::records::{Disclosure, written};
use registry_store::{RecordsError, Store};
use xds_model::IdSource;
use xds_policy::ledger::Facts;

pub(crate) use describe::describe;
pub(crate) use doctor::examine;
pub(crate) use emergency::open_declared;
pub(crate) use metrics::DisclosureMetrics;
pub(crate) use watch::watch;

/// Keeps on record what a request discloses. Nothing may leave before, nor when it fails.
///
/// # Errors
/// When records cannot be kept.
pub(crate) async fn keep(
    store: &Store,
    ids: &dyn IdSource,
    metrics: &DisclosureMetrics,
    facts: Facts<'_>,
    disclosure: &Disclosure<'_>,
) -> Result<(), RecordsError> {
    let written = written(facts, disclosure);
    let tasks = store.keep_records(&written, ids).await?;
    metrics.kept(&written.entries);
    emergency::raise(&tasks, metrics);
    Ok(())
}
