//! Adding events, against a COPY of the same rows into the same tables by tokio-postgres alone.

use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{SinkExt, TryStreamExt};
use serde::Serialize;
use time::macros::datetime;
use tokio_postgres::Client;
use xds_audit::Told;
use xds_model::IdSource;
use xds_model::time::System;

use super::events::told;
use super::place::Place;
use crate::error::BenchError;
use crate::figures::{Figures, as_f64};
use crate::meter::used;
use crate::progress::note;
use crate::statistics::median;

/// Events of one round at most: they are made ahead and held in memory.
const EVENTS_MAX: u64 = 50_000;
/// Patients that the events are of.
const PATIENTS: u64 = 1_000;
/// What an event is made of.
const TABLES: [&str; 3] = ["event", "event_patient", "event_document"];

/// Medians over the rounds; ratios are medians of each round's.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct IndexRow {
    /// Events of a round.
    pub(crate) events: u64,
    /// Events a second, in the batches that the registry makes.
    pub(crate) events_per_second: f64,
    /// CPU time of indexer and PostgreSQL for each event, in microseconds.
    pub(crate) cpu_us: f64,
    /// Bytes of the rows of one event.
    pub(crate) bytes_per_event: f64,
    /// Events a second of the COPY.
    pub(crate) floor_events_per_second: f64,
    /// CPU time of the COPY for each event.
    pub(crate) floor_cpu_us: f64,
    /// Index to floor, by CPU.
    pub(crate) cpu_ratio: f64,
    /// Floor to index, by rate.
    pub(crate) rate_ratio: f64,
}

/// Measures index and floor in turn.
///
/// # Errors
/// When PostgreSQL refuses.
pub(super) async fn measure(place: &Place, rounds: u64, events: u64) -> Result<IndexRow, BenchError> {
    let events = events.min(EVENTS_MAX);
    note(&format!("indexing {events} events, {rounds} rounds"));
    let told = made(events);
    let owner = place.owner().await?;
    let mut found = Vec::new();
    for _ in 0..rounds {
        found.push(round(place, &owner, &told).await?);
    }
    empty(&owner, "audit").await?;
    owner.batch_execute("DROP SCHEMA floor CASCADE").await?;
    Ok(middle(events, &found))
}

fn made(events: u64) -> Vec<Told> {
    let journal = System.ordered();
    (1..=events)
        .map(|sequence| {
            let at = datetime!(2026-11-10 0:00 UTC) + Duration::from_millis(sequence * 20);
            let patient = format!("P{}^^^&1.2.3&ISO", sequence % PATIENTS);
            told(journal, sequence, at, &patient)
        })
        .collect()
}

struct Round {
    index: Figures,
    floor: Figures,
    bytes: u64,
}

async fn round(place: &Place, owner: &Client, told: &[Told]) -> Result<Round, BenchError> {
    let events = told.len() as u64;
    empty(owner, "audit").await?;
    let (added, index) = metered(place, events, async || Ok(place.indexer.index(told).await?)).await?;
    if added != events {
        return Err(BenchError::Message("every event in the index"));
    }
    let mut rows = Vec::new();
    for table in TABLES {
        rows.push(copied_out(owner, table).await?);
    }
    make_floor(owner).await?;
    let (written, floor) = metered(place, events, async || copy_in(owner, &rows).await).await?;
    if written != 3 * events {
        return Err(BenchError::Message("every row of the floor"));
    }
    let bytes = rows.iter().flatten().map(|piece| piece.len() as u64).sum();
    Ok(Round { index, floor, bytes })
}

/// Does the work, and says what it gave and what it cost.
async fn metered<T>(
    place: &Place,
    events: u64,
    work: impl AsyncFnOnce() -> Result<T, BenchError>,
) -> Result<(T, Figures), BenchError> {
    let meter = place.meter()?;
    let before = meter.read_when_quiet().await?;
    let begun = Instant::now();
    let done = work().await?;
    let elapsed = begun.elapsed();
    let cpu = used(&before, &meter.read_when_quiet().await?).iter().sum();
    Ok((done, Figures::new(events, elapsed, cpu)))
}

/// Nothing in the tables, and nothing left to write out.
async fn empty(owner: &Client, schema: &str) -> Result<(), BenchError> {
    let tables = TABLES.map(|table| format!("{schema}.{table}")).join(", ");
    owner
        .batch_execute(&format!("TRUNCATE {tables}; CHECKPOINT"))
        .await?;
    Ok(())
}

/// The same tables with the same indexes, of one partition.
async fn make_floor(owner: &Client) -> Result<(), BenchError> {
    let mut statements = "DROP SCHEMA IF EXISTS floor CASCADE; CREATE SCHEMA floor;".to_owned();
    for table in TABLES {
        statements += &format!("CREATE TABLE floor.{table} (LIKE audit.{table} INCLUDING ALL);");
    }
    owner.batch_execute(&(statements + "CHECKPOINT")).await?;
    Ok(())
}

async fn copied_out(owner: &Client, table: &str) -> Result<Vec<Bytes>, BenchError> {
    let copy = format!("COPY (SELECT * FROM audit.{table}) TO STDOUT (FORMAT binary)");
    Ok(owner.copy_out(&copy).await?.try_collect().await?)
}

/// Rows written, in one commit.
async fn copy_in(owner: &Client, rows: &[Vec<Bytes>]) -> Result<u64, BenchError> {
    owner.batch_execute("BEGIN").await?;
    let mut written = 0;
    for (table, pieces) in TABLES.into_iter().zip(rows) {
        let copy = format!("COPY floor.{table} FROM STDIN (FORMAT binary)");
        let mut sink = pin!(owner.copy_in(&copy).await?);
        for piece in pieces {
            sink.feed(piece.clone()).await?;
        }
        written += sink.finish().await?;
    }
    owner.batch_execute("COMMIT").await?;
    Ok(written)
}

fn middle(events: u64, rounds: &[Round]) -> IndexRow {
    let of = |value: fn(&Round) -> f64| median(rounds.iter().map(value));
    IndexRow {
        events,
        events_per_second: of(|round| round.index.requests_per_second),
        cpu_us: of(|round| round.index.cpu_us),
        bytes_per_event: of(|round| as_f64(round.bytes)) / as_f64(events),
        floor_events_per_second: of(|round| round.floor.requests_per_second),
        floor_cpu_us: of(|round| round.floor.cpu_us),
        cpu_ratio: of(|round| round.index.cpu_us / round.floor.cpu_us),
        rate_ratio: of(|round| round.floor.requests_per_second / round.index.requests_per_second),
    }
}
