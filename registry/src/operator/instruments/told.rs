//! What the journal is told.

use registry_store::Instrument;
use serde_json::Value;
use xds_audit::{EventKind, Objects};
use xds_server::http::{Call, Refusal};

use super::error::of_refused;

/// Patients that one event names at most.
const PATIENTS_MAX: usize = 1_000;

/// A look, as a command's is told: a verb, and what at.
pub(in crate::operator) fn look(verb: &str, object: &str) -> EventKind {
    EventKind::ConfigurationChanged {
        verb: verb.to_owned(),
        object: object.to_owned(),
        before: None,
        after: None,
    }
}

/// A look at versions, opened with the patients whom they concern.
pub(super) async fn looked(
    call: &Call<'_>,
    verb: &str,
    object: &str,
    seen: &[Instrument],
) -> Result<(), Refusal> {
    call.open(look(verb, object), concerned(seen)).await
}

/// A version that is about to be entered, or to wait, opened with the one before it.
pub(super) async fn changing(
    call: &Call<'_>,
    verb: &str,
    before: Option<&Instrument>,
    after: &Instrument,
) -> Result<(), Refusal> {
    let reference = after.reference();
    let kind = EventKind::ConfigurationChanged {
        verb: verb.to_owned(),
        object: format!("{} {}", reference.kind.name(), reference.id),
        before: before.map(value).transpose()?,
        after: Some(value(after)?),
    };
    call.open(kind, concerned(std::slice::from_ref(after))).await
}

pub(super) fn value(instrument: &Instrument) -> Result<Value, Refusal> {
    instrument.value().map_err(|error| of_refused(error.into()))
}

fn concerned(seen: &[Instrument]) -> Objects {
    let mut patients = crate::instruments::patients_of(seen);
    patients.truncate(PATIENTS_MAX);
    Objects {
        patients,
        ..Objects::default()
    }
}
