//! The header of an encrypted document.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Place, TAG};
use crate::error::StoreError;
use crate::keys::{KEY_BYTES, KeyId, KeyRing};

const MAGIC: &[u8; 4] = b"RNKD";
const VERSION: u8 = 1;
const COMPRESSED: u8 = 1;
const FIXED: usize = 4 + 1 + 1 + 8;
const WRAPPED: usize = KEY_BYTES + TAG;

/// Bytes of a header.
pub(super) const HEADER: usize = FIXED + NONCE_LEN + WRAPPED + 7;

/// A header that was made or verified, and the data key that it wraps.
pub(super) struct Opened {
    pub(super) bytes: Vec<u8>,
    pub(super) key: LessSafeKey,
    pub(super) start: Place,
    pub(super) compressed: bool,
}

/// A header with a fresh data key for the object `name`.
pub(super) fn make(keys: &KeyRing, name: Uuid, compressed: bool) -> Result<Opened, StoreError> {
    let kek = keys.current();
    let mut data_key = Zeroizing::new([0; KEY_BYTES]);
    let mut nonce = [0; NONCE_LEN];
    let mut prefix = [0; 7];
    for random in [&mut data_key[..], &mut nonce, &mut prefix] {
        aws_lc_rs::rand::fill(random).map_err(|_| StoreError::Internal("the random source"))?;
    }
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[VERSION, if compressed { COMPRESSED } else { 0 }]);
    bytes.extend_from_slice(&kek.id.0);

    let mut wrapped = data_key.to_vec();
    let tag = kek
        .wrap
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(bound(&bytes, name)),
            &mut wrapped,
        )
        .map_err(|_| StoreError::Internal("encryption"))?;
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&wrapped);
    bytes.extend_from_slice(tag.as_ref());
    bytes.extend_from_slice(&prefix);
    Ok(Opened {
        bytes,
        key: data_key_of(&data_key[..])?,
        start: Place { prefix, number: 0 },
        compressed,
    })
}

/// Verifies the header of the object `name`.
pub(super) fn open(keys: &KeyRing, name: Uuid, bytes: Vec<u8>) -> Result<Opened, StoreError> {
    let cut = StoreError::Damaged("the header of a document is cut");
    let form = StoreError::Damaged("the header of a document has another form");
    let (fixed, rest) = bytes.split_at_checked(FIXED).ok_or(cut)?;
    let (flags, id) = match fixed.strip_prefix(MAGIC) {
        Some([VERSION, flags @ (0 | COMPRESSED), id @ ..]) => (*flags, id),
        _ => return Err(form),
    };
    let id = id.first_chunk::<8>().ok_or(form)?;
    let Some((nonce, rest)) = rest.split_first_chunk::<NONCE_LEN>() else {
        return Err(StoreError::Damaged("the header of a document is cut"));
    };
    let (Some(wrapped), Some(prefix)) = (rest.first_chunk::<WRAPPED>(), rest.last_chunk::<7>()) else {
        return Err(StoreError::Damaged("the header of a document is cut"));
    };
    let kek = keys.find(KeyId(*id)).ok_or(StoreError::Damaged(
        "the key of a document is not in the key ring",
    ))?;
    let mut wrapped = Zeroizing::new(*wrapped);
    let data_key = kek
        .wrap
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(bound(fixed, name)),
            &mut wrapped[..],
        )
        .map_err(|_| StoreError::Damaged("the key of a document was changed"))?;
    let key = data_key_of(data_key)?;
    let start = Place {
        prefix: *prefix,
        number: 0,
    };
    Ok(Opened {
        key,
        start,
        compressed: flags & COMPRESSED != 0,
        bytes,
    })
}

/// What the wrapped key is bound to: the header before it and the object's name.
fn bound(fixed: &[u8], name: Uuid) -> Vec<u8> {
    [fixed, name.as_bytes()].concat()
}

fn data_key_of(key: &[u8]) -> Result<LessSafeKey, StoreError> {
    UnboundKey::new(&AES_256_GCM, key)
        .map(LessSafeKey::new)
        .map_err(|_| StoreError::Internal("encryption"))
}
