//! Requests that reach no route, and heads that were refused: answered with an HTTP status, and audited.

use actix_web::http::StatusCode;
use actix_web::http::header::ALLOW;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use xds_audit::{Caller as AuditCaller, Outcome};

use super::api::CORRELATION;
use super::connected::Connected;
use super::early::{end_with, status_word, too_late};
use super::framing::{HeadRefusal, REFUSED};
use super::serving::stranger;
use crate::gate::Gate;
use crate::metrics::RequestOutcome;

pub(super) async fn stray(gate: Option<Data<Gate>>, request: HttpRequest) -> HttpResponse {
    if let Some(response) = too_late(&request) {
        return response;
    }
    let began = std::time::Instant::now();
    let correlation = gate.as_ref().map(|gate| gate.ids.random().to_string());
    let status = match gate.as_ref().zip(correlation.as_deref()) {
        Some((gate, correlation)) => audited(gate, &request, correlation).await,
        None => status_of(&request),
    };
    if let Some(gate) = &gate {
        gate.metrics
            .request(None, RequestOutcome::Refused, began.elapsed());
    }
    let mut response = HttpResponse::build(status);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.insert_header((ALLOW, "POST"));
    }
    if let Some(correlation) = correlation {
        response.insert_header((CORRELATION, correlation));
    }
    let mut response = response.finish();
    end_with(&mut response, Connected::of(&request));
    response
}

async fn audited(gate: &Gate, request: &HttpRequest, correlation: &str) -> StatusCode {
    let (caller, status, word) = match gate.authenticator.caller(request) {
        Ok(caller) => {
            let status = status_of(request);
            let caller = AuditCaller::of(&caller.principal, Some(caller.address));
            (caller, status, status_word(status))
        }
        Err(error) => (stranger(request), StatusCode::FORBIDDEN, error.word()),
    };
    tracing::info!(
        correlation,
        status = status.as_u16(),
        "a request reached no route"
    );
    let written = gate
        .refusal(caller, correlation, None, word, Outcome::SeriousFailure)
        .await;
    if let Err(error) = written {
        tracing::error!(%error, "alarm: the audit event of a refusal cannot be written");
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    status
}

fn status_of(request: &HttpRequest) -> StatusCode {
    if request.method().as_str() == REFUSED {
        return match HeadRefusal::of_path(request.path()) {
            Some(HeadRefusal::Slow) => StatusCode::REQUEST_TIMEOUT,
            Some(HeadRefusal::TooLarge) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Some(HeadRefusal::Malformed) | None => StatusCode::BAD_REQUEST,
        };
    }
    match request.match_pattern() {
        Some(_) => StatusCode::METHOD_NOT_ALLOWED,
        None => StatusCode::NOT_FOUND,
    }
}
