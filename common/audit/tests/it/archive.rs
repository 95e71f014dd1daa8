//! Sealed segments, cold storage, and removal by policy.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use time::{Duration, OffsetDateTime};
use xds_audit::checkpoint::PublicKey;
use xds_audit::expire::{RETENTION_YEARS, removals, retained_since};
use xds_audit::verify::{Fault, Report, VerifyOptions, verify};
use xds_audit::{Closing, Follower, Journal, JournalError, JournalOptions, seal};
use xds_model::time::{Clock, System};

use crate::support::{Folder, event, open_with, opening, until};

fn small() -> JournalOptions {
    JournalOptions {
        segment_bytes_max: 4_096,
        checkpoint_records: 7,
        // The tests' clocks stand still between their steps.
        clock_step_min: std::time::Duration::from_secs(1 << 40),
        ..JournalOptions::default()
    }
}

async fn fill(journal: &Journal, count: usize) {
    for number in 0..count {
        let record = journal.open(opening(&number.to_string())).await.unwrap();
        record.close(Closing::success()).await.unwrap();
    }
}

fn check(folder: &Folder, key: PublicKey) -> Report {
    let options = VerifyOptions {
        public_key: Some(key),
        ..VerifyOptions::default()
    };
    verify(folder.path(), &options).unwrap()
}

fn sealed(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "zst"))
        .collect();
    paths.sort();
    paths
}

fn told(folder: &Folder, after: u64) -> Vec<u64> {
    let mut follower = Follower::open(folder.path(), after).unwrap();
    std::iter::from_fn(|| follower.next().unwrap())
        .map(|told| told.id.sequence)
        .collect()
}

#[tokio::test]
async fn sealed_segments_verify_are_followed_and_are_written_after() {
    let folder = Folder::new();
    let journal = open_with(&folder, small()).unwrap().journal;
    let slow = journal.open(opening("slow")).await.unwrap();
    fill(&journal, 40).await;
    let (before, contents) = (told(&folder, 0), folder.contents().len());
    let whole = check(&folder, journal.public_key());
    let plain = folder.segments().len();

    let done = seal(folder.path()).unwrap();
    assert_eq!(done.sealed as usize, plain - 1);
    assert!(done.bytes_after < done.bytes_before && done.moved == 0);
    assert_eq!(
        (sealed(folder.path()).len(), folder.segments().len()),
        (plain - 1, 1)
    );
    assert_eq!(told(&folder, 0), before);
    assert_eq!(folder.contents().len(), contents);
    let again = check(&folder, journal.public_key());
    assert!(again.is_whole() && again.last == whole.last && again.link == whole.link);
    assert_eq!(seal(folder.path()).unwrap().sealed, 0);

    // What was opened in a sealed segment is still found at the next start.
    journal.shutdown().await;
    drop(slow);
    let opened = open_with(&folder, small()).unwrap();
    assert_eq!(opened.unfinished.len(), 1);
    fill(&opened.journal, 1).await;
    opened.journal.shutdown().await;
    assert!(check(&folder, journal.public_key()).is_whole());
}

#[tokio::test]
async fn aud_07_every_changed_byte_of_a_sealed_segment_names_its_first_record() {
    let folder = Folder::in_memory();
    let journal = open_with(&folder, small()).unwrap().journal;
    fill(&journal, 20).await;
    journal.shutdown().await;
    seal(folder.path()).unwrap();
    let path = sealed(folder.path()).remove(1);
    let whole = fs::read(&path).unwrap();
    let first: u64 = path.file_name().unwrap().to_str().unwrap()[8..28]
        .parse()
        .unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&path, &changed).unwrap();
        let bad = check(&folder, journal.public_key()).bad.unwrap();
        assert_eq!((bad.index, bad.fault), (first, Fault::Sealed), "byte {at}");
    }
    fs::remove_file(&path).unwrap();
    let bad = check(&folder, journal.public_key()).bad.unwrap();
    assert_eq!((bad.index, bad.fault), (first, Fault::Missing));
}

