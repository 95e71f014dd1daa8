//! The end of what need no longer be kept: whole months, by the owner.

use time::{Date, Duration, OffsetDateTime};

use crate::error::TrailError;
use crate::trail::Trail;

/// Months are kept at least as long as a medical record: five years after their end.
pub const KEPT_YEARS_MIN: i32 = 5;

/// The narrow tables first, so that a search never finds the name of an event that is gone.
const TABLES: [&str; 4] = ["event_patient", "event_document", "event_withheld", "event"];

/// Why a month was not dropped.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The database, or the role is not the owner's.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// It is too young.
    #[error("a month is kept for {KEPT_YEARS_MIN} years after its end")]
    TooYoung,
}

impl Trail {
    /// Drops the partitions of the month of `day`, as the owner of the schema; no other role can. Journals and
    /// their cold storage are not touched.
    ///
    /// # Errors
    /// When the month is too young at `now`, or the database refuses; then nothing is dropped.
    pub async fn drop_month(&self, day: Date, now: OffsetDateTime) -> Result<(), RetentionError> {
        if !is_old_enough(day, now) {
            return Err(RetentionError::TooYoung);
        }
        let failed = TrailError::of("drop_month");
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await.map_err(&failed)?;
        for table in TABLES {
            let (year, month) = (day.year(), u8::from(day.month()));
            let drop = format!("-- audit.drop_month\nDROP TABLE IF EXISTS audit.{table}_{year:04}{month:02}");
            transaction.batch_execute(&drop).await.map_err(&failed)?;
        }
        transaction.commit().await.map_err(&failed)?;
        Ok(())
    }
}

fn is_old_enough(day: Date, now: OffsetDateTime) -> bool {
    let last = day
        .replace_day(day.month().length(day.year()))
        .and_then(|last| last.replace_year(last.year() + KEPT_YEARS_MIN));
    // The last of February may not be in the year: then the day before is.
    let last = last.or_else(|_| (day - Duration::DAY).replace_year(day.year() + KEPT_YEARS_MIN));
    last.is_ok_and(|last| last < now.date()) && day.year() >= 2000
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn a_month_is_kept_for_five_years_after_its_end() {
        let now = datetime!(2026-12-01 0:00 UTC);
        assert!(is_old_enough(date!(2021 - 11 - 01), now));
        assert!(!is_old_enough(date!(2021 - 12 - 01), now));
        assert!(!is_old_enough(
            date!(2021 - 11 - 30),
            datetime!(2026-11-30 23:59 UTC)
        ));
        assert!(is_old_enough(date!(2020 - 02 - 29), now));
        assert!(!is_old_enough(date!(2026 - 11 - 01), now));
    }
}
