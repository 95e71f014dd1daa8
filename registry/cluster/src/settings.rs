//! How the cluster is to be run, and the server configuration that follows.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a private cluster is to be made and run.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The folder of the server programs; `None`: the newest that is installed.
    pub binaries: Option<PathBuf>,
    /// The user who runs PostgreSQL if we are root; `None`: `postgres`, else `nobody`.
    pub run_as: Option<String>,
    /// Whether committed work survives a power cut.
    pub durability: Durability,
    /// The server's page cache (`shared_buffers`), MiB.
    pub shared_buffers_mib: u32,
    /// Connections at most (`max_connections`).
    pub connections_max: u16,
    /// How long a start, with recovery after a crash, or a stop may take.
    pub wait_max: Duration,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            binaries: None,
            run_as: None,
            durability: Durability::Full,
            shared_buffers_mib: 256,
            connections_max: 100,
            wait_max: Duration::from_secs(120),
        }
    }
}

impl ClusterOptions {
    /// For tests: small, fast, gone after a power cut.
    pub fn for_tests() -> Self {
        Self {
            durability: Durability::TestOnly,
            shared_buffers_mib: 16,
            connections_max: 200,
            ..Self::default()
        }
    }
}

/// Whether committed work survives a power cut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// It does: every commit waits for the disk, and pages carry checksums.
    Full,
    /// It does not (`fsync` off), and dropping the [`crate::Cluster`] kills the server at once.
    TestOnly,
}

/// The file that `postgresql.conf` includes; written anew at each start.
///
/// An operator's own settings go to `local.conf` beside it, which is read after it.
pub(crate) fn configuration(options: &ClusterOptions, socket_folder: &Path) -> String {
    let durable = if options.durability == Durability::Full {
        "on"
    } else {
        "off"
    };
    format!(
        "# Written at each start. Own settings go to local.conf in this folder, which is read last.\n\
         listen_addresses = ''\n\
         unix_socket_directories = '{socket}'\n\
         unix_socket_permissions = 0700\n\
         password_encryption = 'scram-sha-256'\n\
         max_connections = {connections}\n\
         shared_buffers = '{buffers}MB'\n\
         fsync = {durable}\n\
         full_page_writes = {durable}\n\
         synchronous_commit = {durable}\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         logging_collector = off\n\
         log_destination = 'stderr'\n\
         log_line_prefix = '%m [%p] %a '\n\
         {QUIET}\
         include_if_exists = 'local.conf'\n",
        socket = socket_folder.display(),
        connections = options.connections_max,
        buffers = options.shared_buffers_mib,
    )
}

/// Neither statements, nor their values, nor the keys in DETAIL lines get into the server's log:
/// they name patients.
const QUIET: &str = "log_statement = 'none'\n\
                     log_min_error_statement = 'panic'\n\
                     log_min_duration_statement = -1\n\
                     log_parameter_max_length = 0\n\
                     log_parameter_max_length_on_error = 0\n\
                     log_error_verbosity = 'terse'\n";

/// The operator's file, as it is made with the cluster.
pub(crate) const LOCAL: &str = "# Settings of this installation; they win over those of renkei.conf.\n";

/// Who may connect: over the socket, with the password.
pub(crate) const HBA: &str = "# TYPE DATABASE USER METHOD\n\
                              local all all scram-sha-256\n\
                              local replication all reject\n";
