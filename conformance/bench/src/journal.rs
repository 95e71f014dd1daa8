//! The audit journal alone: events a second with a sync per group, against the same bytes written and synced in groups
//! of the same size by nobody but us.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use xds_audit::{
    AuditError, Caller, Closing, EventKind, Journal, JournalOptions, Objects, Opening, QueryText,
};
use xds_model::time::System;
use xds_model::{IdSource, Transaction};

use crate::arguments::Arguments;
use crate::error::BenchError;
use crate::figures::as_f64;
use crate::procfs::cpu;
use crate::progress::note;
use crate::statistics::median;

/// How many requests are served at once: one, as many as a small network has, many.
const CALLERS: [u64; 4] = [1, 8, 64, 256];

/// What was found for so many callers. An event is a request: an opening and a closing part.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct JournalRow {
    /// Requests in flight.
    pub(crate) callers: u64,
    /// Events a second, each durable before the caller went on.
    pub(crate) events_per_second: f64,
    /// CPU time of the whole process for one event, callers included.
    pub(crate) cpu_us: f64,
    /// Events that one sync was for.
    pub(crate) events_per_sync: f64,
    /// Bytes of one event.
    pub(crate) bytes_per_event: f64,
    /// Events a second that the disk alone would take in groups of this size.
    pub(crate) floor_events_per_second: f64,
    /// Floor to journal.
    pub(crate) rate_ratio: f64,
    /// Events a second that are read back, joined and parsed.
    pub(crate) followed_per_second: f64,
}

/// Measures journal and floor in turn; medians.
///
/// # Errors
/// When the disk or the journal refuses.
pub(crate) async fn measure(arguments: &Arguments) -> Result<Vec<JournalRow>, BenchError> {
    let folder = Folder::new()?;
    let mut rows = Vec::new();
    for callers in CALLERS {
        note(&format!("journal, {callers} callers"));
        let mut rounds = Vec::new();
        for round in 0..arguments.rounds {
            let folder = folder.0.join(format!("{callers}-{round}"));
            rounds.push(one_round(arguments, &folder, callers).await?);
        }
        rows.push(middle(callers, &rounds));
    }
    Ok(rows)
}

async fn one_round(arguments: &Arguments, folder: &Path, callers: u64) -> Result<JournalRow, BenchError> {
    let journal = Journal::open_dir(folder, JournalOptions::default(), Arc::new(System), &System)?.journal;
    let pid = std::process::id();
    let (started, before) = (Instant::now(), cpu(pid)?);
    let deadline = started + arguments.time();
    let tasks: Vec<_> = (0..callers)
        .map(|_| tokio::spawn(call(journal.clone(), deadline)))
        .collect();
    let mut events = 0;
    for task in tasks {
        events += task
            .await
            .map_err(|_| BenchError::Message("the end of a caller"))??;
    }
    let (seconds, spent) = (started.elapsed().as_secs_f64(), cpu(pid)?.saturating_sub(before));
    let (bytes, syncs) = (journal.stats().bytes(), journal.stats().syncs().max(1));
    let followed_per_second = follow(&journal, events)?;
    journal.shutdown().await;
    let events_per_sync = as_f64(events) / as_f64(syncs);
    let syncs_per_second = floor(arguments, &folder.join("floor"), bytes / syncs)?;
    fs::remove_dir_all(folder).map_err(BenchError::file(folder))?;
    let events_per_second = as_f64(events) / seconds;
    let floor_events_per_second = syncs_per_second * events_per_sync;
    Ok(JournalRow {
        callers,
        events_per_second,
        cpu_us: spent.as_secs_f64() * 1e6 / as_f64(events.max(1)),
        events_per_sync,
        bytes_per_event: as_f64(bytes) / as_f64(events.max(1)),
        floor_events_per_second,
        rate_ratio: floor_events_per_second / events_per_second,
        followed_per_second,
    })
}

async fn call(journal: Journal, deadline: Instant) -> Result<u64, AuditError> {
    let mut events = 0;
    while Instant::now() < deadline {
        let record = journal.open(opening()).await?;
        let closing = Closing {
            results: Some(20),
            ..Closing::success()
        };
        record.close(closing).await?;
        events += 1;
    }
    Ok(events)
}

/// Reads everything back, on this thread alone.
fn follow(journal: &Journal, owed: u64) -> Result<f64, BenchError> {
    let started = Instant::now();
    let mut follower = journal.follow(0)?;
    let mut told = 0;
    while follower.next()?.is_some() {
        told += 1;
    }
    if told < owed {
        return Err(BenchError::Message("every event of the journal"));
    }
    Ok(as_f64(told) / started.elapsed().as_secs_f64())
}

/// Groups of this many bytes written and synced one after the other; how many a second.
fn floor(arguments: &Arguments, path: &Path, bytes: u64) -> Result<f64, BenchError> {
    let run = || -> std::io::Result<f64> {
        let group = vec![b'x'; usize::try_from(bytes).unwrap_or_default()];
        let mut file = File::options().append(true).create_new(true).open(path)?;
        let (started, mut syncs) = (Instant::now(), 0_u64);
        while started.elapsed() < arguments.time() {
            file.write_all(&group)?;
            file.sync_data()?;
            syncs += 1;
        }
        Ok(as_f64(syncs) / started.elapsed().as_secs_f64())
    };
    run().map_err(BenchError::file(path))
}

/// A stored query with a text of the usual length.
fn opening() -> Opening {
    let query = QueryText {
        id: "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d".to_owned(),
        text: "<rim:Slot name=\"$XDSDocumentEntryPatientId\"/>".repeat(24),
        home: None,
    };
    Opening {
        kind: EventKind::received(Transaction::Iti18),
        caller: Caller {
            node: Some("clinic-1".to_owned()),
            ..Caller::default()
        },
        endpoint: "https://registry.example/xds/registry".to_owned(),
        correlation: "0192f7a0-0000-7000-8000-000000000000".to_owned(),
        objects: Objects {
            query: Some(query),
            ..Objects::of_patient("P1^^^&1.2.3&ISO".to_owned())
        },
    }
}

fn middle(callers: u64, rounds: &[JournalRow]) -> JournalRow {
    let of = |value: fn(&JournalRow) -> f64| median(rounds.iter().map(value));
    JournalRow {
        callers,
        events_per_second: of(|row| row.events_per_second),
        cpu_us: of(|row| row.cpu_us),
        events_per_sync: of(|row| row.events_per_sync),
        bytes_per_event: of(|row| row.bytes_per_event),
        floor_events_per_second: of(|row| row.floor_events_per_second),
        rate_ratio: of(|row| row.rate_ratio),
        followed_per_second: of(|row| row.followed_per_second),
    }
}

/// In the temporary folder, like the network of the other cases; gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, BenchError> {
        let name = format!("renkei-bench-journal-{}", System.random().simple());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).map_err(BenchError::file(&path))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_event_is_counted_and_read_back() {
        let line = ["renkei-bench", "--journal", "--seconds", "0.05", "--rounds", "1"];
        let rows = measure(&Arguments::try_parse_from(line).unwrap()).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.callers).collect::<Vec<_>>(), CALLERS);
        for row in rows {
            assert!(row.events_per_second > 0.0 && row.floor_events_per_second > 0.0);
            assert!(row.bytes_per_event > 1_000.0, "{row:?}");
        }
    }
}
