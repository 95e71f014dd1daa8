//! Rows of the hardening catalogue on HTTP and MIME, against the real programs.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use renkei_network::{Draft, Network, Node, Paper, Program};

use crate::five_checks::{Audit, CANARIES, Case};
use crate::soap::{
    Answered, PROVIDE, QUERY, SIMPLE, envelope, find_documents, headers, include, multipart, post, provide,
    related, send, simple,
};

/// A patient id of the network's authority that nobody has, with a canary in it.
pub(crate) fn canary_patient() -> String {
    format!("{}^^^&amp;{}&amp;ISO", CANARIES[0], renkei_network::AUTHORITY)
}

/// A good query, which finds nothing.
pub(crate) fn good_query() -> String {
    envelope(&headers(QUERY), &find_documents(&canary_patient()))
}

async fn begin() -> (Case, Node) {
    Case::begin(async |network: &'static Network| network.node("h1").unwrap()).await
}

/// Sends each request and demands each answer; what came back, in one text.
async fn all(node: &Node, program: Program, cases: &[(&str, Vec<u8>, Answered)]) -> String {
    let mut replies = String::new();
    for (name, request, expected) in cases {
        let (answered, text) = send(node, program, request).await;
        assert_eq!(answered, *expected, "{name}: {text}");
        replies.push_str(&text);
    }
    replies
}

#[tokio::test]
async fn http_02_a_body_that_stalls_is_cut() {
    let (case, h1) = begin().await;
    let mut replies = String::new();
    for program in [Program::Registry, Program::Repository] {
        let mut connection = match program {
            Program::Registry => h1.raw_registry().await.unwrap(),
            Program::Repository => h1.raw_repository().await.unwrap(),
        };
        let request = simple(program, good_query().as_bytes());
        let began = Instant::now();
        connection.write(&request[..request.len() - 200]).await.unwrap();
        let answer = connection.answer().await.unwrap();
        // The network's window is two seconds.
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
        assert!(
            answer.as_ref().is_none_or(|answer| answer.status == 408),
            "{answer:?}"
        );
        replies.push_str(&answer.map(|answer| answer.text()).unwrap_or_default());
    }
    let audit = Audit {
        registry: vec!["request-refused 8".to_owned()],
        repository: vec!["request-refused 8".to_owned()],
    };
    case.end(&audit, &replies).await;
}

#[tokio::test]
async fn http_04_requests_that_can_be_read_in_two_ways() {
    let (case, h1) = begin().await;
    let body = good_query();
    let length = body.len();
    let typed = format!("Host: localhost\r\nContent-Type: {SIMPLE}\r\n");
    let request =
        |lines: &str| format!("POST /xds/registry HTTP/1.1\r\n{typed}{lines}\r\n{body}").into_bytes();
    let chunk = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    let chunked = |chunks: &str| {
        format!("POST /xds/registry HTTP/1.1\r\n{typed}Transfer-Encoding: chunked\r\n\r\n{chunks}")
            .into_bytes()
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        (
            "two lengths",
            request(&format!(
                "Content-Length: {length}\r\nContent-Length: {length}\r\n"
            )),
        ),
        (
            "unequal lengths",
            request(&format!("Content-Length: {length}\r\nContent-Length: 3\r\n")),
        ),
        (
            "a list of lengths",
            request(&format!("Content-Length: {length}, {length}\r\n")),
        ),
        (
            "a length with a sign",
            request(&format!("Content-Length: +{length}\r\n")),
        ),
        (
            "a hexadecimal length",
            request(&format!("Content-Length: 0x{length:x}\r\n")),
        ),
        (
            "a huge length",
            request("Content-Length: 99999999999999999999999\r\n"),
        ),
        (
            "length and chunks",
            request(&format!(
                "Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"
            )),
        ),
        ("an unknown coding", request("Transfer-Encoding: xchunked\r\n")),
        ("two codings", request("Transfer-Encoding: chunked, identity\r\n")),
        (
            "coding twice",
            request("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        ),
        (
            "a space before the colon",
            request(&format!("Content-Length : {length}\r\n")),
        ),
        (
            "a folded line",
            request(&format!("Content-Length: {length}\r\nX-Folded: a\r\n b\r\n")),
        ),
        (
            "NUL",
            request(&format!("Content-Length: {length}\r\nX-Nul: a\0b\r\n")),
        ),
        (
            "a lone CR",
            request(&format!("Content-Length: {length}\r\nX-Cr: a\rb\r\n")),
        ),
        (
            "a bare LF",
            request(&format!("Content-Length: {length}\nX-Lf: a\r\n")),
        ),
        (
            "two hosts",
            request(&format!("Content-Length: {length}\r\nHost: other\r\n")),
        ),
        (
            "no host",
            format!("POST /xds/registry HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes(),
        ),
        (
            "chunks in HTTP/1.0",
            format!("POST /xds/registry HTTP/1.0\r\n{typed}Transfer-Encoding: chunked\r\n\r\n{chunk}")
                .into_bytes(),
        ),
        (
            "a bad chunk size",
            chunked(&chunk.replacen(&format!("{length:x}"), "zz", 1)),
        ),
        (
            "a chunk with a bare LF",
            chunked(&chunk.replacen("\r\n", "\n", 1)),
        ),
        ("a negative chunk", chunked(&format!("-{chunk}"))),
    ];
    let mut replies = String::new();
    for (name, mut bytes) in cases {
        // What follows on the connection must never be answered.
        bytes.extend(simple(Program::Registry, good_query().as_bytes()));
        let mut connection = h1.raw_registry().await.unwrap();
        let _ = connection.write(&bytes).await;
        let answer = connection.answer().await.unwrap();
        let text = answer.as_ref().map(|answer| answer.text()).unwrap_or_default();
        assert!(
            answer.as_ref().is_none_or(|answer| answer.status == 400),
            "{name}: {answer:?}"
        );
        replies.push_str(&text);
        let rest = connection.rest().await.unwrap();
        assert_eq!(String::from_utf8_lossy(&rest), "", "{name}");
    }
    let events: Vec<String> = case
        .network
        .events(Program::Registry, 1)
        .unwrap()
        .0
        .iter()
        .map(renkei_network::Recorded::summary)
        .filter(|event| event.starts_with("ITI-18"))
        .collect();
    assert_eq!(events.len(), case.queries_before, "a query was carried out");
    case.end_with_any_refusals(&replies).await;
}

#[tokio::test]
async fn http_05_what_is_too_large_is_refused_before_it_comes() {
    let (case, h1) = begin().await;
    let mut replies = String::new();
    for (name, lines) in [
        ("a length of 20 GB", "Content-Length: 20000000000\r\n"),
        (
            "and a question first",
            "Content-Length: 20000000000\r\nExpect: 100-continue\r\n",
        ),
    ] {
        for program in [Program::Registry, Program::Repository] {
            let request = format!(
                "POST /xds/{} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {SIMPLE}\r\n{lines}\r\n<",
                program.name()
            );
            let (answered, text) = send(&h1, program, request.as_bytes()).await;
            assert_eq!(answered, Answered::Http(413), "{name}: {text}");
            replies.push_str(&text);
        }
    }
    let audit = Audit {
        registry: vec!["request-refused 8".to_owned(); 2],
        repository: vec!["request-refused 8".to_owned(); 2],
    };
    case.end(&audit, &replies).await;
}

#[tokio::test]
async fn http_06_a_length_that_lies() {
    let (case, h1) = begin().await;
    let body = good_query();
    let mut connection = h1.raw_registry().await.unwrap();
    let request = simple(Program::Registry, body.as_bytes());
    connection.write(&request[..request.len() - 10]).await.unwrap();
    connection.finish().await.unwrap();
    let answer = connection.answer().await.unwrap();
    assert!(
        answer.as_ref().is_none_or(|answer| answer.status == 400),
        "{answer:?}"
    );

    // Shorter than what is sent: the envelope is cut, and the rest is no request.
    let mut connection = h1.raw_registry().await.unwrap();
    let lying = format!(
        "POST /xds/registry HTTP/1.1\r\nHost: localhost\r\nContent-Type: {SIMPLE}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len() - 10
    );
    connection.write(lying.as_bytes()).await.unwrap();
    let first = connection.answer().await.unwrap().unwrap();
    assert_eq!(first.status, 400);
    let rest = connection.rest().await.unwrap();
    let rest = String::from_utf8_lossy(&rest).into_owned();
    // The ten bytes are no head, and none comes of them in time.
    let refused = rest.starts_with("HTTP/1.1 400") || rest.starts_with("HTTP/1.1 408");
    assert!(rest.is_empty() || refused, "{rest}");
    let events = 2 + usize::from(refused);
    case.end(
        &Audit::registry("request-refused 8", events),
        &(first.text() + &rest),
    )
    .await;
}

#[tokio::test]
async fn http_07_encoded_bodies_are_not_inflated() {
    let (case, h1) = begin().await;
    let cases: Vec<_> = ["gzip", "deflate", "br", "zstd", "gzip, gzip"]
        .into_iter()
        .map(|coding| {
            let lines = format!("Content-Type: {SIMPLE}\r\nContent-Encoding: {coding}\r\n");
            // Looks like gzip.
            let request = post(Program::Registry, &lines, b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
            (coding, request, Answered::Http(415))
        })
        .collect();
    let replies = all(&h1, Program::Registry, &cases).await;
    case.end(&Audit::registry("request-refused 8", cases.len()), &replies)
        .await;
}

/// ITI-41 in a multipart message that can be spoilt; the document holds a canary.
fn submission(h1: &Node, network: &Network) -> (Draft, String) {
    let mut paper = Paper::new(format!("{} bytes", CANARIES[4]));
    paper.title = CANARIES[2].to_owned();
    let draft = Draft::new(&h1.organisation, &network.fresh_patient(), &[paper]);
    let body = provide(&draft.request(), &[("Document01", include("cid:d1@x"))]);
    (draft, envelope(&headers(PROVIDE), &body))
}

const PART: &str = "Content-Type: application/pdf\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <d1@x>";

#[tokio::test]
async fn http_09_boundaries() {
    let (case, h1) = begin().await;
    let (draft, root) = submission(&h1, case.network);
    let content = draft.contents[0].as_slice();
    let body = multipart("b1", &root, &[(PART, content)]);
    let long = "b".repeat(71);
    let unended = body.strip_suffix(b"--b1--\r\n").unwrap().to_vec();
    let related_none = related("b1").replace("; boundary=\"b1\"", "");
    let with = |line: String, body: &[u8]| post(Program::Repository, &(line + "\r\n"), body);
    let fault = || Answered::fault("Sender");
    let cases = vec![
        ("missing", with(related_none.clone(), &body), fault()),
        ("empty", with(related(""), &body), fault()),
        (
            "71 characters",
            with(related(&long), &multipart(&long, &root, &[(PART, content)])),
            fault(),
        ),
        ("twice", with(related("b1") + "; boundary=\"b2\"", &body), fault()),
        ("another case", with(related("B1"), &body), fault()),
        ("another one", with(related("other"), &body), fault()),
        ("no end", with(related("b1"), &unended), fault()),
    ];
    let replies = all(&h1, Program::Repository, &cases).await;
    let found = case.events(Program::Repository);
    assert_eq!(found.len(), cases.len(), "{found:?}");
    case.end_with_any_refusals(&replies).await;
}

#[tokio::test]
async fn http_10_root_parts() {
    let (case, h1) = begin().await;
    let (draft, root) = submission(&h1, case.network);
    let content = draft.contents[0].as_slice();
    let twice = "Content-Type: application/xop+xml\r\nContent-ID: <root@x>";
    let good = multipart("b1", &root, &[(PART, content)]);
    // The document first.
    let marker = b"--b1\r\n".as_slice();
    let second = good
        .windows(marker.len())
        .rposition(|window| window == marker)
        .unwrap();
    let end = good.len() - b"--b1--\r\n".len();
    let mut reversed = good[second..end].to_vec();
    reversed.extend_from_slice(&good[..second]);
    reversed.extend_from_slice(b"--b1--\r\n");
    let nobody = related("b1").replace("<root@x>", "<nobody@x>");
    let with = |line: String, body: &[u8]| post(Program::Repository, &(line + "\r\n"), body);
    let cases = vec![
        (
            "two parts with the start id",
            with(
                related("b1"),
                &multipart("b1", &root, &[(twice, content), (PART, content)]),
            ),
            Answered::fault("Sender"),
        ),
        (
            "a root that is not first",
            with(related("b1"), &reversed),
            Answered::fault("Sender"),
        ),
        // The patient is unknown, and that is all that is wrong with it.
        (
            "a start that names no part",
            with(nobody, &good),
            Answered::error("XDSUnknownPatientId"),
        ),
    ];
    let replies = all(&h1, Program::Repository, &cases).await;
    case.end_with_any_refusals(&replies).await;
}

#[tokio::test]
async fn http_11_content_ids() {
    let (case, h1) = begin().await;
    let (draft, root) = submission(&h1, case.network);
    let content = draft.contents[0].as_slice();
    let part = |id: &str| PART.replace("<d1@x>", id);
    let encoded = root.replace("cid:d1@x", "cid:d%31%40x");
    let long = format!("<{}>", "d".repeat(10 * 1024));
    let with = |root: &str, parts: &[(&str, &[u8])]| {
        post(
            Program::Repository,
            &(related("b1") + "\r\n"),
            &multipart("b1", root, parts),
        )
    };
    let registered = || Answered::error("XDSUnknownPatientId");
    let cases = vec![
        (
            "duplicate",
            with(&root, &[(PART, content), (PART, content)]),
            Answered::fault("Sender"),
        ),
        (
            "without brackets",
            with(&root, &[(&part("d1@x"), content)]),
            registered(),
        ),
        (
            "percent-encoded",
            with(&encoded, &[(PART, content)]),
            registered(),
        ),
        (
            "another case",
            with(&root, &[(&part("<D1@x>"), content)]),
            Answered::error("XDSMissingDocument"),
        ),
        (
            "none",
            with(&root, &[("Content-Type: application/pdf", content)]),
            Answered::error("XDSMissingDocument"),
        ),
        (
            "10 KiB",
            with(&root, &[(&part(&long), content)]),
            Answered::error("XDSMissingDocument"),
        ),
    ];
    let replies = all(&h1, Program::Repository, &cases).await;
    case.end_with_any_refusals(&replies).await;
}

#[tokio::test]
async fn http_12_references_lead_to_parts_only() {
    let (case, h1) = begin().await;
    let (draft, root) = submission(&h1, case.network);
    let content = draft.contents[0].as_slice();
    let traced = Traced::start(&case);
    let to = |href: &str| root.replace("cid:d1@x", href);
    let mut two = draft.clone();
    two.add(
        &h1.organisation,
        draft.set.patient_id.as_ref().unwrap(),
        &Paper::new(""),
    );
    let documents = ["Document01", "Document02"].map(|id| (id, include("cid:d1@x")));
    let twice = envelope(&headers(PROVIDE), &provide(&two.request(), &documents));
    let with = |root: &str| {
        post(
            Program::Repository,
            &(related("b1") + "\r\n"),
            &multipart("b1", root, &[(PART, content)]),
        )
    };
    let beside = root.replace("</xds:Document>", "text</xds:Document>");
    let in_header = root.replace(
        "<wsa:To>",
        &format!("<wsa:From>{}</wsa:From><wsa:To>", include("cid:d1@x")),
    );
    let in_metadata = root.replacen("<rim:Value>", &format!("<rim:Value>{}", include("cid:d1@x")), 1);
    let fault = || Answered::fault("Sender");
    let cases = vec![
        (
            "a part that is missing",
            with(&to("cid:nobody@x")),
            Answered::error("XDSMissingDocument"),
        ),
        ("http", with(&to("http://127.0.0.1:9/")), fault()),
        ("a file", with(&to("file:///etc/passwd")), fault()),
        ("the root part", with(&to("cid:root@x")), fault()),
        ("twice", with(&twice), fault()),
        ("text beside", with(&beside), fault()),
        ("in a header", with(&in_header), fault()),
        ("in metadata", with(&in_metadata), fault()),
    ];
    let replies = all(&h1, Program::Repository, &cases).await;
    traced.end();
    case.end_with_any_refusals(&replies).await;
}

/// strace on the repository, where it is installed and allowed: no file of a request is opened, nobody called.
struct Traced(Option<(std::process::Child, std::path::PathBuf)>);

impl Traced {
    fn start(case: &Case) -> Self {
        let output = case.network.folder().join("strace.out");
        let pid = case.network.repository.pid().unwrap().to_string();
        let child = Command::new("strace")
            .args(["-f", "-e", "trace=connect,openat", "-o"])
            .arg(&output)
            .args(["-p", &pid])
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            println!("strace is not installed: only replies are looked at");
            return Self(None);
        };
        let deadline = Instant::now() + Duration::from_secs(5);
        while !output.exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        Self(Some((child, output)))
    }

    fn end(self) {
        let Some((mut child, output)) = self.0 else { return };
        let _ = Command::new("sh")
            .args(["-c", "kill -INT \"$0\"", &child.id().to_string()])
            .status();
        let _ = child.wait();
        let calls = std::fs::read_to_string(output).unwrap_or_default();
        if calls.is_empty() {
            println!("strace may not look at the repository: only replies are looked at");
        }
        assert!(!calls.contains("/etc/passwd"), "{calls}");
        assert!(!calls.contains("htons(9)"), "{calls}");
    }
}

#[tokio::test]
async fn http_17_answers_go_nowhere_else() {
    let (case, h1) = begin().await;
    // Nobody may come here.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let anonymous = "http://www.w3.org/2005/08/addressing/anonymous";
    let mut cases = Vec::new();
    for target in [
        format!("http://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let reply_to = good_query().replace(anonymous, &target);
        let fault_to = good_query().replace(
            "<wsa:To>",
            &format!("<wsa:FaultTo><wsa:Address>{target}</wsa:Address></wsa:FaultTo><wsa:To>"),
        );
        for spoilt in [reply_to, fault_to] {
            let request = simple(Program::Registry, spoilt.as_bytes());
            cases.push(("an address", request, Answered::fault("Sender")));
        }
    }
    let replies = all(&h1, Program::Registry, &cases).await;
    let called = tokio::time::timeout(Duration::from_millis(300), listener.accept()).await;
    assert!(called.is_err(), "somebody was called");
    case.end(&Audit::registry("request-refused 8", cases.len()), &replies)
        .await;
}
