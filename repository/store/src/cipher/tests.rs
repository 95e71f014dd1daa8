use proptest::prelude::*;

use super::header::HEADER;
use super::*;
use crate::error::StoreError;
use crate::keys::KeyRing;
use uuid::Uuid;

const NAME: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);
const FULL: usize = CHUNK + TAG;

fn encrypt(keys: &KeyRing, pieces: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encryptor = Encryptor::start(keys, NAME, false, &mut out).unwrap();
    for piece in pieces {
        encryptor.push(piece, &mut out).unwrap();
    }
    encryptor.finish(&mut out).unwrap();
    out
}

fn decrypt(keys: &KeyRing, name: Uuid, pieces: &[&[u8]]) -> Result<Vec<u8>, StoreError> {
    let mut out = Vec::new();
    let mut decryptor = Decryptor::start(name);
    for piece in pieces {
        decryptor.push(keys, piece, &mut out)?;
    }
    decryptor.finish(keys, &mut out)?;
    Ok(out)
}

fn sample(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + i / 257) as u8).collect()
}

/// Cuts `bytes` into pieces of these lengths, taken round and round.
fn cut<'a>(mut bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for len in lengths.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((*len).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_size_in_any_pieces_comes_back(
        len in prop_oneof![0..4_usize, CHUNK - 2..CHUNK + 3, 2 * CHUNK - 1..2 * CHUNK + 2, 0..300 * 1024_usize],
        in_pieces in prop::collection::vec(1..100_000_usize, 1..6),
        out_pieces in prop::collection::vec(1..100_000_usize, 1..6),
    ) {
        let keys = KeyRing::ephemeral().unwrap();
        let plain = sample(len);
        let stored = encrypt(&keys, &cut(&plain, &in_pieces));
        let chunks = len.div_ceil(CHUNK).max(1);
        prop_assert_eq!(stored.len(), HEADER + len + chunks * TAG);
        let read = decrypt(&keys, NAME, &cut(&stored, &out_pieces)).unwrap();
        prop_assert!(read == plain);
    }

    #[test]
    fn compression_comes_back_in_any_pieces(
        len in 0..300 * 1024_usize,
        period in 1..5_000_usize,
        in_pieces in prop::collection::vec(1..70_000_usize, 1..6),
        flush_at in 0..4_usize,
    ) {
        let plain: Vec<u8> = (0..len).map(|i| (i % period * 7 % 251) as u8).collect();
        let mut compressor = Compressor::new(None).unwrap();
        let mut packed = Vec::new();
        for (i, piece) in cut(&plain, &in_pieces).into_iter().enumerate() {
            compressor.push(piece, &mut packed).unwrap();
            if i == flush_at {
                compressor.flush(&mut packed).unwrap();
            }
        }
        compressor.finish(&mut packed).unwrap();
        prop_assert!(expand(&packed, 1_000).unwrap() == plain);
        if let Some(cut) = packed.len().checked_sub(1) {
            prop_assert!(expand(&packed[..cut], 1_000).is_err());
        }
        packed.push(0);
        prop_assert!(expand(&packed, 1_000).is_err());
    }
}

fn expand(packed: &[u8], piece: usize) -> Result<Vec<u8>, StoreError> {
    let mut decompressor = Decompressor::new()?;
    let mut plain = Vec::new();
    for piece in packed.chunks(piece) {
        let mut piece = piece;
        loop {
            let mut out = Vec::new();
            let used = decompressor.expand(piece, &mut out, 10_000)?;
            piece = &piece[used..];
            if out.is_empty() {
                break;
            }
            plain.append(&mut out);
        }
        assert!(piece.is_empty());
    }
    if decompressor.at_end() {
        Ok(plain)
    } else {
        Err(StoreError::Damaged("cut"))
    }
}

#[test]
fn a_bomb_expands_step_by_step() {
    let mut compressor = Compressor::new(None).unwrap();
    let (mut packed, zeros) = (Vec::new(), vec![0; 1 << 20]);
    for _ in 0..64 {
        compressor.push(&zeros, &mut packed).unwrap();
    }
    compressor.finish(&mut packed).unwrap();
    assert!(packed.len() < 16 * 1024, "{}", packed.len());
    let mut out = Vec::new();
    Decompressor::new()
        .unwrap()
        .expand(&packed, &mut out, CHUNK)
        .unwrap();
    assert!(out.len() >= CHUNK && out.len() < 8 * CHUNK, "{}", out.len());
}

