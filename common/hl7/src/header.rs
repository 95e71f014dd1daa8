//! MSH as far as an acknowledgment needs it, readable even when the message is not.

use crate::charset::{self, Charset};
use crate::er7;

/// The fields of MSH that an acknowledgment repeats, as sent: in ER7, so not to be escaped again.
///
/// A field that cannot be read is empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// MSH-3.
    pub sending_application: String,
    /// MSH-4.
    pub sending_facility: String,
    /// MSH-5.
    pub receiving_application: String,
    /// MSH-6.
    pub receiving_facility: String,
    /// MSH-9.2.
    pub trigger: String,
    /// Whether MSH-9.3 is there.
    pub has_structure: bool,
    /// MSH-10.
    pub control_id: String,
    /// MSH-11.
    pub processing_id: String,
    /// MSH-12.
    pub version: String,
    /// MSH-18 as sent; empty when it is not understood.
    pub declared_charset: String,
    /// What it stands for.
    pub charset: Charset,
}

impl Header {
    /// Characters of a field that are repeated: the longest that HL7 v2.5 allows in one of these is 227.
    const FIELD_CHARS_MAX: usize = 300;

    /// Reads the header of a message that may be faulty. `None` when it does not start with `MSH|`: then no
    /// acknowledgment can be addressed.
    ///
    /// With other delimiters than the standard ones in MSH-2, fields in which they could play a part are left empty.
    pub fn sniff(message: &[u8]) -> Option<Self> {
        let fields = charset::header_fields(message);
        if fields.len() < 2 || *fields.first()? != b"MSH" {
            return None;
        }
        let raw = |number: usize| fields.get(number - 1).copied().unwrap_or_default();
        let is_standard = raw(2) == br"^~\&";
        let declared_charset = printable(Charset::Ascii, raw(18));
        let understood = Charset::from_msh18(&declared_charset).ok();
        let charset = understood.unwrap_or(Charset::Ascii);
        let text = |number: usize| {
            let text = printable(charset, raw(number));
            let plain = text.chars().all(|c| c.is_alphanumeric() || c == '.');
            if is_standard || plain { text } else { String::new() }
        };
        let message_type = text(9);
        let mut type_parts = message_type.split('^').skip(1);
        Some(Self {
            sending_application: text(3),
            sending_facility: text(4),
            receiving_application: text(5),
            receiving_facility: text(6),
            trigger: type_parts.next().unwrap_or_default().to_owned(),
            has_structure: type_parts.next().is_some_and(|structure| !structure.is_empty()),
            control_id: text(10),
            processing_id: text(11),
            version: text(12),
            declared_charset: if understood.is_some() {
                declared_charset
            } else {
                String::new()
            },
            charset,
        })
    }
}

/// The field as text, empty when it is none that can be repeated in an answer.
fn printable(charset: Charset, field: &[u8]) -> String {
    let text = charset.decode(field).unwrap_or_default();
    let repeatable = text.chars().count() <= Header::FIELD_CHARS_MAX && !text.chars().any(char::is_control);
    if repeatable { text } else { String::new() }
}

/// MSH up to field `n`, from the texts of fields 3 to `n`, without empty ones at the end.
pub(crate) fn write(fields: &[&str]) -> String {
    let mut text = String::from(er7::HEADER);
    for field in fields {
        text.push('|');
        text.push_str(field);
    }
    text.truncate(text.trim_end_matches('|').len());
    text.push('\r');
    text
}
