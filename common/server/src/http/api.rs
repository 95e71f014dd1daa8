//! Requests at the operator listener: JSON, behind the same gate, each told in the audit journal.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::FutureExt;
use tracing::Instrument;
use uuid::Uuid;
use xds_audit::{
    AuditError, Caller as AuditCaller, Closing, Event, EventKind, Objects, Opening, Outcome, Record,
};
use xds_model::principal::Right;

use super::body::{Body, BodyError, Pace, Shelf};
use super::connected::Connected;
use super::early::{end_with, too_late};
use super::serving::stranger;
use crate::authenticate::{Caller, NotAuthenticated, SUBMITTING_NODE};
use crate::gate::Gate;
use crate::metrics::RequestOutcome;

/// The header of every answer with the id that log and audit have too.
pub const CORRELATION: &str = "renkei-correlation";

/// The largest body of a request, in bytes.
const BODY_BYTES_MAX: u64 = 64 * 1024;

/// What one address offers, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Its name in log and metrics. The URL of a request stands nowhere: it may tell of a patient.
    pub name: &'static str,
    /// The address, with names in braces for what varies; so it stands in the audit.
    pub path: &'static str,
    /// The one method that it takes.
    pub method: &'static str,
    /// One of these rights is needed.
    pub rights: &'static [Right],
    /// The media type of its body; none: it takes no body.
    pub body: Option<&'static str>,
    /// Whether it touches nothing that has to be told: then only its refusals are.
    pub is_public: bool,
    /// How a refusal is written.
    pub write: fn(&Refusal) -> (&'static str, String),
}

/// A request on its way through a handler.
pub struct Call<'g> {
    /// The gate.
    pub gate: &'g Gate,
    /// Who is asking.
    pub caller: &'g Caller,
    /// The id of this request in answer, log and audit.
    pub correlation: Uuid,
    /// The query string as it was sent, without its question mark.
    pub query: &'g str,
    /// The body; empty where the route takes none.
    pub body: Bytes,
    request: &'g HttpRequest,
    record: &'g Cell<Option<Record>>,
}

/// Names nothing of what was asked.
impl std::fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("correlation", &self.correlation)
            .finish_non_exhaustive()
    }
}

impl Call<'_> {
    /// The part of the address that has this name.
    pub fn segment(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// Opens the audit record, once. Every handler does so before its work.
    ///
    /// # Errors
    /// When the journal takes no more: the request must not go on.
    pub async fn open(&self, kind: EventKind, objects: Objects) -> Result<(), Refusal> {
        let correlation = self.correlation.to_string();
        let opening = self.gate.opening(kind, self.caller, &correlation, objects);
        let record = self.gate.open(opening).await.map_err(|error| unwritten(&error))?;
        self.record.set(Some(record));
        Ok(())
    }
}

/// What a handler answers. It leaves when its closing part is durable.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// Media type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// Headers beside those that every answer has.
    pub headers: Vec<(&'static str, String)>,
    /// How it ended, for the audit.
    pub closing: Closing,
}

impl Reply {
    /// An answer with status 200.
    pub fn ok(content_type: &'static str, body: String, closing: Closing) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            body,
            headers: Vec::new(),
            closing,
        }
    }

    /// The same with this header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Why a request gets no answer of its own. `Display` and `Debug` name code and rule only: the message is for who asked,
/// and may quote what was asked.
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
#[error("{code} ({rule})")]
pub struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// A fixed word, for programs and for the audit.
    pub code: &'static str,
    /// What is wrong, and what to do, for people.
    pub message: String,
    /// The rule that says so, as a name or a section of a standard.
    pub rule: &'static str,
}

impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Refusal({}, {self})", self.status)
    }
}

impl Refusal {
    /// A refusal.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        rule: &'static str,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            rule,
        }
    }

    /// The server has no room now.
    pub fn busy() -> Self {
        let message = "the server is busy: send the same request again later";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message, "limits")
    }

    /// Something broke on our side.
    pub fn failed() -> Self {
        let message = "the server failed: tell its operator the correlation id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message, "internal")
    }

    fn forbidden() -> Self {
        let message = "this certificate has no right to that";
        Self::new(StatusCode::FORBIDDEN, "forbidden", message, "node rights")
    }

    fn outcome(&self) -> Outcome {
        match self.status.as_u16() {
            503 => Outcome::MinorFailure,
            500.. => Outcome::MajorFailure,
            _ => Outcome::SeriousFailure,
        }
    }

    fn closing(&self) -> Closing {
        Closing::failure(self.outcome(), [self.code])
    }
}

