//! Every SOAP reply that came, as a file, and its judgement by xmllint (step 8).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xds_ebxml::ns::XOP;
use xds_ebxml::retrieve::{Content, DocumentResponse};
use xds_xml::{Document, Limits, XmlError, serialize};

use crate::stopped::Stopped;

/// The schema that a whole SOAP message is judged by.
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/schema/xds-message.xsd");
/// Files that one call of xmllint gets.
const FILES_AT_ONCE: usize = 200;

/// The replies in order.
#[derive(Debug)]
pub(crate) struct Replies {
    folder: PathBuf,
    files: Mutex<Vec<PathBuf>>,
}

impl Replies {
    /// None yet.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            files: Mutex::default(),
        }
    }

    /// Keeps a reply under the next number.
    pub(crate) fn keep(&self, label: &str, envelope: &[u8]) -> Result<(), Stopped> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let file = self.folder.join(format!("{:04}-{label}.xml", files.len() + 1));
        fs::write(&file, envelope).map_err(|error| Stopped::file(&file, error))?;
        files.push(file);
        Ok(())
    }

    /// The files.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The envelope of an MTOM reply with its documents in base64 where the references stood: the form that a schema
/// can judge.
///
/// # Errors
/// If the envelope is no XML.
pub(crate) fn with_documents(
    envelope: &[u8],
    documents: &[(DocumentResponse, Vec<u8>)],
) -> Result<String, XmlError> {
    let document = Document::parse(envelope, &Limits::default())?;
    let bytes_of = |href: Option<&str>| {
        documents
            .iter()
            .find(|(response, _)| matches!(&response.content, Content::Include(of) if Some(of.as_str()) == href))
            .map(|(_, bytes)| bytes)
    };
    let mut out = String::new();
    serialize(document.root(), &mut out, &mut |element, edits| {
        if element.is(XOP, "Include")
            && let Some(bytes) = bytes_of(element.attribute("href"))
        {
            edits.insert_before(&STANDARD.encode(bytes));
            edits.drop_element();
        }
    });
    Ok(out)
}

/// Whether xmllint is installed.
pub(crate) fn can_judge() -> bool {
    let version = Command::new("xmllint")
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    version.is_ok_and(|output| output.status.success())
}

/// Validates files against the schema of XDS messages by xmllint: the complaint about each, none where it is valid.
///
/// # Errors
/// When xmllint cannot be run.
pub(crate) fn judge(files: &[PathBuf]) -> Result<Vec<(PathBuf, Option<String>)>, Stopped> {
    let mut judged = Vec::new();
    for some in files.chunks(FILES_AT_ONCE) {
        let output = Command::new("xmllint")
            .args(["--nonet", "--noout", "--schema", SCHEMA])
            .args(some)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| Stopped::file(Path::new("xmllint"), error))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        judged.extend(some.iter().map(|file| (file.clone(), complaint(file, &said))));
    }
    Ok(judged)
}

/// What was said about a file, unless it validates.
fn complaint(file: &Path, said: &str) -> Option<String> {
    let name = file.display().to_string();
    if said.lines().any(|line| line == format!("{name} validates")) {
        return None;
    }
    let about = said.lines().find(|line| line.starts_with(&format!("{name}:")));
    let first = about.or_else(|| said.lines().next()).unwrap_or("no verdict");
    Some(first.to_owned())
}

#[cfg(test)]
mod tests {
    use xds_ebxml::retrieve::DocumentRequest;

    use super::*;

    fn sample(name: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../vectors/samples")
            .join(name)
    }

    #[test]
    fn a_broken_reply_is_told_from_a_valid_one() {
        let good = sample("response-registry-success.xml");
        let folder = std::env::temp_dir().join(format!("renkei-demo-replies-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let broken = folder.join("broken.xml");
        let text = fs::read_to_string(&good).unwrap();
        fs::write(&broken, text.replace("status=", "stratus=")).unwrap();
        // Not every machine that runs the tests has xmllint.
        if can_judge() {
            let judged = judge(&[good.clone(), broken]).unwrap();
            assert_eq!(judged[0], (good, None));
            assert!(judged[1].1.as_ref().unwrap().contains("stratus"), "{judged:?}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn documents_stand_where_their_references_stood() {
        let envelope = format!(
            "<e xmlns=\"urn:e\" xmlns:x=\"{XOP}\"><d><x:Include href=\"cid:a\"/></d><d><x:Include href=\"cid:b\"/></d></e>"
        );
        let response = |href: &str| DocumentResponse {
            ids: DocumentRequest {
                home: None,
                repository: String::new(),
                document: String::new(),
            },
            new_repository: None,
            new_document: None,
            mime_type: String::new(),
            content: Content::Include(href.to_owned()),
        };
        let documents = [
            (response("cid:b"), b"two".to_vec()),
            (response("cid:a"), b"one".to_vec()),
        ];
        let inlined = with_documents(envelope.as_bytes(), &documents).unwrap();
        assert_eq!(
            inlined,
            format!("<e xmlns=\"urn:e\" xmlns:x=\"{XOP}\"><d>b25l</d><d>dHdv</d></e>")
        );
    }
}
