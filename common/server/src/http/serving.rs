//! The way of a SOAP request to its handler and back.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::FutureExt;
use uuid::Uuid;
use xds_audit::Caller as AuditCaller;
use xds_model::Transaction;
use xds_soap::{
    ContentTypeError, Fault, MtomReader, Packaging, Refusal, ReplyAddresses, RequestEnvelope, Subcode,
    action, is_soap11, read_message_id_leniently, read_request, refuse_stray_includes,
};
use xds_tls::Fingerprint;
use xds_xml::{Document, Element};

use super::body::{Body, BodyError, Pace, Shelf};
use super::connected::Connected;
use super::early::{Early, end_with};
use super::exchange::{Exchange, Offer, Refused, failed, message_id};
use super::parts::{Parts, mime_limits};
use super::reply::{Answer, Reply};
use crate::authenticate::{Caller, NotAuthenticated};
use crate::gate::Gate;
use crate::in_flight::Place;
use crate::metrics::RequestOutcome;
use crate::xua::NotAsserted;

/// One request.
pub(super) struct Serving<'r> {
    pub(super) gate: &'r Gate,
    pub(super) offer: Offer,
    pub(super) correlation: Uuid,
    pub(super) request: &'r HttpRequest,
}

/// How a request was served.
pub(super) struct Served {
    pub(super) response: HttpResponse,
    pub(super) transaction: Option<Transaction>,
    pub(super) node: Option<String>,
    pub(super) outcome: RequestOutcome,
    ends_connection: bool,
}

/// HTTP up to the end of the root part.
struct Received {
    packaging: Packaging,
    root: Bytes,
    parts: Option<Parts>,
}

