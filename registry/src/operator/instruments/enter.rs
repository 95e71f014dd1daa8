//! Entering: a first version, the next one, and the one that ends an instrument.

use actix_web::http::StatusCode;
use registry_store::{Change, Instrument, InstrumentError};
use serde_json::{Value, json};
use xds_audit::Closing;
use xds_policy::version::InstrumentKind;
use xds_server::http::{Call, Refusal, Reply};

use super::bodies::{End, Entry};
use super::error::{field, id_names_patient, of_refused, stale};
use super::look::tag;
use super::names::{instant, kind, named, seen_version};
use super::proposals::propose;
use super::told::changing;
use crate::instruments::{Refused, complete, ending};
use crate::operator::Desk;
use crate::operator::audit::{json as body, no_query};
use crate::operator::refusal::JSON;

/// `POST /v1/instruments/{kind}`: the first version of an instrument.
pub(in crate::operator) async fn create(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let kind = kind(&call)?;
    let Entry { mut entry, reason } = body::<Entry>(&call.body)?.checked()?;
    fill(
        &mut entry,
        "version",
        1.into(),
        "1, or absent: this is the first version",
    )?;
    enter(&call, desk, kind, &entry, reason).await
}

/// `POST /v1/instruments/{kind}/{id}`: the version after the one that If-Match names.
pub(in crate::operator) async fn next(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let (kind, id) = named(&call)?;
    let seen = seen_version(&call)?;
    let Entry { mut entry, reason } = body::<Entry>(&call.body)?.checked()?;
    fill(&mut entry, "id", id.0.into(), "the id in the address, or absent")?;
    let number = seen.saturating_add(1).into();
    fill(
        &mut entry,
        "version",
        number,
        "one more than If-Match says, or absent",
    )?;
    enter(&call, desk, kind, &entry, reason).await
}

/// Sets a member that must be this, if it is there.
fn fill(entry: &mut Value, name: &str, value: Value, rule: &str) -> Result<(), Refusal> {
    let Value::Object(members) = entry else {
        return Err(field("entry", "an object with id, effective_from and terms"));
    };
    let known = members.entry(name).or_insert_with(|| value.clone());
    if *known == value {
        Ok(())
    } else {
        Err(field(&format!("entry.{name}"), rule))
    }
}

async fn enter(
    call: &Call<'_>,
    desk: &Desk,
    kind: InstrumentKind,
    entry: &Value,
    reason: Option<String>,
) -> Result<Reply, Refusal> {
    let change = desk.change(call, reason);
    let draft = Instrument::draft(kind, &entry.to_string(), &change, &[])
        .map_err(|error| of_refused(error.into()))?;
    if names_its_patient(&draft) {
        return Err(id_names_patient());
    }
    if Instrument::takes_two_operators(kind) {
        return propose(call, desk, draft, &change).await;
    }
    let before = judged(desk, &draft).await?;
    evidence_is_kept(desk, &draft).await?;
    changing(call, "instrument add", before.as_ref(), &draft).await?;
    desk.store
        .add_opened_instrument("instrument add", &draft, &change)
        .await
        .map_err(entering)?;
    Ok(entered(&draft, &change))
}

/// An id stands in addresses: it must not be, or hold, the patient's own.
fn names_its_patient(draft: &Instrument) -> bool {
    let patient = draft.patient().map(|patient| patient.0.as_str());
    let number = patient.and_then(|cx| cx.split('^').next()).unwrap_or_default();
    !number.is_empty() && draft.reference().id.as_str().contains(number)
}

/// Whether a version could be entered; the one before it.
pub(super) async fn judged(desk: &Desk, draft: &Instrument) -> Result<Option<Instrument>, Refusal> {
    desk.store.judge_instrument(draft).await.map_err(entering)
}

/// Why a version is not entered: of two who changed the same version the second finds it changed.
pub(super) fn entering(error: InstrumentError) -> Refusal {
    match error {
        InstrumentError::NotNext { latest, given, .. } => stale(latest, given),
        other => of_refused(other.into()),
    }
}

/// Whether every file that a version names is kept: read apart, for files are long.
pub(super) async fn evidence_is_kept(desk: &Desk, draft: &Instrument) -> Result<(), Refusal> {
    let (folder, draft) = (desk.evidence.clone(), draft.clone());
    desk.apart(move || complete(&folder, &draft))
        .await?
        .map_err(of_refused)
}

/// The answer to who entered a version.
pub(super) fn entered(version: &Instrument, change: &Change) -> Reply {
    let closing = Closing {
        note: change.reason.clone(),
        ..Closing::success()
    };
    let body = json!({ "entered": version.reference() });
    let mut reply = Reply::ok(JSON, body.to_string(), closing).with("etag", tag(version));
    reply.status = StatusCode::CREATED;
    reply
}

/// `POST /v1/instruments/{kind}/{id}/end`: the version that ends what If-Match names. No second operator is needed:
/// it takes something away.
pub(in crate::operator) async fn end(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let (kind, id) = named(&call)?;
    let seen = seen_version(&call)?;
    let asked = body::<End>(&call.body)?.checked()?;
    let at = instant("at", asked.at.as_deref())?;
    let change = desk.change(&call, asked.reason);
    let history = desk
        .store
        .instrument_history(kind, &id)
        .await
        .map_err(|error| of_refused(error.into()))?;
    let approvers = &asked.approved_by;
    let last =
        ending(&history, (kind, &id), Some(seen), at, &change, approvers).map_err(|error| match error {
            Refused::Instrument(error) => entering(error),
            other => of_refused(other),
        })?;
    let before = judged(desk, &last).await?;
    changing(&call, "instrument end", before.as_ref(), &last).await?;
    desk.store
        .add_opened_instrument("instrument end", &last, &change)
        .await
        .map_err(entering)?;
    Ok(entered(&last, &change))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_must_fit() {
        let mut entry = json!({ "id": "JA-1" });
        fill(&mut entry, "version", 2.into(), "").unwrap();
        assert_eq!(entry, json!({ "id": "JA-1", "version": 2 }));
        fill(&mut entry, "version", 2.into(), "").unwrap();
        let refused = fill(&mut entry, "version", 3.into(), "").unwrap_err();
        assert_eq!(refused.more.unwrap().field.as_deref(), Some("entry.version"));
        assert!(fill(&mut json!([]), "version", 1.into(), "").is_err());
    }
}
