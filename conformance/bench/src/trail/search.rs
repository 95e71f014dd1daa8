//! One patient's events among many.

use std::time::{Duration, Instant};

use registry_trail::{Page, Question};
use serde::Serialize;

use super::fill::{fill, patient};
use super::place::Place;
use crate::error::BenchError;
use crate::progress::note;
use crate::statistics::percentile;

/// Events of a patient.
const EVENTS_EACH: u64 = 100;
/// Searches, each for another patient.
const SEARCHES: u64 = 201;
/// What the median is meant to be below.
const GOAL_MS: f64 = 100.0;

/// Times of searches for all that is known of a patient, newest first, no time given.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SearchRow {
    /// Events in the index.
    pub(crate) events: u64,
    /// Patients that they are of.
    pub(crate) patients: u64,
    /// Events that a search finds.
    pub(crate) events_found: u64,
    /// Searches.
    pub(crate) searches: u64,
    /// The first one, before anything of it was in memory.
    pub(crate) first_ms: f64,
    /// Median.
    pub(crate) p50_ms: f64,
    /// What 95 of 100 do not exceed.
    pub(crate) p95_ms: f64,
    /// The longest.
    pub(crate) longest_ms: f64,
    /// What the median is meant to be below.
    pub(crate) goal_ms: f64,
    /// How PostgreSQL goes about one of them.
    pub(crate) plan: Vec<String>,
}

/// Fills and searches.
///
/// # Errors
/// When PostgreSQL refuses, or the wrong events are found.
pub(super) async fn measure(place: &Place, events: u64) -> Result<SearchRow, BenchError> {
    let patients = (events / EVENTS_EACH).max(1);
    fill(place, events, patients).await?;
    note(&format!("searching {SEARCHES} times"));
    let mut times = Vec::new();
    for number in 0..SEARCHES {
        times.push(search(place, number.wrapping_mul(487) % patients, events / patients).await?);
    }
    let first = times.first().copied().unwrap_or_default();
    times.sort_unstable();
    let plan = place
        .reader
        .explain(&question(patients / 2), Page::first(Page::ROWS_MAX))
        .await?;
    Ok(SearchRow {
        events,
        patients,
        events_found: events / patients,
        searches: SEARCHES,
        first_ms: milliseconds(first),
        p50_ms: milliseconds(percentile(&times, 50)),
        p95_ms: milliseconds(percentile(&times, 95)),
        longest_ms: milliseconds(percentile(&times, 100)),
        goal_ms: GOAL_MS,
        plan,
    })
}

async fn search(place: &Place, number: u64, expected: u64) -> Result<Duration, BenchError> {
    let question = question(number);
    let begun = Instant::now();
    let found = place
        .reader
        .search(&question, Page::first(Page::ROWS_MAX))
        .await?;
    let elapsed = begun.elapsed();
    if (found.len() as u64).abs_diff(expected) > 1 {
        return Err(BenchError::Message("the events of one patient"));
    }
    Ok(elapsed)
}

fn question(number: u64) -> Question {
    Question {
        patient: Some(patient(number)),
        ..Question::default()
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
