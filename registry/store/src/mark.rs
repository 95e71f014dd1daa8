//! Marks of audit events that are owed: written with the change, removed when the journal has the event.

use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::StoreError;
use crate::pool::Store;
use crate::sql;

/// An audit event that is owed once its change is committed.
#[derive(Clone, Eq, PartialEq)]
pub struct AuditMark {
    /// The request's correlation id.
    pub correlation: Uuid,
    /// When it was written.
    pub at: OffsetDateTime,
    /// The event as the journal will have it.
    pub event: Vec<u8>,
}

/// The event names patients: only the id is shown.
impl std::fmt::Debug for AuditMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuditMark({})", self.correlation)
    }
}

impl Store {
    /// The events of these requests are in the journal.
    ///
    /// # Errors
    /// When the database cannot do it; the marks then stay, and recovery finds the events written already.
    pub async fn clear_marks(&self, correlations: &[Uuid]) -> Result<(), StoreError> {
        let connection = self.connection().await?;
        self.session(&connection)
            .execute(&sql::CLEAR_MARK, &[&correlations])
            .await?;
        Ok(())
    }

    /// The event that is owed for this request: there is one exactly when its change was committed.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn mark(&self, correlation: Uuid) -> Result<Option<AuditMark>, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(&sql::MARK, &[&correlation])
            .await?;
        rows.first().map(mark).transpose()
    }

    /// Events that are still owed, the oldest first, 1,000 at most: what recovery writes at start.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn marks(&self) -> Result<Vec<AuditMark>, StoreError> {
        let connection = self.connection().await?;
        let rows = self.session(&connection).query(&sql::MARKS, &[]).await?;
        rows.iter().map(mark).collect()
    }
}

fn mark(row: &Row) -> Result<AuditMark, StoreError> {
    let column = |_| StoreError::row("audit_mark", "event");
    Ok(AuditMark {
        correlation: row.try_get(0).map_err(column)?,
        at: row.try_get(1).map_err(column)?,
        event: row.try_get(2).map_err(column)?,
    })
}
