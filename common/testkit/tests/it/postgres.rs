//! The cluster of a test process comes and goes with it.

#![expect(clippy::unwrap_used, reason = "a test ends by it")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use registry_cluster::ConnectionParameters;
use tokio_postgres::{Client, NoTls};
use xds_testkit::TestCluster;

async fn connect(parameters: &ConnectionParameters) -> Client {
    let (client, connection) = tokio_postgres::connect(&parameters.connection_string(), NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn each_database_is_fresh() {
    let cluster = TestCluster::shared();
    for _ in 0..2 {
        let client = connect(&cluster.fresh_database().await).await;
        client
            .batch_execute("CREATE TABLE only_here (n int)")
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_copy_has_what_the_original_has() {
    let cluster = TestCluster::shared();
    let original = cluster.fresh_database().await;
    let (client, connection) = tokio_postgres::connect(&original.connection_string(), NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    client
        .batch_execute("CREATE TABLE kept AS SELECT 7 AS n")
        .await
        .unwrap();
    drop(client);
    let _ = connection.await;

    let copy = connect(&cluster.copy_of(&original).await).await;

    let n: i32 = copy.query_one("SELECT n FROM kept", &[]).await.unwrap().get(0);
    assert_eq!(n, 7);
}

/// Not a test: what [`a_killed_process_leaves_nothing`] runs in a process of its own.
#[test]
#[ignore = "run by a_killed_process_leaves_nothing"]
fn start_say_where_and_wait() {
    if std::env::var_os("RENKEI_TEST_VICTIM").is_none() {
        return;
    }
    println!("\nFOLDER {}", TestCluster::shared().data_folder().display());
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn a_killed_process_leaves_nothing() {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "postgres::start_say_where_and_wait",
            "--ignored",
            "--nocapture",
        ])
        .env("RENKEI_TEST_VICTIM", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let data = lines
        .map(Result::unwrap)
        .find_map(|line| line.strip_prefix("FOLDER ").map(PathBuf::from))
        .unwrap();
    assert!(data.join("postmaster.pid").exists());

    victim.kill().unwrap();
    victim.wait().unwrap();

    wait_until_gone(data.parent().unwrap());
}

fn wait_until_gone(folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while folder.exists() {
        assert!(Instant::now() < deadline, "{} is still there", folder.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}
