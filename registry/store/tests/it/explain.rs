//! No statement reads a growing table from end to end.

use std::time::{Duration, Instant};

use registry_store::{Statement, statements};
use tokio_postgres::Client;
use xds_model::AssociationType;

use crate::db::Db;
use crate::fixture::{World, one, patient, relate, urn};
use crate::queries::get_all;

/// Tables that grow with patients, documents or time.
const GROWING: [&str; 16] = [
    "patient",
    "patient_identifier",
    "object_id",
    "unique_id",
    "logical_id",
    "document_entry",
    "submission_set",
    "folder",
    "association",
    "cross_reference",
    "audit_mark",
    "patient_instrument_version",
    "instrument_patient",
    "provision_record",
    "record_strand",
    "disclosure_task",
];

/// 20,000 patients; a thousand of them with 20 documents each, one folder, one reference from elsewhere, a few merges.
const FILL: &str = "
INSERT INTO patient (key, id, authority, surviving, search_key, created_at, changed_at)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(p), 12, '0'))::uuid, 'F' || p, '1.2.3',
       CASE WHEN p % 100 = 99 THEN ('00000000-0000-7000-8000-' || lpad(to_hex(p - 1), 12, '0'))::uuid END,
       'ヤマダ' || p, now(), now()
  FROM generate_series(1, 20000) p;
INSERT INTO patient_identifier (id, authority, patient) SELECT id, authority, key FROM patient WHERE id LIKE 'F%';
CREATE TEMP TABLE d AS
SELECT p.key AS patient, gen_random_uuid() AS doc, gen_random_uuid() AS set, gen_random_uuid() AS link,
       gen_random_uuid() AS folder, gen_random_uuid() AS filed, n
  FROM patient p CROSS JOIN generate_series(1, 20) n WHERE length(p.id) < 5;
INSERT INTO object_id SELECT doc, patient, 1 FROM d;
INSERT INTO object_id SELECT set, patient, 2 FROM d;
INSERT INTO object_id SELECT folder, patient, 3 FROM d WHERE n = 1;
INSERT INTO object_id SELECT link, patient, 4, set FROM d;
INSERT INTO object_id SELECT filed, patient, 4, folder FROM d WHERE n = 1;
INSERT INTO unique_id SELECT '1.9.' || doc, 0, doc, patient, 1, 1, '\\x00', 1 FROM d;
INSERT INTO unique_id SELECT '1.8.' || set, 0, set, patient, 2 FROM d;
INSERT INTO logical_id SELECT set, doc, patient FROM d;
INSERT INTO document_entry (patient, id, status, entry_type, scope, online, version, creation_time,
                            registered_at, organisation, unique_id, class_code, type_code, body)
SELECT patient, doc, 1 + n % 2, 1, 1, true, 1, 20260101000000 + n, now(), 'h' || n % 5, '1.9.' || doc, 'c^^1',
       't' || n % 7 || '^^1', repeat('x', 1200)::bytea FROM d;
INSERT INTO submission_set (patient, id, status, submission_time, registered_at, organisation, unique_id, body)
SELECT patient, set, 1, 20260101000000, now(), 'h1', '1.8.' || set, repeat('x', 400)::bytea FROM d;
INSERT INTO folder (patient, id, status, version, last_update_time, registered_at, organisation, unique_id, body)
SELECT patient, folder, 1, 1, 20260101000000, now(), 'h1', '1.7.' || folder, repeat('x', 300)::bytea FROM d WHERE n = 1;
INSERT INTO association SELECT patient, set, link, doc, 1, 1, NULL, 'x' FROM d;
INSERT INTO association SELECT patient, folder, filed, doc, 1, 1, NULL, 'x' FROM d WHERE n = 1;
INSERT INTO cross_reference SELECT patient, doc, link, patient, set FROM d WHERE n < 4;
INSERT INTO audit_mark SELECT gen_random_uuid(), now(), 'x' FROM generate_series(1, 5000);
INSERT INTO instrument_patient SELECT 'consent', 'c' || id, key FROM patient;
INSERT INTO patient_instrument_version (patient, kind, id, version, entered_by, approved_by, effective_from, content,
                                        sha256, change)
SELECT patient, kind, id, 1, 'x', '{}', now(), repeat('x', 800), sha256(''), gen_random_uuid() FROM instrument_patient;
INSERT INTO provision_record (patient, at, id, organisation, side, counterparty, position, basis, legally_required,
                              decision, keep_until, content, previous, sha256)
SELECT patient, now() - n * interval '1 hour', gen_random_uuid(), 'h' || n % 5, 1 + n % 2, 'c' || n % 7, n, 'JOINT',
       false, 'x', now() + interval '5 years', repeat('x', 800), '', sha256('') FROM d;
