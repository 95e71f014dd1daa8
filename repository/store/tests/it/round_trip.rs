use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use repository_store::*;
use xds_model::DocumentHash;

use crate::support::*;

const K64: usize = 64 * 1024;

async fn every_size_comes_back(store: &DocumentStore) {
    let sizes = [
        0,
        1,
        K64 - 1,
        K64,
        K64 + 1,
        256 * 1024,
        256 * 1024 + 1,
        5 * 1024 * 1024,
    ];
    for (n, size) in sizes.into_iter().enumerate() {
        for seed in [2, 3] {
            let (id, bytes) = (format!("1.2.{n}.{seed}"), content(seed, size));
            let open = begin(store, "1.9", &[(&id, &bytes)]).await.unwrap();
            assert_eq!(open.claims(), [Claim::Claimed]);
            assert_eq!(fetch(store, &id).await.unwrap(), bytes, "before ITI-42 ends");
            open.finish().await.unwrap();
            assert_eq!(fetch(store, &id).await.unwrap(), bytes, "{size} bytes");
            let found = store.open_document(&uid(&id)).await.unwrap().unwrap();
            assert_eq!((found.size, found.mime_type.as_str()), (size as u64, "text/xml"));
        }
    }
    assert!(store.unfinished().await.unwrap().is_empty());
    assert_eq!(fetch(store, "1.2.77").await, None);
}

#[tokio::test]
async fn every_size_comes_back_from_a_folder() {
    let dir = TempDir::new();
    every_size_comes_back(&open(&dir)).await;
}

#[tokio::test]
async fn every_size_comes_back_from_an_object_store() {
    every_size_comes_back(&crate::support::memory()).await;
}

#[tokio::test]
async fn xds_02_no_bytes_have_the_hash_of_nothing() {
    let store = memory();
    let received = receive(&store, b"").await;
    assert_eq!(received.size(), 0);
    assert_eq!(
        *received.sha1(),
        DocumentHash::OF_NOTHING.parse::<DocumentHash>().unwrap()
    );
}

#[tokio::test]
async fn hashes_are_those_of_the_plain_bytes() {
    let store = memory();
    let received = receive(&store, b"abc").await;
    assert_eq!(
        received.sha1().as_str(),
        "a9993e364706816aba3e25717850c26c9cd0d89d"
    );
    assert_eq!(received.sha256()[..4], [0xba, 0x78, 0x16, 0xbf]);
    assert_eq!(received.size(), 3);
}

#[tokio::test]
async fn documents_outlive_the_process() {
    let dir = TempDir::new();
    let bytes = content(4, 100_000);
    {
        let store = open(&dir);
        let open = begin(&store, "1.9", &[("1.2.3", &bytes)]).await.unwrap();
        open.finish().await.unwrap();
    }
    let store = open(&dir);
    assert_eq!(fetch(&store, "1.2.3").await.unwrap(), bytes);
}

#[tokio::test]
async fn a_document_streams_out_in_pieces() {
    let store = memory();
    for seed in [6, 7] {
        let id = format!("1.2.{seed}");
        let bytes = content(seed, 3_000_000);
        let open = begin(&store, "1.9", &[(&id, &bytes)]).await.unwrap();
        open.finish().await.unwrap();
        let document = store.open_document(&uid(&id)).await.unwrap().unwrap();
        let stream = store.read(&document).await.unwrap().into_stream();
        let pieces: Vec<Bytes> = stream.boxed().try_collect().await.unwrap();
        assert!(pieces.len() > 4, "{}", pieces.len());
        assert!(pieces.iter().all(|piece| piece.len() <= 600 * 1024));
        assert_eq!(pieces.concat(), bytes);
    }
}

#[tokio::test]
async fn text_takes_less_room_than_it_has_bytes_and_noise_hardly_more() {
    let dir = TempDir::new();
    let store = open(&dir);
    for (id, seed, at_most) in [("1.2.2", 2, 500_000), ("1.2.3", 3, 1_001_000)] {
        let open = begin(&store, "1.9", &[(id, &content(seed, 1_000_000))])
            .await
            .unwrap();
        open.finish().await.unwrap();
        let stored = store.open_document(&uid(id)).await.unwrap().unwrap();
        let path = files(&dir.data().join("blobs"))
            .into_iter()
            .find(|path| path.ends_with(stored.blob.simple().to_string()))
            .unwrap();
        let len = std::fs::metadata(path).unwrap().len();
        assert!(len <= at_most, "{id}: {len}");
    }
}

#[tokio::test]
async fn nothing_readable_lies_in_the_folder() {
    let dir = TempDir::new();
    let store = open(&dir);
    let text = b"DOCUMENTCANARY ".repeat(10);
    let noise = [content(3, 200_000), b"DOCUMENTCANARY".to_vec()].concat();
    let open = begin(&store, "1.9.55555", &[("IDCANARY", &text), ("IDCANARY2", &noise)])
        .await
        .unwrap();
    let mut seen = 0;
    for path in files(&dir.data()) {
        let bytes = std::fs::read(&path).unwrap();
        for canary in ["CANARY", "1.9.55555", "text/xml", "1.2.392.99"] {
            let found = bytes.windows(canary.len()).any(|part| part == canary.as_bytes());
            assert!(
                !found && !path.to_string_lossy().contains(canary),
                "{canary} in {path:?}"
            );
        }
        seen += 1;
    }
    assert!(seen >= 5, "two blobs, two pointers and a state: {seen}");
    open.finish().await.unwrap();
    assert_eq!(fetch(&store, "IDCANARY").await.unwrap(), text);
}
