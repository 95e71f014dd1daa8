//! What was entered, and with a refusal or the end of a consent also who received what already: the patient is told that
//! these do not take it back.

use registry_store::{Change, Deed, Instrument, Store};
use serde_json::Value;
use xds_model::time::System;
use xds_model::{IdSource, PatientId};
use xds_server::lang::Say;

use super::super::Done;
use super::super::audit::{language_of, plain};
use super::super::output::Output;
use super::super::record;

/// Prints what was entered.
pub(super) async fn told(
    store: &Store,
    entered: &Instrument,
    say: Say,
    change: &Change,
    output: Output,
) -> Done {
    let reference = entered.reference();
    let patient = entered.patient().filter(|_| stops_sharing(entered, change));
    let Some(Ok(patient)) = patient.map(|patient| patient.0.parse::<PatientId>()) else {
        return Ok(output.result(&say, reference));
    };
    // A look of its own, told apart from what was entered.
    let look = Change {
        id: System.ordered(),
        ..change.clone()
    };
    let deed = Deed {
        patients: vec![patient.to_string()],
        ..Deed::new("record received", &patient.to_string())
    };
    store.owe_act(&look, &deed).await?;
    let received = record::received(store, &patient, change.at).await?;
    let sheet = plain(&received.sheet(language_of(output)));
    let mut value = serde_json::to_value(reference)?;
    if let Value::Object(members) = &mut value {
        members.insert("received".to_owned(), serde_json::to_value(&received)?);
    }
    let head = output.lang.pick(&say);
    Ok(output.verdict(&format!("{head}\n\n{sheet}"), &value, true))
}

/// Whether a version refuses something, or ends a consent.
fn stops_sharing(entered: &Instrument, change: &Change) -> bool {
    let ends = entered.effective_to().is_some_and(|to| to <= change.at);
    match entered {
        Instrument::Refusal(_) => !ends,
        Instrument::Consent(consent) => ends || consent.terms.withdrawn_at.is_some(),
        _ => false,
    }
}
