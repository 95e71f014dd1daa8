//! The schema and the roles on it.

use registry_store::{MigrationError, SCHEMA_VERSIONS, Store};
use xds_testkit::TestCluster;

use crate::db::{Db, config};
use crate::fixture::*;

#[tokio::test]
async fn migrations_run_once_and_two_migrators_do_not_meet() {
    let parameters = TestCluster::shared().fresh_database().await;
    let store = Store::new(&config(&parameters), None).unwrap();
    let before = store.check_schema().await;
    assert!(matches!(before, Err(MigrationError::TooOld { found: 0, .. })));
    let last = *SCHEMA_VERSIONS.end();
    let others = [store.clone(), store.clone(), store.clone()];
    let [a, b, c] = others.map(|store| tokio::spawn(async move { store.migrate().await }));
    let done = [
        a.await.unwrap().unwrap(),
        b.await.unwrap().unwrap(),
        c.await.unwrap().unwrap(),
    ];
    assert!(done.iter().all(|done| done.to == last), "{done:?}");
    let again = store.migrate().await.unwrap();
    assert_eq!((again.from, again.to), (last, last));
    assert_eq!(store.check_schema().await.unwrap(), last);
}

#[tokio::test]
async fn a_schema_of_another_release_is_refused() {
    let db = Db::empty().await;
    let client = db.client().await;
    let newer = "INSERT INTO schema_migration VALUES (99, 'later', '\\x00', now())";
    client.execute(newer, &[]).await.unwrap();
    let refused = db.store.check_schema().await;
    assert!(matches!(refused, Err(MigrationError::TooNew { found: 99, .. })));
    client
        .execute("DELETE FROM schema_migration WHERE version = 99", &[])
        .await
        .unwrap();
    let changed = "UPDATE schema_migration SET sha256 = '\\x00' WHERE version = 2";
    client.execute(changed, &[]).await.unwrap();
    for refused in [
        db.store.check_schema().await.map(|_| ()),
        db.store.migrate().await.map(|_| ()),
    ] {
        assert!(
            matches!(refused, Err(MigrationError::Changed { version: 2 })),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn the_process_role_serves_but_rewrites_no_evidence() {
    let db = Db::new().await;
    let role = format!("process_{}", db.parameters.database);
    let client = db.client().await;
    let create = format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'");
    client.batch_execute(&create).await.unwrap();
    db.store.grant(&role).await.unwrap();
    let process = db.with(|config| {
        config.user = role.clone();
        config.password = Some("secret".to_owned());
    });
    process.check_schema().await.unwrap();
    let serving = Db {
        store: process,
        parameters: db.parameters.clone(),
    };
    let world = World::of("h1");
    let first = serving
        .register(&world, &one("1.2.900", "1.2.100", &patient("P1")))
        .await;
    let mut second = one("1.2.901", "1.2.101", &patient("P1"));
    in_folder(&mut second, "1.2.77", &patient("P1"));
    relate(
        &mut second,
        xds_model::AssociationType::Replace,
        &urn(first.entries[0].id),
    );
    serving.register(&world, &second).await;
    serving.add_patients(&[patient("P3")]).await;

    let as_process = format!("SET ROLE {role}");
    client.batch_execute(&as_process).await.unwrap();
    for evidence in [
        "UPDATE change SET who = 'x'",
        "DELETE FROM change",
        "UPDATE domain_setting SET value = 'x'",
        "DELETE FROM code_file",
        "DELETE FROM document_entry",
        "UPDATE organisation SET name = 'x'",
        "TRUNCATE association",
        "DROP TABLE patient",
        "UPDATE schema_migration SET name = 'x'",
    ] {
        assert!(client.batch_execute(evidence).await.is_err(), "{evidence}");
    }
}
