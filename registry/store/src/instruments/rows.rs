//! Rows of versions: written as they are sealed, and checked against their hash when they are read.

use postgres_types::ToSql;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;
use xds_model::PatientId;
use xds_policy::hash::ContentHash;

use super::error::InstrumentError;
use super::kinds::Instrument;
use crate::error::StoreError;
use crate::row::read;
use crate::session::Session;
use crate::sql;

/// The name of the tables in errors.
const TABLE: &str = "instrument_version";

/// The version in a row. One whose content does not have the hash beside it is an error: somebody went past us.
pub(super) fn instrument(row: &Row) -> Result<Instrument, StoreError> {
    let damaged = |column| StoreError::row(TABLE, column);
    let kind: &str = read(row, 0, TABLE, "kind")?;
    let id: &str = read(row, 1, TABLE, "id")?;
    let version: i32 = read(row, 2, TABLE, "version")?;
    let content: &str = read(row, 3, TABLE, "content")?;
    let sha256: &[u8] = read(row, 4, TABLE, "sha256")?;
    let found: Option<&[u8]> = read(row, 5, TABLE, "evidence_found")?;
    let kind = Instrument::kind_named(kind).ok_or(damaged("kind"))?;
    let mut value: Value = serde_json::from_str(content).map_err(|_| damaged("content"))?;
    let members = value.as_object_mut().ok_or(damaged("content"))?;
    if let Some(found) = found {
        members.insert("evidence_found".to_owned(), hexadecimal(found).into());
    }
    let instrument = Instrument::sealed(kind, value).map_err(|_| damaged("content"))?;
    let reference = instrument.reference();
    if reference.hash.as_bytes().as_slice() != sha256 {
        return Err(damaged("sha256"));
    }
    if reference.id.as_str() != id || i32::try_from(reference.version) != Ok(version) {
        return Err(damaged("id"));
    }
    Ok(instrument)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a version. One that concerns a patient is written under the patient's key, which is looked up when the
/// instrument is new, and stays.
pub(super) async fn insert(
    session: Session<'_>,
    instrument: &Instrument,
    change: Uuid,
) -> Result<(), InstrumentError> {
    let common = instrument.common();
    let reference = common.reference;
    let kind = reference.kind.name();
    let version = i32::try_from(reference.version).map_err(|_| StoreError::row(TABLE, "version"))?;
    let content = instrument
        .content()
        .map_err(|_| StoreError::row(TABLE, "content"))?;
    let evidence = common.evidence.map(|evidence| bytes(&evidence.sha256));
    let found = common.evidence_found.map(bytes);
    let sha256 = bytes(&reference.hash);
    let id = reference.id.as_str();
    let patient = owner(session, instrument).await?;
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![
        &kind,
        &id,
        &version,
        &common.entered_at,
        &common.entered_by,
        &common.approved_by,
        &common.effective_from,
        &common.effective_to,
        &evidence,
        &found,
        &content,
        &sha256,
        &change,
    ];
    let statement = match &patient {
        Some(patient) => {
            values.push(patient);
            &sql::ADD_PATIENT_INSTRUMENT
        }
        None => &sql::ADD_INSTRUMENT,
    };
    session.execute(statement, &values).await?;
    Ok(())
}

fn bytes(hash: &ContentHash) -> &[u8] {
    hash.as_bytes()
}

/// The key of the patient that an instrument is kept under; none for those of the domain.
async fn owner(session: Session<'_>, instrument: &Instrument) -> Result<Option<Uuid>, InstrumentError> {
    let Some(patient) = instrument.patient() else {
        return Ok(None);
    };
    let reference = instrument.reference();
    let (kind, id) = (reference.kind.name(), reference.id.as_str());
    let claimed = session.query(&sql::INSTRUMENT_PATIENT, &[&kind, &id]).await?;
    if let Some(row) = claimed.first() {
        return Ok(Some(read(row, 0, "instrument_patient", "patient")?));
    }
    let unknown = || InstrumentError::UnknownPatient {
        kind: reference.kind,
        id: reference.id.clone(),
    };
    // Decisions compare the text as it stands: one that is written in another way would never be found.
    let named: PatientId = patient.0.parse().map_err(|_| unknown())?;
    if named.to_string() != patient.0 {
        return Err(unknown());
    }
    let rows = session
        .query(&sql::PATIENT_NAMED, &[&named.id(), &named.authority().as_str()])
        .await?;
    let key: Uuid = read(
        rows.first().ok_or_else(unknown)?,
        0,
        "patient_identifier",
        "patient",
    )?;
    session
        .execute(&sql::CLAIM_INSTRUMENT, &[&kind, &id, &key])
        .await?;
    Ok(Some(key))
}
