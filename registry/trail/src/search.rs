//! Searching, the latest first.

use deadpool_postgres::Object;
use postgres_types::{ToSql, Type};
use serde::Serialize;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;
use xds_audit::{Event, EventId, Stamp, Told};

use crate::error::TrailError;
use crate::keep::{decode, key};
use crate::question::{Page, Position, Question};
use crate::trail::Trail;

/// An event that was found, without what was withheld.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// Where it stands in the order of events.
    pub position: Position,
    /// Which message of the event it is; 0 for the whole.
    pub part: u32,
    /// The event.
    pub told: Told,
    /// The message that it was read from, as it came, if another system delivered it.
    pub message: Option<String>,
}

/// A found event for machines.
#[derive(Serialize)]
pub struct FoundValue<'a> {
    /// `JOURNAL/SEQUENCE`
    id: String,
    /// 0 for the whole event, else which message of those that another system delivered.
    part: u32,
    /// Where a page goes on after it.
    position: String,
    began: Stamp,
    ended: Stamp,
    event: &'a Event,
}

impl Found {
    /// For machines: the command line and the operator API print the same.
    pub fn value(&self) -> FoundValue<'_> {
        FoundValue {
            id: self.told.id.to_string(),
            part: self.part,
            position: self.position.to_string(),
            began: self.told.began,
            ended: self.told.ended,
            event: &self.told.event,
        }
    }
}

/// What `EXPLAIN` is asked in front of a search, for tests, benchmarks and `doctor`.
pub const EXPLAINED: &str = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT TEXT) ";

/// The journal's name is looked up for the rows of the page only.
const COLUMNS: &str = "e.at, e.journal, e.sequence, e.part, \
                       (SELECT j.journal FROM audit.journal j WHERE j.number = e.journal), e.body";

impl Trail {
    /// The events that answer the question, the latest first: one page.
    ///
    /// # Errors
    /// When the database fails or takes too long.
    pub async fn search(&self, question: &Question, page: Page) -> Result<Vec<Found>, TrailError> {
        let statement = Statement::of(question, page);
        let connection = self.connection().await?;
        let rows = statement.run(&connection, "").await?;
        rows.iter().map(found).collect()
    }

    /// How the server goes about a search, line by line. It holds values of the question: not for logs.
    ///
    /// # Errors
    /// When the database fails or takes too long.
    pub async fn explain(&self, question: &Question, page: Page) -> Result<Vec<String>, TrailError> {
        let statement = Statement::of(question, page);
        let connection = self.connection().await?;
        let rows = statement.run(&connection, EXPLAINED).await?;
        rows.iter().map(|row| get(row, 0)).collect()
    }

    /// All that is kept of one event: as a rule one, several if another system told it in parts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn show(&self, id: EventId) -> Result<Vec<Found>, TrailError> {
        let Ok(sequence) = i64::try_from(id.sequence) else {
            return Ok(Vec::new());
        };
        let connection = self.connection().await?;
        let rows = connection
            .query_typed(SHOW, &[(&id.journal, Type::UUID), (&sequence, Type::INT8)])
            .await
            .map_err(TrailError::of("show"))?;
        rows.iter().map(found).collect()
    }
}

const SHOW: &str = "\
-- audit.show
SELECT e.at, e.journal, e.sequence, e.part, j.journal, e.body
  FROM audit.journal j
  JOIN audit.event e ON e.journal = j.number
 WHERE j.journal = $1 AND e.sequence = $2
 ORDER BY e.part
 LIMIT 1000";

/// A statement and its values. The text is put together from fixed pieces: values travel beside it.
struct Statement {
    text: String,
    values: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Statement {
    fn of(question: &Question, page: Page) -> Self {
        let mut statement = Self {
            text: String::new(),
            values: Vec::new(),
        };
        let driver = statement.from(question);
        statement.within(driver, question, page);
        statement.filter(question);
        let limit = statement.bind(page.limit(), Type::INT8);
        statement.text.push_str(&format!(
            "\n ORDER BY {driver}.at DESC, {driver}.journal DESC, {driver}.sequence DESC, {driver}.part DESC\
             \n LIMIT {limit}"
        ));
        statement
    }

    /// The table that leads, by the name it has in the statement.
    fn from(&mut self, question: &Question) -> &'static str {
        let same = |name: &str| {
            format!(
                "{name}.journal = e.journal AND {name}.sequence = e.sequence AND {name}.part = e.part \
                 AND {name}.at = e.at"
            )
        };
        let name = match (&question.patient, &question.document) {
            (Some(_), _) => "search_patient",
            (None, Some(_)) => "search_document",
            (None, None) => "search",
        };
        self.text = format!("-- audit.{name}\nSELECT {COLUMNS}\n  FROM ");
        let driver = match (&question.patient, &question.document) {
            (Some(_), document) => {
                let on = same("p");
                self.text
                    .push_str(&format!("audit.event_patient p\n  JOIN audit.event e ON {on}"));
                if document.is_some() {
                    let on = same("d");
                    self.text
                        .push_str(&format!("\n  JOIN audit.event_document d ON {on}"));
                }
                "p"
            }
            (None, Some(_)) => {
                let on = same("d");
                self.text
                    .push_str(&format!("audit.event_document d\n  JOIN audit.event e ON {on}"));
                "d"
            }
            (None, None) => {
                self.text.push_str("audit.event e");
                "e"
            }
        };
        self.text.push_str("\n WHERE true");
        driver
    }

