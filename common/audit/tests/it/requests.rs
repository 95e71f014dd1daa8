//! Opening and closing parts.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use xds_audit::verify::{VerifyOptions, verify};
use xds_audit::{
    AuditError, Closing, Content, EventKind, Journal, JournalError, JournalOptions, Objects, Outcome,
};
use xds_model::time::{Clock, System};

use crate::support::{Folder, event, open, open_with, opening};

#[tokio::test]
async fn both_parts_are_there_and_belong_together() {
    let folder = Folder::new();
    let journal = open(&folder).journal;
    let record = journal.open(opening("c-1")).await.unwrap();
    let sequence = record.sequence();
    record.durable().await.unwrap();
    assert!(journal.stats().durable() >= sequence);
    let closing = Closing {
        objects: Objects {
            submission_set: Some("1.2.3".to_owned()),
            ..Objects::default()
        },
        ..Closing::success()
    };
    record.close(closing.clone()).await.unwrap();
    journal.shutdown().await;

    let contents = folder.contents();
    let opened = contents.iter().any(|(number, content)| {
        *number == sequence && matches!(content, Content::Open(open) if open.opening == opening("c-1"))
    });
    let closed = contents.iter().any(|(_, content)| matches!(content, Content::Close(close) if close.opened == sequence && close.closing == closing));
    assert!(opened && closed);
    assert!(verify(folder.path(), &VerifyOptions::default()).unwrap().ended);
}

#[tokio::test]
async fn a_record_that_is_dropped_closes_itself_as_abandoned() {
    let folder = Folder::new();
    let journal = open(&folder).journal;
    drop(journal.open(opening("c-1")).await.unwrap());
    assert_eq!(journal.stats().abandoned(), 1);
    journal.shutdown().await;

    let closings = folder
        .contents()
        .into_iter()
        .filter_map(|(_, content)| match content {
            Content::Close(close) => Some(close.closing),
            _ => None,
        });
    assert_eq!(closings.collect::<Vec<_>>(), [Closing::noted(Closing::ABANDONED)]);
}

#[tokio::test]
async fn a_closing_part_is_written_though_nobody_awaits_it() {
    let folder = Folder::new();
    let journal = open(&folder).journal;
    let record = journal.open(opening("c-1")).await.unwrap();
    drop(record.close(Closing::success()));
    journal.shutdown().await;
    assert!(open(&folder).unfinished.is_empty());
}

#[tokio::test]
async fn what_was_open_at_the_end_is_found_at_the_start_even_many_segments_later() {
    let folder = Folder::new();
    let small = || JournalOptions {
        segment_bytes_max: 4_096,
        ..JournalOptions::default()
    };
    let journal = open_with(&folder, small()).unwrap().journal;
    let forgotten = journal.open(opening("forgotten")).await.unwrap();
    for number in 0..100 {
        let record = journal.open(opening(&number.to_string())).await.unwrap();
        record.close(Closing::success()).await.unwrap();
    }
    journal.shutdown().await;
    assert_eq!(forgotten.close(Closing::success()).await, Err(AuditError::Closed));
    assert!(folder.segments().len() > 5);

    let opened = open_with(&folder, small()).unwrap();
    let [unfinished] = opened.unfinished.as_slice() else {
        panic!("{:?}", opened.unfinished)
    };
    assert_eq!(unfinished.content.opening.correlation, "forgotten");
    assert_eq!(opened.journal.stats().open(), 1);
    opened
        .journal
        .close_unfinished(unfinished, Closing::noted(Closing::UNKNOWN))
        .await
        .unwrap();
    opened.journal.shutdown().await;

    let opened = open_with(&folder, small()).unwrap();
    assert!(opened.unfinished.is_empty());
    opened.journal.shutdown().await;
    assert!(
        verify(folder.path(), &VerifyOptions::default())
            .unwrap()
            .is_whole()
    );
}

#[tokio::test]
async fn one_process_writes_a_journal() {
    let folder = Folder::new();
    let first = open(&folder);
    let second = open_with(&folder, JournalOptions::default());
    assert!(matches!(second, Err(JournalError::InUse { .. })));
    first.journal.shutdown().await;
    assert!(open_with(&folder, JournalOptions::default()).is_ok());
}

