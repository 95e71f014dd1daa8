//! CPU time and memory of processes, as `/proc` tells them (proc(5)).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::BenchError;

/// One tick of the times in `/proc/PID/stat`: USER_HZ is 100 on every Linux system.
const TICK: Duration = Duration::from_millis(10);

/// What is used of `/proc/PID/stat`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stat {
    /// The process id of the parent.
    pub(crate) parent: u32,
    /// User and system time of the process itself, ended threads included.
    pub(crate) own: Duration,
    /// The same of its children that ended and were waited for.
    pub(crate) ended_children: Duration,
}

impl Stat {
    /// Reads the text of `/proc/PID/stat`. The name in it may hold blanks and brackets.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // The first field of the rest is the third of proc(5).
        let ticks = |field: usize| fields.get(field - 3)?.parse::<u32>().ok();
        let (user, system) = (ticks(14)?, ticks(15)?);
        let (children_user, children_system) = (ticks(16)?, ticks(17)?);
        Some(Self {
            parent: ticks(4)?,
            own: TICK * user + TICK * system,
            ended_children: TICK * children_user + TICK * children_system,
        })
    }
}

/// CPU time of a process and its threads.
///
/// # Errors
/// When there is no such process.
pub(crate) fn cpu(pid: u32) -> Result<Duration, BenchError> {
    Ok(stat(pid)?.own)
}

/// CPU time of a process and of its children, those that ended included: PostgreSQL with its sessions.
///
/// # Errors
/// When there is no such process.
pub(crate) fn cpu_of_family(pid: u32) -> Result<Duration, BenchError> {
    let head = stat(pid)?;
    let processes = fs::read_dir("/proc").map_err(BenchError::io("/proc"))?;
    let children = processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        // One that has ended meanwhile is among those that ended, or will be at the next look.
        .filter_map(|child| stat(child).ok())
        .filter(|child| child.parent == pid);
    Ok(children.fold(head.own + head.ended_children, |sum, child| sum + child.own))
}

/// Resident memory of a process now, in bytes.
///
/// # Errors
/// When there is no such process.
pub(crate) fn resident_bytes(pid: u32) -> Result<u64, BenchError> {
    memory(pid, "VmRSS")
}

/// The most resident memory that a process had since it began, or since [`forget_peak`], in bytes.
///
/// # Errors
/// When there is no such process.
pub(crate) fn peak_bytes(pid: u32) -> Result<u64, BenchError> {
    memory(pid, "VmHWM")
}

/// Lets [`peak_bytes`] count from here (`/proc/PID/clear_refs`).
///
/// # Errors
/// When the process is not ours.
pub(crate) fn forget_peak(pid: u32) -> Result<(), BenchError> {
    let path = file(pid, "clear_refs");
    fs::write(&path, "5").map_err(BenchError::file(&path))
}

/// Reads a size from the text of `/proc/PID/status`, in bytes.
pub(crate) fn status_bytes(text: &str, name: &str) -> Option<u64> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kib.checked_mul(1024)
}

fn memory(pid: u32, name: &str) -> Result<u64, BenchError> {
    let path = file(pid, "status");
    let text = read(&path)?;
    status_bytes(&text, name).ok_or(BenchError::Proc(path))
}

fn stat(pid: u32) -> Result<Stat, BenchError> {
    let path = file(pid, "stat");
    let text = read(&path)?;
    Stat::parse(&text).ok_or(BenchError::Proc(path))
}

fn file(pid: u32, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{name}"))
}

fn read(path: &Path) -> Result<String, BenchError> {
    fs::read_to_string(path).map_err(BenchError::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_behind_a_name_with_blanks_and_brackets() {
        let text =
            "4711 (post) gres: (x y) S 17 4711 4711 0 -1 4194560 982 51 0 0 123 45 6 7 20 0 1 0 1100 1 2 3";
        let stat = Stat::parse(text).unwrap();
        assert_eq!(stat.parent, 17);
        assert_eq!(stat.own, Duration::from_millis(1680));
        assert_eq!(stat.ended_children, Duration::from_millis(130));
    }

    #[test]
    fn a_text_that_is_cut_is_none() {
        assert_eq!(
            Stat::parse("4711 (x) S 17 4711 4711 0 -1 4194560 982 51 0 0 123 45 6"),
            None
        );
        assert_eq!(Stat::parse("4711 x S 17"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn sizes_are_found_by_their_whole_name() {
        let text = "Name:\tx\nVmHWMx:\t  1 kB\nVmHWM:\t  18004 kB\nVmRSS:\t   9000 kB\n";
        assert_eq!(status_bytes(text, "VmHWM"), Some(18004 * 1024));
        assert_eq!(status_bytes(text, "VmRSS"), Some(9000 * 1024));
        assert_eq!(status_bytes(text, "VmSwap"), None);
        assert_eq!(status_bytes("VmRSS:\t9000", "VmRSS"), None);
    }

    #[test]
    fn our_own_process_has_time_and_memory() {
        let pid = std::process::id();
        assert!(resident_bytes(pid).unwrap() > 100_000);
        assert!(peak_bytes(pid).unwrap() >= resident_bytes(pid).unwrap() / 2);
        let own = cpu(pid).unwrap();
        assert!(cpu_of_family(pid).unwrap() >= own);
        assert!(cpu(u32::MAX).is_err());
    }

    #[test]
    fn the_peak_is_forgotten() {
        let pid = std::process::id();
        let large = vec![1_u8; 64 << 20];
        assert!(large.iter().all(|byte| *byte == 1));
        drop(large);
        assert!(peak_bytes(pid).unwrap() > 60 << 20);
        forget_peak(pid).unwrap();
        // Other tests of this process may use some memory now, but not as much.
        assert!(peak_bytes(pid).unwrap() < resident_bytes(pid).unwrap() + (40 << 20));
    }
}
