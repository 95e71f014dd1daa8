use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use xds_soap::{ContentId, MultipartWriter};

use crate::pace::Pace;

/// A document that goes with an MTOM message.
#[derive(Debug)]
pub struct OutgoingPart {
    /// Its Content-ID, to which an xop:Include in the body refers.
    pub content_id: ContentId,
    /// Its Content-Type; informative, the DocumentEntry says what it is.
    pub content_type: String,
    /// Its bytes.
    pub content: PartContent,
}

/// The bytes of a document.
pub enum PartContent {
    /// All of them.
    Bytes(Bytes),
    /// As they come.
    Stream {
        /// How many there will be. The message has a Content-Length if this is known of every part, else it is
        /// chunked. Another number ends the call with [`ContentError::Length`].
        length: Option<u64>,
        /// Read piece by piece, no faster than the server takes them.
        stream: ContentStream,
    },
}

/// Bytes as they come, or an error that ends the call.
pub type ContentStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Why a document could not be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ContentError {
    /// Reading it failed.
    #[error("reading a document failed: {0}")]
    Read(io::ErrorKind),
    /// It has fewer or more bytes than was said.
    #[error("a document has another length than announced")]
    Length,
}

impl PartContent {
    /// A stream of known or unknown length.
    pub fn stream(
        length: Option<u64>,
        stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self::Stream {
            length,
            stream: Box::pin(stream),
        }
    }

    fn length(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Stream { length, .. } => *length,
        }
    }
}

impl fmt::Debug for PartContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartContent")
            .field("length", &self.length())
            .finish_non_exhaustive()
    }
}

/// The body of a request, handed to the connection piece by piece.
pub(crate) struct OutgoingBody {
    pieces: VecDeque<PartContent>,
    /// Bytes that the piece at the front has given.
    given: u64,
    pace: Arc<Pace>,
}

impl OutgoingBody {
    /// Bytes that are there.
    pub(crate) fn whole(body: Bytes, pace: Arc<Pace>) -> Self {
        Self::new(VecDeque::from([PartContent::Bytes(body)]), pace)
    }

    /// An MTOM message.
    pub(crate) fn mtom(
        frame: &MultipartWriter,
        envelope: String,
        parts: Vec<OutgoingPart>,
        pace: Arc<Pace>,
    ) -> Self {
        let text = |text: String| PartContent::Bytes(text.into());
        let mut pieces = VecDeque::from([text(frame.root_head()), text(envelope)]);
        for part in parts {
            pieces.push_back(text(frame.part_head(&part.content_id, &part.content_type)));
            pieces.push_back(part.content);
        }
        pieces.push_back(text(frame.closing()));
        Self::new(pieces, pace)
    }

    /// Its length, if it is known of every piece.
    pub(crate) fn length(&self) -> Option<u64> {
        self.pieces
            .iter()
            .try_fold(0_u64, |sum, piece| sum.checked_add(piece.length()?))
    }

    fn new(pieces: VecDeque<PartContent>, pace: Arc<Pace>) -> Self {
        Self {
            pieces,
            given: 0,
            pace,
        }
    }

    fn next_piece(&mut self) {
        self.pieces.pop_front();
        self.given = 0;
    }
}

impl Stream for OutgoingBody {
    type Item = Result<Bytes, ContentError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let body = self.get_mut();
        body.pace.touch();
        loop {
            let Some(piece) = body.pieces.front_mut() else {
                return Poll::Ready(None);
            };
            match piece {
                PartContent::Bytes(bytes) if bytes.is_empty() => body.next_piece(),
                PartContent::Bytes(bytes) => {
                    let chunk = bytes.split_to(bytes.len().min(CHUNK_BYTES_MAX));
                    return Poll::Ready(Some(Ok(chunk)));
                }
                PartContent::Stream { length, stream } => {
                    let length = *length;
                    match ready!(stream.as_mut().poll_next(context)) {
                        Some(Ok(chunk)) => {
                            body.given = body.given.saturating_add(chunk.len() as u64);
                            match length {
                                Some(length) if body.given > length => {
                                    return Poll::Ready(Some(Err(ContentError::Length)));
                                }
                                _ if chunk.is_empty() => {}
                                _ => return Poll::Ready(Some(Ok(chunk))),
                            }
                        }
                        Some(Err(error)) => return Poll::Ready(Some(Err(ContentError::Read(error.kind())))),
                        None if length.is_some_and(|length| length != body.given) => {
                            return Poll::Ready(Some(Err(ContentError::Length)));
                        }
                        None => body.next_piece(),
                    }
                }
            }
        }
    }
}

/// Handed over at once; what is longer is cut, so that progress can be seen.
const CHUNK_BYTES_MAX: usize = 64 << 10;
