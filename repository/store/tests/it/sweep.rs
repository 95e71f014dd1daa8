use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use repository_core::recover::Recovery;
use repository_store::*;
use xds_model::time::IdSource;

use crate::support::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A store whose blobs are made `hours` ago.
fn store_with_old_ids(dir: &TempDir, hours: i64) -> (DocumentStore, Arc<OldIds>, Arc<MovedClock>) {
    let ids = Arc::new(OldIds(Mutex::new(hours)));
    let clock = Arc::new(MovedClock::default());
    let store = open_with(|| {
        let keys = KeyRing::load(&[dir.key_file()]).unwrap();
        StoreConfig {
            ids: ids.clone(),
            clock: clock.clone(),
            ..config(Location::Folder(dir.data()), keys)
        }
    });
    (store, ids, clock)
}

/// An object that nothing refers to, as a crash leaves it.
fn orphan(dir: &TempDir, ids: &OldIds) {
    let name = ids.ordered().simple().to_string();
    let path = dir.data().join("blobs").join(&name[30..]).join(&name);
    std::fs::write(path, b"orphan").unwrap();
}

#[tokio::test]
async fn only_old_bytes_without_reference_are_swept() {
    let dir = TempDir::fast();
    {
        let (store, ids, _) = store_with_old_ids(&dir, 48);
        begin(&store, "1.9.1", &[("1.2.1", b"registered")])
            .await
            .unwrap()
            .finish()
            .await
            .unwrap();
        drop(begin(&store, "1.9.2", &[("1.2.2", b"unfinished")]).await.unwrap());
        orphan(&dir, &ids);
        orphan(&dir, &ids);
        *ids.0.lock().unwrap() = 1;
        orphan(&dir, &ids);
    }
    let (store, ..) = store_with_old_ids(&dir, 48);
    let held = receive(&store, b"in flight").await;
    let swept = store.sweep(DAY, None).await.unwrap();
    assert_eq!((swept.seen, swept.removed), (4, 2));
    assert_eq!(fetch(&store, "1.2.1").await.unwrap(), b"registered");
    assert_eq!(fetch(&store, "1.2.2").await.unwrap(), b"unfinished");
    assert_eq!(files(&dir.data().join("blobs")).len(), 4);
    let new = NewDocument {
        unique_id: uid("1.2.3"),
        mime_type: "text/plain".to_owned(),
        received: held,
    };
    store
        .begin(context("1.9.3"), vec![new])
        .await
        .unwrap()
        .finish()
        .await
        .unwrap();
    assert_eq!(fetch(&store, "1.2.3").await.unwrap(), b"in flight");
    assert_eq!(store.sweep(DAY, None).await.unwrap().removed, 0);
}

#[tokio::test]
async fn bytes_that_only_an_unfinished_submission_refers_to_are_kept() {
    let dir = TempDir::fast();
    {
        let (store, ..) = store_with_old_ids(&dir, 48);
        drop(begin(&store, "1.9", &[("1.2.1", b"between")]).await.unwrap());
    }
    for path in files(&dir.data().join("pointers")) {
        std::fs::remove_file(path).unwrap();
    }
    let (store, ..) = store_with_old_ids(&dir, 48);
    assert_eq!(store.sweep(DAY, None).await.unwrap().removed, 0);
    store.recover(|_| async { Recovery::Finish }).await.unwrap();
    assert_eq!(fetch(&store, "1.2.1").await.unwrap(), b"between");
}

#[tokio::test]
async fn a_sweep_can_be_limited_in_time() {
    let dir = TempDir::fast();
    {
        let (store, ids, _) = store_with_old_ids(&dir, 480);
        begin(&store, "1.9.1", &[("1.2.1", b"old")])
            .await
            .unwrap()
            .finish()
            .await
            .unwrap();
        orphan(&dir, &ids);
        *ids.0.lock().unwrap() = 48;
        begin(&store, "1.9.1", &[("1.2.2", b"new")])
            .await
            .unwrap()
            .finish()
            .await
            .unwrap();
        orphan(&dir, &ids);
    }
    let (store, _, clock) = store_with_old_ids(&dir, 0);
    let since = xds_model::Clock::now(&*clock) - time::Duration::hours(100);
    let swept = store.sweep(DAY, Some(since)).await.unwrap();
    assert_eq!((swept.seen, swept.removed), (2, 1));
    let swept = store.sweep(DAY, None).await.unwrap();
    assert_eq!((swept.seen, swept.removed), (3, 1));
    assert_eq!(fetch(&store, "1.2.1").await.unwrap(), b"old");
    assert_eq!(fetch(&store, "1.2.2").await.unwrap(), b"new");
}

#[tokio::test]
async fn an_age_of_nothing_counts_as_the_minimum() {
    let dir = TempDir::fast();
    {
        let (_store, ids, _) = store_with_old_ids(&dir, 0);
        orphan(&dir, &ids);
    }
    let (store, _, clock) = store_with_old_ids(&dir, 0);
    assert_eq!(store.sweep(Duration::ZERO, None).await.unwrap().removed, 0);
    clock.0.store(2, Ordering::Relaxed);
    assert_eq!(store.sweep(Duration::ZERO, None).await.unwrap().removed, 1);
}

#[tokio::test]
async fn half_written_files_of_dead_writers_are_removed() {
    let dir = TempDir::fast();
    let (store, _, clock) = store_with_old_ids(&dir, 0);
    let leftover = dir.data().join("blobs/00/0123#1");
    std::fs::write(&leftover, b"half").unwrap();
    assert_eq!(store.sweep(DAY, None).await.unwrap().leftovers, 0);
    clock.0.store(25, Ordering::Relaxed);
    assert_eq!(store.sweep(DAY, None).await.unwrap().leftovers, 1);
    assert!(!leftover.exists());
}

#[tokio::test]
async fn nothing_is_swept_while_a_pointer_cannot_be_read() {
    let dir = TempDir::fast();
    {
        let (store, ids, _) = store_with_old_ids(&dir, 48);
        begin(&store, "1.9.1", &[("1.2.1", b"registered")])
            .await
            .unwrap()
            .finish()
            .await
            .unwrap();
        orphan(&dir, &ids);
    }
    let [path] = files(&dir.data().join("pointers")).try_into().unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let (store, ..) = store_with_old_ids(&dir, 48);
    assert!(matches!(
        store.sweep(DAY, None).await,
        Err(StoreError::Damaged(_))
    ));
    assert_eq!(files(&dir.data().join("blobs")).len(), 2);
}

/// Submissions with bytes as old as can be run against sweeps: none loses a document.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sto_17_a_sweep_beside_submissions_takes_nothing_from_them() {
    let dir = TempDir::fast();
    let (store, ..) = store_with_old_ids(&dir, 48);
    let submitting = tokio::spawn({
        let store = store.clone();
        async move {
            for n in 0..150 {
                let id = format!("1.2.{}", n / 2);
                let open = begin(&store, "1.9", &[(&id, id.as_bytes())]).await.unwrap();
                if n % 7 == 0 && n % 2 == 0 {
                    open.undo().await.unwrap();
                } else {
                    open.finish().await.unwrap();
                }
            }
        }
    });
    let mut sweeps = 0;
    while !submitting.is_finished() {
        store.sweep(DAY, None).await.unwrap();
        sweeps += 1;
    }
    submitting.await.unwrap();
    assert!(sweeps > 1);
    for n in 0..75 {
        let id = format!("1.2.{n}");
        assert_eq!(fetch(&store, &id).await.unwrap(), id.as_bytes());
    }
}
