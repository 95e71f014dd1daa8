use repository_store::*;

use crate::support::*;

/// The only file under a part of the data folder.
fn only_file(dir: &TempDir, part: &str) -> std::path::PathBuf {
    let [path] = files(&dir.data().join(part)).try_into().unwrap();
    path
}

async fn stored(store: &DocumentStore, id: &str, bytes: &[u8]) -> StoredDocument {
    begin(store, "1.9", &[(id, bytes)])
        .await
        .unwrap()
        .finish()
        .await
        .unwrap();
    store.open_document(&uid(id)).await.unwrap().unwrap()
}

#[tokio::test]
async fn xds_25_a_flipped_bit_is_an_error_and_never_wrong_bytes() {
    for (seed, len) in [(2, 300), (3, 300), (2, 400_000), (3, 400_000)] {
        let dir = TempDir::fast();
        let store = open(&dir);
        let bytes = content(seed, len);
        let document = stored(&store, "1.2.3", &bytes).await;
        let path = only_file(&dir, "blobs");
        let whole = std::fs::read(&path).unwrap();
        let step = whole.len().div_ceil(40);
        for byte in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
            let mut changed = whole.clone();
            changed[byte] ^= 0x10;
            std::fs::write(&path, &changed).unwrap();
            let mut out = Vec::new();
            let outcome = async {
                let mut reader = store.read(&document).await?;
                while let Some(piece) = reader.next_piece().await? {
                    out.extend_from_slice(&piece);
                }
                Ok::<_, StoreError>(())
            };
            assert!(
                matches!(outcome.await, Err(StoreError::Damaged(_))),
                "byte {byte}"
            );
            assert!(out.len() < len && bytes.starts_with(&out), "byte {byte}");
        }
        std::fs::write(&path, &whole).unwrap();
        assert_eq!(read_all(&store, &document).await.unwrap(), bytes);
    }
}

#[tokio::test]
async fn sto_14_cut_and_half_zeroed_files_are_found() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let document = stored(&store, "1.2.3", &content(3, 200_000)).await;
    let path = only_file(&dir, "blobs");
    let whole = std::fs::read(&path).unwrap();
    for len in (0..whole.len()).step_by(512 * 17) {
        std::fs::write(&path, &whole[..len]).unwrap();
        assert!(matches!(
            read_all(&store, &document).await,
            Err(StoreError::Damaged(_))
        ));
        let mut zeroed = whole.clone();
        zeroed[len..].fill(0);
        std::fs::write(&path, &zeroed).unwrap();
        assert!(matches!(
            read_all(&store, &document).await,
            Err(StoreError::Damaged(_))
        ));
    }
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(
        read_all(&store, &document).await,
        Err(StoreError::Damaged(_))
    ));
}

#[tokio::test]
async fn bytes_in_the_place_of_others_are_found() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let one = stored(&store, "1.2.1", &content(2, 1_000)).await;
    let two = stored(&store, "1.2.2", &content(4, 1_000)).await;
    let path = |key: uuid::Uuid| {
        let name = key.simple().to_string();
        dir.data().join("blobs").join(&name[30..]).join(name)
    };
    std::fs::copy(path(two.blob), path(one.blob)).unwrap();
    assert!(matches!(
        read_all(&store, &one).await,
        Err(StoreError::Damaged(_))
    ));
    assert!(read_all(&store, &two).await.is_ok());
}

#[tokio::test]
async fn a_changed_or_exchanged_pointer_is_found() {
    let dir = TempDir::fast();
    let store = open(&dir);
    stored(&store, "1.2.1", b"one").await;
    let first = only_file(&dir, "pointers");
    let whole = std::fs::read(&first).unwrap();
    stored(&store, "1.2.2", b"two").await;
    let second = files(&dir.data().join("pointers"))
        .into_iter()
        .find(|path| *path != first)
        .unwrap();
    std::fs::copy(&first, &second).unwrap();
    assert!(matches!(
        store.open_document(&uid("1.2.2")).await,
        Err(StoreError::Damaged(_))
    ));
    let mut changed = whole.clone();
    changed[40] ^= 1;
    std::fs::write(&first, changed).unwrap();
    assert!(matches!(
        store.open_document(&uid("1.2.1")).await,
        Err(StoreError::Damaged(_))
    ));
    std::fs::write(&first, whole).unwrap();
    assert_eq!(fetch(&store, "1.2.1").await.unwrap(), b"one");
}

#[tokio::test]
async fn a_repository_does_not_see_the_documents_of_another() {
    let dir = TempDir::fast();
    stored(&open(&dir), "1.2.1", b"one").await;
    let store = open_with(|| {
        let keys = KeyRing::load(&[dir.key_file()]).unwrap();
        StoreConfig {
            repository_unique_id: "1.2.392.100".parse().unwrap(),
            ..config(Location::Folder(dir.data()), keys)
        }
    });
    assert_eq!(fetch(&store, "1.2.1").await, None);
}

#[tokio::test]
async fn xds_25_the_last_piece_is_withheld_until_size_and_hash_of_the_whole_are_right() {
    let store = memory();
    for len in [1, 1_000_000] {
        let bytes = content(3, len);
        let document = stored(&store, &format!("1.2.{len}"), &bytes).await;
        let mut other_hash = document.clone();
        other_hash.sha256[31] ^= 1;
        let mut longer = document.clone();
        longer.size += 1;
        let mut shorter = document.clone();
        shorter.size -= 1;
        for wrong in [other_hash, longer, shorter] {
            let mut reader = store.read(&wrong).await.unwrap();
            let mut out = Vec::new();
            let error = loop {
                match reader.next_piece().await {
                    Ok(Some(piece)) => out.extend_from_slice(&piece),
                    Ok(None) => panic!("a wrong document came to its end"),
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, StoreError::Damaged(_)));
            assert!(out.len() < len && bytes.starts_with(&out));
            assert!(
                matches!(reader.next_piece().await, Ok(None)),
                "nothing after an error"
            );
        }
        assert_eq!(read_all(&store, &document).await.unwrap(), bytes);
    }
}
