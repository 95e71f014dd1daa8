//! Instruments at the operator listener, by curl: entered by one operator, approved by another, and all of it told.

use std::sync::OnceLock;
use std::time::Duration;

use renkei_network::{Network, Options, Program};
use serde_json::{Value, json};
use tokio::sync::RwLock;
use xds_audit::{Event, EventKind};

use crate::operator::{Answer, curl};
use crate::support::{patient, start, until};

/// What an evidence file holds, and its SHA-256.
const PAPER: &str = "signed";
const PAPER_SHA256: &str = "4a3cdfae6f291c8f544daea5b72905cf9e74c1ed427d831ad0d7ca00c73c794d";

/// Held by who enters something; alone by who must be the only one.
static ENTERING: RwLock<()> = RwLock::const_new(());

async fn network() -> &'static Network {
    static OPERATING: OnceLock<Network> = OnceLock::new();
    let begin = || {
        OPERATING.get_or_init(|| {
            let network = start(&Options::default());
            network.pki().issue("second").unwrap();
            network
                .enrol("second", "network", "", &["--right", "operator"])
                .unwrap();
            network
        })
    };
    let network = tokio::task::spawn_blocking(begin).await.unwrap();
    for certificate in ["operator", "second", "auditor"] {
        until("the listener serves", Duration::from_secs(15), || async {
            curl(network, Some(certificate), "/openapi.json", &[]).is_ok()
        })
        .await;
    }
    network
}

fn get(network: &Network, path: &str) -> Answer {
    curl(network, Some("operator"), path, &[]).unwrap()
}

/// A POST of this operator, with an If-Match where one is given.
fn send(network: &Network, who: &str, path: &str, tag: Option<&str>, body: &Value) -> Answer {
    let body = body.to_string();
    let tag = tag.map(|tag| format!("if-match: {tag}"));
    let mut more = vec!["--header", "content-type: application/json", "--data", &body];
    if let Some(tag) = &tag {
        more.extend(["--header", tag]);
    }
    curl(network, Some(who), path, &more).unwrap()
}

fn post(network: &Network, path: &str, body: &Value) -> Answer {
    send(network, "operator", path, None, body)
}

/// The answer has this status and code.
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let value = answer.json();
    assert_eq!(value["code"], code, "{value}");
    assert!(
        value["message"].is_string() && value["rule"].is_string(),
        "{value}"
    );
}

/// A version that is in force, with these terms.
fn entry(id: &str, terms: Value) -> Value {
    json!({ "entry": { "id": id, "effective_from": "2026-04-01T00:00:00+09:00", "terms": terms } })
}

fn entered(network: &Network, kind: &str, id: &str, terms: Value) {
    let answer = post(network, &format!("/v1/instruments/{kind}"), &entry(id, terms));
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("etag"), Some("\"1\""));
}

/// Two organisations of a legal entity, under names of one test.
fn members(network: &Network, test: &str) -> [String; 3] {
    let [entity, one, two] = ["e", "one", "two"].map(|name| format!("{test}-{name}"));
    let terms = json!({ "name": "医療法人", "address": "東京都", "representative": "理事長" });
    entered(network, "legal-entity", &entity, terms);
    for id in [&one, &two] {
        let terms = json!({
            "name": format!("病院 {id}"), "kind": "HOSPITAL", "entity": entity,
            "joined": "2026-04-01T00:00:00+09:00",
        });
        entered(network, "organisation", id, terms);
    }
    [entity, one, two]
}

/// The event of an answer.
fn told(network: &Network, answer: &Answer) -> Event {
    let correlation = answer.header("renkei-correlation").unwrap();
    let (events, _) = network.events(Program::Registry, 1).unwrap();
    let event = events
        .into_iter()
        .find(|event| event.opening.correlation == correlation)
        .unwrap_or_else(|| panic!("not told: {answer:?}"));
    Event {
        opening: event.opening,
        closing: event.closing.unwrap(),
    }
}

