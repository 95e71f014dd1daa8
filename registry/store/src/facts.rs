//! Facts for a submission, loaded in one round trip.

use futures_util::future::try_join3;
use registry_core::facts::{Addendum, Facts, FactsWanted, Holder, ObjectFact, UniqueIdUse};
use registry_core::object::{ObjectKind, entry_type_from_number, status_from_number};
use tokio_postgres::Row;
use uuid::Uuid;
use xds_model::{AvailabilityStatus, PatientId};

use crate::error::StoreError;
use crate::persons::persons;
use crate::row::{hash_from_bytes, policy, read};
use crate::session::Session;
use crate::sql;

/// What the registry holds of what is wanted.
pub(crate) async fn load(session: Session<'_>, wanted: &FactsWanted) -> Result<Facts, StoreError> {
    let (base, linked, whose) =
        try_join3(base(session, wanted), linked(session, wanted), whose(session, wanted)).await?;
    let mut facts = Facts {
        persons: persons(&whose)?,
        ..Facts::default()
    };
    for row in &base {
        add_base(&mut facts, row)?;
    }
    for row in &linked {
        add_linked(&mut facts, row)?;
    }
    Ok(facts)
}

async fn base(session: Session<'_>, wanted: &FactsWanted) -> Result<Vec<Row>, StoreError> {
    let (ids, authorities) = patients(wanted);
    let unique_ids: Vec<&str> = wanted.unique_ids.iter().map(String::as_str).collect();
    let given: Vec<Uuid> = wanted.given.iter().copied().collect();
    session
        .query(&sql::FACTS, &[&ids, &authorities, &unique_ids, &given])
        .await
}

async fn linked(session: Session<'_>, wanted: &FactsWanted) -> Result<Vec<Row>, StoreError> {
    if !wanted.touches_registered() {
        return Ok(Vec::new());
    }
    let referenced: Vec<Uuid> = wanted.referenced.iter().copied().collect();
    let replaced: Vec<Uuid> = wanted.replaced.iter().copied().collect();
    let appended: Vec<Uuid> = wanted.appended.iter().copied().collect();
    session
        .query(&sql::LINKED_FACTS, &[&referenced, &replaced, &appended])
        .await
}

/// Of the referenced objects. Their patients are locked, so that nobody is merged in between.
async fn whose(session: Session<'_>, wanted: &FactsWanted) -> Result<Vec<Row>, StoreError> {
    if !wanted.touches_registered() {
        return Ok(Vec::new());
    }
    let referenced: Vec<Uuid> = wanted.referenced.iter().copied().collect();
    session.query(&sql::PERSONS_OF_OBJECTS, &[&referenced]).await
}

/// Ids and authorities, in two columns.
pub(crate) fn patients(wanted: &FactsWanted) -> (Vec<&str>, Vec<&str>) {
    let patients = wanted.patients.iter();
    patients
        .map(|patient| (patient.id(), patient.authority().as_str()))
        .unzip()
}

fn add_base(facts: &mut Facts, row: &Row) -> Result<(), StoreError> {
    const TABLE: &str = "unique_id";
    match read::<i16>(row, 0, TABLE, "kind")? {
        1 => {
            let (id, authority): (&str, &str) = (
                read(row, 1, "patient_identifier", "id")?,
                read(row, 2, "patient_identifier", "authority")?,
            );
            let patient = patient(id, authority)?;
            facts.patients.insert(patient, read(row, 3, "patient", "key")?);
        }
        2 => {
            let value: String = read(row, 1, TABLE, "value")?;
            let entry_type: Option<i16> = read(row, 6, TABLE, "entry_type")?;
            let hash: Option<&[u8]> = read(row, 7, TABLE, "hash")?;
            let size: Option<i64> = read(row, 8, TABLE, "size")?;
            facts.unique_ids.entry(value).or_default().push(UniqueIdUse {
                kind: kind(read(row, 4, TABLE, "kind")?)?,
                entry_type: entry_type.and_then(entry_type_from_number),
                hash: hash.map(|bytes| hash_from_bytes(bytes, TABLE)).transpose()?,
                size: size.and_then(|size| u64::try_from(size).ok()),
                ordinal: read(row, 5, TABLE, "ordinal")?,
            });
        }
        _ => {
            let id: Uuid = read(row, 3, "object_id", "id")?;
            facts
                .objects
                .insert(id, taken(kind(read(row, 4, "object_id", "kind")?)?));
        }
    }
    Ok(())
}

/// An id that the submission gives to an object of its own, but that is in use: nothing more of it matters.
fn taken(kind: ObjectKind) -> ObjectFact {
    ObjectFact {
        kind,
        stored_under: Uuid::nil(),
        patient: Uuid::nil(),
        status: AvailabilityStatus::Approved,
        entry_type: None,
        organisation: None,
        policy: None,
    }
}

fn add_linked(facts: &mut Facts, row: &Row) -> Result<(), StoreError> {
    const TABLE: &str = "object_id";
    let id: Uuid = read(row, 1, TABLE, "id")?;
    let stored_under: Uuid = read(row, 2, TABLE, "patient")?;
    let third: Uuid = read(row, 3, TABLE, "patient")?;
    match read::<i16>(row, 0, TABLE, "kind")? {
        1 => {
            let entry_type: Option<i16> = read(row, 6, TABLE, "entry_type")?;
            let kind = kind(read(row, 4, TABLE, "kind")?)?;
            let policy = (kind == ObjectKind::DocumentEntry)
                .then(|| policy(row, 8))
                .transpose()?;
            let fact = ObjectFact {
                kind,
                stored_under,
                patient: third,
                status: status_from_number(read(row, 5, TABLE, "status")?)
                    .ok_or(StoreError::row(TABLE, "status"))?,
                entry_type: entry_type.and_then(entry_type_from_number),
                organisation: read(row, 7, TABLE, "organisation")?,
                policy,
            };
            facts.objects.insert(id, fact);
        }
        2 => {
            let entry: &str = read(row, 7, TABLE, "id")?;
            facts.holders.push(Holder {
                folder: id,
                stored_under,
                patient: third,
                entry: Uuid::try_parse(entry).map_err(|_| StoreError::row(TABLE, "id"))?,
            });
        }
        3 => facts.addenda.push(Addendum {
            entry: id,
            stored_under,
            of: third,
        }),
        _ => {
            facts.transformations.insert(id);
        }
    }
    Ok(())
}

fn kind(number: i16) -> Result<ObjectKind, StoreError> {
    ObjectKind::from_number(number).ok_or(StoreError::row("object_id", "kind"))
}

pub(crate) fn patient(id: &str, authority: &str) -> Result<PatientId, StoreError> {
    let authority = (authority.parse()).map_err(|_| StoreError::row("patient_identifier", "authority"))?;
    PatientId::new(id, authority).map_err(|_| StoreError::row("patient_identifier", "id"))
}
