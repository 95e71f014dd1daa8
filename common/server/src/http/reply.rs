//! Answers, in the packaging of their request.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use tokio::sync::mpsc;
use uuid::Uuid;
use xds_audit::{AuditError, Closing, Record};
use xds_soap::{ContentId, MultipartWriter, Packaging, SIMPLE_CONTENT_TYPE, write_response};

use crate::in_flight::Place;
use crate::metrics::RequestOutcome;

/// What a handler answers. Made only from a closed audit record.
pub struct Answer {
    pub(super) reply: Reply,
    pub(super) outcome: RequestOutcome,
}

pub(super) enum Reply {
    /// The body element, whole.
    Whole(String),
    /// Everything, envelope, packaging and documents, whole.
    Packed(PackedReply),
    /// The body element in pieces with documents, from a task that closes the record itself.
    Streamed(StreamedReply),
}

/// A whole answer with documents, ready to be sent.
pub struct PackedReply {
    /// Content-Type of the answer.
    pub content_type: String,
    /// The bytes, envelope and packaging included, in pieces of any size.
    pub pieces: Vec<Bytes>,
}

/// An answer that is written while it is sent.
pub struct StreamedReply {
    /// Content-Type of the answer.
    pub content_type: String,
    /// The bytes, envelope and packaging included.
    pub pieces: mpsc::Receiver<Piece>,
    /// Counts the pieces that the connection has taken, the end included: final once the channel is closed.
    pub taken: Arc<AtomicU64>,
}

/// A piece of a streamed answer.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Bytes.
    Data(Bytes),
    /// The answer is complete. A channel that ends without it cuts the connection, so that no client
    /// takes half an answer for a whole one.
    End,
    /// The answer cannot be completed: cuts the connection.
    Cut,
}

/// The answer cannot be completed: the connection is cut.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the answer could not be completed")]
struct CutShort;

impl Answer {
    /// A whole answer: closes the record, and only when that is durable is there an answer.
    ///
    /// # Errors
    /// When the closing part cannot be written: no answer may leave.
    pub async fn whole(
        record: Record,
        closing: Closing,
        outcome: RequestOutcome,
        body: String,
    ) -> Result<Self, AuditError> {
        record.close(closing).await?;
        Ok(Self {
            reply: Reply::Whole(body),
            outcome,
        })
    }

    /// A whole answer with documents: closes the record, and only when that is durable is there an answer.
    ///
    /// # Errors
    /// When the closing part cannot be written: no answer may leave.
    pub async fn packed(
        record: Record,
        closing: Closing,
        outcome: RequestOutcome,
        reply: PackedReply,
    ) -> Result<Self, AuditError> {
        record.close(closing).await?;
        Ok(Self {
            reply: Reply::Packed(reply),
            outcome,
        })
    }

    /// An answer in pieces. The opening part is durable when this returns; whoever holds the record
    /// closes it when the last piece is out.
    ///
    /// # Errors
    /// When the opening part cannot be made durable.
    pub async fn streamed(
        record: &Record,
        outcome: RequestOutcome,
        reply: StreamedReply,
    ) -> Result<Self, AuditError> {
        record.durable().await?;
        Ok(Self {
            reply: Reply::Streamed(reply),
            outcome,
        })
    }
}

/// How the envelope of an answer is addressed.
pub(super) struct Addressing<'a> {
    action: &'a str,
    relates_to: &'a str,
    message_id: &'a str,
}

impl Reply {
    pub(super) fn addressing<'a>(
        action: &'a str,
        relates_to: &'a str,
        message_id: &'a str,
    ) -> Addressing<'a> {
        Addressing {
            action,
            relates_to,
            message_id,
        }
    }

    pub(super) fn into_response(
        self,
        addressing: Addressing<'_>,
        packaging: &Packaging,
        random: Uuid,
        place: Place,
    ) -> HttpResponse {
        match self {
            Self::Whole(body) => {
                let Addressing {
                    action,
                    relates_to,
                    message_id,
                } = addressing;
                let mut split = 0;
                let mut head = write_response(action, relates_to, message_id, |out| split = out.len());
                let tail = head.split_off(split);
                pack(HttpResponse::Ok(), [head, body, tail], packaging, random)
            }
            Self::Packed(reply) => HttpResponse::Ok()
                .content_type(reply.content_type)
                .body(Chain::of(reply.pieces)),
            Self::Streamed(reply) => HttpResponse::Ok().content_type(reply.content_type).body(Pieces {
                pieces: reply.pieces,
                rest: Bytes::new(),
                taken: reply.taken,
                _place: place,
            }),
        }
    }
}

