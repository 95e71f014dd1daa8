//! The parts of a multipart request, read as they come.

use bytes::Bytes;
use xds_soap::{ContentId, Fault, MimeLimits, MtomEvent, MtomReader, PartHeaders};

use super::body::{Body, BodyError, Shelf};
use super::exchange::Refused;
use crate::config::Limits;

/// What MIME reading is bounded by.
pub(super) fn mime_limits(limits: &Limits) -> MimeLimits {
    let usize_of = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    MimeLimits {
        parts_max: usize_of(limits.mime_parts_max),
        header_bytes_max: usize_of(limits.mime_head_bytes_max),
        // How large a document may be is its handler's to judge, which has an error of its own for that.
        part_bytes_max: limits.request_bytes_max,
        root_bytes_max: usize_of(limits.root_part_bytes_max),
        ..MimeLimits::default()
    }
}

/// The parts behind the root part.
pub struct Parts {
    reader: MtomReader,
    body: Option<Body>,
    shelf: Shelf,
    root_content_id: Option<ContentId>,
}

/// What comes next.
#[derive(Clone, Debug)]
pub enum PartEvent {
    /// A part begins.
    Start(PartHeaders),
    /// A piece of its content.
    Data(Bytes),
    /// The part is complete.
    End,
}

impl Parts {
    /// Over the body on the shelf, which goes back there in the end.
    pub(super) fn new(reader: MtomReader, shelf: &Shelf) -> Self {
        Self {
            reader,
            body: shelf.take(),
            shelf: shelf.clone(),
            root_content_id: None,
        }
    }

    /// The Content-ID of the root part.
    pub fn root_content_id(&self) -> Option<&ContentId> {
        self.root_content_id.as_ref()
    }

    /// Reads the root part.
    pub(super) async fn root(&mut self) -> Result<Bytes, Refused> {
        match self.event().await? {
            MtomEvent::Root { envelope, content_id } => {
                self.root_content_id = content_id;
                Ok(envelope)
            }
            _ => Err(Fault::sender("the root part must come first").into()),
        }
    }

    /// The next event of a part; none when the message is complete, the HTTP body around it included. Before
    /// that nothing may take effect.
    ///
    /// # Errors
    /// A fault for broken MIME, or what is wrong with the body.
    pub async fn next(&mut self) -> Result<Option<PartEvent>, Refused> {
        if self.reader.is_complete() {
            self.body()?.rest().await?;
            return Ok(None);
        }
        Ok(match self.event().await? {
            MtomEvent::PartStart(headers) => Some(PartEvent::Start(headers)),
            MtomEvent::Data(data) => Some(PartEvent::Data(data)),
            MtomEvent::PartEnd => Some(PartEvent::End),
            MtomEvent::End => {
                // A message that is cut behind its last boundary is cut nevertheless.
                self.body()?.rest().await?;
                None
            }
            MtomEvent::Root { .. } => return Err(Fault::sender("the root part stands twice").into()),
        })
    }

    /// Reads on to the end of a message whose parts nobody refers to.
    pub(super) async fn drop_unread(mut self) -> Result<(), Refused> {
        while self.next().await?.is_some() {}
        Ok(())
    }

    async fn event(&mut self) -> Result<MtomEvent, Refused> {
        loop {
            if let Some(event) = self.reader.next()? {
                return Ok(event);
            }
            match self.body()?.next().await? {
                Some(piece) => self.reader.push(piece),
                None => self.reader.finish(),
            }
        }
    }

    fn body(&mut self) -> Result<&mut Body, BodyError> {
        self.body.as_mut().ok_or(BodyError::Cut)
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if let Some(body) = self.body.take() {
            self.shelf.put_back(body);
        }
    }
}