/// Serves one request at the operator listener: authentication, a place, method, right and body are judged here, and
/// whatever comes of it is in the journal before the answer leaves.
///
/// The work is detached: a client that hangs up stops nothing halfway. A handler that panics ends its own request
/// only.
pub async fn call<H>(
    gate: Data<Gate>,
    route: &'static Route,
    request: HttpRequest,
    payload: Payload,
    handler: H,
) -> HttpResponse
where
    H: AsyncFnOnce(Call<'_>) -> Result<Reply, Refusal> + 'static,
{
    if let Some(response) = too_late(&request) {
        return response;
    }
    let correlation = gate.ids.random();
    let span = tracing::info_span!("operator", correlation = %correlation);
    let working = Connected::of(&request).map(Connected::working);
    let work = async move {
        let began = Instant::now();
        let calling = Calling {
            gate: &gate,
            route,
            correlation,
            request: &request,
        };
        let response = calling.run(payload, handler).await;
        let outcome = match response.status().as_u16() {
            ..300 => RequestOutcome::Success,
            500 => RequestOutcome::Fault,
            _ => RequestOutcome::Refused,
        };
        gate.metrics.named_request(route.name, outcome, began.elapsed());
        tracing::info!(
            route = route.name,
            outcome = outcome.as_str(),
            status = response.status().as_u16(),
            micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            "operator request"
        );
        drop(working);
        response
    };
    match actix_rt::spawn(work.instrument(span)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(correlation = %correlation, "alarm: a request of an operator was given up");
            refused(route, &Refusal::failed(), correlation)
        }
    }
}

struct Calling<'r> {
    gate: &'r Gate,
    route: &'static Route,
    correlation: Uuid,
    request: &'r HttpRequest,
}

impl Calling<'_> {
    async fn run<H>(&self, payload: Payload, handler: H) -> HttpResponse
    where
        H: AsyncFnOnce(Call<'_>) -> Result<Reply, Refusal>,
    {
        let announced = self
            .header(CONTENT_LENGTH.as_str())
            .and_then(|text| text.parse().ok());
        let pace = Pace::of(&self.gate.limits);
        let shelf = Shelf::holding(Body::new(payload, announced, pace, BODY_BYTES_MAX));
        let (mut response, is_known) = match self.caller() {
            Ok(caller) => (self.for_caller(&caller, &shelf, handler).await, true),
            Err(error) => (self.for_stranger(error).await, false),
        };
        if !is_known || !shelf.settle().await {
            end_with(&mut response, Connected::of(self.request));
        }
        response
    }

    /// The node at the other end, and nobody else: here nobody acts for another.
    fn caller(&self) -> Result<Caller, NotAuthenticated> {
        if self.request.headers().contains_key(SUBMITTING_NODE) {
            return Err(NotAuthenticated::NotOnBehalf);
        }
        self.gate.authenticator.caller(self.request)
    }

    async fn for_stranger(&self, error: NotAuthenticated) -> HttpResponse {
        tracing::warn!(%error, "a connection ends: its caller may not be served any more");
        let refusal = Refusal::forbidden();
        let closing = Closing::failure(refusal.outcome(), [error.word()]);
        self.tell_refusal(stranger(self.request), refusal, closing).await
    }

    async fn for_caller<H>(&self, caller: &Caller, shelf: &Shelf, handler: H) -> HttpResponse
    where
        H: AsyncFnOnce(Call<'_>) -> Result<Reply, Refusal>,
    {
        let node = caller.principal.node();
        let place = self.gate.in_flight.enter(&node.name, node.in_flight_max);
        let body = match &place {
            None => Err(Refusal::busy()),
            Some(_) => self.admit(caller, shelf).await,
        };
        let body = match body {
            Ok(body) => body,
            Err(refusal) => return self.turn_down(caller, refusal).await,
        };
        let record = Cell::new(None);
        let call = Call {
            gate: self.gate,
            caller,
            correlation: self.correlation,
            query: self.request.query_string(),
            body,
            request: self.request,
            record: &record,
        };
        let handling = Box::pin(handler(call));
        let answer = AssertUnwindSafe(handling)
            .catch_unwind()
            .await
            .unwrap_or_else(|_| {
                tracing::error!("alarm: a handler panicked");
                Err(Refusal::failed())
            });
        self.answer(caller, record.take(), answer).await
    }

    /// Method, right and body; the body.
    async fn admit(&self, caller: &Caller, shelf: &Shelf) -> Result<Bytes, Refusal> {
        if !caller.principal.has_any(self.route.rights) {
            return Err(Refusal::forbidden());
        }
        if self.request.method().as_str() != self.route.method {
            return Err(wrong_method(self.route));
        }
        let Some(media_type) = self.route.body else {
            return Ok(Bytes::new());
        };
        if self.request.headers().contains_key(CONTENT_ENCODING) || !self.is_of(media_type) {
            let message = format!("the body is to be {media_type} in UTF-8, not compressed");
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Refusal::new(status, "media-type", message, "RFC 9110 15.5.16"));
        }
        let mut body = shelf.take().ok_or_else(Refusal::failed)?;
        let whole = body.whole().await;
        shelf.put_back(body);
        whole.map_err(unread)
    }

    fn is_of(&self, media_type: &str) -> bool {
        let mut parts = self
            .header(CONTENT_TYPE.as_str())
            .unwrap_or_default()
            .split(';')
            .map(str::trim);
        let is_type = parts
            .next()
            .is_some_and(|given| given.eq_ignore_ascii_case(media_type));
        let is_utf8 = |parameter: &str| {
            parameter.eq_ignore_ascii_case("charset=utf-8")
                || parameter.eq_ignore_ascii_case("charset=\"utf-8\"")
        };
        is_type && parts.all(is_utf8)
    }

    /// Closes what the handler opened, or tells it as of one moment; then there is an answer.
    async fn answer(
        &self,
        caller: &Caller,
        record: Option<Record>,
        answer: Result<Reply, Refusal>,
    ) -> HttpResponse {
        let closing = match &answer {
            Ok(reply) => reply.closing.clone(),
            Err(refusal) => refusal.closing(),
        };
        let written = match (record, &answer) {
            (Some(record), _) => record.close(closing).await.map(drop),
            (None, Ok(_)) if self.route.is_public => Ok(()),
            (None, _) => {
                let caller = AuditCaller::of(&caller.principal, Some(caller.address));
                self.gate.single(self.event(caller, closing)).await
            }
        };
        match (written, answer) {
            (Ok(()), Ok(reply)) => replied(reply, self.correlation),
            (Ok(()), Err(refusal)) => refused(self.route, &refusal, self.correlation),
            (Err(error), _) => refused(self.route, &unwritten(&error), self.correlation),
        }
    }

    async fn turn_down(&self, caller: &Caller, refusal: Refusal) -> HttpResponse {
        let closing = refusal.closing();
        self.tell_refusal(caller.audited(), refusal, closing).await
    }

    /// The answer to a request that reached no handler, after its event is durable.
    async fn tell_refusal(&self, caller: AuditCaller, refusal: Refusal, closing: Closing) -> HttpResponse {
        match self.gate.single(self.event(caller, closing)).await {
            Ok(()) => refused(self.route, &refusal, self.correlation),
            Err(error) => refused(self.route, &unwritten(&error), self.correlation),
        }
    }

    /// An event of one moment: of the trail a look at it, of anything else a request that was refused.
    fn event(&self, caller: AuditCaller, closing: Closing) -> Event {
        let kind = if self.route.is_public {
            EventKind::RequestRefused {
                transaction: None,
                reason: closing.errors.first().cloned().unwrap_or_default(),
            }
        } else {
            EventKind::AuditLogRead {
                uri: self.route.path.to_owned(),
            }
        };
        let opening = Opening {
            kind,
            caller,
            endpoint: self.gate.public_url.clone(),
            correlation: self.correlation.to_string(),
            objects: Objects::default(),
        };
        Event { opening, closing }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }
}

