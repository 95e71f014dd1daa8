//! The decisions of one answer: what was released, by what it rests on.

use std::sync::Arc;

use uuid::Uuid;
use xds_model::IdSource;
use xds_policy::decision::Permit;
use xds_policy::words::PatientRef;

use crate::view::Released;

/// One decision: everything of one patient in an answer that rests on the same ground.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Its own id, by which the audit and other records name it.
    pub id: Uuid,
    /// The patient.
    pub patient: Option<PatientRef>,
    /// The basis, the instrument in its version, and the obligations.
    pub permit: Permit,
    /// The documents that it is about, by entryUUID, each once.
    pub documents: Vec<Uuid>,
    /// The keys that the patient's objects and instruments were stored under.
    pub person: Arc<[Uuid]>,
}

/// The decisions of one answer, in the order of their first document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decisions(Vec<Decision>);

impl Decisions {
    /// The decision that something released is part of: its id. A new one if nothing of the patient rested on the same
    /// ground yet.
    pub fn on(&mut self, entry: Uuid, released: &Released, ids: &dyn IdSource) -> Uuid {
        let permit = &released.permit;
        let known = self.0.iter_mut().find(|known| {
            known.patient == released.document.patient
                && known.permit.basis == permit.basis
                && known.permit.consent_model == permit.consent_model
                && known.permit.instrument == permit.instrument
        });
        if let Some(known) = known {
            if !known.documents.contains(&entry) {
                known.documents.push(entry);
            }
            return known.id;
        }
        let id = ids.ordered();
        self.0.push(Decision {
            id,
            patient: released.document.patient.clone(),
            permit: permit.clone(),
            documents: vec![entry],
            person: Arc::clone(&released.person),
        });
        id
    }

    /// The decisions.
    pub fn iter(&self) -> impl Iterator<Item = &Decision> {
        self.0.iter()
    }
}
