//! What policy decided, as the audit tells it.
//!
//! What else is written of an answer, records of provision and the facts for a replay, starts from the same values: the
//! documents that were released with their facts and permits, the [`Decisions`] with their ids, and the
//! [`Viewer`](registry_core::Viewer) with the requests.

use registry_core::decisions::Decisions;
use xds_audit::{Decision, Instrument};

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
        }
    };
    decisions.iter().map(decision).collect()
}
