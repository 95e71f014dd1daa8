//! Files: the same bytes written durably, and read back.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinSet;
use xds_model::IdSource;
use xds_model::time::System;

use super::store::Turns;
use crate::case::Size;
use crate::content::filler;
use crate::error::BenchError;

const READ_BYTES: usize = 64 * 1024;

/// A folder for files.
pub(super) struct Disk {
    written: PathBuf,
    stored: PathBuf,
}

impl Disk {
    pub(super) fn open(folder: &Path) -> Result<Self, BenchError> {
        let disk = Self {
            written: folder.join("written"),
            stored: folder.join("stored"),
        };
        for folder in [&disk.written, &disk.stored] {
            fs::create_dir_all(folder).map_err(BenchError::file(folder))?;
        }
        Ok(disk)
    }

    /// Makes as many files as there are documents of this size to be retrieved.
    pub(super) fn prepare(&self, bytes: u64) -> Result<(), BenchError> {
        let content = filler(bytes);
        for number in 0..pool(bytes) {
            let path = self.stored(bytes, number);
            if !path.exists() {
                write(&path, &content).map_err(BenchError::file(&path))?;
            }
        }
        Ok(())
    }

    /// Removes what was written.
    pub(super) fn clean(&self) -> Result<(), BenchError> {
        let folder = &self.written;
        fs::remove_dir_all(folder)
            .and_then(|()| fs::create_dir(folder))
            .map_err(BenchError::file(folder))
    }

    /// Writes files in turn; each and the folder's entry for it are on the disk before the next.
    pub(super) async fn write(&self, bytes: u64, at_once: u64, turns: Turns) -> Result<u64, BenchError> {
        let (folder, content) = (self.written.clone(), filler(bytes));
        at_once_and_in_turn(at_once, turns, move |_| {
            let path = folder.join(System.random().simple().to_string());
            write(&path, &content)
                .and_then(|()| File::open(&folder)?.sync_all())
                .map_err(BenchError::file(&path))
        })
        .await
    }

    /// Reads files in turn.
    pub(super) async fn read(&self, bytes: u64, at_once: u64, turns: Turns) -> Result<u64, BenchError> {
        let files: Vec<PathBuf> = (0..pool(bytes))
            .map(|number| self.stored(bytes, number))
            .collect();
        at_once_and_in_turn(at_once, turns, move |number| {
            let index = usize::try_from(number).unwrap_or_default() % files.len().max(1);
            let path = files.get(index).ok_or(BenchError::Message("a path"))?;
            match read(path).map_err(BenchError::file(path))? {
                read if read == bytes => Ok(()),
                _ => Err(BenchError::Message("a file of this length")),
            }
        })
        .await
    }

    fn stored(&self, bytes: u64, number: u64) -> PathBuf {
        self.stored.join(format!("{bytes}-{number}"))
    }
}

fn pool(bytes: u64) -> u64 {
    let size = Size::ALL.into_iter().find(|size| size.bytes() == bytes);
    size.map_or(1, Size::pool)
}

fn write(path: &Path, content: &[Bytes]) -> std::io::Result<()> {
    let mut file = File::create_new(path)?;
    for piece in content {
        file.write_all(piece)?;
    }
    file.sync_all()
}

fn read(path: &Path) -> std::io::Result<u64> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; READ_BYTES];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(bytes),
            read => bytes += read as u64,
        }
    }
}

/// Does blocking work on so many threads until the turns run out; how often it was done.
async fn at_once_and_in_turn(
    at_once: u64,
    turns: Turns,
    work: impl Fn(u64) -> Result<(), BenchError> + Send + Sync + 'static,
) -> Result<u64, BenchError> {
    let shared = Arc::new((turns, work));
    let mut threads = JoinSet::new();
    for _ in 0..at_once {
        let shared = Arc::clone(&shared);
        threads.spawn_blocking(move || {
            let (turns, work) = &*shared;
            let mut times = 0;
            while let Some(number) = turns.next() {
                work(number)?;
                times += 1;
            }
            Ok::<u64, BenchError>(times)
        });
    }
    let mut times = 0;
    while let Some(thread) = threads.join_next().await {
        times += thread.map_err(|_| BenchError::Message("a thread"))??;
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::Bounds;

    #[tokio::test]
    async fn files_are_written_read_and_removed() {
        let folder = std::env::temp_dir().join(format!("renkei-bench-{}", System.random().simple()));
        let disk = Disk::open(&folder).unwrap();
        let turns = |requests_max| {
            Turns::new(Bounds {
                time: Duration::from_secs(600),
                requests_max,
            })
        };
        assert_eq!(disk.write(100_000, 2, turns(5)).await.unwrap(), 5);
        let written: Vec<_> = fs::read_dir(&disk.written).unwrap().collect();
        assert_eq!(written.len(), 5);
        for file in written {
            assert_eq!(file.unwrap().metadata().unwrap().len(), 100_000);
        }
        disk.clean().unwrap();
        assert_eq!(fs::read_dir(&disk.written).unwrap().count(), 0);

        assert!(disk.read(77, 1, turns(1)).await.is_err());
        disk.prepare(77).unwrap();
        disk.prepare(77).unwrap();
        assert_eq!(disk.read(77, 2, turns(9)).await.unwrap(), 9);
        fs::write(disk.stored(77, 0), "short").unwrap();
        assert!(disk.read(77, 1, turns(1)).await.is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
