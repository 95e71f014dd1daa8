use std::sync::Arc;

use repository_store::*;
use tokio::sync::Barrier;

use crate::support::*;

#[tokio::test]
async fn xds_04_the_same_bytes_again_are_kept_once() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let bytes = content(2, 100_000);
    begin(&store, "1.9.1", &[("1.2.3", &bytes)])
        .await
        .unwrap()
        .finish()
        .await
        .unwrap();
    let first = store.open_document(&uid("1.2.3")).await.unwrap().unwrap();

    let again = begin(&store, "1.9.2", &[("1.2.3", &bytes)]).await.unwrap();
    assert_eq!(again.claims(), [Claim::AlreadyIdentical(first.clone())]);
    again.finish().await.unwrap();

    assert_eq!(store.open_document(&uid("1.2.3")).await.unwrap().unwrap(), first);
    eventually(|| files(&dir.data().join("blobs")).len() == 1).await;
    assert_eq!(fetch(&store, "1.2.3").await.unwrap(), bytes);
}

#[tokio::test]
async fn sto_17_undoing_a_resubmission_keeps_the_first() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let bytes = content(2, 100_000);
    begin(&store, "1.9.1", &[("1.2.3", &bytes)])
        .await
        .unwrap()
        .finish()
        .await
        .unwrap();
    let again = begin(&store, "1.9.2", &[("1.2.4", b"new"), ("1.2.3", &bytes)])
        .await
        .unwrap();
    assert!(matches!(
        again.claims(),
        [Claim::Claimed, Claim::AlreadyIdentical(_)]
    ));
    again.undo().await.unwrap();

    assert_eq!(fetch(&store, "1.2.3").await.unwrap(), bytes);
    assert_eq!(fetch(&store, "1.2.4").await, None);
    eventually(|| files(&dir.data().join("blobs")).len() == 1).await;
    assert!(files(&dir.data().join("unfinished")).is_empty());
}

#[tokio::test]
async fn xds_03_other_bytes_never_take_an_id() {
    let dir = TempDir::fast();
    let store = open(&dir);
    begin(&store, "1.9.1", &[("1.2.3", b"first")])
        .await
        .unwrap()
        .finish()
        .await
        .unwrap();
    let other = begin(&store, "1.9.2", &[("1.2.3", b"other")]).await.unwrap();
    let [Claim::AlreadyDifferent(stored)] = other.claims() else {
        panic!("{:?}", other.claims());
    };
    assert_eq!(stored.size, 5);
    other.undo().await.unwrap();
    assert_eq!(fetch(&store, "1.2.3").await.unwrap(), b"first");
    eventually(|| files(&dir.data().join("blobs")).len() == 1).await;
}

#[tokio::test]
async fn sto_17_a_resubmission_waits_for_the_first_to_end() {
    let dir = TempDir::fast();
    let store = open(&dir);
    for refused in [false, true] {
        let id = format!("1.2.{refused}");
        let first = begin(&store, "1.9.1", &[(&id, b"same")]).await.unwrap();
        let second = tokio::spawn({
            let (store, id) = (store.clone(), id.clone());
            async move { begin(&store, "1.9.2", &[(&id, b"same")]).await }
        });
        // Its bytes are there, and it has had many times what it would need without a wait.
        eventually(|| files(&dir.data().join("blobs")).len() == 2 + usize::from(refused)).await;
        for _ in 0..5 {
            begin(&store, "1.9.3", &[("1.2.other", b"x")])
                .await
                .unwrap()
                .undo()
                .await
                .unwrap();
        }
        assert!(!second.is_finished());
        if refused {
            first.undo().await.unwrap();
        } else {
            first.finish().await.unwrap();
        }
        let second = second.await.unwrap().unwrap();
        assert_eq!(matches!(second.claims(), [Claim::Claimed]), refused);
        second.finish().await.unwrap();
        assert_eq!(fetch(&store, &id).await.unwrap(), b"same");
    }
}

