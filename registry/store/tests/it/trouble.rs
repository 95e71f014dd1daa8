//! A database that is slow, full of others' locks, or gone.

use std::time::{Duration, Instant};

use registry_store::{Busy, StatementMode, StoreError};
use xds_model::AssociationType as A;
use xds_model::RuleId;
use xds_model::query::{EntryIds, StoredQuery};

use crate::db::{Db, register_with};
use crate::fixture::*;

#[tokio::test]
async fn sto_10_a_lock_that_is_not_given_up_ends_in_busy() {
    let db = Db::new().await;
    let impatient = db.with(|config| config.statement_timeout = Duration::from_millis(300));
    let mut client = db.client().await;
    let lock = client.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE document_entry IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let started = Instant::now();
    let submission = one("1.2.900", "1.2.100", &patient("P1"));
    let outcome = register_with(&impatient, &World::of("h1"), &submission).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, StoreError::Busy(Busy::Timeout)), "{error}");
    assert_eq!(error.rule(), RuleId::RegistryBusy);
    assert!(started.elapsed() < Duration::from_secs(3));
    lock.rollback().await.unwrap();
    register_with(&impatient, &World::of("h1"), &submission)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn sto_10_replacements_in_opposite_order_both_end() {
    let db = Db::new().await;
    let world = World::of("h1");
    let mut targets = Vec::new();
    for number in 0..2 {
        let submission = one(
            &format!("1.2.90{number}"),
            &format!("1.2.10{number}"),
            &patient("P1"),
        );
        targets.push(db.register(&world, &submission).await.entries[0].id);
    }
    let both = |set: &str, doc: u32, order: [uuid::Uuid; 2]| {
        let mut submission = bare(set, &patient("P1"));
        for (number, target) in (0..).zip(order) {
            let symbol = format!("doc{number}");
            let unique_id = format!("1.2.{}", doc + number);
            submission
                .entries
                .push(entry(&symbol, &unique_id, &patient("P1")));
            submission
                .associations
                .push(held(&format!("h{number}"), &symbol, ORIGINAL));
            submission
                .associations
                .push(link(&format!("r{number}"), A::Replace, &symbol, &urn(target)));
        }
        submission
    };
    let one_way = both("1.2.910", 200, [targets[0], targets[1]]);
    let other_way = both("1.2.911", 300, [targets[1], targets[0]]);
    let mut other_world = World::of("h1");
    other_world.ids = Ids::new(0xf00d);
    let (a, b) = tokio::join!(
        register_with(&db.store, &world, &one_way),
        register_with(&db.store, &other_world, &other_way)
    );
    let won = [a.unwrap().is_ok(), b.unwrap().is_ok()];
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
}

#[tokio::test]
async fn sto_11_connections_used_up_end_in_busy_and_none_leaks() {
    let db = Db::new().await;
    let small = db.with(|config| {
        config.connections_max = 2;
        config.wait_timeout = Duration::from_millis(200);
    });
    let mut client = db.client().await;
    let lock = client.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE patient IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let mut stuck = Vec::new();
    for _ in 0..2 {
        let small = small.clone();
        stuck.push(tokio::spawn(async move {
            let _ = small.patient(&patient("P1")).await;
        }));
    }
    let deadline = Instant::now() + Duration::from_secs(5);
    while small.pool_status().open < 2 && Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    let refused = small.ping().await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Busy(Busy::NoConnection)),
        "{refused}"
    );
    // Clients that hang up give their connections back.
    for request in &stuck {
        request.abort();
    }
    lock.rollback().await.unwrap();
    for _ in 0..200 {
        let aborted = tokio::time::timeout(Duration::ZERO, small.patient(&patient("P1"))).await;
        drop(aborted);
    }
    small.ping().await.unwrap();
    let status = small.pool_status();
    assert!(status.open <= 2 && status.free == status.open, "{status:?}");
}

#[tokio::test]
async fn sto_07_killed_backends_fail_their_requests_only() {
    let db = Db::new().await;
    db.store.ping().await.unwrap();
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(db.count(kill).await > 0);
    // The pool notices by itself; at most the requests that hit a dead connection fail, cleanly.
    let deadline = Instant::now() + Duration::from_secs(5);
    let mut healed = false;
    while !healed && Instant::now() < deadline {
        match db.store.ping().await {
            Ok(()) => healed = true,
            Err(error) => assert!(error.is_busy(), "{error}"),
        }
    }
    assert!(healed);
}

#[tokio::test]
async fn sto_08_a_failure_at_commit_rolls_everything_back() {
    let db = Db::new().await;
    let before = db.rows().await;
    let client = db.client().await;
    client
        .batch_execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no' USING ERRCODE = 'XX000'; END $$;
             CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON document_entry DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION fail()",
        )
        .await
        .unwrap();
    let world = World::of("h1");
    let plain = one("1.2.900", "1.2.100", &patient("P1"));
    let mut filed = plain.clone();
    in_folder(&mut filed, "1.2.77", &patient("P1"));
    for submission in [plain, filed] {
        let error = db.try_register(&world, &submission).await.unwrap_err();
        assert_eq!(error.rule(), RuleId::RegistryInternal);
        assert!(
            matches!(&error, StoreError::Server { code, .. } if code == "XX000"),
            "{error}"
        );
        assert_eq!(db.rows().await, before);
    }
}

#[tokio::test]
async fn errors_hold_no_values() {
    let db = Db::new().await;
    let client = db.client().await;
    client
        .batch_execute("ALTER TABLE document_entry ADD CONSTRAINT no_such CHECK (unique_id <> '1.2.100')")
        .await
        .unwrap();
    let submission = one("1.2.900", "1.2.100", &patient("P1"));
    let error = db.try_register(&World::of("h1"), &submission).await.unwrap_err();
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("1.2.100") && text.contains("no_such"), "{text}");
    }
}

#[tokio::test]
async fn statements_can_be_sent_with_their_types_instead_of_prepared() {
    let db = Db::new().await;
    let typed = Db {
        store: db.with(|config| config.statement_mode = StatementMode::Typed),
        parameters: db.parameters.clone(),
    };
    let world = World::of("h1");
    let first = typed
        .register(&world, &one("1.2.900", "1.2.100", &patient("P1")))
        .await;
    let mut second = one("1.2.901", "1.2.101", &patient("P1"));
    in_folder(&mut second, "1.2.77", &patient("P1"));
    relate(&mut second, A::Replace, &urn(first.entries[0].id));
    typed.register(&world, &second).await;
    let lookup = StoredQuery::GetDocuments(EntryIds::EntryUuid(vec![first.entries[0].id]));
    assert_eq!(typed.ask(&world, lookup).await.unwrap().objects.len(), 1);
}
