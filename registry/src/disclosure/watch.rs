//! Tasks that are to be done: counted again and again, with an alarm for reviews that are late.

use std::time::Duration;

use registry_core::records::TaskKind;
use registry_store::Store;
use xds_model::time::SharedClock;
use xds_server::ready::Ready;

use super::metrics::DisclosureMetrics;

/// How often tasks are counted.
const EVERY: Duration = Duration::from_secs(60);
/// The subject of the warning at `/ready`: the registry serves all the same.
const WARNING: &str = "emergency-reviews";

/// Counts until the process ends.
pub(crate) async fn watch(store: Store, clock: SharedClock, metrics: DisclosureMetrics, ready: Ready) {
    let mut overdue = 0;
    loop {
        for kind in TaskKind::ALL {
            match store.task_count(kind, clock.now()).await {
                Ok(count) => {
                    metrics.stands(kind, count);
                    if kind == TaskKind::Review && count.late != overdue {
                        overdue = count.late;
                        tell(overdue, &ready);
                    }
                }
                Err(error) => tracing::debug!(%error, "tasks were not counted"),
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn tell(overdue: u64, ready: &Ready) {
    if overdue == 0 {
        ready.warn(WARNING, None);
        return;
    }
    ready.warn(WARNING, Some("reviews of break-glass sessions are overdue"));
    tracing::error!(overdue, "alarm: reviews of break-glass sessions are overdue");
}
