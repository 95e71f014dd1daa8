//! From the first start to a crash and back.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use registry_cluster::{Cluster, ClusterError, ClusterOptions, Password, Shutdown, Stopped};

use crate::support::{Folder, sql};

/// Durable as in production: what is tested here is what an operator runs.
fn options() -> ClusterOptions {
    ClusterOptions {
        shared_buffers_mib: 16,
        ..ClusterOptions::default()
    }
}

#[tokio::test]
async fn made_started_stopped_and_started_again() {
    let folder = Folder::new();
    let cluster = Cluster::ensure(folder.path(), options()).await.unwrap();
    let parameters = cluster.connection_parameters().clone();
    sql(
        &parameters,
        "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)",
    )
    .await
    .unwrap();
    assert_eq!(cluster.stop(Shutdown::Fast).await.unwrap(), Stopped::Ended);
    assert!(sql(&parameters, "SELECT 1").await.is_err());

    let cluster = Cluster::ensure(folder.path(), options()).await.unwrap();

    assert_eq!(
        sql(cluster.connection_parameters(), "SELECT n FROM kept")
            .await
            .unwrap()
            .as_deref(),
        Some("7")
    );
    cluster.stop(Shutdown::Fast).await.unwrap();
}

#[tokio::test]
async fn durable_checked_utf8_and_silent_about_values() {
    let folder = Folder::new();
    let cluster = Cluster::ensure(folder.path(), options()).await.unwrap();
    for (setting, value) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("lc_collate", "C.UTF-8"),
        ("TimeZone", "UTC"),
        ("listen_addresses", ""),
        ("password_encryption", "scram-sha-256"),
    ] {
        let found = sql(cluster.connection_parameters(), &format!("SHOW {setting}"))
            .await
            .unwrap();
        assert_eq!(found.as_deref(), Some(value), "{setting}");
    }

    let canary = "CANARY山田";
    let statement =
        format!("CREATE TABLE t (k text UNIQUE); INSERT INTO t VALUES ('{canary}'), ('{canary}')");
    assert!(sql(cluster.connection_parameters(), &statement).await.is_err());
    let log = fs::read_to_string(cluster.log_file()).unwrap();
    assert!(log.contains("duplicate key value"), "{log}");
    assert!(!log.contains("CANARY"), "{log}");
    cluster.stop(Shutdown::Fast).await.unwrap();
}

#[tokio::test]
async fn nobody_connects_without_the_password() {
    let folder = Folder::new();
    let cluster = Cluster::ensure(folder.path(), options()).await.unwrap();
    let mut parameters = cluster.connection_parameters().clone();
    parameters.password = Password::new("guess");
    let error = sql(&parameters, "SELECT 1").await.unwrap_err();
    assert_eq!(
        error.code(),
        Some(&tokio_postgres::error::SqlState::INVALID_PASSWORD)
    );
    cluster.stop(Shutdown::Fast).await.unwrap();
}

#[tokio::test]
async fn the_last_user_stops_it() {
    let folder = Folder::new();
    let server = Cluster::ensure(folder.path(), options()).await.unwrap();
    let command = Cluster::ensure(folder.path(), options()).await.unwrap();
    assert_eq!(server.connection_parameters(), command.connection_parameters());

    assert_eq!(command.stop(Shutdown::Fast).await.unwrap(), Stopped::StillUsed);
    assert!(server.is_running());
    assert_eq!(server.stop(Shutdown::Fast).await.unwrap(), Stopped::Ended);
}

#[tokio::test]
async fn several_at_once_make_one_cluster() {
    let folder = Folder::new();
    let starts = (0..4).map(|_| tokio::spawn(Cluster::ensure(folder.path().to_owned(), options())));
    let mut clusters = Vec::new();
    for start in starts.collect::<Vec<_>>() {
        clusters.push(start.await.unwrap().unwrap());
    }
    let postmasters: Vec<_> = clusters.iter().map(pid).collect();
    assert!(
        postmasters.iter().all(|pid| Some(pid) == postmasters.first()),
        "{postmasters:?}"
    );
    for cluster in clusters {
        cluster.stop(Shutdown::Fast).await.unwrap();
    }
}

#[tokio::test]
async fn a_killed_server_recovers_what_was_committed() {
    let folder = Folder::new();
    let cluster = Cluster::ensure(folder.path(), options()).await.unwrap();
    sql(
        cluster.connection_parameters(),
        "CREATE TABLE kept AS SELECT 42 AS n",
    )
    .await
    .unwrap();
    kill_and_wait(&cluster);

    cluster.revive_blocking().unwrap();

    assert_eq!(
        sql(cluster.connection_parameters(), "SELECT n FROM kept")
            .await
            .unwrap()
            .as_deref(),
        Some("42")
    );
    cluster.stop(Shutdown::Fast).await.unwrap();
}