#[tokio::test]
async fn a_wait_that_takes_too_long_is_busy_and_leaves_nothing() {
    let dir = TempDir::fast();
    let store = open_with(|| StoreConfig {
        claim_wait: std::time::Duration::from_millis(1),
        ..config(
            Location::Folder(dir.data()),
            KeyRing::load(&[dir.key_file()]).unwrap(),
        )
    });
    let first = begin(&store, "1.9.1", &[("1.2.3", b"same")]).await.unwrap();

    let second = begin(
        &store,
        "1.9.2",
        &[("1.2.2", b"x"), ("1.2.3", b"same"), ("1.2.4", b"y")],
    )
    .await;
    assert!(matches!(second, Err(StoreError::Busy)));
    assert_eq!(fetch(&store, "1.2.2").await, None);
    assert_eq!(fetch(&store, "1.2.4").await, None);
    eventually(|| files(&dir.data().join("blobs")).len() == 1).await;
    first.finish().await.unwrap();
    assert!(files(&dir.data().join("unfinished")).is_empty());
}

async fn one_of_two_wins(store: DocumentStore, rounds: usize) {
    let mut wins = [0, 0];
    for round in 0..rounds {
        let barrier = Arc::new(Barrier::new(2));
        let tasks = [0, 1].map(|me| {
            let (store, barrier) = (store.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                let bytes = content(me, 1_000);
                let document = new_document(&store, &format!("1.2.{round}"), &bytes).await;
                barrier.wait().await;
                let open = store.begin(context("1.9"), vec![document]).await.unwrap();
                match open.claims() {
                    [Claim::Claimed] => {
                        open.finish().await.unwrap();
                        Some(bytes)
                    }
                    [Claim::AlreadyDifferent(_)] => {
                        open.undo().await.unwrap();
                        None
                    }
                    other => panic!("{other:?}"),
                }
            })
        });
        let mut winner = None;
        for (me, task) in tasks.into_iter().enumerate() {
            if let Some(bytes) = task.await.unwrap() {
                assert!(winner.replace(bytes).is_none(), "two winners in round {round}");
                wins[me] += 1;
            }
        }
        let winner = winner.unwrap_or_else(|| panic!("no winner in round {round}"));
        assert_eq!(fetch(&store, &format!("1.2.{round}")).await.unwrap(), winner);
    }
    assert_eq!(wins[0] + wins[1], rounds);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xds_05_of_two_at_once_one_wins_in_a_folder() {
    let dir = TempDir::fast();
    one_of_two_wins(open(&dir), 200).await;
    eventually(|| files(&dir.data().join("blobs")).len() == 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xds_05_of_two_at_once_one_wins_in_an_object_store() {
    one_of_two_wins(memory(), 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn submissions_of_the_same_documents_in_another_order_do_not_block() {
    let dir = TempDir::fast();
    let store = open(&dir);
    for round in 0..40 {
        let ids: Vec<String> = (0..4).map(|n| format!("1.2.{round}.{n}")).collect();
        let barrier = Arc::new(Barrier::new(2));
        let tasks = [false, true].map(|reversed| {
            let (store, barrier, mut ids) = (store.clone(), Arc::clone(&barrier), ids.clone());
            tokio::spawn(async move {
                if reversed {
                    ids.reverse();
                }
                let documents: Vec<_> = ids.iter().map(|id| (id.as_str(), id.as_bytes())).collect();
                barrier.wait().await;
                begin(&store, "1.9", &documents)
                    .await
                    .unwrap()
                    .finish()
                    .await
                    .unwrap();
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        for id in ids {
            assert_eq!(fetch(&store, &id).await.unwrap(), id.as_bytes());
        }
    }
}

#[tokio::test]
async fn no_documents_are_a_legal_submission() {
    let dir = TempDir::fast();
    let store = open(&dir);
    let open = store.begin(context("1.9"), Vec::new()).await.unwrap();
    assert!(open.claims().is_empty());
    assert!(files(&dir.data().join("unfinished")).is_empty());
    open.finish().await.unwrap();
}
