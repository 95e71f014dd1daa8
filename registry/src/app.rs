//! What the registry's handlers share.

use std::sync::Arc;

use registry_core::plan::ResultLimits;
use registry_core::register::SubmissionLimits;
use registry_store::Store;
use xds_ebxml::query::QueryLimits;
use xds_model::time::{SharedClock, SharedIds};
use xds_policy::ledger::Ledger;
use xds_server::config::Limits;

use crate::disclosure::{DisclosureMetrics, Keeper};
use crate::domain::DomainState;
use crate::marks::Marks;

/// The registry, for one worker.
#[derive(Clone)]
pub(crate) struct App {
    /// The database.
    pub(crate) store: Store,
    /// The domain's data.
    pub(crate) domain: Arc<DomainState>,
    /// Audit marks that can be removed.
    pub(crate) marks: Marks,
    /// The time.
    pub(crate) clock: SharedClock,
    /// Fresh ids.
    pub(crate) ids: SharedIds,
    /// Limits of submissions.
    pub(crate) submissions: SubmissionLimits,
    /// Limits of queries.
    pub(crate) queries: QueryLimits,
    /// Limits of answers.
    pub(crate) results: ResultLimits,
    /// What is counted of disclosures.
    pub(crate) disclosures: DisclosureMetrics,
}

impl App {
    /// What keeping records of provision needs, with the instruments that were decided from.
    pub(crate) fn keeper<'a>(&'a self, ledger: &'a Ledger) -> Keeper<'a> {
        Keeper {
            store: &self.store,
            ids: self.ids.as_ref(),
            metrics: &self.disclosures,
            ledger,
        }
    }

    /// The same for one of so many worker threads, with database connections of its own.
    pub(crate) fn for_worker(&self, workers: usize) -> Self {
        match self.store.for_worker(workers) {
            Ok(store) => Self {
                store,
                ..self.clone()
            },
            Err(error) => {
                tracing::error!(%error, "a worker has no database connections of its own and shares others");
                self.clone()
            }
        }
    }
}

/// The limits that cores and codecs take, from the `[limits]` table.
pub(crate) fn limits(limits: &Limits) -> (SubmissionLimits, QueryLimits, ResultLimits) {
    let usize_of = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    let submissions = SubmissionLimits {
        entries_max: usize_of(limits.submission_entries_max),
        ..SubmissionLimits::default()
    };
    let queries = QueryLimits {
        values_max: usize_of(limits.query_values_max),
    };
    let results = ResultLimits {
        leaf_class_max: usize_of(limits.leaf_class_results_max),
        object_ref_max: usize_of(limits.object_ref_results_max),
    };
    (submissions, queries, results)
}
