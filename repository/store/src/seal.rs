//! Small objects (pointers, unfinished submissions), sealed whole: nothing readable lies on disk,
//! and an object that was changed, or moved to another name, does not open.

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};

use crate::error::StoreError;
use crate::keys::{KeyId, KeyRing};

const MAGIC: &[u8; 4] = b"RNKS";
const VERSION: u8 = 1;
const HEADER: usize = 4 + 1 + 8;

/// Seals `plain` under the current key. It opens only with the same `name`.
pub(crate) fn seal(keys: &KeyRing, name: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    let kek = keys.current();
    let mut nonce = [0; NONCE_LEN];
    aws_lc_rs::rand::fill(&mut nonce).map_err(|_| StoreError::Internal("the random source"))?;
    let mut header = Vec::with_capacity(HEADER + name.len());
    header.extend_from_slice(MAGIC);
    header.push(VERSION);
    header.extend_from_slice(&kek.id.0);
    let mut out = header.clone();
    out.extend_from_slice(&nonce);
    header.extend_from_slice(name.as_bytes());
    let mut body = plain.to_vec();
    kek.seal
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&header), &mut body)
        .map_err(|_| StoreError::Internal("encryption"))?;
    out.append(&mut body);
    Ok(out)
}

/// Opens what [`seal`] made for this `name`.
pub(crate) fn open(keys: &KeyRing, name: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let (header, rest) = sealed
        .split_at_checked(HEADER)
        .ok_or(StoreError::Damaged("a sealed object is cut"))?;
    let (nonce, body) = rest
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(StoreError::Damaged("a sealed object is cut"))?;
    let id = header
        .strip_prefix(MAGIC)
        .and_then(|rest| rest.strip_prefix(&[VERSION]))
        .and_then(|id| id.first_chunk::<8>())
        .ok_or(StoreError::Damaged("a sealed object has another form"))?;
    let kek = keys.find(KeyId(*id)).ok_or(StoreError::Damaged(
        "the key of a sealed object is not in the key ring",
    ))?;
    let mut bound = header.to_vec();
    bound.extend_from_slice(name.as_bytes());
    let mut body = body.to_vec();
    let len = kek
        .seal
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(&bound), &mut body)
        .map_err(|_| StoreError::Damaged("a sealed object was changed"))?
        .len();
    body.truncate(len);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_unchanged_and_under_its_name() {
        let keys = KeyRing::ephemeral().unwrap();
        let sealed = seal(&keys, "pointers/a", b"canary").unwrap();
        assert_eq!(open(&keys, "pointers/a", &sealed).unwrap(), b"canary");
        assert!(open(&keys, "pointers/b", &sealed).is_err());
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&keys, "pointers/a", &changed).is_err(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(open(&keys, "pointers/a", &sealed[..len]).is_err(), "length {len}");
        }
        assert!(!sealed.windows(6).any(|part| part == b"canary"));
    }
}
