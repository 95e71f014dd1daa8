//! AUD-05 and AUD-06 on what the kernel does: a volume of 8 MiB, and system calls that fail.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use xds_audit::verify::{VerifyOptions, verify};
use xds_audit::{AuditError, Closing, Content, EventKind, Journal, JournalOptions};
use xds_model::time::System;

use crate::support::{Folder, event, open, open_with, opening, until};

/// A volume of its own in memory, unmounted with the test.
struct Volume(Folder);

impl Volume {
    /// None where this user may not mount.
    fn mount(mebibytes: u32) -> Option<Self> {
        let folder = Folder::new();
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        let required = std::env::var_os("RENKEI_MOUNT_REQUIRED").is_some();
        assert!(mounted || !required, "no volume could be mounted");
        mounted.then_some(Self(folder))
    }

    fn journal(&self) -> PathBuf {
        self.0.path().join("journal")
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

const RESERVE: u64 = 2 * 1024 * 1024;

fn options() -> JournalOptions {
    JournalOptions {
        free_bytes_min: RESERVE,
        segment_bytes_max: 512 * 1024,
        ..JournalOptions::default()
    }
}

/// Fills the volume until requests are refused; those that are open still end, nothing is lost, and with room again
/// it goes on by itself.
#[tokio::test]
async fn aud_05_a_volume_of_8_mib_refuses_before_it_is_full_and_recovers() {
    let Some(volume) = Volume::mount(8) else {
        return;
    };
    let folder = volume.journal();
    let journal = Journal::open_dir(&folder, options(), Arc::new(System), &System)
        .unwrap()
        .journal;
    let ballast = volume.0.path().join("ballast");
    fs::write(&ballast, vec![1; 3 * 1024 * 1024]).unwrap();
    let open: Vec<_> = [1, 2, 3].map(|number: u32| opening(&number.to_string())).into();
    let mut records = Vec::new();
    for opening in open {
        records.push(journal.open(opening).await.unwrap());
    }

    let name = "x".repeat(40_000);
    let mut written = 0;
    let refused = loop {
        match journal.single(event(&name)).await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refused, AuditError::DiskLow);
    assert!(written > 10 && !journal.is_ready());
    assert!(journal.stats().is_space_short());
    let free = journal.stats().free_bytes();
    // No more than a quarter of the reserve was used before it was noticed.
    assert!((RESERVE / 2..RESERVE).contains(&free), "{free}");
    for record in records {
        record.close(Closing::success()).await.unwrap();
    }
    assert!(matches!(
        journal.open(opening("late")).await,
        Err(AuditError::DiskLow)
    ));

    fs::remove_file(&ballast).unwrap();
    until("the room", || journal.is_ready());
    journal.single(event("after")).await.unwrap();
    journal.shutdown().await;
    let report = verify(&folder, &VerifyOptions::default()).unwrap();
    assert!(report.is_whole() && report.ended, "{report:?}");
}

/// Somebody else fills it to the last byte while requests are open: their ends wait, and come.
#[tokio::test]
async fn aud_05_a_volume_filled_by_somebody_else_loses_nothing() {
    let Some(volume) = Volume::mount(8) else {
        return;
    };
    let folder = volume.journal();
    let journal = Journal::open_dir(&folder, options(), Arc::new(System), &System)
        .unwrap()
        .journal;
    let record = journal.open(opening("open")).await.unwrap();
    record.durable().await.unwrap();
    let ballast = volume.0.path().join("ballast");
    let mut file = fs::File::create(&ballast).unwrap();
    while file.write_all(&[1; 4_096]).is_ok() {}
    drop(file);
    // The end does not fit into the room that is there already.
    let long = Closing::failure(xds_audit::Outcome::SeriousFailure, ["x".repeat(1_500_000)]);
    assert_eq!(record.close(long).await, Err(AuditError::DiskLow));
    assert!(!journal.is_ready() && !journal.stats().is_failed());

    fs::remove_file(&ballast).unwrap();
    until("the end of the request", || {
        journal.stats().open() == 0 && journal.is_ready()
    });
    journal.single(event("after")).await.unwrap();
    journal.shutdown().await;
    assert!(verify(&folder, &VerifyOptions::default()).unwrap().is_whole());
    let opened = Journal::open_dir(&folder, options(), Arc::new(System), &System).unwrap();
    assert!(opened.unfinished.is_empty());
    opened.journal.shutdown().await;
}

/// Not a test: what [`aud_06_failing_system_calls_lose_nothing_that_was_acknowledged`] runs under strace.
#[tokio::test]
#[ignore = "run by aud_06_failing_system_calls_lose_nothing_that_was_acknowledged"]
async fn write_until_it_fails_and_say_how() {
    let Some(folder) = std::env::var_os("RENKEI_TEST_JOURNAL") else {
        return;
    };
    let options = JournalOptions {
        segment_bytes_max: 4_096,
        ..JournalOptions::default()
    };
    let opened = Journal::open_dir(folder.as_ref(), options, Arc::new(System), &System);
    let Ok(opened) = opened else {
        println!("REFUSED TO START");
        return;
    };
    let mut after = 0;
    for number in 0..200 {
        match opened.journal.single(event(&number.to_string())).await {
            Ok(sequence) if after == 0 => println!("WRITTEN {sequence}"),
            Ok(_) => println!("WENT ON"),
            Err(error) => {
                after += 1;
                println!("FAILED {error:?}");
                if after > 3 {
                    break;
                }
            }
        }
    }
    opened.journal.shutdown().await;
}

#[test]
fn aud_06_failing_system_calls_lose_nothing_that_was_acknowledged() {
    if !works("strace") {
        assert!(std::env::var_os("RENKEI_STRACE_REQUIRED").is_none(), "no strace");
        return;
    }
    for fault in [
        "fdatasync:error=EIO:when=7",
        "fdatasync:error=EIO:when=30",
        "fdatasync:error=ENOSPC:when=12",
        "rename:error=EIO:when=4",
        "fsync:error=EIO:when=6+",
    ] {
        let folder = Folder::new();
        // A journal that is there already: its start is not what is tried.
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let journal = open_with(&folder, JournalOptions::default()).unwrap().journal;
            journal.single(event("before")).await.unwrap();
            journal.shutdown().await;
        });
        let lines = run_with(fault, &folder);
        let acknowledged: Vec<u64> = lines
            .iter()
            .filter_map(|line| line.strip_prefix("WRITTEN ")?.parse().ok())
            .collect();
        assert!(acknowledged.len() < 200, "{fault}: nothing failed");
        let failed = lines.iter().any(|line| line.starts_with("FAILED Failed"));
        assert!(failed, "{fault}: {lines:?}");
        assert!(
            !lines.iter().any(|line| line == "WENT ON"),
            "{fault}: a failed sync was called good"
        );

        let opened = open(&folder);
        let kept: Vec<u64> = folder
            .contents()
            .into_iter()
            .filter(|(_, content)| matches!(content, Content::Single(single) if matches!(single.event.opening.kind, EventKind::Received { .. })))
            .map(|(sequence, _)| sequence)
            .collect();
        assert!(
            acknowledged.iter().all(|sequence| kept.contains(sequence)),
            "{fault}"
        );
        tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(opened.journal.shutdown());
        assert!(
            verify(folder.path(), &VerifyOptions::default())
                .unwrap()
                .is_whole(),
            "{fault}"
        );
    }
}

fn works(program: &str) -> bool {
    Command::new(program)
        .args(["-f", "-e", "trace=none", "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What the process said, with that system call failing.
fn run_with(fault: &str, folder: &Folder) -> Vec<String> {
    let (call, _) = fault.split_once(':').unwrap();
    let mut child = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={call}"),
            "-e",
            &format!("inject={fault}"),
            "--",
        ])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "volume::write_until_it_fails_and_say_how",
            "--ignored",
            "--nocapture",
        ])
        .env("RENKEI_TEST_JOURNAL", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .map(|line| line.rsplit("... ").next().unwrap_or_default().to_owned())
        .collect();
    child.wait().unwrap();
    lines
}
