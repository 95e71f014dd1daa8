//! AUD-04: killed while it writes.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use xds_audit::verify::{VerifyOptions, verify};
use xds_audit::{Closing, Content, Journal, JournalOptions};
use xds_model::time::System;

use crate::support::{Folder, open, opening};

/// How many times the process is killed, unless `RENKEI_KILL_CYCLES` says.
const CYCLES: usize = 8;

fn cycles() -> usize {
    std::env::var("RENKEI_KILL_CYCLES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(CYCLES)
}

/// Not a test: what [`aud_04_every_acknowledged_event_outlives_kill_9`] runs in a process of its own.
#[test]
#[ignore = "run by aud_04_every_acknowledged_event_outlives_kill_9"]
fn append_and_say_so_for_ever() {
    let Some(folder) = std::env::var_os("RENKEI_TEST_JOURNAL") else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let options = JournalOptions {
            segment_bytes_max: 100_000,
            checkpoint_records: 50,
            ..JournalOptions::default()
        };
        let journal = Journal::open_dir(folder.as_ref(), options, Arc::new(System), &System)
            .unwrap()
            .journal;
        let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(append(journal.clone()))).collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

async fn append(journal: Journal) {
    loop {
        let record = journal.open(opening("c")).await.unwrap();
        let sequence = record.sequence();
        record.close(Closing::success()).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "CLOSED {sequence}").unwrap();
        out.flush().unwrap();
    }
}

#[tokio::test]
async fn aud_04_every_acknowledged_event_outlives_kill_9() {
    let folder = Folder::new();
    let mut acknowledged = BTreeSet::new();
    let cycles = cycles();
    for cycle in 0..cycles {
        // From the first moments of a process to some segments later.
        acknowledged.extend(run_and_kill(&folder, 1 + 37 * (cycle % 8) + cycle % 13));
    }
    let opened = open(&folder);
    for unfinished in &opened.unfinished {
        opened
            .journal
            .close_unfinished(unfinished, Closing::noted(Closing::UNKNOWN))
            .await
            .unwrap();
    }
    opened.journal.shutdown().await;

    let mut opens = BTreeSet::new();
    let mut closes = BTreeSet::new();
    let mut successes = BTreeSet::new();
    for (sequence, content) in folder.contents() {
        match content {
            Content::Open(_) => assert!(opens.insert(sequence)),
            Content::Close(close) => {
                assert!(closes.insert(close.opened), "closed twice");
                if close.closing.note.is_none() {
                    successes.insert(close.opened);
                }
            }
            Content::Single(_) | Content::Checkpoint(_) => {}
        }
    }
    assert!(acknowledged.len() >= cycles);
    assert!(
        acknowledged.is_subset(&successes),
        "an acknowledged event is lost"
    );
    assert_eq!(opens, closes);
    let report = verify(
        folder.path(),
        &VerifyOptions {
            public_key: Some(opened.journal.public_key()),
            ..VerifyOptions::default()
        },
    )
    .unwrap();
    assert!(report.is_whole() && report.segments > 1, "{report:?}");
}

/// The numbers that the process acknowledged before it was killed.
fn run_and_kill(folder: &Folder, after: usize) -> Vec<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kill::append_and_say_so_for_ever",
            "--ignored",
            "--nocapture",
        ])
        .env("RENKEI_TEST_JOURNAL", folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut numbers = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
    {
        numbers.extend(
            line.strip_prefix("CLOSED ")
                .and_then(|number| number.parse::<u64>().ok()),
        );
        if numbers.len() == after {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(numbers.len() >= after, "the process ended by itself");
    numbers
}
