//! One record on the disk.
//!
//! `length u32 | sequence u64 | kind u8 | payload | link [32] | crc u32`, little-endian; the length is
//! that of the payload, the CRC-32 covers everything before it.

use crate::chain::{Link, leaf, link};

/// Bytes in the longest payload. The longest part of an event is a stored query, at most 8 MiB, whose
/// quotes JSON escapes.
pub const PAYLOAD_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Bytes before the payload.
pub(crate) const PREFIX: usize = 4 + 8 + 1;
const SUFFIX: usize = 32 + 4;

/// What a record is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Kind {
    /// The opening part of a request.
    Open = 1,
    /// The closing part of a request.
    Close = 2,
    /// An event of one moment.
    Single = 3,
    /// A signed checkpoint.
    Checkpoint = 4,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Open, Self::Close, Self::Single, Self::Checkpoint]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// A record read from the disk: its CRC fits, its place in the chain is not checked.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its number; the first record of a journal is 1.
    pub sequence: u64,
    /// What it is.
    pub kind: Kind,
    /// JSON.
    pub payload: &'a [u8],
    /// The link stored with it.
    pub link: Link,
    /// Bytes that it takes on the disk.
    pub bytes: usize,
}

impl Frame<'_> {
    /// The link that it must have after `previous`.
    pub fn expected_link(&self, previous: &Link) -> Link {
        link(previous, &leaf(self.sequence, self.kind, self.payload))
    }
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// They end before the record does.
    #[error("the record is incomplete")]
    Incomplete,
    /// The length is over [`PAYLOAD_BYTES_MAX`].
    #[error("the record has an impossible length")]
    Length,
    /// The checksum or the kind is wrong.
    #[error("the record is damaged")]
    Damaged,
}

/// Appends a record to `out`; the link that it got.
pub(crate) fn encode(out: &mut Vec<u8>, sequence: u64, kind: Kind, payload: &[u8], previous: &Link) -> Link {
    let new = link(previous, &leaf(sequence, kind, payload));
    let start = out.len();
    // Payloads are refused over PAYLOAD_BYTES_MAX, which is far below u32::MAX.
    out.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&sequence.to_le_bytes());
    out.push(kind as u8);
    out.extend_from_slice(payload);
    out.extend_from_slice(&new);
    let crc = crc32fast::hash(out.get(start..).unwrap_or_default());
    out.extend_from_slice(&crc.to_le_bytes());
    new
}

/// The record at the start of `bytes`.
///
/// # Errors
/// [`FrameError`] if there is none.
pub fn decode(bytes: &[u8]) -> Result<Frame<'_>, FrameError> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(FrameError::Incomplete)?;
    let (sequence, rest) = rest.split_first_chunk::<8>().ok_or(FrameError::Incomplete)?;
    let (kind, rest) = rest.split_first_chunk::<1>().ok_or(FrameError::Incomplete)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > PAYLOAD_BYTES_MAX {
        return Err(FrameError::Length);
    }
    let (payload, rest) = rest.split_at_checked(length).ok_or(FrameError::Incomplete)?;
    let (link, rest) = rest.split_first_chunk::<32>().ok_or(FrameError::Incomplete)?;
    let (crc, _) = rest.split_first_chunk::<4>().ok_or(FrameError::Incomplete)?;
    let covered = bytes
        .get(..PREFIX + length + SUFFIX - 4)
        .ok_or(FrameError::Incomplete)?;
    if crc32fast::hash(covered) != u32::from_le_bytes(*crc) {
        return Err(FrameError::Damaged);
    }
    let kind = Kind::from_byte(kind[0]).ok_or(FrameError::Damaged)?;
    let sequence = u64::from_le_bytes(*sequence);
    Ok(Frame {
        sequence,
        kind,
        payload,
        link: *link,
        bytes: PREFIX + length + SUFFIX,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::GENESIS;

    #[test]
    fn a_record_reads_back_and_every_cut_is_incomplete() {
        let mut bytes = Vec::new();
        let link = encode(&mut bytes, 7, Kind::Close, b"{}", &GENESIS);
        let frame = decode(&bytes).unwrap();
        assert_eq!(
            (frame.sequence, frame.kind, frame.payload, frame.link),
            (7, Kind::Close, b"{}".as_slice(), link)
        );
        assert_eq!(frame.bytes, bytes.len());
        assert_eq!(frame.expected_link(&GENESIS), link);
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut]).unwrap_err(), FrameError::Incomplete);
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let mut bytes = Vec::new();
        encode(&mut bytes, 7, Kind::Close, b"{}", &GENESIS);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x40;
            assert!(decode(&changed).is_err(), "byte {at}");
        }
        assert!(decode(&[0; 200]).is_err());
    }
}
