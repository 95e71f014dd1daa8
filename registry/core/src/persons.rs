//! The instruments of the people whose objects a request is about.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;
use xds_model::PatientId;
use xds_policy::ledger::PatientInstruments;
use xds_policy::words::PatientRef;

/// One person: who it is by now, and everything that was entered of it, also under identifiers merged since.
#[derive(Clone, Debug)]
pub struct Person {
    patient: PatientRef,
    instruments: PatientInstruments,
    keys: Arc<[Uuid]>,
}

impl Person {
    /// A person with its instruments, under whatever identifier they were entered.
    pub fn new(patient: &PatientId, instruments: PatientInstruments) -> Self {
        let patient = PatientRef(patient.to_string());
        Self {
            instruments: instruments.under(&patient),
            patient,
            keys: Arc::default(),
        }
    }

    /// The surviving identifier.
    pub fn patient(&self) -> &PatientRef {
        &self.patient
    }

    /// The keys that its objects and instruments are stored under; none before it is [added](Persons::add).
    pub fn keys(&self) -> &Arc<[Uuid]> {
        &self.keys
    }

    /// Its instruments, all under that identifier.
    pub fn instruments(&self) -> &PatientInstruments {
        &self.instruments
    }
}

/// People by the keys that their objects are stored under: their own, and those of patients merged into them.
///
/// It is loaded for one request and never kept: what was entered a moment ago counts.
#[derive(Clone, Debug, Default)]
pub struct Persons {
    people: Vec<Person>,
    keys: HashMap<Uuid, usize>,
}

impl Persons {
    /// Adds a person with all its keys.
    pub fn add(&mut self, mut person: Person, keys: impl IntoIterator<Item = Uuid>) {
        let number = self.people.len();
        person.keys = keys.into_iter().collect();
        self.keys.extend(person.keys.iter().map(|key| (*key, number)));
        self.people.push(person);
    }

    /// Whether the person is known whose objects are stored under this key.
    pub fn knows(&self, key: Uuid) -> bool {
        self.keys.contains_key(&key)
    }

    /// The people.
    pub(crate) fn people(&self) -> &[Person] {
        &self.people
    }

    /// The place of a person among the people.
    pub(crate) fn place(&self, key: Uuid) -> Option<usize> {
        self.keys.get(&key).copied()
    }
}
