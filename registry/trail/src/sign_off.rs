//! Reviews that were signed. A row once written stays: a correction is another row.

use aws_lc_rs::digest::{SHA256, digest};
use postgres_types::Type;
use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use crate::error::TrailError;
use crate::report::{MonthRange, ReviewReport, Signature};
use crate::search::get;
use crate::trail::Trail;

/// A signature under a monthly review.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignOff {
    /// The first day of the month.
    pub month: Date,
    /// The report as it was signed, as JSON.
    pub report: Vec<u8>,
    /// Who reviewed it.
    pub reviewer: String,
    /// What the reviewer says of it.
    pub remark: String,
    /// When.
    pub signed_at: OffsetDateTime,
}

impl SignOff {
    /// A signature under a review as it is now.
    ///
    /// # Errors
    /// When the report cannot be written as JSON.
    pub fn of(
        month: MonthRange,
        report: &ReviewReport,
        reviewer: String,
        remark: String,
        signed_at: OffsetDateTime,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            month: month.first,
            report: serde_json::to_vec(report)?,
            reviewer,
            remark,
            signed_at,
        })
    }

    /// What the journal and the reviewer are told of it: with the hash nobody can later change what was signed.
    pub fn told(&self, report: &ReviewReport) -> Value {
        let hash = digest(&SHA256, &self.report);
        let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        json!({
            "reviewer": self.reviewer,
            "remark": self.remark,
            "report_sha256": hash,
            "events": report.events,
            "failures": report.failures,
            "anomalies": report.anomalies.len(),
        })
    }
}

impl From<SignOff> for Signature {
    fn from(sign_off: SignOff) -> Self {
        Self {
            reviewer: sign_off.reviewer,
            remark: sign_off.remark,
            signed_at: sign_off.signed_at,
        }
    }
}

const SIGN: &str = "\
-- audit.sign
INSERT INTO audit.sign_off (month, report, reviewer, remark, signed_at) VALUES ($1, $2, $3, $4, $5)";

const SIGN_OFFS: &str = "\
-- audit.sign_offs
SELECT month, report, reviewer, remark, signed_at
  FROM audit.sign_off
 WHERE month = $1
 ORDER BY number
 LIMIT 1000";

impl Trail {
    /// Signs a review, as the operator.
    ///
    /// # Errors
    /// When the database fails, or the role may not.
    pub async fn sign(&self, sign_off: &SignOff) -> Result<(), TrailError> {
        let connection = self.connection().await?;
        connection
            .execute_typed(
                SIGN,
                &[
                    (&sign_off.month, Type::DATE),
                    (&sign_off.report, Type::BYTEA),
                    (&sign_off.reviewer, Type::TEXT),
                    (&sign_off.remark, Type::TEXT),
                    (&sign_off.signed_at, Type::TIMESTAMPTZ),
                ],
            )
            .await
            .map_err(TrailError::of("sign"))?;
        Ok(())
    }

    /// The signatures under the review of a month, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_offs(&self, month: Date) -> Result<Vec<SignOff>, TrailError> {
        let connection = self.connection().await?;
        let rows = connection
            .query_typed(SIGN_OFFS, &[(&month, Type::DATE)])
            .await
            .map_err(TrailError::of("sign_offs"))?;
        rows.iter()
            .map(|row| {
                Ok(SignOff {
                    month: get(row, 0)?,
                    report: get(row, 1)?,
                    reviewer: get(row, 2)?,
                    remark: get(row, 3)?,
                    signed_at: get(row, 4)?,
                })
            })
            .collect()
    }
}
