//! Watches the clock for a server: log, metrics, status, checkpoints of the journal (IHE CT, ITI-1).

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::sync::Notify;
use xds_audit::Journal;
use xds_clock::{Look, Policy, Standing, StartRefused, Watch};
use xds_model::time::{SharedClock, SharedIds};

use crate::config::{AuditSection, TimeSection};
use crate::metrics::SharedMetrics;
use crate::ready::Ready;

/// What `/ready` calls the clock.
const CLOCK: &str = "clock";

/// The watch over one process's clock.
#[derive(Clone)]
pub struct Timekeeping {
    watch: Arc<Watch>,
    section: TimeSection,
    metrics: SharedMetrics,
    ready: Ready,
    stop: Arc<Notify>,
}

impl Timekeeping {
    /// Measures for the first time and says loudly what is not right.
    ///
    /// # Errors
    /// When the clock is too far off to start, or nobody knows and it was not seen to be right within a day.
    pub async fn start(
        section: &TimeSection,
        audit: &AuditSection,
        (clock, ids): (SharedClock, SharedIds),
        (metrics, ready): (SharedMetrics, Ready),
    ) -> Result<Self, StartRefused> {
        let policy = Policy {
            offset_ms_max: section.offset_ms_max,
            state_file: audit.clock_file(),
        };
        let this = Self {
            watch: Arc::new(Watch::new(section.sources(), policy, clock, ids)),
            section: section.clone(),
            metrics,
            ready,
            stop: Arc::default(),
        };
        let look = this.watch.start().await?;
        this.tell(&look);
        Ok(this)
    }

    /// Notes in the journal's checkpoints what was measured last.
    pub fn note(&self, journal: &Journal) {
        let offset = self.watch.standing().and_then(|standing| standing.offset_ms());
        journal.set_clock_offset(offset);
    }

    /// Measures again and again. Never returns.
    pub async fn run(&self, journal: &Journal) {
        loop {
            tokio::time::sleep(self.section.every()).await;
            let look = self.watch.look().await;
            self.tell(&look);
            self.note(journal);
            if self.section.stop_when_off && matches!(look.standing, Standing::Off { .. }) {
                tracing::error!("alarm: stopping, as the clock is off ([time] stop_when_off)");
                self.stop.notify_one();
            }
        }
    }

    /// Returns when the clock is off and the configuration says to stop then.
    pub async fn demands_stop(&self) {
        self.stop.notified().await;
    }

    fn tell(&self, look: &Look) {
        log(look, self.section.offset_ms_max);
        self.metrics.clock().set(look);
        self.ready.warn(CLOCK, warning(look.standing));
    }
}

/// What stands in `/ready` beside the parts: the server serves all the same.
fn warning(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Good { .. } => None,
        Standing::Off { .. } => Some("off its time sources, beyond [time] offset_ms_max"),
        Standing::Unknown { .. } => Some("not known: the time sources do not answer or do not agree"),
        Standing::Unchecked => Some("no time source is configured: nobody checks it"),
    }
}

/// An alarm at each measurement beyond the limit, and once when it becomes unknown; its end once.
fn log(look: &Look, max: u64) {
    let changed = look.before.map(|before| before.word()) != Some(look.standing.word());
    match (look.standing, &look.measured) {
        (Standing::Off { offset_ms }, _) => {
            tracing::error!(offset_ms, max, "alarm: the clock is off; set the time");
        }
        (Standing::Unknown { since }, Err(why)) if changed => {
            tracing::error!(%since, %why, "alarm: it is not known whether the clock is right");
        }
        (Standing::Unchecked, _) if changed => {
            tracing::warn!(
                "alarm: no time source is configured ([time] ntp_servers): nobody checks the clock"
            );
        }
        (Standing::Good { offset_ms }, Ok(measured)) if changed => {
            let uncertainty_ms = measured.uncertainty_ms;
            tracing::info!(offset_ms, uncertainty_ms, "the clock is right");
        }
        _ => {}
    }
    for reading in look.measured.iter().flat_map(|measured| &measured.readings) {
        if let Err(why) = reading.outcome {
            tracing::debug!(source = reading.source, %why, "a time source");
        }
    }
    if let Some(error) = &look.not_kept {
        tracing::warn!(
            error,
            "the measurement of the clock was not kept for the next start"
        );
    }
}

/// How the clock stands, in numbers.
#[derive(Clone, Debug, Default)]
pub struct ClockGauges {
    offset_ms: Gauge,
    uncertainty_ms: Gauge,
    standing: Family<StandingLabels, Gauge>,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct StandingLabels {
    standing: &'static str,
}

impl ClockGauges {
    /// Adds them to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "clock_offset_ms",
            "Milliseconds that the time sources are ahead, when last known",
            self.offset_ms.clone(),
        );
        registry.register(
            "clock_uncertainty_ms",
            "Milliseconds that the offset may be wrong by",
            self.uncertainty_ms.clone(),
        );
        registry.register(
            "clock_standing",
            "1 for how the clock stands: good, off, unknown or unchecked",
            self.standing.clone(),
        );
    }

    fn set(&self, look: &Look) {
        if let Ok(measured) = &look.measured {
            self.offset_ms.set(measured.offset_ms);
            self.uncertainty_ms
                .set(i64::try_from(measured.uncertainty_ms).unwrap_or(i64::MAX));
        }
        for standing in ["good", "off", "unknown", "unchecked"] {
            let is_so = i64::from(standing == look.standing.word());
            self.standing
                .get_or_create(&StandingLabels { standing })
                .set(is_so);
        }
    }
}
