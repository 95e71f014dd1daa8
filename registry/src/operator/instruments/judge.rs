//! What an instrument lacks, and what a version would give and take, before anything is entered.

use registry_store::Instrument;
use serde_json::json;
use xds_audit::{Closing, Objects};
use xds_policy::version::InstrumentKind;
use xds_server::http::{Call, Refusal, Reply};

use super::bodies::{Entry, Impact};
use super::error::of_refused;
use super::look::found;
use super::names::{instant, kind};
use super::told::{look, looked};
use crate::instruments::{Refused, Verdict, of_draft, of_kept, reach, version_of};
use crate::operator::Desk;
use crate::operator::audit::{json as body, no_query};
use crate::operator::refusal::JSON;

/// `POST /v1/instruments/{kind}/validate`: a version that is not entered yet.
pub(in crate::operator) async fn validate(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let kind = kind(&call)?;
    let Entry { entry, reason } = body::<Entry>(&call.body)?.checked()?;
    let change = desk.change(&call, reason);
    let draft = Instrument::draft(kind, &entry.to_string(), &change, &[])
        .map_err(|error| of_refused(error.into()))?;
    let object = format!("{} {}", kind.name(), draft.reference().id);
    looked(
        &call,
        "instrument validate",
        &object,
        std::slice::from_ref(&draft),
    )
    .await?;
    answer(&call, of_draft(&desk.store, draft, change.at).await)
}

/// `GET /v1/instruments/{kind}/{id}/validate`: the latest version that is kept.
pub(in crate::operator) async fn validate_kept(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let all = found(&call, desk, "instrument validate").await?;
    let latest = version_of(&all, None).map_err(of_refused)?.clone();
    answer(&call, of_kept(&desk.store, latest, desk.clock.now()).await)
}

fn answer(call: &Call<'_>, verdict: Result<Verdict, Refused>) -> Result<Reply, Refusal> {
    let verdict = verdict.map_err(of_refused)?;
    let body = verdict.value(call.lang).to_string();
    Ok(Reply::ok(JSON, body, Closing::success()))
}

/// `POST /v1/agreements/impact`
pub(in crate::operator) async fn impact(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let asked: Impact = body(&call.body)?;
    let at = instant("at", asked.at.as_deref())?;
    let _alone = desk.alone()?;
    let change = desk.change(&call, None);
    let kind = InstrumentKind::JointUseAgreement;
    let draft = Instrument::draft(kind, &asked.entry.to_string(), &change, &[])
        .map_err(|error| of_refused(error.into()))?;
    let reference = draft.reference().clone();
    let object = format!("{} {}", kind.name(), reference.id);
    call.open(look("agreement impact", &object), Objects::default())
        .await?;
    let at = at.unwrap_or_else(|| change.at.max(draft.effective_from()));
    let reach = reach(&desk.store, draft, at).await.map_err(of_refused)?;
    let obstacle = reach
        .obstacle
        .map(|obstacle| call.lang.pick(&obstacle.say()).to_owned());
    let body = json!({
        "instrument": reference,
        "cannot_be_entered": obstacle,
        "organisations": reach.organisations,
    });
    Ok(Reply::ok(JSON, body.to_string(), Closing::success()))
}
