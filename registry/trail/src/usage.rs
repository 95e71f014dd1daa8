//! Counting for reports: who did how much, hour by hour, and what happened in a month.

use std::collections::BTreeMap;

use deadpool_postgres::Transaction;
use postgres_types::Type;
use serde::Serialize;
use time::OffsetDateTime;
use tokio_postgres::Row;

use crate::error::TrailError;
use crate::search::get;
use crate::trail::Trail;

/// Rows of one report at most.
pub const ROWS_MAX: usize = 200_000;

/// Who did something: as far as known.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Who {
    /// The enrolled node.
    pub node: Option<String>,
    /// Its organisation.
    pub organisation: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// The issuer of the user's assertion.
    pub issuer: Option<String>,
}

/// What one user at one node did in one hour.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Hour {
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub hour: OffsetDateTime,
    /// Who.
    pub who: Who,
    /// Requests.
    pub events: u64,
    /// Different patients that they concerned.
    pub patients: u64,
    /// Requests that were refused.
    pub denials: u64,
    /// Requests allowed on a basis for emergencies.
    pub emergencies: u64,
}

/// How many events of one kind there were.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Count {
    /// The kind, such as `ITI-43`.
    pub kind: String,
    /// `received`, `sent` or `own`.
    pub direction: String,
    /// EventOutcomeIndicator.
    pub outcome: u8,
    /// The caller's organisation.
    pub organisation: Option<String>,
    /// How many.
    pub events: u64,
}

/// A refusal is what policy, authentication or enrolment turned down; what should be tried again is none.
const REFUSED: &str = "(e.kind IN ('request-refused', 'assertion-refused', 'handshake-refused') \
                       OR (e.outcome = 4 AND NOT e.errors && $4))";

/// What others asked of us. What a repository asks on the way to its own answer would count the same twice.
const ASKED: &str = "e.at >= $1 AND e.at < $2 AND e.kind <> 'DECISION' \
                     AND (e.direction = 'received' OR e.kind LIKE '%-refused')";

/// Bulk reading: all partitions of the time, whole.
const SETTINGS: &str = "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; \
                        SET LOCAL enable_mergejoin = on; SET LOCAL work_mem = '64MB'; \
                        SET TRANSACTION READ ONLY";

impl Trail {
    /// What each user and node did in each hour from `from` to `until`. `emergency_bases` are the bases that stand
    /// for an emergency, `retry_errors` the error codes of requests that should be tried again.
    ///
    /// # Errors
    /// When the database fails or takes too long; [`TrailError::TooMany`] over [`ROWS_MAX`].
    pub async fn hours(
        &self,
        from: OffsetDateTime,
        until: OffsetDateTime,
        emergency_bases: &[String],
        retry_errors: &[String],
    ) -> Result<Vec<Hour>, TrailError> {
        let mut connection = self.connection().await?;
        let transaction = self.reporting(&mut connection).await?;
        let events = format!(
            "-- audit.hours\n\
             SELECT date_trunc('hour', e.at), e.node, e.organisation, e.user_id, e.user_issuer, count(*),\n       \
             count(*) FILTER (WHERE {REFUSED}), count(*) FILTER (WHERE e.bases && $3)\n  \
             FROM audit.event e\n WHERE {ASKED}\n GROUP BY 1, 2, 3, 4, 5\n LIMIT {}",
            ROWS_MAX + 1
        );
        let patients = format!(
            "-- audit.hours_patients\n\
             SELECT date_trunc('hour', e.at), e.node, e.organisation, e.user_id, e.user_issuer,\n       \
             count(DISTINCT p.patient)\n  FROM audit.event e\n  JOIN audit.event_patient p ON p.at = e.at \
             AND p.journal = e.journal AND p.sequence = e.sequence AND p.part = e.part\n \
             WHERE {ASKED} AND p.at >= $1 AND p.at < $2\n GROUP BY 1, 2, 3, 4, 5\n LIMIT {}",
            ROWS_MAX + 1
        );
        let rows = transaction
            .query_typed(
                &events,
                &[
                    (&from, Type::TIMESTAMPTZ),
                    (&until, Type::TIMESTAMPTZ),
                    (&emergency_bases, Type::TEXT_ARRAY),
                    (&retry_errors, Type::TEXT_ARRAY),
                ],
            )
            .await
            .map_err(TrailError::of("hours"))?;
        let mut hours = BTreeMap::new();
        for row in bounded(&rows)? {
            let (hour, who) = place(row)?;
            let counted = Hour {
                hour,
                who: who.clone(),
                events: count(row, 5)?,
                patients: 0,
                denials: count(row, 6)?,
                emergencies: count(row, 7)?,
            };
            hours.insert((hour, who), counted);
        }
        let rows = transaction
            .query_typed(
                &patients,
                &[(&from, Type::TIMESTAMPTZ), (&until, Type::TIMESTAMPTZ)],
            )
            .await
            .map_err(TrailError::of("hours_patients"))?;
        for row in bounded(&rows)? {
            if let Some(hour) = hours.get_mut(&place(row)?) {
                hour.patients = count(row, 5)?;
            }
        }
        Ok(hours.into_values().collect())
    }

