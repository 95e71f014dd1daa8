//! The files of a journal: a header, then records.
//!
//! The header says which journal the file belongs to and which link its first record follows, so that a
//! missing file is noticed. The segment that is written to has room ahead, filled with zeros, so that a flush changes
//! bytes only and not the file's size ([`crate::medium`]). Where the files lie: [`crate::place`].

use uuid::Uuid;

use crate::chain::{GENESIS, Link};
use crate::place::Place;
use crate::record::{Frame, FrameError, decode};
use crate::verify::Fault;

/// Bytes of the header.
pub(crate) const HEADER_BYTES: usize = 8 + 16 + 8 + 8 + 32 + 4;

const MAGIC: &[u8; 8] = b"RENKEIJ1";

/// What a segment begins with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Header {
    /// The journal that it belongs to.
    pub(crate) journal: Uuid,
    /// The number of its first record.
    pub(crate) first: u64,
    /// The oldest record that was open when the segment began; 0 if none was.
    pub(crate) oldest_open: u64,
    /// The link that its first record follows.
    pub(crate) link: Link,
}

impl Header {
    /// As on the disk: magic, journal, first, oldest open, link, CRC-32.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(self.journal.as_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.oldest_open.to_le_bytes());
        bytes.extend_from_slice(&self.link);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// The header at the start of `bytes`, and what follows it.
    pub(crate) fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (journal, rest) = rest.split_first_chunk::<16>()?;
        let (first, rest) = rest.split_first_chunk::<8>()?;
        let (oldest_open, rest) = rest.split_first_chunk::<8>()?;
        let (link, rest) = rest.split_first_chunk::<32>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let fits = crc32fast::hash(bytes.get(..HEADER_BYTES - 4)?) == u32::from_le_bytes(*crc);
        (magic == MAGIC && fits).then(|| {
            let header = Self {
                journal: Uuid::from_bytes(*journal),
                first: u64::from_le_bytes(*first),
                oldest_open: u64::from_le_bytes(*oldest_open),
                link: *link,
            };
            (header, rest)
        })
    }
}

/// What may stand in a segment after its last record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum After {
    /// Nothing: it is full.
    Nothing,
    /// Room for more, filled with zeros: it is being written, or its process died.
    Room,
}

impl After {
    /// Of a segment that is the last one, or is not.
    pub(crate) fn of(place: &Place, last: bool) -> Self {
        if last && !place.sealed {
            Self::Room
        } else {
            Self::Nothing
        }
    }
}

/// Whether these bytes are room that was not written yet. No record is: its length is not zero.
pub(crate) fn is_room(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| *byte == 0)
}

/// Where in the chain a reader is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cursor {
    /// The number that the next record must have.
    pub(crate) next: u64,
    /// The link that it must follow.
    pub(crate) link: Link,
}

impl Cursor {
    pub(crate) const START: Self = Self {
        next: 1,
        link: GENESIS,
    };

    /// Goes over the records in `bytes`, each given to `see`. At the first that is not as written, or
    /// that `see` objects to, it stops: the offset of that one, and what is wrong. Else the offset after the last.
    pub(crate) fn walk<'a>(
        &mut self,
        bytes: &'a [u8],
        after: After,
        mut see: impl FnMut(&Frame<'a>, &Link) -> Result<(), Fault>,
    ) -> Result<usize, (usize, Fault)> {
        let mut offset = 0;
        while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
            let frame = match decode(rest) {
                Ok(frame) => frame,
                Err(_) if after == After::Room && is_room(rest) => return Ok(offset),
                Err(error) => return Err((offset, Fault::from(error))),
            };
            if frame.sequence != self.next {
                return Err((
                    offset,
                    Fault::Sequence {
                        found: frame.sequence,
                    },
                ));
            }
            if frame.link != frame.expected_link(&self.link) {
                return Err((offset, Fault::Chain));
            }
            see(&frame, &self.link).map_err(|fault| (offset, fault))?;
            self.next += 1;
            self.link = frame.link;
            offset += frame.bytes;
        }
        Ok(offset)
    }
}

/// The records in the bytes after a header, one by one; ends after the first that is none.
pub(crate) struct Records<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = Result<Frame<'a>, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let frame = decode(self.0);
        let taken = frame.as_ref().map_or(self.0.len(), |frame| frame.bytes);
        self.0 = self.0.get(taken..).unwrap_or_default();
        Some(frame)
    }
}

impl From<FrameError> for Fault {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Incomplete => Self::Incomplete,
            FrameError::Length | FrameError::Damaged => Self::Damaged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_and_every_changed_byte_is_noticed() {
        let header = Header {
            journal: Uuid::from_u128(7),
            first: 9,
            oldest_open: 3,
            link: [5; 32],
        };
        let bytes = header.encode();
        assert_eq!(bytes.len(), HEADER_BYTES);
        assert_eq!(Header::decode(&bytes).unwrap().0, header);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Header::decode(&changed).is_none(), "byte {at}");
        }
    }
}
