//! Questions between our own servers: JSON over the clinical listener, behind the same gate.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tracing::Instrument;
use uuid::Uuid;
use xds_audit::{Caller as AuditCaller, Closing, EventKind, Objects, Outcome, Record};
use xds_model::Transaction;
use xds_model::exchange::{DecisionQuestion, ForwardedAssertion, NodesQuestion, RegisteredQuestion};
use xds_tls::Fingerprint;

use super::body::{Body, BodyError, Pace, Shelf};
use super::connected::Connected;
use super::early::{end_with, too_late};
use super::exchange::Refused;
use super::serving::stranger;
use crate::authenticate::Caller;
use crate::gate::Gate;
use crate::metrics::RequestOutcome;
use crate::xua::NotAsserted;

/// The largest question, in bytes.
const QUESTION_BYTES_MAX: u64 = 1024 * 1024;

/// What can be asked.
pub trait Asked: DeserializeOwned + 'static {
    /// For a question in the name of a node's user, what tells of the user: then the domain may ask for an assertion.
    /// None for what a server asks for itself.
    fn for_user(&self) -> Option<ForUser<'_>> {
        None
    }
}

/// The assertion that goes with a question.
#[derive(Clone, Copy, Debug)]
pub struct ForUser<'q>(pub Option<&'q ForwardedAssertion>);

impl Asked for NodesQuestion {}

impl Asked for RegisteredQuestion {}

impl Asked for DecisionQuestion {
    fn for_user(&self) -> Option<ForUser<'_>> {
        Some(ForUser(self.assertion.as_ref()))
    }
}

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
///
/// The work is detached: a client that hangs up stops nothing halfway.
pub async fn ask<Q, A, H>(
    gate: Data<Gate>,
    request: HttpRequest,
    payload: Payload,
    handler: H,
) -> HttpResponse
where
    Q: Asked,
    A: Serialize + 'static,
    H: AsyncFnOnce(Question<'_, Q>) -> Result<Answered<A>, Refused> + 'static,
{
    if let Some(response) = too_late(&request) {
        return response;
    }
    let correlation = gate.ids.random();
    let span = tracing::info_span!("question", correlation = %correlation);
    let working = Connected::of(&request).map(Connected::working);
    let work = async move {
        let began = Instant::now();
        let asking = Asking {
            gate: &gate,
            correlation,
            request: &request,
        };
        let response = asking.run(payload, handler).await;
        let outcome = if response.status().is_success() {
            RequestOutcome::Success
        } else {
            RequestOutcome::Refused
        };
        gate.metrics
            .request(Some(Transaction::Decision), outcome, began.elapsed());
        tracing::info!(
            outcome = outcome.as_str(),
            status = response.status().as_u16(),
            micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            "question"
        );
        drop(working);
        response
    };
    match actix_rt::spawn(work.instrument(span)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(correlation = %correlation, "alarm: a question was given up");
            NotAnswered::FAILED.response()
        }
    }
}

struct Asking<'r> {
    gate: &'r Gate,
    correlation: Uuid,
    request: &'r HttpRequest,
}

/// A question that gets no answer: HTTP status, code, and the outcome in the audit.
#[derive(Clone, Copy)]
struct NotAnswered {
    status: StatusCode,
    code: &'static str,
    outcome: Outcome,
}

impl NotAnswered {
    const FAILED: Self = Self {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: "failed",
        outcome: Outcome::MajorFailure,
    };
    const BUSY: Self = Self {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: "busy",
        outcome: Outcome::MinorFailure,
    };

    fn refused(status: StatusCode, code: &'static str) -> Self {
        Self {
            status,
            code,
            outcome: Outcome::SeriousFailure,
        }
    }

    fn response(self) -> HttpResponse {
        HttpResponse::build(self.status).json(json!({ "error": self.code }))
    }
}

/// Why a question reaches no handler.
enum Unread {
    NotAnswered(NotAnswered),
    /// Its assertion is refused, or it needs one and has none.
    Assertion(xds_xua::Refused),
}

impl From<NotAnswered> for Unread {
    fn from(refused: NotAnswered) -> Self {
        Self::NotAnswered(refused)
    }
}

impl From<BodyError> for NotAnswered {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::refused(StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            BodyError::TooSlow => Self::refused(StatusCode::REQUEST_TIMEOUT, "too-slow"),
            BodyError::Cut => Self::refused(StatusCode::BAD_REQUEST, "cut"),
        }
    }
}

impl From<Refused> for NotAnswered {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Fault(_) => Self::FAILED,
            Refused::Busy => Self::BUSY,
            Refused::Body(error) => error.into(),
            Refused::Audit(error) => {
                tracing::error!(%error, "alarm: a question was refused because its audit event cannot be written");
                Self::BUSY
            }
        }
    }
}

