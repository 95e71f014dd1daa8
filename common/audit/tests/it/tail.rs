//! AUD-09: the end of the file is not all there.

use std::fs;

use xds_audit::record::decode;
use xds_audit::verify::{Fault, VerifyOptions, verify};
use xds_audit::{Content, EventKind, JournalError, JournalOptions};

use crate::support::{Folder, event, open, open_with};

/// Ten events, no end in order, no checkpoint beside: as after kill -9 before the first minute.
async fn crashed() -> (Folder, Vec<usize>) {
    let folder = Folder::in_memory();
    let journal = open(&folder).journal;
    for number in 0..10 {
        journal.single(event(&number.to_string())).await.unwrap();
    }
    let copy = folder.copy();
    journal.shutdown().await;
    fs::remove_file(copy.path().join("checkpoint.json")).unwrap();
    // Without the room ahead, which has tests of its own.
    let path = copy.segments()[0].clone();
    let mut bytes = fs::read(&path).unwrap();
    let starts = record_starts(&bytes);
    bytes.truncate(*starts.last().unwrap());
    fs::write(path, bytes).unwrap();
    (copy, starts)
}

/// Where each record begins, and where the last one ends.
fn record_starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![76];
    while let Ok(frame) = decode(&bytes[*starts.last().unwrap()..]) {
        starts.push(starts.last().unwrap() + frame.bytes);
    }
    assert!(bytes[*starts.last().unwrap()..].iter().all(|byte| *byte == 0));
    starts
}

#[tokio::test]
async fn aud_09_cut_at_every_byte_of_the_last_three_records() {
    let (crashed, starts) = crashed().await;
    let path = crashed.segments()[0].clone();
    let whole = fs::read(&path).unwrap();
    for cut in starts[starts.len() - 4]..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let folder = crashed.copy();
        let kept = starts.iter().filter(|start| **start <= cut).count() - 1;
        let rest = &whole[starts[kept]..cut];
        // Zeros at the end are not told from room.
        let zeros = rest.iter().rev().take_while(|byte| **byte == 0).count();
        let rest = &rest[..rest.len() - zeros];

        let opened = open(&folder);

        assert_eq!(
            opened.torn.as_ref().map_or(0, |torn| torn.bytes),
            rest.len() as u64,
            "cut at {cut}"
        );
        opened.journal.single(event("after")).await.unwrap();
        opened.journal.shutdown().await;
        let contents = folder.contents();
        let singles = contents.iter().filter(|(_, content)| is_request(content)).count();
        // The first record is a checkpoint; "after" is one more.
        assert_eq!(singles, kept - 1 + 1, "cut at {cut}");
        assert_eq!(
            contents
                .iter()
                .filter(|(_, content)| is_recovery(content))
                .count(),
            usize::from(!rest.is_empty())
        );
        assert!(
            verify(folder.path(), &VerifyOptions::default())
                .unwrap()
                .is_whole(),
            "cut at {cut}"
        );
        if let Some(torn) = opened.torn {
            assert_eq!(fs::read(torn.file).unwrap(), rest);
        }
    }
}

/// A process that is killed leaves the room ahead: nothing is torn, nobody is alarmed, and it is whole for whoever
/// verifies it. One that ends in order leaves none.
#[tokio::test]
async fn room_ahead_is_no_torn_tail() {
    let folder = Folder::in_memory();
    let journal = open(&folder).journal;
    journal.single(event("before")).await.unwrap();
    let killed = folder.copy();
    journal.shutdown().await;
    let bytes = fs::read(&killed.segments()[0]).unwrap();
    assert!(bytes.iter().rev().take_while(|byte| **byte == 0).count() > 500_000);
    let report = verify(killed.path(), &VerifyOptions::default()).unwrap();
    assert!(report.is_whole(), "{report:?}");

    let opened = open(&killed);

    assert_eq!(opened.torn, None);
    opened.journal.single(event("after")).await.unwrap();
    opened.journal.shutdown().await;
    let bytes = fs::read(&killed.segments()[0]).unwrap();
    assert_eq!(*record_starts(&bytes).last().unwrap(), bytes.len());
    let report = verify(killed.path(), &VerifyOptions::default()).unwrap();
    assert!(report.is_whole() && report.ended, "{report:?}");
}

/// Of several pages that were written and not yet flushed, a later one may be on the disk and an earlier one not.
#[tokio::test]
async fn aud_09_a_page_that_never_came_is_set_aside_with_what_follows() {
    let (folder, _) = crashed().await;
    let path = folder.segments()[0].clone();
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(&[0; 4_096]);
    bytes.extend_from_slice(&[7; 100]);
    bytes.extend_from_slice(&[0; 8_192]);
    fs::write(&path, bytes).unwrap();
    let report = verify(folder.path(), &VerifyOptions::default()).unwrap();
    assert!(!report.is_whole());
    let opened = open(&folder);
    assert_eq!(opened.torn.map(|torn| torn.bytes), Some(4_196));
    opened.journal.shutdown().await;
    assert!(
        verify(folder.path(), &VerifyOptions::default())
            .unwrap()
            .is_whole()
    );
}

#[tokio::test]
async fn a_segment_that_was_never_begun_is_dropped() {
    let (folder, starts) = crashed().await;
    let next = folder.path().join(format!("journal-{:020}.seg", starts.len()));
    fs::write(next, b"RENKEIJ1").unwrap();
    let opened = open(&folder);
    assert_eq!(
        opened.journal.single(event("after")).await.unwrap(),
        starts.len() as u64 + 1
    );
    opened.journal.shutdown().await;
    assert!(
        verify(folder.path(), &VerifyOptions::default())
            .unwrap()
            .is_whole()
    );
}

/// After a failed sync the page cache may show what the disk does not hold: such an end is copied
/// before anything is built on it. One that was closed in order is not.
#[tokio::test]
async fn aud_06_an_end_that_was_not_closed_in_order_is_written_anew() {
    use std::os::unix::fs::MetadataExt;
    let inode = |folder: &Folder| fs::metadata(&folder.segments()[0]).unwrap().ino();
    let (folder, _) = crashed().await;
    let before = inode(&folder);
    open(&folder).journal.shutdown().await;
    let after = inode(&folder);
    assert_ne!(before, after);
    open(&folder).journal.shutdown().await;
    assert_eq!(inode(&folder), after);
}

/// What a checkpoint vouched for was on the disk: no crash takes it away, so it is not written over.
#[tokio::test]
async fn what_a_checkpoint_vouched_for_is_no_torn_tail() {
    let folder = crate::support::written(5).await;
    let path = folder.segments()[0].clone();
    let whole = fs::read(&path).unwrap();
    let starts = record_starts(&whole);
    for (cut, expected) in [(whole.len() - 1, Fault::Incomplete), (starts[3], Fault::Cut)] {
        fs::write(&path, &whole[..cut]).unwrap();
        let error = open_with(&folder, JournalOptions::default()).unwrap_err();
        assert!(
            matches!(error, JournalError::Damaged { verdict, .. } if verdict == expected),
            "{error}"
        );
        assert_eq!(fs::read(&path).unwrap().len(), cut);
    }
}

fn is_request(content: &Content) -> bool {
    matches!(content, Content::Single(single) if matches!(single.event.opening.kind, EventKind::Received { .. }))
}

fn is_recovery(content: &Content) -> bool {
    matches!(content, Content::Single(single) if matches!(single.event.opening.kind, EventKind::JournalRecovered { .. }))
}
