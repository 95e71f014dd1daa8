//! `/v1/proposals`: versions that one operator wrote, and that a second approves before they are entered.

use actix_web::http::StatusCode;
use registry_store::{Change, Instrument, InstrumentError, Proposal};
use serde_json::{Value, json};
use time::OffsetDateTime;
use xds_audit::{Closing, EventKind, Objects};
use xds_policy::hash::ContentHash;
use xds_server::http::{Call, Refusal, Reply};

use super::bodies::Why;
use super::enter::{entered, entering, evidence_is_kept, judged};
use super::error::{field, of_refused};
use super::look::written;
use super::names::{if_match, uuid};
use super::told::{changing, look, looked, value};
use crate::operator::Desk;
use crate::operator::audit::{json as body, no_query};
use crate::operator::refusal::{JSON, of_store};

/// Stands for the operator who is still to approve, while a version is judged.
const SECOND: &str = "(a second operator)";

/// Keeps a version for a second operator, if it could be entered then.
pub(super) async fn propose(
    call: &Call<'_>,
    desk: &Desk,
    draft: Instrument,
    change: &Change,
) -> Result<Reply, Refusal> {
    let proposal =
        Proposal::new(desk.ids.ordered(), draft, change).map_err(|error| of_refused(error.into()))?;
    // As it would be entered when somebody approves it now.
    let approved = proposal
        .approved(SECOND, &proposal.sha256, change)
        .map_err(|error| of_refused(error.into()))?;
    let before = judged(desk, &approved).await?;
    evidence_is_kept(desk, &approved).await?;
    changing(call, "instrument propose", before.as_ref(), &proposal.instrument).await?;
    desk.store
        .propose_instrument(&proposal)
        .await
        .map_err(|error| of_refused(error.into()))?;
    let closing = Closing {
        note: change.reason.clone(),
        ..Closing::success()
    };
    let body =
        json!({ "proposal": proposal.id, "waits_for": "a second operator", "sha256": proposal.sha256 });
    let mut reply = Reply::ok(JSON, body.to_string(), closing).with("etag", tag(&proposal));
    reply.status = StatusCode::ACCEPTED;
    Ok(reply)
}

/// `GET /v1/proposals`: what waits, the oldest first; no patient is named.
pub(in crate::operator) async fn list(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    call.open(look("proposal list", "all"), Objects::default())
        .await?;
    let all = desk.store.proposals().await.map_err(|error| of_store(&error))?;
    let now = desk.clock.now();
    let proposals: Vec<Value> = all.iter().map(|proposal| summary(proposal, now)).collect();
    let body = json!({ "proposals": proposals }).to_string();
    Ok(Reply::ok(JSON, body, Closing::success()))
}

/// `GET /v1/proposals/{id}`: the version that waits.
pub(in crate::operator) async fn show(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let proposal = found(&call, desk).await?;
    let object = format!("proposal {}", proposal.id);
    let seen = std::slice::from_ref(&proposal.instrument);
    looked(&call, "proposal show", &object, seen).await?;
    let mut body = summary(&proposal, desk.clock.now());
    if let Value::Object(members) = &mut body {
        members.insert("entry".to_owned(), value(&proposal.instrument)?);
    }
    Ok(Reply::ok(JSON, body.to_string(), Closing::success()).with("etag", tag(&proposal)))
}

/// `POST /v1/proposals/{id}/approve`: enters what was seen (If-Match), by an operator who did not write it.
pub(in crate::operator) async fn approve(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let seen: ContentHash = if_match(&call)?
        .parse()
        .map_err(|_| field("If-Match", "the ETag of the proposal"))?;
    let why = body::<Why>(&call.body)?.checked()?;
    let proposal = found(&call, desk).await?;
    let approver = desk.change(&call, why.reason.clone());
    let change = Change {
        who: proposal.by.clone(),
        reason: reason(&approver.who, why.reason.or_else(|| proposal.reason.clone())),
        ..approver.clone()
    };
    let version = proposal
        .approved(&approver.who, &seen, &change)
        .map_err(|error| of_refused(error.into()))?;
    let before = judged(desk, &version).await?;
    evidence_is_kept(desk, &version).await?;
    changing(&call, "instrument approve", before.as_ref(), &version).await?;
    desk.store
        .approve_proposal("instrument approve", proposal.id, &version, &change)
        .await
        .map_err(entering)?;
    Ok(entered(&version, &change))
}

/// `POST /v1/proposals/{id}/withdraw`: takes back what waits, by any operator.
pub(in crate::operator) async fn withdraw(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let why = body::<Why>(&call.body)?.checked()?;
    let proposal = found(&call, desk).await?;
    let change = desk.change(&call, why.reason);
    let told = EventKind::ConfigurationChanged {
        verb: "proposal withdraw".to_owned(),
        object: format!("proposal {}", proposal.id),
        before: Some(value(&proposal.instrument)?),
        after: None,
    };
    let patient = proposal.instrument.patient().map(|patient| patient.0.clone());
    call.open(told, Objects::of_patient(patient)).await?;
    let store = &desk.store;
    let was_there = store
        .withdraw_proposal(proposal.id)
        .await
        .map_err(|error| of_store(&error))?;
    if !was_there {
        return Err(of_refused(InstrumentError::ProposalGone.into()));
    }
    let closing = Closing {
        note: change.reason,
        ..Closing::success()
    };
    let body = json!({ "withdrawn": proposal.id }).to_string();
    Ok(Reply::ok(JSON, body, closing))
}

/// Why a version was entered, with who approved it.
fn reason(approver: &str, reason: Option<String>) -> Option<String> {
    Some(match reason {
        Some(reason) => format!("approved by {approver}: {reason}"),
        None => format!("approved by {approver}"),
    })
}

async fn found(call: &Call<'_>, desk: &Desk) -> Result<Proposal, Refusal> {
    let id = uuid(call)?;
    desk.store
        .proposal(id)
        .await
        .map_err(|error| of_store(&error))?
        .ok_or_else(|| of_refused(InstrumentError::ProposalGone.into()))
}

fn tag(proposal: &Proposal) -> String {
    format!("\"{}\"", proposal.sha256)
}

fn summary(proposal: &Proposal, now: OffsetDateTime) -> Value {
    let reference = proposal.instrument.reference();
    let until = proposal.at.checked_add(Proposal::LIFE);
    json!({
        "proposal": proposal.id,
        "kind": reference.kind.name(),
        "id": reference.id,
        "version": reference.version,
        "proposed_at": written(Some(proposal.at)),
        "proposed_by": proposal.by,
        "reason": proposal.reason,
        "until": written(until),
        "over": until.is_none_or(|until| until <= now),
        "sha256": proposal.sha256,
    })
}
