//! Twelve months of events, written by the server itself: the index would take an hour for ten million.

use time::OffsetDateTime;
use time::macros::datetime;
use tokio_postgres::Client;
use xds_model::IdSource;
use xds_model::time::System;

use super::events::told;
use super::place::Place;
use crate::error::BenchError;
use crate::progress::note;

/// The first day of each month that is filled, and of the one after.
const MONTHS: [OffsetDateTime; 13] = [
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

/// Numbers of filled events begin after this; those of samples are below.
const FILLED: u64 = 1_000;

/// Events of all patients, spread over the months. The body is that of a real event.
const EVENTS: &str = "
INSERT INTO audit.event
SELECT moment, t.journal, FILLED + g, 0, moment, t.kind, t.direction, t.action,
       CASE WHEN g % 50 = 0 THEN 4 ELSE 0 END, 'node' || g % 500, 'org' || g % 300, NULL, 'user' || g % 5000,
       t.user_issuer, t.roles, t.purposes, t.bases, t.decisions, t.instruments, t.errors,
       gen_random_uuid()::text, t.endpoint, t.peer, t.body
  FROM (SELECT g, timestamptz '2025-12-01 00:00:00+00' + (g::float8 / EVENTS * 31536000) * interval '1 s' AS moment
          FROM generate_series(1, EVENTS) g) filled
 CROSS JOIN (SELECT * FROM audit.event LIMIT 1) t";

const PATIENTS: &str = "
INSERT INTO audit.event_patient
SELECT 'P' || sequence % PATIENTS || '^^^&1.2.3&ISO', at, journal, sequence, part
  FROM audit.event WHERE sequence > FILLED";

/// Indexes are built after the fill: the same indexes, sooner.
const INDEXES: &str = "
SELECT indexname::text, replace(indexdef, ' ON ONLY ', ' ON ')
  FROM pg_indexes WHERE schemaname = 'audit' AND tablename IN ('event', 'event_patient')";

const SETTINGS: &str = "
SET synchronous_commit = off; SET maintenance_work_mem = '1GB'; SET statement_timeout = 0;
SET max_parallel_maintenance_workers = 0; SET max_parallel_workers_per_gather = 0";

/// The patient of this number, as CX.
pub(super) fn patient(number: u64) -> String {
    format!("P{number}^^^&1.2.3&ISO")
}

/// Fills the empty tables.
///
/// # Errors
/// When PostgreSQL refuses.
pub(super) async fn fill(place: &Place, events: u64, patients: u64) -> Result<(), BenchError> {
    let journal = System.ordered();
    let samples: Vec<_> = (1..)
        .zip(MONTHS)
        .map(|(sequence, at)| told(journal, sequence, at, "SAMPLE^^^&1.2.3&ISO"))
        .collect();
    place.indexer.index(&samples).await?;
    let owner = place.owner().await?;
    owner.batch_execute(SETTINGS).await?;
    let indexes = taken_away(&owner).await?;
    let numbered = |statement: &str| {
        statement
            .replace("FILLED", &FILLED.to_string())
            .replace("PATIENTS", &patients.to_string())
            .replace("EVENTS", &events.to_string())
    };
    note(&format!(
        "filling twelve months with {events} events of {patients} patients"
    ));
    owner.batch_execute(&numbered(EVENTS)).await?;
    owner.batch_execute(&numbered(PATIENTS)).await?;
    for definition in indexes {
        note(definition.split(" USING").next().unwrap_or_default());
        owner.batch_execute(&definition).await?;
    }
    owner.batch_execute("VACUUM ANALYZE").await?;
    owner.batch_execute("CHECKPOINT").await?;
    Ok(())
}

/// Drops the indexes; their definitions.
async fn taken_away(owner: &Client) -> Result<Vec<String>, BenchError> {
    let mut definitions = Vec::new();
    for row in owner.query(INDEXES, &[]).await? {
        let (name, definition): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let drop = match name.strip_suffix("_pkey") {
            Some(table) => format!("ALTER TABLE audit.{table} DROP CONSTRAINT {name}"),
            None => format!("DROP INDEX audit.{name}"),
        };
        owner.batch_execute(&drop).await?;
        definitions.push(definition);
    }
    Ok(definitions)
}
