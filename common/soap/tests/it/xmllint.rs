//! A second opinion on what we write: libxml2 with the message schemas.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the vectors.
pub(crate) fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors")
}

/// Panics unless the message is valid. Without xmllint it only says so.
pub(crate) fn assert_valid(xml: &str) {
    let schema = vectors().join("schema/xds-message.xsd");
    assert!(schema.is_file(), "the schemas are missing");
    let spawned = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema"])
        .arg(schema)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        println!("xmllint is not installed (libxml2-utils): not validated");
        return;
    };
    child.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{xml}");
}

#[test]
fn an_invalid_message_is_noticed() {
    if Command::new("xmllint").arg("--version").output().is_err() {
        println!("xmllint is not installed (libxml2-utils)");
        return;
    }
    let invalid = r#"<a:Envelope xmlns:a="http://www.w3.org/2003/05/soap-envelope"/>"#;
    assert!(std::panic::catch_unwind(|| assert_valid(invalid)).is_err());
}
