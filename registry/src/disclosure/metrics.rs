//! Disclosures in numbers.

use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use registry_core::records::{Entry, TaskKind};
use registry_store::TaskCount;

/// Counters and gauges of disclosures. Cheap to clone: all clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct DisclosureMetrics {
    records: Family<Labels, Counter>,
    sessions: Counter,
    renewals: Counter,
    tasks: Family<Labels, Counter>,
    open: Family<Labels, Gauge>,
    overdue: Gauge,
}

/// One label with fixed values.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Labels {
    name: &'static str,
    value: &'static str,
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), std::fmt::Error> {
        [(self.name, self.value)].encode(encoder)
    }
}

impl Labels {
    fn basis(value: &'static str) -> Self {
        Self { name: "basis", value }
    }

    fn task(kind: TaskKind) -> Self {
        Self {
            name: "task",
            value: kind.name(),
        }
    }
}

impl DisclosureMetrics {
    /// Makes them part of what `/metrics` says.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "provision_records",
            "Records of provision and receipt that were kept, by basis",
            self.records.clone(),
        );
        registry.register(
            "emergency_sessions",
            "Break-glass sessions that were opened by a declaration",
            self.sessions.clone(),
        );
        registry.register(
            "emergency_renewals",
            "Break-glass sessions that were renewed",
            self.renewals.clone(),
        );
        registry.register(
            "disclosure_tasks",
            "Tasks that disclosures left: whom to tell, what to review",
            self.tasks.clone(),
        );
        registry.register(
            "disclosure_tasks_open",
            "Tasks that are to be done",
            self.open.clone(),
        );
        registry.register(
            "emergency_reviews_overdue",
            "Break-glass sessions whose review is late",
            self.overdue.clone(),
        );
    }

    pub(super) fn kept(&self, entries: &[Entry]) {
        for entry in entries {
            let labels = Labels::basis(entry.record.basis.code());
            self.records.get_or_create(&labels).inc();
        }
    }

    pub(super) fn opened(&self, renewals: u8) {
        if renewals == 0 {
            self.sessions.inc();
        } else {
            self.renewals.inc();
        }
    }

    pub(super) fn task(&self, kind: TaskKind) {
        self.tasks.get_or_create(&Labels::task(kind)).inc();
    }

    pub(super) fn stands(&self, kind: TaskKind, count: TaskCount) {
        let signed = |number| i64::try_from(number).unwrap_or(i64::MAX);
        self.open
            .get_or_create(&Labels::task(kind))
            .set(signed(count.open));
        if kind == TaskKind::Review {
            self.overdue.set(signed(count.late));
        }
    }
}
