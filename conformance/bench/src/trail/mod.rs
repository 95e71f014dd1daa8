//! The audit trail alone: events indexed a second, against a COPY of the same rows, and one patient's events found
//! among many.

mod events;
mod fill;
mod index;
mod place;
mod search;

use serde::Serialize;

use crate::arguments::Arguments;
use crate::error::BenchError;

pub(crate) use index::IndexRow;
pub(crate) use search::SearchRow;

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TrailFigures {
    /// Adding events.
    pub(crate) index: IndexRow,
    /// Finding those of a patient.
    pub(crate) search: SearchRow,
}

/// Measures on a private PostgreSQL of its own in the temporary folder, which goes away at the end.
///
/// # Errors
/// When PostgreSQL does not start or refuses, or a search finds the wrong events.
pub(crate) async fn measure(arguments: &Arguments, events: u64) -> Result<TrailFigures, BenchError> {
    let place = place::Place::make().await?;
    let figures = figures(&place, arguments.rounds, events).await;
    place.clear().await?;
    figures
}

async fn figures(place: &place::Place, rounds: u64, events: u64) -> Result<TrailFigures, BenchError> {
    Ok(TrailFigures {
        index: index::measure(place, rounds, events).await?,
        search: search::measure(place, events).await?,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_patients_events_are_all_found_and_the_floor_has_the_same_rows() {
        let line = ["renkei-bench", "--trail-events", "2000", "--rounds", "1"];
        let arguments = Arguments::try_parse_from(line).unwrap();
        let events = arguments.trail_events.unwrap();
        let figures = measure(&arguments, events).await.unwrap();
        let (index, search) = (&figures.index, &figures.search);
        assert_eq!(
            (index.events, search.events, search.events_found),
            (2_000, 2_000, 100)
        );
        assert!(index.events_per_second > 0.0 && index.floor_events_per_second > 0.0);
        assert!(index.bytes_per_event > 500.0, "{index:?}");
        assert!(search.p50_ms > 0.0 && search.p95_ms >= search.p50_ms);
        assert!(
            search.plan.iter().any(|line| line.contains("event_patient_")),
            "{search:?}"
        );
    }
}
