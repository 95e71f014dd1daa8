//! Requests at the operator listener: JSON, behind the same gate, each told in the audit journal.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::FutureExt;
use tracing::Instrument;
use uuid::Uuid;
use xds_audit::{AuditError, Caller as AuditCaller, Closing, Event, EventKind, Objects, Opening, Record};

use super::body::{Body, BodyError, Pace, Shelf};
use super::connected::Connected;
use super::early::{end_with, too_late};
use super::route::{Refusal, Reply, Route};
use super::serving::stranger;
use crate::authenticate::{Caller, NotAuthenticated, SUBMITTING_NODE};
use crate::gate::Gate;
use crate::lang::Lang;
use crate::metrics::RequestOutcome;

/// The header of every answer with the id that log and audit have too.
pub const CORRELATION: &str = "renkei-correlation";

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
    /// The language that people at the other end read.
    pub lang: Lang,
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

    /// A header of the request, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
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
    let lang = accepted(&request);
    let work = async move {
        let began = Instant::now();
        let calling = Calling {
            gate: &gate,
            route,
            correlation,
            request: &request,
            lang,
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
            refused(route, &Refusal::failed(), lang, correlation)
        }
    }
}

/// The language that the request asks for.
fn accepted(request: &HttpRequest) -> Lang {
    let header = request.headers().get(ACCEPT_LANGUAGE);
    Lang::accepted(header.and_then(|value| value.to_str().ok()))
}

struct Calling<'r> {
    gate: &'r Gate,
    route: &'static Route,
    correlation: Uuid,
    request: &'r HttpRequest,
    lang: Lang,
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
        let shelf = Shelf::holding(Body::new(payload, announced, pace, self.route.body_bytes_max));
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
            lang: self.lang,
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
        whole.map_err(|error| unread(error, self.route))
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
            (Ok(()), Err(refusal)) => self.refused(&refusal),
            (Err(error), _) => self.refused(&unwritten(&error)),
        }
    }

    fn refused(&self, refusal: &Refusal) -> HttpResponse {
        refused(self.route, refusal, self.lang, self.correlation)
    }

    async fn turn_down(&self, caller: &Caller, refusal: Refusal) -> HttpResponse {
        let closing = refusal.closing();
        self.tell_refusal(caller.audited(), refusal, closing).await
    }

    /// The answer to a request that reached no handler, after its event is durable.
    async fn tell_refusal(&self, caller: AuditCaller, refusal: Refusal, closing: Closing) -> HttpResponse {
        match self.gate.single(self.event(caller, closing)).await {
            Ok(()) => self.refused(&refusal),
            Err(error) => self.refused(&unwritten(&error)),
        }
    }

    /// An event of one moment: of the trail a look at it, of anything else a request that was refused.
    fn event(&self, caller: AuditCaller, closing: Closing) -> Event {
        let kind = if self.route.is_of_trail {
            EventKind::AuditLogRead {
                uri: self.route.path.to_owned(),
            }
        } else {
            EventKind::RequestRefused {
                transaction: None,
                reason: closing.errors.first().cloned().unwrap_or_default(),
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
        None => format!("{} takes {}", route.path, route.allow),
    };
    let status = StatusCode::METHOD_NOT_ALLOWED;
    Refusal::new(status, "method", message, "RFC 9110 15.5.6")
}

fn unread(error: BodyError, route: &Route) -> Refusal {
    let (status, rule, message) = match error {
        BodyError::TooLarge => {
            let max = route.body_bytes_max / 1024;
            let message = format!("{error}: {} takes {max} KiB at most", route.path);
            (StatusCode::PAYLOAD_TOO_LARGE, "limits", message)
        }
        BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "limits", error.to_string()),
        BodyError::Cut => (StatusCode::BAD_REQUEST, "RFC 9112 6", error.to_string()),
    };
    Refusal::new(status, "body", message, rule)
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

fn refused(route: &Route, refusal: &Refusal, lang: Lang, correlation: Uuid) -> HttpResponse {
    let (content_type, body) = (route.write)(refusal, lang);
    let mut response = HttpResponse::build(refusal.status);
    response.content_type(content_type);
    match refusal.status {
        StatusCode::METHOD_NOT_ALLOWED => drop(response.insert_header((ALLOW, route.allow))),
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
