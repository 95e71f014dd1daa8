//! Content-Transfer-Encoding base64 (RFC 2045 section 6.8), decoded as it comes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::MimeError;

/// Decodes in pieces. White space is passed over; a foreign character, wrong padding or anything after
/// the padding is an error.
#[derive(Default)]
pub(super) struct Base64Decoder {
    /// Characters that do not yet make a group of four.
    held: Vec<u8>,
    padded: bool,
}

impl Base64Decoder {
    pub(super) fn decode(&mut self, data: &[u8]) -> Result<Bytes, MimeError> {
        let mut text = std::mem::take(&mut self.held);
        text.extend(
            data.iter()
                .filter(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')),
        );
        self.held = text.split_off(text.len() - text.len() % 4);
        if text.is_empty() {
            return Ok(Bytes::new());
        }
        if std::mem::replace(&mut self.padded, text.ends_with(b"=")) {
            return Err(MimeError::InvalidBase64);
        }
        let decoded = STANDARD.decode(text).map_err(|_| MimeError::InvalidBase64)?;
        Ok(decoded.into())
    }

    /// Called at the end of the part.
    pub(super) fn finish(&self) -> Result<(), MimeError> {
        match self.held.is_empty() {
            true => Ok(()),
            false => Err(MimeError::InvalidBase64),
        }
    }
}
