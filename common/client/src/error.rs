use std::error::Error as StdError;
use std::io;

use rustls::AlertDescription;
use xds_soap::{FaultCode, ReceivedFault, ResponseError};

use crate::ContentError;

/// Why a call gave no answer that can be used. Its `Display` holds nothing that a peer or a caller wrote.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CallError {
    /// The call itself is wrong; nothing was sent.
    #[error("the call cannot be made: {0}")]
    Request(#[from] RequestProblem),
    /// No connection; nothing was sent, or the server refused our certificate and read nothing.
    #[error("cannot connect: {0}")]
    Connect(#[from] ConnectFailure),
    /// A document that was to be sent could not be read.
    #[error("the content to send failed: {0}")]
    Content(#[from] ContentError),
    /// The connection broke before the answer was complete.
    #[error("the connection broke before the answer was complete")]
    Broken,
    /// See [`ClientSettings`](crate::ClientSettings) for the limits.
    #[error("no answer in time")]
    Timeout,
    /// An HTTP status without a SOAP fault.
    #[error("the server answered with HTTP status {0}")]
    Status(u16),
    /// More than the limits allow.
    #[error("the answer is too large")]
    TooLarge,
    /// Not a SOAP 1.2 message.
    #[error("the answer is no SOAP message: {0}")]
    NotSoap(#[from] NotSoap),
    /// The answer is one to something else.
    #[error("the answer does not fit the request: {0}")]
    Mismatch(#[from] Mismatch),
    /// A SOAP fault, with the HTTP status it came with.
    #[error("{fault} (HTTP status {status})")]
    Fault {
        /// The fault. Its reason is for people, not for logs.
        fault: ReceivedFault,
        /// 400 or 500 as a rule, but 200 has been seen.
        status: u16,
    },
    /// Not the JSON that was expected.
    #[error("the answer is not the JSON expected")]
    NotJson,
    /// The body is not the message of this transaction, or lacks something.
    #[error(transparent)]
    Form(#[from] xds_ebxml::rs::ResponseFormError),
    /// An xop:Include refers to a part that did not come.
    #[error("a document of the answer has no part")]
    MissingPart,
}

/// What is wrong with a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RequestProblem {
    /// Not an absolute https URL.
    #[error("the address is no absolute https URL")]
    Url,
    /// A name or value that cannot stand in an HTTP header.
    #[error("an HTTP header is malformed")]
    Header,
    /// The transaction does not travel in SOAP, or has several actions and none of them was given.
    #[error("the transaction has no such wsa:Action")]
    Action,
    /// The question cannot be written as JSON.
    #[error("the question cannot be written as JSON")]
    Json,
    /// The TLS configuration does not suit the HTTP client.
    #[error("the TLS configuration is refused by the HTTP client")]
    Tls,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConnectFailure {
    /// The host name has no address.
    #[error("the host name cannot be resolved")]
    Resolve,
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// No way there.
    #[error("host or network unreachable")]
    Unreachable,
    /// Not within [`connect_seconds_max`](crate::ClientSettings::connect_seconds_max).
    #[error("timed out")]
    Timeout,
    /// The server ended TLS by an alert: most often it does not know our certificate.
    #[error("the server ended the TLS handshake with the alert {0:?}")]
    Alert(AlertDescription),
    /// We did not accept the server.
    #[error("the TLS handshake failed: {0}")]
    Tls(rustls::Error),
    /// The connection was closed during the handshake.
    #[error("closed during the handshake")]
    Closed,
    /// Anything else.
    #[error("for another reason")]
    Other,
}

/// Why an answer is no SOAP message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotSoap {
    /// The Content-Type is missing or another one.
    #[error("{0}")]
    ContentType(xds_soap::ContentTypeError),
    /// There is no Content-Type.
    #[error("it has no Content-Type")]
    NoContentType,
    /// The multipart frame is broken or exceeds a limit.
    #[error("{0}")]
    Multipart(xds_soap::Fault),
    /// The envelope is no well-formed XML, or exceeds a limit.
    #[error("{0}")]
    Xml(xds_xml::XmlErrorKind),
    /// The envelope is none of SOAP 1.2.
    #[error("not a SOAP 1.2 envelope with one element in its body")]
    Envelope,
}

/// What does not fit (ITI TF-2 Appendix V.3.2.2): the answer is not used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Mismatch {
    /// wsa:Action.
    #[error("another wsa:Action")]
    Action,
    /// wsa:RelatesTo.
    #[error("another wsa:RelatesTo, or none")]
    RelatesTo,
}

impl CallError {
    /// Whether the server may have carried out the request. False only if it certainly has not.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Request(_) | Self::Connect(_) => false,
            Self::Fault { fault, .. } => {
                matches!(fault.code, FaultCode::Receiver | FaultCode::DataEncodingUnknown)
            }
            // 408: the server gave up waiting for the rest, but for the rest of what it does not say.
            Self::Status(status) => !(400..500).contains(status) || *status == 408,
            Self::Content(_)
            | Self::Broken
            | Self::Timeout
            | Self::TooLarge
            | Self::NotSoap(_)
            | Self::Mismatch(_)
            | Self::NotJson
            | Self::Form(_)
            | Self::MissingPart => true,
        }
    }

    /// Of an error while sending, or while waiting for the head of the answer.
    pub(crate) fn of_sending(error: &reqwest::Error) -> Self {
        if let Some(content) = find::<ContentError>(error) {
            return Self::Content(*content);
        }
        match ConnectFailure::of(error) {
            Some(failure) => Self::Connect(failure),
            None => Self::Broken,
        }
    }

    pub(crate) fn of_response(error: ResponseError, status: u16) -> Self {
        match error {
            ResponseError::Fault(fault) => Self::Fault { fault, status },
            ResponseError::Malformed => Self::NotSoap(NotSoap::Envelope),
            ResponseError::Action => Self::Mismatch(Mismatch::Action),
            ResponseError::RelatesTo => Self::Mismatch(Mismatch::RelatesTo),
        }
    }
}

impl ConnectFailure {
    /// `None`: the connection stood, and broke later.
    fn of(error: &reqwest::Error) -> Option<Self> {
        match (find::<rustls::Error>(error), error.is_connect()) {
            (Some(rustls::Error::AlertReceived(alert)), connecting) => {
                // Under TLS 1.3 a server refuses our certificate after our side of the handshake is done.
                (connecting || refuses_us(*alert)).then_some(Self::Alert(*alert))
            }
            (Some(tls), true) => Some(Self::Tls(tls.clone())),
            (_, false) => None,
            (None, true) if error.is_timeout() => Some(Self::Timeout),
            (None, true) if error.is_dns() => Some(Self::Resolve),
            (None, true) => Some(find::<io::Error>(error).map_or(Self::Other, Self::of_io)),
        }
    }

    pub(crate) fn of_io(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match find::<rustls::Error>(error) {
            Some(rustls::Error::AlertReceived(alert)) => return Self::Alert(*alert),
            Some(tls) => return Self::Tls(tls.clone()),
            None => {}
        }
        match error.kind() {
            Kind::ConnectionRefused => Self::Refused,
            Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::AddrNotAvailable => Self::Unreachable,
            Kind::TimedOut => Self::Timeout,
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof => {
                Self::Closed
            }
            _ => Self::Other,
        }
    }
}

fn refuses_us(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::AccessDenied
            | A::BadCertificate
            | A::CertificateExpired
            | A::CertificateRequired
            | A::CertificateRevoked
            | A::CertificateUnknown
            | A::DecryptError
            | A::HandshakeFailure
            | A::NoCertificate
            | A::ProtocolVersion
            | A::UnknownCA
            | A::UnsupportedCertificate
    )
}

/// The first error of a type in a chain of sources. An `io::Error` hides the error in it from the chain.
fn find<'e, E: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    // A chain that goes round would be a bug elsewhere; it must not hang us.
    for _ in 0..CHAIN_MAX {
        let current = next?;
        if let Some(found) = current.downcast_ref::<E>() {
            return Some(found);
        }
        next = match current.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => current.source(),
        };
    }
    None
}

const CHAIN_MAX: usize = 32;
