//! Many at once: one wins, whatever the order, and the others are told why.

use std::sync::Arc;

use tokio::sync::Barrier;
use xds_model::submission::ReceivedSubmission;
use xds_model::{AssociationType as A, RuleId as R};

use crate::db::{Db, fresh_space, register_with, rules};
use crate::fixture::*;

const RACERS: usize = 32;
const ROUNDS: usize = 30;

/// All start at one barrier. How many were let in, and what the others were told.
async fn race(db: &Db, submissions: Vec<ReceivedSubmission>) -> (usize, Vec<Vec<R>>) {
    let barrier = Arc::new(Barrier::new(submissions.len()));
    let mut racers = Vec::new();
    for submission in submissions {
        let (store, barrier) = (db.store.clone(), Arc::clone(&barrier));
        racers.push(tokio::spawn(async move {
            let mut world = World::of("h1");
            world.ids = Ids::new(fresh_space());
            barrier.wait().await;
            register_with(&store, &world, &submission).await.unwrap()
        }));
    }
    let (mut won, mut told) = (0, Vec::new());
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => won += 1,
            Err(refusal) => told.push(rules(&refusal)),
        }
    }
    (won, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn xds_05_one_unique_id_with_differing_content() {
    let db = Db::new().await;
    for round in 0..ROUNDS {
        let submissions = (0..RACERS).map(|racer| {
            let number = round * RACERS + racer;
            let mut submission = one(
                &format!("1.2.1.{number}"),
                &format!("1.3.{round}"),
                &patient("P1"),
            );
            submission.entries[0].size = Some(racer as u64);
            submission
        });
        let (won, told) = race(&db, submissions.collect()).await;
        assert_eq!(won, 1, "round {round}");
        assert!(
            told.iter().all(|rules| rules == &[R::NonIdenticalSize]),
            "{told:?}"
        );
    }
    let entries = db.count("SELECT count(*) FROM document_entry").await;
    assert_eq!(entries, ROUNDS as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn xds_06_one_submission_set() {
    let db = Db::new().await;
    for round in 0..ROUNDS {
        let submission = one(&format!("1.2.{round}"), &format!("1.3.{round}"), &patient("P1"));
        let (won, told) = race(&db, vec![submission; RACERS]).await;
        assert_eq!(won, 1, "round {round}");
        assert!(
            told.iter().all(|rules| rules == &[R::SetUniqueIdUsed]),
            "{told:?}"
        );
    }
    assert_eq!(
        db.rows().await[..4],
        [3, 2, 1, 1].map(|each| each * ROUNDS as i64)
    );
}

/// The same document in many submission sets at once: every one is a further entry.
#[tokio::test(flavor = "multi_thread")]
async fn xds_04_one_document_in_many_sets() {
    let db = Db::new().await;
    let submissions = (0..RACERS).map(|racer| one(&format!("1.2.{racer}"), "1.3.1", &patient("P1")));
    let (won, _) = race(&db, submissions.collect()).await;
    assert_eq!(won, RACERS);
    let last = "SELECT max(ordinal)::int8 FROM unique_id WHERE value = '1.3.1'";
    assert_eq!(db.count(last).await, RACERS as i64 - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn xds_07_one_unique_id_for_two_kinds() {
    let db = Db::new().await;
    for round in 0..ROUNDS {
        let of = |set: &str, doc: &str| one(set, doc, &patient("P1"));
        let contested = format!("1.4.{round}");
        let submissions = vec![
            of(&contested, &format!("1.5.{round}")),
            of(&format!("1.6.{round}"), &contested),
        ];
        let (won, told) = race(&db, submissions).await;
        assert_eq!(won, 1, "round {round}");
        assert!(
            matches!(told[0].as_slice(), [R::SetUniqueIdUsed | R::EntryUniqueIdOfOther]),
            "{told:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn xds_09_one_target_replaced() {
    let db = Db::new().await;
    let world = World::of("h1");
    for round in 0..ROUNDS {
        let first = one(&format!("1.2.{round}"), &format!("1.3.{round}"), &patient("P1"));
        let target = db.register(&world, &first).await.entries[0].id;
        let mut addendum = one(&format!("1.4.{round}"), &format!("1.5.{round}"), &patient("P1"));
        relate(&mut addendum, A::Append, &urn(target));
        let addendum = db.register(&world, &addendum).await.entries[0].id;
        let submissions = (0..RACERS).map(|racer| {
            let number = round * RACERS + racer;
            let mut submission = one(&format!("1.6.{number}"), &format!("1.7.{number}"), &patient("P1"));
            relate(&mut submission, A::Replace, &urn(target));
            submission
        });
        let (won, told) = race(&db, submissions.collect()).await;
        assert_eq!(won, 1, "round {round}");
        assert!(
            told.iter().all(|rules| rules == &[R::TargetDeprecated]),
            "{told:?}"
        );
        assert_eq!((db.status(target).await, db.status(addendum).await), (2, 2));
    }
    // One Approved head for each chain: nothing else is Approved but the winners.
    let approved = db
        .count("SELECT count(*) FROM document_entry WHERE status = 1")
        .await;
    assert_eq!(approved, ROUNDS as i64);
}

/// Replace, append and file the same document at once: the outcome is that of some order. An addendum that
/// came first is deprecated with the target; one that came later is refused.
#[tokio::test(flavor = "multi_thread")]
async fn xds_10_replace_append_and_file_one_target() {
    let db = Db::new().await;
    let world = World::of("h1");
    for round in 0..ROUNDS {
        let mut first = one(&format!("1.2.{round}"), &format!("1.3.{round}"), &patient("P1"));
        in_folder(&mut first, &format!("1.4.{round}"), &patient("P1"));
        let folder = db.register(&world, &first).await.folders[0].id;
        let target = one(&format!("1.12.{round}"), &format!("1.13.{round}"), &patient("P1"));
        let target = db.register(&world, &target).await.entries[0].id;
        let mut submissions = Vec::new();
        for (number, kind) in [A::Replace, A::Append, A::Append].into_iter().enumerate() {
            let mut submission = one(
                &format!("1.5.{round}.{number}"),
                &format!("1.6.{round}.{number}"),
                &patient("P1"),
            );
            relate(&mut submission, kind, &urn(target));
            submissions.push(submission);
        }
        let mut filing = bare(&format!("1.7.{round}"), &patient("P1"));
        file(&mut filing, &urn(folder), &urn(target));
        submissions.push(filing);
        race(&db, submissions).await;
        assert_eq!(
            db.status(target).await,
            2,
            "the replacement is let in in any order"
        );
    }
    let loose = "SELECT count(*)
          FROM association a
          JOIN document_entry t ON t.id = a.target AND t.status = 2
          JOIN document_entry s ON s.id = a.source AND s.status = 1
         WHERE a.kind = 2";
    assert_eq!(db.count(loose).await, 0, "no addendum outlives its target");
    let unfiled = "SELECT count(*)
          FROM association r
          JOIN association m ON m.target = r.target AND m.kind = 1
          JOIN folder f ON f.id = m.source
         WHERE r.kind = 3
           AND NOT EXISTS (SELECT FROM association n
                            WHERE n.source = f.id AND n.target = r.source AND n.kind = 1)";
    assert_eq!(
        db.count(unfiled).await,
        0,
        "a replacement is in the folders of what it replaced"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn xds_16_no_reader_sees_part_of_a_submission() {
    let db = Arc::new(Db::new().await);
    let world = World::of("h1");
    let writer = {
        let db = Arc::clone(&db);
        tokio::spawn(async move {
            let world = World::of("h1");
            for round in 0..10 {
                let mut many = bare(&format!("1.2.{round}"), &patient("P1"));
                for number in 0..20 {
                    let symbol = format!("doc{number}");
                    many.entries
                        .push(entry(&symbol, &format!("1.3.{round}.{number}"), &patient("P1")));
                    many.associations
                        .push(held(&format!("h{number}"), &symbol, ORIGINAL));
                }
                db.register(&world, &many).await;
            }
        })
    };
    while !writer.is_finished() {
        let answer = db.ask(&world, crate::queries::get_all("P1")).await.unwrap();
        let of = |kind| answer.objects.iter().filter(|object| object.kind == kind).count();
        use registry_core::ObjectKind::{Association, DocumentEntry, SubmissionSet};
        assert_eq!(of(DocumentEntry), of(SubmissionSet) * 20);
        assert_eq!(of(Association), of(DocumentEntry));
    }
    writer.await.unwrap();
}
