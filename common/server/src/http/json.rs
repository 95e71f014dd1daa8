//! Questions between our own servers: JSON over the clinical listener, behind the same gate.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tracing::Instrument;
use uuid::Uuid;
use xds_audit::{Closing, Event, EventKind, Objects, Outcome, Record};
use xds_model::Transaction;

use super::body::{Body, BodyError, Pace};
use super::exchange::Refused;
use crate::authenticate::Caller;
use crate::gate::Gate;
use crate::metrics::RequestOutcome;

/// The largest question, in bytes.
const QUESTION_BYTES_MAX: u64 = 1024 * 1024;

/// A question on its way through a handler.
pub struct Question<'g, Q> {
    /// The gate.
    pub gate: &'g Gate,
    /// Who is asking, acting for whom.
    pub caller: &'g Caller,
    /// The id of this request in log and audit.
    pub correlation: Uuid,
    /// What is asked.
    pub question: Q,
}

impl<Q> Question<'_, Q> {
    /// Opens the audit record. Every handler does so before its work.
    ///
    /// # Errors
    /// When the journal takes no more: the request must not go on.
    pub async fn open(&self, objects: Objects) -> Result<Record, Refused> {
        let kind = EventKind::received(Transaction::Decision);
        Ok(self
            .gate
            .open(
                self.gate
                    .opening(kind, self.caller, &self.correlation.to_string(), objects),
            )
            .await?)
    }
}

/// An answer that may leave: its record is closed.
pub struct Answered<A>(A);

impl<A> Answered<A> {
    /// Closes the record, and only when that is durable is there an answer.
    ///
    /// # Errors
    /// When the closing part cannot be written.
    pub async fn new(record: Record, closing: Closing, answer: A) -> Result<Self, Refused> {
        record.close(closing).await?;
        Ok(Self(answer))
    }
}

/// Serves one question. Only a node enrolled for [`Transaction::Decision`] may ask.
pub async fn ask<Q, A, H>(
    gate: Data<Gate>,
    request: HttpRequest,
    payload: Payload,
    handler: H,
) -> HttpResponse
where
    Q: DeserializeOwned + 'static,
    A: Serialize + 'static,
    H: AsyncFnOnce(Question<'_, Q>) -> Result<Answered<A>, Refused> + 'static,
{
    let correlation = gate.ids.random();
    let span = tracing::info_span!("question", correlation = %correlation);
    let work = async move {
        let began = std::time::Instant::now();
        let response = answer(&gate, correlation, &request, payload, handler).await;
        let outcome = if response.status().is_success() {
            RequestOutcome::Success
        } else {
            RequestOutcome::Refused
        };
        gate.metrics
            .request(Some(Transaction::Decision), outcome, began.elapsed());
        response
    };
    actix_rt::spawn(work.instrument(span))
        .await
        .unwrap_or_else(|_| error(StatusCode::INTERNAL_SERVER_ERROR, "failed"))
}

async fn answer<Q, A, H>(
    gate: &Gate,
    correlation: Uuid,
    request: &HttpRequest,
    payload: Payload,
    handler: H,
) -> HttpResponse
where
    Q: DeserializeOwned,
    A: Serialize,
    H: AsyncFnOnce(Question<'_, Q>) -> Result<Answered<A>, Refused>,
{
    let Ok(caller) = gate.authenticator.caller(request) else {
        return error(StatusCode::FORBIDDEN, "not-authenticated");
    };
    let node = caller.principal.node();
    let Some(_place) = gate.in_flight.enter(&node.name, node.in_flight_max) else {
        return error(StatusCode::SERVICE_UNAVAILABLE, "busy");
    };
    if !caller.principal.may_send(Transaction::Decision) {
        return refuse(
            gate,
            correlation,
            &caller,
            StatusCode::FORBIDDEN,
            "not-enrolled-for-this",
        )
        .await;
    }
    let question = match read(gate, payload).await {
        Ok(question) => question,
        Err((status, code)) => return refuse(gate, correlation, &caller, status, code).await,
    };
    match handler(Question {
        gate,
        caller: &caller,
        correlation,
        question,
    })
    .await
    {
        Ok(Answered(answer)) => HttpResponse::Ok().json(answer),
        Err(Refused::Fault(_)) => error(StatusCode::INTERNAL_SERVER_ERROR, "failed"),
        Err(Refused::Body(_)) => error(StatusCode::BAD_REQUEST, "cut"),
        Err(Refused::Busy | Refused::Audit(_)) => error(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

async fn read<Q: DeserializeOwned>(gate: &Gate, payload: Payload) -> Result<Q, (StatusCode, &'static str)> {
    let body = Body::new(payload, Pace::of(&gate.limits), QUESTION_BYTES_MAX);
    let bytes = body.whole(None).await.map_err(|error| match error {
        BodyError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
        BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too-slow"),
        BodyError::Cut => (StatusCode::BAD_REQUEST, "cut"),
    })?;
    serde_json::from_slice(&bytes).map_err(|_| (StatusCode::BAD_REQUEST, "not-understood"))
}

async fn refuse(
    gate: &Gate,
    correlation: Uuid,
    caller: &Caller,
    status: StatusCode,
    code: &'static str,
) -> HttpResponse {
    let kind = EventKind::RequestRefused {
        transaction: Some(Transaction::Decision),
        reason: code.to_owned(),
    };
    let opening = gate.opening(kind, caller, &correlation.to_string(), Objects::default());
    let closing = Closing::failure(Outcome::SeriousFailure, [code]);
    match gate.single(Event { opening, closing }).await {
        Ok(()) => error(status, code),
        Err(_) => error(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

fn error(status: StatusCode, code: &'static str) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.force_close();
    response.json(json!({ "error": code }))
}
