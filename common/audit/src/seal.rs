//! Sealed segments: full ones, compressed.
//!
//! A sealed file is a Zstandard file (RFC 8878) that `zstd -d` turns into the plain segment. It begins with a
//! skippable frame of ours: `RENKEIZ1 | bytes of the plain segment u64 | SHA-256 [32]`, little-endian; the hash
//! covers the frame before it and every byte after it. What is inside is covered by the chain as ever.

use std::io::{self, BufReader, Read};

use aws_lc_rs::digest::{Context, SHA256};

/// Bytes in the longest plain segment that is unpacked.
const PLAIN_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Packing speed against size: the usual one.
const LEVEL: i32 = 3;

const MAGIC: &[u8; 8] = b"RENKEIZ1";
/// A skippable frame of 48 bytes (RFC 8878, section 3.1.2).
const FRAME: [u8; 8] = [0x50, 0x2a, 0x4d, 0x18, 48, 0, 0, 0];
const HASHED: usize = FRAME.len() + MAGIC.len() + 8;
const PREFACE: usize = HASHED + 32;

/// The plain segment in the sealed file `bytes`; `None` if any byte is not as it was written.
pub(crate) fn unseal(bytes: &[u8]) -> Option<Vec<u8>> {
    let (preface, packed) = bytes.split_at_checked(PREFACE)?;
    let (head, hash) = preface.split_at_checked(HASHED)?;
    let length = length(head)?;
    if seal_hash(head, packed).as_slice() != hash {
        return None;
    }
    let mut plain = Vec::new();
    zstd::Decoder::new(packed)
        .ok()?
        .take(length + 1)
        .read_to_end(&mut plain)
        .ok()?;
    (plain.len() as u64 == length).then_some(plain)
}

/// The plain segment in a sealed file, as a stream.
pub(crate) fn stream(mut file: impl Read + Send + 'static) -> io::Result<impl Read + Send> {
    let mut preface = [0; PREFACE];
    file.read_exact(&mut preface)?;
    let length = length(&preface).ok_or(io::ErrorKind::InvalidData)?;
    Ok(zstd::Decoder::with_buffer(BufReader::new(file))?.take(length))
}

/// What stands before the packed bytes.
fn preface(plain_bytes: u64, packed: &[u8]) -> Vec<u8> {
    let mut preface = [FRAME.as_slice(), MAGIC, &plain_bytes.to_le_bytes()].concat();
    let hash = seal_hash(&preface, packed);
    preface.extend_from_slice(&hash);
    preface
}

fn length(head: &[u8]) -> Option<u64> {
    let rest = head.strip_prefix(&FRAME)?.strip_prefix(MAGIC)?;
    let length = u64::from_le_bytes(*rest.first_chunk::<8>()?);
    (length <= PLAIN_BYTES_MAX).then_some(length)
}

fn seal_hash(head: &[u8], packed: &[u8]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    context.update(head);
    context.update(packed);
    context.finish().as_ref().to_vec()
}

/// The sealed file for the plain segment `plain`.
pub(crate) fn seal(plain: &[u8]) -> io::Result<Vec<u8>> {
    let packed = zstd::encode_all(plain, LEVEL)?;
    let mut sealed = preface(plain.len() as u64, &packed);
    sealed.extend_from_slice(&packed);
    Ok(sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_file_reads_back_and_every_changed_or_missing_byte_is_noticed() {
        let plain = b"renkei ".repeat(100);
        let sealed = seal(&plain).unwrap();
        assert!(sealed.len() < plain.len() / 2);
        assert_eq!(unseal(&sealed).as_deref(), Some(plain.as_slice()));
        for at in 0..sealed.len() {
            assert_eq!(unseal(&sealed[..at]), None, "cut at {at}");
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(unseal(&changed), None, "byte {at}");
            }
        }
    }

    #[test]
    fn it_is_a_zstandard_file_as_it_stands() {
        let plain = b"renkei ".repeat(100);
        let sealed = seal(&plain).unwrap();
        assert_eq!(zstd::decode_all(sealed.as_slice()).unwrap(), plain);
        let mut streamed = Vec::new();
        stream(io::Cursor::new(sealed))
            .unwrap()
            .read_to_end(&mut streamed)
            .unwrap();
        assert_eq!(streamed, plain);
    }
}
