//! One SOAP request: read, understood, given to its handler, answered.

use std::cell::Cell;
use std::time::Instant;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpResponse, http::StatusCode};
use bytes::Bytes;
use tracing::Instrument;
use uuid::Uuid;
use xds_audit::{AuditError, Closing, Event, EventKind, Objects, Outcome, Record};
use xds_model::Transaction;
use xds_soap::{
    ContentTypeError, Fault, MtomReader, Packaging, Refusal, ReplyAddresses, action, is_soap11,
    read_message_id_leniently, read_request, refuse_stray_includes, write_response,
};
use xds_xml::{Document, Element};

use super::body::{Body, BodyError, Pace};
use super::parts::Parts;
use super::reply::{Answer, Reply, package};
use crate::authenticate::Caller;
use crate::gate::Gate;
use crate::in_flight::Place;
use crate::metrics::RequestOutcome;

/// What an endpoint offers.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// The transactions of this endpoint.
    pub transactions: &'static [Transaction],
    /// The element (namespace, local name) whose content may be a part.
    pub parts_in: Option<(&'static str, &'static str)>,
}

/// A request on its way through a handler.
pub struct Exchange<'d> {
    /// The gate.
    pub gate: &'d Gate,
    /// Who is asking.
    pub caller: &'d Caller,
    /// The id of this request in answer, log and audit.
    pub correlation: Uuid,
    /// Which transaction.
    pub transaction: Transaction,
    /// The one element of the SOAP body.
    pub body: Element<'d>,
    /// How the request travels; the answer travels the same way.
    pub packaging: &'d Packaging,
    /// The parts behind the root part, as they come.
    pub parts: Option<Parts>,
    /// wsa:MessageID of the request.
    message_id: &'d str,
    opened: &'d Cell<bool>,
}

/// Why a handler gives no answer of its own.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// A SOAP fault.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The server has no room for it now.
    #[error("busy")]
    Busy,
    /// The audit journal takes no more.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The body cannot be read to its end.
    #[error(transparent)]
    Body(#[from] BodyError),
}

impl Exchange<'_> {
    /// The correlation id as text.
    pub fn correlation_text(&self) -> String {
        self.correlation.to_string()
    }

    /// The envelope of the answer, for one that is streamed; `body` appends the body element.
    pub fn envelope(&self, body: impl FnOnce(&mut String)) -> String {
        let action = action::response_action(self.transaction).unwrap_or_default();
        write_response(action, self.message_id, &message_id(self.correlation), body)
    }

    /// Opens the audit record. Every handler does so before its work.
    ///
    /// # Errors
    /// When the journal takes no more: the request must not go on.
    pub async fn open(&self, objects: Objects) -> Result<Record, Refused> {
        let kind = EventKind::received(self.transaction);
        let opening = self
            .gate
            .opening(kind, self.caller, &self.correlation_text(), objects);
        let record = self.gate.open(opening).await?;
        self.opened.set(true);
        Ok(record)
    }
}

/// Serves one request at a SOAP endpoint.
///
/// The work is detached: a client that hangs up stops nothing halfway.
pub async fn serve<H>(
    gate: Data<Gate>,
    offer: Offer,
    request: HttpRequest,
    payload: Payload,
    handler: H,
) -> HttpResponse
where
    H: AsyncFnOnce(Exchange<'_>) -> Result<Answer, Refused> + 'static,
{
    let correlation = gate.ids.random();
    let span = tracing::info_span!("request", correlation = %correlation);
    let work = async move {
        let began = Instant::now();
        let served = Serving {
            gate: &gate,
            offer,
            correlation,
            began,
        }
        .run(request, payload, handler)
        .await;
        gate.metrics
            .request(served.transaction, served.outcome, began.elapsed());
        tracing::info!(
            transaction = served.transaction.map_or("none", Transaction::name),
            outcome = served.outcome.as_str(),
            node = served.node.as_deref().unwrap_or("-"),
            status = served.response.status().as_u16(),
            micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            "request"
        );
        served.response
    };
    match actix_rt::spawn(work.instrument(span)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(correlation = %correlation, "alarm: a handler panicked");
            let fault = Fault::receiver(
                "the server failed; nothing is known to have been stored; tell the operator the message id",
            );
            let xml = fault.write(None, &message_id(correlation));
            HttpResponse::InternalServerError()
                .content_type(xds_soap::SIMPLE_CONTENT_TYPE)
                .body(xml)
        }
    }
}

