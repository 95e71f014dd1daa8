//! Writing records and tasks.

use registry_core::records::{Entry, Task, TaskKind, Written};
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;
use xds_model::{IdSource, PatientId, RuleId};

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::read;
use crate::session::Session;
use crate::sql;

/// Why records were not kept. Nothing may leave then.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record cannot be written down, or its patient's identifier is none.
    #[error("a record of provision or receipt cannot be written down")]
    Text,
}

/// A task that was not there before: somebody has to be told now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewTask {
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
}

impl RecordsError {
    /// The rule that the request is turned down by.
    pub fn rule(&self) -> RuleId {
        match self {
            Self::Store(error) => error.rule(),
            Self::Text => RuleId::RegistryInternal,
        }
    }
}

impl Store {
    /// Keeps records and tasks, all or none: committed when this returns. The tasks that are new come back.
    ///
    /// # Errors
    /// When the database cannot do it, or does not know a patient.
    pub async fn keep_records(
        &self,
        written: &Written,
        ids: &dyn IdSource,
    ) -> Result<Vec<NewTask>, RecordsError> {
        if written.is_empty() {
            return Ok(Vec::new());
        }
        let records = RecordColumns::of(&written.entries, ids)?;
        let tasks = TaskColumns::of(&written.tasks)?;
        let added = self.run_tx("keep_records", || self.keep_once(&records, &tasks));
        Ok(added.await?)
    }

    async fn keep_once(
        &self,
        records: &RecordColumns<'_>,
        tasks: &TaskColumns<'_>,
    ) -> Result<Vec<NewTask>, StoreError> {
        let connection = self.connection().await?;
        add(self.session(&connection), records, tasks).await
    }
}

/// Adds tasks within a transaction that does more. Those that are new come back.
pub(super) async fn add_tasks(session: Session<'_>, tasks: &[Task]) -> Result<Vec<NewTask>, StoreError> {
    let columns = TaskColumns::of(tasks).map_err(|_| StoreError::row("disclosure_task", "patient"))?;
    add(session, &RecordColumns::default(), &columns).await
}

/// The one statement is a transaction of its own, unless the session is in one.
async fn add(
    session: Session<'_>,
    records: &RecordColumns<'_>,
    tasks: &TaskColumns<'_>,
) -> Result<Vec<NewTask>, StoreError> {
    let rows = session
        .query(
            &sql::ADD_RECORDS,
            &[
                &records.ids,
                &records.organisations,
                &records.sides,
                &records.counterparties,
                &records.at,
                &records.bases,
                &records.legally_required,
                &records.decisions,
                &records.contents,
                &records.keep_until,
                &records.patients.ids,
                &records.patients.authorities,
                &tasks.patients.ids,
                &tasks.patients.authorities,
                &tasks.instrument_kinds,
                &tasks.instruments,
                &tasks.kinds,
                &tasks.organisations,
                &tasks.since,
                &tasks.due,
            ],
        )
        .await?;
    rows.iter().map(new_task).collect()
}

/// Columns of new rows: an array for each.
#[derive(Default)]
struct RecordColumns<'a> {
    ids: Vec<Uuid>,
    organisations: Vec<&'a str>,
    sides: Vec<i16>,
    counterparties: Vec<&'a str>,
    at: Vec<OffsetDateTime>,
    bases: Vec<&'static str>,
    legally_required: Vec<bool>,
    decisions: Vec<&'a str>,
    contents: Vec<String>,
    keep_until: Vec<OffsetDateTime>,
    patients: Patients,
}

impl<'a> RecordColumns<'a> {
    fn of(entries: &'a [Entry], ids: &dyn IdSource) -> Result<Self, RecordsError> {
        let mut columns = Self::default();
        for entry in entries {
            let record = &entry.record;
            columns.ids.push(ids.ordered());
            columns.organisations.push(&record.ledger().0);
            columns.sides.push(record.side.number());
            columns.counterparties.push(&record.counterparty().organisation.0);
            columns.at.push(record.at);
            columns.bases.push(record.basis.code());
            columns.legally_required.push(record.legally_required);
            columns.decisions.push(&record.decision);
            columns
                .contents
                .push(record.text().map_err(|_| RecordsError::Text)?);
            columns.keep_until.push(entry.keep_until);
            columns.patients.add(&record.person.patient.0)?;
        }
        Ok(columns)
    }
}

#[derive(Default)]
struct TaskColumns<'a> {
    patients: Patients,
    instrument_kinds: Vec<&'static str>,
    instruments: Vec<&'a str>,
    kinds: Vec<i16>,
    organisations: Vec<&'a str>,
    since: Vec<OffsetDateTime>,
    due: Vec<Option<OffsetDateTime>>,
}

impl<'a> TaskColumns<'a> {
    fn of(tasks: &'a [Task]) -> Result<Self, RecordsError> {
        let mut columns = Self::default();
        for task in tasks {
            columns.patients.add(&task.patient.0)?;
            columns.instrument_kinds.push(task.instrument.kind.name());
            columns.instruments.push(task.instrument.id.as_str());
            columns.kinds.push(task.kind.number());
            columns.organisations.push(&task.organisation.0);
            columns.since.push(task.since);
            columns.due.push(task.due);
        }
        Ok(columns)
    }
}

#[derive(Default)]
struct Patients {
    ids: Vec<String>,
    authorities: Vec<String>,
}

impl Patients {
    fn add(&mut self, text: &str) -> Result<(), RecordsError> {
        let patient: PatientId = text.parse().map_err(|_| RecordsError::Text)?;
        self.ids.push(patient.id().to_owned());
        self.authorities.push(patient.authority().as_str().to_owned());
        Ok(())
    }
}

fn new_task(row: &Row) -> Result<NewTask, StoreError> {
    const TABLE: &str = "disclosure_task";
    let kind = TaskKind::from_number(read(row, 2, TABLE, "kind")?);
    Ok(NewTask {
        instrument_kind: read(row, 0, TABLE, "instrument_kind")?,
        instrument: read(row, 1, TABLE, "instrument")?,
        kind: kind.ok_or(StoreError::row(TABLE, "kind"))?,
        organisation: read(row, 3, TABLE, "organisation")?,
        since: read(row, 4, TABLE, "since")?,
        due: read(row, 5, TABLE, "due")?,
    })
}
