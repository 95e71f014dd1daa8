//! What a registration and a query cost. Not part of the ordinary run:
//! `cargo test --release -p registry-store --test it measure -- --ignored --nocapture`

use std::time::{Duration, Instant};

use crate::db::Db;
use crate::fixture::*;
use crate::queries::{find, find_query};

const REGISTRATIONS: usize = 4_000;
const QUERIES: usize = 4_000;

/// Processor time of all backends of the database, in microseconds.
async fn backends(db: &Db) -> Duration {
    let pids =
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let rows = db.client().await.query(pids, &[]).await.unwrap();
    let mut ticks = 0;
    for row in rows {
        let pid: i32 = row.get(0);
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        for index in [11, 12] {
            ticks += fields
                .get(index)
                .and_then(|text| text.parse::<u64>().ok())
                .unwrap_or(0);
        }
    }
    Duration::from_millis(ticks * 10)
}

#[tokio::test]
#[ignore = "measures, and takes its time"]
async fn measure() {
    let (db, world) = (Db::empty().await, World::of("h1"));
    // Those who have documents, and others: a small table would be read from end to end.
    let patients: Vec<_> = (0..20_000).map(|number| patient(&format!("M{number}"))).collect();
    db.add_patients(&patients).await;
    let submissions: Vec<_> = (0..REGISTRATIONS)
        .map(|number| {
            one(
                &format!("1.2.{number}"),
                &format!("1.3.{number}"),
                &patients[number % 100],
            )
        })
        .collect();
    db.client().await.batch_execute("VACUUM ANALYZE").await.unwrap();
    db.register(&world, &submissions[0]).await;
    let (started, before) = (Instant::now(), backends(&db).await);
    for submission in &submissions[1..] {
        db.register(&world, submission).await;
    }
    report(
        "registration",
        REGISTRATIONS - 1,
        started.elapsed(),
        backends(&db).await - before,
    );

    // 40 rows for each patient, every second one Deprecated.
    let client = db.client().await;
    client
        .batch_execute(
            "UPDATE document_entry SET status = 2, body = repeat('x', 1500)::bytea WHERE substring(unique_id, 5)::int / 100 % 2 = 0;
             UPDATE document_entry SET body = repeat('x', 1500)::bytea WHERE status = 1",
        )
        .await
        .unwrap();
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    for return_type in [
        xds_model::query::ReturnType::LeafClass,
        xds_model::query::ReturnType::ObjectRef,
    ] {
        let (started, before) = (Instant::now(), backends(&db).await);
        for number in 0..QUERIES {
            let query = find_query(find(&format!("M{}", number % 100)));
            let answer = db.ask_for(&world, query, return_type).await.unwrap();
            assert_eq!(answer.objects.len(), 20);
        }
        let elapsed = started.elapsed();
        report(
            &format!("FindDocuments {return_type:?}"),
            QUERIES,
            elapsed,
            backends(&db).await - before,
        );
    }
}

fn report(what: &str, count: usize, elapsed: Duration, backends: Duration) {
    let each = |time: Duration| time.as_micros() as f64 / count as f64;
    println!(
        "{what}: {:.0} us elapsed, {:.0} us of PostgreSQL processor time",
        each(elapsed),
        each(backends)
    );
}
