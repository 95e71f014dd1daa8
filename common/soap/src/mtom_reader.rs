use bytes::{Bytes, BytesMut};

use crate::content_type::check_root_type;
use crate::fault::Fault;
use crate::mime::{MimeEvent, MimeLimits, MultipartReader, PartHeaders};
use crate::mtom::ContentId;

/// What an [`MtomReader`] came upon.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MtomEvent {
    /// The root part is complete: always the first event.
    Root {
        /// The SOAP envelope.
        envelope: Bytes,
        /// Its Content-ID.
        content_id: Option<ContentId>,
    },
    /// A document part begins.
    PartStart(PartHeaders),
    /// A piece of its content; never empty.
    Data(Bytes),
    /// The document part is complete.
    PartEnd,
    /// The message is complete. Before this event nothing of it may take effect.
    End,
}

/// Reads an MTOM message chunk by chunk: first the root part as a whole, then the documents as they come.
///
/// The root part must come first, because nothing is done with a document before its metadata are known.
/// A `start` parameter that names no part means the first part (samples of the standard are like that).
pub struct MtomReader {
    parts: MultipartReader,
    start: Option<ContentId>,
    root_bytes_max: usize,
    root: Root,
    failed: Option<Fault>,
}

enum Root {
    Awaited,
    Reading {
        envelope: Pieces,
        content_id: Option<ContentId>,
    },
    Read,
}

impl MtomReader {
    /// A reader for what [`Packaging::parse`](crate::Packaging::parse) found.
    ///
    /// # Errors
    /// A Sender fault for a `start` that can be no Content-ID.
    pub fn new(boundary: &str, start: Option<&str>, limits: MimeLimits) -> Result<Self, Fault> {
        Ok(Self {
            parts: MultipartReader::new(boundary, limits),
            start: start.map(ContentId::from_header).transpose()?,
            root_bytes_max: limits.root_bytes_max,
            root: Root::Awaited,
            failed: None,
        })
    }

    /// Takes the next chunk of the message.
    pub fn push(&mut self, chunk: Bytes) {
        self.parts.push(chunk);
    }

    /// Says that no more chunks come.
    pub fn finish(&mut self) {
        self.parts.finish();
    }

    /// The next event. `None`: push more, or all is read, as [`is_complete`](Self::is_complete) tells.
    ///
    /// # Errors
    /// A Sender fault; every later call returns it again.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator could not be pushed to between calls"
    )]
    pub fn next(&mut self) -> Result<Option<MtomEvent>, Fault> {
        if let Some(fault) = &self.failed {
            return Err(fault.clone());
        }
        let event = self.advance();
        self.failed = event.as_ref().err().cloned();
        event
    }

    /// Whether the closing delimiter has been read.
    pub fn is_complete(&self) -> bool {
        self.failed.is_none() && self.parts.is_complete()
    }

    fn advance(&mut self) -> Result<Option<MtomEvent>, Fault> {
        while let Some(event) = self.parts.next()? {
            if let Some(event) = self.take(event)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    fn take(&mut self, event: MimeEvent) -> Result<Option<MtomEvent>, Fault> {
        match (std::mem::replace(&mut self.root, Root::Read), event) {
            (Root::Awaited, MimeEvent::PartStart(headers)) => {
                check_root_type(headers.content_type.as_deref())?;
                self.root = Root::Reading {
                    envelope: Pieces::default(),
                    content_id: headers.content_id,
                };
                Ok(None)
            }
            (
                Root::Reading {
                    mut envelope,
                    content_id,
                },
                MimeEvent::Data(data),
            ) => {
                envelope.push(data, self.root_bytes_max)?;
                self.root = Root::Reading { envelope, content_id };
                Ok(None)
            }
            (Root::Reading { envelope, content_id }, _) => Ok(Some(MtomEvent::Root {
                envelope: envelope.joined(),
                content_id,
            })),
            (_, MimeEvent::PartStart(headers)) => {
                self.check_not_root(&headers)?;
                Ok(Some(MtomEvent::PartStart(headers)))
            }
            (_, MimeEvent::Data(data)) => Ok(Some(MtomEvent::Data(data))),
            (_, MimeEvent::PartEnd) => Ok(Some(MtomEvent::PartEnd)),
            (_, MimeEvent::End) => Ok(Some(MtomEvent::End)),
        }
    }

    /// A second part with the id of the first is refused as a duplicate already.
    fn check_not_root(&self, headers: &PartHeaders) -> Result<(), Fault> {
        match self.start.is_some() && headers.content_id == self.start {
            true => Err(Fault::sender("the root part must be the first part")),
            false => Ok(()),
        }
    }
}

/// Content that comes in pieces; a single piece is not copied. More are: a peer that sends byte by byte
/// must not make us keep a handle for each.
#[derive(Default)]
enum Pieces {
    #[default]
    None,
    One(Bytes),
    Many(BytesMut),
}

impl Pieces {
    fn push(&mut self, piece: Bytes, bytes_max: usize) -> Result<(), Fault> {
        if self.len().saturating_add(piece.len()) > bytes_max {
            return Err(Fault::envelope_too_large());
        }
        *self = match std::mem::take(self) {
            Self::None => Self::One(piece),
            Self::One(first) => {
                let mut joined = BytesMut::with_capacity(first.len().saturating_add(piece.len()));
                joined.extend_from_slice(&first);
                joined.extend_from_slice(&piece);
                Self::Many(joined)
            }
            Self::Many(mut joined) => {
                joined.extend_from_slice(&piece);
                Self::Many(joined)
            }
        };
        Ok(())
    }

    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(piece) => piece.len(),
            Self::Many(joined) => joined.len(),
        }
    }

    fn joined(self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::One(piece) => piece,
            Self::Many(joined) => joined.freeze(),
        }
    }
}
