//! How many events a second the journal takes with a sync per group, what one costs in CPU time, and
//! what the disk alone does. `cargo run --release -p xds-audit --example journal_throughput -- FOLDER`

#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use xds_audit::{Caller, Closing, EventKind, Journal, JournalOptions, Objects, Opening, QueryText};
use xds_model::Transaction;
use xds_model::time::System;

const RUN: Duration = Duration::from_secs(4);
const RECORD_BYTES: usize = 600;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from)
        .join("renkei-journal-throughput");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    println!(
        "{:>10}  {:>12}  {:>12}  {:>12}  {:>10}",
        "callers", "requests/s", "records/s", "records/sync", "CPU us/rec"
    );
    floor(&folder)?;
    for callers in [1, 8, 64, 256] {
        measure(&folder.join(callers.to_string()), callers).await?;
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// The same bytes, one write and one sync each, by nobody but us.
fn floor(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut file = File::create(folder.join("floor"))?;
    let (started, mut syncs) = (Instant::now(), 0_u32);
    while started.elapsed() < RUN {
        file.write_all(&[7; RECORD_BYTES])?;
        file.sync_data()?;
        syncs += 1;
    }
    println!(
        "{:>10}  {:>12}  {:>12.0}  {:>12}  {:>10}",
        "disk alone",
        "",
        f64::from(syncs) / started.elapsed().as_secs_f64(),
        1,
        ""
    );
    Ok(())
}

async fn measure(folder: &Path, callers: usize) -> Result<(), Box<dyn Error>> {
    let journal = Journal::open_dir(folder, JournalOptions::default(), Arc::new(System), &System)?.journal;
    let (started, cpu) = (Instant::now(), cpu_seconds()?);
    let tasks: Vec<_> = (0..callers)
        .map(|_| tokio::spawn(call(journal.clone())))
        .collect();
    let mut requests = 0_u32;
    for task in tasks {
        requests += task.await??;
    }
    let (elapsed, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    let records = f64::from(requests) * 2.0;
    let syncs = journal.stats().syncs().max(1) as f64;
    println!(
        "{callers:>10}  {:>12.0}  {:>12.0}  {:>12.1}  {:>10.1}",
        f64::from(requests) / elapsed,
        records / elapsed,
        records / syncs,
        cpu * 1e6 / records
    );
    journal.shutdown().await;
    Ok(())
}

async fn call(journal: Journal) -> Result<u32, xds_audit::AuditError> {
    let (started, mut requests) = (Instant::now(), 0);
    while started.elapsed() < RUN {
        let record = journal.open(opening()).await?;
        record
            .close(Closing {
                results: Some(20),
                ..Closing::success()
            })
            .await?;
        requests += 1;
    }
    Ok(requests)
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
            node: Some("c1".to_owned()),
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

/// User and system time of this process, in clock ticks of 10 ms (proc(5), fields 14 and 15).
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    Ok(ticks as f64 / 100.0)
}
