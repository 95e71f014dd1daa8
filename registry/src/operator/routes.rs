//! Which address of the operator listener leads to which handler. docs/operating/operator-api.openapi.json describes each.

use actix_web::web::{Data, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use xds_audit::Closing;
use xds_model::principal::Right;
use xds_server::gate::Gate;
use xds_server::http::{BODY_BYTES_MAX, Call, Refusal, Reply, Route, call};

use super::instruments::BYTES;
use super::refusal::{JSON, fhir_form, json_form};
use super::{Desk, audit, fhir, instruments, papers};

/// The description of this API.
const OPENAPI: &str = include_str!("../../../docs/operating/operator-api.openapi.json");

const OPERATORS: &[Right] = &[Right::Operator];
const CONSUMERS: &[Right] = &[Right::AuditConsumer, Right::Operator];

/// Bytes of a body with one version at most: the longest version, and what stands around it.
const ENTRY_BYTES_MAX: u64 = 4 * 1024 * 1024 + BODY_BYTES_MAX;
/// Bytes of a file at most, evidence or a domain, that comes by the listener. Larger ones are given on the server.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The media type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

const fn api(name: &'static str, method: &'static str, path: &'static str) -> Route {
    Route {
        name,
        path,
        method,
        allow: method,
        rights: OPERATORS,
        body: None,
        body_bytes_max: BODY_BYTES_MAX,
        is_of_trail: true,
        is_public: false,
        write: json_form,
    }
}

/// An address of instruments.
const fn kept(name: &'static str, method: &'static str, path: &'static str) -> Route {
    Route {
        is_of_trail: false,
        ..api(name, method, path)
    }
}

/// An address of instruments that takes a body.
const fn told(name: &'static str, path: &'static str) -> Route {
    Route {
        body: Some(JSON),
        ..kept(name, "POST", path)
    }
}

/// An address that takes a version.
const fn entry(name: &'static str, path: &'static str) -> Route {
    Route {
        body_bytes_max: ENTRY_BYTES_MAX,
        ..told(name, path)
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
    is_of_trail: false,
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
    is_of_trail: false,
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

pub(super) static INSTRUMENTS: Route = Route {
    allow: "GET, POST",
    ..kept("instrument-list", "GET", "/v1/instruments/{kind}")
};
pub(super) static CREATE: Route = Route {
    allow: INSTRUMENTS.allow,
    ..entry("instrument-add", INSTRUMENTS.path)
};
pub(super) static OF_PATIENT: Route = told("instrument-of-patient", "/v1/instruments/of-patient");
pub(super) static INSTRUMENT: Route = Route {
    allow: "GET, POST",
    ..kept("instrument-show", "GET", "/v1/instruments/{kind}/{id}")
};
pub(super) static NEXT: Route = Route {
    allow: INSTRUMENT.allow,
    ..entry("instrument-next", INSTRUMENT.path)
};
pub(super) static VERSIONS: Route = kept(
    "instrument-history",
    "GET",
    "/v1/instruments/{kind}/{id}/versions",
);
pub(super) static VERSION: Route = kept(
    "instrument-version",
    "GET",
    "/v1/instruments/{kind}/{id}/versions/{version}",
);
pub(super) static END: Route = told("instrument-end", "/v1/instruments/{kind}/{id}/end");
pub(super) static VALIDATE_KEPT: Route = kept(
    "instrument-validate",
    "GET",
    "/v1/instruments/{kind}/{id}/validate",
);
pub(super) static VALIDATE: Route = entry("draft-validate", "/v1/drafts/{kind}/validate");
pub(super) static IMPACT: Route = entry("agreement-impact", "/v1/agreements/impact");
pub(super) static EVIDENCE: Route = Route {
    allow: "GET, PUT",
    ..kept("evidence-show", "GET", "/v1/evidence/{sha256}")
};
pub(super) static UPLOAD: Route = Route {
    allow: EVIDENCE.allow,
    body: Some(BYTES),
    body_bytes_max: FILE_BYTES_MAX,
    ..kept("evidence-add", "PUT", EVIDENCE.path)
};
pub(super) static EXPORT: Route = kept("domain-export", "GET", "/v1/domain/export");
pub(super) static IMPORT_PLAN: Route = Route {
    body_bytes_max: FILE_BYTES_MAX,
    ..told("domain-import-plan", "/v1/domain/import/plan")
};
pub(super) static IMPORT: Route = Route {
    body_bytes_max: FILE_BYTES_MAX,
    ..told("domain-import", "/v1/domain/import")
};
pub(super) static PROPOSALS: Route = kept("proposal-list", "GET", "/v1/proposals");
pub(super) static PROPOSAL: Route = kept("proposal-show", "GET", "/v1/proposals/{id}");
pub(super) static APPROVE: Route = told("proposal-approve", "/v1/proposals/{id}/approve");
pub(super) static WITHDRAW: Route = told("proposal-withdraw", "/v1/proposals/{id}/withdraw");
pub(super) static NOTICE: Route = kept("paper-notice", "GET", "/v1/papers/notice");
pub(super) static CONSENT_FORM: Route = kept("paper-consent-form", "GET", "/v1/papers/consent-form");
pub(super) static RESPONSIBILITY: Route = kept("paper-responsibility", "GET", "/v1/papers/responsibility");

/// One address and its handlers: that of another method stands after the first, which also answers methods that the
/// address does not take.
macro_rules! serve {
    ($config:ident, $first:ident => $handler:path $(, $other:ident => $more:path)*) => {
        $config.service(resource($first.path).to(
            async |gate: Data<Gate>,
                   desk: Data<Desk>,
                   request: HttpRequest,
                   payload: Payload|
                   -> HttpResponse {
                $(if request.method().as_str() == $other.method {
                    return call(gate, &$other, request, payload, async move |call: Call<'_>| {
                        $more(call, &desk).await
                    })
                    .await;
                })*
                call(gate, &$first, request, payload, async move |call: Call<'_>| {
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
        serve!(config, OF_PATIENT => instruments::of_patient);
        serve!(config, INSTRUMENTS => instruments::list, CREATE => instruments::create);
        serve!(config, INSTRUMENT => instruments::show, NEXT => instruments::next);
        serve!(config, VERSIONS => instruments::history);
        serve!(config, VERSION => instruments::version);
        serve!(config, END => instruments::end);
        serve!(config, VALIDATE_KEPT => instruments::validate_kept);
        serve!(config, VALIDATE => instruments::validate);
        serve!(config, IMPACT => instruments::impact);
        serve!(config, EVIDENCE => instruments::download, UPLOAD => instruments::upload);
        serve!(config, EXPORT => instruments::export);
        serve!(config, IMPORT_PLAN => instruments::import_plan);
        serve!(config, IMPORT => instruments::import);
        serve!(config, PROPOSALS => instruments::proposals);
        serve!(config, PROPOSAL => instruments::proposal);
        serve!(config, APPROVE => instruments::approve);
        serve!(config, WITHDRAW => instruments::withdraw);
        serve!(config, NOTICE => papers::notice);
        serve!(config, CONSENT_FORM => papers::consent_form);
        serve!(config, RESPONSIBILITY => papers::responsibility);
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

    fn all() -> [&'static Route; 35] {
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
            &INSTRUMENTS,
            &CREATE,
            &OF_PATIENT,
            &INSTRUMENT,
            &NEXT,
            &VERSIONS,
            &VERSION,
            &END,
            &VALIDATE_KEPT,
            &VALIDATE,
            &IMPACT,
            &EVIDENCE,
            &UPLOAD,
            &EXPORT,
            &IMPORT_PLAN,
            &IMPORT,
            &PROPOSALS,
            &PROPOSAL,
            &APPROVE,
            &WITHDRAW,
            &NOTICE,
            &CONSENT_FORM,
            &RESPONSIBILITY,
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
