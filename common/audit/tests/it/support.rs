//! A folder per test, a journal in it, and what it holds.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use xds_audit::{
    Caller, Closing, Content, Event, EventKind, Journal, JournalError, JournalOptions, Objects, Opened,
    Opening,
};
use xds_model::Transaction;
use xds_model::time::System;

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// In memory where that is possible, for thousands of journals whose syncs mean nothing.
    pub(crate) fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            Self::below(memory)
        } else {
            Self::new()
        }
    }

    fn below(parent: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("renkei-audit-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A copy of its files, beside it.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::below(self.0.parent().unwrap());
        for entry in fs::read_dir(&self.0).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, copy.0.join(path.file_name().unwrap())).unwrap();
        }
        copy
    }

    /// Its segments, oldest first.
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        let mut paths: Vec<_> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
        paths.sort();
        paths
    }

    /// Its records, as number and content.
    pub(crate) fn contents(&self) -> Vec<(u64, Content)> {
        let mut contents = Vec::new();
        xds_audit::read(&self.0, 1, |sequence, content| {
            contents.push((sequence, content));
            ControlFlow::Continue(())
        })
        .unwrap();
        contents
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The writer of a journal that was only dropped may be making its last file.
        let gone = || fs::remove_dir_all(&self.0).is_ok() && !self.0.exists();
        let tried = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(1));
            gone()
        });
        assert!(tried || std::thread::panicking(), "{} stays", self.0.display());
    }
}

pub(crate) fn open_with(folder: &Folder, options: JournalOptions) -> Result<Opened, JournalError> {
    Journal::open_dir(folder.path(), options, Arc::new(System), &System)
}

pub(crate) fn open(folder: &Folder) -> Opened {
    open_with(folder, JournalOptions::default()).unwrap()
}

pub(crate) fn opening(correlation: &str) -> Opening {
    Opening {
        kind: EventKind::received(Transaction::Iti42),
        caller: Caller::default(),
        endpoint: "https://registry.example/xds".to_owned(),
        correlation: correlation.to_owned(),
        objects: Objects::of_patient("P1^^^&1.2.3&ISO".to_owned()),
    }
}

pub(crate) fn event(correlation: &str) -> Event {
    Event {
        opening: opening(correlation),
        closing: Closing::success(),
    }
}

/// A journal with `count` events, ended in order.
pub(crate) async fn written(count: usize) -> Folder {
    let folder = Folder::in_memory();
    let journal = open(&folder).journal;
    for number in 0..count {
        journal.single(event(&number.to_string())).await.unwrap();
    }
    journal.shutdown().await;
    folder
}

/// Waits for a condition that another thread brings about.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::sleep(Duration::from_millis(2));
    }
}
