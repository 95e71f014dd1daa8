//! Answers to requests that reach no handler, or that their handler refuses.

use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;
use xds_audit::Outcome;
use xds_soap::{Fault, FaultCode, Packaging};
use xds_xua::Refused as Rejected;

use super::connected::Connected;
use super::exchange::{fault_word, message_id};
use super::reply::package;
use crate::gate::Gate;
use crate::metrics::RequestOutcome;
use crate::xua::fault_of;

/// A request that got no further than this.
pub(super) enum Early {
    /// An HTTP status without SOAP. The connection ends.
    Status(StatusCode),
    /// A SOAP fault.
    Fault(EarlyFault),
}

/// A SOAP fault, with the MessageID that it relates to, in the packaging of the request.
pub(super) struct EarlyFault {
    pub(super) fault: Fault,
    pub(super) relates_to: Option<String>,
    pub(super) packaging: Packaging,
    busy: bool,
    /// The code of the rule by which an assertion is refused.
    assertion: Option<&'static str>,
}

impl Early {
    pub(super) fn fault(fault: Fault, relates_to: Option<String>, packaging: Packaging) -> Self {
        Self::Fault(EarlyFault {
            fault,
            relates_to,
            packaging,
            busy: false,
            assertion: None,
        })
    }

    pub(super) fn assertion(refused: Rejected, relates_to: Option<String>, packaging: Packaging) -> Self {
        Self::Fault(EarlyFault {
            fault: fault_of(refused),
            relates_to,
            packaging,
            busy: false,
            assertion: Some(refused.code()),
        })
    }

    pub(super) fn busy(relates_to: Option<String>, packaging: Packaging) -> Self {
        Self::Fault(EarlyFault {
            fault: Fault::receiver("the server is busy; send the same request again later"),
            relates_to,
            packaging,
            busy: true,
            assertion: None,
        })
    }

    /// The code of the rule, where an assertion is refused: that is an event of its own (ITI TF-2 3.40.4.2).
    pub(super) fn refused_assertion(&self) -> Option<&'static str> {
        match self {
            Self::Fault(early) => early.assertion,
            Self::Status(_) => None,
        }
    }

    /// The reason in the audit: a fixed word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Status(status) => status_word(*status),
            Self::Fault(EarlyFault { busy: true, .. }) => "busy",
            Self::Fault(EarlyFault { fault, .. }) => fault_word(fault),
        }
    }

    /// The outcome in the audit.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Fault(EarlyFault { busy: true, .. }) => Outcome::MinorFailure,
            Self::Fault(EarlyFault { fault, .. }) if fault.code == FaultCode::Receiver => {
                Outcome::MajorFailure
            }
            Self::Fault(_) | Self::Status(_) => Outcome::SeriousFailure,
        }
    }

    /// Whether no more is read from this connection.
    pub(super) fn ends_connection(&self) -> bool {
        matches!(self, Self::Status(_))
    }

    pub(super) fn into_response(self, gate: &Gate, correlation: Uuid) -> (HttpResponse, RequestOutcome) {
        match self {
            Self::Status(status) => (HttpResponse::new(status), RequestOutcome::Refused),
            Self::Fault(early) => early.into_response(gate, correlation),
        }
    }
}

impl EarlyFault {
    fn into_response(self, gate: &Gate, correlation: Uuid) -> (HttpResponse, RequestOutcome) {
        let status = match (self.busy, gate.fault_status_always_500) {
            (true, _) => 503,
            (false, true) => 500,
            (false, false) => self.fault.http_status(),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        if self.busy {
            response.insert_header(("retry-after", "1"));
        }
        let xml = self
            .fault
            .write(self.relates_to.as_deref(), &message_id(correlation));
        let outcome = if self.busy {
            RequestOutcome::Refused
        } else {
            RequestOutcome::Fault
        };
        let whole = package(response, xml, &self.packaging, gate.ids.random());
        (whole, outcome)
    }
}

/// For a request that was sent behind one that ended its connection: it is not served, nor looked at.
pub(super) fn too_late(request: &HttpRequest) -> Option<HttpResponse> {
    Connected::of(request)
        .filter(|connected| connected.has_ended())
        .map(|_| {
            let mut response = HttpResponse::new(StatusCode::SERVICE_UNAVAILABLE);
            response.head_mut().set_connection_type(ConnectionType::Close);
            response
        })
}

/// Lets a connection end with this response.
pub(super) fn end_with(response: &mut HttpResponse, connected: Option<&Connected>) {
    response.head_mut().set_connection_type(ConnectionType::Close);
    if let Some(connected) = connected {
        connected.end();
    }
}

pub(super) fn status_word(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "HTTP 400",
        403 => "HTTP 403",
        404 => "HTTP 404",
        405 => "HTTP 405",
        408 => "HTTP 408",
        413 => "HTTP 413",
        415 => "HTTP 415",
        431 => "HTTP 431",
        _ => "HTTP",
    }
}
