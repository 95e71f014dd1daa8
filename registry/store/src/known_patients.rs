//! Keys of patients that were looked up before.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use registry_core::facts::{Facts, FactsWanted};
use uuid::Uuid;
use xds_model::PatientId;

/// How many are kept. When there are more, all are forgotten: each costs one look-up to learn again.
const KNOWN_MAX: usize = 100_000;

/// Keys of patients that were active when they were looked up. A key stays a patient's for ever; whether the patient
/// is still active is for the statement to see that uses it.
#[derive(Debug, Default)]
pub(crate) struct KnownPatients(RwLock<HashMap<PatientId, Uuid>>);

impl KnownPatients {
    /// The facts of a submission all of whose ids are new, if all its patients are known.
    pub(crate) fn facts(&self, wanted: &FactsWanted) -> Option<Facts> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let patients = wanted.patients.iter();
        let patients = patients.map(|patient| known.get(patient).map(|key| (patient.clone(), *key)));
        Some(Facts {
            patients: patients.collect::<Option<HashMap<_, _>>>()?,
            ..Facts::default()
        })
    }

    /// Takes in the patients that were found.
    pub(crate) fn learn(&self, facts: &Facts) {
        if facts.patients.is_empty() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() + facts.patients.len() > KNOWN_MAX {
            known.clear();
        }
        known.extend(
            facts
                .patients
                .iter()
                .map(|(patient, key)| (patient.clone(), *key)),
        );
    }

    /// The patient with this key may not be active any more.
    pub(crate) fn forget(&self, key: Uuid) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, other| *other != key);
    }
}
