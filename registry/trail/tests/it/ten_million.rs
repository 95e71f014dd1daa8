//! One patient's events among ten million. Not part of the ordinary run; it takes some minutes and 25 GB in the
//! temporary folder:
//! `cargo test -p registry-trail --test it ten_million -- --ignored --nocapture`
//! `TRAIL_EVENTS` says how many, if not ten million.

use std::time::{Duration, Instant};

use registry_trail::{Page, Question};
use time::macros::datetime;

use crate::db::Db;
use crate::fixture::{P1, retrieve, told};

const PATIENTS: u64 = 100_000;
const SEARCHES: u64 = 201;

/// Over twelve months; each patient's events are spread over all of them. The body is that of a real event.
const FILL_EVENTS: &str = "
INSERT INTO audit.event
SELECT timestamptz '2025-12-01 00:00:00+00' + (g::float8 / EVENTS * 31536000) * interval '1 s', 1, 1000 + g, 0,
       timestamptz '2025-12-01 00:00:00+00' + (g::float8 / EVENTS * 31536000) * interval '1 s', t.kind, t.direction, t.action,
       CASE WHEN g % 50 = 0 THEN 4 ELSE 0 END, 'node' || g % 500, 'org' || g % 300, NULL, 'user' || g % 5000,
       t.user_issuer, t.roles, t.purposes, t.bases, t.decisions, t.instruments, t.errors,
       gen_random_uuid()::text, t.endpoint, t.peer, t.body
  FROM generate_series(1, EVENTS) g
 CROSS JOIN (SELECT * FROM audit.event LIMIT 1) t";

const FILL_PATIENTS: &str = "
INSERT INTO audit.event_patient
SELECT 'P' || (sequence * 7919) % 100000 || '^^^&1.2.3&ISO', at, journal, sequence, part
  FROM audit.event WHERE sequence > 1000";

/// Indexes are built after the fill: the same indexes, sooner.
const INDEXES: &str = "
SELECT indexname, replace(indexdef, ' ON ONLY ', ' ON ')
  FROM pg_indexes WHERE schemaname = 'audit' AND tablename IN ('event', 'event_patient')";

#[tokio::test]
#[ignore = "a measurement: some minutes, 25 GB"]
async fn one_patient_among_ten_million_events() {
    let events: u64 = std::env::var("TRAIL_EVENTS").map_or(10_000_000, |text| text.parse().unwrap());
    let db = Db::new().await;
    fill(&db, events).await;

    let mut times = Vec::new();
    for number in 0..SEARCHES {
        let question = Question {
            patient: Some(format!("P{}^^^&1.2.3&ISO", number * 487 % PATIENTS)),
            ..Question::default()
        };
        let started = Instant::now();
        let found = db.reader.search(&question, Page::first(1_000)).await.unwrap();
        times.push(started.elapsed());
        let expected = events / PATIENTS;
        assert!((found.len() as u64).abs_diff(expected) <= 1, "{}", found.len());
    }
    let question = Question {
        patient: Some("P77^^^&1.2.3&ISO".to_owned()),
        ..Question::default()
    };
    let plan = db.reader.explain(&question, Page::first(1_000)).await.unwrap();
    println!("{}", plan.join("\n"));
    times.sort_unstable();
    let at = |percent: usize| times[times.len() * percent / 100];
    println!(
        "{events} events, {} of a patient: median {:?}, 95 % {:?}, longest {:?}, first {:?}",
        events / PATIENTS,
        at(50),
        at(95),
        times.last().unwrap(),
        times[0]
    );
    assert!(!plan.iter().any(|line| line.contains("Seq Scan on event")));
    assert!(at(50) < Duration::from_millis(100), "{:?}", at(50));
}

async fn fill(db: &Db, events: u64) {
    let months = [
        datetime!(2025-12-01 0:00 UTC),
        datetime!(2026-01-01 0:00 UTC),
        datetime!(2026-02-01 0:00 UTC),
        datetime!(2026-03-01 0:00 UTC),
        datetime!(2026-04-01 0:00 UTC),
        datetime!(2026-05-01 0:00 UTC),
        datetime!(2026-06-01 0:00 UTC),
        datetime!(2026-07-01 0:00 UTC),
        datetime!(2026-08-01 0:00 UTC),
        datetime!(2026-09-01 0:00 UTC),
        datetime!(2026-10-01 0:00 UTC),
        datetime!(2026-11-01 0:00 UTC),
        datetime!(2026-12-01 0:00 UTC),
    ];
    let samples: Vec<_> = (1..)
        .zip(months)
        .map(|(sequence, at)| told(1, sequence, at, retrieve(P1, "1.2.1")))
        .collect();
    db.indexer.index(&samples).await.unwrap();
    let client = db.client().await;
    client
        .batch_execute(
            "SET synchronous_commit = off; SET maintenance_work_mem = '1GB'; SET statement_timeout = 0;
             SET max_parallel_maintenance_workers = 0; SET max_parallel_workers_per_gather = 0",
        )
        .await
        .unwrap();
    let indexes: Vec<(String, String)> = client
        .query(INDEXES, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    for (name, _) in &indexes {
        let drop = match name.strip_suffix("_pkey") {
            Some(table) => format!("ALTER TABLE audit.{table} DROP CONSTRAINT {name}"),
            None => format!("DROP INDEX audit.{name}"),
        };
        client.batch_execute(&drop).await.unwrap();
    }
    let started = Instant::now();
    let fills = [
        FILL_EVENTS.replace("EVENTS", &events.to_string()),
        FILL_PATIENTS.to_owned(),
    ];
    let builds = indexes.into_iter().map(|(_, definition)| definition);
    for statement in fills.into_iter().chain(builds).chain(["ANALYZE".to_owned()]) {
        client.batch_execute(&statement).await.unwrap();
        let name: String = statement.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
        println!("{:>5.1} s  {name}", started.elapsed().as_secs_f64());
    }
}
