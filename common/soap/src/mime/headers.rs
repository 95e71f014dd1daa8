use crate::content_type::{essence_of, is_token_byte};
use crate::mtom::ContentId;

use super::MimeError;

/// The headers of a part that matter here; all others are passed over.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PartHeaders {
    /// Content-ID without its angle brackets.
    pub content_id: Option<ContentId>,
    /// Content-Type as sent, unfolded. Informative for a document: its metadata is authoritative.
    pub content_type: Option<String>,
    /// Content-Transfer-Encoding in lower case. The content handed out is already decoded.
    pub transfer_encoding: Option<String>,
}

impl PartHeaders {
    /// Whether the content is in base64.
    pub(super) fn is_base64(&self) -> bool {
        self.transfer_encoding.as_deref() == Some("base64")
    }
}

/// Collects the header lines of one part, unfolds and checks them.
#[derive(Default)]
pub(super) struct HeaderBlock {
    bytes: usize,
    lines: usize,
    /// Unfolded lines.
    fields: Vec<Vec<u8>>,
}

impl HeaderBlock {
    /// Takes a line without its line end.
    pub(super) fn push(&mut self, line: &[u8], bytes_max: usize, lines_max: usize) -> Result<(), MimeError> {
        self.bytes = self.bytes.saturating_add(line.len()).saturating_add(2);
        self.lines = self.lines.saturating_add(1);
        if self.bytes > bytes_max {
            return Err(MimeError::HeadersTooLarge);
        }
        if self.lines > lines_max {
            return Err(MimeError::TooManyHeaderLines);
        }
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            self.fields.push(line.to_vec());
            return Ok(());
        }
        let last = self.fields.last_mut().ok_or(MimeError::MalformedHeader)?;
        last.push(b' ');
        last.extend_from_slice(line.trim_ascii());
        Ok(())
    }

    /// What the lines said.
    pub(super) fn finish(self) -> Result<PartHeaders, MimeError> {
        let mut headers = PartHeaders::default();
        for field in &self.fields {
            read_field(field, &mut headers)?;
        }
        check(&headers)?;
        Ok(headers)
    }
}

fn read_field(field: &[u8], headers: &mut PartHeaders) -> Result<(), MimeError> {
    let colon = memchr::memchr(b':', field).ok_or(MimeError::MalformedHeader)?;
    let (name, value) = field.split_at_checked(colon).ok_or(MimeError::MalformedHeader)?;
    let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
    let forbidden = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    if name.is_empty() || !name.iter().copied().all(is_token_byte) || value.iter().any(forbidden) {
        return Err(MimeError::MalformedHeader);
    }
    match name.to_ascii_lowercase().as_slice() {
        b"content-id" => once(&mut headers.content_id, ContentId::from_header(text(value)?)?),
        b"content-type" => once(&mut headers.content_type, text(value)?.to_owned()),
        b"content-transfer-encoding" => {
            once(&mut headers.transfer_encoding, text(value)?.to_ascii_lowercase())
        }
        // A Content-Disposition may hold a file name in any encoding.
        _ => Ok(()),
    }
}

fn text(value: &[u8]) -> Result<&str, MimeError> {
    std::str::from_utf8(value).map_err(|_| MimeError::MalformedHeader)
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), MimeError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(MimeError::DuplicateHeader),
    }
}

fn check(headers: &PartHeaders) -> Result<(), MimeError> {
    let encoding = headers.transfer_encoding.as_deref();
    if !matches!(encoding, None | Some("binary" | "8bit" | "7bit" | "base64")) {
        return Err(MimeError::UnsupportedTransferEncoding);
    }
    let content_type = headers.content_type.as_deref().unwrap_or_default();
    // A type that cannot be read is no reason to refuse a document, unless it looks multipart.
    let essence = essence_of(content_type).unwrap_or_else(|| content_type.to_ascii_lowercase());
    match essence.trim_start().starts_with("multipart/") {
        true => Err(MimeError::NestedMultipart),
        false => Ok(()),
    }
}
