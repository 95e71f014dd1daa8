//! The bodies of answers.

use serde_json::{Map, Value, json};

use super::{AuditEventQuery, Iti81Error};
use crate::question::Position;

/// The media type of both bodies.
pub const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";

/// The searchset Bundle (FHIR R4): of the AuditEvents that were found (as [`xds_atna::fhir::audit_event`] makes them)
/// those that were asked for. `base` is the URL of our FHIR service, without a slash at its end; `next` the place of the
/// last event found, if more may follow.
pub fn bundle(
    query: &AuditEventQuery,
    found: impl IntoIterator<Item = Value>,
    base: &str,
    next: Option<Position>,
) -> Value {
    let entries: Vec<Value> = found
        .into_iter()
        .filter(|resource| query.matches(resource))
        .map(|resource| entry(resource, base))
        .collect();
    let link = |relation: &str, query: String| json!({ "relation": relation, "url": format!("{base}/AuditEvent?{query}") });
    let mut links = vec![link("self", query.link(None))];
    links.extend(next.map(|next| link("next", query.link(Some(next)))));
    let mut bundle = Map::new();
    bundle.insert("resourceType".to_owned(), json!("Bundle"));
    bundle.insert("type".to_owned(), json!("searchset"));
    bundle.insert("link".to_owned(), Value::Array(links));
    // FHIR has no empty lists.
    if !entries.is_empty() {
        bundle.insert("entry".to_owned(), Value::Array(entries));
    }
    Value::Object(bundle)
}

fn entry(resource: Value, base: &str) -> Value {
    let mut entry = Map::new();
    if let Some(id) = resource.get("id").and_then(Value::as_str) {
        entry.insert("fullUrl".to_owned(), json!(format!("{base}/AuditEvent/{id}")));
    }
    entry.insert("resource".to_owned(), resource);
    entry.insert("search".to_owned(), json!({ "mode": "match" }));
    Value::Object(entry)
}

/// What is answered with the status of the error.
pub fn operation_outcome(error: &Iti81Error) -> Value {
    json!({
        "resourceType": "OperationOutcome",
        "issue": [{ "severity": "error", "code": error.issue(), "diagnostics": error.to_string() }],
    })
}
