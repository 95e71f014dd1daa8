//! Adding events.

use time::Duration;
use time::macros::datetime;
use xds_audit::{Event, EventKind};

use crate::db::Db;
use crate::fixture::{AT, P1, P2, journal, refused, retrieve, told, told_to_all};

#[tokio::test]
async fn an_event_is_added_once_and_comes_back_whole() {
    let db = Db::new().await;
    let event = told(1, 5, AT, retrieve(P1, "1.2.1"));
    assert_eq!(db.indexer.cursor(journal(1)).await.unwrap(), 0);
    assert_eq!(db.indexer.index(std::slice::from_ref(&event)).await.unwrap(), 1);
    assert_eq!(db.indexer.index(std::slice::from_ref(&event)).await.unwrap(), 0);
    let later = told(1, 9, AT + Duration::seconds(1), refused(P2));
    assert_eq!(db.indexer.index(&[event.clone(), later]).await.unwrap(), 1);
    assert_eq!(db.indexer.cursor(journal(1)).await.unwrap(), 9);
    assert_eq!(db.indexer.cursor(journal(2)).await.unwrap(), 0);
    assert_eq!(db.count("SELECT count(*) FROM audit.event").await, 2);
    assert_eq!(db.count("SELECT count(*) FROM audit.event_patient").await, 2);
    let found = db.reader.show(event.id).await.unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].told == told_to_all(&event));
}

#[tokio::test]
async fn each_month_has_partitions_of_its_own_and_wrong_clocks_have_a_place() {
    let db = Db::new().await;
    let times = [
        datetime!(1970-01-01 0:00 UTC),
        datetime!(2026-10-31 23:59:59.999999 UTC),
        datetime!(2026-11-01 0:00 UTC),
        datetime!(2026-12-01 0:00 UTC),
        datetime!(2150-01-01 0:00 UTC),
    ];
    let events: Vec<_> = (1..)
        .zip(times)
        .map(|(sequence, at)| told(1, sequence, at, retrieve(P1, "1.2.1")))
        .collect();
    assert_eq!(db.indexer.index(&events).await.unwrap(), 5);
    for partition in ["before", "202610", "202611", "202612", "after"] {
        let count = format!("SELECT count(*) FROM audit.event_{partition}");
        assert_eq!(db.count(&count).await, 1, "{partition}");
        let count = format!("SELECT count(*) FROM audit.event_patient_{partition}");
        assert_eq!(db.count(&count).await, 1, "{partition}");
    }
    db.indexer
        .ensure_month(datetime!(2027-01-15 0:00 UTC))
        .await
        .unwrap();
    assert_eq!(db.count("SELECT count(*) FROM audit.event_202701").await, 0);
}

#[tokio::test]
async fn two_indexers_of_one_new_month_do_not_disturb_each_other() {
    let db = Db::new().await;
    let batches: Vec<Vec<_>> = (1..=4)
        .map(|number| {
            (1..=50)
                .map(|sequence| told(number, sequence, AT, retrieve(P1, "1.2.1")))
                .collect()
        })
        .collect();
    let all = batches.iter().map(|batch| db.indexer.index(batch));
    for new in futures_util::future::join_all(all).await {
        assert_eq!(new.unwrap(), 50);
    }
    assert_eq!(db.count("SELECT count(*) FROM audit.event").await, 200);
}

#[tokio::test]
async fn aud_15_hostile_values_neither_stop_the_index_nor_get_lost() {
    let db = Db::new().await;
    let mut event = retrieve(&format!("{}\0\u{1f}", "患".repeat(5_000)), &"9".repeat(9_000));
    event.opening.correlation = "x\0y".to_owned();
    let user = event.opening.caller.user.as_mut().unwrap();
    user.id = "'; DROP TABLE audit.event; --".repeat(200);
    user.roles[0].code = "a\u{1f}b".to_owned();
    event.closing.errors = vec!["a\0b".to_owned(); 3];
    let hostile = told(1, 1, AT, event);
    assert_eq!(db.indexer.index(std::slice::from_ref(&hostile)).await.unwrap(), 1);
    assert!(db.reader.show(hostile.id).await.unwrap()[0].told == told_to_all(&hostile));
    let roles = "SELECT cardinality(roles)::bigint FROM audit.event";
    assert_eq!(db.count(roles).await, 1);
    let question = registry_trail::Question {
        patient: hostile.event.opening.objects.patients.first().cloned(),
        user: hostile
            .event
            .opening
            .caller
            .user
            .as_ref()
            .map(|user| user.id.clone()),
        ..Default::default()
    };
    let found = db.reader.search(&question, registry_trail::Page::first(10)).await;
    assert_eq!(found.unwrap().len(), 1);
}

#[tokio::test]
async fn an_event_of_the_machine_has_no_caller() {
    let db = Db::new().await;
    let start = Event::of_machine(EventKind::NodeStart, xds_audit::Closing::success());
    let start = told(1, 1, AT, start);
    db.indexer.index(std::slice::from_ref(&start)).await.unwrap();
    assert!(db.reader.show(start.id).await.unwrap()[0].told == start);
    let unknown = "SELECT count(*) FROM audit.event \
                   WHERE user_id IS NULL AND node IS NULL AND correlation IS NULL AND direction = 'own'";
    assert_eq!(db.count(unknown).await, 1);
}
