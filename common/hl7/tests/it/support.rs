//! Messages for the tests.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use time::{OffsetDateTime, UtcOffset};
use xds_hl7::{AdtError, AdtMessage, FeedSettings, ReceiveError, receive};
use xds_model::Oid;

pub(crate) const DOMAIN: &str = "1.2.392.9.9.9.1";
pub(crate) const LOCAL: &str = "1.2.392.100495.20.3.51.11311234567";

pub(crate) fn oid(text: &str) -> Oid {
    text.parse().unwrap()
}

/// Japan's zone, and two namespaces.
pub(crate) fn settings() -> FeedSettings {
    let namespaces = [("REGION", DOMAIN), ("HOSP", LOCAL)];
    FeedSettings {
        namespaces: BTreeMap::from(namespaces.map(|(name, text)| (name.to_owned(), oid(text)))),
        zone: UtcOffset::from_hms(9, 0, 0).unwrap(),
    }
}

pub(crate) fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

/// An A04 with this MSH-18 and these bytes as PID-5.
pub(crate) fn a04(charset: &str, name: &[u8]) -> Vec<u8> {
    let mut message = format!(
        "MSH|^~\\&|ADT|HOSP|REG|XDS|20260101120000||ADT^A04|M1|P|2.5||||||{charset}\rEVN|A04|20260101120000\r\
         PID|||R1^^^&{DOMAIN}&ISO||"
    )
    .into_bytes();
    message.extend_from_slice(name);
    message.extend_from_slice(b"||19710401|M\rPV1||O\r");
    message
}

/// An A04 with this PID-3.
pub(crate) fn with_pid3(pid3: &str) -> String {
    format!("MSH|^~\\&|ADT|HOSP|REG|XDS|20260101120000||ADT^A04|M1|P|2.3.1\rPID|||{pid3}||A^B\r")
}

pub(crate) fn parse(text: &str) -> Result<AdtMessage, AdtError> {
    AdtMessage::parse(text, &settings())
}

pub(crate) fn read(frame: &[u8]) -> Result<AdtMessage, ReceiveError> {
    receive(frame, &settings()).message
}

/// Converts with iconv; `None`, and a note, where it is not installed or lacks the character set.
pub(crate) fn iconv(from: &str, to: &str, input: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new("iconv")
        .args(["-c", "-f", from, "-t", to])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| println!("skipped: iconv cannot be started ({error})"))
        .ok()?;
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // Fails when iconv ends early, which the empty output then shows.
    let writer = std::thread::spawn(move || stdin.write_all(&input).is_ok());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    if output.stdout.is_empty() {
        println!("skipped: iconv does not know {from} or {to}");
        return None;
    }
    Some(output.stdout)
}
