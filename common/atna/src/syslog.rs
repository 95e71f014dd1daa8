//! Syslog lines (RFC 5424) that hold audit messages: ours to write (ITI TF-2 3.20.4.1), anybody's to read.

use std::borrow::Cow;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xds_audit::Outcome;

use crate::message::{AuditMessage, date_time};
use crate::source::Source;

/// MSGID of audit messages, whichever their format.
pub const MESSAGE_ID: &str = "IHE+RFC-3881";

/// Facility 10: security and authorization.
const FACILITY: u8 = 10;
const WARNING: u8 = 4;
const NOTICE: u8 = 5;
/// RFC 5424 section 6: characters of each field.
const HOST_CHARS_MAX: usize = 255;
const APPLICATION_CHARS_MAX: usize = 48;
const PROCESS_CHARS_MAX: usize = 128;

/// The message as a line, without a byte order mark and without any framing: one line, whatever the values hold.
///
/// Severity is notice after a success and warning after a failure.
pub fn line(message: &AuditMessage, source: &Source) -> String {
    let severity = if message.event.outcome == Outcome::Success {
        NOTICE
    } else {
        WARNING
    };
    let header = format!(
        "<{}>1 {} {} {} {} {MESSAGE_ID} - ",
        FACILITY * 8 + severity,
        date_time(message.event.at),
        field(&source.host, HOST_CHARS_MAX),
        field(&source.application, APPLICATION_CHARS_MAX),
        field(&source.process_id, PROCESS_CHARS_MAX),
    );
    header + &message.to_xml()
}

/// A header field: what is no printable ASCII becomes `_`, what is too long is cut, nothing is `-`.
fn field(value: &str, chars_max: usize) -> Cow<'_, str> {
    let value = value.trim();
    if value.is_empty() {
        return Cow::Borrowed("-");
    }
    if value.len() <= chars_max && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Cow::Borrowed(value);
    }
    let clean = |char: char| if char.is_ascii_graphic() { char } else { '_' };
    Cow::Owned(value.chars().take(chars_max).map(clean).collect())
}

/// A line that was received. Fields that are `-` are none.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Received<'a> {
    /// 0 to 23.
    pub facility: u8,
    /// 0 (emergency) to 7 (debug).
    pub severity: u8,
    /// TIMESTAMP, if it is one.
    pub timestamp: Option<OffsetDateTime>,
    /// HOSTNAME.
    pub host: Option<&'a str>,
    /// APP-NAME.
    pub application: Option<&'a str>,
    /// PROCID.
    pub process_id: Option<&'a str>,
    /// MSGID.
    pub message_id: Option<&'a str>,
    /// STRUCTURED-DATA as it stands.
    pub structured_data: Option<&'a str>,
    /// MSG, without a byte order mark and without line ends at its end.
    pub message: &'a [u8],
}

impl<'a> Received<'a> {
    /// The XML of an audit message, if that is what the line holds: MSGID says so, or it looks like one.
    pub fn audit_xml(&self) -> Option<&'a [u8]> {
        let says_so = self
            .message_id
            .is_some_and(|id| AUDIT_IDS.iter().any(|audit| id.eq_ignore_ascii_case(audit)));
        let xml = self.message.trim_ascii_start();
        let looks_so = xml.starts_with(b"<?xml") || xml.starts_with(b"<AuditMessage");
        (says_so || looks_so).then_some(xml)
    }
}

/// MSGIDs in use: IHE's, and two of DICOM and of older senders.
const AUDIT_IDS: [&str; 4] = [MESSAGE_ID, "IHE+DICOM", "DICOM+RFC3881", "RFC-3881"];

/// Why a line is none of RFC 5424.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LineError {
    /// It does not begin with `<` PRI `>` and a version.
    #[error("no priority and version at the start")]
    Priority,
    /// It ends before MSGID.
    #[error("the header is cut")]
    Header,
    /// A field of the header is no UTF-8.
    #[error("the header is no text")]
    Text,
    /// STRUCTURED-DATA does not end.
    #[error("the structured data is not whole")]
    StructuredData,
}

