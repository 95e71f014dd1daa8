//! `/v1/domain`: all instruments as one file.

use registry_store::{ImportPlan, Instrument};
use serde_json::json;
use xds_audit::{Closing, EventKind, Objects};
use xds_policy::format::{self, DomainFile};
use xds_policy::hash::ContentHash;
use xds_policy::version::InstrumentRef;
use xds_server::http::{Call, Refusal, Reply};

use super::error::{field, of_refused, plan_stale, two_operators};
use super::names::{if_match, parameters};
use super::told::look;
use crate::instruments::{evidence_absent, evidence_named, exported, owe_export};
use crate::operator::Desk;
use crate::operator::audit::no_query;
use crate::operator::refusal::{JSON, of_store};

/// New versions that the plan of an import lists at most.
const LISTED_MAX: usize = 1_000;

/// Bytes of a domain at most that leaves by the listener: a larger one is written on the server.
const EXPORT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// `GET /v1/domain/export`: the file. Patients' instruments are in it only where they are asked for.
pub(in crate::operator) async fn export(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    let [patients] = parameters(call.query, ["patients"])?;
    let with_patients = match patients.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(field("patients", "true or false")),
    };
    let _alone = desk.alone()?;
    let store = &desk.store;
    let file = store
        .export_domain(with_patients)
        .await
        .map_err(|error| of_store(&error))?;
    let (text, sha256) = exported(&file).map_err(of_refused)?;
    if text.len() > EXPORT_BYTES_MAX {
        return Err(field(
            "patients",
            "false, or use `renkei-registry domain export`: the file is over 64 MiB",
        ));
    }
    let versions = Instrument::all_of(file);
    call.open(look("domain export", &sha256.to_string()), Objects::default())
        .await?;
    let change = desk.change(&call, None);
    // Whom it tells of is told too, a thousand in an event.
    owe_export(store, &change, &versions, &sha256, desk.ids.as_ref())
        .await
        .map_err(|error| of_store(&error))?;
    let closing = Closing {
        results: u64::try_from(versions.len()).ok(),
        ..Closing::success()
    };
    Ok(Reply::ok(JSON, text, closing)
        .with("etag", format!("\"{sha256}\""))
        .with(
            "content-disposition",
            "attachment; filename=\"domain.json\"".to_owned(),
        ))
}

/// `POST /v1/domain/import/plan`: what the import of this file would do. Its tag is what the import asks for.
pub(in crate::operator) async fn plan(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let _alone = desk.alone()?;
    let (file, sha256) = read(&call, desk).await?;
    call.open(
        look("domain import plan", &sha256.to_string()),
        Objects::default(),
    )
    .await?;
    let planned = desk.store.plan_import(&file, desk.clock.now()).await;
    let plan = planned.map_err(|error| of_refused(error.into()))?;
    let folder = desk.evidence.clone();
    let absent = desk
        .apart(move || evidence_absent(&folder, &evidence_named(&file)?))
        .await?
        .map_err(of_refused)?;
    let listed: Vec<&InstrumentRef> = plan.added.iter().take(LISTED_MAX).collect();
    let body = json!({
        "sha256": sha256,
        "added": plan.added.len(),
        "versions": listed,
        "known": plan.known,
        "here": plan.here,
        "evidence_absent": absent,
        "two_operators": two_operators_of(&plan),
    });
    Ok(Reply::ok(JSON, body.to_string(), Closing::success()).with("etag", tag(&sha256, plan.here)))
}

/// `POST /v1/domain/import`: takes the file over, as it was planned: If-Match is the tag of the plan.
pub(in crate::operator) async fn import(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let planned = if_match(&call)?.to_owned();
    let _alone = desk.alone()?;
    let (file, sha256) = read(&call, desk).await?;
    let change = desk.change(&call, None);
    let plan = desk
        .store
        .plan_import(&file, change.at)
        .await
        .map_err(|error| of_refused(error.into()))?;
    if tag(&sha256, plan.here) != format!("\"{planned}\"") {
        return Err(plan_stale());
    }
    if let Some(reference) = two_operators_of(&plan) {
        return Err(two_operators(reference.kind.name(), reference.id.as_str()));
    }
    let told = EventKind::ConfigurationChanged {
        verb: "domain import".to_owned(),
        object: sha256.to_string(),
        before: None,
        after: Some(json!({ "added": plan.added.len(), "known": plan.known, "here_before": plan.here })),
    };
    call.open(told, Objects::default()).await?;
    let name = sha256.to_string();
    let imported = desk
        .store
        .import_planned_domain(&file, (&name, plan.here), &change, desk.ids.as_ref())
        .await
        .map_err(|error| of_refused(error.into()))?;
    let body = json!({ "added": imported.added, "known": imported.known, "sha256": sha256 });
    Ok(Reply::ok(JSON, body.to_string(), Closing::success()))
}

/// The file in the body, read apart.
async fn read(call: &Call<'_>, desk: &Desk) -> Result<(DomainFile, ContentHash), Refusal> {
    let bytes = call.body.clone();
    let read = desk
        .apart(move || {
            let text = std::str::from_utf8(&bytes).ok()?;
            let sha256 = ContentHash::of_bytes(&bytes);
            Some(format::from_str(text).map(|file| (file, sha256)))
        })
        .await?;
    read.ok_or_else(|| field("body", "a domain in UTF-8"))?
        .map_err(|error| of_refused(error.into()))
}

fn tag(sha256: &ContentHash, here: usize) -> String {
    format!("\"{sha256}-{here}\"")
}

/// The first new version that only two operators may enter.
fn two_operators_of(plan: &ImportPlan) -> Option<&InstrumentRef> {
    plan.added
        .iter()
        .find(|reference| Instrument::takes_two_operators(reference.kind))
}
