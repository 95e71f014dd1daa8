use std::io::ErrorKind;

use futures_util::StreamExt;
use repository_store::*;

use crate::support::*;

#[tokio::test]
async fn a_document_is_refused_one_byte_over_the_limit() {
    let dir = TempDir::fast();
    let store = open(&dir);
    for limit in [0_u64, 10, 1_000_000] {
        let options = ReceiveOptions {
            size_max: limit,
            mime_type: None,
            carried_bytes_max: 0,
        };
        let bytes = content(3, usize::try_from(limit).unwrap() + 1);
        let over = store.receive(pieces(&bytes, 9_000), &options).await;
        assert!(matches!(
            over,
            Err(ReceiveError::Store(StoreError::TooLarge { limit: told })) if told == limit
        ));
        let at = store.receive(pieces(&bytes[1..], 9_000), &options).await.unwrap();
        assert_eq!(at.size(), limit);
    }
    eventually(|| files(&dir.data().join("blobs")).is_empty()).await;
}

#[tokio::test]
async fn a_source_that_breaks_off_leaves_nothing() {
    let dir = TempDir::fast();
    let store = open(&dir);
    for len in [10, 100_000, 2_000_000] {
        let broken = pieces(&content(3, len), 9_000).chain(futures_util::stream::iter([Err(
            ErrorKind::ConnectionReset.into(),
        )]));
        match store.receive(broken, &options()).await {
            Err(ReceiveError::Incoming(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
            other => panic!("{other:?}"),
        }
        eventually(|| files(&dir.data().join("blobs")).is_empty()).await;
    }
}

#[tokio::test]
async fn a_receive_that_is_dropped_leaves_nothing() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let endless = pieces(&content(3, 2_000_000), 50_000).chain(futures_util::stream::pending());
    let task = tokio::spawn({
        let store = store.clone();
        async move { store.receive(endless, &options()).await.map(|_| ()) }
    });
    eventually(|| !files(&dir.data().join("blobs")).is_empty()).await;
    task.abort();
    assert!(task.await.is_err());
    eventually(|| files(&dir.data().join("blobs")).is_empty()).await;
}

#[tokio::test]
async fn what_was_received_and_not_kept_goes_away() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let received = receive(&store, b"x").await;
    assert_eq!(files(&dir.data().join("blobs")).len(), 1);
    drop(received);
    eventually(|| files(&dir.data().join("blobs")).is_empty()).await;
}

/// A full disk as the kernel tells it: the limit on the size of files stands in for it (EFBIG).
#[test]
fn sto_12_a_full_disk_is_out_of_resources_and_leaves_nothing() {
    let dir = TempDir::fast();
    let status = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "limits::child_on_a_full_disk", "--ignored", "--quiet"])
        .env("RENKEI_TEST_FOLDER", dir.path())
        .status()
        .unwrap();
    assert!(status.success());
}

#[tokio::test]
#[ignore = "run by sto_12_a_full_disk_is_out_of_resources_and_leaves_nothing"]
async fn child_on_a_full_disk() {
    let Some(root) = std::env::var_os("RENKEI_TEST_FOLDER").map(std::path::PathBuf::from) else {
        return;
    };
    let data = root.join("data");
    let store = DocumentStore::open(config(
        Location::Folder(data.clone()),
        KeyRing::ephemeral().unwrap(),
    ))
    .unwrap();
    let kept = begin(&store, "1.9", &[("1.2.1", b"kept")]).await.unwrap();
    kept.finish().await.unwrap();
    let large = content(3, 2_000_000);
    for _ in 0..3 {
        match store.receive(pieces(&large, 9_000), &options()).await {
            Err(ReceiveError::Store(error @ StoreError::NoSpace)) => {
                assert_eq!(error.rule(), xds_model::RuleId::RepositoryFull);
            }
            other => panic!("{other:?}"),
        }
    }
    eventually(|| files(&data.join("blobs")).len() == 1).await;
    assert_eq!(fetch(&store, "1.2.1").await.unwrap(), b"kept");
    let small = receive(&store, b"ok").await;
    assert_eq!(small.size(), 2, "it recovers by itself");
}
