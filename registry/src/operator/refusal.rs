//! Why a request is refused, in the two forms of this listener.

use actix_web::http::StatusCode;
use registry_store::StoreError;
use registry_trail::TrailError;
use registry_trail::iti81::{FHIR_JSON, Iti81Error};
use serde_json::{Value, json};
use xds_server::http::Refusal;
use xds_server::lang::Lang;

/// The media type of the operator API.
pub(super) const JSON: &str = "application/json";

/// `{code, message, rule}`, with `field` and `repair` where they are known. People read `message` and `repair` in their
/// language, as far as there are words in it.
pub(super) fn json_form(refusal: &Refusal, lang: Lang) -> (&'static str, String) {
    let more = refusal.more.as_deref();
    let ja = more
        .and_then(|more| more.message_ja.as_deref())
        .or_else(|| japanese(refusal.code));
    let message = ja.filter(|_| lang == Lang::Ja).unwrap_or(&refusal.message);
    let mut body = json!({ "code": refusal.code, "message": message, "rule": refusal.rule });
    if let (Value::Object(members), Some(more)) = (&mut body, more) {
        let repair = more.repair.as_ref().map(|repair| lang.pick(repair));
        for (name, text) in [("field", more.field.as_deref()), ("repair", repair)] {
            if let Some(text) = text {
                members.insert(name.to_owned(), text.into());
            }
        }
    }
    (JSON, body.to_string())
}

/// What the frame says in constant words.
fn japanese(code: &str) -> Option<&'static str> {
    Some(match code {
        "busy" => "ただいま混み合っています。同じ要求を後で送り直してください。",
        "failed" => "サーバーの障害です。相関 ID を運用者に伝えてください。",
        "forbidden" => "この証明書にはその権限がありません。",
        "not-found" => "お探しのものはありません。",
        _ => return None,
    })
}

/// FHIR's OperationOutcome.
pub(super) fn fhir_form(refusal: &Refusal, _: Lang) -> (&'static str, String) {
    let body = json!({
        "resourceType": "OperationOutcome",
        "issue": [{
            "severity": "error",
            "code": issue(refusal),
            "details": { "text": refusal.code },
            "diagnostics": format!("{} ({})", refusal.message, refusal.rule),
        }],
    });
    (FHIR_JSON, body.to_string())
}

/// FHIR's IssueType.
fn issue(refusal: &Refusal) -> &'static str {
    match refusal.status.as_u16() {
        400 | 406 if ISSUES.contains(&refusal.code) => refusal.code,
        403 => "forbidden",
        404 => "not-found",
        405 | 406 | 415 => "not-supported",
        408 => "timeout",
        413 => "too-long",
        422 => "too-costly",
        503 => "transient",
        500.. => "exception",
        _ => "invalid",
    }
}

/// Codes of ours that are FHIR's too.
const ISSUES: [&str; 5] = ["required", "value", "not-supported", "structure", "too-long"];

/// A parameter that is wrong. `message` goes to who sent it, and nowhere else.
pub(super) fn bad(code: &'static str, message: impl Into<String>, rule: &'static str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, code, message, rule)
}

/// There is no such thing.
pub(super) fn not_found(message: &'static str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "not-found", message, "RFC 9110 15.5.5")
}

/// What is asked for contradicts how things are.
pub(super) fn conflict(code: &'static str, message: String, rule: &'static str) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, code, message, rule)
}

/// A search of ITI-81 or ITI-82 that cannot be answered.
pub(super) fn of_iti81(error: &Iti81Error) -> Refusal {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    Refusal::new(status, error.issue(), error.to_string(), "ITI TF-2 3.81.4.1.2")
}

/// The index did not answer.
pub(super) fn of_trail(error: &TrailError) -> Refusal {
    match error {
        TrailError::TooMany { .. } => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Refusal::new(status, "too-many", error.to_string(), "rows of a report")
        }
        error if error.is_busy() => {
            tracing::warn!(%error, "the audit trail was not asked");
            Refusal::busy()
        }
        error => {
            tracing::error!(%error, "the audit trail failed");
            Refusal::failed()
        }
    }
}

/// The database did not answer.
pub(super) fn of_store(error: &StoreError) -> Refusal {
    tracing::error!(%error, "the ledger was not read for an operator");
    Refusal::busy()
}

/// Something of ours has no JSON.
pub(super) fn of_json(error: &serde_json::Error) -> Refusal {
    tracing::error!(category = ?error.classify(), "an answer to an operator was not written");
    Refusal::failed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_what_is_wrong_and_by_which_rule() {
        let refusal = of_iti81(&Iti81Error::DateMissing);
        let (_, text) = json_form(&refusal, Lang::Ja);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["code"], "required");
        assert_eq!(value["rule"], "ITI TF-2 3.81.4.1.2");
        let (kind, text) = fhir_form(&refusal, Lang::Ja);
        assert_eq!(kind, FHIR_JSON);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["issue"][0]["code"], "required");
        let diagnostics = value["issue"][0]["diagnostics"].as_str().unwrap();
        assert!(diagnostics.contains("date"), "{diagnostics}");
        assert_eq!(issue(&Refusal::busy()), "transient");
        assert_eq!(issue(&Refusal::failed()), "exception");
        assert_eq!(issue(&not_found("x")), "not-found");
        assert_eq!(issue(&of_iti81(&Iti81Error::Format)), "not-supported");
    }

    #[test]
    fn what_may_succeed_later_is_told_apart() {
        assert_eq!(of_trail(&TrailError::Unreachable).status, 503);
        assert_eq!(of_trail(&TrailError::Encoding).status, 500);
        assert_eq!(of_trail(&TrailError::TooMany { max: 1 }).status, 422);
    }
}
