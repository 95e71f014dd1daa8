//! AUD-07 and AUD-08: changed, removed, inserted, moved, cut, put back.

use std::fs;
use std::path::Path;

use xds_audit::JournalOptions;
use xds_audit::chain::{leaf, link};
use xds_audit::checkpoint::{Checkpoint, PublicKey};
use xds_audit::record::{Frame, decode};
use xds_audit::verify::{Bad, Fault, VerifyOptions, verify};

use crate::support::{Folder, event, open_with, written};

const HEADER: usize = 76;

fn key(folder: &Folder) -> PublicKey {
    PublicKey::from_pem(&fs::read_to_string(folder.path().join("audit-key.pk8.pub")).unwrap()).unwrap()
}

fn check(folder: &Folder, key: PublicKey) -> Option<Bad> {
    verify(
        folder.path(),
        &VerifyOptions {
            public_key: Some(key),
            ..VerifyOptions::default()
        },
    )
    .unwrap()
    .bad
}

fn frames(bytes: &[u8]) -> Vec<&[u8]> {
    let mut rest = &bytes[HEADER..];
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let (frame, after) = rest.split_at(decode(rest).unwrap().bytes);
        frames.push(frame);
        rest = after;
    }
    frames
}

fn store(path: &Path, header: &[u8], frames: &[&[u8]]) {
    fs::write(path, [header, &frames.concat()].concat()).unwrap();
}

#[tokio::test]
async fn aud_07_every_changed_byte_names_its_record() {
    let folder = written(50).await;
    let key = key(&folder);
    assert_eq!(check(&folder, key), None);
    let path = folder.segments()[0].clone();
    let whole = fs::read(&path).unwrap();
    let mut record_of = vec![1; HEADER];
    for (at, frame) in frames(&whole).iter().enumerate() {
        record_of.extend(std::iter::repeat_n(at as u64 + 1, frame.len()));
    }
    assert!(record_of.last() >= Some(&52));
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x01;
        fs::write(&path, &changed).unwrap();
        assert_eq!(
            check(&folder, key).map(|bad| bad.index),
            Some(record_of[at]),
            "byte {at}"
        );
    }
}

#[tokio::test]
async fn aud_07_removed_swapped_and_inserted_records_are_named() {
    let folder = written(20).await;
    let key = key(&folder);
    let path = folder.segments()[0].clone();
    let whole = fs::read(&path).unwrap();
    let (header, good) = (&whole[..HEADER], frames(&whole));
    for at in 0..good.len() - 1 {
        let index = at as u64 + 1;
        let mut removed = good.clone();
        removed.remove(at);
        store(&path, header, &removed);
        assert_eq!(
            check(&folder, key).map(|bad| bad.index),
            Some(index),
            "removed {index}"
        );

        let mut swapped = good.clone();
        swapped.swap(at, at + 1);
        store(&path, header, &swapped);
        assert_eq!(
            check(&folder, key).map(|bad| bad.index),
            Some(index),
            "swapped {index}"
        );

        let mut inserted = good.clone();
        inserted.insert(at + 1, good[at]);
        store(&path, header, &inserted);
        assert_eq!(
            check(&folder, key).map(|bad| bad.index),
            Some(index + 1),
            "inserted after {index}"
        );
    }
}

/// Written anew by somebody who knows the format and computes everything but the signature.
#[tokio::test]
async fn aud_07_a_journal_written_anew_breaks_at_the_checkpoint() {
    let folder = Folder::new();
    let options = JournalOptions {
        checkpoint_records: 10,
        ..JournalOptions::default()
    };
    let journal = open_with(&folder, options).unwrap().journal;
    for number in 0..35 {
        journal.single(event(&number.to_string())).await.unwrap();
    }
    journal.shutdown().await;
    fs::remove_file(folder.path().join("checkpoint.json")).unwrap();
    let path = folder.segments()[0].clone();
    let whole = fs::read(&path).unwrap();

    // Record 1 is a checkpoint, 12 and 23 are: 15 lies between the last two.
    let forged = rewrite(&whole, 15);
    fs::write(&path, &forged).unwrap();

    let bad = check(&folder, key(&folder)).unwrap();
    assert_eq!((bad.index, bad.fault), (13, Fault::Checkpoint));
}

/// Changes the content of record `at` and computes checksums and links anew from there.
fn rewrite(whole: &[u8], at: u64) -> Vec<u8> {
    let mut out = whole[..HEADER].to_vec();
    let mut previous = [0; 32];
    for bytes in frames(whole) {
        let frame = decode(bytes).unwrap();
        let mut payload = frame.payload.to_vec();
        if frame.sequence == at {
            let last = payload.len() - 3;
            payload[last] ^= 1;
        }
        previous = forge(&mut out, &frame, &payload, &previous);
    }
    out
}

fn forge(out: &mut Vec<u8>, frame: &Frame<'_>, payload: &[u8], previous: &[u8; 32]) -> [u8; 32] {
    let start = out.len();
    let new = link(previous, &leaf(frame.sequence, frame.kind, payload));
    out.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
    out.extend_from_slice(&frame.sequence.to_le_bytes());
    out.push(frame.kind as u8);
    out.extend_from_slice(payload);
    out.extend_from_slice(&new);
    let crc = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
    new
}

