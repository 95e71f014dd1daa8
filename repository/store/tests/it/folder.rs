use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use repository_store::*;

use crate::support::*;

fn try_open(dir: &TempDir) -> Result<DocumentStore, StoreError> {
    let keys = KeyRing::load(&[dir.key_file()]).unwrap();
    DocumentStore::open(config(Location::Folder(dir.data()), keys))
}

fn assert_unfit(dir: &TempDir, why: &str) {
    match try_open(dir) {
        Err(StoreError::Unfit(text)) => assert!(text.contains(why), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn sto_19_folders_and_files_are_private_whatever_the_umask() {
    let dir = TempDir::new();
    let status = child("folder::child_with_umask_0", dir.path()).status().unwrap();
    assert!(status.success());
    let mut folders = vec![dir.data()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let mode = std::fs::metadata(&folder).unwrap().mode() & 0o777;
        assert_eq!(mode, 0o700, "{folder:?}");
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            if entry.metadata().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600, "{entry:?}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 6, "lock, two blobs, two pointers, a state: {seen}");
}

/// This test alone, in a process of its own, with the umask that leaves everything open.
fn child(test: &str, dir: &std::path::Path) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "umask 0; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--quiet"])
        .env("RENKEI_TEST_FOLDER", dir);
    command
}

#[tokio::test]
#[ignore = "run by sto_19_folders_and_files_are_private_whatever_the_umask"]
async fn child_with_umask_0() {
    let Some(root) = std::env::var_os("RENKEI_TEST_FOLDER").map(std::path::PathBuf::from) else {
        return;
    };
    let store = DocumentStore::open(config(
        Location::Folder(root.join("data")),
        KeyRing::ephemeral().unwrap(),
    ))
    .unwrap();
    let open = begin(
        &store,
        "1.9",
        &[("1.2.3", b"small"), ("1.2.4", &content(3, 700_000))],
    )
    .await;
    drop(open.unwrap());
}

#[tokio::test]
async fn sto_19_an_open_folder_is_refused() {
    let dir = TempDir::new();
    for mode in [0o777, 0o755, 0o701, 0o740] {
        let _ = std::fs::create_dir(dir.data());
        std::fs::set_permissions(dir.data(), Permissions::from_mode(mode)).unwrap();
        assert_unfit(&dir, "chmod 700");
    }
    std::fs::set_permissions(dir.data(), Permissions::from_mode(0o700)).unwrap();
    open(&dir);
}

#[tokio::test]
async fn sto_19_symbolic_links_are_refused() {
    let dir = TempDir::new();
    let elsewhere = dir.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::set_permissions(&elsewhere, Permissions::from_mode(0o700)).unwrap();
    symlink(&elsewhere, dir.data()).unwrap();
    assert_unfit(&dir, "symbolic link");
    std::fs::remove_file(dir.data()).unwrap();

    drop(open(&dir));
    for inner in ["unfinished", "blobs/7f", "pointers/00"] {
        let path = dir.data().join(inner);
        std::fs::remove_dir(&path).unwrap();
        symlink(&elsewhere, &path).unwrap();
        assert_unfit(&dir, "symbolic link");
        std::fs::remove_file(&path).unwrap();
    }
    open(&dir);
    assert!(files(&elsewhere).is_empty());
}

#[tokio::test]
async fn a_folder_has_one_process() {
    let dir = TempDir::new();
    let first = open(&dir);
    assert!(matches!(try_open(&dir), Err(StoreError::InUse(_))));
    drop(first);
    open(&dir);
}

/// The kernel's view: the state is flushed before the pointer is put into place, and the bytes and the
/// pointer, with their folders, before `begin` returns.
#[tokio::test]
async fn sto_20_files_and_folders_are_flushed() {
    if Command::new("strace").arg("-V").output().is_err() {
        return;
    }
    let dir = TempDir::new();
    let trace = dir.path().join("trace");
    let output = Command::new("strace")
        .args([
            "-f",
            "-y",
            "-e",
            "trace=fsync,fdatasync,syncfs,rename,renameat,renameat2,link,linkat,write,pwrite64",
            "-o",
        ])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "folder::child_traced", "--ignored", "--nocapture"])
        .env("RENKEI_TEST_FOLDER", dir.path())
        .output()
        .unwrap();
    let trace = std::fs::read_to_string(trace).unwrap_or_default();
    if !output.status.success() && trace.is_empty() {
        return; // No right to trace here.
    }
    let lines: Vec<&str> = trace.lines().collect();
    let (large, small, begun) = (
        step(&lines, 0, &["MARK large"]),
        step(&lines, 0, &["MARK small"]),
        step(&lines, 0, &["MARK begun"]),
    );
    // A large document is flushed by itself.
    let file = step(&lines, 0, &["sync(", "blobs/", "#"]);
    let placed = step(&lines, file, &["rename", "blobs/"]);
    let folder = step(&lines, placed, &["sync(", "blobs"]);
    assert!(folder < large, "{trace}");
    // A small one with its submission.
    let bytes = step(&lines, large, &["write(", "blobs/"]);
    assert!(bytes < small, "{trace}");
    let noted = step(&lines, small, &["pwrite64(", "begun-"]);
    let flushed = step(&lines, noted, &["fdatasync(", "begun-"]);
    let pointer = step(&lines, flushed, &["rename", "pointers/"]);
    let lasting = step(&lines, pointer, &["syncfs(", "data"]);
    assert!(lasting < begun, "{trace}");
    let early = lines[..flushed]
        .iter()
        .any(|line| line.contains("pointers/") && !line.contains("sync("));
    assert!(!early, "a pointer before the state lasts\n{trace}");
}

/// The first line from `from` on that holds all of these.
fn step(lines: &[&str], from: usize, texts: &[&str]) -> usize {
    from + lines[from..]
        .iter()
        .position(|line| texts.iter().all(|text| line.contains(text)))
        .unwrap_or_else(|| panic!("no {texts:?} in\n{}", lines[from..].join("\n")))
}

#[tokio::test]
#[ignore = "run by sto_20_files_and_folders_are_flushed"]
async fn child_traced() {
    let Some(root) = std::env::var_os("RENKEI_TEST_FOLDER").map(std::path::PathBuf::from) else {
        return;
    };
    let store = DocumentStore::open(config(
        Location::Folder(root.join("data")),
        KeyRing::ephemeral().unwrap(),
    ))
    .unwrap();
    let large = new_document(&store, "1.2.3", &content(3, 700_000)).await;
    eprintln!("MARK large");
    let small = new_document(&store, "1.2.4", b"small").await;
    eprintln!("MARK small");
    let open = store.begin(context("1.9"), vec![large, small]).await.unwrap();
    eprintln!("MARK begun");
    open.finish().await.unwrap();
}