    /// How many events of each kind, outcome and organisation there were from `from` to `until`.
    ///
    /// # Errors
    /// When the database fails or takes too long; [`TrailError::TooMany`] over [`ROWS_MAX`].
    pub async fn counts(
        &self,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<Count>, TrailError> {
        let mut connection = self.connection().await?;
        let transaction = self.reporting(&mut connection).await?;
        let counts = format!(
            "-- audit.counts\n\
             SELECT e.kind, e.direction, e.outcome, e.organisation, count(*)\n  FROM audit.event e\n \
             WHERE e.at >= $1 AND e.at < $2\n GROUP BY 1, 2, 3, 4\n ORDER BY 1, 2, 3, 4\n LIMIT {}",
            ROWS_MAX + 1
        );
        let rows = transaction
            .query_typed(
                &counts,
                &[(&from, Type::TIMESTAMPTZ), (&until, Type::TIMESTAMPTZ)],
            )
            .await
            .map_err(TrailError::of("counts"))?;
        let read = |row: &Row| {
            let outcome: i16 = get(row, 2)?;
            Ok(Count {
                kind: get(row, 0)?,
                direction: get(row, 1)?,
                outcome: u8::try_from(outcome).map_err(|_| TrailError::Row { table: "event" })?,
                organisation: get(row, 3)?,
                events: count(row, 4)?,
            })
        };
        bounded(&rows)?.iter().map(read).collect()
    }

    async fn reporting<'a>(
        &self,
        connection: &'a mut deadpool_postgres::Object,
    ) -> Result<Transaction<'a>, TrailError> {
        let transaction = connection
            .transaction()
            .await
            .map_err(TrailError::of("reporting"))?;
        let timeout = self.report_timeout.as_millis();
        transaction
            .batch_execute(&format!("SET LOCAL statement_timeout = {timeout}; {SETTINGS}"))
            .await
            .map_err(TrailError::of("reporting"))?;
        Ok(transaction)
    }
}

fn bounded(rows: &[Row]) -> Result<&[Row], TrailError> {
    if rows.len() > ROWS_MAX {
        Err(TrailError::TooMany { max: ROWS_MAX })
    } else {
        Ok(rows)
    }
}

fn place(row: &Row) -> Result<(OffsetDateTime, Who), TrailError> {
    let who = Who {
        node: get(row, 1)?,
        organisation: get(row, 2)?,
        user: get(row, 3)?,
        issuer: get(row, 4)?,
    };
    Ok((get(row, 0)?, who))
}

fn count(row: &Row, column: usize) -> Result<u64, TrailError> {
    let count: i64 = get(row, column)?;
    u64::try_from(count).map_err(|_| TrailError::Row { table: "event" })
}