#[tokio::test]
async fn aud_07_another_key_does_not_pass() {
    let (folder, stranger) = (written(3).await, written(1).await);
    let bad = check(&folder, key(&stranger)).unwrap();
    assert_eq!((bad.index, bad.fault), (1, Fault::Signature));
}

#[tokio::test]
async fn aud_07_files_that_are_missing_or_foreign_are_named() {
    let folder = Folder::new();
    let options = JournalOptions {
        segment_bytes_max: 2_048,
        ..JournalOptions::default()
    };
    let journal = open_with(&folder, options).unwrap().journal;
    for number in 0..40 {
        journal.single(event(&number.to_string())).await.unwrap();
    }
    journal.shutdown().await;
    let key = key(&folder);
    assert_eq!(check(&folder, key), None);
    let segments = folder.segments();
    let first = |path: &Path| {
        path.file_stem().unwrap().to_str().unwrap()[8..]
            .parse::<u64>()
            .unwrap()
    };
    let (gone, stays) = (&segments[2], fs::read(&segments[2]).unwrap());

    fs::remove_file(gone).unwrap();
    let bad = check(&folder, key).unwrap();
    assert_eq!((bad.index, bad.fault), (first(gone), Fault::Missing));

    fs::write(gone, fs::read(&segments[3]).unwrap()).unwrap();
    let bad = check(&folder, key).unwrap();
    assert_eq!((bad.index, bad.fault), (first(gone), Fault::Header));

    fs::write(gone, stays).unwrap();
    assert_eq!(check(&folder, key), None);
}

#[tokio::test]
async fn aud_08_a_cut_or_older_journal_is_found_by_a_kept_checkpoint() {
    let folder = written(10).await;
    let yesterday = folder.copy();
    let journal = open_with(&folder, JournalOptions::default()).unwrap().journal;
    journal.single(event("today")).await.unwrap();
    journal.shutdown().await;
    let anchor: Checkpoint =
        serde_json::from_slice(&fs::read(folder.path().join("checkpoint.json")).unwrap()).unwrap();
    let with_anchor = VerifyOptions {
        public_key: Some(key(&folder)),
        anchors: vec![anchor],
        ..VerifyOptions::default()
    };
    assert!(verify(folder.path(), &with_anchor).unwrap().is_whole());

    // Yesterday's copy is whole in itself; only the anchor tells.
    assert_eq!(check(&yesterday, key(&yesterday)), None);
    let report = verify(yesterday.path(), &with_anchor).unwrap();
    assert_eq!(
        report.bad.map(|bad| (bad.index, bad.fault)),
        Some((report.last + 1, Fault::Cut))
    );

    // Another journal of the same length is not the one that the anchor stands for.
    let other = written(20).await;
    let report = verify(
        other.path(),
        &VerifyOptions {
            public_key: None,
            ..with_anchor
        },
    )
    .unwrap();
    assert_eq!(report.bad.map(|bad| bad.fault), Some(Fault::Anchor));
}

#[tokio::test]
async fn aud_08_every_changed_byte_of_the_checkpoint_beside_is_found() {
    let folder = written(3).await;
    let key = key(&folder);
    let path = folder.path().join("checkpoint.json");
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        for mask in [1 << (at % 8), 0x20] {
            let mut changed = whole.clone();
            changed[at] ^= mask;
            fs::write(&path, &changed).unwrap();
            assert!(check(&folder, key).is_some(), "byte {at} ^ {mask:#x}");
        }
    }
}

/// Somebody else's checkpoint for the same record proves nothing.
#[tokio::test]
async fn aud_08_an_anchor_that_was_not_signed_with_the_key_is_refused() {
    let folder = written(3).await;
    let text = fs::read(folder.path().join("checkpoint.json")).unwrap();
    let mut anchor: Checkpoint = serde_json::from_slice(&text).unwrap();
    anchor.end = !anchor.end;
    let options = VerifyOptions {
        public_key: Some(key(&folder)),
        anchors: vec![anchor],
        ..VerifyOptions::default()
    };
    let bad = verify(folder.path(), &options).unwrap().bad.unwrap();
    assert_eq!(bad.fault, Fault::Signature);
}

#[tokio::test]
async fn aud_08_cut_records_are_found_by_the_checkpoint_beside() {
    let folder = written(10).await;
    let path = folder.segments()[0].clone();
    let whole = fs::read(&path).unwrap();
    let good = frames(&whole);
    store(&path, &whole[..HEADER], &good[..good.len() - 3]);
    let bad = check(&folder, key(&folder)).unwrap();
    assert_eq!((bad.index, bad.fault), (good.len() as u64 - 2, Fault::Cut));
}

#[tokio::test]
async fn the_private_key_is_private_and_the_public_one_reads_back() {
    use std::os::unix::fs::MetadataExt;
    let folder = written(1).await;
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().mode() & 0o777;
    assert_eq!(mode("audit-key.pk8"), 0o600);
    assert_eq!(fs::metadata(&folder.segments()[0]).unwrap().mode() & 0o777, 0o600);
    assert_eq!(PublicKey::from_pem(&key(&folder).to_pem()), Some(key(&folder)));
    assert_eq!(
        PublicKey::from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"),
        None
    );
}
