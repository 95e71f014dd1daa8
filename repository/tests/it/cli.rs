//! The program itself.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use crate::support::*;

fn run(ground: &Ground, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_renkei-repository"))
        .args([
            "--config",
            ground.write_config().to_str().unwrap(),
            "--lang",
            "en",
        ])
        .args(arguments)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn init_makes_what_is_missing_and_changes_nothing() {
    let ground = Ground::new().await;
    let key = ground.folder.path().join("documents.key");
    std::fs::remove_file(&key).unwrap();
    let first = run(&ground, &["init"]);
    assert!(first.status.success(), "{}", text(&first));
    assert!(
        text(&first).contains("made") && text(&first).contains("documents.key"),
        "{}",
        text(&first)
    );
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        ground.documents().metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    let before = std::fs::read(&key).unwrap();
    let second = run(&ground, &["init", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!(told["made"], serde_json::json!([]));
    assert_eq!(std::fs::read(&key).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_config_tells_what_follows_and_what_is_wrong() {
    let mut ground = Ground::new().await;
    let good = run(&ground, &["check-config", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&good.stdout).unwrap();
    assert_eq!(told["repository_unique_id"], OURS);
    assert_eq!(told["limits"]["retrieve_documents_max"], 200);
    ground.extra = "typo = 1".to_owned();
    let bad = run(&ground, &["check-config"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(text(&bad).contains("typo"), "{}", text(&bad));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_finds_a_registry_that_is_down() {
    let ground = Ground::new().await;
    let ask = async |ground: Ground| {
        tokio::task::spawn_blocking(move || {
            let output = run(&ground, &["doctor", "--json"]);
            let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            (ground, output.status.success(), told)
        })
        .await
        .unwrap()
    };
    let gravity = |told: &serde_json::Value, part: &str| {
        let findings = told["findings"].as_array().unwrap().clone();
        findings
            .into_iter()
            .find(|finding| finding["part"] == part)
            .unwrap()["gravity"]
            .clone()
    };
    let (ground, healthy, told) = ask(ground).await;
    assert!(healthy, "{told}");
    assert_eq!(gravity(&told, "registry"), "good");
    assert_eq!(gravity(&told, "keys"), "good");
    ground.registry.go_down().await;
    let (_, healthy, told) = ask(ground).await;
    assert!(!healthy);
    assert_eq!(gravity(&told, "registry"), "bad");
}
