use xds_xml::{Document, Element};

use crate::envelope::Envelope;
use crate::fault::FaultCode;
use crate::ns;

/// Why an answer cannot be taken as the response to a request. A failure of the transport, all but
/// [`ResponseError::Fault`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ResponseError {
    /// The peer answered with a SOAP fault.
    #[error("the peer answered with {0}")]
    Fault(ReceivedFault),
    /// Not a SOAP 1.2 envelope with one body element.
    #[error("the answer is not a SOAP 1.2 envelope with one element in its body")]
    Malformed,
    /// wsa:Action is missing, stands twice, or is another than the one expected.
    #[error("the answer has not the expected wsa:Action")]
    Action,
    /// wsa:RelatesTo is missing or names another request.
    #[error("the answer does not relate to the request")]
    RelatesTo,
}

/// A fault that a peer sent. Its `Display` gives the code only: what the peer wrote may name a patient.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReceivedFault {
    /// The code. One that SOAP 1.2 does not know is taken as Receiver.
    pub code: FaultCode,
    /// Local names of the subcodes, outermost first.
    pub subcodes: Vec<String>,
    /// The first reason text. Not for logs.
    pub reason: String,
}

impl std::fmt::Display for ReceivedFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a SOAP fault {}", self.code)
    }
}

/// Reads the response to a request and hands out the element in its body.
///
/// # Errors
/// See [`ResponseError`]. A fault is told as such only if it does not relate to another request.
pub fn read_response<'d>(
    doc: &'d Document<'_>,
    expected_actions: &[&str],
    request_message_id: &str,
) -> Result<Element<'d>, ResponseError> {
    let envelope = Envelope::read(doc).map_err(|_| ResponseError::Malformed)?;
    let relation = Relation::read(envelope.header, request_message_id);
    if envelope.body.is(ns::SOAP12, "Fault") {
        return Err(match relation {
            // Without RelatesTo: the peer could not read our MessageID.
            Relation::Ours | Relation::Missing => ResponseError::Fault(read_fault(envelope.body)),
            Relation::Foreign => ResponseError::RelatesTo,
        });
    }
    if relation != Relation::Ours {
        return Err(ResponseError::RelatesTo);
    }
    match action(envelope.header) {
        Some(action) if expected_actions.contains(&action) => Ok(envelope.body),
        _ => Err(ResponseError::Action),
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Relation {
    Ours,
    Foreign,
    Missing,
}

impl Relation {
    /// Of several RelatesTo with the relation "reply" each must name the request.
    fn read(header: Option<Element<'_>>, message_id: &str) -> Self {
        let mut replies = header
            .into_iter()
            .flat_map(|header| header.children_named(ns::WSA, "RelatesTo"))
            .filter(|block| is_reply(*block))
            .peekable();
        if replies.peek().is_none() {
            return Self::Missing;
        }
        match replies.all(|block| block.text().is_ok_and(|text| text.trim() == message_id.trim())) {
            true => Self::Ours,
            false => Self::Foreign,
        }
    }
}

fn is_reply(block: Element<'_>) -> bool {
    let kind = block.attribute("RelationshipType").map(str::trim);
    matches!(kind, None | Some("http://www.w3.org/2005/08/addressing/reply"))
}

fn action<'d>(header: Option<Element<'d>>) -> Option<&'d str> {
    let mut actions = header?.children_named(ns::WSA, "Action");
    match (actions.next(), actions.next()) {
        (Some(action), None) => action.text().ok().map(str::trim),
        _ => None,
    }
}

fn read_fault(fault: Element<'_>) -> ReceivedFault {
    let code = fault.child(ns::SOAP12, "Code");
    let reason = fault
        .child(ns::SOAP12, "Reason")
        .and_then(|reason| reason.child(ns::SOAP12, "Text"))
        .and_then(|text| text.text().ok());
    ReceivedFault {
        code: code
            .and_then(local_value)
            .and_then(FaultCode::from_local)
            .unwrap_or(FaultCode::Receiver),
        subcodes: std::iter::successors(code.and_then(subcode), |code| subcode(*code))
            .filter_map(local_value)
            .map(str::to_owned)
            .collect(),
        reason: reason.unwrap_or_default().trim().to_owned(),
    }
}

fn subcode<'d>(code: Element<'d>) -> Option<Element<'d>> {
    code.child(ns::SOAP12, "Subcode")
}

/// The Value of a code without its prefix.
fn local_value<'d>(code: Element<'d>) -> Option<&'d str> {
    let value = code.child(ns::SOAP12, "Value")?.text().ok()?.trim();
    Some(value.rsplit_once(':').map_or(value, |(_, local)| local))
}
