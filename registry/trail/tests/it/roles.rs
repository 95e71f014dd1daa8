//! What the roles may do, and may not.

use registry_trail::{Login, Logins, SCHEMA_VERSION, TrailError};
use tokio_postgres::error::SqlState;

use crate::db::Db;
use crate::fixture::{AT, P1, retrieve, told};

#[tokio::test]
async fn aud_17_nobody_but_the_owner_changes_or_removes_a_row() {
    let db = Db::new().await;
    db.indexer
        .index(&[told(1, 1, AT, retrieve(P1, "1.2.1"))])
        .await
        .unwrap();
    let tables = [
        "journal",
        "event",
        "event_202611",
        "event_patient",
        "event_patient_202611",
        "event_document",
        "event_document_202611",
        "event_withheld",
        "event_withheld_202611",
        "unread",
        "sign_off",
        "schema_migration",
    ];
    let client = db.client().await;
    for role in [&db.roles.indexer, &db.roles.reader, &db.roles.operator] {
        client.batch_execute(&format!("SET ROLE {role}")).await.unwrap();
        for table in tables {
            let column = match table {
                "journal" => "journal",
                "sign_off" => "remark",
                "unread" => "node",
                "schema_migration" => "name",
                _ => "sequence",
            };
            for statement in [
                format!("UPDATE audit.{table} SET {column} = {column}"),
                format!("DELETE FROM audit.{table}"),
                format!("TRUNCATE audit.{table}"),
                format!("DROP TABLE audit.{table}"),
            ] {
                let error = client.batch_execute(&statement).await.unwrap_err();
                let code = error.code().unwrap();
                assert_eq!(*code, SqlState::INSUFFICIENT_PRIVILEGE, "{role}: {statement}");
            }
        }
        let create = "CREATE TABLE audit.other (a int)";
        let error = client.batch_execute(create).await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}");
        client.batch_execute("RESET ROLE").await.unwrap();
    }
}

#[tokio::test]
async fn only_the_indexer_adds_and_only_the_operator_sees_what_was_withheld() {
    let db = Db::new().await;
    let event = told(1, 1, AT, retrieve(P1, "1.2.1"));
    for other in [&db.reader, &db.operator] {
        let refused = other.index(std::slice::from_ref(&event)).await.unwrap_err();
        assert_eq!(refused.sqlstate(), Some("42501"));
        let refused = other.ensure_month(AT).await.unwrap_err();
        assert_eq!(refused.sqlstate(), Some("42501"));
    }
    db.indexer.index(std::slice::from_ref(&event)).await.unwrap();
    let seen = db.operator.withheld(event.id).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].object.as_str(), seen[0].reason.as_str()),
        ("urn:uuid:SECRET-CANARY", "scope")
    );
    let objects = vec!["urn:uuid:SECRET-CANARY".to_owned(), "urn:uuid:other".to_owned()];
    let until = AT + time::Duration::DAY;
    let seen = db
        .operator
        .withheld_objects(&objects, AT, until, 10)
        .await
        .unwrap();
    assert_eq!(seen.len(), 1);
    let seen = db
        .operator
        .withheld_objects(&objects[1..], AT, until, 10)
        .await
        .unwrap();
    assert!(seen.is_empty());
    let refused = db.reader.withheld(event.id).await.unwrap_err();
    assert!(matches!(refused, TrailError::Server { ref code, .. } if code == "42501"));
    let elsewhere = "SELECT count(*) FROM audit.event WHERE position('CANARY'::bytea IN body) > 0";
    assert_eq!(db.count(elsewhere).await, 0);
}

#[tokio::test]
async fn the_schema_is_made_once_and_another_text_is_seen() {
    let db = Db::new().await;
    assert_eq!(db.owner.migrate().await.unwrap(), SCHEMA_VERSION);
    db.reader.check_schema().await.unwrap();
    let client = db.client().await;
    client
        .batch_execute("UPDATE audit.schema_migration SET sha256 = '\\x00'")
        .await
        .unwrap();
    assert!(db.owner.migrate().await.is_err());
    assert!(db.reader.check_schema().await.is_err());
    client.batch_execute("DROP SCHEMA audit CASCADE").await.unwrap();
    let error = db.owner.check_schema().await.unwrap_err();
    assert!(error.to_string().contains("version 0"), "{error}");
}

/// Roles are of the whole cluster: names of this database alone.
fn logins(db: &Db, password: &str) -> Logins {
    let login = |role: &str| Login {
        role: format!("{role}_made_{}", db.parameters.database),
        password: password.to_owned(),
    };
    Logins {
        indexer: login("indexer"),
        reader: login("reader"),
        operator: login("operator"),
    }
}

#[tokio::test]
async fn roles_are_made_with_the_schema_and_may_do_what_is_theirs() {
    let db = Db::new().await;
    let client = db.client().await;
    client.batch_execute("DROP SCHEMA audit CASCADE").await.unwrap();
    let first = logins(&db, "first");
    assert_eq!(db.owner.install(&first, false).await.unwrap(), 0);
    let indexer = db.logged_in(&first.indexer);
    let event = told(1, 1, AT, retrieve(P1, "1.2.1"));
    assert_eq!(indexer.index(std::slice::from_ref(&event)).await.unwrap(), 1);
    let seen = db.logged_in(&first.operator).withheld(event.id).await.unwrap();
    assert_eq!(seen.len(), 1);
    let refused = db.logged_in(&first.reader).withheld(event.id).await.unwrap_err();
    assert_eq!(refused.sqlstate(), Some("42501"));

    // Once more: nothing is changed, but for a password that is to be renewed.
    let second = logins(&db, "second");
    assert_eq!(db.owner.install(&second, false).await.unwrap(), SCHEMA_VERSION);
    db.logged_in(&first.reader).check_schema().await.unwrap();
    assert_eq!(db.owner.install(&second, true).await.unwrap(), SCHEMA_VERSION);
    db.logged_in(&second.reader).check_schema().await.unwrap();
    db.logged_in(&first.reader).check_schema().await.unwrap_err();
    let powers = "SELECT count(*) FROM pg_roles WHERE rolname LIKE '%_made_' || current_database()
                     AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)";
    assert_eq!(db.count(powers).await, 0);
}
