//! The task that puts the events of our own journal into the trail.

use std::sync::Arc;
use std::time::{Duration, Instant};

use registry_trail::{Trail, TrailError};
use time::{Month, OffsetDateTime, UtcOffset};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{sleep, timeout};
use xds_audit::{Closing, Event, EventKind, Journal, JournalError};
use xds_model::time::SharedClock;
use xds_server::ready::Ready;

use super::batch::{Batch, Gap, Reading};
use super::metrics::TrailMetrics;
use super::standing::Standing;

/// How long events are gathered, so that a busy registry writes few transactions.
const GATHER: Duration = Duration::from_millis(250);
/// How often it looks whether a month has to be made, and how far behind it is.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Clinics come first: as long as the index is not further behind than this, adding takes a fiftieth of the time, up to
/// the next bound a half, and beyond that all of it.
const BEHIND_A_LITTLE: time::Duration = time::Duration::minutes(1);
const BEHIND: time::Duration = time::Duration::minutes(3);
/// The longest rest, so that who looks into the trail finds what happened a moment ago.
const REST_MAX: Duration = Duration::from_secs(2);
/// Pauses after failures: the first, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// What indexing starts from.
pub(crate) struct Plan {
    /// The trail, as its indexer.
    pub(crate) trail: Trail,
    /// Our own journal.
    pub(crate) journal: Journal,
    /// The time.
    pub(crate) clock: SharedClock,
    /// What is counted.
    pub(crate) metrics: TrailMetrics,
    /// Where warnings are shown.
    pub(crate) ready: Ready,
}

/// The running task.
pub(crate) struct Indexing {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    looking: JoinHandle<()>,
}

impl Indexing {
    /// Starts it, from where the trail stands.
    pub(crate) fn start(plan: Plan) -> Self {
        let standing = Arc::new(Standing::new(plan.metrics, plan.ready, Arc::clone(&plan.clock)));
        let looking = tokio::spawn(look(Arc::clone(&standing), plan.journal.clone()));
        let (stop, stopping) = watch::channel(false);
        let indexer = Indexer {
            trail: plan.trail,
            journal: plan.journal,
            clock: plan.clock,
            standing,
            reading: None,
            made: None,
        };
        Self {
            stop,
            task: tokio::spawn(indexer.run(stopping)),
            looking,
        }
    }

    /// Adds what the journal has by now, then ends; what is not added within `within`, or fails, is added after the
    /// next start.
    pub(crate) async fn stop(mut self, within: Duration) {
        self.stop.send_replace(true);
        if timeout(within, &mut self.task).await.is_err() {
            self.task.abort();
            tracing::warn!("audit events are added to the trail after the next start");
        }
        self.looking.abort();
    }
}

async fn look(standing: Arc<Standing>, journal: Journal) {
    loop {
        standing.look(journal.stats().durable());
        sleep(LOOK_EVERY).await;
    }
}

/// Why a round failed.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Trail(#[from] TrailError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("reading the journal was given up: {0}")]
    Reading(#[from] JoinError),
}

/// Whether the journal has more now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Round {
    /// The last event added ended then.
    Added(OffsetDateTime),
    CaughtUp,
}

struct Indexer {
    trail: Trail,
    journal: Journal,
    clock: SharedClock,
    standing: Arc<Standing>,
    /// None until the trail has said where it stands.
    reading: Option<Reading>,
    /// The newest month whose partitions are known to be there.
    made: Option<(i32, Month)>,
}

impl Indexer {
    async fn run(mut self, mut stopping: watch::Receiver<bool>) {
        let mut durable = self.journal.durable_watch();
        let mut pause = PAUSE_MIN;
        loop {
            // Before the round: what comes during it must not be overlooked.
            let last = *stopping.borrow();
            durable.borrow_and_update();
            let began = Instant::now();
            match self.round().await {
                Ok(Round::Added(ended)) => {
                    pause = PAUSE_MIN;
                    if !last {
                        let behind = self.clock.now() - ended;
                        doze(rest(began.elapsed(), behind), &mut stopping).await;
                    }
                }
                Ok(Round::CaughtUp) if last => return,
                Ok(Round::CaughtUp) => {
                    pause = PAUSE_MIN;
                    tokio::select! {
                        _ = durable.changed() => doze(GATHER, &mut stopping).await,
                        () = doze(LOOK_EVERY, &mut stopping) => {}
                    }
                }
                Err(error) => {
                    self.standing.failed(&error);
                    self.start_again();
                    if last {
                        tracing::warn!("audit events are added to the trail after the next start");
                        return;
                    }
                    doze(pause, &mut stopping).await;
                    pause = pause.saturating_mul(2).min(PAUSE_MAX);
                }
            }
        }
    }

