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
    let starts = record_starts(&fs::read(&copy.segments()[0]).unwrap());
    (copy, starts)
}

/// Where each record begins, and where the last one ends.
fn record_starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![76];
    while let Ok(frame) = decode(&bytes[*starts.last().unwrap()..]) {
        starts.push(starts.last().unwrap() + frame.bytes);
    }
    assert_eq!(starts.last(), Some(&bytes.len()));
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
        let rest = cut - starts[kept];

        let opened = open(&folder);

        assert_eq!(
            opened.torn.as_ref().map_or(0, |torn| torn.bytes),
            rest as u64,
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
            usize::from(rest > 0)
        );
        assert!(
            verify(folder.path(), &VerifyOptions::default())
                .unwrap()
                .is_whole(),
            "cut at {cut}"
        );
        if let Some(torn) = opened.torn {
            assert_eq!(fs::read(torn.file).unwrap(), whole[starts[kept]..cut]);
        }
    }
}

#[tokio::test]
async fn aud_09_a_tail_of_zeros_is_set_aside() {
    let (folder, _) = crashed().await;
    let path = folder.segments()[0].clone();
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(&[0; 4_096]);
    fs::write(&path, bytes).unwrap();
    let opened = open(&folder);
    assert_eq!(opened.torn.map(|torn| torn.bytes), Some(4_096));
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
