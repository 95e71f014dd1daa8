//! The instruments of the people whose objects are asked for, loaded anew for every request.

use std::collections::HashMap;

use registry_core::{Person, Persons};
use tokio_postgres::Row;
use uuid::Uuid;
use xds_model::PatientId;

use crate::error::StoreError;
use crate::facts::patient;
use crate::instruments::{Instrument, PatientVersions};
use crate::row::read;

/// Where the version ends and the person begins, in a row of the statements `persons_of_...`.
const PERSON: usize = 6;

/// The people of these rows: each key once at least, with a version of an instrument or without.
pub(crate) fn persons(rows: &[Row]) -> Result<Persons, StoreError> {
    let mut found: Vec<Found> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for row in rows {
        let key: Uuid = read(row, PERSON, "patient", "key")?;
        let id: &str = read(row, PERSON + 1, "patient", "id")?;
        let authority: &str = read(row, PERSON + 2, "patient", "authority")?;
        let place = match places.get(&(id, authority)) {
            Some(place) => *place,
            None => {
                places.insert((id, authority), found.len());
                found.push(Found::of(patient(id, authority)?));
                found.len() - 1
            }
        };
        if let Some(person) = found.get_mut(place) {
            person.add(key, row)?;
        }
    }
    let mut persons = Persons::default();
    for person in found {
        persons.add(
            Person::new(&person.patient, person.versions.into_facts()),
            person.keys,
        );
    }
    Ok(persons)
}

/// One person, as far as rows have told.
struct Found {
    patient: PatientId,
    keys: Vec<Uuid>,
    versions: PatientVersions,
}

impl Found {
    fn of(patient: PatientId) -> Self {
        Self {
            patient,
            keys: Vec::new(),
            versions: PatientVersions::default(),
        }
    }

    fn add(&mut self, key: Uuid, row: &Row) -> Result<(), StoreError> {
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
        let kind: Option<&str> = read(row, 0, "patient_instrument_version", "kind")?;
        if kind.is_some() {
            self.versions.add(Instrument::of_row(row)?);
        }
        Ok(())
    }
}
