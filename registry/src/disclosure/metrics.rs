//! Disclosures in numbers.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use registry_core::records::{Entry, TaskKind};
use registry_store::TaskCount;

/// Counters and gauges of disclosures. Cheap to clone: all clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct DisclosureMetrics {
    records: Family<BasisLabel, Counter>,
    sessions: Counter,
    renewals: Counter,
    tasks: Family<TaskLabel, Counter>,
    open: Family<TaskLabel, Gauge>,
    overdue: Gauge,
}

/// By basis.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct BasisLabel {
    basis: &'static str,
}

/// By kind of task.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct TaskLabel {
    task: &'static str,
}

impl TaskLabel {
    fn of(kind: TaskKind) -> Self {
        Self { task: kind.name() }
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
            let basis = entry.record.basis.code();
            self.records.get_or_create(&BasisLabel { basis }).inc();
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
        self.tasks.get_or_create(&TaskLabel::of(kind)).inc();
    }

    pub(super) fn stands(&self, kind: TaskKind, count: TaskCount) {
        let signed = |number| i64::try_from(number).unwrap_or(i64::MAX);
        self.open
            .get_or_create(&TaskLabel::of(kind))
            .set(signed(count.open));
        if kind == TaskKind::Review {
            self.overdue.set(signed(count.late));
        }
    }
}
