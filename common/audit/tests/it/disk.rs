//! AUD-05 and AUD-06: full and failing disks.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use xds_audit::medium::{DiskFile, Medium, SegmentFile};
use xds_audit::verify::{VerifyOptions, verify};
use xds_audit::{AuditError, Closing, JournalOptions};

use crate::support::{Folder, event, open, open_with, opening, until};

/// Switches of a disk that fails on demand.
#[derive(Default)]
struct Switches {
    write: AtomicBool,
    sync: AtomicBool,
    full: AtomicBool,
    syncs: AtomicU64,
}

struct Failing {
    file: DiskFile,
    switches: Arc<Switches>,
}

impl SegmentFile for Failing {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let half = bytes.len() / 2;
        if self.switches.full.load(Ordering::Relaxed) {
            self.file.append(&bytes[..half])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        if self.switches.write.load(Ordering::Relaxed) {
            self.file.append(&bytes[..half])?;
            return Err(io::Error::other("EIO"));
        }
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.switches.syncs.fetch_add(1, Ordering::Relaxed);
        // As Linux does it: the error is told once, the next sync succeeds.
        if self.switches.sync.swap(false, Ordering::Relaxed) {
            Err(io::Error::other("EIO"))
        } else {
            self.file.sync()
        }
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.file.truncate(bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.file.finish()
    }
}

fn failing(switches: &Arc<Switches>, free: &Arc<AtomicU64>) -> JournalOptions {
    let (switches, free) = (Arc::clone(switches), Arc::clone(free));
    let open = move |path: &Path| -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(Failing {
            file: DiskFile::open(path)?,
            switches: Arc::clone(&switches),
        }))
    };
    let medium = Medium::new(open, move |_| Ok(free.load(Ordering::Relaxed)));
    JournalOptions {
        medium,
        free_bytes_min: 1_000,
        ..JournalOptions::default()
    }
}

fn plenty() -> Arc<AtomicU64> {
    Arc::new(AtomicU64::new(1_000_000))
}

#[tokio::test]
async fn aud_06_a_sync_that_failed_is_final() {
    let folder = Folder::new();
    let switches = Arc::new(Switches::default());
    let journal = open_with(&folder, failing(&switches, &plenty())).unwrap().journal;
    let record = journal.open(opening("c-1")).await.unwrap();
    journal.single(event("good")).await.unwrap();

    switches.sync.store(true, Ordering::Relaxed);
    assert_eq!(record.close(Closing::success()).await, Err(AuditError::Failed));

    let syncs = switches.syncs.load(Ordering::Relaxed);
    assert_eq!(journal.single(event("later")).await, Err(AuditError::Failed));
    assert!(matches!(
        journal.open(opening("c-2")).await,
        Err(AuditError::Failed)
    ));
    assert_eq!(journal.checkpoint().await, Err(AuditError::Failed));
    assert!(journal.stats().is_failed() && !journal.is_ready());
    journal.shutdown().await;
    assert_eq!(
        switches.syncs.load(Ordering::Relaxed),
        syncs,
        "the sync was tried again"
    );

    // A restart reads what is there and goes on.
    let opened = open(&folder);
    opened.journal.single(event("after")).await.unwrap();
    opened.journal.shutdown().await;
    assert!(
        verify(folder.path(), &VerifyOptions::default())
            .unwrap()
            .is_whole()
    );
}

#[tokio::test]
async fn aud_06_a_write_that_failed_is_final_and_its_half_is_set_aside() {
    let folder = Folder::new();
    let switches = Arc::new(Switches::default());
    let journal = open_with(&folder, failing(&switches, &plenty())).unwrap().journal;
    journal.single(event("good")).await.unwrap();
    switches.write.store(true, Ordering::Relaxed);
    assert_eq!(journal.single(event("bad")).await, Err(AuditError::Failed));
    journal.shutdown().await;

    let opened = open(&folder);
    assert!(opened.torn.is_some());
    opened.journal.shutdown().await;
    assert!(
        verify(folder.path(), &VerifyOptions::default())
            .unwrap()
            .is_whole()
    );
}

