//! Registrations: what is stored, what changes, what is refused.

use registry_core::register::decide;
use registry_store::AuditMark;
use xds_model::query::{EntryIds, StoredQuery};
use xds_model::{AssociationType as A, AvailabilityStatus, DocumentEntryType, RuleId as R};

use crate::db::{Db, ids};
use crate::fixture::*;

#[tokio::test]
async fn a_registration_is_found_again() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let mut submission = one("1.2.900", "1.2.100", &patient("P1"));
    in_folder(&mut submission, "1.2.77", &patient("P1"));
    let changes = db.register(&world, &submission).await;
    assert_eq!(db.rows().await, [7, 3, 1, 1, 1, 4, 0, 0]);
    let lookup = StoredQuery::GetDocuments(EntryIds::UniqueId(vec!["1.2.100".to_owned()]));
    let answer = db.ask(&world, lookup).await.unwrap();
    let [object] = answer.objects.as_slice() else {
        panic!("one document")
    };
    assert_eq!(object.id, changes.entries[0].id);
    assert_eq!(object.body, b"entry 1.2.100");
    assert_eq!(object.current.status, AvailabilityStatus::Approved);
    assert_eq!(
        (object.current.version, object.current.logical_id),
        (1, object.id)
    );
    assert_eq!(object.current.patient, Some(patient("P1")));
}

#[tokio::test]
async fn a_replacement_deprecates_the_target_and_its_addenda() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let of = |set: &str, doc: &str| one(set, doc, &patient("P1"));
    let target = db.register(&world, &of("1.2.901", "1.2.101")).await.entries[0].id;
    let add = async |set: &str, doc: &str, kind: A, to| {
        let mut submission = of(set, doc);
        relate(&mut submission, kind, &urn(to));
        db.register(&world, &submission).await.entries[0].id
    };
    let addendum = add("1.2.902", "1.2.102", A::Append, target).await;
    let transform = add("1.2.903", "1.2.103", A::Transform, addendum).await;
    let signature = add("1.2.904", "1.2.104", A::Signs, target).await;
    let replacement = add("1.2.905", "1.2.105", A::Replace, target).await;
    for (id, status) in [
        (target, 2),
        (addendum, 2),
        (transform, 2),
        (signature, 1),
        (replacement, 1),
    ] {
        assert_eq!(db.status(id).await, status);
    }
    // What is deprecated is no target any more, of anything.
    for (number, kind) in [A::Replace, A::Append, A::Transform, A::Signs]
        .into_iter()
        .enumerate()
    {
        let mut late = of(&format!("1.2.91{number}"), &format!("1.2.11{number}"));
        relate(&mut late, kind, &urn(target));
        assert_eq!(db.refuse(&world, &late).await, [R::TargetDeprecated]);
    }
    // The replacement can be replaced in its turn.
    let second = add("1.2.906", "1.2.106", A::TransformReplace, replacement).await;
    assert_eq!((db.status(replacement).await, db.status(second).await), (2, 1));
}

#[tokio::test]
async fn a_transformation_is_not_appended_to() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let target = db
        .register(&world, &one("1.2.901", "1.2.101", &patient("P1")))
        .await
        .entries[0]
        .id;
    let mut transform = one("1.2.902", "1.2.102", &patient("P1"));
    relate(&mut transform, A::Transform, &urn(target));
    let transform = db.register(&world, &transform).await.entries[0].id;
    let mut append = one("1.2.903", "1.2.103", &patient("P1"));
    relate(&mut append, A::Append, &urn(transform));
    assert_eq!(db.refuse(&world, &append).await, [R::AppendToTransform]);
}

#[tokio::test]
async fn a_replacement_goes_into_the_folders_of_the_replaced() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let mut first = one("1.2.901", "1.2.101", &patient("P1"));
    in_folder(&mut first, "1.2.77", &patient("P1"));
    let first = db.register(&world, &first).await;
    let client = db.client().await;
    (client
        .execute("UPDATE folder SET last_update_time = 20200101000000", &[])
        .await)
        .unwrap();
    let mut second = one("1.2.902", "1.2.102", &patient("P1"));
    relate(&mut second, A::Replace, &urn(first.entries[0].id));
    let second = db.register(&world, &second).await;
    let members = "SELECT target FROM association WHERE source = $1 AND kind = 1 ORDER BY target";
    let rows = client.query(members, &[&first.folders[0].id]).await.unwrap();
    let mut expected = [first.entries[0].id, second.entries[0].id];
    expected.sort();
    assert_eq!(
        rows.iter().map(|row| row.get(0)).collect::<Vec<uuid::Uuid>>(),
        expected
    );
    let held = "SELECT count(*) FROM association a JOIN association b ON b.target = a.id WHERE a.kind = 1";
    assert_eq!(db.count(held).await, 2, "each membership is held by its set");
    let time = "SELECT last_update_time FROM folder";
    assert_eq!(db.count(time).await.to_string(), second.touches[0].at);
}

