//! Who did what, when and why: the record of changes, and what the journal is to tell of them.

use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::read;
use crate::session::Session;
use crate::sql;

/// Who does something, when and why. Time and id are the caller's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// A fresh id, see `IdSource::ordered`.
    pub id: Uuid,
    /// Now.
    pub at: OffsetDateTime,
    /// Who does it.
    pub who: String,
    /// Why, when it is said.
    pub reason: Option<String>,
}

/// What is done: a change of the domain's data, or a look at patients.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Deed {
    /// As on the command line: `node add`, `patient show`.
    pub verb: String,
    /// To what.
    pub subject: String,
    /// How it was, if it was.
    pub before: Option<Value>,
    /// How it is, if it is.
    pub after: Option<Value>,
    /// The patients concerned, as CX.
    pub patients: Vec<String>,
}

/// Who has the journal tell of a deed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Telling {
    /// The database keeps it until the server has told it: a command, which has no journal at hand.
    Owed,
    /// The caller opened an event about it before, and closes it after: a request at a listener.
    Opened,
}

/// A deed that the journal does not tell of yet.
#[derive(Clone, Eq, PartialEq)]
pub struct OwedAct {
    /// Who, when, why; the id is also the event's correlation id.
    pub change: Change,
    /// What.
    pub deed: Deed,
}

/// Subjects and values may be those of patients.
impl std::fmt::Debug for Deed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deed")
            .field("verb", &self.verb)
            .finish_non_exhaustive()
    }
}

/// See [`Deed`].
impl std::fmt::Debug for OwedAct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwedAct")
            .field("id", &self.change.id)
            .field("deed", &self.deed)
            .finish_non_exhaustive()
    }
}

impl Deed {
    /// Something done to a subject.
    pub fn new(verb: &str, subject: &str) -> Self {
        Self {
            verb: verb.to_owned(),
            subject: subject.to_owned(),
            ..Self::default()
        }
    }

    /// With what there was before and what there is now.
    #[must_use]
    pub fn with(self, before: Option<Value>, after: Option<Value>) -> Self {
        Self {
            before,
            after,
            ..self
        }
    }
}

/// Puts a change of the domain's data on record, and what the journal is to tell of it.
pub(crate) async fn record(session: Session<'_>, change: &Change, deed: &Deed) -> Result<(), StoreError> {
    note(session, change, deed).await?;
    owe(session, change, deed).await
}

/// Puts a change of the domain's data on record, and has the journal tell of it where it does not yet.
pub(crate) async fn put(
    session: Session<'_>,
    change: &Change,
    deed: &Deed,
    telling: Telling,
) -> Result<(), StoreError> {
    match telling {
        Telling::Owed => record(session, change, deed).await,
        Telling::Opened => note(session, change, deed).await,
    }
}

/// Puts a change of the domain's data on record, of which the journal tells already.
async fn note(session: Session<'_>, change: &Change, deed: &Deed) -> Result<(), StoreError> {
    session
        .execute(
            &sql::RECORD_CHANGE,
            &[
                &change.id,
                &change.at,
                &change.who,
                &deed.verb,
                &deed.subject,
                &change.reason,
            ],
        )
        .await?;
    Ok(())
}

/// Has the journal tell of it.
pub(crate) async fn owe(session: Session<'_>, change: &Change, deed: &Deed) -> Result<(), StoreError> {
    session
        .execute(
            &sql::OWE_ACT,
            &[
                &change.id,
                &change.at,
                &change.who,
                &deed.verb,
                &deed.subject,
                &change.reason,
                &deed.before,
                &deed.after,
                &deed.patients,
            ],
        )
        .await?;
    Ok(())
}

impl Store {
    /// Has the journal tell of something that changes no domain data, such as a look at patients. It must succeed
    /// before the thing is done.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn owe_act(&self, change: &Change, deed: &Deed) -> Result<(), StoreError> {
        let connection = self.connection().await?;
        owe(self.session(&connection), change, deed).await
    }

    /// What the journal does not tell of yet, the oldest first, 1,000 at most.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn owed_acts(&self) -> Result<Vec<OwedAct>, StoreError> {
        let connection = self.connection().await?;
        let rows = self.session(&connection).query(&sql::OWED_ACTS, &[]).await?;
        rows.iter().map(owed).collect()
    }

    /// The journal tells of these.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn acts_told(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        let connection = self.connection().await?;
        self.session(&connection)
            .execute(&sql::ACTS_TOLD, &[&ids])
            .await?;
        Ok(())
    }
}

fn owed(row: &Row) -> Result<OwedAct, StoreError> {
    const TABLE: &str = "owed_act";
    Ok(OwedAct {
        change: Change {
            id: read(row, 0, TABLE, "id")?,
            at: read(row, 1, TABLE, "at")?,
            who: read(row, 2, TABLE, "who")?,
            reason: read(row, 5, TABLE, "reason")?,
        },
        deed: Deed {
            verb: read(row, 3, TABLE, "verb")?,
            subject: read(row, 4, TABLE, "subject")?,
            before: read(row, 6, TABLE, "before")?,
            after: read(row, 7, TABLE, "after")?,
            patients: read(row, 8, TABLE, "patients")?,
        },
    })
}