fn wrong_method(route: &Route) -> Refusal {
    let message = match route.body {
        Some(media_type) => format!(
            "{} takes {} with its parameters in a body of {media_type}: what concerns a patient stands in no URL",
            route.path, route.method
        ),
        None => format!("{} takes {}", route.path, route.method),
    };
    let status = StatusCode::METHOD_NOT_ALLOWED;
    Refusal::new(status, "method", message, "RFC 9110 15.5.6")
}

fn unread(error: BodyError) -> Refusal {
    let (status, rule) = match error {
        BodyError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "a body of at most 64 KiB"),
        BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "limits"),
        BodyError::Cut => (StatusCode::BAD_REQUEST, "RFC 9112 6"),
    };
    Refusal::new(status, "body", error.to_string(), rule)
}

fn unwritten(error: &AuditError) -> Refusal {
    tracing::error!(%error, "alarm: a request was refused because its audit event cannot be written");
    Refusal::busy()
}

fn replied(reply: Reply, correlation: Uuid) -> HttpResponse {
    let mut response = HttpResponse::build(reply.status);
    response.content_type(reply.content_type);
    for header in reply.headers {
        response.insert_header(header);
    }
    guarded(response.body(reply.body), correlation)
}

fn refused(route: &Route, refusal: &Refusal, correlation: Uuid) -> HttpResponse {
    let (content_type, body) = (route.write)(refusal);
    let mut response = HttpResponse::build(refusal.status);
    response.content_type(content_type);
    match refusal.status {
        StatusCode::METHOD_NOT_ALLOWED => drop(response.insert_header((ALLOW, route.method))),
        StatusCode::SERVICE_UNAVAILABLE => drop(response.insert_header(("retry-after", "1"))),
        _ => {}
    }
    guarded(response.body(body), correlation)
}

/// What every answer says to a browser: keep nothing, guess nothing, run nothing, show it in no frame.
fn guarded(mut response: HttpResponse, correlation: Uuid) -> HttpResponse {
    use actix_web::http::header::{HeaderName, HeaderValue};
    let fixed = [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ];
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&correlation.to_string()) {
        headers.insert(HeaderName::from_static(CORRELATION), value);
    }
    response
}
