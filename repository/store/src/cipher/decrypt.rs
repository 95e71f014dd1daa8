//! Decryption of a stream, chunk by chunk.

use aws_lc_rs::aead::Aad;
use uuid::Uuid;

use super::header::{self, HEADER, Opened};
use super::{CHUNK, TAG};
use crate::error::StoreError;
use crate::keys::KeyRing;

/// Decrypts what is pushed. Gives out verified bytes only.
pub(crate) struct Decryptor {
    name: Uuid,
    opened: Option<Opened>,
    buffer: Vec<u8>,
}

impl Decryptor {
    /// Starts reading the object `name`.
    pub(crate) fn start(name: Uuid) -> Self {
        Self {
            name,
            opened: None,
            buffer: Vec::new(),
        }
    }

    /// Whether the plain bytes are compressed; known once the first chunk is out.
    pub(crate) fn compressed(&self) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.compressed)
    }

    /// Takes stored bytes; chunks that verify are appended to `out`.
    pub(crate) fn push(
        &mut self,
        keys: &KeyRing,
        mut stored: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        while !stored.is_empty() {
            let full = match self.opened {
                None => HEADER,
                Some(_) => CHUNK + TAG,
            };
            if self.buffer.len() == full {
                self.step(keys, out)?;
                continue;
            }
            let room = (full - self.buffer.len()).min(stored.len());
            let (now, later) = stored.split_at(room);
            self.buffer.extend_from_slice(now);
            stored = later;
        }
        Ok(())
    }

    /// The stored bytes have ended: the rest must be the last chunk.
    pub(crate) fn finish(&mut self, keys: &KeyRing, out: &mut Vec<u8>) -> Result<(), StoreError> {
        if self.opened.is_none() {
            self.step(keys, out)?;
        }
        self.open_chunk(true, out)
    }

    /// The buffer holds a whole header, or a full chunk that is followed by another.
    fn step(&mut self, keys: &KeyRing, out: &mut Vec<u8>) -> Result<(), StoreError> {
        if self.opened.is_some() {
            return self.open_chunk(false, out);
        }
        if self.buffer.len() != HEADER {
            return Err(StoreError::Damaged("the header of a document is cut"));
        }
        let bytes = std::mem::take(&mut self.buffer);
        self.opened = Some(header::open(keys, self.name, bytes)?);
        Ok(())
    }

    fn open_chunk(&mut self, last: bool, out: &mut Vec<u8>) -> Result<(), StoreError> {
        let opened = self
            .opened
            .as_mut()
            .ok_or(StoreError::Damaged("a document has no header"))?;
        let plain = opened
            .key
            .open_in_place(
                opened.start.nonce(last),
                Aad::from(&opened.bytes),
                &mut self.buffer,
            )
            .map_err(|_| StoreError::Damaged("a document was changed or cut"))?;
        out.extend_from_slice(plain);
        self.buffer.clear();
        opened.start = opened
            .start
            .next()
            .ok_or(StoreError::Damaged("a document has too many chunks"))?;
        Ok(())
    }
}
