//! Encryption of a stream, chunk by chunk.

use aws_lc_rs::aead::{Aad, LessSafeKey};
use uuid::Uuid;

use super::{CHUNK, Place, header};
use crate::error::StoreError;
use crate::keys::KeyRing;

/// Encrypts what is pushed. Holds back one chunk, because the last one is marked.
pub(crate) struct Encryptor {
    key: LessSafeKey,
    header: Vec<u8>,
    place: Place,
    chunk: Vec<u8>,
}

impl Encryptor {
    /// Starts an object, its header written to `out`.
    pub(crate) fn start(
        keys: &KeyRing,
        name: Uuid,
        compressed: bool,
        out: &mut Vec<u8>,
    ) -> Result<Self, StoreError> {
        let opened = header::make(keys, name, compressed)?;
        out.extend_from_slice(&opened.bytes);
        Ok(Self {
            key: opened.key,
            header: opened.bytes,
            place: opened.start,
            chunk: Vec::new(),
        })
    }

    /// Encrypts `plain`; chunks that became full are appended to `out`.
    pub(crate) fn push(&mut self, mut plain: &[u8], out: &mut Vec<u8>) -> Result<(), StoreError> {
        while !plain.is_empty() {
            if self.chunk.len() == CHUNK {
                self.seal(false, out)?;
                self.place = self.place.next().ok_or(StoreError::Internal("counting chunks"))?;
            }
            let room = (CHUNK - self.chunk.len()).min(plain.len());
            let (now, later) = plain.split_at(room);
            self.chunk.extend_from_slice(now);
            plain = later;
        }
        Ok(())
    }

    /// Ends the object: the last chunk is appended to `out`.
    pub(crate) fn finish(mut self, out: &mut Vec<u8>) -> Result<(), StoreError> {
        self.seal(true, out)
    }

    fn seal(&mut self, last: bool, out: &mut Vec<u8>) -> Result<(), StoreError> {
        let tag = self
            .key
            .seal_in_place_separate_tag(self.place.nonce(last), Aad::from(&self.header), &mut self.chunk)
            .map_err(|_| StoreError::Internal("encryption"))?;
        out.extend_from_slice(&self.chunk);
        out.extend_from_slice(tag.as_ref());
        self.chunk.clear();
        Ok(())
    }
}
