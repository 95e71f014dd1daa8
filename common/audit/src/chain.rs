//! The hash chain over records.
//!
//! Each record has a leaf, the hash of its content, and a link, the hash of the link before it and
//! its leaf. Whoever trusts one link can check that a record belongs to it from the leaves between the
//! two alone, without seeing the other records.

use aws_lc_rs::digest::{Context, SHA256};

use crate::record::Kind;

/// A link of the chain: SHA-256.
pub type Link = [u8; 32];

/// The link before the first record.
pub const GENESIS: Link = [0; 32];

/// Keeps leaves and links apart, as RFC 6962 section 2.1 does.
const LEAF: u8 = 0;
const LINK: u8 = 1;

/// The hash of one record's content.
pub fn leaf(sequence: u64, kind: Kind, payload: &[u8]) -> Link {
    hash(&[&[LEAF], &sequence.to_le_bytes(), &[kind as u8], payload])
}

/// The link after `previous` for a record with this leaf.
pub fn link(previous: &Link, leaf: &Link) -> Link {
    hash(&[&[LINK], previous, leaf])
}

/// SHA-256 of `bytes`, in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&hash(&[bytes]))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The link that `text` spells, in lower case.
pub(crate) fn link_from_hex(text: &str) -> Option<Link> {
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 64 || !text.bytes().all(digit) {
        return None;
    }
    let mut link = GENESIS;
    for (slot, at) in link.iter_mut().zip((0..64).step_by(2)) {
        *slot = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(link)
}

fn hash(parts: &[&[u8]]) -> Link {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut link = GENESIS;
    link.iter_mut()
        .zip(context.finish().as_ref())
        .for_each(|(slot, byte)| *slot = *byte);
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_reads_back() {
        let link = link(&GENESIS, &leaf(1, Kind::Single, b"x"));
        assert_eq!(link_from_hex(&hex(&link)), Some(link));
        assert_eq!(link_from_hex("zz"), None);
        assert_eq!(link_from_hex(&hex(&link).to_uppercase()), None);
        assert_eq!(link_from_hex(&"+1".repeat(32)), None);
        assert_eq!(link_from_hex(&"é".repeat(32)), None);
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn every_part_of_a_record_counts() {
        let leaves = [
            leaf(1, Kind::Single, b"x"),
            leaf(2, Kind::Single, b"x"),
            leaf(1, Kind::Open, b"x"),
            leaf(1, Kind::Single, b"y"),
        ];
        for (i, a) in leaves.iter().enumerate() {
            assert!(leaves.iter().skip(i + 1).all(|b| a != b));
        }
    }
}
