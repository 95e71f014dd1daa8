//! The first bytes of a document that is on its way into the store.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

/// The beginning of a document, as far as it is looked at.
#[derive(Debug, Default)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    /// There was more.
    cut: bool,
}

impl Head {
    /// Bytes of a document that are looked at: the header of a CDA document stands before any scanned part.
    pub(crate) const BYTES_MAX: usize = 1 << 20;

    fn add(&mut self, piece: &[u8]) {
        let room = Self::BYTES_MAX.saturating_sub(self.bytes.len());
        let (taken, rest) = piece.split_at(room.min(piece.len()));
        self.bytes.extend_from_slice(taken);
        self.cut |= !rest.is_empty();
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether this is the whole document.
    pub(super) fn is_whole(&self) -> bool {
        !self.cut
    }
}

/// The same content, whose beginning is kept on the way.
pub(crate) fn kept<S, E>(content: S, mut head: Option<&mut Head>) -> impl Stream<Item = Result<Bytes, E>>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    content.inspect(move |piece| {
        if let (Ok(piece), Some(head)) = (piece, head.as_deref_mut()) {
            head.add(piece);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_its_limit() {
        let mut head = Head::default();
        head.add(&vec![b'x'; Head::BYTES_MAX - 1]);
        head.add(b"y");
        assert!(head.is_whole());
        assert_eq!(head.bytes().len(), Head::BYTES_MAX);
        head.add(b"z");
        assert!(!head.is_whole());
        assert_eq!(head.bytes().last(), Some(&b'y'));
    }
}
