//! How the trail stands, in numbers.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Counters and gauges of the trail. Cheap to clone: all clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrailMetrics {
    /// Events of our own journal that were added.
    pub(super) indexed: Counter,
    /// Records of our own journal that are durable there and not looked at here.
    pub(super) lag_records: Gauge,
    /// Age of the oldest event that is not here.
    pub(super) lag_seconds: Gauge,
    /// Whether the last attempt failed.
    pub(super) failing: Gauge,
    /// Attempts that failed.
    pub(super) failures: Counter,
    /// Records that were gone before they were indexed.
    pub(super) missing: Counter,
    /// Messages that other nodes delivered.
    pub(super) received: Counter,
    /// Of these, events that were new.
    pub(super) received_new: Counter,
    /// Of these, messages that could not be read as events.
    pub(super) received_unread: Counter,
    /// Times that messages were not taken: their senders keep them.
    pub(super) refused: Counter,
}

impl TrailMetrics {
    /// Makes them part of what `/metrics` says.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let counters = [
            (
                "audit_trail_indexed",
                "Events of the own journal that were added to the trail",
                &self.indexed,
            ),
            (
                "audit_trail_failures",
                "Attempts to add events that failed",
                &self.failures,
            ),
            (
                "audit_trail_missing_records",
                "Records that were gone from the journal before they were indexed",
                &self.missing,
            ),
            (
                "audit_trail_received",
                "Messages that other nodes delivered",
                &self.received,
            ),
            (
                "audit_trail_received_new",
                "Delivered events that were new",
                &self.received_new,
            ),
            (
                "audit_trail_received_unread",
                "Delivered messages that could not be read as events and are kept as they came",
                &self.received_unread,
            ),
            (
                "audit_trail_receive_refusals",
                "Times that delivered messages were not taken, so that their sender keeps them",
                &self.refused,
            ),
        ];
        for (name, help, counter) in counters {
            registry.register(name, help, counter.clone());
        }
        let gauges = [
            (
                "audit_trail_lag_records",
                "Records of the own journal that are not in the trail",
                &self.lag_records,
            ),
            (
                "audit_trail_lag_seconds",
                "Age of the oldest event of the own journal that is not in the trail",
                &self.lag_seconds,
            ),
            (
                "audit_trail_failing",
                "Whether the last attempt to add events failed",
                &self.failing,
            ),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
    }
}
