//! A process that is killed while it stores submissions: after recovery each is there, or is not.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use repository_core::recover::Recovery;
use repository_store::*;

use crate::support::*;

const CYCLES: u64 = 45;

/// The documents of submission `n`: one to three; every fourth submission sends one of an earlier one again.
fn documents_of(n: u64) -> Vec<(String, Vec<u8>)> {
    let mut documents: Vec<_> = (0..=n % 3)
        .map(|k| (format!("1.2.{n}.{k}"), content(n * 3 + k, size_of_document(n, k))))
        .collect();
    if n % 4 == 3 {
        let earlier = n - 2;
        documents.push((
            format!("1.2.{earlier}.0"),
            content(earlier * 3, size_of_document(earlier, 0)),
        ));
    }
    documents
}

fn size_of_document(n: u64, k: u64) -> usize {
    let sizes = [0, 700, 10_000, 65_536, 300_000];
    sizes[usize::try_from((n + k) % 5).unwrap()]
}

/// The fate that the registry decides on: every fifth submission is refused.
fn is_refused(n: u64) -> bool {
    n % 5 == 4
}

/// The registry of the test: a file for each submission registered, put there in one step.
fn register(registry: &Path, n: u64) {
    std::fs::write(registry.join(format!("{n}.new")), b"").unwrap();
    std::fs::rename(registry.join(format!("{n}.new")), registry.join(n.to_string())).unwrap();
}

fn is_registered(registry: &Path, n: u64) -> bool {
    registry.join(n.to_string()).exists()
}

#[test]
fn sto_02_killed_at_any_moment_each_submission_is_whole_or_absent() {
    kill_again_and_again(false);
}

#[test]
fn sto_02_killed_with_documents_that_pointers_carry() {
    kill_again_and_again(true);
}

fn kill_again_and_again(carrying: bool) {
    let dir = TempDir::fast();
    let registry = dir.path().join("registry");
    std::fs::create_dir(&registry).unwrap();
    dir.key_file();
    let mut first = 0;
    let mut seen = Recovered::default();
    let mut leftover_blobs = 0;
    for cycle in 0..CYCLES {
        let last = run_and_kill(&dir, first, cycle, carrying);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (recovered, swept) = runtime.block_on(recover_and_check(&dir, &registry, last, carrying));
        seen.finished += recovered.finished;
        seen.removed += recovered.removed;
        leftover_blobs += swept;
        first = last;
        drop(runtime);
    }
    println!("{CYCLES} kills, {first} submissions, {seen:?}, {leftover_blobs} orphans swept");
    assert!(
        seen.finished + seen.removed > 0,
        "no kill met a submission under way"
    );
    assert!(first > CYCLES, "the children got too little done: {first}");
}

/// Starts a child at submission `first`, kills it within one of the next, and says which submission
/// it cannot have begun.
fn run_and_kill(dir: &TempDir, first: u64, cycle: u64, carrying: bool) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child_that_stores", "--ignored", "--nocapture"])
        .env("RENKEI_TEST_FOLDER", dir.path())
        .env("RENKEI_TEST_FIRST", first.to_string())
        .env("RENKEI_TEST_CARRYING", carrying.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut begun = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.split("BEGUN ").nth(1)?.trim().parse::<u64>().ok());
    let wanted = first + cycle % 3;
    assert!(begun.any(|n| n == wanted), "the child did not come to {wanted}");
    let until = Instant::now() + Duration::from_micros(cycle * 7_919 % 23_000);
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    begun.last().unwrap_or(wanted) + 1
}

async fn recover_and_check(dir: &TempDir, registry: &Path, last: u64, carrying: bool) -> (Recovered, u64) {
    let clock = std::sync::Arc::new(MovedClock::default());
    let store = open_with(|| StoreConfig {
        clock: clock.clone(),
        ..config(
            Location::Folder(dir.data()),
            KeyRing::load(&[dir.key_file()]).unwrap(),
        )
    });
    let recovered = store
        .recover(|unfinished| {
            let n: u64 = unfinished.context.submission_set.parse().unwrap();
            let registered = is_registered(registry, n);
            async move {
                if registered {
                    Recovery::Finish
                } else {
                    Recovery::Remove
                }
            }
        })
        .await
        .unwrap();
    assert_eq!((recovered.waiting, recovered.damaged), (0, 0));

    let mut held = std::collections::BTreeMap::new();
    for n in 0..last {
        for (id, bytes) in documents_of(n) {
            let registered = is_registered(registry, n);
            let entry = held.entry(id).or_insert((false, bytes));
            entry.0 |= registered;
        }
    }
    for (id, (registered, bytes)) in &held {
        let found = fetch(&store, id).await;
        assert_eq!(
            found.as_ref(),
            registered.then_some(bytes),
            "{id} registered: {registered}"
        );
    }
    clock.0.store(48, std::sync::atomic::Ordering::Relaxed);
    let swept = store.sweep(Duration::from_secs(3600), None).await.unwrap();
    let expected = held.values().filter(|(registered, _)| *registered).count();
    assert_eq!(files(&dir.data().join("pointers")).len(), expected);
    let blobs = files(&dir.data().join("blobs")).len();
    assert!(
        blobs == expected || (carrying && blobs < expected),
        "{blobs} of {expected}"
    );
    assert!(files(&dir.data().join("unfinished")).is_empty());
    (recovered, swept.removed)
}

#[tokio::test]
#[ignore = "run, and killed, by sto_02_killed_at_any_moment_each_submission_is_whole_or_absent"]
async fn child_that_stores() {
    let Some(root) = std::env::var_os("RENKEI_TEST_FOLDER").map(PathBuf::from) else {
        return;
    };
    let first: u64 = std::env::var("RENKEI_TEST_FIRST").unwrap().parse().unwrap();
    let keys = KeyRing::load(&[root.join("key")]).unwrap();
    let store = DocumentStore::open(config(Location::Folder(root.join("data")), keys)).unwrap();
    let options = if std::env::var("RENKEI_TEST_CARRYING").unwrap() == "true" {
        carrying()
    } else {
        options()
    };
    for n in first.. {
        println!("BEGUN {n}");
        let documents = documents_of(n);
        let documents: Vec<_> = documents
            .iter()
            .map(|(id, bytes)| (id.as_str(), bytes.as_slice()))
            .collect();
        let open = begin_with(&options, &store, &n.to_string(), &documents)
            .await
            .unwrap();
        if is_refused(n) {
            open.undo().await.unwrap();
        } else {
            linger(n % 5 == 1).await;
            register(&root.join("registry"), n);
            linger(n % 5 == 2).await;
            open.finish().await.unwrap();
        }
    }
}

/// Widens a short moment, so that kills meet it.
async fn linger(long: bool) {
    if long {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
