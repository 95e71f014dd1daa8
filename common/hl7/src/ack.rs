//! The acknowledgment: ACK in original mode (ITI TF-2, 3.8.4.1.2 and Appendix C.2.3).
//!
//! MSH, MSA with MSA-1 and MSA-2 only, and for a refusal one ERR with ERR-2, ERR-3 and ERR-4, whatever the
//! version of the request.

use time::OffsetDateTime;

use crate::charset::Charset;
use crate::header::{self, Header};
use crate::refusal::Refusal;
use crate::timestamp;

/// What is said about a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// AA: it has been carried out, durably.
    Accept,
    /// AE or AR: nothing was changed.
    Refuse(Refusal),
}

/// Writes the acknowledgment of the message with this header, in the character set of that message.
///
/// `time` is written with its offset. `control_id` is the id of the acknowledgment itself, plain ASCII
/// without delimiters and at most 20 characters to please every receiver.
pub fn build(request: &Header, answer: &Answer, time: OffsetDateTime, control_id: &str) -> Vec<u8> {
    let body = segments(request, answer);
    let mut head = head(request, request, time, control_id);
    if !head.is_ascii() && request.charset.encode(&head).is_err() {
        // What came in one form cannot always go out in it (JIS X 0212): name nobody rather than another.
        head = self::head(request, &nameless(request), time, control_id);
    }
    let text = head + &body;
    // All that is left is ASCII, unless the head can be encoded.
    request
        .charset
        .encode(&text)
        .unwrap_or_else(|_| text.into_bytes())
}

fn nameless(request: &Header) -> Header {
    Header {
        sending_application: String::new(),
        sending_facility: String::new(),
        receiving_application: String::new(),
        receiving_facility: String::new(),
        ..request.clone()
    }
}

/// MSH. `names` gives the applications and facilities, which change sides.
fn head(request: &Header, names: &Header, time: OffsetDateTime, control_id: &str) -> String {
    let time = timestamp::write(time);
    let version = if request.version.is_empty() {
        "2.3.1"
    } else {
        &request.version
    };
    let mut fields = vec![
        names.receiving_application.as_str(),
        &names.receiving_facility,
        &names.sending_application,
        &names.sending_facility,
        &time,
        "",
    ];
    let message_type = message_type(request);
    let processing_id = if request.processing_id.is_empty() {
        "P"
    } else {
        &request.processing_id
    };
    fields.extend([message_type.as_str(), control_id, processing_id, version]);
    // MSH-18 is valued only where it is needed.
    if fields.iter().any(|field| !field.is_ascii()) && request.charset != Charset::Ascii {
        fields.extend(["", "", "", "", "", &request.declared_charset]);
    }
    header::write(&fields)
}

/// MSH-9: the trigger event is that of the request. The structure is optional in v2.3.1 and written there for
/// senders that write theirs; the versions after it require it.
fn message_type(request: &Header) -> String {
    if request.trigger.is_empty() {
        return "ACK".to_owned();
    }
    let is_231 = request.version.split('^').next() == Some("2.3.1");
    let structure = if request.has_structure || !is_231 {
        "^ACK"
    } else {
        ""
    };
    format!("ACK^{}{structure}", request.trigger)
}

fn segments(request: &Header, answer: &Answer) -> String {
    let id = &request.control_id;
    match answer {
        Answer::Accept => format!("MSA|AA|{id}\r"),
        Answer::Refuse(refusal) => format!("MSA|{}|{id}\r{}", refusal.code.as_str(), error(refusal)),
    }
}

fn error(refusal: &Refusal) -> String {
    let place = refusal.place.map(|place| place.to_string()).unwrap_or_default();
    let (code, text) = refusal.condition.code_and_text();
    format!("ERR||{place}|{code}^{text}^HL70357|E\r")
}
