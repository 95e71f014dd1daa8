//! How far the index is behind the journal: metrics, warnings and the alarm.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use xds_model::time::SharedClock;
use xds_server::ready::Ready;

use super::batch::Gap;
use super::metrics::TrailMetrics;

/// An event that is older and not in the trail raises the alarm.
const LATE: Duration = Duration::from_secs(300);
/// The subject of warnings at `/ready`: the registry serves without its index.
const WARNING: &str = "audit-trail";
const WARNING_OF_GAP: &str = "audit-trail-gap";

/// How the index stands, for whoever looks.
pub(super) struct Standing {
    state: Mutex<State>,
    metrics: TrailMetrics,
    ready: Ready,
    clock: SharedClock,
}

struct State {
    /// When the oldest event happened that is not in the trail, as far as is known; none when nothing waits.
    waits_since: Option<OffsetDateTime>,
    /// The number of the last event in the trail.
    position: u64,
    failing: bool,
    late: bool,
}

impl Standing {
    /// Not known yet: something may wait.
    pub(super) fn new(metrics: TrailMetrics, ready: Ready, clock: SharedClock) -> Self {
        let state = State {
            waits_since: Some(clock.now()),
            position: 0,
            failing: false,
            late: false,
        };
        Self {
            state: Mutex::new(state),
            metrics,
            ready,
            clock,
        }
    }

    /// The trail has everything up to this event.
    pub(super) fn stands_at(&self, position: u64) {
        self.lock().position = position;
    }

    /// These wait; `since` is when the oldest of them ended.
    pub(super) fn waits(&self, since: OffsetDateTime) {
        self.lock().waits_since = Some(since);
    }

    /// So many events were added, the last with this number.
    pub(super) fn added(&self, count: u64, position: u64) {
        self.metrics.indexed.inc_by(count);
        self.lock().position = position;
        self.works();
    }

    /// The journal has no more now.
    pub(super) fn caught_up(&self) {
        self.lock().waits_since = None;
        self.works();
    }

    /// An attempt failed; it is made again.
    pub(super) fn failed(&self, error: &(impl std::error::Error + 'static)) {
        self.metrics.failures.inc();
        self.metrics.failing.set(1);
        let mut state = self.lock();
        let before = std::mem::replace(&mut state.failing, true);
        // What comes from now on waits, at least.
        state.waits_since.get_or_insert(self.clock.now());
        drop(state);
        if before {
            tracing::debug!(%error, "audit events wait in the journal still");
        } else {
            tracing::warn!(
                %error,
                "audit events are not added to the trail; they wait in the journal"
            );
        }
    }

    /// Records are gone.
    pub(super) fn gap(&self, gap: Gap) {
        let Gap { from, to } = gap;
        self.metrics.missing.inc_by(to - from + 1);
        self.ready.warn(
            WARNING_OF_GAP,
            Some("records of the journal were gone before they were indexed"),
        );
        tracing::error!(
            from,
            to,
            "alarm: records of the audit journal were gone before they were indexed: the trail lacks them"
        );
    }

    /// Sets the metrics, and raises or ends the alarm. `durable`: the journal's newest record.
    pub(super) fn look(&self, durable: u64) {
        let mut state = self.lock();
        let age = state
            .waits_since
            .map(|since| Duration::try_from(self.clock.now() - since).unwrap_or_default());
        let records = age.map_or(0, |_| durable.saturating_sub(state.position));
        let seconds = age.map_or(0, |age| age.as_secs());
        self.metrics.lag_records.set(signed(records));
        self.metrics.lag_seconds.set(signed(seconds));
        let late = age.is_some_and(|age| age > LATE);
        let before = std::mem::replace(&mut state.late, late);
        drop(state);
        match (before, late) {
            (false, true) => {
                self.ready.warn(
                    WARNING,
                    Some("audit events older than five minutes are not in the trail"),
                );
                tracing::error!(
                    oldest_seconds = seconds,
                    records,
                    "alarm: audit events are not in the trail; they wait in the journal"
                );
            }
            (true, false) => {
                self.ready.warn(WARNING, None);
                tracing::info!("the audit trail has caught up");
            }
            _ => {}
        }
    }

    fn works(&self) {
        self.metrics.failing.set(0);
        if std::mem::take(&mut self.lock().failing) {
            tracing::info!("audit events are added to the trail again");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
