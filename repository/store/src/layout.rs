//! The names of objects: never made from what a sender chose, but from keys and hashes of ours.
//!
//! ```text
//! blobs/<2 hex>/<uuid v7>          encrypted bytes of a document
//! pointers/<2 hex>/<sha-256>       who owns a uniqueId, sealed
//! unfinished/<uuid v7>             a submission that nobody works on and that has not ended, sealed
//! ```
//!
//! In a local folder `begun-0` and `begun-1` hold the submissions on their way (see `begun`); in a bucket these
//! lie in `unfinished` from their beginning.

use std::fmt::Write as _;

use aws_lc_rs::digest::{Context, SHA256};
use uuid::Uuid;
use xds_model::{Oid, UniqueId};

pub(crate) const BLOBS: &str = "blobs";
pub(crate) const POINTERS: &str = "pointers";
pub(crate) const UNFINISHED: &str = "unfinished";

/// The object that holds the bytes of a document.
pub(crate) fn blob(key: Uuid) -> String {
    let [.., last] = key.into_bytes();
    format!("{BLOBS}/{last:02x}/{}", key.simple())
}

/// The key of a blob by its name.
pub(crate) fn blob_key(name: &str) -> Option<Uuid> {
    Uuid::try_parse(name.rsplit('/').next()?).ok()
}

/// The object that says who owns a uniqueId: named by a hash, so that no uniqueId is ever a path.
pub(crate) fn pointer(repository: &Oid, unique_id: &UniqueId) -> String {
    let mut hash = Context::new(&SHA256);
    hash.update(b"renkei pointer 1\0");
    hash.update(repository.as_str().as_bytes());
    hash.update(b"\0");
    hash.update(unique_id.as_str().as_bytes());
    let mut digits = String::with_capacity(64);
    for byte in hash.finish().as_ref() {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    let folder = digits.get(..2).unwrap_or_default();
    format!("{POINTERS}/{folder}/{digits}")
}

/// The object that recovery reads when a submission did not end.
pub(crate) fn unfinished(submission: Uuid) -> String {
    format!("{UNFINISHED}/{}", submission.simple())
}

/// Every folder of a local store, the outer ones first.
pub(crate) fn folders() -> impl Iterator<Item = String> {
    let inner = [BLOBS, POINTERS]
        .into_iter()
        .flat_map(|top| (0..=0xff_u8).map(move |part| format!("{top}/{part:02x}")));
    [BLOBS, POINTERS, UNFINISHED]
        .into_iter()
        .map(str::to_owned)
        .chain(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sto_18_a_unique_id_is_never_in_a_path() {
        let oid: Oid = "1.2.3".parse().unwrap();
        for hostile in ["../../x", "con", "%2f", "a/b", "..", "#1"] {
            let name = pointer(&oid, &hostile.parse().unwrap());
            let (top, rest) = name.split_once('/').unwrap();
            assert_eq!(top, POINTERS);
            assert!(rest.bytes().all(|b| b.is_ascii_hexdigit() || b == b'/'), "{name}");
            assert_eq!(rest.len(), 2 + 1 + 64);
        }
    }

    #[test]
    fn repository_and_unique_id_do_not_run_together() {
        let pointer = |oid: &str, id: &str| pointer(&oid.parse().unwrap(), &id.parse().unwrap());
        assert_ne!(pointer("1.2.3", "4"), pointer("1.2", ".34"));
        assert_ne!(pointer("1.2.3", "4"), pointer("1.2.34", "4"));
        assert_eq!(pointer("1.2.3", "4"), pointer("1.2.3", "4"));
    }

    #[test]
    fn a_blob_is_found_by_its_name() {
        let key = Uuid::from_u128(0x0123_4567_89ab_7def_8123_4567_89ab_cdef);
        assert_eq!(blob_key(&blob(key)), Some(key));
        assert_eq!(blob(key), "blobs/ef/0123456789ab7def8123456789abcdef");
    }
}
