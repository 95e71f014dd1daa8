//! The law's engine between what is stored and who asks: patients' instruments count at once, and under whatever
//! identifier they were entered.

use registry_core::view::Viewer;
use registry_store::{Change, Instrument};
use serde_json::json;
use xds_model::PatientId;
use xds_model::query::{EntryIds, ReturnType, StoredQuery};
use xds_policy::version::InstrumentKind;

use crate::db::{Db, ids};
use crate::fixture::*;
use crate::queries::{contents, find, find_query, find_sets, get_all};

/// A patient refuses something.
async fn refuse(db: &Db, number: u128, patient: &PatientId, level: serde_json::Value) {
    let change = Change {
        id: uuid(number),
        at: now(),
        who: "受付".to_owned(),
        reason: None,
    };
    let refusal = json!({
        "id": format!("refusal-{number}"),
        "effective_from": "2026-11-01T00:00:00Z",
        "terms": { "patient": patient.to_string(), "level": level, "given_by": "PATIENT" },
    });
    let refusal = Instrument::draft(InstrumentKind::Refusal, &refusal.to_string(), &change, &[]).unwrap();
    db.store
        .add_instrument("instrument add", &refusal, &change)
        .await
        .unwrap();
}

/// How many objects each question about a document of P1 is answered with; the last is its retrieval.
async fn answered(db: &Db, world: &World, set: uuid::Uuid, doc: uuid::Uuid, folder: uuid::Uuid) -> Vec<usize> {
    let questions = [
        find_query(find("P1")),
        StoredQuery::FindSubmissionSets(find_sets("P1")),
        get_all("P1"),
        StoredQuery::GetDocuments(EntryIds::EntryUuid(vec![doc])),
        StoredQuery::GetDocuments(EntryIds::UniqueId(vec!["1.2.100".to_owned()])),
        StoredQuery::GetDocuments(EntryIds::LogicalId(vec![doc])),
        StoredQuery::GetDocumentsAndAssociations(EntryIds::EntryUuid(vec![doc])),
        StoredQuery::GetAssociations(vec![set, doc, folder]),
        StoredQuery::GetSubmissionSets(vec![doc, folder]),
        contents(xds_model::query::ContainerId::EntryUuid(set)),
    ];
    let mut counts = Vec::new();
    for query in questions {
        let answer = db.ask_for(world, query, ReturnType::ObjectRef).await.unwrap();
        counts.push(answer.objects.len());
    }
    let asked = ["1.2.100".to_owned()];
    let (persons, held) = db.store.retrievable("1.2.3.4", &asked).await.unwrap();
    let viewer = Viewer::retrieving(&world.principal, &world.ledger, now());
    let judge = viewer.judge(&persons);
    let released = held.iter().filter(|held| judge.permit(&held.policy).is_ok());
    counts.push(released.count());
    counts
}

#[tokio::test]
async fn what_a_patient_refuses_is_gone_from_every_answer_at_once() {
    let (db, own, other) = (Db::new().await, World::of("h1"), World::of("h2"));
    let mut submission = one("1.2.900", "1.2.100", &patient("P1"));
    in_folder(&mut submission, "1.2.77", &patient("P1"));
    let changes = db.register(&own, &submission).await;
    let (set, doc, folder) = (changes.sets[0].id, changes.entries[0].id, changes.folders[0].id);
    let before = answered(&db, &other, set, doc, folder).await;
    assert!(before.iter().all(|count| *count > 0), "joint use: {before:?}");
    assert_eq!(before, answered(&db, &own, set, doc, folder).await);
    // Somebody else's, and of another kind of document: it changes nothing.
    refuse(&db, 1, &patient("P2"), json!("NETWORK")).await;
    refuse(&db, 2, &patient("P1"), json!({ "CLASS": "another" })).await;
    refuse(&db, 3, &patient("P1"), json!({ "REQUESTER_ORG": "h3" })).await;
    assert_eq!(before, answered(&db, &other, set, doc, folder).await);
    refuse(&db, 4, &patient("P1"), json!({ "REQUESTER_ORG": "h2" })).await;
    assert_eq!(answered(&db, &other, set, doc, folder).await, [0; 11]);
    assert_eq!(before, answered(&db, &own, set, doc, folder).await, "own record");
}

