//! The way of an answer's bytes to the connection: joined to pieces of a good size, encoded, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;
use xds_server::http::Piece;

/// Bytes below which a piece is joined with its neighbours.
const PIECE_BYTES_MIN: usize = 16 * 1024;

/// The connection takes no more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Gone;

/// Base64 of bytes that come in pieces of any size.
#[derive(Default)]
pub(crate) struct Base64Pieces {
    held: Vec<u8>,
}

impl Base64Pieces {
    pub(crate) fn piece(&mut self, bytes: &[u8]) -> String {
        let missing = (3 - self.held.len() % 3) % 3;
        let (head, rest) = bytes.split_at(missing.min(bytes.len()));
        self.held.extend_from_slice(head);
        if !self.held.len().is_multiple_of(3) {
            return String::new();
        }
        let (whole, tail) = rest.split_at(rest.len() - rest.len() % 3);
        let mut text = String::with_capacity((self.held.len() + whole.len()) / 3 * 4);
        STANDARD.encode_string(&self.held, &mut text);
        STANDARD.encode_string(whole, &mut text);
        self.held.clear();
        self.held.extend_from_slice(tail);
        text
    }

    pub(crate) fn end(&mut self) -> String {
        STANDARD.encode(std::mem::take(&mut self.held))
    }
}

/// The way to the connection: joins what is small, counts pieces.
pub(crate) struct Out {
    sender: mpsc::Sender<Piece>,
    taken: Arc<AtomicU64>,
    joined: BytesMut,
    sent: u64,
}

impl Out {
    pub(crate) fn new(sender: mpsc::Sender<Piece>, taken: Arc<AtomicU64>) -> Self {
        Self {
            sender,
            taken,
            joined: BytesMut::new(),
            sent: 0,
        }
    }

    pub(crate) async fn text(&mut self, text: &str) -> Result<(), Gone> {
        self.joined.extend_from_slice(text.as_bytes());
        self.flush_above(PIECE_BYTES_MIN).await
    }

    pub(crate) async fn bytes(&mut self, bytes: Bytes) -> Result<(), Gone> {
        if bytes.len() < PIECE_BYTES_MIN {
            self.joined.extend_from_slice(&bytes);
            return self.flush_above(PIECE_BYTES_MIN).await;
        }
        self.flush_above(0).await?;
        self.send(Piece::Data(bytes)).await
    }

    /// The number of the piece that holds the last byte given.
    pub(crate) fn last_piece(&self) -> u64 {
        self.sent + u64::from(!self.joined.is_empty())
    }

    pub(crate) async fn end(&mut self, text: String) -> Result<(), Gone> {
        self.joined.extend_from_slice(text.as_bytes());
        self.flush_above(0).await?;
        self.send(Piece::End).await
    }

    /// Cuts the connection, so that nobody takes what was sent for the whole.
    pub(crate) async fn cut(&mut self) {
        // A connection that is gone is as good.
        let _ = self.send(Piece::Cut).await;
    }

    /// Waits until the connection has taken everything or is gone. Parts what it took to the end from what it
    /// did not; each comes with the number of its last piece.
    pub(crate) async fn settle<T>(self, ends: Vec<(T, u64)>) -> (Vec<T>, Vec<T>) {
        self.sender.closed().await;
        let taken = self.taken.load(Ordering::Acquire);
        let (out, cut): (Vec<_>, Vec<_>) = ends.into_iter().partition(|(_, end)| *end <= taken);
        let bare = |list: Vec<(T, u64)>| list.into_iter().map(|(item, _)| item).collect();
        (bare(out), bare(cut))
    }

    async fn flush_above(&mut self, bytes: usize) -> Result<(), Gone> {
        if self.joined.len() <= bytes {
            return Ok(());
        }
        let piece = self.joined.split().freeze();
        self.send(Piece::Data(piece)).await
    }

    async fn send(&mut self, piece: Piece) -> Result<(), Gone> {
        self.sender.send(piece).await.map_err(|_| Gone)?;
        self.sent += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn base64_of_pieces_is_base64_of_the_whole(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..10), 0..10)
        ) {
            let mut encoder = Base64Pieces::default();
            let mut text: String = pieces.iter().map(|piece| encoder.piece(piece)).collect();
            text.push_str(&encoder.end());
            prop_assert_eq!(text, STANDARD.encode(pieces.concat()));
        }
    }

    /// Gives three documents, of which the second shares its last piece with the beginning of the third, to a
    /// connection that takes so many pieces and is gone.
    async fn delivered(pieces: u64) -> Vec<u32> {
        let (sender, mut receiver) = mpsc::channel(8);
        let taken = Arc::new(AtomicU64::new(0));
        let mut out = Out::new(sender, Arc::clone(&taken));
        let large = Bytes::from(vec![b'x'; PIECE_BYTES_MIN]);
        let mut ends = Vec::new();
        out.text("head").await.unwrap();
        out.bytes(large.clone()).await.unwrap();
        ends.push((1, out.last_piece()));
        out.text("small").await.unwrap();
        ends.push((2, out.last_piece()));
        out.text("head").await.unwrap();
        out.bytes(large).await.unwrap();
        ends.push((3, out.last_piece()));
        out.end("tail".to_owned()).await.unwrap();
        for _ in 0..pieces {
            receiver.recv().await.unwrap();
            taken.fetch_add(1, Ordering::Release);
        }
        drop(receiver);
        out.settle(ends).await.0
    }

    #[tokio::test]
    async fn only_what_was_taken_to_its_end_counts_as_delivered() {
        let expected: [&[u32]; 7] = [&[], &[], &[1], &[1, 2], &[1, 2, 3], &[1, 2, 3], &[1, 2, 3]];
        for (pieces, expected) in expected.into_iter().enumerate() {
            assert_eq!(delivered(pieces as u64).await, expected, "{pieces} pieces");
        }
    }
}
