//! What people have to do: tell somebody, or review an emergency.

use registry_core::records::TaskKind;
use time::OffsetDateTime;
use tokio_postgres::Row;
use xds_model::PatientId;
use xds_policy::version::InstrumentRef;

use crate::change::{self, Change, Deed};
use crate::error::StoreError;
use crate::facts::patient;
use crate::pool::Store;
use crate::row::read;
use crate::session::Session;
use crate::sql;
use crate::tx::commit;

const TABLE: &str = "disclosure_task";

/// A task.
#[derive(Clone, Eq, PartialEq)]
pub struct KnownTask {
    /// The patient, under the identifier of that time.
    pub patient: PatientId,
    /// The kind of instrument that it comes from: `break_glass_session`, `legal_order`.
    pub instrument_kind: String,
    /// The session or order.
    pub instrument: String,
    /// What has to be done.
    pub kind: TaskKind,
    /// Whom it concerns.
    pub organisation: String,
    /// Since when.
    pub since: OffsetDateTime,
    /// First instant that it is late.
    pub due: Option<OffsetDateTime>,
    /// When it was done.
    pub done_at: Option<OffsetDateTime>,
    /// By whom.
    pub done_by: Option<String>,
}

impl KnownTask {
    /// Whether it is late.
    pub fn is_late(&self, now: OffsetDateTime) -> bool {
        self.done_at.is_none() && self.due.is_some_and(|due| due <= now)
    }
}

/// A task is about a patient.
impl std::fmt::Debug for KnownTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KnownTask")
            .field("instrument", &self.instrument)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// How many tasks of a kind there are to do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TaskCount {
    /// Open.
    pub open: u64,
    /// Open and late.
    pub late: u64,
}

impl Store {
    /// Tasks since a moment, before another, oldest first.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn tasks(
        &self,
        open_only: bool,
        (from, until): (OffsetDateTime, OffsetDateTime),
        rows_max: u32,
    ) -> Result<Vec<KnownTask>, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(&sql::TASKS, &[&open_only, &from, &until, &i64::from(rows_max)])
            .await?;
        rows.iter().map(task).collect()
    }

    /// The tasks of a session or order.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn tasks_of(&self, kind: &str, id: &str) -> Result<Vec<KnownTask>, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(&sql::TASKS_OF_INSTRUMENT, &[&kind, &id])
            .await?;
        rows.iter().map(task).collect()
    }

    /// How many tasks of a kind there are to do.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn task_count(&self, kind: TaskKind, now: OffsetDateTime) -> Result<TaskCount, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(&sql::LATE_TASKS, &[&kind.number(), &now])
            .await?;
        let row = rows.first().ok_or(StoreError::row(TABLE, "count"))?;
        let number = |index| -> Result<u64, StoreError> {
            let count: i64 = read(row, index, TABLE, "count")?;
            u64::try_from(count).map_err(|_| StoreError::row(TABLE, "count"))
        };
        Ok(TaskCount {
            open: number(0)?,
            late: number(1)?,
        })
    }

    /// A task is done that is no version of a session: somebody was told. The journal is told; how many it were, 0 when
    /// they were done already.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn task_done(
        &self,
        instrument: &InstrumentRef,
        done: (TaskKind, Option<&str>),
        deed: &Deed,
        change: &Change,
    ) -> Result<u64, StoreError> {
        self.run_tx("task_done", || async {
            let mut connection = self.connection().await?;
            let transaction = self.begin(&mut connection).await?;
            let session = self.within(&transaction);
            let closed = close(session, instrument, done, change).await?;
            change::record(session, change, deed).await?;
            commit(transaction).await?;
            Ok(closed)
        })
        .await
    }
}

pub(super) async fn close(
    session: Session<'_>,
    instrument: &InstrumentRef,
    (kind, organisation): (TaskKind, Option<&str>),
    change: &Change,
) -> Result<u64, StoreError> {
    session
        .execute(
            &sql::TASK_DONE,
            &[
                &instrument.kind.name(),
                &instrument.id.as_str(),
                &kind.number(),
                &organisation,
                &change.at,
                &change.who,
            ],
        )
        .await
}

fn task(row: &Row) -> Result<KnownTask, StoreError> {
    let kind = TaskKind::from_number(read(row, 4, TABLE, "kind")?);
    Ok(KnownTask {
        patient: patient(read(row, 0, TABLE, "patient")?, read(row, 1, TABLE, "patient")?)?,
        instrument_kind: read(row, 2, TABLE, "instrument_kind")?,
        instrument: read(row, 3, TABLE, "instrument")?,
        kind: kind.ok_or(StoreError::row(TABLE, "kind"))?,
        organisation: read(row, 5, TABLE, "organisation")?,
        since: read(row, 6, TABLE, "since")?,
        due: read(row, 7, TABLE, "due")?,
        done_at: read(row, 8, TABLE, "done_at")?,
        done_by: read(row, 9, TABLE, "done_by")?,
    })
}
