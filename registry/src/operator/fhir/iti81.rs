//! ITI-81, Retrieve ATNA Audit Event (Add RESTful ATNA, 3.81): FHIR search on AuditEvent.
//!
//! The standard lets a patient stand in the URL of the GET form. So a URL is written nowhere by this server: not in the
//! log, not in metrics, not in the audit. Who minds URLs in the log of a proxy uses the form `_search`.

use registry_trail::iti81::{AuditEventQuery, FHIR_JSON, bundle};
use uuid::Uuid;
use xds_audit::{Closing, EventId, EventKind, Objects};
use xds_server::http::{Call, Refusal, Reply};

use super::messages::resources;
use crate::operator::Desk;
use crate::operator::audit::{look, objects, patients};
use crate::operator::refusal::{bad, not_found, of_iti81, of_trail};
use crate::operator::routes::{AUDIT_EVENT, AUDIT_EVENT_FORM};

/// `GET /fhir/AuditEvent?...`
pub(in crate::operator) async fn search(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    answer(&call, desk, AUDIT_EVENT.path, call.query).await
}

/// `POST /fhir/AuditEvent/_search`: the same with its parameters in the body.
pub(in crate::operator) async fn search_by_form(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    if !call.query.is_empty() {
        let message = "parameters stand in the body here, and none in the URL";
        return Err(bad("structure", message, "FHIR R4 3.1.1.1"));
    }
    let form = std::str::from_utf8(&call.body)
        .map_err(|_| bad("structure", "the form is not UTF-8", "FHIR R4 3.1.1.1"))?;
    answer(&call, desk, AUDIT_EVENT_FORM.path, form.trim_end()).await
}

async fn answer(call: &Call<'_>, desk: &Desk, path: &str, parameters: &str) -> Result<Reply, Refusal> {
    let query = AuditEventQuery::read(parameters).map_err(|error| of_iti81(&error))?;
    call.open(look(path, &query.question), objects(&query.question))
        .await?;
    let found = desk
        .reader
        .search(&query.question, query.page)
        .await
        .map_err(|error| of_trail(&error))?;
    let next = (found.len() >= query.page.rows)
        .then(|| found.last().map(|last| last.position))
        .flatten();
    let resources = found.iter().flat_map(|found| resources(found, desk));
    let body = bundle(&query, resources, &format!("{}/fhir", desk.public_url), next);
    let closing = Closing {
        results: u64::try_from(found.len()).ok(),
        ..Closing::success()
    };
    Ok(Reply::ok(FHIR_JSON, body.to_string(), closing))
}

/// `GET /fhir/AuditEvent/{id}`: one resource, as fullUrl in a bundle names it.
pub(in crate::operator) async fn read(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    let id = call.segment("id");
    let event = event_of(id)
        .filter(|_| call.query.is_empty())
        .ok_or_else(|| not_found("there is no such AuditEvent"))?;
    let uri = format!("/fhir/AuditEvent/{id}");
    call.open(EventKind::AuditLogRead { uri }, Objects::default())
        .await?;
    let found = desk.reader.show(event).await.map_err(|error| of_trail(&error))?;
    let resource = found
        .iter()
        .flat_map(|found| resources(found, desk))
        .find(|resource| resource.get("id").and_then(|id| id.as_str()) == Some(id))
        .ok_or_else(|| not_found("there is no such AuditEvent"))?;
    let closing = Closing {
        objects: Objects {
            patients: patients(&found),
            ..Objects::default()
        },
        results: Some(1),
        ..Closing::success()
    };
    Ok(Reply::ok(FHIR_JSON, resource.to_string(), closing))
}

/// `JOURNAL.SEQUENCE.PART`
fn event_of(id: &str) -> Option<EventId> {
    let mut parts = id.splitn(3, '.');
    let event = EventId {
        journal: Uuid::try_parse(parts.next()?).ok()?,
        sequence: parts.next()?.parse().ok()?,
    };
    let part: u32 = parts.next()?.parse().ok()?;
    (id == format!("{}.{}.{part}", event.journal, event.sequence)).then_some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_named_in_one_way() {
        let id = "0192f7a0-0000-7000-8000-000000000000.42.1";
        assert_eq!(event_of(id).unwrap().sequence, 42);
        for wrong in ["", "42", "0192f7a0-0000-7000-8000-000000000000.42", "x.42.1"] {
            assert_eq!(event_of(wrong), None, "{wrong}");
        }
        assert_eq!(event_of(&id.replace(".42.", ".+42.")), None);
    }
}