    /// The time range on every table, so that partitions are left out, and the place to go on from.
    fn within(&mut self, driver: &str, question: &Question, page: Page) {
        let tables: Vec<&str> = if driver == "e" {
            vec!["e"]
        } else {
            vec![driver, "e"]
        };
        if let Some(from) = question.from {
            let from = self.bind(from, Type::TIMESTAMPTZ);
            for table in &tables {
                self.text.push_str(&format!("\n   AND {table}.at >= {from}"));
            }
        }
        if let Some(until) = question.until {
            let until = self.bind(until, Type::TIMESTAMPTZ);
            for table in &tables {
                self.text.push_str(&format!("\n   AND {table}.at < {until}"));
            }
        }
        if let Some(after) = page.after {
            let at = self.bind(after.at(), Type::TIMESTAMPTZ);
            let journal = self.bind(after.journal, Type::INT4);
            let sequence = self.bind(after.sequence, Type::INT8);
            let part = self.bind(after.part, Type::INT4);
            self.text.push_str(&format!(
                "\n   AND ({driver}.at, {driver}.journal, {driver}.sequence, {driver}.part) \
                 < ({at}, {journal}, {sequence}, {part})"
            ));
            for table in &tables {
                self.text.push_str(&format!("\n   AND {table}.at <= {at}"));
            }
        }
    }

    fn filter(&mut self, question: &Question) {
        let texts = [
            ("p.patient", &question.patient),
            ("d.document", &question.document),
            ("e.user_id", &question.user),
            ("e.user_issuer", &question.issuer),
            ("e.organisation", &question.organisation),
            ("e.node", &question.node),
            ("e.correlation", &question.correlation),
        ];
        for (column, text) in texts {
            if let Some(text) = text {
                let value = self.bind(key(text), Type::TEXT);
                self.text.push_str(&format!("\n   AND {column} = {value}"));
            }
        }
        if let Some(basis) = &question.basis {
            let value = self.bind(vec![key(basis)], Type::TEXT_ARRAY);
            self.text.push_str(&format!("\n   AND e.bases @> {value}"));
        }
        if let Some(decision) = &question.decision {
            let value = self.bind(vec![key(decision)], Type::TEXT_ARRAY);
            self.text.push_str(&format!("\n   AND e.decisions @> {value}"));
        }
        if !question.outcomes.is_empty() {
            let codes: Vec<i16> = question
                .outcomes
                .iter()
                .map(|outcome| i16::from(outcome.code()))
                .collect();
            let only_failures = !codes.contains(&0);
            let value = self.bind(codes, Type::INT2_ARRAY);
            self.text.push_str(&format!("\n   AND e.outcome = ANY ({value})"));
            if only_failures {
                // The index of failures holds no others, and the server must see that none is wanted.
                self.text.push_str("\n   AND e.outcome > 0");
            }
        }
        if !question.kinds.is_empty() {
            let value = self.bind(question.kinds.clone(), Type::TEXT_ARRAY);
            self.text.push_str(&format!("\n   AND e.kind = ANY ({value})"));
        }
    }

    fn bind(&mut self, value: impl ToSql + Sync + Send + 'static, kind: Type) -> String {
        self.values.push((Box::new(value), kind));
        format!("${}", self.values.len())
    }

    async fn run(&self, connection: &Object, prefix: &str) -> Result<Vec<Row>, TrailError> {
        let values: Vec<(&(dyn ToSql + Sync), Type)> = self
            .values
            .iter()
            .map(|(value, kind)| (value.as_ref() as &(dyn ToSql + Sync), kind.clone()))
            .collect();
        connection
            .query_typed(&format!("{prefix}{}", self.text), &values)
            .await
            .map_err(TrailError::of("search"))
    }
}

fn found(row: &Row) -> Result<Found, TrailError> {
    let at: OffsetDateTime = get(row, 0)?;
    let (journal, sequence, part): (i32, i64, i32) = (get(row, 1)?, get(row, 2)?, get(row, 3)?);
    let name: Uuid = get(row, 4)?;
    let body: Vec<u8> = get(row, 5)?;
    let damaged = |_| TrailError::Row { table: "event" };
    let id = EventId {
        journal: name,
        sequence: u64::try_from(sequence).map_err(damaged)?,
    };
    let (told, message) = decode(id, &body)?;
    Ok(Found {
        position: Position {
            at_us: i64::try_from(at.unix_timestamp_nanos() / 1_000).map_err(damaged)?,
            journal,
            sequence,
            part,
        },
        part: u32::try_from(part).map_err(damaged)?,
        told,
        message,
    })
}

pub(crate) fn get<'a, T: postgres_types::FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, TrailError> {
    row.try_get(column)
        .map_err(|_| TrailError::Row { table: "event" })
}
