//! One event proved to somebody who has a checkpoint and nothing else.

use std::fs;

use xds_audit::chain::leaf;
use xds_audit::checkpoint::{Checkpoint, PublicKey};
use xds_audit::proof::{Proof, ProofError, Step};
use xds_audit::record::Kind;
use xds_audit::{Closing, Event, JournalOptions, Told, seal};

use crate::support::{Folder, event, open_with, opening};

struct Subject {
    folder: Folder,
    key: PublicKey,
    single: u64,
    request: u64,
    kept: Checkpoint,
}

/// A journal of some segments and checkpoints, with a request that takes long in it.
async fn subject() -> Subject {
    let folder = Folder::in_memory();
    let options = JournalOptions {
        segment_bytes_max: 4_096,
        checkpoint_records: 10,
        ..JournalOptions::default()
    };
    let journal = open_with(&folder, options).unwrap().journal;
    let record = journal.open(opening("request")).await.unwrap();
    let single = journal.single(event("single é \"quoted\"")).await.unwrap();
    for number in 0..30 {
        journal.single(event(&number.to_string())).await.unwrap();
    }
    record.close(Closing::success()).await.unwrap();
    let request = journal.stats().durable();
    for number in 0..30 {
        journal.single(event(&number.to_string())).await.unwrap();
    }
    journal.shutdown().await;
    let kept = serde_json::from_slice(&fs::read(folder.path().join("checkpoint.json")).unwrap()).unwrap();
    Subject {
        key: journal.public_key(),
        folder,
        single,
        request,
        kept,
    }
}

fn make(subject: &Subject, event: u64, kept: Option<&Checkpoint>) -> Result<Proof, ProofError> {
    Proof::make(subject.folder.path(), None, event, kept)
}

fn name(told: &Told) -> &str {
    &told.event.opening.correlation
}

#[tokio::test]
async fn an_event_is_proved_with_the_key_or_with_a_kept_checkpoint() {
    let subject = subject().await;
    for sealed in [false, true] {
        if sealed {
            seal(subject.folder.path()).unwrap();
        }
        let proof = make(&subject, subject.single, None).unwrap();
        assert_eq!(
            name(&proof.check(Some(&subject.key), None).unwrap()),
            "single é \"quoted\""
        );
        assert!(proof.steps.len() < 12);

        let proof = make(&subject, subject.request, Some(&subject.kept)).unwrap();
        let told = proof.check(Some(&subject.key), Some(&subject.kept)).unwrap();
        assert!(
            told.event
                == Event {
                    opening: opening("request"),
                    closing: Closing::success()
                }
        );
        assert_eq!(told.id.sequence, subject.request);
        // Of the other records nothing can be read.
        let shown = proof.steps.iter().filter(|step| !matches!(step, Step::Leaf(_)));
        assert_eq!(shown.count(), 2);
        proof.check(None, Some(&subject.kept)).unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_proved_is_refused() {
    let subject = subject().await;
    let proof = make(&subject, subject.single, None).unwrap();
    let stranger = crate::support::written(1).await;
    let stranger = fs::read_to_string(stranger.path().join("audit-key.pk8.pub")).unwrap();
    let stranger = PublicKey::from_pem(&stranger).unwrap();
    assert!(matches!(
        proof.check(Some(&stranger), None),
        Err(ProofError::Signature)
    ));
    assert!(matches!(
        proof.check(None, Some(&subject.kept)),
        Err(ProofError::OtherCheckpoint)
    ));
    assert!(matches!(
        proof.check(None, None),
        Err(ProofError::NothingToCheckWith)
    ));
    // The first record is a checkpoint, the second the opening part.
    assert!(matches!(make(&subject, 1, None), Err(ProofError::NoEvent(1))));
    assert!(matches!(make(&subject, 2, None), Err(ProofError::NoEvent(2))));
    assert!(matches!(
        make(&subject, 10_000, None),
        Err(ProofError::NotThere(10_000))
    ));
    let foreign = Checkpoint {
        link: "0".repeat(64),
        ..subject.kept.clone()
    };
    assert!(make(&subject, subject.single, Some(&foreign)).is_err());
}

#[tokio::test]
async fn every_altered_byte_of_a_proof_is_refused() {
    let subject = subject().await;
    for event in [subject.single, subject.request] {
        let text = make(&subject, event, None).unwrap().to_text().into_bytes();
        let check = |text: &[u8]| Proof::from_text(text)?.check(Some(&subject.key), None);
        check(&text).unwrap();
        for at in 0..text.len() {
            for mask in [1 << (at % 8), 0x20, 0x01] {
                let mut changed = text.clone();
                changed[at] ^= mask;
                assert!(check(&changed).is_err(), "byte {at} ^ {mask:#x}");
            }
            let mut shorter = text.clone();
            shorter.remove(at);
            // A doubled character may be removed from anywhere in its run; the text is then another one.
            assert!(check(&shorter).is_err(), "without byte {at}");
        }
    }
}

/// Another event in the place of the proved one, everything computed anew but the signature.
#[tokio::test]
async fn a_forged_event_leads_to_no_checkpoint() {
    let subject = subject().await;
    let mut proof = make(&subject, subject.single, None).unwrap();
    let Some(Step::Single(text)) = proof.steps.first_mut() else {
        panic!("{proof:?}")
    };
    *text = text.replace("single", "other!");
    assert!(matches!(
        proof.check(Some(&subject.key), None),
        Err(ProofError::Chain)
    ));
    // Nor may the event be told by another number, or another record be passed off as it.
    let mut proof = make(&subject, subject.single, None).unwrap();
    proof.event += 1;
    assert!(proof.check(Some(&subject.key), None).is_err());
    let mut proof = make(&subject, subject.request, None).unwrap();
    proof.steps.remove(1);
    assert!(proof.check(Some(&subject.key), None).is_err());
}

/// Who holds the journal could show the beginning of one request with the end of another: both records are real.
#[tokio::test]
async fn the_parts_of_two_requests_are_no_event() {
    let folder = Folder::in_memory();
    let journal = open_with(&folder, JournalOptions::default()).unwrap().journal;
    let (ours, theirs) = (opening("ours"), opening("theirs"));
    let (ours, theirs) = (
        journal.open(ours).await.unwrap(),
        journal.open(theirs).await.unwrap(),
    );
    theirs.close(Closing::success()).await.unwrap();
    let their_end = journal.stats().durable();
    ours.close(Closing::success()).await.unwrap();
    let our_end = journal.stats().durable();
    journal.shutdown().await;
    let make = |event| Proof::make(folder.path(), None, event, None).unwrap();
    let (theirs, mut forged) = (make(their_end), make(our_end));
    let key = journal.public_key();
    forged.check(Some(&key), None).unwrap();

    let at = |proof: &Proof, sequence: u64| usize::try_from(sequence - proof.first).unwrap();
    let (ours_at, theirs_at) = (at(&forged, our_end), at(&forged, their_end));
    let Step::Close(text) = forged.steps[ours_at].clone() else {
        panic!("{forged:?}")
    };
    let leaf = leaf(our_end, Kind::Close, text.as_bytes());
    let hex: String = leaf.iter().map(|byte| format!("{byte:02x}")).collect();
    forged.steps[ours_at] = Step::Leaf(hex);
    forged.steps[theirs_at] = theirs.steps[at(&theirs, their_end)].clone();
    forged.event = their_end;
    assert!(matches!(forged.check(Some(&key), None), Err(ProofError::Form)));
}