impl Asking<'_> {
    async fn run<Q, A, H>(&self, payload: Payload, handler: H) -> HttpResponse
    where
        Q: Asked,
        A: Serialize,
        H: AsyncFnOnce(Question<'_, Q>) -> Result<Answered<A>, Refused>,
    {
        let announced = self
            .header(CONTENT_LENGTH.as_str())
            .and_then(|text| text.parse().ok());
        let mut body = Body::new(
            payload,
            announced,
            Pace::of(&self.gate.limits),
            QUESTION_BYTES_MAX,
        );
        let mut response = match self.gate.authenticator.caller(self.request) {
            Ok(caller) => self.for_caller(&caller, &mut body, handler).await,
            Err(error) => {
                let refused = NotAnswered::refused(StatusCode::FORBIDDEN, "not-authenticated");
                self.audited(stranger(self.request), refused, error.word()).await
            }
        };
        let stays = response.status() != StatusCode::FORBIDDEN && Shelf::holding(body).settle().await;
        if !stays {
            end_with(&mut response, Connected::of(self.request));
        }
        response
    }

    async fn for_caller<Q, A, H>(&self, caller: &Caller, body: &mut Body, handler: H) -> HttpResponse
    where
        Q: Asked,
        A: Serialize,
        H: AsyncFnOnce(Question<'_, Q>) -> Result<Answered<A>, Refused>,
    {
        let node = caller.principal.node();
        let place = self.gate.in_flight.enter(&node.name, node.in_flight_max);
        let read = match &place {
            None => Err(NotAnswered::BUSY.into()),
            Some(_) => self.read(caller, body).await,
        };
        let (question, asserted) = match read {
            Ok(read) => read,
            Err(Unread::NotAnswered(refused)) => {
                return self.audited(caller.audited(), refused, refused.code).await;
            }
            Err(Unread::Assertion(refused)) => return self.assertion_refused(caller, refused).await,
        };
        let question = Question {
            gate: self.gate,
            caller: asserted.as_ref().unwrap_or(caller),
            correlation: self.correlation,
            question,
        };
        match AssertUnwindSafe(handler(question)).catch_unwind().await {
            Ok(Ok(Answered(answer))) => HttpResponse::Ok().json(answer),
            Ok(Err(refused)) => NotAnswered::from(refused).response(),
            Err(_) => {
                tracing::error!("alarm: a handler panicked");
                NotAnswered::FAILED.response()
            }
        }
    }

    /// The question, and the caller with its user where an assertion tells of one.
    async fn read<Q: Asked>(&self, caller: &Caller, body: &mut Body) -> Result<(Q, Option<Caller>), Unread> {
        if self.request.headers().contains_key(CONTENT_ENCODING) {
            let refused = NotAnswered::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoded");
            return Err(refused.into());
        }
        if !caller.principal.may_send(Transaction::Decision) {
            let refused = NotAnswered::refused(StatusCode::FORBIDDEN, "not-enrolled-for-this");
            return Err(refused.into());
        }
        let bytes = body.whole().await.map_err(NotAnswered::from)?;
        let question: Q = serde_json::from_slice(&bytes)
            .map_err(|_| NotAnswered::refused(StatusCode::BAD_REQUEST, "not-understood"))?;
        let asserted = self.identify(caller, question.for_user(), &bytes)?;
        Ok((question, asserted))
    }

    fn identify(
        &self,
        caller: &Caller,
        user: Option<ForUser<'_>>,
        bytes: &[u8],
    ) -> Result<Option<Caller>, Unread> {
        let (Some(xua), Some(ForUser(forwarded))) = (&self.gate.xua, user) else {
            return Ok(None);
        };
        let message = || {
            let request = forwarded.map_or("", |forwarded| forwarded.request.as_str());
            let repository = caller.principal.via().map_or("", |via| via.0.as_str());
            // No MessageID: those are URIs.
            let id = format!("question {repository} {request}");
            (id, Fingerprint::of(bytes).to_string())
        };
        let assertion = forwarded.map(|forwarded| forwarded.xml.as_str());
        xua.admit_forwarded(assertion, caller, message)
            .map_err(|error| match error {
                NotAsserted::Refused(refused) => Unread::Assertion(refused),
                NotAsserted::Unavailable => NotAnswered::BUSY.into(),
            })
    }

    /// The answer to a question whose assertion was refused, after its event is durable.
    async fn assertion_refused(&self, caller: &Caller, refused: xds_xua::Refused) -> HttpResponse {
        let (audited, correlation) = (caller.audited(), self.correlation.to_string());
        let written = self
            .gate
            .assertion_refusal(audited, &correlation, refused.code())
            .await;
        match written {
            Ok(()) => NotAnswered::refused(StatusCode::UNPROCESSABLE_ENTITY, refused.code()).response(),
            Err(error) => {
                tracing::error!(%error, "alarm: the audit event of a refusal cannot be written");
                NotAnswered::BUSY.response()
            }
        }
    }

    /// The answer to a question that reached no handler, after its event is durable.
    async fn audited(&self, caller: AuditCaller, refused: NotAnswered, word: &'static str) -> HttpResponse {
        let correlation = self.correlation.to_string();
        let transaction = Some(Transaction::Decision);
        let written = self
            .gate
            .refusal(caller, &correlation, transaction, word, refused.outcome)
            .await;
        match written {
            Ok(()) => refused.response(),
            Err(error) => {
                tracing::error!(%error, "alarm: the audit event of a refusal cannot be written");
                NotAnswered::BUSY.response()
            }
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }
}