/// Puts a whole envelope into the packaging of its request.
pub(super) fn package(
    response: HttpResponseBuilder,
    xml: String,
    packaging: &Packaging,
    random: Uuid,
) -> HttpResponse {
    pack(response, [xml], packaging, random)
}

/// The same for an envelope in pieces, which are not copied: an answer may be large.
fn pack<const N: usize>(
    mut response: HttpResponseBuilder,
    envelope: [String; N],
    packaging: &Packaging,
    random: Uuid,
) -> HttpResponse {
    match packaging {
        Packaging::Simple => response
            .content_type(SIMPLE_CONTENT_TYPE)
            .body(Chain::of(envelope)),
        Packaging::Mtom { .. } => {
            let writer = MultipartWriter::new(random, ContentId::generated(random));
            let framed = [writer.root_head()]
                .into_iter()
                .chain(envelope)
                .chain([writer.closing()]);
            response
                .content_type(writer.content_type())
                .body(Chain::of(framed))
        }
    }
}

/// A body of known size in several pieces. It is handed on in small ones: the HTTP server copies what it is
/// handed into its write buffer.
struct Chain {
    left: u64,
    pieces: VecDeque<Bytes>,
}

const HANDED_BYTES_MAX: usize = 32 * 1024;

/// Takes from `piece` what is handed on at once: its bytes are still in the processor's cache when they are
/// encrypted, and the write buffer stays small.
fn handed(piece: &mut Bytes) -> Bytes {
    piece.split_to(piece.len().min(HANDED_BYTES_MAX))
}

impl Chain {
    fn of(pieces: impl IntoIterator<Item = impl Into<Bytes>>) -> Self {
        let pieces: VecDeque<Bytes> = pieces
            .into_iter()
            .map(Into::into)
            .filter(|piece| !piece.is_empty())
            .collect();
        Self {
            left: pieces.iter().map(|piece| piece.len() as u64).sum(),
            pieces,
        }
    }

    fn next(&mut self) -> Option<Bytes> {
        let first = self.pieces.front_mut()?;
        let piece = handed(first);
        if first.is_empty() {
            self.pieces.pop_front();
        }
        self.left -= piece.len() as u64;
        Some(piece)
    }
}

impl MessageBody for Chain {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.left)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(self.next().map(Ok))
    }
}

/// A body whose pieces come from another task. It holds the request's place until the last one is out.
struct Pieces {
    pieces: mpsc::Receiver<Piece>,
    /// What is left of a piece that is handed on in parts.
    rest: Bytes,
    taken: Arc<AtomicU64>,
    _place: Place,
}

impl Pieces {
    /// Hands on the next part of the piece at hand, which counts as taken with its last part.
    fn part(&mut self) -> Bytes {
        let part = handed(&mut self.rest);
        if self.rest.is_empty() {
            self.taken.fetch_add(1, Ordering::Release);
        }
        part
    }

    fn end<T>(&self, end: T) -> T {
        self.taken.fetch_add(1, Ordering::Release);
        end
    }
}

impl MessageBody for Pieces {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.part())));
        }
        self.pieces.poll_recv(cx).map(|piece| match piece {
            Some(Piece::Data(bytes)) => {
                self.rest = bytes;
                Some(Ok(self.part()))
            }
            Some(Piece::End) => self.end(None),
            Some(Piece::Cut) => self.end(Some(Err(CutShort.into()))),
            None => Some(Err(CutShort.into())),
        })
    }
}
