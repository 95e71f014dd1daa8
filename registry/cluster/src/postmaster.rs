//! The postmaster's lock file, and whether the process that it names lives.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::ClusterError;

/// What is known about the postmaster of a data folder.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Postmaster {
    /// No lock file: stopped in order, or never started.
    Stopped,
    /// The lock file names a process that does not exist: PostgreSQL crashed, and a start recovers.
    Crashed,
    /// The process has ended, but its parent has not collected it: PostgreSQL takes it for alive, in a
    /// container without an init process for ever.
    Zombie,
    /// The lock file names a living process that is something else: the number was given again, and
    /// PostgreSQL would refuse to start.
    Recycled,
    /// It runs.
    Running {
        /// The folder of its socket.
        socket_folder: PathBuf,
        /// Whether it accepts connections already.
        ready: bool,
    },
}

impl Postmaster {
    /// Reads the lock file of the cluster in `data`.
    pub(crate) fn find(data: &Path) -> Result<Self, ClusterError> {
        let path = lock_file(data);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::Stopped),
            Err(source) => {
                return Err(ClusterError::Io {
                    what: "cannot read",
                    path,
                    source,
                });
            }
        };
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        // A stand-alone backend writes its number with a minus.
        let pid = lines
            .first()
            .and_then(|line| line.trim_start_matches('-').parse::<u32>().ok());
        Ok(match pid.map(|pid| examine(pid, data)) {
            None | Some(Process::Gone) => Self::Crashed,
            Some(Process::Zombie) => Self::Zombie,
            Some(Process::Other) => Self::Recycled,
            Some(Process::Postmaster) => Self::Running {
                socket_folder: PathBuf::from(lines.get(4).copied().unwrap_or_default()),
                ready: lines.get(7).is_some_and(|line| *line == "ready"),
            },
        })
    }
}

/// The postmaster's lock file in `data`.
pub(crate) fn lock_file(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

enum Process {
    Gone,
    Zombie,
    Other,
    Postmaster,
}

fn examine(pid: u32, data: &Path) -> Process {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    let Ok(stat) = fs::read_to_string(folder.join("stat")) else {
        return Process::Gone;
    };
    // "1234 (postgres) S 1 ..."
    let state = stat
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.trim_start().chars().next());
    let is_postgres = stat.contains("(postgres)") || stat.contains("(postmaster)");
    let here = fs::read_link(folder.join("cwd")).map_or(true, |cwd| cwd == data);
    match state {
        Some('Z' | 'X') if is_postgres => Process::Zombie,
        _ if is_postgres && here => Process::Postmaster,
        _ => Process::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data_with(text: Option<&str>) -> (PathBuf, Postmaster) {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("renkei-postmaster-{}-{number}", std::process::id()));
        fs::create_dir_all(&data).unwrap();
        if let Some(text) = text {
            fs::write(lock_file(&data), text).unwrap();
        }
        let found = Postmaster::find(&data).unwrap();
        (data, found)
    }

    #[test]
    fn the_lock_file_is_read() {
        let own = std::process::id();
        for (text, expected) in [
            (None, Postmaster::Stopped),
            (Some(String::new()), Postmaster::Crashed),
            (Some("4194999\n/data\n".to_owned()), Postmaster::Crashed),
            (Some(format!("{own}\n/data\n")), Postmaster::Recycled),
        ] {
            let (data, found) = data_with(text.as_deref());
            assert_eq!(found, expected, "{text:?}");
            fs::remove_dir_all(data).unwrap();
        }
    }
}
