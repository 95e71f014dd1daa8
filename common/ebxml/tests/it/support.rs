//! What several tests need: samples, parsing, schema validation, one complete submission to change.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use xds_ebxml::rim::{ObjectLimits, SenderColumn, read_submission};
use xds_model::submission::ReceivedSubmission;
use xds_model::{Fault, RuleId};
use xds_xml::{Document, Element, Limits};

pub(crate) fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors")
}

pub(crate) fn sample(name: &str) -> String {
    std::fs::read_to_string(vectors().join("samples").join(name)).unwrap()
}

/// Parses a document and hands out the element of the body, or the root if there is no envelope.
pub(crate) fn with_body<T>(text: &str, use_it: impl FnOnce(Element<'_>) -> T) -> T {
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    let root = document.root();
    let body = root.child("http://www.w3.org/2003/05/soap-envelope", "Body");
    use_it(body.map_or(root, |body| body.children().next().unwrap()))
}

pub(crate) fn received(text: &str) -> ReceivedSubmission {
    with_body(text, |root| {
        read_submission(root, SenderColumn::XdsDr, ObjectLimits::default())
    })
}

/// The faults of a submission, as rule and place.
pub(crate) fn faults(text: &str) -> Vec<(RuleId, String)> {
    summary(&received(text).faults)
}

pub(crate) fn summary(faults: &[Fault]) -> Vec<(RuleId, String)> {
    faults
        .iter()
        .map(|fault| (fault.rule(), fault.location().to_owned()))
        .collect()
}

/// Panics unless the message is valid in an envelope. Without `xmllint` (Debian: libxml2-utils) it only says
/// so.
pub(crate) fn assert_valid(body: &str) {
    let envelope = format!(
        r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{body}</s:Body></s:Envelope>"#
    );
    let spawned = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema"])
        .arg(vectors().join("schema/xds-message.xsd"))
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("xmllint is not installed: not validated");
            return;
        }
        other => other.unwrap(),
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(envelope.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}\n{envelope}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A submission with one of everything, no fault in it.
pub(crate) const COMPLETE: &str = include_str!("../data/complete.xml");

/// [`COMPLETE`] with one text in place of another, which must be there exactly once.
pub(crate) fn changed(from: &str, to: &str) -> String {
    assert_eq!(COMPLETE.matches(from).count(), 1, "{from}");
    COMPLETE.replace(from, to)
}
