//! One SOAP request as its handler sees it.

use std::cell::Cell;
use std::time::Instant;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use tracing::Instrument;
use uuid::Uuid;
use xds_audit::{AuditError, Closing, EventKind, Objects, Outcome, Record};
use xds_model::Transaction;
use xds_soap::{Fault, FaultCode, Packaging, action, write_response};
use xds_xml::Element;

use super::body::BodyError;
use super::connected::Connected;
use super::early::too_late;
use super::parts::Parts;
use super::reply::Answer;
use super::serving::Serving;
use crate::authenticate::Caller;
use crate::gate::Gate;

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
    /// The parts behind the root part, as they come. None at an endpoint that takes no parts: there the
    /// whole message has been read.
    pub parts: Option<Parts>,
    /// wsa:MessageID of the request.
    pub(super) message_id: &'d str,
    /// wsa:ReplyTo of the request, unless it is the anonymous one.
    pub(super) reply_to: Option<&'d str>,
    /// The wsse:Security header whose assertion was believed.
    pub(super) security: Option<Element<'d>>,
    pub(super) opened: &'d Cell<bool>,
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

impl Refused {
    /// Closes the record of a request that is refused after it was opened. A record that is only dropped
    /// tells of a request that was abandoned.
    pub async fn closing(self, record: Record) -> Self {
        let closing = Closing::failure(self.outcome(), [self.word()]);
        match record.close(closing).await {
            Ok(()) => self,
            Err(error) => error.into(),
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Busy => Outcome::MinorFailure,
            Self::Fault(fault) if fault.code == FaultCode::Receiver => Outcome::MajorFailure,
            Self::Fault(_) | Self::Body(_) => Outcome::SeriousFailure,
            Self::Audit(_) => Outcome::MajorFailure,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Fault(fault) => fault_word(fault),
            Self::Busy => "busy",
            Self::Audit(_) => "audit",
            Self::Body(_) => "request cut",
        }
    }
}

/// A fault as the audit names it.
pub(super) fn fault_word(fault: &Fault) -> &'static str {
    match fault.code {
        FaultCode::Sender => "SOAP fault Sender",
        FaultCode::Receiver => "SOAP fault Receiver",
        FaultCode::MustUnderstand => "SOAP fault MustUnderstand",
        FaultCode::VersionMismatch => "SOAP fault VersionMismatch",
        FaultCode::DataEncodingUnknown => "SOAP fault DataEncodingUnknown",
    }
}

impl Exchange<'_> {
    /// The correlation id as text.
    pub fn correlation_text(&self) -> String {
        self.correlation.to_string()
    }

    /// The assertion that the caller's user was told by, to be passed on; none where there was none or nobody here
    /// believes any.
    pub fn assertion_xml(&self) -> Option<String> {
        self.security.and_then(xds_xua::assertion_xml)
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
        let mut opening = self
            .gate
            .opening(kind, self.caller, &self.correlation_text(), objects);
        opening.caller.reply_to = self.reply_to.map(str::to_owned);
        let record = self.gate.open(opening).await?;
        self.opened.set(true);
        Ok(record)
    }
}

/// Serves one request at a SOAP endpoint.
///
/// The work is detached: a client that hangs up stops nothing halfway. A handler that panics ends its
/// own request only.
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
    if let Some(response) = too_late(&request) {
        return response;
    }
    let correlation = gate.ids.random();
    let span = tracing::info_span!("request", correlation = %correlation);
    let working = Connected::of(&request).map(Connected::working);
    let work = async move {
        let began = Instant::now();
        let serving = Serving {
            gate: &gate,
            offer,
            correlation,
            request: &request,
        };
        // On the heap: the runtime moves a task's future several times.
        let served = Box::pin(serving.run(payload, handler)).await;
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
        drop(working);
        served.response
    };
    match actix_rt::spawn(work.instrument(span)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(correlation = %correlation, "alarm: a request was given up");
            let xml = failed().write(None, &message_id(correlation));
            HttpResponse::InternalServerError()
                .force_close()
                .content_type(xds_soap::SIMPLE_CONTENT_TYPE)
                .body(xml)
        }
    }
}

/// What a client is told when the server failed.
pub(super) fn failed() -> Fault {
    Fault::receiver(
        "the server failed; nothing is known to have been stored; tell the operator the message id",
    )
}

pub(super) fn message_id(correlation: Uuid) -> String {
    format!("urn:uuid:{correlation}")
}
