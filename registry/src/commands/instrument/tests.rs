//! Every verb once, on a real PostgreSQL: what it says by its exit status, what it leaves, and what it is told by.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use registry_store::Instrument;
use serde_json::{Value, json};
use xds_model::IdSource;
use xds_model::time::System;
use xds_policy::format;
use xds_policy::version::InstrumentKind;
use xds_server::lang::Lang;

use super::super::arguments::Arguments;
use super::super::desk::{DOMAIN, Desk, P, lasting};

/// A second version of its agreement, in which one takes part no more.
fn agreement() -> Value {
    let domain = lasting();
    let mut agreement = domain["joint_use_agreements"][0].clone();
    agreement["version"] = json!(2);
    agreement["effective_from"] = json!("2990-01-01T00:00:00Z");
    agreement["terms"]["users"].as_array_mut().unwrap().pop();
    agreement
}

const AGREEMENT: InstrumentKind = InstrumentKind::JointUseAgreement;

#[tokio::test]
async fn a_domain_comes_and_goes_by_file() {
    let desk = Desk::new().await;
    let file = desk.file("domain.json", DOMAIN);
    fs::create_dir(desk.folder.join("scans")).unwrap();
    // The example's evidence files hold their own names.
    desk.file("scans/JA-1.pdf", "JA-1.pdf");
    desk.file("scans/shopping.txt", "milk");
    let scans = desk.folder.join("scans").to_str().unwrap().to_owned();
    assert!(
        desk.run(&["domain", "import", "--file", &file, "--evidence", &scans])
            .await
    );
    let kept: Vec<_> = walk(&desk.folder.join("data/evidence"));
    assert_eq!(kept.len(), 1);
    assert_eq!(fs::read(&kept[0]).unwrap(), b"JA-1.pdf");
    assert_eq!(
        fs::metadata(&kept[0]).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let out = desk.folder.join("out.json");
    let path = out.to_str().unwrap();
    assert!(desk.run(&["domain", "export", "--file", path]).await);
    let wanted = format::to_string(&format::from_str(DOMAIN).unwrap()).unwrap();
    assert_eq!(fs::read_to_string(&out).unwrap(), wanted);
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        !desk.run(&["domain", "export", "--file", path]).await,
        "it is there already"
    );
    let acts = desk.store.owed_acts().await.unwrap();
    let looks: Vec<_> = acts
        .iter()
        .filter(|act| act.deed.verb == "domain export")
        .collect();
    assert_eq!(looks.len(), 2);
    assert_eq!(looks[0].deed.patients, [P]);
    let broken = desk.file("broken.json", &DOMAIN.replace("医療法人中央会", "別の法人"));
    assert!(!desk.run(&["domain", "import", "--file", &broken]).await);
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn instruments_are_entered_ended_and_looked_at() {
    let desk = Desk::new().await;
    let file = desk.file("domain.json", &lasting().to_string());
    assert!(desk.run(&["domain", "import", "--file", &file]).await);
    let second = desk.file("v2.json", &agreement().to_string());
    let add = ["instrument", "add", "--kind", "agreement", "--file", &second];
    assert!(!desk.run(&add).await, "its evidence is not here");
    assert_eq!(desk.versions(AGREEMENT, "JA-1").await, 1);
    let (paper, picture) = (desk.file("a.pdf", "JA-1.pdf"), desk.file("b.png", "kyodo.png"));
    let evidence = [
        "--approved-by",
        "事務局長",
        "--evidence",
        &paper,
        "--evidence",
        &picture,
    ];
    let other = desk.file("other.pdf", "something else");
    let with_other = [&add[..], &evidence[..], &["--evidence", &other]].concat();
    assert!(!desk.run(&with_other).await, "it names no such evidence");
    let complete = [&add[..], &evidence[..]].concat();
    assert!(desk.run(&complete).await);
    assert!(!desk.run(&complete).await, "version 2 is there");
    assert_eq!(desk.versions(AGREEMENT, "JA-1").await, 2);
    let all = desk
        .store
        .instrument_history(AGREEMENT, &"JA-1".into())
        .await
        .unwrap();
    assert_eq!(all[1].entered_by(), "事務局 佐藤");
    assert_eq!(all[1].approved_by(), ["事務局長 鈴木", "事務局長"]);

    let refusal = ["--kind", "refusal", "--id", "refusal-1"];
    let end = ["instrument", "end"];
    assert!(
        !desk
            .run(&[&end[..], &refusal, &["--version", "7"]].concat())
            .await
    );
    assert!(
        !desk
            .run(&[&end[..], &refusal, &["--at", "2026-11-01"]].concat())
            .await,
        "in the past"
    );
    assert!(
        !desk
            .run(&[&end[..], &refusal, &["--at", "2999-12-31"]].concat())
            .await,
        "ends before"
    );
    assert!(
        desk.run(&[&end[..], &refusal, &["--version", "1"]].concat())
            .await
    );
    assert!(!desk.run(&[&end[..], &refusal].concat()).await, "ended already");
    assert_eq!(desk.versions(InstrumentKind::Refusal, "refusal-1").await, 2);

    for verb in ["show", "history"] {
        assert!(desk.run(&[&["instrument", verb][..], &refusal].concat()).await);
        assert!(
            !desk
                .run(&["instrument", verb, "--kind", "refusal", "--id", "none"])
                .await
        );
        assert_eq!(desk.told(&format!("instrument {verb}")).await, 2);
    }
    assert!(
        !desk
            .run(&[&["instrument", "show"][..], &refusal, &["--version", "3"]].concat())
            .await
    );
    assert!(desk.run(&["instrument", "list", "--kind", "organisation"]).await);
    assert!(desk.run(&["instrument", "list", "--patient", P]).await);
    assert!(
        desk.run(&[
            "instrument",
            "list",
            "--patient",
            P,
            "--kind",
            "consent",
            "--json"
        ])
        .await
    );
    assert!(
        !desk.run(&["instrument", "list", "--kind", "consent"]).await,
        "of whom?"
    );
    let acts = desk.store.owed_acts().await.unwrap();
    let lists = acts.iter().filter(|act| act.deed.verb == "instrument list");
    assert_eq!(lists.map(|act| act.deed.patients.len()).sum::<usize>(), 2);
    let ended = acts.iter().find(|act| act.deed.verb == "instrument end").unwrap();
    assert_eq!(ended.deed.patients, [P]);
    assert_eq!(ended.deed.before.as_ref().unwrap()["version"], 1);
    assert_eq!(ended.deed.after.as_ref().unwrap()["version"], 2);
}

#[tokio::test]
async fn what_is_missing_and_what_changes_is_told_before() {
    let desk = Desk::new().await;
    let file = desk.file("domain.json", &lasting().to_string());
    assert!(desk.run(&["domain", "import", "--file", &file]).await);
    let mut silent = agreement();
    silent["terms"]["statement"] = json!("");
    let silent = desk.file("silent.json", &silent.to_string());
    assert!(!desk.run(&["agreement", "validate", "--file", &silent]).await);
    assert!(!desk.run(&["agreement", "validate", "--id", "none"]).await);
    assert_eq!(desk.told("agreement validate").await, 2);
    let contract = ["--kind", "contract", "--id", "rad-images"];
    assert!(
        desk.run(&[&["instrument", "validate"][..], &contract].concat())
            .await
    );
    let consent = ["--kind", "consent", "--id", "consent-C2", "--json"];
    assert!(
        desk.run(&[&["instrument", "validate"][..], &consent].concat())
            .await
    );
    let changed = desk.file("v2.json", &agreement().to_string());
    assert!(desk.run(&["agreement", "impact", "--file", &changed]).await);
    assert!(
        desk.run(&[
            "agreement",
            "impact",
            "--file",
            &changed,
            "--at",
            "2990-02-01",
            "--json"
        ])
        .await
    );
    assert_eq!(desk.told("agreement impact").await, 2);
    assert_eq!(desk.versions(AGREEMENT, "JA-1").await, 1, "nothing was entered");
}

#[tokio::test]
async fn papers_say_by_their_status_whether_they_can_be_used() {
    let desk = Desk::new().await;
    let file = desk.file("domain.json", &lasting().to_string());
    assert!(desk.run(&["domain", "import", "--file", &file]).await);
    let page = desk.folder.join("notice.html");
    let page = page.to_str().unwrap();
    let notice = ["paper", "notice", "--agreement", "JA-1", "--contact", "電話"];
    let to_file = [&notice[..], &["--form", "html", "--file", page]].concat();
    assert!(desk.run(&to_file).await);
    assert!(!desk.run(&to_file).await, "it is there");
    let text = fs::read_to_string(page).unwrap();
    assert!(
        text.contains("共同利用のお知らせ") && text.contains("電話"),
        "{text}"
    );
    assert!(!desk.run(&["paper", "notice", "--agreement", "none"]).await);
    assert!(
        desk.run(&["paper", "consent-form", "--text", "text-1", "--json"])
            .await
    );
    for wrong in [["--text", "none"], ["--model", "scoped"]] {
        assert!(!desk.run(&[&["paper", "consent-form"][..], &wrong].concat()).await);
    }
    // No node is enrolled: nobody connects.
    assert!(!desk.run(&["paper", "responsibility"]).await);
    assert_eq!(desk.told("paper notice").await, 3);
    assert_eq!(desk.told("paper consent-form").await, 3);
    assert_eq!(desk.told("paper responsibility").await, 1);
}

#[test]
fn missing_conditions_are_told_with_their_reason() {
    let (ledger, _) = format::from_str(DOMAIN).unwrap().into_facts();
    let mut text = agreement();
    text["terms"]["statement"] = json!(" ");
    text["terms"]["users"][0]
        .as_object_mut()
        .unwrap()
        .remove("signature");
    let change = registry_store::Change {
        id: System.ordered(),
        at: time::macros::datetime!(2026-11-24 06:00 UTC),
        who: "x".to_owned(),
        reason: None,
    };
    let draft = Instrument::draft(AGREEMENT, &text.to_string(), &change, &[]).unwrap();
    let at = time::macros::datetime!(2026-11-24 06:00 UTC);
    let mut verdict = crate::instruments::Verdict {
        findings: crate::instruments::findings(&ledger, &draft, at),
        instrument: draft,
        obstacle: Some(crate::instruments::Refused::EndInPast),
    };
    let told = super::validate::told(&verdict, Lang::Ja);
    assert!(told.contains("登録できません: 過去の"), "{told}");
    assert!(
        told.contains("[J0]") && told.contains("第三者提供になる"),
        "{told}"
    );
    assert!(
        told.contains("[J8] (H1)") && told.contains("この版に合意していない"),
        "{told}"
    );
    assert!(!told.contains("[J1]"), "{told}");
    verdict.obstacle = None;
    assert!(super::validate::told(&verdict, Lang::En).contains("why it matters"));
}

#[test]
fn help_in_japanese_names_what_there_is() {
    use clap::CommandFactory;
    let command = xds_server::lang::localised(Arguments::command(), Lang::Ja, super::JAPANESE);
    let command = xds_server::lang::localised(command, Lang::Ja, super::super::paper::JAPANESE);
    command.debug_assert();
}
