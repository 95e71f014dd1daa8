//! Removing records whose time is over.

use time::OffsetDateTime;

use super::look::TABLE;
use crate::change::{self, Change, Deed};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::read;
use crate::sql;
use crate::tx::commit;

impl Store {
    /// Removes the records that may be removed by now and were made before a moment, as `records are kept so many years
    /// by policy` says. The database itself keeps those whose time is not over. The journal is told; how many it were.
    ///
    /// # Errors
    /// When the database cannot do it; then all are there still.
    pub async fn expire_records(
        &self,
        made_before: OffsetDateTime,
        change: &Change,
    ) -> Result<u64, StoreError> {
        self.run_tx("expire_records", || self.expire_once(made_before, change))
            .await
    }

    async fn expire_once(&self, made_before: OffsetDateTime, change: &Change) -> Result<u64, StoreError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let session = self.within(&transaction);
        let rows = session.query(&sql::EXPIRE_RECORDS, &[&made_before]).await?;
        let row = rows.first().ok_or(StoreError::row(TABLE, "count"))?;
        let removed: i64 = read(row, 0, TABLE, "count")?;
        let subject = format!("made before {}", made_before.date());
        let deed = Deed::new("record expire", &subject).with(None, Some(removed.into()));
        change::record(session, change, &deed).await?;
        commit(transaction).await?;
        u64::try_from(removed).map_err(|_| StoreError::row(TABLE, "count"))
    }
}
