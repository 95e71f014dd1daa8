//! What a repository counts beside what every server does.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The repository's counters. A clone is the same counters.
#[derive(Clone, Debug)]
pub struct RepositoryMetrics {
    stored_bytes: Counter,
    stored_documents: Counter,
    served_bytes: Counter,
    served_documents: Counter,
    damaged_documents: Counter,
    registry_seconds: Family<CallLabels, Histogram, fn() -> Histogram>,
    unfinished: Gauge,
}

/// What the registry was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RegistryCall {
    /// ITI-42.
    Register,
    /// May this be released?
    Decision,
    /// Who is enrolled?
    Nodes,
    /// Was this registered?
    Registered,
}

impl RegistryCall {
    fn as_str(self) -> &'static str {
        match self {
            Self::Register => "ITI-42",
            Self::Decision => "decision",
            Self::Nodes => "nodes",
            Self::Registered => "registered",
        }
    }
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct CallLabels {
    call: &'static str,
    outcome: &'static str,
}

fn seconds_histogram() -> Histogram {
    Histogram::new([0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0])
}

impl Default for RepositoryMetrics {
    fn default() -> Self {
        Self {
            stored_bytes: Counter::default(),
            stored_documents: Counter::default(),
            served_bytes: Counter::default(),
            served_documents: Counter::default(),
            damaged_documents: Counter::default(),
            registry_seconds: Family::new_with_constructor(seconds_histogram),
            unfinished: Gauge::default(),
        }
    }
}

impl RepositoryMetrics {
    /// Makes the counters part of what `/metrics` tells.
    pub fn register(&self, registry: &mut Registry) {
        let bytes = || Unit::Bytes;
        registry.register_with_unit(
            "documents_stored",
            "Bytes of documents received and kept",
            bytes(),
            self.stored_bytes.clone(),
        );
        registry.register(
            "documents_stored",
            "Documents received and kept",
            self.stored_documents.clone(),
        );
        registry.register_with_unit(
            "documents_served",
            "Bytes of documents sent",
            bytes(),
            self.served_bytes.clone(),
        );
        registry.register(
            "documents_served",
            "Documents sent to their end",
            self.served_documents.clone(),
        );
        registry.register(
            "documents_damaged",
            "Documents whose stored bytes did not verify",
            self.damaged_documents.clone(),
        );
        registry.register(
            "registry_call_seconds",
            "Time of a call to the registry",
            self.registry_seconds.clone(),
        );
        registry.register(
            "submissions_unfinished",
            "Submissions that wait for recovery",
            self.unfinished.clone(),
        );
    }

    /// Documents were registered, of so many bytes together.
    pub fn stored(&self, documents: usize, bytes: u64) {
        self.stored_bytes.inc_by(bytes);
        self.stored_documents
            .inc_by(u64::try_from(documents).unwrap_or(u64::MAX));
    }

    /// Bytes of a document were handed to the connection.
    pub fn served_piece(&self, bytes: u64) {
        self.served_bytes.inc_by(bytes);
    }

    /// A document was sent to its end.
    pub fn served(&self) {
        self.served_documents.inc();
    }

    /// A document's bytes did not verify.
    pub fn damaged(&self) {
        self.damaged_documents.inc();
    }

    /// The registry was called. `outcome`: a fixed word.
    pub fn registry_call(&self, call: RegistryCall, outcome: &'static str, took: Duration) {
        let labels = CallLabels {
            call: call.as_str(),
            outcome,
        };
        self.registry_seconds
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// So many submissions wait for recovery.
    pub fn unfinished(&self, count: u64) {
        self.unfinished.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}
