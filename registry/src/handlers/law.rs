//! What policy decided, as the audit tells it.
//!
//! What else is written of an answer, records of provision and the facts for a replay, starts from the same values: the
//! documents that were released with their facts and permits, the [`Decisions`] with their ids, and the
//! [`Viewer`](registry_core::Viewer) with the requests.

use registry_core::decisions::Decisions;
use xds_audit::{Asked, AskedPerson, Decision, Instrument};
use xds_policy::request::Request;

/// Every decision with the instrument that it rests on.
pub(super) fn audited(decisions: &Decisions) -> Vec<Decision> {
    let decision = |made: &registry_core::decisions::Decision| {
        let rests_on = &made.permit.instrument;
        Decision {
            id: made.id.to_string(),
            basis: made.permit.basis.code().to_owned(),
            instrument: Some(Instrument {
                id: rests_on.id.to_string(),
                version: rests_on.version.into(),
                sha256: rests_on.hash.to_string(),
            }),
            documents: made.documents.iter().map(ToString::to_string).collect(),
        }
    };
    decisions.iter().map(decision).collect()
}

/// What policy was asked: with the documents of the decisions, all that is needed to work them out again. None when
/// nothing was decided.
pub(super) fn asked(requests: &[Request], decisions: &Decisions) -> Option<Asked> {
    let mut people: Vec<AskedPerson> = Vec::new();
    for made in decisions.iter() {
        let Some(patient) = &made.patient else { continue };
        if !people.iter().any(|person| person.patient == patient.0) {
            people.push(AskedPerson {
                patient: patient.0.clone(),
                keys: made.person.iter().map(ToString::to_string).collect(),
            });
        }
    }
    decisions.iter().next()?;
    let requests = requests.iter().map(serde_json::to_value);
    Some(Asked {
        // A request of ours can be written.
        requests: requests.collect::<Result<_, _>>().ok()?,
        people,
    })
}
