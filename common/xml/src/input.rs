//! What is checked once over all bytes, before the first token is read.

use memchr::{memchr, memmem};

use crate::{
    chars::is_forbidden_control,
    error::{XmlError, XmlErrorKind},
};

/// Bytes known to be UTF-8 and free of characters that XML excludes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    /// All of the input, byte order mark included, so that offsets are those of the caller.
    pub(crate) text: &'a str,
    /// Where the document starts: after the byte order mark.
    pub(crate) start: usize,
    /// Whether a carriage return stands anywhere: if not, no line end needs normalising.
    pub(crate) has_cr: bool,
}

impl<'a> Input<'a> {
    /// Checks size, encoding and characters.
    pub(crate) fn check(bytes: &'a [u8], bytes_max: usize) -> Result<Self, XmlError> {
        let error = |kind, offset| XmlError::new(kind, bytes, offset);
        // Positions are kept in 32 bits.
        if bytes.len() > bytes_max || u32::try_from(bytes.len()).is_err() {
            return Err(error(XmlErrorKind::DocumentTooLarge, 0));
        }
        if is_wide_encoding(bytes) {
            return Err(error(XmlErrorKind::UnsupportedEncoding, 0));
        }
        let text =
            std::str::from_utf8(bytes).map_err(|fault| error(XmlErrorKind::NotUtf8, fault.valid_up_to()))?;
        let start = if text.starts_with('\u{FEFF}') {
            BOM.len()
        } else {
            0
        };
        if let Some(offset) = find_forbidden_control(bytes) {
            return Err(error(XmlErrorKind::ForbiddenCharacter, offset));
        }
        if let Some((kind, offset)) = find_forbidden_wide(bytes, start) {
            return Err(error(kind, offset));
        }
        Ok(Self {
            text,
            start,
            has_cr: memchr(b'\r', bytes).is_some(),
        })
    }
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// UTF-16 and UTF-32 by byte order mark, or by the zero bytes around the first character
/// (XML 1.0, appendix F.1).
fn is_wide_encoding(bytes: &[u8]) -> bool {
    let marked = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    let unmarked = bytes.starts_with(b"<\0") || bytes.starts_with(b"\0<") || bytes.starts_with(b"\0\0");
    marked || unmarked
}

/// Looks at whole blocks without a branch per byte, so that the compiler can use vector instructions.
fn find_forbidden_control(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 128;
    let is_bad = |block: &[u8]| {
        block
            .iter()
            .fold(false, |bad, byte| bad | is_forbidden_control(*byte))
    };
    let (index, block) = bytes.chunks(BLOCK).enumerate().find(|(_, block)| is_bad(block))?;
    let within = block.iter().position(|byte| is_forbidden_control(*byte))?;
    Some(index.saturating_mul(BLOCK).saturating_add(within))
}

/// U+FFFE and U+FFFF, which XML excludes, and byte order marks other than the first.
fn find_forbidden_wide(bytes: &[u8], start: usize) -> Option<(XmlErrorKind, usize)> {
    let body = bytes.get(start..)?;
    let noncharacter = memmem::find_iter(body, b"\xEF\xBF")
        .find(|offset| matches!(body.get(offset.saturating_add(2)), Some(0xBE | 0xBF)));
    let found = match noncharacter {
        Some(offset) => Some((XmlErrorKind::ForbiddenCharacter, offset)),
        None => memmem::find(body, BOM).map(|offset| (XmlErrorKind::MisplacedByteOrderMark, offset)),
    };
    found.map(|(kind, offset)| (kind, offset.saturating_add(start)))
}
