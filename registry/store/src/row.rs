//! Columns to values of the domain. What is none is an error of its own, never a guess.

use postgres_types::FromSql;
use registry_core::answer::{Candidate, Ends, Link};
use registry_core::object::{Current, scope_from_number, status_from_number};
use registry_core::policy_facts::{Columns, PolicyFacts};
use tokio_postgres::Row;
use uuid::Uuid;
use xds_model::{AssociationType, AvailabilityStatus, DocumentHash, Dtm, HomeCommunityId, PatientId};

use crate::error::StoreError;

/// A column of a row.
pub(crate) fn read<'a, T: FromSql<'a>>(
    row: &'a Row,
    index: usize,
    table: &'static str,
    column: &'static str,
) -> Result<T, StoreError> {
    row.try_get(index).map_err(|_| StoreError::row(table, column))
}

pub(crate) fn hash_from_bytes(bytes: &[u8], table: &'static str) -> Result<DocumentHash, StoreError> {
    let digest: &[u8; 20] = bytes.try_into().map_err(|_| StoreError::row(table, "hash"))?;
    Ok(DocumentHash::from_digest(digest))
}

/// A SHA-1 of 40 hexadecimal digits, which the model has checked.
pub(crate) fn hash_bytes(hash: &str) -> Option<Vec<u8>> {
    (0..hash.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hash.get(at..at + 2)?, 16).ok())
        .collect()
}

/// A time of 14 digits as a number.
pub(crate) fn time_number(time: &str) -> Option<i64> {
    time.parse().ok()
}

fn time_from_number(number: i64, table: &'static str) -> Result<Dtm, StoreError> {
    format!("{number:014}")
        .parse()
        .map_err(|_| StoreError::row(table, "time"))
}

/// What policy decides an entry on, from the columns of `policy!` that begin at `from`.
pub(crate) fn policy(row: &Row, from: usize) -> Result<PolicyFacts, StoreError> {
    const TABLE: &str = "document_entry";
    let codes: Option<Vec<&str>> = read(row, from + 6, TABLE, "confidentiality_codes")?;
    let columns = Columns {
        organisation: read(row, from, TABLE, "organisation")?,
        scope: scope_from_number(read(row, from + 1, TABLE, "scope")?)
            .ok_or(StoreError::row(TABLE, "scope"))?,
        unique_id: read(row, from + 3, TABLE, "unique_id")?,
        class_code: read(row, from + 4, TABLE, "class_code")?,
        type_code: read(row, from + 5, TABLE, "type_code")?,
        confidentiality_codes: codes.as_deref().unwrap_or_default(),
        registered_at: read(row, from + 7, TABLE, "registered_at")?,
        keeper: read(row, from + 8, TABLE, "keeper")?,
    };
    Ok(PolicyFacts {
        stored_under: read(row, from + 2, TABLE, "patient")?,
        document: columns.document(),
    })
}

/// Where in a row of an entry the columns for policy begin.
pub(crate) const ENTRY_POLICY: usize = 7;
/// Where in a row of an entry its patient begins, when it is named.
pub(crate) const ENTRY_OWNER: usize = 16;
/// Where in a row of a SubmissionSet or Folder its patient begins, when it is named.
pub(crate) const PACKAGE_OWNER: usize = 7;

/// A DocumentEntry, SubmissionSet or Folder. Whose it is: the patient, or where in the row it is named.
pub(crate) fn candidate(
    row: &Row,
    table: &'static str,
    owner: Result<&PatientId, usize>,
) -> Result<Candidate, StoreError> {
    let id: Uuid = read(row, 0, table, "id")?;
    let version: i32 = read(row, 2, table, "version")?;
    let logical_id: Option<Uuid> = read(row, 3, table, "logical_id")?;
    let time: Option<i64> = read(row, 5, table, "time")?;
    let body: Option<Vec<u8>> = read(row, 6, table, "body")?;
    let patient = match owner {
        Ok(patient) => patient.clone(),
        Err(at) => crate::facts::patient(
            read(row, at, "patient", "id")?,
            read(row, at + 1, "patient", "authority")?,
        )?,
    };
    let last_update_time = match time {
        Some(time) if table == "folder" => Some(time_from_number(time, table)?),
        _ => None,
    };
    Ok(Candidate {
        id,
        time,
        current: Current {
            status: status(row, 1, table)?,
            version: u32::try_from(version).map_err(|_| StoreError::row(table, "version"))?,
            logical_id: logical_id.unwrap_or(id),
            home: home(row, 4, table)?,
            last_update_time,
            patient: Some(patient),
        },
        body: body.unwrap_or_default(),
    })
}

/// An Association.
pub(crate) fn link(row: &Row) -> Result<Link, StoreError> {
    const TABLE: &str = "association";
    let id: Uuid = read(row, 0, TABLE, "id")?;
    let kind: i16 = read(row, 1, TABLE, "kind")?;
    let body: Option<Vec<u8>> = read(row, 6, TABLE, "body")?;
    Ok(Link {
        id,
        ends: Ends {
            kind: AssociationType::from_number(kind).ok_or(StoreError::row(TABLE, "kind"))?,
            source: read(row, 2, TABLE, "source")?,
            target: read(row, 3, TABLE, "target")?,
        },
        current: Current {
            status: status(row, 4, TABLE)?,
            version: 1,
            logical_id: id,
            home: home(row, 5, TABLE)?,
            last_update_time: None,
            patient: None,
        },
        body: body.unwrap_or_default(),
    })
}

fn status(row: &Row, index: usize, table: &'static str) -> Result<AvailabilityStatus, StoreError> {
    status_from_number(read(row, index, table, "status")?).ok_or(StoreError::row(table, "status"))
}

fn home(row: &Row, index: usize, table: &'static str) -> Result<Option<HomeCommunityId>, StoreError> {
    let home: Option<&str> = read(row, index, table, "home")?;
    home.map(str::parse)
        .transpose()
        .map_err(|_| StoreError::row(table, "home"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_travel_as_bytes() {
        let bytes = hash_bytes(DocumentHash::OF_NOTHING).unwrap();
        assert_eq!(
            hash_from_bytes(&bytes, "t").unwrap().as_str(),
            DocumentHash::OF_NOTHING
        );
        assert_eq!(hash_bytes("0g"), None);
        assert!(hash_from_bytes(&[0; 19], "t").is_err());
    }

    #[test]
    fn times_travel_as_numbers() {
        assert_eq!(time_number("20261124054533"), Some(20_261_124_054_533));
        assert_eq!(
            time_from_number(20_261_124_054_533, "t").unwrap().as_str(),
            "20261124054533"
        );
        assert!(time_from_number(1, "t").is_err());
    }
}
