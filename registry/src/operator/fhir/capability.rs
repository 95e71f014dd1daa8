//! `GET /fhir/metadata`: what is offered, as FHIR says it.

use registry_trail::iti81::FHIR_JSON;
use serde_json::{Value, json};
use xds_audit::Closing;
use xds_server::http::{Call, Refusal, Reply};

use crate::operator::Desk;

/// When what is offered changed last.
const DATE: &str = "2026-11-24";

/// Search parameters, and their types.
const PARAMETERS: [(&str, &str); 13] = [
    ("date", "date"),
    ("address", "string"),
    ("agent.identifier", "token"),
    ("altid", "token"),
    ("patient.identifier", "token"),
    ("entity.identifier", "token"),
    ("entity-type", "token"),
    ("entity-role", "token"),
    ("source.identifier", "token"),
    ("type", "token"),
    ("subtype", "token"),
    ("action", "token"),
    ("outcome", "token"),
];

/// The CapabilityStatement.
pub(in crate::operator) async fn capability_statement(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    drop(call);
    let body = statement(&desk.public_url);
    Ok(Reply::ok(FHIR_JSON, body.to_string(), Closing::success()))
}

fn statement(public_url: &str) -> Value {
    let parameters = PARAMETERS.map(|(name, kind)| json!({ "name": name, "type": kind }));
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": { "name": "renkei-registry", "version": env!("CARGO_PKG_VERSION") },
        "implementation": {
            "description": "Audit Record Repository: Retrieve ATNA Audit Event (ITI-81)",
            "url": format!("{public_url}/fhir"),
        },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [{
            "mode": "server",
            "security": { "description": "Mutual TLS 1.3 (ITI-19); the node needs the right audit-consumer or operator." },
            "resource": [{
                "type": "AuditEvent",
                "documentation": "date is required twice: its earliest (ge) and its latest (le).",
                "interaction": [{ "code": "read" }, { "code": "search-type" }],
                "searchParam": parameters,
            }],
        }],
    })
}

#[cfg(test)]
mod tests {
    use registry_trail::iti81::AuditEventQuery;

    use super::*;

    #[test]
    fn every_parameter_that_it_names_is_understood() {
        for (name, _) in PARAMETERS {
            let value = if name == "date" { "2026" } else { "1" };
            let query = format!("date=ge2026&date=le2026&{name}={value}");
            assert!(AuditEventQuery::read(&query).is_ok(), "{name}");
        }
        let statement = statement("https://registry.example.jp:8444");
        assert_eq!(
            statement["implementation"]["url"],
            "https://registry.example.jp:8444/fhir"
        );
    }
}
