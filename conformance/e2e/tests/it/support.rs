//! What every test uses: the networks of this process, and judges of replies.

use std::future::Future;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use renkei_network::{Draft, Network, Node, Options, Paper, Published};
use xds_ebxml::rs::{RegistryResponse, ResponseStatus};
use xds_model::PatientId;

/// The network of tests that do what may be done. Its domain shares everything.
pub(crate) fn shared() -> &'static Network {
    static SHARED: OnceLock<Network> = OnceLock::new();
    SHARED.get_or_init(|| start(&Options::default()))
}

/// A network of a test's own.
pub(crate) fn start(options: &Options) -> Network {
    Network::start(options).unwrap_or_else(|error| panic!("no network: {error}"))
}

/// A client of the shared network.
pub(crate) fn node(name: &str) -> Node {
    shared().node(name).unwrap()
}

/// A patient that the feed told of.
pub(crate) async fn patient(network: &Network) -> PatientId {
    let patient = network.fresh_patient();
    let ack = network
        .node("h1")
        .unwrap()
        .feed_patient(&patient, ("検査", "太郎"))
        .await
        .unwrap();
    assert!(ack.contains("MSA|AA|"), "{ack}");
    patient
}

/// A submission of one document, that must be accepted.
pub(crate) async fn published(node: &Node, patient: &PatientId, content: impl Into<Vec<u8>>) -> Published {
    accepted(
        node,
        Draft::new(&node.organisation, patient, &[Paper::new(content)]),
    )
    .await
}

/// A submission that must be accepted.
pub(crate) async fn accepted(node: &Node, draft: Draft) -> Published {
    let published = node.publish(draft).await.unwrap();
    published.unwrap_or_else(|response| panic!("refused: {response:?}"))
}

/// The response says Failure, with these codes and no others, each with a codeContext.
#[track_caller]
pub(crate) fn assert_errors(response: &RegistryResponse, codes: &[&str]) {
    assert_eq!(response.status, ResponseStatus::Failure, "{response:?}");
    let mut found: Vec<&str> = response.errors.iter().map(|error| error.code.as_str()).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, codes, "{response:?}");
    assert!(
        response.errors.iter().all(|error| !error.context.is_empty()),
        "{response:?}"
    );
}

/// The response says Success, without errors.
#[track_caller]
pub(crate) fn assert_success(response: &RegistryResponse) {
    assert_eq!(response.status, ResponseStatus::Success, "{response:?}");
    assert_eq!(response.errors, [], "{response:?}");
}

/// Waits until something is so.
pub(crate) async fn until<F>(what: &str, limit: Duration, mut is_so: impl FnMut() -> F)
where
    F: Future<Output = bool>,
{
    let deadline = Instant::now() + limit;
    while !is_so().await {
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The folder of vendored schemas and samples.
pub(crate) fn vectors() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors"))
}

/// libxml2's word on a message: well formed, and valid against the vendored schemas.
#[track_caller]
pub(crate) fn assert_valid(message: &str) {
    let schema = vectors().join("schema/xds-message.xsd");
    let mut child = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema"])
        .arg(&schema)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint is installed (Debian package libxml2-utils)");
    child.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{message}");
}

/// Runs a program with standard input closed or given; status, and what it said on both outputs.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> (Option<i32>, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // One that ended already takes no more.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code(), said)
}
