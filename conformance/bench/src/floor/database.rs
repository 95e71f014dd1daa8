//! Rows: those of one registration written, and read back, by tokio-postgres alone.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, NoTls, Statement};
use uuid::Uuid;
use xds_model::time::System;
use xds_model::{Clock, IdSource};

use super::Work;
use super::store::Turns;
use crate::case::RESULTS;
use crate::content::Content;
use crate::error::BenchError;
use crate::load::Bounds;
use crate::messages::{numbered_oid, patient};
use crate::metadata::{Bodies, draft, sender};

/// Beside the registry's own database, in the same cluster.
const DATABASE: &str = "renkei_floor";
/// Series of uniqueIds: those that are read, those that are only written, those of submission sets.
const READ: u64 = 1;
/// Patients that are read are numbered from 0, those that are written for from here.
const WRITTEN_PATIENTS: u64 = 1 << 32;
const FILL_MAX: Duration = Duration::from_secs(1800);

/// A database of the same tables, and connections to it.
pub(super) struct Database {
    sessions: Vec<Arc<Session>>,
    patients: u64,
    bodies: Arc<Bodies>,
    filled: Mutex<bool>,
}

struct Session {
    client: Client,
    write: Statement,
    read_bodies: Statement,
    read_keys: Statement,
    read_one: Statement,
}

impl Database {
    /// Makes the database, its tables, and connections with prepared statements.
    pub(super) async fn open(login: &str, connections: u64, patients: u64) -> Result<Self, BenchError> {
        let mut config = Config::from_str(login)?;
        let maker = connect(&config).await?;
        maker
            .batch_execute(&format!("CREATE DATABASE {DATABASE}"))
            .await?;
        config.dbname(DATABASE);
        connect(&config)
            .await?
            .batch_execute(include_str!("tables.sql"))
            .await?;
        let mut sessions = Vec::new();
        for _ in 0..connections {
            sessions.push(Arc::new(Session::open(&config).await?));
        }
        Ok(Self {
            sessions,
            patients,
            bodies: Arc::new(bodies().ok_or(BenchError::Message("a submission"))?),
            filled: Mutex::new(false),
        })
    }

    /// Writes the rows that are read, once.
    pub(super) async fn fill(&self) -> Result<(), BenchError> {
        let mut filled = self.filled.lock().await;
        if *filled {
            return Ok(());
        }
        let turns = Turns::new(Bounds {
            time: FILL_MAX,
            requests_max: self.patients * RESULTS,
        });
        self.each(u64::MAX, turns, |session, number, bodies| async move {
            let document = numbered_oid(READ, number);
            session.write(number / RESULTS, &document, &bodies).await
        })
        .await?;
        let Some(session) = self.sessions.first() else {
            return Ok(());
        };
        session.client.batch_execute("VACUUM ANALYZE").await?;
        *filled = true;
        Ok(())
    }

    /// Does the work in turn over so many connections; how often.
    pub(super) async fn run(&self, work: Work, connections: u64, turns: Turns) -> Result<u64, BenchError> {
        let patients = self.patients;
        self.each(connections, turns, move |session, number, bodies| async move {
            match work {
                Work::WriteRows => {
                    let document = format!("2.25.{}", System.random().as_u128());
                    let patient = WRITTEN_PATIENTS + number % patients;
                    session.write(patient, &document, &bodies).await
                }
                Work::ReadBodies => session.read(&session.read_bodies, number % patients).await,
                Work::ReadKeys => session.read(&session.read_keys, number % patients).await,
                _ => {
                    session
                        .read_one(number.wrapping_mul(7_919) % (patients * RESULTS))
                        .await
                }
            }
        })
        .await
    }

    async fn each<F>(
        &self,
        connections: u64,
        turns: Turns,
        work: impl Fn(Arc<Session>, u64, Arc<Bodies>) -> F + Clone + Send + 'static,
    ) -> Result<u64, BenchError>
    where
        F: Future<Output = Result<(), BenchError>> + Send,
    {
        let turns = Arc::new(turns);
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        let mut tasks = JoinSet::new();
        for session in self.sessions.iter().take(connections) {
            let (session, bodies) = (Arc::clone(session), Arc::clone(&self.bodies));
            let (turns, work) = (Arc::clone(&turns), work.clone());
            tasks.spawn(async move {
                let mut times = 0;
                while let Some(number) = turns.next() {
                    work(Arc::clone(&session), number, Arc::clone(&bodies)).await?;
                    times += 1;
                }
                Ok::<u64, BenchError>(times)
            });
        }
        let mut times = 0;
        while let Some(task) = tasks.join_next().await {
            times += task.map_err(|_| BenchError::Message("a task"))??;
        }
        Ok(times)
    }
}

impl Session {
    async fn open(config: &Config) -> Result<Self, BenchError> {
        let client = connect(config).await?;
        Ok(Self {
            write: client.prepare_typed(WRITE, WRITE_TYPES).await?,
            read_bodies: client.prepare(READ_BODIES).await?,
            read_keys: client.prepare(READ_KEYS).await?,
            read_one: client.prepare(READ_ONE).await?,
            client,
        })
    }

    async fn write(&self, patient: u64, document: &str, bodies: &Bodies) -> Result<(), BenchError> {
        let [entry, set, association] = [(); 3].map(|()| System.random());
        let patient = Uuid::from_u128(u128::from(patient));
        let set_id = format!("2.25.{}", set.as_u128());
        let (now, time) = (System.now(), 20_260_401_090_000_i64);
        let persons: Vec<&str> = PERSONS.to_vec();
        let (events, references) = (EVENTS.to_vec(), REFERENCES.to_vec());
        let confidentiality = vec!["N^^2.16.840.1.113883.5.25"];
        let hash: &[u8] = &[7; 20];
        self.client
            .execute(
                &self.write,
                &[
                    &entry,
                    &set,
                    &association,
                    &patient,
                    &document,
                    &set_id,
                    &hash,
                    &now,
                    &time,
                    &persons,
                    &events,
                    &references,
                    &confidentiality,
                    &bodies.entry,
                    &bodies.set,
                    &bodies.association,
                ],
            )
            .await?;
        Ok(())
    }

