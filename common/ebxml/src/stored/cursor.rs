//! Reading and writing the raw body: texts on one side, parts on the other.

use uuid::Uuid;
use xds_xml::escape;

use super::tags::VERSION;

/// A stored body that cannot be what we wrote.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BodyError {
    /// The version byte is unknown: written by a newer release, or damaged.
    #[error("the body has layout version {0}, which this release does not know")]
    Version(u8),
    /// The body is of another kind of object.
    #[error("the body is that of another kind of object")]
    Kind,
    /// It ends too early, or goes on too long.
    #[error("the body has the wrong length")]
    Length,
    /// The texts are no UTF-8, or a length ends inside a character.
    #[error("the body has a damaged text")]
    Text,
    /// A part of an unknown number, or where it cannot be.
    #[error("the body has an unexpected part {0}")]
    Part(u8),
    /// A text that is no value of its attribute.
    #[error("the body has a value that is none of its attribute")]
    Value,
}

/// A body that is being written.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    texts: String,
    parts: Vec<u8>,
}

impl Encoder {
    pub(super) fn with_capacity() -> Self {
        Self {
            texts: String::with_capacity(1024),
            parts: Vec::with_capacity(256),
        }
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.parts.push(byte);
    }

    pub(super) fn number(&mut self, number: u64) {
        push_varint(&mut self.parts, number);
    }

    /// A text, which is escaped here.
    pub(super) fn text(&mut self, text: &str) {
        let before = self.texts.len();
        escape::text(&mut self.texts, text);
        self.number((self.texts.len() - before) as u64);
    }

    pub(super) fn uuid(&mut self, uuid: Uuid) {
        self.parts.extend_from_slice(uuid.as_bytes());
    }

    pub(super) fn finish(self, kind: u8) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.texts.len() + self.parts.len() + 8);
        body.extend_from_slice(&[VERSION, kind]);
        push_varint(&mut body, self.texts.len() as u64);
        body.extend_from_slice(self.texts.as_bytes());
        body.extend_from_slice(&self.parts);
        body
    }
}

/// Seven bits a byte, the lowest first; the top bit says that more follow.
fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A body that is being read.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'b> {
    texts: &'b str,
    parts: &'b [u8],
}

impl<'b> Cursor<'b> {
    /// The kind of the body, and the rest of it.
    pub(super) fn open(body: &'b [u8]) -> Result<(u8, Self), BodyError> {
        let (head, rest) = body.split_first_chunk::<2>().ok_or(BodyError::Length)?;
        let [version, kind] = *head;
        if version != VERSION {
            return Err(BodyError::Version(version));
        }
        let mut cursor = Self {
            texts: "",
            parts: rest,
        };
        let length = cursor.length()?;
        let (texts, parts) = cursor.parts.split_at_checked(length).ok_or(BodyError::Length)?;
        let texts = std::str::from_utf8(texts).map_err(|_| BodyError::Text)?;
        Ok((kind, Self { texts, parts }))
    }

    /// The next part's number, or that this was the last one.
    pub(super) fn next(&mut self) -> Result<Option<u8>, BodyError> {
        match self.parts.split_first() {
            Some((tag, rest)) => {
                self.parts = rest;
                Ok(Some(*tag))
            }
            None if self.texts.is_empty() => Ok(None),
            None => Err(BodyError::Length),
        }
    }

    pub(super) fn byte(&mut self) -> Result<u8, BodyError> {
        let (byte, rest) = self.parts.split_first().ok_or(BodyError::Length)?;
        self.parts = rest;
        Ok(*byte)
    }

    pub(super) fn number(&mut self) -> Result<u64, BodyError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                break;
            }
            number |= low << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(BodyError::Length)
    }

    /// A number of things that follow. Each takes a byte at least, so that a wrong number ends at the end.
    pub(super) fn count(&mut self) -> Result<usize, BodyError> {
        self.length()
    }

    fn length(&mut self) -> Result<usize, BodyError> {
        usize::try_from(self.number()?).map_err(|_| BodyError::Length)
    }

    /// A text, escaped.
    pub(super) fn text(&mut self) -> Result<&'b str, BodyError> {
        let length = self.length()?;
        if length > self.texts.len() {
            return Err(BodyError::Length);
        }
        let (text, rest) = self.texts.split_at_checked(length).ok_or(BodyError::Text)?;
        self.texts = rest;
        Ok(text)
    }

    pub(super) fn uuid(&mut self) -> Result<Uuid, BodyError> {
        let (bytes, rest) = self.parts.split_first_chunk::<16>().ok_or(BodyError::Length)?;
        self.parts = rest;
        Ok(Uuid::from_bytes(*bytes))
    }

    /// The UUID that a nested element was submitted with.
    pub(super) fn nested_id(&mut self, flags: u8) -> Result<Option<Uuid>, BodyError> {
        if flags & super::tags::HAS_ID == 0 {
            return Ok(None);
        }
        self.uuid().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut encoder = Encoder::default();
            encoder.number(number);
            let body = encoder.finish(3);
            let (kind, mut cursor) = Cursor::open(&body).unwrap();
            assert_eq!((kind, cursor.number()), (3, Ok(number)));
            assert_eq!(cursor.next(), Ok(None));
        }
    }

    #[test]
    fn numbers_over_64_bits_are_refused() {
        let body = [&[VERSION, 1, 0][..], &[0xff; 9], &[0x02]].concat();
        let (_, mut cursor) = Cursor::open(&body).unwrap();
        assert_eq!(cursor.number(), Err(BodyError::Length));
    }

    #[test]
    fn damage_has_a_name() {
        assert_eq!(Cursor::open(&[]).unwrap_err(), BodyError::Length);
        assert_eq!(Cursor::open(&[9, 1, 0]).unwrap_err(), BodyError::Version(9));
        assert_eq!(
            Cursor::open(&[VERSION, 1, 5, b'a']).unwrap_err(),
            BodyError::Length
        );
        assert_eq!(Cursor::open(&[VERSION, 1, 1, 0xff]).unwrap_err(), BodyError::Text);
        let split = [&[VERSION, 1, 3][..], "漢".as_bytes(), &[1]].concat();
        let (_, mut cursor) = Cursor::open(&split).unwrap();
        assert_eq!(cursor.text(), Err(BodyError::Text));
    }
}
