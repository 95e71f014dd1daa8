//! Documents that are so small that their pointer carries them.

use repository_core::recover::Recovery;
use repository_store::*;

use crate::support::*;

async fn stored(store: &DocumentStore, id: &str, bytes: &[u8]) -> StoredDocument {
    let open = begin_with(&carrying(), store, "1.9", &[(id, bytes)])
        .await
        .unwrap();
    open.finish().await.unwrap();
    store.open_document(&uid(id)).await.unwrap().unwrap()
}

fn pointer(dir: &TempDir) -> std::path::PathBuf {
    let [path] = files(&dir.data().join("pointers")).try_into().unwrap();
    path
}

#[tokio::test]
async fn small_documents_have_one_object_and_others_have_two() {
    for store in [memory(), open(&TempDir::fast())] {
        for (seed, len) in [(2, 0), (3, 1), (2, 10_000), (3, 60_000)] {
            let bytes = content(seed, len);
            let id = format!("1.2.{seed}.{len}");
            let document = stored(&store, &id, &bytes).await;
            assert!(document.carried_bytes() > 0, "{len}");
            assert_eq!(read_all(&store, &document).await.unwrap(), bytes);
        }
    }
    let dir = TempDir::fast();
    let store = open(&dir);
    // What is encrypted is a little longer than the document.
    let bytes = content(3, CARRIED_BYTES_MAX);
    let document = stored(&store, "1.2.3", &bytes).await;
    assert_eq!(document.carried_bytes(), 0);
    assert_eq!(files(&dir.data().join("blobs")).len(), 1);
    assert_eq!(read_all(&store, &document).await.unwrap(), bytes);
}

#[tokio::test]
async fn sec_nothing_readable_lies_in_the_pointer() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let bytes = b"PATIENTCANARY".repeat(20);
    stored(&store, "1.2.3", &bytes).await;
    assert!(files(&dir.data().join("blobs")).is_empty());
    let object = std::fs::read(pointer(&dir)).unwrap();
    assert!(!object.windows(6).any(|part| part == b"CANARY"));
}

#[tokio::test]
async fn what_is_let_go_of_is_read_again() {
    let store = memory();
    let mut document = stored(&store, "1.2.3", b"again").await;
    document.let_go();
    assert_eq!(document.carried_bytes(), 0);
    assert_eq!(read_all(&store, &document).await.unwrap(), b"again");
}

#[tokio::test]
async fn xds_25_a_flipped_bit_in_a_carried_document_is_an_error() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let bytes = content(3, 5_000);
    stored(&store, "1.2.3", &bytes).await;
    let path = pointer(&dir);
    let whole = std::fs::read(&path).unwrap();
    let read = async || {
        let document = store.open_document(&uid("1.2.3")).await?;
        read_all(&store, &document.unwrap()).await
    };
    for byte in (0..whole.len()).step_by(37).chain([4, 5, 8, whole.len() - 1]) {
        let mut changed = whole.clone();
        changed[byte] ^= 0x10;
        std::fs::write(&path, &changed).unwrap();
        assert!(matches!(read().await, Err(StoreError::Damaged(_))), "byte {byte}");
    }
    for len in (0..whole.len()).step_by(41) {
        std::fs::write(&path, &whole[..len]).unwrap();
        assert!(
            matches!(read().await, Err(StoreError::Damaged(_))),
            "length {len}"
        );
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(read().await.unwrap(), bytes);
}

#[tokio::test]
async fn bytes_under_a_pointer_that_has_none_are_an_error() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let bytes = content(3, 500);
    begin(&store, "1.9", &[("1.2.3", &bytes)])
        .await
        .unwrap()
        .finish()
        .await
        .unwrap();
    let path = pointer(&dir);
    let sealed = std::fs::read(&path).unwrap();
    let len = u32::try_from(sealed.len()).unwrap().to_le_bytes();
    let forged = [b"RNKC\x01".as_slice(), &len, &sealed, b"other bytes"].concat();
    std::fs::write(&path, forged).unwrap();
    let found = store.open_document(&uid("1.2.3")).await;
    assert!(matches!(found, Err(StoreError::Damaged(_))));
}

#[tokio::test]
async fn claims_between_carried_documents() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let first = stored(&store, "1.2.3", b"first").await;
    let same = begin_with(&carrying(), &store, "1.9.2", &[("1.2.3", b"first")])
        .await
        .unwrap();
    assert_eq!(same.claims(), [Claim::AlreadyIdentical(first.clone())]);
    same.undo().await.unwrap();
    let other = begin_with(&carrying(), &store, "1.9.3", &[("1.2.3", b"other")])
        .await
        .unwrap();
    assert!(matches!(other.claims(), [Claim::AlreadyDifferent(_)]));
    other.undo().await.unwrap();
    assert_eq!(store.open_document(&uid("1.2.3")).await.unwrap(), Some(first));
    assert_eq!(fetch(&store, "1.2.3").await.unwrap(), b"first");
}

#[tokio::test]
async fn sto_14_a_torn_pointer_of_a_submission_that_did_not_end_is_removed() {
    // After a power failure: nothing, zeros, a later block without the first, the first block alone.
    let torn = |whole: &[u8]| {
        [
            Vec::new(),
            vec![0; whole.len()],
            [&[0; 4096], &whole[4096..]].concat(),
            whole[..4096].to_vec(),
        ]
    };
    for case in 0..4 {
        let dir = TempDir::fast();
        let store = open(&dir);
        let open_submission = begin_with(&carrying(), &store, "1.9", &[("1.2.3", &content(3, 30_000))])
            .await
            .unwrap();
        drop(open_submission);
        let path = pointer(&dir);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &torn(&whole)[case]).unwrap();
        let recovered = store.recover(async |_| Recovery::Remove).await.unwrap();
        assert_eq!(recovered.removed, 1, "case {case}");
        assert!(files(&dir.data().join("pointers")).is_empty(), "case {case}");
        assert_eq!(store.open_document(&uid("1.2.3")).await.unwrap(), None);
    }
}

#[tokio::test]
async fn recovery_keeps_what_is_registered() {
    let dir = TempDir::fast();
    let store = open(&dir);
    drop(
        begin_with(&carrying(), &store, "1.9", &[("1.2.3", b"kept")])
            .await
            .unwrap(),
    );
    let recovered = store.recover(async |_| Recovery::Finish).await.unwrap();
    assert_eq!(recovered.finished, 1);
    assert_eq!(fetch(&store, "1.2.3").await.unwrap(), b"kept");
    assert!(store.unfinished().await.unwrap().is_empty());
}