#[tokio::test]
async fn a_version_is_entered_followed_and_ended() {
    let network = network().await;
    let _entering = ENTERING.read().await;
    let [entity, one, _] = members(network, "follow");
    let kind = "/v1/instruments/organisation";
    let path = format!("{kind}/{one}");
    let shown = get(network, &path);
    assert_eq!((shown.status, shown.header("etag")), (200, Some("\"1\"")));
    let version = shown.json();
    assert_eq!(version["entered_by"], "operator");
    let mut terms = version["terms"].clone();
    refused(&post(network, kind, &entry(&one, terms.clone())), 409, "exists");
    terms["name"] = "中央病院".into();
    let change = json!({ "entry": { "effective_from": "2026-04-01T00:00:00+09:00", "terms": terms },
                         "reason": "名称の変更" });
    refused(&post(network, &path, &change), 428, "if-match-required");
    let stale = send(network, "operator", &path, Some("\"7\""), &change);
    refused(&stale, 412, "version-conflict");
    assert_eq!(stale.json()["field"], "If-Match");
    let done = send(network, "operator", &path, Some("\"1\""), &change);
    assert_eq!(
        (done.status, done.header("etag")),
        (201, Some("\"2\"")),
        "{done:?}"
    );
    let event = told(network, &done);
    let EventKind::ConfigurationChanged {
        verb, before, after, ..
    } = event.opening.kind
    else {
        panic!("another kind");
    };
    assert_eq!(verb, "instrument add");
    assert_eq!(before.unwrap()["terms"]["name"], format!("病院 {one}"));
    assert_eq!(after.unwrap()["terms"]["name"], "中央病院");
    assert_eq!(event.closing.note.as_deref(), Some("名称の変更"));

    let history = get(network, &format!("{path}/versions?rows=1")).json();
    assert_eq!(
        (&history["instruments"][0]["version"], &history["next"]),
        (&json!(1), &json!("1"))
    );
    let history = get(network, &format!("{path}/versions?after=1")).json();
    assert_eq!(
        (&history["instruments"][0]["version"], &history["next"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(
        get(network, &format!("{path}/versions/1")).json()["terms"]["name"],
        format!("病院 {one}")
    );
    assert_eq!(get(network, &format!("{path}/versions/3")).status, 404);
    assert_eq!(get(network, &format!("{kind}/none")).status, 404);
    assert_eq!(get(network, "/v1/instruments/treaty").status, 404);

    // Page by page, each once.
    let (mut seen, mut page) = (Vec::new(), format!("{kind}?rows=1"));
    loop {
        let answer = get(network, &page).json();
        for found in answer["instruments"].as_array().unwrap() {
            seen.push(found["id"].as_str().unwrap().to_owned());
        }
        match answer["next"].as_str() {
            Some(next) => page = format!("{kind}?rows=1&after={next}"),
            None => break,
        }
    }
    let mut once = seen.clone();
    once.dedup();
    assert!(once == seen && seen.contains(&one), "{seen:?}");

    let end = format!("/v1/instruments/legal-entity/{entity}/end");
    let past = json!({ "at": "2026-04-02T00:00:00+09:00" });
    refused(
        &send(network, "operator", &end, Some("\"1\""), &past),
        422,
        "end-in-past",
    );
    let done = send(
        network,
        "operator",
        &end,
        Some("\"1\""),
        &json!({ "reason": "解散" }),
    );
    assert_eq!(done.status, 201, "{done:?}");
    refused(
        &send(network, "operator", &end, Some("\"1\""), &json!({})),
        412,
        "version-conflict",
    );
    refused(
        &send(network, "operator", &end, Some("\"2\""), &json!({})),
        409,
        "ended",
    );
}

#[tokio::test]
async fn an_agreement_is_judged_proved_and_printed() {
    let network = network().await;
    let _entering = ENTERING.read().await;
    let [_, one, two] = members(network, "joint");
    let user = |id: &str| {
        json!({ "organisation": id, "purpose_attested": true,
                "signature": { "by": "院長", "at": "2026-04-01T00:00:00+09:00" } })
    };
    let terms = json!({
        "title": "共同利用規約", "began": "2026-04-01T00:00:00+09:00", "statement": "共同利用します。",
        "items": [{ "class": "18842-5" }], "metadata_items": ["氏名"], "users": [user(&one), user(&two)],
        "purposes": ["TREAT"], "purpose_text": "診療のため",
        "responsible": { "name": "医療法人", "address": "", "corporation": true, "representative": "理事長" },
        "publications": [{ "reference": "https://renkei.example.jp", "published_from": "2026-04-01T00:00:00+09:00",
                           "verified_at": "2026-11-20T00:00:00+09:00",
                           "evidence": { "file": "page.png", "sha256": PAPER_SHA256 } }],
        "clauses": { "incidents": "直ちに報告", "withdrawal": "その時から利用しない", "sensitive_classes": "対象外" },
    });
    // Entered in the past, an agreement would change decisions that were made.
    let draft = |terms: &Value| json!({ "entry": { "id": "joint-JA", "effective_from": "2099-04-01T00:00:00+09:00", "terms": terms } });
    let verdict = post(network, "/v1/drafts/agreement/validate", &draft(&terms)).json();
    let codes: Vec<&Value> = verdict["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| &found["code"])
        .collect();
    assert!(
        codes.contains(&&json!("J4")) && !codes.contains(&&json!("J9")),
        "{verdict}"
    );
    assert_eq!(verdict["valid"], false);
    let impact = post(network, "/v1/agreements/impact", &draft(&terms));
    assert_eq!(impact.status, 200, "{impact:?}");
    let found = impact.json()["organisations"].as_array().unwrap().len();
    assert!(found >= 2, "{impact:?}");

    let path = "/v1/instruments/agreement";
    let absent = post(network, path, &draft(&terms));
    refused(&absent, 422, "evidence-absent");
    assert!(
        absent.json()["repair"].as_str().unwrap().contains(PAPER_SHA256),
        "{absent:?}"
    );
    let evidence = format!("/v1/evidence/{PAPER_SHA256}");
    assert_eq!(get(network, &evidence).status, 404);
    let put = |content: &str| {
        let octets = "content-type: application/octet-stream";
        let more = ["--request", "PUT", "--header", octets, "--data-binary", content];
        curl(network, Some("operator"), &evidence, &more).unwrap()
    };
    refused(&put("something else"), 422, "hash-differs");
    assert_eq!(put(PAPER).status, 201);
    let kept = get(network, &evidence);
    assert_eq!((kept.status, kept.body.as_str()), (200, PAPER));
    assert!(
        kept.header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );

    let broken = json!({ "entry": { "id": "joint-JA", "effective_from": "x", "terms": terms } });
    let broken = post(network, path, &broken);
    refused(&broken, 422, "content");
    assert_eq!(broken.json()["field"], "entry.effective_from");
    let done = post(network, path, &draft(&terms));
    assert_eq!(done.status, 201, "{done:?}");
    let kept = get(network, "/v1/instruments/agreement/joint-JA/validate").json();
    assert_eq!(kept["valid"], false);

    let notice = get(network, "/v1/papers/notice?agreement=joint-JA&form=html");
    assert_eq!(
        (notice.status, notice.header("renkei-complete")),
        (200, Some("false")),
        "{notice:?}"
    );
    assert_eq!(notice.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(
        notice.body.contains("J4") && notice.body.contains("未定"),
        "{}",
        notice.body
    );
    let english = ["--header", "accept-language: en"];
    let paper = curl(network, Some("operator"), "/v1/papers/responsibility", &english).unwrap();
    let paper = paper.json();
    assert_eq!(paper["title"], "Responsibility sheet");
    assert!(
        paper["markdown"]
            .as_str()
            .unwrap()
            .starts_with("# Responsibility sheet")
    );
    let form = get(network, "/v1/papers/consent-form?model=on-query&form=markdown");
    assert!(form.body.contains("同意書") && form.header("content-disposition").is_some());
    refused(&get(network, "/v1/papers/consent-form"), 400, "value");

    // Another user takes another id.
    let [_, three, _] = members(network, "joint2");
    let mut wider = terms.clone();
    wider["users"].as_array_mut().unwrap().push(user(&three));
    let change = json!({ "entry": { "effective_from": "2099-05-01T00:00:00+09:00", "terms": wider } });
    let answer = send(
        network,
        "operator",
        &format!("{path}/joint-JA"),
        Some("\"1\""),
        &change,
    );
    refused(&answer, 422, "change-not-allowed");
    assert_eq!(answer.json()["field"], "entry.terms.users");
    assert!(
        answer.json()["message"].as_str().unwrap().contains("増やせない"),
        "{answer:?}"
    );
    let body = change.to_string();
    let more = [
        "--header",
        "content-type: application/json",
        "--header",
        "if-match: \"1\"",
        "--header",
        "accept-language: en",
        "--data",
        &body,
    ];
    let answer = curl(network, Some("operator"), &format!("{path}/joint-JA"), &more).unwrap();
    assert!(
        answer.json()["message"]
            .as_str()
            .unwrap()
            .contains("cannot be added"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_patient_stands_in_no_address() {
    let network = network().await;
    let _entering = ENTERING.read().await;
    let patient = patient(network).await;
    let cx = patient.to_string();
    refused(&get(network, "/v1/instruments/refusal"), 422, "patient-needed");
    let terms = |cx: &str| json!({ "patient": cx, "level": "NETWORK", "given_by": "PATIENT" });
    let path = "/v1/instruments/refusal";
    let named = format!("refusal-of-{}", patient.id());
    refused(
        &post(network, path, &entry(&named, terms(&cx))),
        422,
        "patient-in-id",
    );
    let unknown = cx.replace(patient.id(), "nobody");
    refused(
        &post(network, path, &entry("n1-refusal", terms(&unknown))),
        422,
        "unknown-patient",
    );
    let done = post(network, path, &entry("n1-refusal", terms(&cx)));
    assert_eq!(done.status, 201, "{done:?}");
    assert_eq!(
        told(network, &done).opening.objects.patients,
        std::slice::from_ref(&cx)
    );
    let found = post(network, "/v1/instruments/of-patient", &json!({ "patient": cx }));
    assert_eq!(
        told(network, &found).opening.objects.patients,
        std::slice::from_ref(&cx)
    );
    let found = found.json();
    let ids = found["instruments"].as_array().unwrap();
    assert!(ids.iter().any(|found| found["id"] == "n1-refusal"), "{found}");
    assert!(!found.to_string().contains(patient.id()), "{found}");
    let shown = get(network, "/v1/instruments/refusal/n1-refusal");
    assert_eq!(shown.json()["terms"]["patient"], cx);
    assert_eq!(
        told(network, &shown).opening.objects.patients,
        std::slice::from_ref(&cx)
    );
    let end = "/v1/instruments/refusal/n1-refusal/end";
    assert_eq!(
        send(network, "operator", end, Some("\"1\""), &json!({})).status,
        201
    );
    assert!(!network.registry.log().contains(patient.id()));
    let in_query = get(
        network,
        &format!("/v1/instruments/refusal?patient={}", patient.id()),
    );
    refused(&in_query, 400, "parameter");
}

/// Row CON-14: what everything is decided by is not changed by one operator alone.
#[tokio::test]
async fn con_14_the_policy_is_entered_by_two() {
    let network = network().await;
    let _entering = ENTERING.read().await;
    let kind = "/v1/instruments/policy";
    let there = get(network, kind).json()["instruments"][0].clone();
    let (path, tag) = match there["id"].as_str() {
        Some(id) => (format!("{kind}/{id}"), Some(format!("\"{}\"", there["version"]))),
        None => (kind.to_owned(), None),
    };
    let id = there["id"].as_str().unwrap_or("policy").to_owned();
    let mut terms = match &tag {
        Some(_) => get(network, &path).json()["terms"].clone(),
        None => json!({}),
    };
    terms["break_glass_hours"] = 3.into();
    let waits = send(network, "operator", &path, tag.as_deref(), &entry(&id, terms));
    assert_eq!(waits.status, 202, "{waits:?}");
    let proposal = waits.json()["proposal"].as_str().unwrap().to_owned();
    let sha256 = waits.header("etag").unwrap().to_owned();
    let listed = get(network, "/v1/proposals").json();
    let is_it = |waiting: &Value| waiting["proposal"] == proposal.as_str();
    assert!(
        listed["proposals"].as_array().unwrap().iter().any(is_it),
        "{listed}"
    );
    let shown = get(network, &format!("/v1/proposals/{proposal}"));
    assert_eq!(shown.header("etag"), Some(sha256.as_str()));
    assert_eq!(shown.json()["entry"]["terms"]["break_glass_hours"], 3);

    let approve = format!("/v1/proposals/{proposal}/approve");
    let by = |who, tag: Option<&str>| send(network, who, &approve, tag, &json!({ "reason": "確認した" }));
    refused(&by("second", None), 428, "if-match-required");
    refused(&by("operator", Some(&sha256)), 403, "second-operator");
    let other = format!("\"{PAPER_SHA256}\"");
    refused(&by("second", Some(&other)), 412, "proposal-differs");
    assert!(get(network, &format!("{kind}/{id}")).json()["terms"]["break_glass_hours"] != 3);
    let done = by("second", Some(&sha256));
    assert_eq!(done.status, 201, "{done:?}");
    refused(&by("second", Some(&sha256)), 404, "not-found");
    let version = get(network, &format!("{kind}/{id}")).json();
    assert_eq!(version["entered_by"], "operator");
    assert_eq!(version["approved_by"], json!(["operator", "second"]));
    assert_eq!(version["terms"]["break_glass_hours"], 3);
    let event = told(network, &done);
    assert_eq!(event.opening.caller.node.as_deref(), Some("second"));
    assert_eq!(
        event.closing.note.as_deref(),
        Some("approved by second: 確認した")
    );

    // An order is one of the two kinds; what is taken back is gone.
    let patient = patient(network).await;
    let order = json!({
        "patient": patient.to_string(), "statute": "刑事訴訟法 197 条 2 項", "issuing_body": "検察庁",
        "document_number": "1", "authors": [], "classes": "ALL",
    });
    let waits = post(network, "/v1/instruments/order", &entry("n1-order", order));
    assert_eq!(waits.status, 202, "{waits:?}");
    let proposal = waits.json()["proposal"].as_str().unwrap().to_owned();
    let withdraw = format!("/v1/proposals/{proposal}/withdraw");
    assert_eq!(send(network, "second", &withdraw, None, &json!({})).status, 200);
    refused(
        &send(network, "second", &withdraw, None, &json!({})),
        404,
        "not-found",
    );
    assert_eq!(get(network, "/v1/instruments/order/n1-order").status, 404);
}

#[tokio::test]
async fn a_domain_goes_out_and_comes_back_as_planned() {
    let network = network().await;
    // Nobody enters anything meanwhile.
    let _alone = ENTERING.write().await;
    members(network, "file");
    let file = get(network, "/v1/domain/export");
    assert_eq!(file.status, 200);
    let mut domain = file.json();
    assert_eq!(domain["format"], "renkei-domain/1");
    assert!(
        domain["refusals"].as_array().is_none_or(Vec::is_empty),
        "no patients unless asked for"
    );
    assert_eq!(get(network, "/v1/domain/export?patients=true").status, 200);
    refused(&get(network, "/v1/domain/export?patients=yes"), 400, "value");
    // Another entity than those that are here, entered now.
    let mut entity = domain["legal_entities"][0].clone();
    entity["id"] = "file-new".into();
    entity["version"] = 1.into();
    for member in ["hash", "effective_to"] {
        entity.as_object_mut().unwrap().remove(member);
    }
    let plan = |domain: &Value| post(network, "/v1/domain/import/plan", domain);
    let known = plan(&domain);
    assert_eq!(
        (known.status, &known.json()["added"]),
        (200, &json!(0)),
        "{known:?}"
    );
    entity["entered_at"] = now().into();
    domain["legal_entities"].as_array_mut().unwrap().push(entity);
    let planned = plan(&domain);
    assert_eq!(planned.status, 200, "{planned:?}");
    let value = planned.json();
    assert_eq!(
        (&value["added"], &value["versions"][0]["id"]),
        (&json!(1), &json!("file-new"))
    );
    let tag = planned.header("etag").unwrap().to_owned();
    let import =
        |tag: Option<&str>, domain: &Value| send(network, "operator", "/v1/domain/import", tag, domain);
    refused(&import(None, &domain), 428, "if-match-required");
    refused(&import(Some("\"x\""), &domain), 412, "plan-stale");
    let done = import(Some(&tag), &domain);
    assert_eq!((done.status, &done.json()["added"]), (200, &json!(1)), "{done:?}");
    assert_eq!(get(network, "/v1/instruments/legal-entity/file-new").status, 200);
    refused(&import(Some(&tag), &domain), 412, "plan-stale");
}

fn now() -> String {
    use xds_model::time::{Clock, System};
    System
        .now()
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap()
}

#[tokio::test]
async fn con_08_instruments_are_operators_alone() {
    let network = network().await;
    for path in [
        "/v1/instruments/agreement",
        "/v1/instruments/agreement/JA-1",
        "/v1/proposals",
        "/v1/domain/export",
        "/v1/papers/responsibility",
    ] {
        let answer = curl(network, Some("auditor"), path, &[]).unwrap();
        refused(&answer, 403, "forbidden");
    }
    let english = ["--header", "accept-language: en"];
    let answer = curl(network, Some("auditor"), "/v1/proposals", &english).unwrap();
    assert_eq!(answer.json()["message"], "this certificate has no right to that");
    let wrong = curl(
        network,
        Some("operator"),
        "/v1/instruments/agreement",
        &["--request", "DELETE"],
    )
    .unwrap();
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET, POST")));
    let large = format!("{{\"entry\": \"{}\"}}", "x".repeat(5 * 1024 * 1024));
    network.write("large.json", &large).unwrap();
    let file = format!("@{}", network.folder().join("large.json").display());
    let more = [
        "--header",
        "content-type: application/json",
        "--header",
        "expect:",
        "--data-binary",
        &file,
    ];
    let answer = curl(network, Some("operator"), "/v1/instruments/agreement", &more).unwrap();
    refused(&answer, 413, "body");
}