#[tokio::test]
async fn a_lock_file_with_a_recycled_number_does_not_block_the_start() {
    let folder = Folder::new();
    let cluster = Cluster::ensure(folder.path(), options()).await.unwrap();
    let lock = cluster.data_folder().join("postmaster.pid");
    let socket_lock = cluster
        .connection_parameters()
        .socket_folder
        .join(".s.PGSQL.5432.lock");
    let texts = [&lock, &socket_lock].map(|path| fs::read_to_string(path).unwrap());
    cluster.stop(Shutdown::Fast).await.unwrap();
    for (path, text) in [&lock, &socket_lock].iter().zip(texts) {
        let (_, rest) = text.split_once('\n').unwrap();
        fs::write(path, format!("{}\n{rest}", std::process::id())).unwrap();
    }

    let cluster = Cluster::ensure(folder.path(), options()).await.unwrap();

    assert!(cluster.is_running());
    cluster.stop(Shutdown::Fast).await.unwrap();
}

#[tokio::test]
async fn an_unfinished_initdb_is_started_afresh() {
    let folder = Folder::new();
    let unfinished = folder.path().join("data.new");
    fs::create_dir_all(&unfinished).unwrap();
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15").unwrap();

    let cluster = Cluster::ensure(folder.path(), options()).await.unwrap();

    assert!(cluster.is_running());
    cluster.stop(Shutdown::Fast).await.unwrap();
}

#[tokio::test]
async fn a_long_folder_works() {
    let folder = Folder::new();
    let long = folder.path().join("d".repeat(120));
    let cluster = Cluster::ensure(&long, options()).await.unwrap();
    assert!(sql(cluster.connection_parameters(), "SELECT 1").await.is_ok());
    let socket = cluster.connection_parameters().socket_folder.clone();
    cluster.stop(Shutdown::Fast).await.unwrap();
    fs::remove_dir_all(socket).unwrap();
}

#[tokio::test]
async fn a_start_that_fails_shows_the_server_log() {
    let folder = Folder::new();
    let cluster = Cluster::ensure(folder.path(), options()).await.unwrap();
    let local = cluster.data_folder().join("local.conf");
    cluster.stop(Shutdown::Fast).await.unwrap();
    fs::write(&local, "no_such_setting = 1\n").unwrap();
    fs::set_permissions(&local, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();

    let error = Cluster::ensure(folder.path(), options()).await.unwrap_err();

    assert!(
        matches!(&error, ClusterError::Program { detail, .. } if detail.contains("no_such_setting")),
        "{error}"
    );
}

#[tokio::test]
async fn dropping_a_test_cluster_ends_it_and_dropping_a_real_one_does_not() {
    let folder = Folder::new();
    let cluster = Cluster::ensure(folder.path(), ClusterOptions::for_tests())
        .await
        .unwrap();
    let parameters = cluster.connection_parameters().clone();
    drop(cluster);
    assert!(sql(&parameters, "SELECT 1").await.is_err());

    drop(Cluster::ensure(folder.path(), options()).await.unwrap());
    assert!(sql(&parameters, "SELECT 1").await.is_ok());
    Cluster::ensure(folder.path(), options())
        .await
        .unwrap()
        .stop(Shutdown::Immediate)
        .await
        .unwrap();
}

/// The other tests run as whoever runs them, in CI as root: this one is never root.
#[test]
fn an_ordinary_user_runs_it() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return;
    }
    let folder = Folder::new();
    fs::create_dir_all(folder.path()).unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let program = folder.path().join("it");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();

    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(["--exact", "life::made_started_stopped_and_started_again"])
        .current_dir("/")
        .output()
        .unwrap();

    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("1 passed"), "{text}");
}

fn pid(cluster: &Cluster) -> String {
    let text = fs::read_to_string(cluster.data_folder().join("postmaster.pid")).unwrap();
    text.lines().next().unwrap().to_owned()
}

fn kill_and_wait(cluster: &Cluster) {
    assert!(
        Command::new("kill")
            .args(["-KILL", &pid(cluster)])
            .status()
            .unwrap()
            .success()
    );
    let deadline = Instant::now() + Duration::from_secs(10);
    while cluster.is_running() {
        assert!(Instant::now() < deadline, "the postmaster survived SIGKILL");
        std::thread::yield_now();
    }
}
