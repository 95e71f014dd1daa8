//! AUD-07 in full: a journal of 1,000 records, every byte changed, every record removed, doubled and swapped, and
//! every cut. Each is checked from the state before the record concerned, which is what a run from the start
//! arrives at; the same through files, on a smaller journal: `tests/it/tamper.rs`.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use xds_model::Transaction;
use xds_model::time::System;

use super::*;
use crate::record::decode;
use crate::segment::{After, HEADER_BYTES};
use crate::{Caller, Closing, EventKind, Journal, JournalOptions, Objects, Opening};

/// A segment, and the state of a check before each of its records.
struct Subject {
    bytes: Vec<u8>,
    starts: Vec<usize>,
    states: Vec<Check>,
}

impl Subject {
    async fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let key = write(&folder.0).await;
        let segment = list_with(&folder.0, None).unwrap().remove(0);
        let bytes = fs::read(segment.path).unwrap();
        let mut check = Check::new(Some(key));
        check.anchors = Vec::from_iter(checkpoint::read(&folder.0).unwrap());
        check.header(1, &bytes).unwrap();
        let mut subject = Self {
            starts: vec![HEADER_BYTES],
            states: vec![check.clone()],
            bytes,
        };
        let mut at = HEADER_BYTES;
        while at < subject.bytes.len() {
            let end = at + decode(&subject.bytes[at..]).unwrap().bytes;
            check.records(&subject.bytes[at..end], After::Nothing).unwrap();
            at = end;
            subject.starts.push(at);
            subject.states.push(check.clone());
        }
        assert_eq!(check.cut(), None);
        assert!(check.checkpoints > 10 && check.anchored == 1);
        assert!(subject.records() >= 1_000);
        subject
    }

    fn records(&self) -> usize {
        self.starts.len() - 1
    }

    fn record(&self, at: usize) -> &[u8] {
        &self.bytes[self.starts[at]..self.starts[at + 1]]
    }

    /// The first bad number when `bytes` stand where record `at` stood.
    fn found(&self, at: usize, bytes: &[u8]) -> Option<u64> {
        let mut check = self.states[at].clone();
        let bad = check.records(bytes, After::Nothing).err().or_else(|| check.cut());
        bad.map(|bad| bad.index)
    }
}

#[tokio::test]
async fn aud_07_every_changed_byte_of_a_thousand_records() {
    let mut subject = Subject::new("bytes").await;
    for at in 0..subject.records() {
        let number = at as u64 + 1;
        for byte in subject.starts[at]..subject.starts[at + 1] {
            for mask in [1 << (byte % 8), 0xff] {
                subject.bytes[byte] ^= mask;
                let found = subject.found(at, &subject.bytes[subject.starts[at]..]);
                subject.bytes[byte] ^= mask;
                assert_eq!(found, Some(number), "byte {byte}");
            }
        }
    }
}

#[tokio::test]
async fn aud_07_every_removed_doubled_and_swapped_record_of_a_thousand() {
    let subject = Subject::new("order").await;
    for at in 0..subject.records() {
        let (number, start) = (at as u64 + 1, subject.starts[at]);
        let removed = subject.found(at, &subject.bytes[subject.starts[at + 1]..]);
        assert_eq!(removed, Some(number), "removed {number}");

        let doubled = subject.found(at + 1, &subject.bytes[start..]);
        assert_eq!(doubled, Some(number + 1), "doubled {number}");

        for other in [at + 1, at + 7, subject.records() - 1] {
            if (at + 1..subject.records()).contains(&other) {
                let moved = subject.found(at, subject.record(other));
                assert_eq!(moved, Some(number), "{} in place of {number}", other + 1);
            }
        }
    }
}

#[tokio::test]
async fn aud_08_every_cut_of_a_thousand_records() {
    let subject = Subject::new("cuts").await;
    for at in 0..subject.records() {
        let number = at as u64 + 1;
        for cut in subject.starts[at]..subject.starts[at + 1] {
            let found = subject.found(at, &subject.bytes[subject.starts[at]..cut]);
            assert_eq!(found, Some(number), "cut at {cut}");
        }
    }
}

/// Events of one moment and requests, with a checkpoint every 50 records.
async fn write(folder: &Path) -> PublicKey {
    let options = JournalOptions {
        checkpoint_records: 50,
        ..JournalOptions::default()
    };
    let journal = Journal::open_dir(folder, options, Arc::new(System), &System)
        .unwrap()
        .journal;
    for number in 0..500 {
        let record = journal.open(opening(number)).await.unwrap();
        record.close(Closing::success()).await.unwrap();
    }
    journal.shutdown().await;
    journal.public_key()
}

fn opening(number: u32) -> Opening {
    Opening {
        kind: EventKind::received(Transaction::Iti18),
        caller: Caller::default(),
        endpoint: String::new(),
        correlation: number.to_string(),
        objects: Objects::default(),
    }
}

/// In memory where that is possible: its syncs mean nothing.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() {
            memory.to_owned()
        } else {
            std::env::temp_dir()
        };
        let path = parent.join(format!("renkei-audit-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
