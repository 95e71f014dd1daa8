//! A private PostgreSQL per test process, and a database per test.

#![expect(clippy::panic, reason = "for tests only, which end by it")]

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use registry_cluster::{Cluster, ClusterOptions, ConnectionParameters};
use tokio_postgres::NoTls;

/// The cluster of this test process: started at first use, stopped and removed when the process ends,
/// however it ends.
#[derive(Debug)]
pub struct TestCluster {
    cluster: Cluster,
    /// Ends when its standard input closes, which happens when we end.
    _watcher: Child,
}

impl TestCluster {
    /// The one cluster of this process. Blocks for about a second at first use.
    ///
    /// # Panics
    /// If PostgreSQL is not installed or does not start; the text says what to install.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<TestCluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    fn start() -> Self {
        // The shell of an earlier process of our number may still be removing that one's folder.
        let random = RandomState::new().hash_one(0);
        let folder = std::env::temp_dir().join(format!("renkei-test-{}-{random:08x}", std::process::id()));
        let watcher = watch(&folder);
        let cluster = Cluster::ensure_blocking(&folder, ClusterOptions::for_tests())
            .unwrap_or_else(|error| panic!("no PostgreSQL for the tests: {error}"));
        Self {
            cluster,
            _watcher: watcher,
        }
    }

    /// The folder of the cluster.
    pub fn data_folder(&self) -> PathBuf {
        self.cluster.data_folder()
    }

    /// The server's log, to see what it said.
    pub fn log_file(&self) -> PathBuf {
        self.cluster.log_file()
    }

    /// A new, empty database.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn fresh_database(&self) -> ConnectionParameters {
        self.create("template1").await
    }

    /// A new database with everything that is in `original`, which nobody may be connected to: migrate
    /// once, copy for each test.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn copy_of(&self, original: &ConnectionParameters) -> ConnectionParameters {
        self.create(&original.database).await
    }

    async fn create(&self, template: &str) -> ConnectionParameters {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let database = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let parameters = self.cluster.connection_parameters();
        let (client, connection) = tokio_postgres::connect(&parameters.connection_string(), NoTls)
            .await
            .unwrap_or_else(|error| panic!("the test cluster refuses a connection: {error:?}"));
        let connection = tokio::spawn(connection);
        client
            .batch_execute(&format!("CREATE DATABASE {database} TEMPLATE {template}"))
            .await
            .unwrap_or_else(|error| panic!("no database for a test: {error:?}"));
        drop(client);
        let _ = connection.await;
        parameters.with_database(database)
    }
}

/// Starts a shell that waits for our end, whatever brings it, then kills the server in `folder` and
/// removes the folder. A static is never dropped, and a killed process runs no code.
fn watch(folder: &Path) -> Child {
    Command::new("sh")
        .args(["-c", WATCH, "watch"])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .current_dir("/")
        // Not with us: Ctrl-C goes to our process group.
        .process_group(0)
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run sh: {error}"))
}

/// Immediate shutdown (SIGQUIT), and SIGKILL for what is left after 5 s.
const WATCH: &str = r#"
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
    kill -QUIT "$pid"
    tries=0
    while [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
    [ -e "$1/data/postmaster.pid" ] && kill -KILL "$pid"
fi
rm -rf "$1"
"#;