#[test]
fn xds_25_every_flipped_bit_of_header_first_and_last_chunk_is_found() {
    let keys = KeyRing::ephemeral().unwrap();
    let stored = encrypt(&keys, &[&sample(40)]);
    for bit in 0..stored.len() * 8 {
        let mut changed = stored.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(decrypt(&keys, NAME, &[&changed]).is_err(), "bit {bit}");
    }
    let stored = encrypt(&keys, &[&sample(CHUNK + 40)]);
    let first = HEADER..HEADER + 40;
    let tag_of_first = HEADER + CHUNK..HEADER + FULL;
    let last = HEADER + FULL..stored.len();
    for byte in first.chain(tag_of_first).chain(last) {
        for bit in 0..8 {
            let mut changed = stored.clone();
            changed[byte] ^= 1 << bit;
            assert!(
                decrypt(&keys, NAME, &[&changed]).is_err(),
                "byte {byte} bit {bit}"
            );
        }
    }
}

#[test]
fn sto_14_what_is_cut_anywhere_or_at_a_chunk_is_found() {
    let keys = KeyRing::ephemeral().unwrap();
    let stored = encrypt(&keys, &[&sample(3 * CHUNK)]);
    for chunks in 0..3 {
        for around in [0, 1, TAG - 1, TAG, TAG + 1, 512] {
            for len in [
                HEADER + chunks * FULL + around,
                HEADER + (chunks + 1) * FULL - around - 1,
            ] {
                assert!(decrypt(&keys, NAME, &[&stored[..len]]).is_err(), "length {len}");
            }
        }
    }
    for len in 0..HEADER + TAG {
        assert!(decrypt(&keys, NAME, &[&stored[..len]]).is_err(), "length {len}");
    }
    let longer = [&stored[..], &[0]].concat();
    assert!(decrypt(&keys, NAME, &[&longer]).is_err());
    let appended = [&stored[..], &stored[HEADER..]].concat();
    assert!(decrypt(&keys, NAME, &[&appended]).is_err());
    assert!(decrypt(&keys, NAME, &[&stored]).is_ok());
}

#[test]
fn chunks_that_changed_places_or_objects_are_found() {
    let keys = KeyRing::ephemeral().unwrap();
    let (one, other) = (
        encrypt(&keys, &[&sample(3 * CHUNK)]),
        encrypt(&keys, &[&sample(3 * CHUNK)]),
    );
    let chunk = |of: &[u8], n: usize| of[HEADER + n * FULL..HEADER + (n + 1) * FULL].to_vec();
    let build = |chunks: [Vec<u8>; 3]| [one[..HEADER].to_vec(), chunks.concat()].concat();

    assert!(
        decrypt(
            &keys,
            NAME,
            &[&build([chunk(&one, 0), chunk(&one, 1), chunk(&one, 2)])]
        )
        .is_ok()
    );
    assert!(
        decrypt(
            &keys,
            NAME,
            &[&build([chunk(&one, 1), chunk(&one, 0), chunk(&one, 2)])]
        )
        .is_err()
    );
    assert!(
        decrypt(
            &keys,
            NAME,
            &[&build([chunk(&one, 0), chunk(&one, 0), chunk(&one, 2)])]
        )
        .is_err()
    );
    assert!(
        decrypt(
            &keys,
            NAME,
            &[&build([chunk(&one, 0), chunk(&other, 1), chunk(&one, 2)])]
        )
        .is_err()
    );

    let elsewhere = Uuid::from_u128(NAME.as_u128() + 1);
    assert!(decrypt(&keys, elsewhere, &[&one]).is_err(), "another name");
    assert!(
        decrypt(&KeyRing::ephemeral().unwrap(), NAME, &[&one]).is_err(),
        "another key"
    );
}

#[test]
fn nothing_unverified_is_given_out() {
    let keys = KeyRing::ephemeral().unwrap();
    let plain = sample(2 * CHUNK);
    let mut stored = encrypt(&keys, &[&plain]);
    let in_second = HEADER + FULL + 10;
    stored[in_second] ^= 1;
    let mut out = Vec::new();
    let mut decryptor = Decryptor::start(NAME);
    decryptor.push(&keys, &stored, &mut out).unwrap();
    assert!(decryptor.finish(&keys, &mut out).is_err());
    assert_eq!(out, plain[..CHUNK]);
}

#[test]
fn types_that_are_compressed_already() {
    for yes in [
        "image/jpeg",
        "IMAGE/PNG",
        "application/zip; x=y",
        "video/mp4",
        "audio/mpeg",
    ] {
        assert!(is_compressed_type(yes), "{yes}");
    }
    for no in [
        "text/xml",
        "application/pdf",
        "application/dicom",
        "audio/x-wav",
        "",
    ] {
        assert!(!is_compressed_type(no), "{no}");
    }
}
