//! Bytes of documents, which are never held whole.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use bytes::Bytes;

/// Bytes that go out at once.
const PIECE_BYTES: u64 = 64 * 1024;

/// A document's bytes as pieces that share their memory.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// Its pieces, in order.
    pub(crate) pieces: Vec<Bytes>,
    /// How many bytes it has.
    pub(crate) bytes: u64,
    /// Its SHA-1.
    pub(crate) sha1: [u8; 20],
}

impl Content {
    /// A document of so many bytes. No text of ours, such as a boundary, can stand in it.
    pub(crate) fn new(bytes: u64) -> Self {
        let pieces = filler(bytes);
        let mut hash = Hash::new();
        pieces.iter().for_each(|piece| hash.update(piece));
        Self {
            pieces,
            bytes,
            sha1: hash.finish(),
        }
    }
}

/// So many bytes, in pieces that share their memory.
pub(crate) fn filler(bytes: u64) -> Vec<Bytes> {
    let piece: Bytes = (0..PIECE_BYTES).map(|at| (at % 251) as u8 | 0x80).collect();
    let mut pieces = Vec::new();
    let mut left = bytes;
    while left > 0 {
        let next = left.min(PIECE_BYTES);
        // A piece fits into memory.
        pieces.push(piece.slice(..usize::try_from(next).unwrap_or_default()));
        left -= next;
    }
    pieces
}

/// A SHA-1 in the making.
pub(crate) struct Hash(Context);

impl Hash {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA1_FOR_LEGACY_USE_ONLY))
    }

    pub(crate) fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    pub(crate) fn finish(self) -> [u8; 20] {
        let mut sha1 = [0; 20];
        let digest = self.0.finish();
        sha1.iter_mut()
            .zip(digest.as_ref())
            .for_each(|(to, from)| *to = *from);
        sha1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_its_length_and_hash() {
        for bytes in [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 200_000] {
            let content = Content::new(bytes);
            let whole: Vec<u8> = content.pieces.concat();
            assert_eq!(whole.len() as u64, bytes);
            let mut hash = Hash::new();
            hash.update(&whole);
            assert_eq!(content.sha1, hash.finish());
        }
    }

    #[test]
    fn the_hash_is_sha1() {
        let mut hash = Hash::new();
        hash.update(b"abc");
        assert_eq!(hash.finish()[..4], [0xa9, 0x99, 0x3e, 0x36]);
    }

    #[test]
    fn no_text_stands_in_a_document() {
        assert!(
            Content::new(70_000)
                .pieces
                .concat()
                .iter()
                .all(|byte| *byte >= 0x80)
        );
    }
}