/// Reads a line, with or without a byte order mark before its message.
///
/// # Errors
/// [`LineError`], when it is not of RFC 5424. Lengths and characters of fields are not judged.
pub fn parse(line: &[u8]) -> Result<Received<'_>, LineError> {
    let (priority, rest) = priority(line)?;
    let (timestamp, rest) = word(rest)?;
    let (host, rest) = word(rest)?;
    let (application, rest) = word(rest)?;
    let (process_id, rest) = word(rest)?;
    let (message_id, rest) = last_word(rest)?;
    let (structured_data, rest) = structured_data(rest)?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    Ok(Received {
        facility: priority / 8,
        severity: priority % 8,
        timestamp: timestamp.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok()),
        host,
        application,
        process_id,
        message_id,
        structured_data,
        message: trimmed(rest.strip_prefix(BOM).unwrap_or(rest)),
    })
}

const BOM: &[u8] = b"\xEF\xBB\xBF";
/// 23 * 8 + 7.
const PRIORITY_MAX: u8 = 191;

/// PRI and VERSION.
fn priority(line: &[u8]) -> Result<(u8, &[u8]), LineError> {
    let read = || {
        let line = line.strip_prefix(BOM).unwrap_or(line).trim_ascii_start();
        let rest = line.strip_prefix(b"<")?;
        let (digits, rest) = split(rest, |byte| byte == b'>')?;
        let (version, rest) = split(rest, |byte| byte == b' ')?;
        let is_number = |text: &[u8]| (1..=3).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
        let priority: u8 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        (is_number(digits) && is_number(version) && priority <= PRIORITY_MAX).then_some((priority, rest))
    };
    read().ok_or(LineError::Priority)
}

type Word<'a> = (Option<&'a str>, &'a [u8]);

/// A field and the space after it.
fn word(bytes: &[u8]) -> Result<Word<'_>, LineError> {
    let (word, rest) = split(bytes, |byte| byte == b' ').ok_or(LineError::Header)?;
    Ok((text(word)?, rest))
}

/// MSGID, after which some senders end the line.
fn last_word(bytes: &[u8]) -> Result<Word<'_>, LineError> {
    match split(bytes, |byte| byte == b' ') {
        Some((word, rest)) => Ok((text(word)?, rest)),
        None if trimmed(bytes).is_empty() => Err(LineError::Header),
        None => Ok((text(trimmed(bytes))?, b"")),
    }
}

/// `-`, or elements in brackets whose values may hold escaped quotes and brackets.
fn structured_data(bytes: &[u8]) -> Result<Word<'_>, LineError> {
    if !bytes.starts_with(b"[") {
        return Ok((None, bytes.strip_prefix(b"-").unwrap_or(bytes)));
    }
    let (mut in_element, mut in_value, mut escaped) = (false, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_value => escaped = true,
            b'"' if in_element => in_value = !in_value,
            b']' if in_element && !in_value => in_element = false,
            b'[' if !in_element => in_element = true,
            _ if in_element => {}
            _ => {
                let (data, rest) = bytes.split_at_checked(at).ok_or(LineError::StructuredData)?;
                return Ok((text(data)?, rest));
            }
        }
    }
    if in_element {
        Err(LineError::StructuredData)
    } else {
        Ok((text(bytes)?, b""))
    }
}

fn text(word: &[u8]) -> Result<Option<&str>, LineError> {
    match std::str::from_utf8(word) {
        Ok("-" | "") => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(LineError::Text),
    }
}

fn split(bytes: &[u8], at: impl Fn(u8) -> bool) -> Option<(&[u8], &[u8])> {
    let position = bytes.iter().position(|byte| at(*byte))?;
    let (before, rest) = bytes.split_at_checked(position)?;
    Some((before, rest.get(1..)?))
}

fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let Some(rest) = bytes
        .strip_suffix(b"\n")
        .or_else(|| bytes.strip_suffix(b"\r"))
        .or_else(|| bytes.strip_suffix(b"\0"))
    {
        bytes = rest;
    }
    bytes
}
