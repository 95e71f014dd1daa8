//! Which address of the operator listener leads to which handler. docs/operating/operator-api.openapi.json describes each.

use actix_web::web::{Data, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use xds_audit::Closing;
use xds_model::principal::Right;
use xds_server::gate::Gate;
use xds_server::http::{Call, Refusal, Reply, Route, call};

use super::refusal::{JSON, fhir_form, json_form};
use super::{Desk, audit, fhir};

/// The description of this API.
const OPENAPI: &str = include_str!("../../../docs/operating/operator-api.openapi.json");

const OPERATORS: &[Right] = &[Right::Operator];
const CONSUMERS: &[Right] = &[Right::AuditConsumer, Right::Operator];

/// The media type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

const fn api(name: &'static str, method: &'static str, path: &'static str) -> Route {
    Route {
        name,
        path,
        method,
        rights: OPERATORS,
        body: None,
        is_public: false,
        write: json_form,
    }
}

const fn fhir_of(name: &'static str, path: &'static str) -> Route {
    Route {
        rights: CONSUMERS,
        write: fhir_form,
        ..api(name, "GET", path)
    }
}

pub(super) static DESCRIPTION: Route = Route {
    rights: CONSUMERS,
    is_public: true,
    ..api("openapi", "GET", "/openapi.json")
};
pub(super) static EVENTS: Route = api("audit-events", "GET", "/v1/audit/events");
pub(super) static SEARCH: Route = Route {
    body: Some(JSON),
    ..api("audit-search", "POST", "/v1/audit/events/search")
};
pub(super) static EVENT: Route = api("audit-event", "GET", "/v1/audit/events/{journal}/{sequence}");
pub(super) static PATIENT_REPORT: Route = Route {
    body: Some(JSON),
    ..api("audit-patient-report", "POST", "/v1/audit/reports/patient")
};
pub(super) static REVIEW: Route = api("audit-review", "GET", "/v1/audit/reports/month/{month}");
pub(super) static SIGN_OFF: Route = Route {
    body: Some(JSON),
    ..api(
        "audit-sign-off",
        "POST",
        "/v1/audit/reports/month/{month}/sign-off",
    )
};
pub(super) static CAPABILITY: Route = Route {
    is_public: true,
    ..fhir_of("fhir-metadata", "/fhir/metadata")
};
pub(super) static AUDIT_EVENT: Route = fhir_of("ITI-81", "/fhir/AuditEvent");
pub(super) static AUDIT_EVENT_FORM: Route = Route {
    method: "POST",
    body: Some(FORM),
    ..fhir_of("ITI-81", "/fhir/AuditEvent/_search")
};
pub(super) static AUDIT_EVENT_READ: Route = fhir_of("fhir-read", "/fhir/AuditEvent/{id}");
pub(super) static SYSLOG: Route = Route {
    rights: CONSUMERS,
    ..api("ITI-82", "GET", "/syslogsearch")
};

/// One address and its handler.
macro_rules! serve {
    ($config:ident, $route:ident => $handler:path) => {
        $config.service(resource($route.path).to(
            async |gate: Data<Gate>,
                   desk: Data<Desk>,
                   request: HttpRequest,
                   payload: Payload|
                   -> HttpResponse {
                call(gate, &$route, request, payload, async move |call: Call<'_>| {
                    $handler(call, &desk).await
                })
                .await
            },
        ))
    };
}

/// Sets up the listener's addresses.
pub(crate) fn routes(gate: Gate, desk: Desk) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    move |config: &mut ServiceConfig| {
        config
            .app_data(Data::new(gate.clone()))
            .app_data(Data::new(desk.clone()));
        // A fixed address stands before one with a name in braces that it would fit.
        serve!(config, DESCRIPTION => description);
        serve!(config, EVENTS => audit::events);
        serve!(config, SEARCH => audit::search);
        serve!(config, EVENT => audit::one_event);
        serve!(config, PATIENT_REPORT => audit::patient_report);
        serve!(config, REVIEW => audit::review);
        serve!(config, SIGN_OFF => audit::sign_off);
        serve!(config, CAPABILITY => fhir::capability_statement);
        serve!(config, AUDIT_EVENT => fhir::search);
        serve!(config, AUDIT_EVENT_FORM => fhir::search_by_form);
        serve!(config, AUDIT_EVENT_READ => fhir::read);
        serve!(config, SYSLOG => fhir::syslog_search);
    }
}

async fn description(call: Call<'_>, _: &Desk) -> Result<Reply, Refusal> {
    drop(call);
    Ok(Reply::ok(JSON, OPENAPI.to_owned(), Closing::success()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn all() -> [&'static Route; 12] {
        [
            &DESCRIPTION,
            &EVENTS,
            &SEARCH,
            &EVENT,
            &PATIENT_REPORT,
            &REVIEW,
            &SIGN_OFF,
            &CAPABILITY,
            &AUDIT_EVENT,
            &AUDIT_EVENT_FORM,
            &AUDIT_EVENT_READ,
            &SYSLOG,
        ]
    }

    fn described() -> Value {
        serde_json::from_str(OPENAPI).unwrap()
    }

    #[test]
    fn the_description_names_every_address_and_no_other() {
        let document = described();
        let methods = ["get", "put", "post", "delete", "patch"];
        let described: BTreeSet<String> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                let has = |method: &&&str| item.get(**method).is_some();
                methods
                    .iter()
                    .filter(has)
                    .map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .collect();
        let offered: BTreeSet<String> = all()
            .iter()
            .map(|route| format!("{} {}", route.method, route.path))
            .collect();
        assert_eq!(described, offered);
        for route in all() {
            let item = &document["paths"][route.path][route.method.to_lowercase()];
            let kinds = item["requestBody"]["content"].as_object();
            let kind = kinds.and_then(|kinds| kinds.keys().next().map(String::as_str));
            assert_eq!(kind, route.body, "{}", route.path);
            for code in ["403", "405", "503"] {
                assert!(item["responses"].get(code).is_some(), "{} {code}", route.path);
            }
        }
    }

    #[test]
    fn the_description_refers_to_what_is_there() {
        fn refers(value: &Value, document: &Value) {
            if let Some(text) = value.get("$ref").and_then(Value::as_str) {
                let pointer = text.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{text}");
            }
            let members = value.as_object().into_iter().flat_map(|members| members.values());
            members
                .chain(value.as_array().into_iter().flatten())
                .for_each(|value| refers(value, document));
        }
        let document = described();
        refers(&document, &document);
    }

    /// Row AUD-11: what is not told touches nothing. The list may only shrink.
    #[test]
    fn aud_11_every_address_tells_but_these() {
        let untold: Vec<&str> = all()
            .into_iter()
            .filter(|route| route.is_public)
            .map(|route| route.path)
            .collect();
        assert_eq!(untold, ["/openapi.json", "/fhir/metadata"]);
    }

    /// Row CON-08: only what the standards offer to audit consumers is theirs.
    #[test]
    fn con_08_what_audit_consumers_may_is_counted() {
        let theirs: Vec<&str> = all()
            .into_iter()
            .filter(|route| route.rights.contains(&Right::AuditConsumer))
            .map(|route| route.path)
            .collect();
        assert_eq!(
            theirs,
            [
                "/openapi.json",
                "/fhir/metadata",
                "/fhir/AuditEvent",
                "/fhir/AuditEvent/_search",
                "/fhir/AuditEvent/{id}",
                "/syslogsearch"
            ]
        );
        assert!(all().iter().all(|route| route.rights.contains(&Right::Operator)));
    }
}
