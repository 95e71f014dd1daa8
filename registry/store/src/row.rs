//! Columns to values of the domain. What is none is an error of its own, never a guess.

use postgres_types::FromSql;
use registry_core::answer::{Candidate, Ends, Link};
use registry_core::object::{Current, scope_from_number, status_from_number};
use registry_core::view::PolicyFacts;
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

/// What policy decides a package or entry on.
pub(crate) fn policy(row: &Row, table: &'static str) -> Result<PolicyFacts, StoreError> {
    Ok(PolicyFacts {
        organisation: read(row, 1, table, "organisation")?,
        scope: scope_from_number(read(row, 2, table, "scope")?).ok_or(StoreError::row(table, "scope"))?,
    })
}

/// A DocumentEntry, SubmissionSet or Folder; `patient` when the row does not name it.
pub(crate) fn candidate(
    row: &Row,
    table: &'static str,
    policy: PolicyFacts,
    patient: Option<&PatientId>,
) -> Result<Candidate, StoreError> {
    let id: Uuid = read(row, 0, table, "id")?;
    let version: i32 = read(row, 4, table, "version")?;
    let logical_id: Option<Uuid> = read(row, 5, table, "logical_id")?;
    let time: Option<i64> = read(row, 7, table, "time")?;
    let body: Option<Vec<u8>> = read(row, 8, table, "body")?;
    let patient = match patient {
        Some(patient) => patient.clone(),
        None => crate::facts::patient(
            read(row, 9, "patient", "id")?,
            read(row, 10, "patient", "authority")?,
        )?,
    };
    let last_update_time = match time {
        Some(time) if table == "folder" => Some(time_from_number(time, table)?),
        _ => None,
    };
    Ok(Candidate {
        id,
        policy,
        time,
        current: Current {
            status: status(row, 3, table)?,
            version: u32::try_from(version).map_err(|_| StoreError::row(table, "version"))?,
            logical_id: logical_id.unwrap_or(id),
            home: home(row, 6, table)?,
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
