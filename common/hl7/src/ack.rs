//! The acknowledgment: ACK in original mode (ITI TF-2, 3.8.4.1.2 and Appendix C.2.3).
//!
//! MSH, MSA with MSA-1 and MSA-2 only, and for a refusal one ERR with ERR-2, ERR-3 and ERR-4, whatever the
//! version of the request.

use time::OffsetDateTime;

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
/// `time` is written with its offset. `control_id` is the id of the acknowledgment itself: letters, digits and
/// hyphens, other characters are dropped; 20 of them suit every receiver.
pub fn build(request: &Header, answer: &Answer, time: OffsetDateTime, control_id: &str) -> Vec<u8> {
    let control_id: String = control_id
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let write = |request: &Header| {
        let text = head(request, time, &control_id) + &segments(request, answer);
        request.charset.encode(&text)
    };
    // What came in one form cannot always go out in it (JIS X 0212): then that field is left out.
    write(request)
        .or_else(|_| write(&encodable(request)))
        .unwrap_or_default()
}

/// The header without the fields that its character set does not have.
fn encodable(request: &Header) -> Header {
    let keep = |field: &str| {
        let fits = request.charset.encode(field).is_ok();
        if fits { field.to_owned() } else { String::new() }
    };
    Header {
        sending_application: keep(&request.sending_application),
        sending_facility: keep(&request.sending_facility),
        receiving_application: keep(&request.receiving_application),
        receiving_facility: keep(&request.receiving_facility),
        trigger: keep(&request.trigger),
        control_id: keep(&request.control_id),
        processing_id: keep(&request.processing_id),
        version: keep(&request.version),
        ..request.clone()
    }
}

/// MSH. Applications and facilities change sides.
fn head(request: &Header, time: OffsetDateTime, control_id: &str) -> String {
    let time = timestamp::write(time);
    let version = or(&request.version, "2.3.1");
    let message_type = message_type(request, version);
    let mut fields = vec![
        request.receiving_application.as_str(),
        &request.receiving_facility,
        &request.sending_application,
        &request.sending_facility,
        &time,
        "",
        &message_type,
        control_id,
        or(&request.processing_id, "P"),
        version,
    ];
    // MSH-18 is valued only where it is needed.
    if fields.iter().any(|field| !field.is_ascii()) || !request.control_id.is_ascii() {
        fields.extend(["", "", "", "", "", &request.declared_charset]);
    }
    header::write(&fields)
}

fn or<'a>(field: &'a str, otherwise: &'a str) -> &'a str {
    if field.is_empty() { otherwise } else { field }
}

/// MSH-9: the trigger event is that of the request. The structure is optional in v2.3.1 and written there for
/// senders that write theirs; the versions after it require it.
fn message_type(request: &Header, version: &str) -> String {
    if request.trigger.is_empty() {
        return "ACK".to_owned();
    }
    let is_231 = version.split('^').next() == Some("2.3.1");
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
