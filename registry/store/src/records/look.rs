//! Reading ledgers.

use std::fmt;
use std::str::FromStr;

use registry_core::records::{Record, Side};
use time::OffsetDateTime;
use tokio_postgres::Row;
use xds_model::PatientId;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::read;
use crate::sql;

pub(super) const TABLE: &str = "provision_record";

/// Names a record for ever: whose ledger, which side, which other party, which number: `H1/provision/C1/42`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RecordName {
    /// Whose ledger.
    pub organisation: String,
    /// Which side.
    pub side: Side,
    /// The other party.
    pub counterparty: String,
    /// The number in that strand, from 1.
    pub position: i64,
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = self.side.name();
        write!(
            f,
            "{}/{side}/{}/{}",
            self.organisation, self.counterparty, self.position
        )
    }
}

/// A text that names no record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a record is named as in H1/provision/C1/42")]
pub struct RecordNameError;

impl FromStr for RecordName {
    type Err = RecordNameError;

    fn from_str(text: &str) -> Result<Self, RecordNameError> {
        let parts: Vec<&str> = text.split('/').collect();
        let [organisation, side, counterparty, position] = parts.as_slice() else {
            return Err(RecordNameError);
        };
        let name = Self {
            organisation: (*organisation).to_owned(),
            side: Side::from_name(side).ok_or(RecordNameError)?,
            counterparty: (*counterparty).to_owned(),
            position: position.parse().map_err(|_| RecordNameError)?,
        };
        // One text for each name.
        if name.to_string() == text {
            Ok(name)
        } else {
            Err(RecordNameError)
        }
    }
}

/// A record as it is kept.
#[derive(Clone)]
pub struct KeptRecord {
    /// Its name.
    pub name: RecordName,
    /// The patient's name at that time.
    pub person: Option<String>,
    /// What it says.
    pub record: Record,
    /// Its hash, in hexadecimal.
    pub sha256: String,
    /// The hash of the one before it; empty for the first.
    pub previous: String,
    /// First instant at which it may be removed.
    pub keep_until: OffsetDateTime,
}

/// A record is about a patient.
impl fmt::Debug for KeptRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptRecord")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Part of a ledger.
#[derive(Clone, Debug)]
pub struct LedgerRange {
    /// Whose.
    pub organisation: String,
    /// Which side.
    pub side: Side,
    /// From then.
    pub from: OffsetDateTime,
    /// Before then.
    pub until: OffsetDateTime,
    /// With this other party only.
    pub counterparty: Option<String>,
    /// Records at most.
    pub rows_max: u32,
}

/// What concerns a patient.
#[derive(Clone)]
pub struct PatientRange {
    /// The patient, under any identifier that the person has or had.
    pub patient: PatientId,
    /// From then.
    pub from: OffsetDateTime,
    /// Before then.
    pub until: OffsetDateTime,
    /// In this organisation's ledger only.
    pub organisation: Option<String>,
    /// Of this side only.
    pub side: Option<Side>,
    /// Records at most.
    pub rows_max: u32,
}

impl Store {
    /// Part of a ledger, oldest first.
    ///
    /// # Errors
    /// When the database cannot do it, or holds what is no record.
    pub async fn records_of_ledger(&self, range: &LedgerRange) -> Result<Vec<KeptRecord>, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(
                &sql::RECORDS_OF_LEDGER,
                &[
                    &range.organisation,
                    &range.side.number(),
                    &range.from,
                    &range.until,
                    &range.counterparty,
                    &i64::from(range.rows_max),
                ],
            )
            .await?;
        rows.iter().map(kept).collect()
    }

    /// What concerns a patient, oldest first: also what was recorded under identifiers that were merged.
    ///
    /// # Errors
    /// When the database cannot do it, or holds what is no record.
    pub async fn records_of_patient(&self, range: &PatientRange) -> Result<Vec<KeptRecord>, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(
                &sql::RECORDS_OF_PATIENT,
                &[
                    &range.patient.id(),
                    &range.patient.authority().as_str(),
                    &range.from,
                    &range.until,
                    &range.organisation,
                    &range.side.map(Side::number),
                    &i64::from(range.rows_max),
                ],
            )
            .await?;
        rows.iter().map(kept).collect()
    }

    /// One record.
    ///
    /// # Errors
    /// When the database cannot do it, or holds what is no record.
    pub async fn record(&self, name: &RecordName) -> Result<Option<KeptRecord>, StoreError> {
        let before = name.position.saturating_sub(1);
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(
                &sql::RECORDS_OF_STRAND,
                &[
                    &name.organisation,
                    &name.side.number(),
                    &name.counterparty,
                    &before,
                    &1_i64,
                ],
            )
            .await?;
        let found = rows.first().map(kept).transpose()?;
        Ok(found.filter(|found| found.name == *name))
    }
}

fn kept(row: &Row) -> Result<KeptRecord, StoreError> {
    let content: &str = read(row, 5, TABLE, "content")?;
    Ok(KeptRecord {
        name: name(row)?,
        person: read(row, 4, TABLE, "person")?,
        record: Record::from_text(content).map_err(|_| StoreError::row(TABLE, "content"))?,
        previous: hexadecimal(read(row, 6, TABLE, "previous")?),
        sha256: hexadecimal(read(row, 7, TABLE, "sha256")?),
        keep_until: read(row, 8, TABLE, "keep_until")?,
    })
}

pub(super) fn name(row: &Row) -> Result<RecordName, StoreError> {
    let side = Side::from_number(read(row, 1, TABLE, "side")?);
    Ok(RecordName {
        organisation: read(row, 0, TABLE, "organisation")?,
        side: side.ok_or(StoreError::row(TABLE, "side"))?,
        counterparty: read(row, 2, TABLE, "counterparty")?,
        position: read(row, 3, TABLE, "position")?,
    })
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_in_one_way() {
        let name: RecordName = "H1/provision/C1/42".parse().unwrap();
        assert_eq!(name.to_string(), "H1/provision/C1/42");
        for wrong in [
            "",
            "H1",
            "H1/provision/C1",
            "H1/both/C1/42",
            "H1/provision/C1/+42",
            "H1/provision/C1/42/1",
        ] {
            assert_eq!(wrong.parse::<RecordName>(), Err(RecordNameError), "{wrong}");
        }
    }
}
