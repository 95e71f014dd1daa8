use bytes::Bytes;
use xds_soap::{ContentId, MtomEvent, MtomReader, PartHeaders};

use crate::exchange::Incoming;
use crate::{CallError, NotSoap};

/// The documents of an MTOM answer, as they come.
pub(crate) struct IncomingParts {
    incoming: Incoming,
    reader: MtomReader,
    bytes_max: u64,
    state: State,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    Between,
    InPart,
    Ended,
}

/// A document of an answer. What is not read of it is passed over.
pub struct IncomingPart<'a> {
    /// Its Content-ID.
    pub content_id: Option<ContentId>,
    /// Its Content-Type, informative.
    pub content_type: Option<String>,
    parts: &'a mut IncomingParts,
}

impl IncomingPart<'_> {
    /// The next piece of it; `None` at its end.
    ///
    /// # Errors
    /// When the connection breaks, a limit is exceeded, or the message turns out malformed.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, CallError> {
        self.parts.next_chunk().await
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`next_chunk`](Self::next_chunk), and [`CallError::TooLarge`] above `bytes_max`.
    pub async fn bytes(&mut self, bytes_max: usize) -> Result<Vec<u8>, CallError> {
        let mut all = Vec::new();
        while let Some(chunk) = self.next_chunk().await? {
            if all.len().saturating_add(chunk.len()) > bytes_max {
                return Err(CallError::TooLarge);
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }
}

impl std::fmt::Debug for IncomingPart<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IncomingPart")
            .field("content_id", &self.content_id)
            .finish_non_exhaustive()
    }
}

impl IncomingParts {
    /// Reads up to the end of the root part and hands it out.
    pub(crate) async fn open(
        incoming: Incoming,
        reader: MtomReader,
        bytes_max: u64,
    ) -> Result<(Bytes, Self), CallError> {
        let mut parts = Self {
            incoming,
            reader,
            bytes_max,
            state: State::Between,
        };
        match parts.next_event().await? {
            MtomEvent::Root { envelope, .. } => Ok((envelope, parts)),
            _ => Err(CallError::NotSoap(NotSoap::Envelope)),
        }
    }

    /// Goes on to the next part; [`current`](Self::current) reads it.
    pub(crate) async fn advance(&mut self) -> Result<Option<PartHeaders>, CallError> {
        while self.next_chunk().await?.is_some() {}
        if self.state == State::Ended {
            return Ok(None);
        }
        match self.next_event().await? {
            MtomEvent::PartStart(headers) => {
                self.state = State::InPart;
                Ok(Some(headers))
            }
            _ => {
                self.state = State::Ended;
                self.pass_over_epilogue().await;
                Ok(None)
            }
        }
    }

    /// The part that [`advance`](Self::advance) has come to.
    pub(crate) fn current(&mut self, headers: PartHeaders) -> IncomingPart<'_> {
        IncomingPart {
            content_id: headers.content_id,
            content_type: headers.content_type,
            parts: self,
        }
    }

    pub(crate) async fn next_chunk(&mut self) -> Result<Option<Bytes>, CallError> {
        if self.state != State::InPart {
            return Ok(None);
        }
        match self.next_event().await? {
            MtomEvent::Data(data) => Ok(Some(data)),
            _ => {
                self.state = State::Between;
                Ok(None)
            }
        }
    }

    async fn next_event(&mut self) -> Result<MtomEvent, CallError> {
        loop {
            let event = self.reader.next().map_err(NotSoap::Multipart)?;
            match event {
                Some(event) => return Ok(event),
                None => match self.incoming.chunk(self.bytes_max).await? {
                    Some(chunk) => self.reader.push(chunk),
                    None => self.reader.finish(),
                },
            }
        }
    }

    /// The message is complete; its end on the wire is read too, so that the connection can be used again.
    async fn pass_over_epilogue(&mut self) {
        for _ in 0..EPILOGUE_CHUNKS_MAX {
            if !matches!(self.incoming.chunk(self.bytes_max).await, Ok(Some(_))) {
                return;
            }
        }
    }
}

const EPILOGUE_CHUNKS_MAX: usize = 8;
