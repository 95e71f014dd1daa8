//! The monthly review, made of what the index holds.

use time::OffsetDateTime;

use crate::error::TrailError;
use crate::report::{MonthRange, ReviewReport, Signature, Thresholds, anomalies, review_report};
use crate::trail::Trail;

impl Trail {
    /// The review of a month with the signatures that it has. Whether the journal is whole is for the caller to add.
    ///
    /// # Errors
    /// When the database fails or takes too long.
    pub async fn review(
        &self,
        month: MonthRange,
        thresholds: &Thresholds,
        made_at: OffsetDateTime,
        made_by: &str,
    ) -> Result<ReviewReport, TrailError> {
        let counts = self.counts(month.from, month.until).await?;
        let hours = self
            .hours(
                thresholds.history_from(month),
                month.until,
                &thresholds.emergency_bases,
                &thresholds.retry_errors,
            )
            .await?;
        let signatures = self.sign_offs(month.first).await?;
        let found = anomalies(&hours, month, thresholds);
        Ok(ReviewReport {
            signatures: signatures.into_iter().map(Signature::from).collect(),
            ..review_report(month, counts, found, made_at, made_by)
        })
    }
}