impl Serving<'_> {
    pub(super) async fn run<H>(&self, payload: Payload, handler: H) -> Served
    where
        H: AsyncFnOnce(Exchange<'_>) -> Result<Answer, Refused>,
    {
        let limits = &self.gate.limits;
        let body = Body::new(
            payload,
            self.announced(),
            Pace::of(limits),
            limits.request_bytes_max,
        );
        let shelf = Shelf::holding(body);
        let mut served = match self.gate.authenticator.caller(self.request) {
            Ok(caller) => self.for_caller(&caller, &shelf, handler).await,
            Err(error) => self.for_stranger(error).await,
        };
        if served.ends_connection || !shelf.settle().await {
            end_with(&mut served.response, Connected::of(self.request));
        }
        served
    }

    async fn for_stranger(&self, error: NotAuthenticated) -> Served {
        tracing::warn!(%error, "a connection ends: its caller may not be served any more");
        let caller = stranger(self.request);
        let early = Early::Status(StatusCode::FORBIDDEN);
        let outcome = early.outcome();
        let written = self
            .gate
            .refusal(caller, &self.correlation.to_string(), None, error.word(), outcome)
            .await;
        if let Err(error) = written {
            tracing::error!(%error, "alarm: the audit event of a refusal cannot be written");
        }
        self.respond(early, None)
    }

    async fn for_caller<H>(&self, caller: &Caller, shelf: &Shelf, handler: H) -> Served
    where
        H: AsyncFnOnce(Exchange<'_>) -> Result<Answer, Refused>,
    {
        let node = caller.principal.node();
        let place = self.gate.in_flight.enter(&node.name, node.in_flight_max);
        let served = match place {
            Some(place) => self.with_place(caller, place, shelf, handler).await,
            None => {
                self.refused(Early::busy(None, self.packaging()), caller, None)
                    .await
            }
        };
        Served {
            node: Some(node.name.0.clone()),
            ..served
        }
    }

    async fn with_place<H>(&self, caller: &Caller, place: Place, shelf: &Shelf, handler: H) -> Served
    where
        H: AsyncFnOnce(Exchange<'_>) -> Result<Answer, Refused>,
    {
        let received = match self.receive(shelf).await {
            Ok(received) => received,
            Err(early) => return self.refused(early, caller, None).await,
        };
        let Received {
            packaging,
            root,
            parts,
        } = received;
        match Document::parse(&root, &self.gate.limits.xml(self.offer.parts_in.is_some())) {
            Ok(document) => {
                self.with_document(caller, place, packaging, &document, parts, handler)
                    .await
            }
            Err(error) => {
                drop(parts);
                let early = Early::fault(error.into(), None, packaging);
                self.refused(early, caller, None).await
            }
        }
    }

    async fn with_document<H>(
        &self,
        caller: &Caller,
        place: Place,
        packaging: Packaging,
        document: &Document<'_>,
        parts: Option<Parts>,
        handler: H,
    ) -> Served
    where
        H: AsyncFnOnce(Exchange<'_>) -> Result<Answer, Refused>,
    {
        let (envelope, transaction) = match self.understand(document) {
            Ok(understood) => understood,
            Err(fault) => {
                drop(parts);
                let relates_to = read_message_id_leniently(document);
                let early = match fault.subcode {
                    // The only fault of the envelope that is about assertions.
                    Some(Subcode::InvalidSecurity) => {
                        Early::assertion(xds_xua::Refused::many_security_headers(), relates_to, packaging)
                    }
                    _ => Early::fault(fault, relates_to, packaging),
                };
                return self.refused(early, caller, None).await;
            }
        };
        let security = envelope.security;
        let (relates_to, reply_to) = (envelope.headers.message_id, envelope.headers.reply_to);
        let parts = match self.permit(caller, transaction, parts).await {
            Ok(parts) => parts,
            Err(refused) => {
                let early = self.early_of(refused, packaging, Some(relates_to));
                return self.refused(early, caller, Some(transaction)).await;
            }
        };
        let asserted = match self.identify(caller, security, document, &relates_to) {
            Ok(asserted) => asserted,
            Err(error) => {
                drop(parts);
                let early = match error {
                    NotAsserted::Refused(refused) => Early::assertion(refused, Some(relates_to), packaging),
                    NotAsserted::Unavailable => Early::busy(Some(relates_to), packaging),
                };
                return self.refused(early, caller, Some(transaction)).await;
            }
        };
        let believed = security.filter(|_| asserted.is_some());
        let caller = asserted.as_ref().unwrap_or(caller);
        let opened = Cell::new(false);
        let exchange = Exchange {
            gate: self.gate,
            caller,
            correlation: self.correlation,
            transaction,
            body: envelope.body,
            packaging: &packaging,
            parts,
            message_id: &relates_to,
            reply_to: reply_to.as_deref(),
            security: believed,
            opened: &opened,
        };
        // The handler's future is by far the largest part of the request's: it goes to the heap, or each layer
        // around it would be moved with it.
        let handling = Box::pin(handler(exchange));
        match AssertUnwindSafe(handling).catch_unwind().await {
            Ok(Ok(answer)) => self.answered(answer, place, &packaging, transaction, &relates_to),
            ended => {
                let refused = ended.map_or_else(
                    |_| {
                        tracing::error!("alarm: a handler panicked");
                        Refused::Fault(failed())
                    },
                    |answer| answer.err().unwrap_or(Refused::Busy),
                );
                let early = self.early_of(refused, packaging, Some(relates_to));
                if opened.get() {
                    self.ended(early, transaction).await
                } else {
                    self.refused(early, caller, Some(transaction)).await
                }
            }
        }
    }

    /// The caller with the user of its assertion; none where there is no assertion, or nobody here believes any.
    fn identify(
        &self,
        caller: &Caller,
        security: Option<Element<'_>>,
        document: &Document<'_>,
        message_id: &str,
    ) -> Result<Option<Caller>, NotAsserted> {
        let Some(xua) = &self.gate.xua else {
            return Ok(None);
        };
        let message = || {
            let envelope = document.root().source().as_bytes();
            (message_id.to_owned(), Fingerprint::of(envelope).to_string())
        };
        xua.admit(security, caller, message)
    }

    /// What the envelope asks for, if this endpoint offers it.
    fn understand<'d>(
        &self,
        document: &'d Document<'_>,
    ) -> Result<(RequestEnvelope<'d>, Transaction), Fault> {
        let envelope = read_request(document, ReplyAddresses::AnonymousOnly)?;
        refuse_stray_includes(document, self.offer.parts_in)?;
        let transaction = action::resolve(&envelope.headers.action, envelope.body, self.offer.transactions)?;
        Ok((envelope, transaction))
    }

    /// Whether this node may send this. Where no element can refer to a part, the rest of the message is
    /// read here, so that nothing takes effect of one that is cut.
    async fn permit(
        &self,
        caller: &Caller,
        transaction: Transaction,
        parts: Option<Parts>,
    ) -> Result<Option<Parts>, Refused> {
        if !caller.principal.may_send(transaction) {
            return Err(Fault::sender("this node is not enrolled for this transaction").into());
        }
        match parts {
            Some(parts) if self.offer.parts_in.is_none() => {
                parts.drop_unread().await?;
                Ok(None)
            }
            parts => Ok(parts),
        }
    }

    fn answered(
        &self,
        answer: Answer,
        place: Place,
        packaging: &Packaging,
        transaction: Transaction,
        relates_to: &str,
    ) -> Served {
        let action = action::response_action(transaction).unwrap_or_default();
        let Answer { reply, outcome } = answer;
        let message_id = message_id(self.correlation);
        let addressing = Reply::addressing(action, relates_to, &message_id);
        Served {
            response: reply.into_response(addressing, packaging, self.gate.ids.random(), place),
            transaction: Some(transaction),
            node: None,
            outcome,
            ends_connection: false,
        }
    }

    /// Reads HTTP up to the end of the root part.
    async fn receive(&self, shelf: &Shelf) -> Result<Received, Early> {
        if self.request.method() != Method::POST {
            return Err(Early::Status(StatusCode::METHOD_NOT_ALLOWED));
        }
        let headers = self.request.headers();
        if headers.contains_key(CONTENT_ENCODING) || headers.get_all(CONTENT_TYPE).count() != 1 {
            return Err(Early::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let limits = &self.gate.limits;
        if self
            .announced()
            .is_some_and(|bytes| bytes > limits.request_bytes_max)
        {
            return Err(Early::Status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        match Packaging::parse(self.content_type()) {
            Ok(Packaging::Simple) => self.receive_simple(shelf).await,
            Ok(Packaging::Mtom { boundary, start }) => self.receive_mtom(shelf, boundary, start).await,
            Err(error) => Err(self.wrong_type(error, shelf).await),
        }
    }

    async fn receive_simple(&self, shelf: &Shelf) -> Result<Received, Early> {
        let root = self
            .whole(shelf)
            .await
            .map_err(|error| unread(error, Packaging::Simple))?;
        Ok(Received {
            packaging: Packaging::Simple,
            root,
            parts: None,
        })
    }

    async fn receive_mtom(
        &self,
        shelf: &Shelf,
        boundary: String,
        start: Option<String>,
    ) -> Result<Received, Early> {
        let reader = MtomReader::new(&boundary, start.as_deref(), mime_limits(&self.gate.limits));
        let packaging = Packaging::Mtom { boundary, start };
        let reader = match reader {
            Ok(reader) => reader,
            Err(fault) => return Err(Early::fault(fault, None, packaging)),
        };
        let mut parts = Parts::new(reader, shelf);
        match parts.root().await {
            Ok(root) => Ok(Received {
                packaging,
                root,
                parts: Some(parts),
            }),
            Err(refused) => Err(self.early_of(refused, packaging, None)),
        }
    }

    async fn whole(&self, shelf: &Shelf) -> Result<Bytes, BodyError> {
        let mut body = shelf.take().ok_or(BodyError::Cut)?;
        body.narrow(u64::from(self.gate.limits.root_part_bytes_max));
        let whole = body.whole().await;
        shelf.put_back(body);
        whole
    }

    async fn wrong_type(&self, error: ContentTypeError, shelf: &Shelf) -> Early {
        match error.refusal() {
            Refusal::UnsupportedMediaType => Early::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Refusal::SenderFault => Early::fault(error.into(), None, Packaging::Simple),
            Refusal::ReadEnvelope => self.perhaps_soap11(shelf).await,
        }
    }

    async fn perhaps_soap11(&self, shelf: &Shelf) -> Early {
        let other = Early::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let Ok(root) = self.whole(shelf).await else {
            return other;
        };
        match Document::parse(&root, &self.gate.limits.xml(false)) {
            Ok(document) if is_soap11(&document) => {
                let relates_to = read_message_id_leniently(&document);
                Early::fault(Fault::version_mismatch(), relates_to, Packaging::Simple)
            }
            _ => other,
        }
    }

    fn early_of(&self, refused: Refused, packaging: Packaging, relates_to: Option<String>) -> Early {
        match refused {
            Refused::Fault(fault) => Early::fault(fault, relates_to, packaging),
            Refused::Busy => Early::busy(relates_to, packaging),
            Refused::Audit(error) => {
                tracing::error!(%error, "alarm: a request was refused because its audit event cannot be written");
                Early::busy(relates_to, packaging)
            }
            Refused::Body(error) => unread(error, packaging),
        }
    }

    /// Answers a request that reached no handler, after its event is durable.
    async fn refused(&self, early: Early, caller: &Caller, transaction: Option<Transaction>) -> Served {
        let (audited, correlation) = (caller.audited(), self.correlation.to_string());
        let (word, outcome) = (early.word(), early.outcome());
        let written = match early.refused_assertion() {
            Some(code) => self.gate.assertion_refusal(audited, &correlation, code).await,
            None => {
                self.gate
                    .refusal(audited, &correlation, transaction, word, outcome)
                    .await
            }
        };
        match written {
            Ok(()) => self.respond(early, transaction),
            Err(error) => {
                tracing::error!(%error, "alarm: the audit event of a refusal cannot be written");
                self.respond(Early::busy(None, self.packaging()), transaction)
            }
        }
    }

    /// Answers a request whose handler opened a record and ended it otherwise than by an answer, after
    /// that record is durable.
    async fn ended(&self, early: Early, transaction: Transaction) -> Served {
        if let Err(error) = self.gate.journal.checkpoint().await {
            tracing::error!(%error, "alarm: the end of a request was not written to the journal");
        }
        self.respond(early, Some(transaction))
    }

    fn respond(&self, early: Early, transaction: Option<Transaction>) -> Served {
        let ends_connection = early.ends_connection();
        let (response, outcome) = early.into_response(self.gate, self.correlation);
        Served {
            response,
            transaction,
            node: None,
            outcome,
            ends_connection,
        }
    }

    /// The packaging that the request claims to have, for an answer that does not wait for it.
    fn packaging(&self) -> Packaging {
        Packaging::parse(self.content_type()).unwrap_or(Packaging::Simple)
    }

    fn content_type(&self) -> &str {
        self.header(CONTENT_TYPE.as_str()).unwrap_or_default()
    }

    fn announced(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH.as_str())?.parse().ok()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }
}

/// As much as is known of a caller that is not authenticated.
pub(super) fn stranger(request: &HttpRequest) -> AuditCaller {
    let Some(connected) = Connected::of(request) else {
        return AuditCaller::default();
    };
    AuditCaller {
        certificate: Some(connected.peer.fingerprint().to_string()),
        ..AuditCaller::stranger(connected.address)
    }
}

fn unread(error: BodyError, packaging: Packaging) -> Early {
    match error {
        BodyError::TooLarge if packaging.is_mtom() => Early::Status(StatusCode::PAYLOAD_TOO_LARGE),
        BodyError::TooLarge => Early::fault(Fault::envelope_too_large(), None, packaging),
        BodyError::TooSlow => Early::Status(StatusCode::REQUEST_TIMEOUT),
        BodyError::Cut => Early::Status(StatusCode::BAD_REQUEST),
    }
}
