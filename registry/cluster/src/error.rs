//! What can go wrong with a private cluster, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a private cluster could not be found, made, started or stopped.
///
/// The texts are for the operator: they name paths and packages, never data.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// There is no PostgreSQL on this machine, or none where it was looked for.
    #[error("no PostgreSQL server found in {searched}; on Debian or Ubuntu: apt-get install postgresql")]
    NotInstalled {
        /// The places that were looked at.
        searched: String,
    },
    /// The newest server found is older than [`crate::MAJOR_MIN`].
    #[error(
        "PostgreSQL {found} in {folder} is too old, {} or later is needed: apt-get install postgresql",
        crate::MAJOR_MIN
    )]
    TooOld {
        /// Its major version.
        found: u32,
        /// The folder of its binaries.
        folder: PathBuf,
    },
    /// The data were written by a major version that is not installed (any more).
    #[error(
        "the data in {folder} belong to PostgreSQL {major}, which is not installed: apt-get install postgresql-{major}"
    )]
    OtherMajor {
        /// The data folder.
        folder: PathBuf,
        /// The major version that wrote it.
        major: u32,
    },
    /// PostgreSQL refuses to run as root, and there is no other user to run it.
    #[error(
        "PostgreSQL does not run as root, and there is no user {user} to run it; name one in the configuration"
    )]
    NoServiceUser {
        /// The user that was looked for.
        user: String,
    },
    /// The user who runs PostgreSQL cannot get to the data folder.
    #[error(
        "user {user}, who runs PostgreSQL, may not enter {folder}: choose a data folder below folders that everybody may enter, or run as an ordinary user"
    )]
    Unreachable {
        /// The first folder that is closed to that user.
        folder: PathBuf,
        /// Name or number of the user.
        user: String,
    },
    /// The socket folder exists and belongs to somebody else, or others may write to it.
    #[error("the socket folder {folder} is not a private folder of the user who runs PostgreSQL: remove it")]
    ForeignSocketFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// A path is too long for a Unix socket, even the short replacement.
    #[error(
        "the socket path {path} has {bytes} bytes, at most {} are possible: choose a shorter data folder",
        crate::layout::SOCKET_PATH_BYTES_MAX
    )]
    SocketPathTooLong {
        /// The path.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// A path or name has characters that PostgreSQL's own files cannot carry.
    #[error("{what} may not contain quotes, backslashes or control characters")]
    Characters {
        /// What was looked at.
        what: &'static str,
    },
    /// The postmaster's lock file names a process that is none, yet others use the cluster.
    #[error(
        "the cluster in {folder} is used by another process, but its postmaster cannot be seen from here (another container?)"
    )]
    Elsewhere {
        /// The cluster's folder.
        folder: PathBuf,
    },
    /// One of PostgreSQL's programs ended with an error.
    #[error("{program} failed ({status}): {detail}")]
    Program {
        /// `initdb`, `pg_ctl` ...
        program: &'static str,
        /// The exit status.
        status: String,
        /// The last lines of what it said.
        detail: String,
    },
    /// Something took longer than allowed.
    #[error("{what} took longer than {seconds} s")]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// The bound.
        seconds: u64,
    },
    /// The operating system refused something.
    #[error("{what} {path}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// The runtime ended while the cluster was being worked on.
    #[error("the runtime is shutting down")]
    Cancelled,
}

impl ClusterError {
    /// For `map_err`: an I/O failure with its circumstances.
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}
