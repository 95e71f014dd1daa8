//! Following a journal while it grows, rolls over and is restarted.

use std::fs;

use xds_audit::verify::Fault;
use xds_audit::{Closing, Event, Follower, Journal, JournalError, JournalOptions, Told};

use crate::support::{Folder, event, open, open_with, opening, written};

fn small() -> JournalOptions {
    JournalOptions {
        segment_bytes_max: 4_096,
        ..JournalOptions::default()
    }
}

fn all(follower: &mut Follower) -> Vec<Told> {
    std::iter::from_fn(|| follower.next().unwrap()).collect()
}

/// What tests compare: the number, and what the event is called.
fn names(told: &[Told]) -> Vec<(u64, String)> {
    told.iter()
        .map(|told| (told.id.sequence, told.event.opening.correlation.clone()))
        .collect()
}

/// A request that stays open over many segments, and others; what is expected, in order.
async fn traffic(journal: &Journal) -> Vec<(u64, String)> {
    let slow = journal.open(opening("slow")).await.unwrap();
    let mut expected = Vec::new();
    for number in 0..60 {
        let name = number.to_string();
        if number % 2 == 0 {
            expected.push((journal.single(event(&name)).await.unwrap(), name));
        } else {
            let record = journal.open(opening(&name)).await.unwrap();
            record.close(Closing::success()).await.unwrap();
            expected.push((journal.stats().durable(), name));
        }
    }
    slow.close(Closing::success()).await.unwrap();
    expected.push((journal.stats().durable(), "slow".to_owned()));
    expected
}

#[tokio::test]
async fn whole_events_are_told_once_in_the_order_of_their_ends() {
    let folder = Folder::new();
    let journal = open_with(&folder, small()).unwrap().journal;
    let mut live = journal.follow(0).unwrap();
    let expected = traffic(&journal).await;
    assert!(folder.segments().len() > 5);

    let told = all(&mut live);
    assert_eq!(names(&told), expected);
    assert!(told.iter().all(|told| told.id.journal == journal.id()));
    let slow = told.last().unwrap();
    assert!(
        slow.event
            == Event {
                opening: opening("slow"),
                closing: Closing::success()
            }
    );
    assert!(slow.began.up_us < slow.ended.up_us);

    let more = journal.single(event("more")).await.unwrap();
    assert_eq!(names(&all(&mut live)), [(more, "more".to_owned())]);
    assert!(live.next().unwrap().is_none());
    journal.shutdown().await;
}

#[tokio::test]
async fn it_begins_after_any_record_and_still_finds_what_was_opened_before() {
    let folder = Folder::new();
    let journal = open_with(&folder, small()).unwrap().journal;
    let expected = traffic(&journal).await;
    journal.shutdown().await;
    let last = expected.last().unwrap().0;
    for after in 0..=last {
        let mut follower = Follower::open(folder.path(), after).unwrap();
        let owed: Vec<_> = expected
            .iter()
            .filter(|(sequence, _)| *sequence > after)
            .cloned()
            .collect();
        assert_eq!(names(&all(&mut follower)), owed, "after {after}");
    }
}

#[tokio::test]
async fn only_what_is_durable_is_told() {
    let folder = Folder::new();
    let journal = open(&folder).journal;
    for number in 0..5 {
        journal.single(event(&number.to_string())).await.unwrap();
    }
    let third = journal.stats().durable() - 2;
    let (told, durable) = tokio::sync::watch::channel(third);
    let mut follower = Follower::open(folder.path(), 0).unwrap().bounded_by(durable);
    assert_eq!(names(&all(&mut follower)).len(), 3);
    told.send(third + 1).unwrap();
    assert_eq!(names(&all(&mut follower)), [(third + 1, "3".to_owned())]);
    journal.shutdown().await;
}

