//! Memory does not grow with a document, up or down.

use std::process::Command;

use bytes::Bytes;
use repository_store::*;

use crate::support::*;

const SIZE: u64 = 256 * 1024 * 1024;
const GROWTH_KIB_MAX: u64 = 32 * 1024;

#[test]
fn a_large_document_passes_in_bounded_memory() {
    let dir = TempDir::new();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "memory::child_with_a_large_document",
            "--ignored",
            "--nocapture",
        ])
        .env("RENKEI_TEST_FOLDER", dir.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let growth: u64 = text
        .lines()
        .find_map(|line| line.split("GROWTH_KIB ").nth(1)?.trim().parse().ok())
        .unwrap_or_else(|| panic!("{text}"));
    println!("{} MiB passed in {growth} KiB", SIZE >> 20);
    assert!(growth < GROWTH_KIB_MAX, "grew by {growth} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by a_large_document_passes_in_bounded_memory"]
async fn child_with_a_large_document() {
    let Some(root) = std::env::var_os("RENKEI_TEST_FOLDER").map(std::path::PathBuf::from) else {
        return;
    };
    let store = DocumentStore::open(config(
        Location::Folder(root.join("data")),
        KeyRing::ephemeral().unwrap(),
    ))
    .unwrap();
    store_and_read(&store, "1.2.0", 100_000, 0).await;
    let before = peak_kib();
    store_and_read(&store, "1.2.1", SIZE / 2, 0).await;
    store_and_read(&store, "1.2.2", SIZE / 2, 1).await;
    println!("GROWTH_KIB {}", peak_kib() - before);
}

async fn store_and_read(store: &DocumentStore, id: &str, size: u64, seed: u64) {
    let piece = Bytes::from(content(seed, 60_000));
    let stream = futures_util::stream::unfold(size, move |left| {
        let len = left.min(piece.len() as u64);
        let piece = piece.slice(..usize::try_from(len).unwrap());
        async move { (len > 0).then(|| (Ok::<_, ()>(piece), left - len)) }
    });
    let received = store.receive(stream, &options()).await.unwrap();
    let new = NewDocument {
        unique_id: uid(id),
        mime_type: "text/xml".to_owned(),
        received,
    };
    store
        .begin(context("1.9"), vec![new])
        .await
        .unwrap()
        .finish()
        .await
        .unwrap();
    let document = store.open_document(&uid(id)).await.unwrap().unwrap();
    let mut reader = store.read(&document).await.unwrap();
    let mut read = 0;
    while let Some(piece) = reader.next_piece().await.unwrap() {
        read += piece.len() as u64;
    }
    assert_eq!(read, size);
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
