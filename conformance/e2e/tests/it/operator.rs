//! The operator listener, by curl: who gets in, what is found there, and that each look is found too.

use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use renkei_network::{Network, Options, Program, RawConnection};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xds_audit::EventKind;
use xds_model::time::{Clock, System};

use crate::five_checks::CANARIES;
use crate::support::{patient, published, run, start, until};

/// How soon an event is in the index.
const INDEXED: Duration = Duration::from_secs(30);

async fn network() -> &'static Network {
    static OPERATING: OnceLock<Network> = OnceLock::new();
    let start = || {
        OPERATING.get_or_init(|| {
            start(&Options {
                log_level: "debug".to_owned(),
                ..Options::default()
            })
        })
    };
    let network = tokio::task::spawn_blocking(start).await.unwrap();
    // A node that was entered is known within two seconds.
    for certificate in ["operator", "auditor"] {
        until("the listener serves", Duration::from_secs(10), || async {
            curl(network, Some(certificate), "/openapi.json", &[]).is_ok()
        })
        .await;
    }
    network
}

/// What curl got.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// One request with this certificate, or none; what curl says if there was no answer.
pub(crate) fn curl(
    network: &Network,
    certificate: Option<&str>,
    path: &str,
    more: &[&str],
) -> Result<Answer, String> {
    let pki = network.pki();
    let mut command = Command::new("curl");
    command
        .args([
            "--silent",
            "--show-error",
            "--include",
            "--max-time",
            "60",
            "--cacert",
        ])
        .arg(pki.ca_file());
    if let Some(name) = certificate {
        command.arg("--cert").arg(pki.certificate(name));
        command.arg("--key").arg(pki.key(name));
    }
    command
        .args(more)
        .arg(format!("{}{path}", network.operator_url()));
    let (status, said) = run(&mut command, b"");
    if status != Some(0) {
        return Err(said);
    }
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Answer {
        status: status.unwrap_or_default(),
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

fn operator(network: &Network, path: &str) -> Answer {
    curl(network, Some("operator"), path, &[]).unwrap()
}

fn post(network: &Network, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let more = ["--header", "content-type: application/json", "--data", &body];
    curl(network, Some("operator"), path, &more).unwrap()
}

fn search(network: &Network, question: &Value) -> Vec<Value> {
    let answer = post(network, "/v1/audit/events/search", question);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["events"].as_array().unwrap().clone()
}

/// Whether the search finds something, in the end.
async fn found(network: &'static Network, question: Value) -> Vec<Value> {
    let deadline = Instant::now() + INDEXED;
    loop {
        let events = search(network, &question);
        if !events.is_empty() {
            return events;
        }
        assert!(Instant::now() < deadline, "not found: {question}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn day(of: OffsetDateTime) -> String {
    format!("{:04}-{:02}-{:02}", of.year(), u8::from(of.month()), of.day())
}

/// `date=ge...&date=le...` from yesterday to tomorrow.
fn dates() -> String {
    let now = System.now();
    let (from, until) = (now - time::Duration::DAY, now + time::Duration::DAY);
    format!("date=ge{}&date=le{}", day(from), day(until))
}

fn percent(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// What FHIR R4 says of an AuditEvent: what must be there, and which values there are.
fn assert_audit_event(resource: &Value) {
    assert_eq!(resource["resourceType"], "AuditEvent");
    assert!(resource["type"]["code"].is_string(), "{resource}");
    let recorded = resource["recorded"].as_str().unwrap();
    assert!(OffsetDateTime::parse(recorded, &Rfc3339).is_ok(), "{recorded}");
    let agents = resource["agent"].as_array().unwrap();
    assert!(!agents.is_empty(), "{resource}");
    assert!(
        agents.iter().all(|agent| agent["requestor"].is_boolean()),
        "{resource}"
    );
    assert!(
        resource["source"]["observer"]["identifier"]["value"].is_string(),
        "{resource}"
    );
    if let Some(action) = resource.get("action") {
        assert!(
            ["C", "R", "U", "D", "E"].iter().any(|code| action == code),
            "{action}"
        );
    }
    if let Some(outcome) = resource.get("outcome") {
        assert!(
            ["0", "4", "8", "12"].iter().any(|code| outcome == code),
            "{outcome}"
        );
    }
    let known = [
        "resourceType",
        "id",
        "meta",
        "type",
        "subtype",
        "action",
        "period",
        "recorded",
        "outcome",
        "outcomeDesc",
        "purposeOfEvent",
        "agent",
        "source",
        "entity",
    ];
    assert_members(resource, &known);
    let of_agent = [
        "type",
        "role",
        "who",
        "altId",
        "name",
        "requestor",
        "location",
        "policy",
        "media",
        "network",
        "purposeOfUse",
    ];
    agents.iter().for_each(|agent| assert_members(agent, &of_agent));
    let of_entity = [
        "what",
        "type",
        "role",
        "lifecycle",
        "securityLabel",
        "name",
        "description",
        "query",
        "detail",
    ];
    for entity in resource["entity"].as_array().into_iter().flatten() {
        assert_members(entity, &of_entity);
        // FHIR's rule sev-1: a name or a query, not both.
        assert!(
            entity.get("name").is_none() || entity.get("query").is_none(),
            "{entity}"
        );
    }
    assert_no_empty(resource);
}

fn assert_members(value: &Value, known: &[&str]) {
    let unknown: Vec<_> = value
        .as_object()
        .unwrap()
        .keys()
        .filter(|key| !known.contains(&key.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?} in {value}");
}

/// FHIR has no empty objects, lists and strings.
fn assert_no_empty(value: &Value) {
    match value {
        Value::Object(members) => {
            assert!(!members.is_empty());
            members.values().for_each(assert_no_empty);
        }
        Value::Array(values) => {
            assert!(!values.is_empty());
            values.iter().for_each(assert_no_empty);
        }
        Value::String(text) => assert!(!text.is_empty()),
        Value::Null => panic!("null"),
        _ => {}
    }
}

/// Rows TLS-01 and AUZ-18 at this listener: no certificate, one of a clinical node, one that nobody enrolled, TLS 1.2;
/// and the operator's certificate is good for nothing else.
#[tokio::test]
async fn tls_01_only_certificates_with_a_right_get_in() {
    let network = network().await;
    let path = "/openapi.json";
    network.pki().issue("nobody").unwrap();
    for certificate in [None, Some("c1"), Some("h1"), Some("repository"), Some("nobody")] {
        let refused = curl(network, certificate, path, &[]);
        assert!(refused.is_err(), "{certificate:?}: {refused:?}");
    }
    for certificate in ["operator", "auditor"] {
        let answer = curl(network, Some(certificate), path, &[]).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.json()["openapi"].is_string());
        let old = curl(network, Some(certificate), path, &["--tls-max", "1.2"]);
        assert!(old.is_err(), "{old:?}");
        let node = network.node(certificate).unwrap();
        assert!(node.documents(&["1.2.3"]).await.is_err());
        assert!(node.retrieve(&["1.2.3"]).await.is_err());
    }
    let (events, _) = network.events(Program::Registry, 1).unwrap();
    let refused = |event: &&renkei_network::Recorded| event.summary() == "handshake-refused 8";
    assert!(events.iter().any(|event| refused(&event)), "{events:?}");
}

/// An audit consumer reads by ITI-81 and ITI-82, and nothing else; each refusal is told.
#[tokio::test]
async fn an_audit_consumer_has_no_operator_api() {
    let network = network().await;
    for (path, more) in [
        ("/v1/audit/events", &[][..]),
        ("/v1/audit/events/0192f7a0-0000-7000-8000-000000000000/1", &[]),
        ("/v1/audit/reports/month/2026-01", &[]),
        (
            "/v1/audit/reports/patient",
            &["--data", "{}", "--header", "content-type: application/json"],
        ),
        (
            "/v1/audit/reports/month/2026-01/sign-off",
            &["--data", "{}", "--header", "content-type: application/json"],
        ),
    ] {
        let answer = curl(network, Some("auditor"), path, more).unwrap();
        assert_eq!(answer.status, 403, "{answer:?}");
        assert_eq!(answer.json()["code"], "forbidden");
        let correlation = answer.header("renkei-correlation").unwrap().to_owned();
        let (events, _) = network.events(Program::Registry, 1).unwrap();
        let told = events
            .iter()
            .find(|event| event.opening.correlation == correlation)
            .unwrap_or_else(|| panic!("not told: {path}"));
        assert_eq!(told.summary(), "audit-log-read 8");
        assert_eq!(told.opening.caller.node.as_deref(), Some("auditor"));
    }
    let search = format!("/fhir/AuditEvent?{}", dates());
    let answer = curl(network, Some("auditor"), &search, &[]).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn what_the_clinical_side_did_is_found_and_so_is_the_look() {
    let network = network().await;
    let h1 = network.node("h1").unwrap();
    let patient = patient(network).await;
    let document = published(&h1, &patient, "content").await;
    let cx = patient.to_string();
    let events = found(network, json!({ "patient": cx, "kinds": ["ITI-42"] })).await;
    let event = &events[0];
    assert_eq!(event["event"]["opening"]["caller"]["node"], "h1", "{event}");
    assert_eq!(event["event"]["closing"]["outcome"], "success");
    // The same by its name, and with what was withheld.
    let id = event["id"].as_str().unwrap();
    let shown = operator(network, &format!("/v1/audit/events/{id}"));
    assert_eq!(shown.status, 200, "{shown:?}");
    assert_eq!(shown.json()["messages"][0]["event"], event["event"]);
    assert_eq!(shown.json()["withheld"], json!([]));
    // Both looks concern the patient, and are found as such.
    until("the looks are found", INDEXED, || async {
        let looks = search(network, &json!({ "patient": cx, "kinds": ["audit-log-read"] }));
        let uris: Vec<&str> = looks
            .iter()
            .filter_map(|look| look["event"]["opening"]["kind"]["audit-log-read"]["uri"].as_str())
            .collect();
        uris.iter().any(|uri| uri.starts_with("/v1/audit/events/search"))
            && uris.contains(&format!("/v1/audit/events/{id}").as_str())
    })
    .await;
    // Page by page, by what is no patient: the document's events.
    let unique_id = document.unique_id();
    h1.retrieve(&[&unique_id]).await.unwrap();
    found(network, json!({ "document": unique_id, "kinds": ["ITI-43"] })).await;
    let mut path = format!("/v1/audit/events?document={unique_id}&rows=1");
    let mut seen = Vec::new();
    loop {
        let page = operator(network, &path).json();
        let events = page["events"].as_array().unwrap();
        seen.extend(
            events
                .iter()
                .map(|event| event["position"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/audit/events?document={unique_id}&rows=1&after={next}"),
            None => break,
        }
    }
    let whole = operator(network, &format!("/v1/audit/events?document={unique_id}"));
    let whole = whole.json()["events"].as_array().unwrap().len();
    // Looks at the document's events are events about it: there may be more now.
    assert!(!seen.is_empty() && whole >= seen.len(), "{seen:?}");
    let refused = operator(network, &format!("/v1/audit/events?patient={}", percent(&cx)));
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["code"], "patient-in-url");
}

#[tokio::test]
async fn iti_81_and_82_answer_an_audit_consumer() {
    let network = network().await;
    let h1 = network.node("h1").unwrap();
    let patient = patient(network).await;
    published(&h1, &patient, "content").await;
    let cx = patient.to_string();
    // The registry's event and the repository's own, which is delivered: then the answers hold still.
    until("both sides' events are found", INDEXED, || async {
        search(network, &json!({ "patient": cx, "kinds": ["ITI-42"] })).len() == 2
    })
    .await;
    let of_patient = format!(
        "{}&patient.identifier={}",
        dates(),
        percent(&format!("urn:oid:{}|{}", patient.authority(), patient.id()))
    );
    let ask = |path: &str, more: &[&str]| curl(network, Some("auditor"), path, more).unwrap();
    let answer = ask(&format!("/fhir/AuditEvent?{of_patient}&subtype=ITI-42"), &[]);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("application/fhir+json")
    );
    let bundle = answer.json();
    assert_eq!(
        (&bundle["resourceType"], &bundle["type"]),
        (&json!("Bundle"), &json!("searchset"))
    );
    let entries = bundle["entry"].as_array().unwrap();
    assert!(!entries.is_empty());
    for entry in entries {
        assert_audit_event(&entry["resource"]);
        assert_eq!(entry["search"]["mode"], "match");
        // fullUrl reads the same resource.
        let url = entry["fullUrl"].as_str().unwrap();
        let path = url.strip_prefix(&network.operator_url()).unwrap();
        let read = ask(path, &[]);
        assert_eq!(read.status, 200, "{read:?}");
        assert_eq!(read.json(), entry["resource"]);
    }
    // By a form, with the same answer.
    let form = format!("{of_patient}&subtype=ITI-42");
    let posted = ask("/fhir/AuditEvent/_search", &["--data", &form]);
    assert_eq!(posted.status, 200, "{posted:?}");
    assert_eq!(posted.json()["entry"], bundle["entry"]);
    // Page by page.
    let mut path = format!("/fhir/AuditEvent?{of_patient}&_count=1");
    let mut pages = 0;
    while pages < 20 {
        pages += 1;
        let bundle = ask(&path, &[]).json();
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            assert_audit_event(&entry["resource"]);
        }
        let links = bundle["link"].as_array().unwrap();
        match links.iter().find(|link| link["relation"] == "next") {
            Some(next) => {
                let url = next["url"].as_str().unwrap();
                path = url.strip_prefix(&network.operator_url()).unwrap().to_owned();
            }
            None => break,
        }
    }
    assert!(pages > 1);
    // As syslog.
    let answer = ask(&format!("/syslogsearch?{}&msg={}", dates(), patient.id()), &[]);
    assert_eq!(answer.status, 200, "{answer:?}");
    let lines = answer.json();
    let lines = lines.as_array().unwrap();
    assert!(!lines.is_empty());
    for line in lines {
        let message = line["msg"].as_str().unwrap();
        assert!(message.contains(patient.id()), "{message}");
        assert!(
            xds_atna::read(message.as_bytes(), System.now()).is_ok(),
            "{message}"
        );
        assert!(line["pri"].is_u64() && line["timestamp"].is_string(), "{line}");
    }
    for (path, status, code) in [
        ("/fhir/AuditEvent".to_owned(), 400, "required"),
        (
            format!("/fhir/AuditEvent?{}&patient.name=x", dates()),
            400,
            "not-supported",
        ),
        (
            format!("/fhir/AuditEvent?{}&_format=xml", dates()),
            406,
            "not-supported",
        ),
        ("/fhir/AuditEvent/x".to_owned(), 404, "not-found"),
    ] {
        let answer = ask(&path, &[]);
        assert_eq!(answer.status, status, "{answer:?}");
        let outcome = answer.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome");
        assert_eq!(outcome["issue"][0]["code"], code, "{outcome}");
    }
    let metadata = ask("/fhir/metadata", &[]).json();
    assert_eq!(metadata["fhirVersion"], "4.0.1");
}

/// Rows CON-12 and AUD-15: a patient in the URL of ITI-81, which the standard allows, is seen neither in the log nor in
/// metrics; in the audit only among those whom the look concerns.
#[tokio::test]
async fn aud_15_a_url_is_written_nowhere() {
    let network = network().await;
    let canary = CANARIES[0];
    let cx = format!("{canary}^^^&1.2.392.9.9.9.7.1&ISO");
    let of_canary = format!(
        "{}&patient.identifier={}",
        dates(),
        percent(&format!("urn:oid:1.2.392.9.9.9.7.1|{canary}"))
    );
    let looks = [
        format!("/fhir/AuditEvent?{of_canary}"),
        format!("/fhir/AuditEvent?{of_canary}&unknown={canary}"),
        format!("/v1/audit/events?patient={}", percent(&cx)),
        format!("/{canary}?{canary}"),
        format!("/syslogsearch?{}&msg={canary}", dates()),
    ];
    for path in &looks {
        let answer = operator(network, path);
        assert!(answer.header("renkei-correlation").is_some(), "{answer:?}");
        assert!(
            !answer.head.contains(canary) || answer.header("link").is_some(),
            "{answer:?}"
        );
    }
    assert!(!network.registry.log().contains(canary));
    assert!(!network.registry.metrics().unwrap().contains(canary));
    let (events, _) = network.events(Program::Registry, 1).unwrap();
    let mut concerned = 0;
    for event in &events {
        let kind = serde_json::to_string(&event.opening.kind).unwrap();
        assert!(!kind.contains(canary), "{kind}");
        concerned += usize::from(event.opening.objects.patients.contains(&cx));
    }
    assert_eq!(concerned, 1);
}

#[tokio::test]
async fn a_sheet_tells_who_saw_the_records() {
    let network = network().await;
    let h1 = network.node("h1").unwrap();
    let patient = patient(network).await;
    published(&h1, &patient, "content").await;
    let cx = patient.to_string();
    found(network, json!({ "patient": cx, "kinds": ["ITI-41", "ITI-42"] })).await;
    let path = "/v1/audit/reports/patient";
    let report = post(network, path, &json!({ "patient": cx, "for": "institution" }));
    assert_eq!(report.status, 200, "{report:?}");
    let report = report.json();
    let lines = report["lines"].as_array().unwrap();
    assert!(
        lines
            .iter()
            .any(|line| line["kind"] == "ITI-42" && line["facility"] == "中央病院"),
        "{report}"
    );
    assert_eq!(report["made_by"], "事務局");
    let html = post(network, path, &json!({ "patient": cx, "format": "html" }));
    assert_eq!(html.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(
        html.body.contains("中央病院") && html.body.contains("<html lang=\"ja\">"),
        "{html:?}"
    );
    let policy = html.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    let csv = post(
        network,
        path,
        &json!({ "patient": cx, "format": "csv", "language": "en" }),
    );
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(csv.header("content-disposition").unwrap().contains("attachment"));
    assert!(!csv.head.contains(patient.id()), "{csv:?}");
    let in_url = operator(network, &format!("{path}?patient={}", percent(&cx)));
    assert_eq!((in_url.status, in_url.header("allow")), (405, Some("POST")));
    let bad = post(network, path, &json!({ "patient": "P1" }));
    assert_eq!((bad.status, &bad.json()["code"]), (400, &json!("patient")));
}

#[tokio::test]
async fn a_review_is_signed_once_its_month_is_over() {
    let network = network().await;
    let japan = time::UtcOffset::from_hms(9, 0, 0).unwrap();
    let now = System.now().to_offset(japan);
    let this = now.date();
    let last = this.replace_day(1).unwrap().previous_day().unwrap();
    let name = |date: time::Date| format!("{:04}-{:02}", date.year(), u8::from(date.month()));
    let month = |date| format!("/v1/audit/reports/month/{}", name(date));
    let current = operator(network, &month(this)).json();
    assert!(current["events"].as_u64().unwrap() > 0, "{current}");
    let signed = |date, events: u64| {
        let body = json!({ "reviewer": "鈴木 <一郎>", "remark": "問題なし", "events": events });
        post(network, &format!("{}/sign-off", month(date)), &body)
    };
    let early = signed(this, 0);
    assert_eq!(
        (early.status, &early.json()["code"]),
        (409, &json!("month-not-over"))
    );
    let events = operator(network, &month(last)).json()["events"].as_u64().unwrap();
    let other = signed(last, events + 1);
    assert_eq!(
        (other.status, &other.json()["code"]),
        (409, &json!("review-changed"))
    );
    let done = signed(last, events);
    assert_eq!(done.status, 200, "{done:?}");
    let hash = done.json()["signed"]["report_sha256"].clone();
    assert_eq!(hash.as_str().unwrap().len(), 64);
    let review = operator(network, &month(last)).json();
    assert_eq!(review["signatures"].as_array().unwrap().len(), 1);
    let sheet = operator(network, &format!("{}?format=html", month(last)));
    assert!(sheet.body.contains("鈴木 &lt;一郎&gt;"), "{sheet:?}");
    let (events, _) = network.events(Program::Registry, 1).unwrap();
    let signatures = events.iter().filter_map(|event| match &event.opening.kind {
        EventKind::ConfigurationChanged { verb, after, .. } if verb == "audit report sign" => after.clone(),
        _ => None,
    });
    // One signature, told with what was signed.
    let told: Vec<Value> = signatures.map(|after| after["report_sha256"].clone()).collect();
    assert_eq!(told, [hash]);
}

/// Rows HTTP-05, HTTP-07, HTTP-08 and CON-10 at this listener.
#[tokio::test]
async fn http_08_requests_that_are_none() {
    let network = network().await;
    let json = "content-type: application/json";
    let large = format!("{{\"node\": \"{}\"}}", "x".repeat(64 * 1024));
    let path = "/v1/audit/events/search";
    for (path, more, status) in [
        ("/nothing", &[][..], 404),
        ("/v1/audit/events/", &[], 404),
        ("/v1/../openapi.json", &["--path-as-is"], 404),
        (path, &[], 405),
        ("/v1/audit/events", &["--request", "DELETE"], 405),
        ("/fhir/AuditEvent", &["--data", "{}"], 405),
        (path, &["--data", "{}"], 415),
        (
            path,
            &[
                "--data",
                "{}",
                "--header",
                json,
                "--header",
                "content-encoding: gzip",
            ],
            415,
        ),
        (path, &["--data", &large, "--header", json], 413),
        (path, &["--data", "{", "--header", json], 400),
        (
            path,
            &["--data", "{\"role\": \"operator\"}", "--header", json],
            400,
        ),
        (
            path,
            &[
                "--data",
                "{}",
                "--header",
                json,
                "--header",
                "renkei-submitting-node: h1",
            ],
            403,
        ),
    ] {
        let answer = curl(network, Some("operator"), path, more).unwrap();
        assert_eq!(answer.status, status, "{path} {more:?}: {answer:?}");
        let correlation = answer.header("renkei-correlation").unwrap();
        let (events, _) = network.events(Program::Registry, 1).unwrap();
        let told = events
            .iter()
            .find(|event| event.opening.correlation == correlation);
        assert!(
            told.is_some_and(|event| event.summary().ends_with(" 8")),
            "{path}: {told:?}"
        );
    }
    assert_eq!(operator(network, "/openapi.json").status, 200);
}

/// A request on a connection that is open; the status of its answer.
async fn asked(connection: &mut RawConnection) -> Option<u16> {
    let request = b"GET /v1/audit/events?rows=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    connection.write(request).await.ok()?;
    Some(connection.answer().await.ok()??.status)
}

/// A right that was taken away, and a certificate that was revoked, end on connections that are open.
#[tokio::test]
async fn tls_18_an_operator_who_leaves_is_refused_on_an_open_connection() {
    let network = network().await;
    let issued = network.pki().issue("leaver").unwrap();
    network
        .enrol("leaver", "network", "", &["--right", "operator"])
        .unwrap();
    let leaver = network.node("leaver").unwrap();
    until("the listener serves it", Duration::from_secs(10), || async {
        curl(network, Some("leaver"), "/openapi.json", &[]).is_ok()
    })
    .await;
    let mut connection = leaver.raw_operator().await.unwrap();
    assert_eq!(asked(&mut connection).await, Some(200));
    // Another right: the connection goes on, and this is not allowed any more.
    network
        .enrol("leaver", "network", "", &["--right", "audit-consumer"])
        .unwrap();
    let mut last = None;
    let ended = Instant::now();
    while last != Some(403) && ended.elapsed() < Duration::from_secs(10) {
        last = asked(&mut connection).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(last, Some(403));
    network
        .enrol("leaver", "network", "", &["--right", "operator"])
        .unwrap();
    let mut connection = leaver.raw_operator().await.unwrap();
    until("the right is back", Duration::from_secs(10), || async {
        curl(network, Some("leaver"), "/v1/audit/events?rows=1", &[]).is_ok_and(|answer| answer.status == 200)
    })
    .await;
    assert_eq!(asked(&mut connection).await, Some(200));
    network.pki().revoke(&[issued.serial]).unwrap();
    let revoked = Instant::now();
    while asked(&mut connection).await == Some(200) {
        assert!(revoked.elapsed() < Duration::from_secs(10), "goes on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(curl(network, Some("leaver"), "/openapi.json", &[]).is_err());
}