#[tokio::test]
async fn the_watch_says_when_there_is_more() {
    let folder = Folder::new();
    let journal = open(&folder).journal;
    journal.checkpoint().await.unwrap();
    let mut watch = journal.durable_watch();
    let mut follower = journal.follow(*watch.borrow_and_update()).unwrap();
    assert!(follower.next().unwrap().is_none());
    let pushed = journal.single(event("e")).await.unwrap();
    watch.changed().await.unwrap();
    assert!(*watch.borrow_and_update() >= pushed);
    assert_eq!(names(&all(&mut follower)), [(pushed, "e".to_owned())]);
    journal.shutdown().await;
    // At a start everything that is found counts as durable.
    let again = open(&folder).journal;
    assert!(*again.durable_watch().borrow() > pushed);
    again.shutdown().await;
}

#[tokio::test]
async fn aud_08_a_cursor_beyond_the_end_is_told() {
    let folder = written(5).await;
    let journal = open(&folder).journal;
    let error = journal.follow(1_000).unwrap_err();
    assert!(
        matches!(error, JournalError::Ahead { after: 1_000, .. }),
        "{error}"
    );
    journal.shutdown().await;
}

/// A reader in another process, over a crash: the end of the file is written anew as another file.
#[tokio::test]
async fn aud_09_a_restart_after_a_crash_is_followed() {
    let folder = Folder::new();
    let journal = open(&folder).journal;
    let first = journal.single(event("first")).await.unwrap();
    let crashed = folder.copy();
    journal.shutdown().await;
    let path = crashed.segments()[0].clone();
    let mut torn = fs::read(&path).unwrap();
    torn.extend_from_slice(&[9, 0, 0, 0, 1]);
    fs::write(&path, &torn).unwrap();
    fs::remove_file(crashed.path().join("checkpoint.json")).ok();

    let mut follower = Follower::open(crashed.path(), 0).unwrap();
    assert_eq!(names(&all(&mut follower)), [(first, "first".to_owned())]);
    let opened = open(&crashed);
    assert!(opened.torn.is_some());
    let after = opened.journal.single(event("after")).await.unwrap();
    let told = names(&all(&mut follower));
    // The event about the torn end comes first.
    assert_eq!(told.len(), 2);
    assert_eq!(told.last(), Some(&(after, "after".to_owned())));
    opened.journal.shutdown().await;
}

#[tokio::test]
async fn what_is_damaged_is_an_error_and_not_an_end() {
    let folder = Folder::new();
    let journal = open_with(&folder, small()).unwrap().journal;
    traffic(&journal).await;
    journal.shutdown().await;
    let path = folder.segments()[1].clone();
    let mut bytes = fs::read(&path).unwrap();
    bytes[300] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let mut follower = Follower::open(folder.path(), 0).unwrap();
    let failed = std::iter::from_fn(|| follower.next().transpose()).find_map(Result::err);
    assert!(matches!(failed, Some(JournalError::Damaged { .. })), "{failed:?}");
    assert!(follower.next().is_err(), "it went on after the damage");

    fs::remove_file(&path).unwrap();
    let mut follower = Follower::open(folder.path(), 0).unwrap();
    let failed = std::iter::from_fn(|| follower.next().transpose()).find_map(Result::err);
    assert!(
        matches!(
            failed,
            Some(JournalError::Damaged {
                verdict: Fault::Missing,
                ..
            })
        ),
        "{failed:?}"
    );
}

/// Not a proof of speed, only that nothing is read again and again: a debug build of some thousand events.
#[tokio::test]
async fn many_events_are_followed_in_little_time() {
    let folder = Folder::in_memory();
    let journal = open_with(&folder, small()).unwrap().journal;
    let mut follower = journal.follow(0).unwrap();
    let mut seen = 0;
    for number in 0..3_000_u32 {
        journal.single(event(&number.to_string())).await.unwrap();
        seen += all(&mut follower).len();
    }
    assert_eq!(seen, 3_000);
    journal.shutdown().await;
}
