//! The audit trail asked from a shell: who saw a patient's records, as sheets, and the look itself after it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use renkei_network::{Network, Program};
use serde_json::Value;
use time::{Date, OffsetDateTime, UtcOffset};
use xds_model::Clock;
use xds_model::time::System;

use crate::support::{node, patient, published, shared, until};

/// From a journal through delivery and index.
const INDEXED: Duration = Duration::from_secs(60);

fn run(network: &Network, arguments: &[&str]) -> String {
    network.command(Program::Registry, arguments).unwrap()
}

fn json(network: &Network, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--json"]].concat();
    serde_json::from_str(&run(network, &arguments)).unwrap()
}

/// What a command says that must fail.
fn refused(network: &Network, arguments: &[&str]) -> String {
    let output = network.output(Program::Registry, arguments).unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn events(answer: &Value) -> &[Value] {
    answer["events"].as_array().unwrap()
}

fn caller_nodes(answer: &Value) -> Vec<&str> {
    events(answer)
        .iter()
        .filter_map(|event| event["event"]["opening"]["caller"]["node"].as_str())
        .collect()
}

/// Waits until a search finds so many events.
async fn found(network: &Network, arguments: &[&str], count: usize) -> Value {
    until(&format!("{arguments:?} finds {count}"), INDEXED, || async {
        events(&json(network, arguments)).len() >= count
    })
    .await;
    json(network, arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_saw_it_is_found_from_a_shell_and_the_look_itself_after() {
    let network = shared();
    let (h1, c1) = (node("h1"), node("c1"));
    let (patient, other) = (patient(network).await, patient(network).await);
    let document = published(&h1, &patient, "紹介状").await.unique_id();
    published(&h1, &other, "別の患者の紹介状").await;
    c1.find(&patient).await.unwrap();
    c1.retrieve(&[document.as_str()]).await.unwrap();
    let (patient, other) = (patient.to_string(), other.to_string());
    let by = ["--by", "監査 花子"];

    // The opening stands in the repository's journal, the rest in the registry's.
    let search = ["audit", "search", "--patient", &patient, "--by", by[1]];
    let opened = [&search[..], &["--kind", "ITI-43", "--node", "c1"]].concat();
    let opened = found(network, &opened, 1).await;
    assert_eq!(caller_nodes(&opened), ["c1"]);
    let queried = [&search[..], &["--kind", "ITI-18"]].concat();
    assert_eq!(caller_nodes(&found(network, &queried, 1).await), ["c1"]);
    let of_document = [&search[..], &["--document", &document, "--node", "c1"]].concat();
    assert_eq!(caller_nodes(&found(network, &of_document, 1).await)[0], "c1");
    let published = [&search[..], &["--kind", "ITI-41,ITI-42"]].concat();
    assert!(caller_nodes(&found(network, &published, 2).await).contains(&"h1"));
    let text = run(
        network,
        &[&search[..], &["--lang", "ja", "--kind", "ITI-43"]].concat(),
    );
    assert!(
        text.contains("さくら診療所") && text.contains("索引にある最新の事象"),
        "{text}"
    );
    pages(network, &search);

    show(network, &opened, &patient);
    sheets(network, &patient, &other, by[1]);
    looks_are_told(network, &patient, by[1]).await;
}

/// Two pages of one event are the two latest, each once.
fn pages(network: &Network, search: &[&str]) {
    let until = System.now().to_offset(UtcOffset::UTC);
    let until = until
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap();
    let page = |more: &[&str]| json(network, &[search, &["--to", &until], more].concat());
    let ids =
        |answer: &Value| -> Vec<Value> { events(answer).iter().map(|event| event["id"].clone()).collect() };
    let mut seen = Vec::new();
    // An event of that time may still be on its way into the trail between two of the looks.
    for _ in 0..20 {
        let both = page(&["--limit", "2"]);
        let first = page(&["--limit", "1"]);
        let second = page(&["--limit", "1", "--after", first["next"].as_str().unwrap()]);
        let paged = [ids(&first), ids(&second)].concat();
        if paged == ids(&both) && paged.len() == 2 {
            return;
        }
        seen.push((paged, ids(&both)));
    }
    panic!("pages are never the whole: {seen:?}");
}

fn show(network: &Network, opened: &Value, patient: &str) {
    let id = events(opened)[0]["id"].as_str().unwrap();
    let whole = json(network, &["audit", "show", id]);
    assert_eq!(whole["messages"][0]["id"], id);
    assert!(whole["withheld"].is_array());
    let text = run(network, &["audit", "show", id]);
    assert!(
        text.contains(patient) && text.contains("opening.caller.node"),
        "{text}"
    );
    let dicom = run(network, &["audit", "show", id, "--dicom"]);
    assert!(
        dicom.contains("<AuditMessage") && dicom.contains("ITI-43"),
        "{dicom}"
    );
    let (journal, _) = id.split_once('/').unwrap();
    refused(network, &["audit", "show", &format!("{journal}/999999999")]);
}

fn sheets(network: &Network, patient: &str, other: &str, by: &str) {
    let folder = network.folder().join("sheets");
    fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| folder.join(name).display().to_string();
    let report = [
        "audit",
        "report",
        "patient",
        "--patient",
        patient,
        "--lang",
        "ja",
        "--by",
        by,
    ];
    let html = file("who-saw.html");
    let make = [&report[..], &["--output", &html]].concat();
    run(network, &make);
    let page = fs::read_to_string(&html).unwrap();
    // In HTML the rest of a CX text is escaped.
    let [patient_id, other_id] = [patient, other].map(|cx| cx.split('^').next().unwrap());
    for part in [
        "誰がこの患者の記録を見たか",
        "中央病院",
        "さくら診療所",
        "記録を開いた",
        by,
        patient_id,
    ] {
        assert!(page.contains(part), "{part} is missing:\n{page}");
    }
    assert!(!page.contains(other_id), "{page}");
    assert_eq!(fs::metadata(&html).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(refused(network, &make).contains("--force"));
    run(network, &[&make[..], &["--force"]].concat());

    let csv = file("who-saw.csv");
    let of_the_clinic = [
        "--for",
        "institution",
        "--organisation",
        "1312345678",
        "--output",
        &csv,
    ];
    run(network, &[&report[..], &of_the_clinic].concat());
    let table = fs::read_to_string(&csv).unwrap();
    assert!(
        table.contains("さくら診療所") && table.contains("c1") && !table.contains("中央病院"),
        "{table}"
    );
    let nobody = json(
        network,
        &[&report[..], &["--from", "2001-01-01", "--to", "2001-12-31"]].concat(),
    );
    assert_eq!(nobody["lines"].as_array().unwrap().len(), 0);
}

/// Each look is an event that concerns the patient, by the name of who looked.
async fn looks_are_told(network: &Network, patient: &str, by: &str) {
    let looks = [
        "audit",
        "search",
        "--patient",
        patient,
        "--kind",
        "audit-log-read",
        "--user",
        by,
        "--limit",
        "1000",
    ];
    let told = found(network, &looks, 8).await;
    let uris: Vec<&str> = events(&told)
        .iter()
        .filter_map(|event| event["event"]["opening"]["kind"]["audit-log-read"]["uri"].as_str())
        .collect();
    for verb in ["audit search patient=", "audit report patient patient="] {
        assert!(uris.iter().any(|uri| uri.starts_with(verb)), "{verb}: {uris:?}");
    }
    // `show` names the event only, and concerns the patient all the same.
    let shown = [
        "audit",
        "search",
        "--patient",
        patient,
        "--kind",
        "audit-log-read",
    ];
    let shown = json(network, &shown);
    let is_show = |event: &Value| {
        let uri = &event["event"]["opening"]["kind"]["audit-log-read"]["uri"];
        uri.as_str().is_some_and(|uri| uri.starts_with("audit show "))
    };
    assert!(events(&shown).iter().any(is_show));
}

/// The month before this one, in Japan, as it is written.
fn months() -> [String; 2] {
    let now: OffsetDateTime = System.now().to_offset(UtcOffset::from_hms(9, 0, 0).unwrap());
    let name = |day: Date| format!("{:04}-{:02}", day.year(), u8::from(day.month()));
    let this = now.date().replace_day(1).unwrap();
    [name(this.previous_day().unwrap()), name(this)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_is_over_is_signed_and_stays_so() {
    let network = shared();
    let [last, this] = months();
    let sign = |month, note| {
        let who = ["--reviewer", "点検 一郎", "--by", "監査 次郎"];
        [&["audit", "report", "sign", month, "--note", note], &who[..]].concat()
    };
    refused(network, &sign(&this, "まだ"));

    let first = json(network, &sign(&last, "一回目"));
    assert_eq!(first["earlier"].as_array().unwrap().len(), 0);
    let hash = first["signed"]["report_sha256"].as_str().unwrap();
    let second = json(network, &sign(&last, "訂正"));
    assert_eq!(second["earlier"][0]["reviewer"], "点検 一郎");
    assert_eq!(second["earlier"][0]["remark"], "一回目");

    let review = json(network, &["audit", "report", "month", &last, "--verify-journal"]);
    assert_eq!(review["signatures"].as_array().unwrap().len(), 2);
    assert_eq!(review["journal_is_whole"], true);
    let sheet = run(
        network,
        &[
            "audit",
            "report",
            "month",
            &last,
            "--format",
            "html",
            "--language",
            "en",
        ],
    );
    assert!(
        sheet.contains("Monthly log review") && sheet.contains("点検 一郎"),
        "{sheet}"
    );

    let changes = [
        "audit",
        "search",
        "--kind",
        "configuration-changed",
        "--user",
        "監査 次郎",
    ];
    let told = found(network, &changes, 2).await;
    let signed: Vec<&Value> = events(&told)
        .iter()
        .map(|event| &event["event"]["opening"]["kind"]["configuration-changed"])
        .collect();
    assert!(signed.iter().all(|change| change["verb"] == "audit report sign"));
    assert!(
        signed
            .iter()
            .any(|change| change["after"]["report_sha256"] == hash)
    );
}
