//! Looks: lists, versions, histories.

use registry_store::Instrument;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xds_audit::{Closing, EventKind, Objects};
use xds_server::http::{Call, Refusal, Reply};
use xds_server::lang::Lang;

use super::bodies::OfPatient;
use super::error::{field, of_refused, patient_needed};
use super::names::{kind, named, number, parameters, rows};
use super::told::{looked, value};
use crate::instruments::{latest_of_each, state, version_of};
use crate::operator::Desk;
use crate::operator::audit::{json as body, no_query};
use crate::operator::refusal::{JSON, not_found, of_store};

/// `GET /v1/instruments/{kind}`: the latest version of each, of a kind that concerns the whole domain.
pub(in crate::operator) async fn list(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    let kind = kind(&call)?;
    let [after, rows_asked] = parameters(call.query, ["after", "rows"])?;
    let rows = rows(rows_asked.as_deref())?;
    if Instrument::is_of_patient(kind) {
        return Err(patient_needed());
    }
    looked(&call, "instrument list", kind.name(), &[]).await?;
    let after = after.unwrap_or_default();
    let rows_max = i64::try_from(rows).unwrap_or(i64::MAX);
    let found = desk
        .store
        .latest_instruments(kind, &after, rows_max)
        .await
        .map_err(|error| of_store(&error))?;
    let next = (found.len() >= rows)
        .then(|| found.last().map(|last| last.reference().id.to_string()))
        .flatten();
    page(&found, json!(next), desk.clock.now())
}

/// `POST /v1/instruments/of-patient`: the latest version of each that concerns a patient, who stands in the body.
pub(in crate::operator) async fn of_patient(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let asked: OfPatient = body(&call.body)?;
    let (patient, rows) = (asked.patient()?, asked.rows()?);
    let kind = asked
        .kind
        .as_deref()
        .map(|name| {
            Instrument::kind_called(name)
                .filter(|kind| Instrument::is_of_patient(*kind))
                .ok_or_else(|| field("kind", "consent, refusal, order or session"))
        })
        .transpose()?;
    let told = EventKind::ConfigurationChanged {
        verb: "instrument list".to_owned(),
        object: kind.map_or("of a patient", |kind| kind.name()).to_owned(),
        before: None,
        after: None,
    };
    call.open(told, Objects::of_patient(Some(patient.to_string())))
        .await?;
    let mut all = desk
        .store
        .patient_instruments(&patient)
        .await
        .map_err(|error| of_store(&error))?;
    all.retain(|found| kind.is_none_or(|kind| found.reference().kind == kind));
    let after = asked.after.unwrap_or_default();
    let all = latest_of_each(all);
    let count = all.len();
    let found: Vec<Instrument> = all.into_iter().skip(after).take(rows).collect();
    let end = after.saturating_add(found.len());
    let next = (end < count).then_some(end);
    page(&found, json!(next), desk.clock.now())
}

/// `GET /v1/instruments/{kind}/{id}`: the latest version as it is kept.
pub(in crate::operator) async fn show(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let all = found(&call, desk, "instrument show").await?;
    shown(version_of(&all, None).map_err(of_refused)?)
}

/// `GET /v1/instruments/{kind}/{id}/versions/{version}`
pub(in crate::operator) async fn version(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let wanted = number(&call)?;
    let all = found(&call, desk, "instrument show").await?;
    shown(version_of(&all, Some(wanted)).map_err(of_refused)?)
}

/// `GET /v1/instruments/{kind}/{id}/versions`: all versions, oldest first.
pub(in crate::operator) async fn history(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    let [after, rows_asked] = parameters(call.query, ["after", "rows"])?;
    let rows = rows(rows_asked.as_deref())?;
    let after: u32 = match after {
        Some(after) => after.parse().map_err(|_| field("after", "a version"))?,
        None => 0,
    };
    let all = found(&call, desk, "instrument history").await?;
    let mut later = all
        .into_iter()
        .filter(|version| version.reference().version > after);
    let page_of: Vec<Instrument> = later.by_ref().take(rows).collect();
    let last = page_of.last().map(|version| version.reference().version);
    let next = later.next().and(last).map(|version| version.to_string());
    page(&page_of, json!(next), desk.clock.now())
}

/// All versions of the instrument in the address; the look is told even if there is none.
pub(super) async fn found(call: &Call<'_>, desk: &Desk, verb: &str) -> Result<Vec<Instrument>, Refusal> {
    let (kind, id) = named(call)?;
    let all = desk
        .store
        .instrument_history(kind, &id)
        .await
        .map_err(|error| of_store(&error))?;
    looked(call, verb, &format!("{} {id}", kind.name()), &all).await?;
    if all.is_empty() {
        return Err(not_found("there is no such instrument"));
    }
    Ok(all)
}

fn shown(version: &Instrument) -> Result<Reply, Refusal> {
    let body = value(version)?.to_string();
    Ok(Reply::ok(JSON, body, Closing::success()).with("etag", tag(version)))
}

/// The tag of a version: its number in quotes.
pub(super) fn tag(version: &Instrument) -> String {
    format!("\"{}\"", version.reference().version)
}

fn page(found: &[Instrument], next: Value, now: OffsetDateTime) -> Result<Reply, Refusal> {
    let instruments: Vec<Value> = found.iter().map(|version| summary(version, now)).collect();
    let closing = Closing {
        results: u64::try_from(found.len()).ok(),
        ..Closing::success()
    };
    let body = json!({ "instruments": instruments, "next": next });
    Ok(Reply::ok(JSON, body.to_string(), closing))
}

/// What a list says of a version: no terms, which may be long, and no patient.
pub(super) fn summary(version: &Instrument, now: OffsetDateTime) -> Value {
    let reference = version.reference();
    json!({
        "kind": reference.kind.name(),
        "id": reference.id,
        "version": reference.version,
        "hash": reference.hash,
        "title": title(version),
        "state": Lang::En.pick(&state(version, now)),
        "effective_from": written(Some(version.effective_from())),
        "effective_to": written(version.effective_to()),
        "entered_at": written(version.entered_at()),
        "entered_by": version.entered_by(),
        "approved_by": version.approved_by(),
    })
}

fn title(version: &Instrument) -> Option<&str> {
    match version {
        Instrument::LegalEntity(version) => Some(&version.terms.name),
        Instrument::Organisation(version) => Some(&version.terms.name),
        Instrument::JointUseAgreement(version) => Some(&version.terms.title),
        Instrument::EntrustmentContract(version) => Some(&version.terms.task),
        Instrument::ConsentText(version) => Some(&version.terms.title),
        _ => None,
    }
}

pub(super) fn written(at: Option<OffsetDateTime>) -> Option<String> {
    at.and_then(|at| at.format(&Rfc3339).ok())
}