INSERT INTO record_strand (organisation, side, counterparty, position, chain)
SELECT 'h' || n % 300, 1, 'c' || n, 1, ARRAY[sha256('')] FROM generate_series(1, 20000) n;
INSERT INTO disclosure_task (patient, instrument_kind, instrument, kind, organisation, since, done_at, done_by)
SELECT key, 'break_glass_session', 'b' || id, 5, 'c1', created_at, created_at, 'x' FROM patient;
ANALYZE;
";

#[tokio::test]
async fn no_statement_scans_a_growing_table() {
    let db = Db::new().await;
    let client = db.client().await;
    client.batch_execute(FILL).await.unwrap();
    let mut faults = Vec::new();
    for statement in statements() {
        let plan = explain(&client, statement).await;
        for table in GROWING {
            // The oldest marks are read at start, from a table that is empty but for a crash.
            if statement.name == "marks" {
                continue;
            }
            if scans(&plan, table) {
                faults.push(format!("{} scans {table}:\n{plan}", statement.name));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The plan that serves any values: what a prepared statement comes to.
async fn explain(client: &Client, statement: &Statement) -> String {
    let types: Vec<String> = statement
        .types
        .iter()
        .map(|kind| kind.name().replace('_', ""))
        .collect();
    let types: Vec<String> = (types.iter().zip(statement.types))
        .map(|(name, kind)| {
            if kind.name().starts_with('_') {
                format!("{name}[]")
            } else {
                name.clone()
            }
        })
        .collect();
    let (declared, nulls) = if types.is_empty() {
        (String::new(), String::new())
    } else {
        (
            format!("({})", types.join(", ")),
            format!("({})", vec!["NULL"; types.len()].join(", ")),
        )
    };
    let prepare = format!(
        "DEALLOCATE ALL; SET plan_cache_mode = force_generic_plan; PREPARE s {declared} AS {}",
        statement.text
    );
    client
        .batch_execute(&prepare)
        .await
        .unwrap_or_else(|error| panic!("{}: {error:?}", statement.name));
    let rows = client
        .simple_query(&format!("EXPLAIN EXECUTE s {nulls}"))
        .await
        .unwrap();
    rows.iter()
        .filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn scans(plan: &str, table: &str) -> bool {
    plan.lines().any(|line| {
        let mut words = line.trim_start_matches([' ', '-', '>']).split_whitespace();
        words.next() == Some("Seq") && words.nth(1) == Some("on") && words.next() == Some(table)
    })
}

#[test]
fn a_scan_is_noticed() {
    let plan =
        "Hash Join\n  ->  Seq Scan on document_entry d  (cost=0.00..1.00)\n  ->  Index Scan on patient";
    assert!(scans(plan, "document_entry"));
    assert!(!scans(plan, "patient"));
}

#[test]
fn statements_open_with_their_name() {
    for statement in statements() {
        let opening = format!("-- registry.{}\n", statement.name);
        assert!(statement.text.starts_with(&opening), "{}", statement.name);
    }
    let names: std::collections::HashSet<_> = statements().iter().map(|statement| statement.name).collect();
    assert_eq!(names.len(), statements().len());
}

/// A plan is kept as long as its connection. One that was made while the tables were empty, when reading
/// them from end to end looks cheap, must not do so when they have grown.
#[tokio::test]
async fn a_plan_made_for_empty_tables_does_not_scan_full_ones() {
    let db = Db::new().await;
    let client = db.client().await;
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    let serving = Db {
        store: db.with(|config| config.connections_max = 1),
        parameters: db.parameters.clone(),
    };
    drop(db);
    let before = scans_so_far(&client).await;
    let world = World::of("h1");
    let first = serving
        .register(&world, &one("1.2.0", "1.3.0", &patient("P1")))
        .await;
    for number in 1..20 {
        let mut submission = one(&format!("1.2.{number}"), &format!("1.3.{number}"), &patient("P1"));
        relate(
            &mut submission,
            AssociationType::Append,
            &urn(first.entries[0].id),
        );
        serving.register(&world, &submission).await;
        serving.ask(&world, get_all("P1")).await.unwrap();
    }
    drop(serving);
    assert_eq!(scans_so_far(&client).await, before);
}

/// How often growing tables were read from end to end, by stores that are gone: a backend hands in its
/// counts when it ends.
async fn scans_so_far(client: &Client) -> i64 {
    let number = async |sql: &str| -> i64 { client.query_one(sql, &[]).await.unwrap().get(0) };
    let connected = "SELECT count(*) FROM pg_stat_activity
                      WHERE datname = current_database() AND application_name = 'renkei-registry'";
    let deadline = Instant::now() + Duration::from_secs(10);
    while number(connected).await > 0 {
        assert!(Instant::now() < deadline, "the store's connections do not end");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let growing = GROWING.map(|table| format!("'{table}'")).join(", ");
    number(&format!(
        "SELECT sum(seq_scan)::int8 FROM pg_stat_user_tables WHERE relname IN ({growing})"
    ))
    .await
}