#[tokio::test]
async fn a_folder_that_gains_a_document_is_touched() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let mut first = one("1.2.901", "1.2.101", &patient("P1"));
    in_folder(&mut first, "1.2.77", &patient("P1"));
    let first = db.register(&world, &first).await;
    let old = "UPDATE folder SET last_update_time = 20200101000000";
    db.client().await.execute(old, &[]).await.unwrap();
    let other = db
        .register(&world, &one("1.2.902", "1.2.102", &patient("P1")))
        .await;
    let mut filing = bare("1.2.903", &patient("P1"));
    file(&mut filing, &urn(first.folders[0].id), &urn(other.entries[0].id));
    db.register(&world, &filing).await;
    let time = db.count("SELECT last_update_time FROM folder").await;
    assert!(time > 20_200_101_000_000);
    // Another patient's document does not go in.
    let strange = db
        .register(&world, &one("1.2.904", "1.2.104", &patient("P2")))
        .await;
    let mut filing = bare("1.2.905", &patient("P1"));
    file(
        &mut filing,
        &urn(first.folders[0].id),
        &urn(strange.entries[0].id),
    );
    assert_eq!(db.refuse(&world, &filing).await, [R::TargetPatient]);
}

/// The table of ITI TF-2 3.42.4.1.3 on uniqueIds that are used already.
#[tokio::test]
async fn xds_03_04_07_unique_ids_that_are_used() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let mut first = one("1.2.900", "1.2.100", &patient("P1"));
    in_folder(&mut first, "1.2.77", &patient("P1"));
    db.register(&world, &first).await;
    let before = db.rows().await;
    let again = |change: fn(&mut xds_model::submission::ReceivedSubmission)| {
        let mut submission = one("1.2.901", "1.2.101", &patient("P1"));
        in_folder(&mut submission, "1.2.78", &patient("P1"));
        change(&mut submission);
        submission
    };
    let cases = [
        (
            again(|s| s.sets[0].unique_id = oid("1.2.900")),
            R::SetUniqueIdUsed,
        ),
        (
            again(|s| s.sets[0].unique_id = oid("1.2.100")),
            R::SetUniqueIdUsed,
        ),
        (again(|s| s.sets[0].unique_id = oid("1.2.77")), R::SetUniqueIdUsed),
        (
            again(|s| s.folders[0].unique_id = oid("1.2.77")),
            R::FolderUniqueIdUsed,
        ),
        (
            again(|s| s.folders[0].unique_id = oid("1.2.100")),
            R::FolderUniqueIdUsed,
        ),
        (
            again(|s| {
                s.entries[0].unique_id = "1.2.100".parse().unwrap();
                s.entries[0].hash = Some(OTHER_HASH.parse().unwrap());
            }),
            R::NonIdenticalHash,
        ),
        (
            again(|s| {
                s.entries[0].unique_id = "1.2.100".parse().unwrap();
                s.entries[0].size = Some(1);
            }),
            R::NonIdenticalSize,
        ),
        (
            again(|s| s.entries[0].unique_id = "1.2.77".parse().unwrap()),
            R::EntryUniqueIdOfOther,
        ),
        (
            again(|s| s.entries[0].unique_id = "1.2.900".parse().unwrap()),
            R::EntryUniqueIdOfOther,
        ),
    ];
    for (submission, rule) in cases {
        assert_eq!(db.refuse(&world, &submission).await, [rule]);
    }
    assert_eq!(db.rows().await, before, "nothing is stored");
    // The same document again is a second entry.
    let mut second = one("1.2.902", "1.2.100", &patient("P1"));
    second.entries[0].hash = Some(HASH.to_uppercase().parse().unwrap());
    db.register(&world, &second).await;
    let lookup = StoredQuery::GetDocuments(EntryIds::UniqueId(vec!["1.2.100".to_owned()]));
    assert_eq!(ids(&db.ask(&world, lookup).await.unwrap()).len(), 2);
    // The uniqueId of an On-Demand entry is not a Stable one's.
    (db.client().await)
        .execute("UPDATE unique_id SET entry_type = 2 WHERE value = '1.2.100'", &[])
        .await
        .unwrap();
    let mut third = one("1.2.903", "1.2.100", &patient("P1"));
    assert_eq!(db.refuse(&world, &third).await, [R::EntryUniqueIdOfOther]);
    third.entries[0].object_type = DocumentEntryType::OnDemand;
    assert!(db.refuse(&world, &third).await.contains(&R::StableOnly));
}

#[tokio::test]
async fn xds_12_a_retry_after_a_lost_reply_is_told_apart_and_stores_nothing() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let submission = one("1.2.900", "1.2.100", &patient("P1"));
    db.register(&world, &submission).await;
    let before = db.rows().await;
    let refusal = db.try_register(&world, &submission).await.unwrap().unwrap_err();
    assert_eq!(refusal.faults.len(), 1);
    assert!(refusal.faults[0].context().contains("1.2.900"));
    assert_eq!(db.rows().await, before);
}

#[tokio::test]
async fn xds_18_an_id_that_is_taken_is_refused() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let taken = db
        .register(&world, &one("1.2.900", "1.2.100", &patient("P1")))
        .await
        .entries[0]
        .id;
    let mut squatter = one("1.2.901", "1.2.101", &patient("P2"));
    squatter.entries[0].id = id(&urn(taken));
    squatter.associations[0].target = id(&urn(taken));
    assert_eq!(db.refuse(&world, &squatter).await, [R::ObjectIdUsed]);
}