#[tokio::test]
async fn aud_05_before_the_disk_is_full_requests_are_refused_and_open_ones_still_close() {
    let folder = Folder::new();
    let free = plenty();
    let journal = open_with(&folder, failing(&Arc::new(Switches::default()), &free))
        .unwrap()
        .journal;
    let record = journal.open(opening("c-1")).await.unwrap();

    free.store(999, Ordering::Relaxed);
    until("the low disk", || journal.stats().is_disk_low());
    assert!(matches!(
        journal.open(opening("c-2")).await,
        Err(AuditError::DiskLow)
    ));
    assert_eq!(journal.single(event("e")).await, Err(AuditError::DiskLow));
    assert!(AuditError::DiskLow.is_transient() && !journal.is_ready());
    record.close(Closing::success()).await.unwrap();

    free.store(1_000, Ordering::Relaxed);
    until("the room", || !journal.stats().is_disk_low());
    journal.single(event("e")).await.unwrap();
    journal.shutdown().await;
}

#[tokio::test]
async fn aud_05_a_full_disk_is_waited_out_and_nothing_is_lost() {
    let folder = Folder::new();
    let switches = Arc::new(Switches::default());
    let journal = open_with(&folder, failing(&switches, &plenty())).unwrap().journal;
    let record = journal.open(opening("c-1")).await.unwrap();
    let sequence = record.sequence();
    record.durable().await.unwrap();

    switches.full.store(true, Ordering::Relaxed);
    assert_eq!(record.close(Closing::success()).await, Err(AuditError::DiskLow));
    assert!(matches!(
        journal.open(opening("c-2")).await,
        Err(AuditError::DiskLow)
    ));

    switches.full.store(false, Ordering::Relaxed);
    until("the closing part", || {
        journal.stats().open() == 0 && journal.stats().durable() > sequence
    });
    until("the room", || !journal.stats().is_disk_low());
    journal.single(event("after")).await.unwrap();
    journal.shutdown().await;
    assert!(open(&folder).unfinished.is_empty());
    assert!(
        verify(folder.path(), &VerifyOptions::default())
            .unwrap()
            .is_whole()
    );
}

/// A new segment that cannot be named: a full disk is waited out, anything else is final.
#[tokio::test]
async fn aud_06_a_rename_that_failed_loses_nothing() {
    for (kind, waits) in [(io::ErrorKind::StorageFull, true), (io::ErrorKind::Other, false)] {
        let folder = Folder::new();
        let broken = Arc::new(AtomicBool::new(false));
        let switch = Arc::clone(&broken);
        let options = JournalOptions {
            segment_bytes_max: 2_048,
            medium: Medium::disk().renaming(move |from, to| {
                if switch.load(Ordering::Relaxed) {
                    Err(kind.into())
                } else {
                    std::fs::rename(from, to)
                }
            }),
            free_bytes_min: 0,
            ..JournalOptions::default()
        };
        let journal = open_with(&folder, options).unwrap().journal;
        let mut acknowledged = vec![journal.single(event("first")).await.unwrap()];
        broken.store(true, Ordering::Relaxed);
        let refused = loop {
            match journal.single(event("next")).await {
                Ok(sequence) => acknowledged.push(sequence),
                Err(error) => break error,
            }
        };
        assert_eq!(
            refused,
            if waits {
                AuditError::DiskLow
            } else {
                AuditError::Failed
            }
        );
        broken.store(false, Ordering::Relaxed);
        if waits {
            until("the room", || journal.is_ready());
            acknowledged.push(journal.single(event("after")).await.unwrap());
        } else {
            assert_eq!(journal.single(event("after")).await, Err(AuditError::Failed));
        }
        journal.shutdown().await;
        let kept: Vec<u64> = folder.contents().iter().map(|(sequence, _)| *sequence).collect();
        assert!(
            acknowledged.iter().all(|sequence| kept.contains(sequence)),
            "{kind}"
        );
        open(&folder).journal.shutdown().await;
        let report = verify(folder.path(), &VerifyOptions::default()).unwrap();
        assert!(report.is_whole(), "{kind}: {report:?}");
    }
}
