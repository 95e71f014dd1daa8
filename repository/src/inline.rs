//! A document that stands in the message itself, in base64: decoded piece by piece.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{Stream, stream};
use xds_soap::Fault;
use xds_xml::Element;

/// Characters decoded at a time.
const PIECE_CHARS: usize = 64 * 1024;

/// The bytes of a document element's text. White space is passed over (XML Schema part 2, 3.2.16).
///
/// # Errors
/// A Sender fault for an element with other content than text; in the stream one for what is no base64.
pub(crate) fn decoded(element: Element<'_>) -> Result<impl Stream<Item = Result<Bytes, Fault>>, Fault> {
    let text = element.text().map_err(|_| not_base64())?;
    let decoder = Decoder {
        rest: text,
        ended: false,
    };
    Ok(stream::iter(decoder))
}

struct Decoder<'d> {
    rest: &'d str,
    /// Padding was seen, or a fault: nothing but white space may follow.
    ended: bool,
}

impl Iterator for Decoder<'_> {
    type Item = Result<Bytes, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut packed = Vec::with_capacity(PIECE_CHARS.min(self.rest.len()));
        let mut used = self.rest.len();
        for (at, byte) in self.rest.bytes().enumerate() {
            if packed.len() == PIECE_CHARS {
                used = at;
                break;
            }
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                packed.push(byte);
            }
        }
        // Everything before `used` was ASCII or makes the decoding fail below.
        self.rest = self.rest.get(used..).unwrap_or_default();
        if packed.is_empty() {
            return None;
        }
        let decoded = match self.ended {
            true => Err(not_base64()),
            false => STANDARD.decode(&packed).map_err(|_| not_base64()),
        };
        self.ended = packed.ends_with(b"=") || decoded.is_err();
        if decoded.is_err() {
            self.rest = "";
        }
        Some(decoded.map(Bytes::from))
    }
}

fn not_base64() -> Fault {
    Fault::sender("the content of a Document is neither base64 nor one xop:Include")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<Vec<u8>, Fault> {
        let decoder = Decoder {
            rest: text,
            ended: false,
        };
        let pieces: Result<Vec<Bytes>, Fault> = decoder.collect();
        Ok(pieces?.concat())
    }

    #[test]
    fn http_15_white_space_is_no_content_and_pieces_join() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let text = STANDARD.encode(&bytes);
        let wrapped: String = text
            .as_bytes()
            .chunks(76)
            .map(|line| format!("{}\r\n ", std::str::from_utf8(line).unwrap()))
            .collect();
        assert!(decode(&text).unwrap() == bytes);
        assert!(decode(&wrapped).unwrap() == bytes);
        assert_eq!(decode("").unwrap(), b"");
        assert_eq!(decode(" \n ").unwrap(), b"");
    }

    #[test]
    fn http_15_what_is_no_base64_is_a_fault() {
        for bad in ["QQ", "QQ=", "Q===", "QQ==QQ==", "QQ-_", "QUJD日本", "=", "QUJD*"] {
            assert!(decode(bad).is_err(), "{bad}");
        }
        // Padding at the end of a piece, and more behind it.
        let long = "QUJD".repeat(PIECE_CHARS / 4 - 1) + "QQ==" + "QUJD";
        assert!(decode(&long).is_err());
        // A character that is cut by the end of a piece.
        let cut = "QUJD".repeat(PIECE_CHARS / 4 - 1) + "QUJ日QUJD";
        assert!(decode(&cut).is_err());
    }
}