#[tokio::test]
async fn xds_11_19_patients_are_known_and_the_same() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let unknown = one("1.2.900", "1.2.100", &patient("P9"));
    assert_eq!(db.refuse(&world, &unknown).await, [R::UnknownPatient]);
    let target = db
        .register(&world, &one("1.2.901", "1.2.101", &patient("P1")))
        .await
        .entries[0]
        .id;
    let mut strange = one("1.2.902", "1.2.102", &patient("P2"));
    relate(&mut strange, A::Append, &urn(target));
    assert_eq!(db.refuse(&world, &strange).await, [R::TargetPatient]);
    // A subsumed id is unknown.
    let client = db.client().await;
    let merge = "UPDATE patient SET surviving = (SELECT key FROM patient WHERE id = 'P1') WHERE id = 'P2'";
    client.execute(merge, &[]).await.unwrap();
    let subsumed = one("1.2.903", "1.2.103", &patient("P2"));
    assert_eq!(db.refuse(&world, &subsumed).await, [R::UnknownPatient]);
}

/// All ids are first taken to be new.
#[tokio::test]
async fn xds_03_a_submission_with_uuids_of_its_own_is_refused_the_second_time() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let mut submission = one("1.2.901", "1.2.101", &patient("P1"));
    let [set, entry, link] = [501, 502, 503].map(|number| id(&urn(uuid(number))));
    submission.sets[0].id = set.clone();
    submission.entries[0].id = entry.clone();
    submission.associations[0].id = link;
    submission.associations[0].source = set;
    submission.associations[0].target = entry;
    // The patient is known from here on.
    db.register(&world, &one("1.2.900", "1.2.100", &patient("P1")))
        .await;
    db.register(&world, &submission).await;
    let before = db.rows().await;
    // All the same, then the same UUIDs with fresh uniqueIds.
    db.refuse(&world, &submission).await;
    submission.sets[0].unique_id = "1.2.902".parse().unwrap();
    submission.entries[0].unique_id = "1.2.102".parse().unwrap();
    let refused = db.refuse(&world, &submission).await;
    assert!(refused.contains(&R::ObjectIdUsed), "{refused:?}");
    assert_eq!(db.rows().await, before);
}

#[tokio::test]
async fn a_patient_that_was_known_is_unknown_once_it_is_merged() {
    let (db, world) = (Db::new().await, World::of("h1"));
    // The first makes the patient known, the second is written without asking for it.
    for number in [1, 2] {
        let submission = one(
            &format!("1.2.90{number}"),
            &format!("1.2.10{number}"),
            &patient("P2"),
        );
        db.register(&world, &submission).await;
    }
    let client = db.client().await;
    let merge = "UPDATE patient SET surviving = (SELECT key FROM patient WHERE id = 'P1') WHERE id = 'P2'";
    client.execute(merge, &[]).await.unwrap();
    let before = db.rows().await;
    let subsumed = one("1.2.903", "1.2.103", &patient("P2"));
    assert_eq!(db.refuse(&world, &subsumed).await, [R::UnknownPatient]);
    assert_eq!(db.rows().await, before);
}

#[tokio::test]
async fn xds_15_all_or_nothing() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let before = db.rows().await;
    let mut many = bare("1.2.900", &patient("P1"));
    for number in 0..50 {
        let symbol = format!("doc{number}");
        many.entries
            .push(entry(&symbol, &format!("1.2.{}", 1000 + number), &patient("P1")));
        many.associations
            .push(held(&format!("h{number}"), &symbol, ORIGINAL));
    }
    let mut faulty = many.clone();
    faulty.entries[49].type_code = Some(code("strange"));
    assert_eq!(db.refuse(&world, &faulty).await, [R::UnknownCode]);
    assert_eq!(db.rows().await, before);
    db.register(&world, &many).await;
    assert_eq!(db.count("SELECT count(*) FROM document_entry").await, 50);
}

#[tokio::test]
async fn the_audit_mark_is_written_with_the_change_and_removed_after_it() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let submission = one("1.2.900", "1.2.100", &patient("P1"));
    let wanted = wanted(&submission);
    let mark = AuditMark {
        correlation: uuid(77),
        at: now(),
        event: b"event".to_vec(),
    };
    let decided = |facts, correlation| {
        let mark = AuditMark {
            correlation,
            ..mark.clone()
        };
        decide(&submission, &wanted, facts, &world.context(), &Bodies).map(|changes| (changes, Some(mark)))
    };
    db.store
        .register(&wanted, now(), |facts| decided(facts, uuid(77)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(db.store.marks().await.unwrap(), std::slice::from_ref(&mark));
    // A refused one leaves no mark.
    db.store
        .register(&wanted, now(), |facts| decided(facts, uuid(78)))
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(db.store.marks().await.unwrap().len(), 1);
    db.store.clear_marks(&[uuid(77)]).await.unwrap();
    assert!(db.store.marks().await.unwrap().is_empty());
}