    /// After a failure the trail is asked where it stands: a batch may have been kept whose answer was lost, and a
    /// database that was put back to an older state gets what it lacks.
    fn start_again(&mut self) {
        self.reading = None;
        self.made = None;
    }

    /// Reads a batch and adds it.
    async fn round(&mut self) -> Result<Round, RoundError> {
        self.make_months().await?;
        let batch = self.read().await?;
        if let Some(gap) = batch.gap {
            self.standing.gap(gap);
            tell(&self.journal, gap).await;
        }
        let (Some(first), Some(last)) = (batch.events.first(), batch.events.last()) else {
            self.standing.caught_up();
            return Ok(Round::CaughtUp);
        };
        self.standing.waits(first.ended.at);
        let added = self.trail.index(&batch.events).await?;
        self.standing.added(added, last.id.sequence);
        Ok(Round::Added(last.ended.at))
    }

    async fn read(&mut self) -> Result<Batch, RoundError> {
        let mut reading = match self.reading.take() {
            Some(reading) => reading,
            None => {
                let after = self.trail.cursor(self.journal.id()).await?;
                self.standing.stands_at(after);
                Reading::from(self.journal.clone(), after)
            }
        };
        let (reading, batch) = tokio::task::spawn_blocking(move || {
            let batch = reading.next();
            (reading, batch)
        })
        .await?;
        self.reading = Some(reading);
        Ok(batch?)
    }

    /// This month and the next: no event waits for its partitions, and none is looked for by another name.
    async fn make_months(&mut self) -> Result<(), TrailError> {
        let now = self.clock.now().to_offset(UtcOffset::UTC);
        let month = (now.year(), now.month());
        if self.made == Some(month) {
            return Ok(());
        }
        self.trail.ensure_month(now).await?;
        self.trail.ensure_month(next_month(now)).await?;
        self.made = Some(month);
        Ok(())
    }
}

/// What the trail lacks is told in the journal, and so in the trail.
async fn tell(journal: &Journal, gap: Gap) {
    let kind = EventKind::ConfigurationChanged {
        verb: "audit gap".to_owned(),
        object: format!("{} {}-{}", journal.id(), gap.from, gap.to),
        before: None,
        after: None,
    };
    let closing = Closing::noted("records of the journal were gone before they were indexed");
    if let Err(error) = journal.single(Event::of_machine(kind, closing)).await {
        tracing::error!(%error, "alarm: the gap in the trail was not written to the journal");
    }
}

/// How long others go first after a round that took so long, when the index is so far behind.
fn rest(took: Duration, behind: time::Duration) -> Duration {
    if behind < BEHIND_A_LITTLE {
        took.saturating_mul(49).min(REST_MAX)
    } else if behind < BEHIND {
        took
    } else {
        Duration::ZERO
    }
}

/// Waits so long, or until the stop.
async fn doze(pause: Duration, stopping: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = sleep(pause) => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}

/// A moment in the month after that of `now`.
fn next_month(now: OffsetDateTime) -> OffsetDateTime {
    let days = now.month().length(now.year()) - now.day() + 1;
    now.saturating_add(time::Duration::days(i64::from(days)))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_index_steps_aside_until_it_is_late() {
        let took = Duration::from_millis(4);
        for (behind, share) in [(0, 49), (59, 49), (60, 1), (179, 1), (180, 0), (100_000, 0)] {
            assert_eq!(
                rest(took, time::Duration::seconds(behind)),
                took * share,
                "{behind} s"
            );
        }
        // A clock that was set back.
        assert_eq!(rest(took, time::Duration::seconds(-5)), took * 49);
        assert_eq!(rest(took * 1_000, time::Duration::ZERO), REST_MAX);
    }

    #[test]
    fn the_next_month_is_made_from_any_day_of_this_one() {
        for (now, next) in [
            (datetime!(2026-01-31 23:59 UTC), (2026, Month::February)),
            (datetime!(2026-12-01 0:00 UTC), (2027, Month::January)),
            (datetime!(2028-02-29 12:00 UTC), (2028, Month::March)),
        ] {
            let found = next_month(now);
            assert_eq!((found.year(), found.month()), next);
        }
    }
}
