use repository_core::recover::Recovery;
use repository_store::*;

use crate::support::*;

fn counts(finished: u64, removed: u64, waiting: u64) -> Recovered {
    Recovered {
        finished,
        removed,
        waiting,
        damaged: 0,
    }
}

#[tokio::test]
async fn an_unfinished_submission_is_kept_or_removed_whole() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let (one, two) = (content(2, 1_000), content(3, 300_000));
    for (set, decision, kept) in [
        ("1.9.1", Recovery::Finish, true),
        ("1.9.2", Recovery::Remove, false),
    ] {
        let ids = [format!("{set}.1"), format!("{set}.2")];
        drop(
            begin(&store, set, &[(&ids[0], &one), (&ids[1], &two)])
                .await
                .unwrap(),
        );

        let [unfinished] = store.unfinished().await.unwrap().try_into().unwrap();
        assert_eq!(unfinished.context, context(set));
        assert!(
            unfinished
                .unique_ids()
                .map(|id| id.as_str())
                .eq(ids.iter().map(String::as_str))
        );

        let waiting = store.recover(|_| async { Recovery::Wait }).await.unwrap();
        assert_eq!(waiting, counts(0, 0, 1));
        assert_eq!(
            fetch(&store, &ids[0]).await.unwrap(),
            one,
            "still there while nobody knows"
        );

        let done = store.recover(|_| async { decision }).await.unwrap();
        assert_eq!(done, counts(u64::from(kept), u64::from(!kept), 0));
        for (id, bytes) in ids.iter().zip([&one, &two]) {
            assert_eq!(fetch(&store, id).await, kept.then(|| bytes.clone()));
        }
        assert_eq!(
            store.recover(|_| async { decision }).await.unwrap(),
            counts(0, 0, 0)
        );
    }
    assert_eq!(files(&dir.data().join("blobs")).len(), 2);
    assert_eq!(files(&dir.data().join("pointers")).len(), 2);
    assert!(files(&dir.data().join("unfinished")).is_empty());
}

#[tokio::test]
async fn a_submission_at_work_is_left_alone() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let open = begin(&store, "1.9", &[("1.2.3", b"x")]).await.unwrap();
    assert!(store.unfinished().await.unwrap().is_empty());
    let done = store.recover(|_| async { Recovery::Remove }).await.unwrap();
    assert_eq!(done, counts(0, 0, 0));
    open.finish().await.unwrap();
    assert_eq!(fetch(&store, "1.2.3").await.unwrap(), b"x");
}

#[tokio::test]
async fn sto_17_recovery_removes_nothing_of_others() {
    let dir = TempDir::fast();
    let store = open(&dir);
    begin(&store, "1.9.1", &[("1.2.3", b"same")])
        .await
        .unwrap()
        .finish()
        .await
        .unwrap();
    drop(
        begin(&store, "1.9.2", &[("1.2.3", b"same"), ("1.2.4", b"new")])
            .await
            .unwrap(),
    );
    let done = store.recover(|_| async { Recovery::Remove }).await.unwrap();
    assert_eq!(done, counts(0, 1, 0));
    assert_eq!(fetch(&store, "1.2.3").await.unwrap(), b"same");
    assert_eq!(fetch(&store, "1.2.4").await, None);
}

#[tokio::test]
async fn a_registered_submission_gets_back_a_pointer_that_was_lost() {
    let dir = TempDir::fast();
    let store = open(&dir);
    drop(begin(&store, "1.9.1", &[("1.2.3", b"here")]).await.unwrap());
    for path in files(&dir.data().join("pointers")) {
        std::fs::remove_file(path).unwrap();
    }
    let done = store.recover(|_| async { Recovery::Finish }).await.unwrap();
    assert_eq!(done, counts(1, 0, 0));
    assert_eq!(fetch(&store, "1.2.3").await.unwrap(), b"here");
}

#[tokio::test]
async fn a_damaged_state_is_left_for_the_operator() {
    let dir = TempDir::fast();
    let store = open(&dir);
    drop(begin(&store, "1.9.1", &[("1.2.3", b"here")]).await.unwrap());
    assert_eq!(store.unfinished().await.unwrap().len(), 1);
    let [path] = files(&dir.data().join("unfinished")).try_into().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[50] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let done = store.recover(|_| async { Recovery::Remove }).await.unwrap();
    assert_eq!((done.damaged, done.removed), (1, 0));
    assert!(path.exists());
    assert_eq!(fetch(&store, "1.2.3").await.unwrap(), b"here");
}

/// A power failure between the two flushes: the state is there, the pointer's name too, its content is not.
#[tokio::test]
async fn sto_02_a_pointer_whose_content_never_lasted_is_taken_back() {
    let dir = TempDir::fast();
    let store = open(&dir);
    for content in [&b""[..], &[0; 100]] {
        drop(begin(&store, "1.9.1", &[("1.2.3", b"here")]).await.unwrap());
        let [pointer] = files(&dir.data().join("pointers")).try_into().unwrap();
        std::fs::write(&pointer, content).unwrap();
        let done = store.recover(|_| async { Recovery::Remove }).await.unwrap();
        assert_eq!(done, counts(0, 1, 0));
        assert!(files(&dir.data().join("pointers")).is_empty());
        assert!(files(&dir.data().join("blobs")).is_empty());
    }
    // One with other damage may be somebody else's: it is left to the operator.
    drop(begin(&store, "1.9.1", &[("1.2.3", b"here")]).await.unwrap());
    let [pointer] = files(&dir.data().join("pointers")).try_into().unwrap();
    std::fs::write(&pointer, b"damaged").unwrap();
    assert!(matches!(
        store.recover(|_| async { Recovery::Remove }).await,
        Err(StoreError::Damaged(_))
    ));
    assert!(pointer.exists());
}