#[tokio::test]
async fn a_refusal_under_a_merged_identifier_counts_under_the_surviving_one() {
    let (db, own, other) = (Db::new().await, World::of("h1"), World::of("h2"));
    refuse(&db, 1, &patient("P2"), json!("NETWORK")).await;
    let kept = db.register(&own, &one("1.2.900", "1.2.100", &patient("P1"))).await;
    let moved = db.register(&own, &one("1.2.901", "1.2.101", &patient("P2"))).await;
    let of_p1 = async |world: &World| ids(&db.ask(world, find_query(find("P1"))).await.unwrap());
    assert_eq!(of_p1(&other).await, [kept.entries[0].id]);
    let merge = "UPDATE patient SET surviving = (SELECT key FROM patient WHERE id = 'P1') WHERE id = 'P2'";
    db.client().await.execute(merge, &[]).await.unwrap();
    assert!(of_p1(&other).await.is_empty(), "one person refused");
    assert_eq!(of_p1(&own).await.len(), 2);
    for id in [kept.entries[0].id, moved.entries[0].id] {
        let by_id = || StoredQuery::GetDocuments(EntryIds::EntryUuid(vec![id]));
        assert!(db.ask(&other, by_id()).await.unwrap().objects.is_empty());
        assert_eq!(db.ask(&own, by_id()).await.unwrap().objects.len(), 1);
    }
    // What was decided on names the surviving patient, and the instrument is what it was.
    let released = &db.ask(&own, find_query(find("P1"))).await.unwrap().released;
    assert!(released.iter().all(|(_, released)| {
        released.document.patient.as_ref().map(|known| known.0.as_str()) == Some(&patient("P1").to_string())
    }));
}

#[tokio::test]
async fn documents_of_several_patients_are_each_decided_by_their_own_patients_words() {
    let (db, own, other) = (Db::new().await, World::of("h1"), World::of("h2"));
    db.register(&own, &one("1.2.900", "1.2.100", &patient("P1"))).await;
    let second = db.register(&own, &one("1.2.901", "1.2.101", &patient("P2"))).await;
    refuse(&db, 1, &patient("P1"), json!("NETWORK")).await;
    let both = EntryIds::UniqueId(vec!["1.2.100".to_owned(), "1.2.101".to_owned()]);
    let answer = db
        .ask_for(&other, StoredQuery::GetDocuments(both), ReturnType::ObjectRef)
        .await
        .unwrap();
    assert_eq!(ids(&answer), [second.entries[0].id]);
    assert_eq!(answer.withheld.count(), 1);
}

#[tokio::test]
async fn who_keeps_a_document_and_whether_its_author_was_attributed_is_stored() {
    let (db, mut world) = (Db::new().await, World::of("h1"));
    db.register(&world, &one("1.2.900", "1.2.100", &patient("P1"))).await;
    let mut named = one("1.2.901", "1.2.101", &patient("P1"));
    named.entries[0].authors.push(xds_model::Author {
        institutions: vec![xon("1311111112")],
        ..xds_model::Author::default()
    });
    world.principal = through("h1", "h1b");
    db.register(&world, &named).await;
    let rows = db
        .client()
        .await
        .query("SELECT organisation, keeper, attributed FROM document_entry ORDER BY unique_id", &[])
        .await
        .unwrap();
    let stored: Vec<(String, Option<String>, bool)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(
        stored,
        [
            ("h1".to_owned(), None, true),
            ("h1b".to_owned(), None, false),
        ]
    );
    world.principal = through("h1", "h1b");
    db.register(&world, &one("1.2.902", "1.2.102", &patient("P1"))).await;
    let keeper = "SELECT count(*) FROM document_entry WHERE unique_id = '1.2.102' AND keeper = 'h1b'";
    assert_eq!(db.count(keeper).await, 1);
}