/// A crash at any point between the copy and the removal leaves both.
#[tokio::test]
async fn a_segment_that_is_there_twice_counts_once() {
    let folder = Folder::new();
    let journal = open_with(&folder, small()).unwrap().journal;
    fill(&journal, 40).await;
    journal.shutdown().await;
    let first = folder.segments().remove(0);
    let bytes = fs::read(&first).unwrap();
    let before = told(&folder, 0);
    seal(folder.path()).unwrap();
    fs::write(&first, bytes).unwrap();
    fs::write(sealed(folder.path()).remove(0), b"half").unwrap();
    assert!(check(&folder, journal.public_key()).is_whole());
    assert_eq!(told(&folder, 0), before);
    assert_eq!(seal(folder.path()).unwrap().sealed, 1);
    assert!(check(&folder, journal.public_key()).is_whole());
}

#[tokio::test]
async fn the_process_seals_and_moves_beside_the_writing_and_followers_do_not_notice() {
    let (folder, cold) = (Folder::new(), Folder::new());
    let options = JournalOptions {
        seal: true,
        cold_folder: Some(cold.path().to_owned()),
        ..small()
    };
    let journal = open_with(&folder, options).unwrap().journal;
    let mut live = journal.follow(0).unwrap();
    let mut seen = Vec::new();
    for _ in 0..20 {
        fill(&journal, 10).await;
        // Others look on while segments change their form and place.
        assert!(told(&folder, 0).len() >= 10);
        assert!(folder.contents().len() >= 20);
        let fault = check(&folder, journal.public_key()).bad.map(|bad| bad.fault);
        assert!(matches!(fault, None | Some(Fault::Incomplete)), "{fault:?}");
        if seen.len() < 50 {
            seen.extend(std::iter::from_fn(|| live.next().unwrap()).map(|told| told.id.sequence));
        }
    }
    until("cold storage", || {
        !sealed(cold.path()).is_empty() && sealed(folder.path()).is_empty() && folder.segments().len() == 1
    });
    assert!(journal.stats().sealed() > 3 && !journal.stats().is_seal_failed());
    seen.extend(std::iter::from_fn(|| live.next().unwrap()).map(|told| told.id.sequence));
    assert_eq!(seen.len(), 200);
    assert_eq!(told(&folder, 0), seen);
    journal.shutdown().await;
    assert!(check(&folder, journal.public_key()).is_whole());

    // A copy elsewhere is checked with a copy of the cold storage.
    let copy = folder.copy();
    fs::remove_file(copy.path().join("cold-folder")).unwrap();
    let bad = check(&copy, journal.public_key()).bad.unwrap();
    assert_eq!((bad.index, bad.fault), (1, Fault::Missing));
    let with_cold = VerifyOptions {
        cold: Some(cold.path().to_owned()),
        ..VerifyOptions::default()
    };
    assert!(verify(copy.path(), &with_cold).unwrap().is_whole());
    // Or alone, if the reader says from where on.
    let later = VerifyOptions {
        from: Some(first_of(&copy)),
        ..VerifyOptions::default()
    };
    assert!(verify(copy.path(), &later).unwrap().is_whole());

    // Another cold storage would hide what lies in this one.
    let other = Folder::new();
    let moved = JournalOptions {
        cold_folder: Some(other.path().to_owned()),
        ..small()
    };
    assert!(matches!(
        open_with(&folder, moved),
        Err(JournalError::ColdMoved { .. })
    ));
}

fn first_of(folder: &Folder) -> u64 {
    let path = folder.segments().remove(0);
    path.file_stem().unwrap().to_str().unwrap()[8..].parse().unwrap()
}

/// A clock that a test sets.
struct Set(AtomicI64);

