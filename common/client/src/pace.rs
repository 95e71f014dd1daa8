use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{CallError, ClientSettings};

/// The clock of one exchange: when it began, when it last moved.
#[derive(Debug)]
pub(crate) struct Pace {
    started: Instant,
    /// Milliseconds from `started` to the last progress.
    moved: AtomicU64,
    still_max: Duration,
    whole_max: Duration,
}

impl Pace {
    pub(crate) fn start(settings: &ClientSettings) -> Self {
        Self {
            started: Instant::now(),
            moved: AtomicU64::new(0),
            still_max: settings.answer_max(),
            whole_max: Duration::from_secs(settings.exchange_seconds_max),
        }
    }

    /// Bytes have moved.
    pub(crate) fn touch(&self) {
        let moved = self.started.elapsed().as_millis();
        self.moved
            .store(u64::try_from(moved).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Waits for `step`, and longer as long as others [`touch`](Self::touch) meanwhile.
    pub(crate) async fn wait<T>(&self, step: impl Future<Output = T>) -> Result<T, CallError> {
        let mut step = std::pin::pin!(step);
        self.touch();
        loop {
            let deadline = self.deadline();
            match timeout_at(deadline, step.as_mut()).await {
                Ok(done) => {
                    self.touch();
                    return Ok(done);
                }
                Err(_) if self.deadline() > deadline => {}
                Err(_) => return Err(CallError::Timeout),
            }
        }
    }

    fn deadline(&self) -> Instant {
        let still = Duration::from_millis(self.moved.load(Ordering::Relaxed)).saturating_add(self.still_max);
        // Clamped, so that no setting can overflow the clock.
        self.started + still.min(self.whole_max).min(LONGEST)
    }
}

const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