#[tokio::test]
async fn an_event_that_is_too_large_is_refused_and_its_closing_is_shortened() {
    let folder = Folder::new();
    let journal = open(&folder).journal;
    let long = "x".repeat(xds_audit::record::PAYLOAD_BYTES_MAX + 1);
    assert!(matches!(
        journal.single(event(&long)).await,
        Err(AuditError::TooLarge)
    ));
    let record = journal.open(opening("c-1")).await.unwrap();
    record
        .close(Closing::failure(Outcome::SeriousFailure, [long]))
        .await
        .unwrap();
    journal.shutdown().await;
    let contents = folder.contents();
    assert!(contents.iter().any(|(_, content)| matches!(content, Content::Close(close)
        if close.closing.outcome == Outcome::SeriousFailure && close.closing.note.as_deref() == Some(Closing::TOO_LARGE))));
}

/// A clock that a test sets.
struct Set(AtomicI64);

impl Clock for Set {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

#[tokio::test]
async fn aud_10_a_clock_that_was_set_is_an_event_and_the_order_stays() {
    let folder = Folder::new();
    let clock = Arc::new(Set(AtomicI64::new(1_795_000_000)));
    // The test's clock stands still between its steps.
    let options = JournalOptions {
        clock_step_min: Duration::from_secs(60),
        ..JournalOptions::default()
    };
    let journal = Journal::open_dir(folder.path(), options, Arc::<Set>::clone(&clock), &System)
        .unwrap()
        .journal;
    let mut numbers = Vec::new();
    for seconds in [0, -3_600, 86_400] {
        clock.0.fetch_add(seconds, Ordering::Relaxed);
        numbers.push(journal.single(event("c")).await.unwrap());
    }
    journal.shutdown().await;

    assert!(numbers.is_sorted());
    let steps: Vec<i64> = folder
        .contents()
        .into_iter()
        .filter_map(|(_, content)| match content {
            Content::Single(single) => match single.event.opening.kind {
                EventKind::ClockStepped { milliseconds } => {
                    Some((milliseconds + 500 * milliseconds.signum()) / 1_000)
                }
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert_eq!(steps, [-3_600, 86_400]);
}

#[tokio::test]
async fn the_clock_offset_stands_in_every_checkpoint_while_it_is_known() {
    let folder = Folder::new();
    let journal = open(&folder).journal;
    journal.checkpoint().await.unwrap();
    for offset in [Some(-42), Some(7), None] {
        journal.set_clock_offset(offset);
        journal.checkpoint().await.unwrap();
    }
    journal.shutdown().await;
    let offsets: Vec<_> = folder
        .contents()
        .into_iter()
        .filter_map(|(_, content)| match content {
            Content::Checkpoint(checkpoint) => Some(checkpoint.clock_offset_ms),
            _ => None,
        })
        .collect();
    let at = offsets.iter().position(|offset| *offset == Some(-42)).unwrap();
    assert_eq!(&offsets[at..at + 3], [Some(-42), Some(7), None]);
    let signed = VerifyOptions {
        public_key: Some(journal.public_key()),
        ..VerifyOptions::default()
    };
    assert!(verify(folder.path(), &signed).unwrap().is_whole());
}

#[tokio::test]
async fn a_journal_has_one_key_and_its_public_half_is_in_the_folder() {
    let (folder, keys) = (Folder::new(), Folder::new());
    let with = |name: &str| JournalOptions {
        key_file: Some(keys.path().join(name)),
        ..JournalOptions::default()
    };
    let journal = open_with(&folder, with("a.pk8")).unwrap().journal;
    journal.shutdown().await;
    let beside = std::fs::read_to_string(folder.path().join("audit-key.pk8.pub")).unwrap();
    assert_eq!(beside, journal.public_key().to_pem());
    assert!(!folder.path().join("audit-key.pk8").exists());

    let other = open_with(&folder, with("b.pk8"));
    assert!(matches!(other, Err(JournalError::OtherKey { .. })));
    open_with(&folder, with("a.pk8"))
        .unwrap()
        .journal
        .shutdown()
        .await;
}