impl Clock for Set {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

#[tokio::test]
async fn records_are_removed_after_their_time_with_a_signed_note_and_never_before() {
    let folder = Folder::new();
    let start = 1_795_000_000;
    let clock = Arc::new(Set(AtomicI64::new(start)));
    let journal = Journal::open_dir(folder.path(), small(), Arc::<Set>::clone(&clock), &System)
        .unwrap()
        .journal;
    let key = journal.public_key();
    fill(&journal, 40).await;
    let year = 366 * 24 * 60 * 60;
    clock.0.fetch_add(4 * year, Ordering::Relaxed);
    fill(&journal, 40).await;
    seal(folder.path()).unwrap();
    let far = OffsetDateTime::from_unix_timestamp(start).unwrap() + Duration::days(100_000);

    // Four years are not five; and no policy is shorter than three.
    assert_eq!(
        journal.remove_before(far, RETENTION_YEARS, "op").await.unwrap(),
        None
    );
    let early = OffsetDateTime::from_unix_timestamp(start).unwrap();
    assert_eq!(journal.remove_before(early, 0, "op").await.unwrap(), None);
    let now = clock.now();
    assert_eq!(retained_since(now, 0), retained_since(now, 3));

    let removal = journal.remove_before(far, 0, "op").await.unwrap().unwrap();
    assert_eq!(removal.first, 1);
    assert!(removal.kept > 20 && removal.newest < now - Duration::days(4 * 365));
    assert_eq!(removals(folder.path()).unwrap(), std::slice::from_ref(&removal));
    let names_it = folder.contents().into_iter().any(|(_, content)| {
        matches!(content, xds_audit::Content::Single(single)
            if matches!(&single.event.opening.kind, xds_audit::EventKind::ConfigurationChanged { verb, .. } if verb == "audit expire"))
    });
    assert!(names_it);
    assert_eq!(journal.remove_before(far, 0, "op").await.unwrap(), None);
    assert!(told(&folder, 0).len() >= 40);
    journal.shutdown().await;
    let report = check(&folder, key);
    assert!(report.is_whole() && report.first == removal.kept, "{report:?}");

    // Without the note, or with another one, the beginning is missing.
    let note = folder.path().join("removed.json");
    let text = fs::read_to_string(&note).unwrap();
    fs::write(&note, text.replace("\"op\"", "\"no\"")).unwrap();
    assert_eq!(check(&folder, key).bad.unwrap().fault, Fault::Signature);
    fs::write(&note, text.replace(&removal.link, &"0".repeat(64))).unwrap();
    assert_eq!(check(&folder, key).bad.unwrap().fault, Fault::Removal);
    fs::remove_file(&note).unwrap();
    let bad = check(&folder, key).bad.unwrap();
    assert_eq!((bad.index, bad.fault), (1, Fault::Missing));
    fs::write(&note, &text).unwrap();
    assert!(check(&folder, key).is_whole());
    let opened = open_with(&folder, small()).unwrap();
    assert!(opened.unfinished.is_empty());
    opened.journal.shutdown().await;
}

/// On a busy server some request is open wherever a segment ends: its opening part stays with the note.
#[tokio::test]
async fn a_request_that_was_open_where_a_removal_ended_is_still_told_whole() {
    let folder = Folder::new();
    let clock = Arc::new(Set(AtomicI64::new(1_795_000_000)));
    let journal = Journal::open_dir(folder.path(), small(), Arc::<Set>::clone(&clock), &System)
        .unwrap()
        .journal;
    let slow = journal.open(opening("slow")).await.unwrap();
    let slower = journal.open(opening("slower")).await.unwrap();
    fill(&journal, 40).await;
    clock.0.fetch_add(10 * 366 * 24 * 60 * 60, Ordering::Relaxed);
    fill(&journal, 10).await;
    let removal = journal
        .remove_before(clock.now(), 3, "op")
        .await
        .unwrap()
        .unwrap();
    let open: Vec<u64> = removal.open.iter().map(|open| open.sequence).collect();
    assert!(
        open.starts_with(&[slow.sequence(), slower.sequence()]),
        "{open:?}"
    );
    slow.close(Closing::success()).await.unwrap();
    let closed = journal.stats().durable();
    journal.single(event("end")).await.unwrap();
    journal.shutdown().await;
    drop(slower);

    let mut follower = Follower::open(folder.path(), closed - 1).unwrap();
    let told = follower.next().unwrap().unwrap();
    assert_eq!(
        (told.id.sequence, &*told.event.opening.correlation),
        (closed, "slow")
    );
    assert!(told_all(&folder).contains(&"slow".to_owned()));
    // The other one is found at the next start.
    let opened = open_with(&folder, small()).unwrap();
    let unfinished: Vec<_> = opened
        .unfinished
        .iter()
        .map(|one| &*one.content.opening.correlation)
        .collect();
    assert_eq!(unfinished, ["slower"]);
    opened.journal.shutdown().await;
    assert!(check(&folder, journal.public_key()).is_whole());
}

fn told_all(folder: &Folder) -> Vec<String> {
    let mut follower = Follower::open(folder.path(), 0).unwrap();
    std::iter::from_fn(|| follower.next().unwrap())
        .map(|told| told.event.opening.correlation)
        .collect()
}
