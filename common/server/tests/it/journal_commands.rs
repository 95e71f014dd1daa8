//! `audit verify | prove | check-proof | seal | expire` as the programs run them.

use std::fs;
use std::sync::Arc;

use clap::Parser;
use serde_json::Value;
use xds_audit::{Closing, Event, EventKind, Journal, JournalOptions};
use xds_model::time::System;
use xds_server::config::AuditSection;
use xds_server::journal_commands::{ExpireArguments, JournalCommand, JournalCommandError, Verdict, expire};

use crate::world::Folder;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: JournalCommand,
}

/// Runs a line in which every path is in the folder.
fn run(folder: &Folder, line: &str) -> Result<Verdict, JournalCommandError> {
    let words = line.split_whitespace().map(|word| match word.strip_prefix("./") {
        Some(name) => folder.path(name).into_os_string(),
        None => word.into(),
    });
    let line = Line::try_parse_from(std::iter::once("audit".into()).chain(words)).unwrap();
    line.command.run()
}

fn good(folder: &Folder, line: &str) -> Value {
    let verdict = run(folder, line).unwrap();
    assert!(verdict.good, "{line}: {}", verdict.text.en);
    verdict.value
}

/// A journal of some segments; the number of its first event.
async fn journal(folder: &Folder) -> u64 {
    let section = AuditSection::in_folder(folder.path("journal"));
    let options = JournalOptions {
        segment_bytes_max: 2_048,
        seal: false,
        ..section.journal_options()
    };
    let journal = Journal::open_dir(&section.journal, options, Arc::new(System), &System)
        .unwrap()
        .journal;
    let start = || Event::of_machine(EventKind::NodeStart, Closing::success());
    let first = journal.single(start()).await.unwrap();
    for _ in 0..40 {
        journal.single(start()).await.unwrap();
    }
    journal.shutdown().await;
    first
}

#[tokio::test]
async fn aud_07_verify_says_what_it_rests_on_and_what_is_wrong() {
    let folder = Folder::new();
    journal(&folder).await;
    let told = good(&folder, "verify --journal ./journal");
    assert_eq!(
        (&told["whole"], &told["key"]),
        (&Value::Bool(true), &Value::from("beside"))
    );
    assert_eq!(told["bad"], Value::Null);
    fs::copy(folder.path("journal/checkpoint.json"), folder.path("kept.json")).unwrap();
    let line = "verify --journal ./journal --public-key ./journal-key.pk8.pub --anchor ./kept.json";
    let told = good(&folder, line);
    assert_eq!(
        (&told["key"], &told["anchored"]),
        (&Value::from("given"), &Value::from(2))
    );

    let sealed = good(&folder, "seal --journal ./journal");
    assert!(sealed["sealed"].as_u64() > Some(2));
    good(&folder, line);

    let mut files: Vec<_> = fs::read_dir(folder.path("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "zst"))
        .collect();
    files.sort();
    fs::remove_file(&files[1]).unwrap();
    let verdict = run(&folder, line).unwrap();
    assert!(!verdict.good && verdict.value["whole"] == false);
    assert_eq!(verdict.value["bad"]["fault"], "missing");
    assert!(
        verdict.text.en.contains("not whole: record"),
        "{}",
        verdict.text.en
    );
}

/// Words in place of a key or a checkpoint are errors: a verdict without them would say less than was asked for.
#[tokio::test]
async fn files_that_are_something_else_are_errors() {
    let folder = Folder::new();
    journal(&folder).await;
    fs::write(folder.path("other"), "{}").unwrap();
    for line in [
        "verify --journal ./nowhere",
        "verify --journal ./journal --public-key ./other",
        "verify --journal ./journal --public-key ./nowhere",
        "verify --journal ./journal --anchor ./other",
        "prove --journal ./journal --event 999 --out ./proof.json",
        "check-proof --proof ./nowhere --public-key ./journal-key.pk8.pub",
    ] {
        assert!(run(&folder, line).is_err(), "{line}");
    }
    let none = Line::try_parse_from(["audit", "check-proof", "--proof", "p"]);
    assert!(none.is_err(), "a proof is checked with something");
}

#[tokio::test]
async fn a_proof_is_made_checked_and_refused() {
    let folder = Folder::new();
    let event = journal(&folder).await;
    fs::copy(folder.path("journal/checkpoint.json"), folder.path("kept.json")).unwrap();
    good(
        &folder,
        &format!("prove --journal ./journal --event {event} --out ./proof.json --checkpoint ./kept.json"),
    );
    let again = run(
        &folder,
        &format!("prove --journal ./journal --event {event} --out ./proof.json"),
    );
    assert!(
        matches!(again, Err(JournalCommandError::Unwritable { .. })),
        "written over"
    );

    let told = good(
        &folder,
        "check-proof --proof ./proof.json --public-key ./journal-key.pk8.pub",
    );
    assert_eq!(told["event"]["opening"]["kind"], "node-start");
    assert_eq!(told["signature"], true);
    let told = good(
        &folder,
        "check-proof --proof ./proof.json --checkpoint ./kept.json",
    );
    assert_eq!(told["signature"], false);

    let proof = fs::read_to_string(folder.path("proof.json")).unwrap();
    fs::write(
        folder.path("forged.json"),
        proof.replace("node-start", "node-stop"),
    )
    .unwrap();
    let verdict = run(
        &folder,
        "check-proof --proof ./forged.json --public-key ./journal-key.pk8.pub",
    )
    .unwrap();
    assert!(!verdict.good && verdict.value["holds"] == false);
}

#[tokio::test]
async fn what_is_young_is_not_removed_and_a_writing_server_is_not_disturbed() {
    let folder = Folder::new();
    journal(&folder).await;
    let section = AuditSection::in_folder(folder.path("journal"));
    let before = ExpireArguments {
        before: "2100-01-01".to_owned(),
    };
    let verdict = expire(&section, &before, "op").await.unwrap();
    assert!(verdict.good && verdict.value["removed"].is_null());
    good(&folder, "verify --journal ./journal");

    let serving = Journal::open_dir(
        &section.journal,
        section.journal_options(),
        Arc::new(System),
        &System,
    )
    .unwrap();
    assert!(expire(&section, &before, "op").await.is_err());
    serving.journal.shutdown().await;
    let nowhere = AuditSection::in_folder(folder.path("nowhere"));
    assert!(expire(&nowhere, &before, "op").await.is_err());
    assert!(!folder.path("nowhere").exists());
}

#[test]
fn the_key_lies_beside_the_folder_unless_an_older_one_is_inside() {
    let folder = Folder::new();
    let mut section = AuditSection::in_folder(folder.path("journal"));
    assert_eq!(section.key_path(), folder.path("journal-key.pk8"));
    fs::create_dir(folder.path("journal")).unwrap();
    fs::write(folder.path("journal/audit-key.pk8"), "").unwrap();
    assert_eq!(section.key_path(), folder.path("journal/audit-key.pk8"));
    section.key_file = Some(folder.path("elsewhere"));
    assert_eq!(section.key_path(), folder.path("elsewhere"));

    assert!(section.complaints().is_empty());
    section.retention_years = 2;
    section.cold_folder = Some(section.journal.clone());
    assert_eq!(section.complaints().len(), 2);
}
