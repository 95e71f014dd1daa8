//! Documents at rest: compressed when it helps, then encrypted in authenticated chunks.
//!
//! ```text
//! header  magic 4 | version 1 | flags 1 | key id 8 | wrap nonce 12 | wrapped data key 48 | nonce prefix 7
//! chunk   at most 64 KiB, AES-256-GCM under the data key, tag 16; as many as it takes, at least one
//! nonce   nonce prefix 7 | chunk number 4, big endian | 1 for the last chunk, else 0
//! ```
//!
//! Every chunk has the whole header as associated data; the wrapped key has the header before it and
//! the name of the object. So a change of any bit, a chunk cut off, added, repeated or moved, and
//! an object under another name are all found. Every chunk but the last is full.

mod compress;
mod decrypt;
mod encrypt;
mod header;

pub(crate) use compress::{Compressor, Decompressor, STEP, is_compressed_type};
pub(crate) use decrypt::Decryptor;
pub(crate) use encrypt::Encryptor;

/// Plain bytes of a full chunk.
pub(crate) const CHUNK: usize = 64 * 1024;
/// Bytes that encryption adds to a chunk.
pub(crate) const TAG: usize = 16;

use aws_lc_rs::aead::{NONCE_LEN, Nonce};

/// Where a chunk stands.
#[derive(Clone, Copy)]
struct Place {
    prefix: [u8; 7],
    number: u32,
}

impl Place {
    fn nonce(self, last: bool) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        let bytes = self
            .prefix
            .into_iter()
            .chain(self.number.to_be_bytes())
            .chain([u8::from(last)]);
        nonce.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        Nonce::assume_unique_for_key(nonce)
    }

    /// The next place, or none after 2^32 chunks.
    fn next(self) -> Option<Self> {
        Some(Self {
            number: self.number.checked_add(1)?,
            ..self
        })
    }
}

#[cfg(test)]
mod tests;