fn message_id(correlation: Uuid) -> String {
    format!("urn:uuid:{correlation}")
}

/// How a request was served.
struct Served {
    response: HttpResponse,
    transaction: Option<Transaction>,
    node: Option<String>,
    outcome: RequestOutcome,
}

struct Serving<'g> {
    gate: &'g Gate,
    offer: Offer,
    correlation: Uuid,
    began: Instant,
}

/// A request that got no further than this.
enum Early {
    /// An HTTP status without SOAP.
    Status(StatusCode),
    /// A SOAP fault, with the MessageID it relates to and whether it travels as MTOM.
    Fault {
        fault: Fault,
        relates_to: Option<String>,
        packaging: Packaging,
        busy: bool,
    },
}

impl Serving<'_> {
    async fn run<H>(self, request: HttpRequest, payload: Payload, handler: H) -> Served
    where
        H: AsyncFnOnce(Exchange<'_>) -> Result<Answer, Refused>,
    {
        let caller = match self.gate.authenticator.caller(&request) {
            Ok(caller) => caller,
            Err(error) => {
                tracing::warn!(%error, "a connection was closed: its caller may not be served any more");
                return self.unserved(
                    HttpResponse::build(StatusCode::FORBIDDEN).force_close().finish(),
                    None,
                );
            }
        };
        let node = Some(caller.principal.node().name.0.clone());
        let Some(place) = self.enter(&caller) else {
            let early = self.busy(Packaging::Simple, None);
            return self.refused(early, &caller, None, node).await;
        };
        self.gate.metrics.in_flight().inc();
        let served = self.with_caller(&request, payload, &caller, place, handler).await;
        self.gate.metrics.in_flight().dec();
        Served { node, ..served }
    }

    fn enter(&self, caller: &Caller) -> Option<Place> {
        let node = caller.principal.node();
        self.gate.in_flight.enter(&node.name, node.in_flight_max)
    }

    async fn with_caller<H>(
        &self,
        request: &HttpRequest,
        payload: Payload,
        caller: &Caller,
        place: Place,
        handler: H,
    ) -> Served
    where
        H: AsyncFnOnce(Exchange<'_>) -> Result<Answer, Refused>,
    {
        let (packaging, root, parts) = match self.receive(request, payload).await {
            Ok(received) => received,
            Err(early) => return self.refused(early, caller, None, None).await,
        };
        let xml = self.gate.limits.xml(self.offer.parts_in.is_some());
        let document = match Document::parse(&root, &xml) {
            Ok(document) => document,
            Err(error) => {
                let early = Early::Fault {
                    fault: error.into(),
                    relates_to: None,
                    packaging,
                    busy: false,
                };
                return self.refused(early, caller, None, None).await;
            }
        };
        self.with_document(caller, place, packaging, &document, parts, handler)
            .await
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
        let relates_to = read_message_id_leniently(document);
        let understood = read_request(document, ReplyAddresses::AnonymousOnly).and_then(|envelope| {
            refuse_stray_includes(document, self.offer.parts_in)?;
            let transaction =
                action::resolve(&envelope.headers.action, envelope.body, self.offer.transactions)?;
            Ok((envelope, transaction))
        });
        let (envelope, transaction) = match understood {
            Ok(understood) => understood,
            Err(fault) => {
                let early = Early::Fault {
                    fault,
                    relates_to,
                    packaging,
                    busy: false,
                };
                return self.refused(early, caller, None, None).await;
            }
        };
        if !caller.principal.may_send(transaction) {
            let fault = Fault::sender("this node is not enrolled for this transaction");
            let early = Early::Fault {
                fault,
                relates_to,
                packaging,
                busy: false,
            };
            return self.refused(early, caller, Some(transaction), None).await;
        }
        let opened = Cell::new(false);
        let exchange = Exchange {
            gate: self.gate,
            caller,
            correlation: self.correlation,
            transaction,
            body: envelope.body,
            packaging: &packaging,
            parts,
            message_id: &envelope.headers.message_id,
            opened: &opened,
        };
        match handler(exchange).await {
            Ok(answer) => self.answered(
                answer,
                place,
                &packaging,
                transaction,
                &envelope.headers.message_id,
            ),
            Err(refused) => {
                let early = self.early_of(refused, packaging, Some(envelope.headers.message_id));
                if opened.get() {
                    let (response, outcome) = self.respond(early);
                    Served {
                        response,
                        transaction: Some(transaction),
                        node: None,
                        outcome,
                    }
                } else {
                    self.refused(early, caller, Some(transaction), None).await
                }
            }
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
        let random = self.gate.ids.random();
        let message_id = message_id(self.correlation);
        let addressing = Reply::addressing(action, relates_to, &message_id);
        let response = reply.into_response(addressing, packaging, random, place);
        Served {
            response,
            transaction: Some(transaction),
            node: None,
            outcome,
        }
    }

    /// Reads HTTP up to the end of the root part.
    async fn receive(
        &self,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<(Packaging, Bytes, Option<Parts>), Early> {
        if request.method() != Method::POST {
            return Err(Early::Status(StatusCode::METHOD_NOT_ALLOWED));
        }
        if request.headers().contains_key(CONTENT_ENCODING) {
            return Err(Early::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let length = header(request, CONTENT_LENGTH.as_str()).and_then(|text| text.parse::<u64>().ok());
        let limits = &self.gate.limits;
        if length.is_some_and(|bytes| bytes > limits.request_bytes_max) {
            return Err(Early::Status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        if request.headers().get_all(CONTENT_TYPE).count() > 1 {
            return Err(Early::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let content_type = header(request, CONTENT_TYPE.as_str()).unwrap_or_default();
        match Packaging::parse(content_type) {
            Ok(Packaging::Simple) => {
                let body = Body::new(payload, Pace::of(limits), u64::from(limits.root_part_bytes_max));
                let root = body
                    .whole(length)
                    .await
                    .map_err(|error| self.unread(error, Packaging::Simple))?;
                Ok((Packaging::Simple, root, None))
            }
            Ok(Packaging::Mtom { boundary, start }) => {
                let body = Body::new(payload, Pace::of(limits), limits.request_bytes_max);
                let reader = MtomReader::new(&boundary, start.as_deref(), super::parts::mime_limits(limits));
                let packaging = Packaging::Mtom { boundary, start };
                let fault = |fault| Early::Fault {
                    fault,
                    relates_to: None,
                    packaging: packaging.clone(),
                    busy: false,
                };
                let mut parts = Parts::new(reader.map_err(fault)?, body);
                match parts.root().await {
                    Ok(root) => Ok((packaging, root, Some(parts))),
                    Err(Refused::Body(error)) => Err(self.unread(error, packaging)),
                    Err(refused) => Err(self.early_of(refused, packaging, None)),
                }
            }
            Err(error) => Err(self.wrong_type(error, payload).await),
        }
    }

    async fn wrong_type(&self, error: ContentTypeError, payload: Payload) -> Early {
        match error.refusal() {
            Refusal::UnsupportedMediaType => Early::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Refusal::SenderFault => Early::Fault {
                fault: error.into(),
                relates_to: None,
                packaging: Packaging::Simple,
                busy: false,
            },
            Refusal::ReadEnvelope => {
                let limits = &self.gate.limits;
                let body = Body::new(payload, Pace::of(limits), u64::from(limits.root_part_bytes_max));
                let Ok(root) = body.whole(None).await else {
                    return Early::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
                };
                match Document::parse(&root, &limits.xml(false)) {
                    Ok(document) if is_soap11(&document) => Early::Fault {
                        fault: Fault::version_mismatch(),
                        relates_to: read_message_id_leniently(&document),
                        packaging: Packaging::Simple,
                        busy: false,
                    },
                    _ => Early::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
                }
            }
        }
    }

    fn unread(&self, error: BodyError, packaging: Packaging) -> Early {
        match error {
            BodyError::TooLarge if packaging.is_mtom() => Early::Status(StatusCode::PAYLOAD_TOO_LARGE),
            BodyError::TooLarge => Early::Fault {
                fault: Fault::envelope_too_large(),
                relates_to: None,
                packaging,
                busy: false,
            },
            BodyError::TooSlow => Early::Status(StatusCode::REQUEST_TIMEOUT),
            BodyError::Cut => Early::Status(StatusCode::BAD_REQUEST),
        }
    }

    fn early_of(&self, refused: Refused, packaging: Packaging, relates_to: Option<String>) -> Early {
        match refused {
            Refused::Fault(fault) => Early::Fault {
                fault,
                relates_to,
                packaging,
                busy: false,
            },
            Refused::Busy => self.busy(packaging, relates_to),
            Refused::Audit(error) => {
                tracing::error!(%error, "alarm: a request was refused because its audit event cannot be written");
                self.busy(packaging, relates_to)
            }
            Refused::Body(error) => self.unread(error, packaging),
        }
    }

    fn busy(&self, packaging: Packaging, relates_to: Option<String>) -> Early {
        let fault = Fault::receiver("the server is busy; send the same request again later");
        Early::Fault {
            fault,
            relates_to,
            packaging,
            busy: true,
        }
    }

    /// Answers a request that reached no handler, after its event is durable.
    async fn refused(
        &self,
        early: Early,
        caller: &Caller,
        transaction: Option<Transaction>,
        node: Option<String>,
    ) -> Served {
        let reason = match &early {
            Early::Status(status) => format!("HTTP {}", status.as_u16()),
            Early::Fault { fault, .. } => format!("SOAP fault {}", fault.code),
        };
        let kind = EventKind::RequestRefused {
            transaction,
            reason: reason.clone(),
        };
        let opening = self
            .gate
            .opening(kind, caller, &self.correlation.to_string(), Objects::default());
        let closing = Closing::failure(Outcome::SeriousFailure, [reason]);
        let (response, outcome) = match self.gate.single(Event { opening, closing }).await {
            Ok(()) => self.respond(early),
            Err(error) => {
                tracing::error!(%error, "alarm: the audit event of a refusal cannot be written");
                self.respond(self.busy(Packaging::Simple, None))
            }
        };
        Served {
            response,
            transaction,
            node,
            outcome,
        }
    }

    fn respond(&self, early: Early) -> (HttpResponse, RequestOutcome) {
        match early {
            Early::Status(status) => {
                let mut response = HttpResponse::build(status);
                response.force_close();
                (response.finish(), RequestOutcome::Refused)
            }
            Early::Fault {
                fault,
                relates_to,
                packaging,
                busy,
            } => {
                let status = if self.gate.fault_status_always_500 {
                    500
                } else {
                    fault.http_status()
                };
                let status = StatusCode::from_u16(if busy { 503 } else { status });
                let mut response = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
                if busy {
                    response.insert_header(("retry-after", "1"));
                }
                // What is left of the request is not read: the connection cannot go on.
                response.force_close();
                let xml = fault.write(relates_to.as_deref(), &message_id(self.correlation));
                let outcome = if busy {
                    RequestOutcome::Refused
                } else {
                    RequestOutcome::Fault
                };
                (
                    package(response, xml, &packaging, self.gate.ids.random()),
                    outcome,
                )
            }
        }
    }

    fn unserved(&self, response: HttpResponse, node: Option<String>) -> Served {
        tracing::debug!(
            micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
            "unserved"
        );
        Served {
            response,
            transaction: None,
            node,
            outcome: RequestOutcome::Refused,
        }
    }
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    request.headers().get(name)?.to_str().ok()
}
