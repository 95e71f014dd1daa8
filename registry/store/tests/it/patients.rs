//! The patient identity feed.

use registry_core::patient::{
    Demographics, FedIdentifier, Feed, FeedEvent, FeedRefusal, PatientChanges, feed,
};
use registry_store::FedPatients;

use crate::db::Db;
use crate::fixture::*;

fn message(event: FeedEvent, id: &str, namespace: Option<&str>, authority: Option<&str>) -> Feed {
    Feed {
        event,
        identifiers: vec![FedIdentifier {
            id: id.to_owned(),
            namespace: namespace.map(str::to_owned),
            oid: authority.map(oid),
        }],
        demographics: Demographics {
            phonetic: Some("ヤマダ タロウ".to_owned()),
            ..Demographics::default()
        },
    }
}

#[test]
fn identifiers_of_the_domain_are_taken() {
    let world = World::of("h1");
    let take = |message| feed(message, &world.principal, &world.affinity);
    let known = PatientChanges::Add(
        vec![patient("P7")],
        message(FeedEvent::Add, "", None, None).demographics,
    );
    for (namespace, authority) in [
        (None, Some(AUTHORITY)),
        (Some("HIMEJI"), None),
        (Some("X"), Some(AUTHORITY)),
    ] {
        assert!(take(message(FeedEvent::Add, "P7", namespace, authority)) == Ok(known.clone()));
    }
    for (namespace, authority) in [
        (None, Some("1.2.3")),
        (Some("ELSEWHERE"), None),
        (Some("HIMEJI"), Some("1.2.3")),
        (None, None),
    ] {
        let refused = take(message(FeedEvent::Add, "P7", namespace, authority));
        assert!(refused == Err(FeedRefusal::NoIdentifier));
    }
    let faulty = take(message(FeedEvent::Add, "P^7", None, Some(AUTHORITY)));
    assert!(matches!(faulty, Err(FeedRefusal::Identifier(_))));
}

#[test]
fn auz_18_a_node_feeds_for_its_authorities_only() {
    let mut node = node("h1");
    node.feeds.clear();
    let entity = xds_model::principal::EntityId("e1".into());
    let principal = xds_model::Principal::authenticated(node.enrolled(entity));
    let message = message(FeedEvent::Add, "P7", None, Some(AUTHORITY));
    let refused = feed(message, &principal, &World::of("h1").affinity);
    assert!(refused == Err(FeedRefusal::NotAuthorised));
}

#[tokio::test]
async fn patients_are_added_once_and_renamed_when_known() {
    let db = Db::empty().await;
    let ids = Ids::new(0xbbbb);
    let named = |kana: &str| Demographics {
        phonetic: Some(kana.to_owned()),
        birth_date: Some("19500101".to_owned()),
        ..Demographics::default()
    };
    let add = PatientChanges::Add(vec![patient("P7")], named("ヤマダ タロウ"));
    let fed = |changes| {
        let (store, ids) = (&db.store, &ids);
        async move { store.feed(&changes, ids, now()).await.unwrap() }
    };
    assert_eq!(fed(add.clone()).await, FedPatients { added: 1, renamed: 0 });
    assert_eq!(fed(add).await, FedPatients { added: 0, renamed: 1 });
    let key = db.store.patient(&patient("P7")).await.unwrap().unwrap().key;

    let rename = PatientChanges::Rename(vec![patient("P7")], named("スズキ タロウ"));
    assert_eq!(fed(rename).await, FedPatients { added: 0, renamed: 1 });
    let known = db.store.patient(&patient("P7")).await.unwrap().unwrap();
    assert_eq!(known.key, key);
    assert_eq!(known.demographics.phonetic.as_deref(), Some("スズキ タロウ"));
    assert_eq!(known.demographics.birth_date.as_deref(), Some("19500101"));
    let search = "SELECT count(*) FROM patient WHERE search_key LIKE 'スズキ%'";
    assert_eq!(db.count(search).await, 1);

    // A08 creates nothing.
    let unknown = PatientChanges::Rename(vec![patient("P8")], named("サトウ"));
    assert_eq!(fed(unknown).await, FedPatients::default());
    assert!(db.store.patient(&patient("P8")).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_patient_fed_by_many_at_once_is_added_once() {
    let db = Db::empty().await;
    let mut feeders = Vec::new();
    for number in 0..16 {
        let store = db.store.clone();
        feeders.push(tokio::spawn(async move {
            let add = PatientChanges::Add(vec![patient("P7")], Demographics::default());
            store
                .feed(&add, &Ids::new(0xcc00 + number), now())
                .await
                .unwrap()
                .added
        }));
    }
    let mut added = 0;
    for feeder in feeders {
        added += feeder.await.unwrap();
    }
    assert_eq!(added, 1);
    assert_eq!(db.count("SELECT count(*) FROM patient").await, 1);
}