    async fn read(&self, statement: &Statement, patient: u64) -> Result<(), BenchError> {
        let patient = Uuid::from_u128(u128::from(patient));
        let rows = self.client.query(statement, &[&patient, &vec![1_i16]]).await?;
        match rows.len() as u64 {
            RESULTS => Ok(()),
            _ => Err(BenchError::Message("20 rows")),
        }
    }

    async fn read_one(&self, number: u64) -> Result<(), BenchError> {
        let ids = vec![numbered_oid(READ, number)];
        let rows = self.client.query(&self.read_one, &[&ids]).await?;
        match rows.len() {
            1 => Ok(()),
            _ => Err(BenchError::Message("one row")),
        }
    }
}

async fn connect(config: &Config) -> Result<Client, BenchError> {
    let (client, connection) = config.connect(NoTls).await?;
    // It ends with the client; what it says then nobody needs.
    tokio::spawn(async move { connection.await.ok() });
    Ok(client)
}

fn bodies() -> Option<Bodies> {
    let content = Content::new(10_000);
    let draft = draft(&sender()?, &patient("R0")?, &content, "2.25.1", "2.25.2")?;
    Bodies::of(&draft)
}

const PERSONS: [&str; 2] = [
    "D0001^鈴木^健一^^^^^^&1.2.392.9.9.9.7.51.1&ISO",
    "D0002^佐藤^美咲^^^^^^&1.2.392.9.9.9.7.51.1&ISO",
];
const EVENTS: [&str; 2] = ["EVENT-1^^1.2.392.9.9.9.7.20", "EVENT-2^^1.2.392.9.9.9.7.20"];
const REFERENCES: [&str; 2] = [
    "20260401001^^^&1.2.392.9.9.9.7.1&ISO^urn:ihe:iti:xds:2013:accession",
    "20260401002^^^&1.2.392.9.9.9.7.1&ISO^urn:ihe:iti:xds:2013:accession",
];

/// $1 to $3 ids of entry, set and association, $4 patient, $5 and $6 uniqueIds, $7 hash, $8 now, $9 a time, $10 to $13
/// lists, $14 to $16 bodies.
const WRITE: &str = "\
-- floor.write
WITH objects AS (
  INSERT INTO object_id (id, patient, kind, source)
  VALUES ($1, $4, 1, NULL), ($2, $4, 2, NULL), ($3, $4, 4, $2)
), ids AS (
  INSERT INTO unique_id (value, ordinal, object, patient, kind, entry_type, hash, size)
  VALUES ($5, 0, $1, $4, 1, 1, $7, 10000), ($6, 0, $2, $4, 2, NULL, NULL, NULL)
), sets AS (
  INSERT INTO submission_set (patient, id, status, submission_time, registered_at, organisation, unique_id, source,
                              content_type_code, author_persons, body)
  VALUES ($4, $2, 1, $9, $8, '1311234567', $6, '1.2.392.9.9.9.7.3.1', 'REFERRAL-SET^^1.2.392.9.9.9.7.20', $10, $15)
), links AS (
  INSERT INTO association (patient, source, id, target, kind, status, body)
  VALUES ($4, $2, $3, $1, 1, 1, $16)
)
INSERT INTO document_entry (patient, id, status, entry_type, scope, online, version, creation_time,
                            service_start_time, service_stop_time, size, registered_at, organisation, unique_id,
                            class_code, type_code, format_code, facility_type_code, practice_setting_code,
                            confidentiality_codes, event_codes, author_persons, reference_ids, repository, hash, body)
VALUES ($4, $1, 1, 1, 1, true, 1, $9, $9, $9, 10000, $8, '1311234567', $5, 'REFERRAL^^1.2.392.9.9.9.7.20',
        '57133-1^^2.16.840.1.113883.6.1', 'JP-REFERRAL^^1.2.392.9.9.9.7.20', 'HOSP^^1.2.392.9.9.9.7.20',
        '01^^1.2.392.9.9.9.7.20', $13, $11, $10, $12, '1.2.392.9.9.9.7.2', $7, $14)";

const WRITE_TYPES: &[Type] = &[
    Type::UUID,
    Type::UUID,
    Type::UUID,
    Type::UUID,
    Type::TEXT,
    Type::TEXT,
    Type::BYTEA,
    Type::TIMESTAMPTZ,
    Type::INT8,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::BYTEA,
    Type::BYTEA,
    Type::BYTEA,
];

const READ_BODIES: &str = "\
-- floor.read_bodies
SELECT d.id, d.organisation, d.scope, d.status, d.version, d.creation_time, d.body
  FROM document_entry d
 WHERE d.patient = $1 AND d.status = ANY ($2::int2[])";

const READ_KEYS: &str = "\
-- floor.read_keys
SELECT d.id, d.organisation, d.scope, d.status, d.version, d.creation_time
  FROM document_entry d
 WHERE d.patient = $1 AND d.status = ANY ($2::int2[])";

const READ_ONE: &str = "\
-- floor.read_one
SELECT d.id, d.organisation, d.scope, d.status, d.version, d.creation_time, d.body
  FROM unique_id u
  JOIN document_entry d ON d.patient = u.patient AND d.id = u.object
 WHERE u.value = ANY ($1::text[])";
