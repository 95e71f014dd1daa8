//! Which assertions and messages were there before: bounded, and written down, so that a restart forgets nothing.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use xds_model::principal::NodeName;
use xds_xua::{Assertion, Refused, ReplayCache, Used};

/// Messages that are remembered of one node, the latest.
const MESSAGES_PER_NODE_MAX: usize = 4096;
/// Bytes of the file beyond which it is not read: it would be no file of ours.
const FILE_BYTES_MAX: u64 = 4 << 30;
/// Lines that are added before the file is written anew, beside those that are needed.
const LINES_SPARE: usize = 20_000;

/// A message as it is told from others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'m> {
    /// wsa:MessageID.
    pub(super) id: &'m str,
    /// SHA-256 of its envelope, hexadecimal.
    pub(super) digest: &'m str,
}

/// How a message with a good assertion was admitted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Admitted {
    /// It is new.
    New,
    /// The same message of the same node, byte for byte: a retry.
    Repeat,
}

/// Why a message with a good assertion is not admitted.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotAdmitted {
    /// By a rule.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It cannot be written down that the assertion was used.
    #[error("the use of an assertion cannot be written down: {0}")]
    Write(#[from] io::Error),
}

/// What was used.
pub(super) struct Memory {
    replay: ReplayCache,
    messages: Messages,
    notes: Notes,
}

impl Memory {
    /// Reads what an earlier process wrote, and goes on writing there.
    pub(super) fn open(path: PathBuf, per_issuer_max: usize, now: OffsetDateTime) -> io::Result<Self> {
        let mut replay = ReplayCache::new(per_issuer_max);
        let mut messages = Messages::default();
        for line in read(&path)? {
            replay.restore(line.used.and_then(|used| used.into_used(&line.node)), now);
            if !line.message.is_empty() {
                messages.insert(NodeName(line.node), line.message, line.digest);
            }
        }
        let notes = Notes::write(path, &lines(&replay, &messages))?;
        Ok(Self {
            replay,
            messages,
            notes,
        })
    }

    /// Admits a message with a validated assertion.
    pub(super) fn admit(
        &mut self,
        assertion: &Assertion,
        node: &NodeName,
        message: Message<'_>,
        now: OffsetDateTime,
    ) -> Result<Admitted, NotAdmitted> {
        match self.messages.digest(node, message.id) {
            Some(digest) if digest == message.digest => return Ok(Admitted::Repeat),
            Some(_) => return Err(Refused::message_id_reused().into()),
            None => {}
        }
        let first = self.replay.admit(assertion, node, now)? == xds_xua::Use::First;
        let line = Line {
            node: node.0.clone(),
            message: message.id.to_owned(),
            digest: message.digest.to_owned(),
            used: first.then(|| UsedLine::of(assertion)),
        };
        if self.notes.is_broken || self.notes.lines > self.lines_max() {
            let path = self.notes.path.clone();
            self.notes = Notes::write(path, &lines(&self.replay, &self.messages))?;
        }
        self.notes.add(&line)?;
        self.messages.insert(node.clone(), line.message, line.digest);
        Ok(Admitted::New)
    }

    fn lines_max(&self) -> usize {
        let needed = self.replay.entries().len().saturating_add(self.messages.len());
        needed.saturating_mul(2).saturating_add(LINES_SPARE)
    }
}

/// MessageIDs of each node, the latest last.
#[derive(Default)]
struct Messages {
    by_node: BTreeMap<NodeName, OfNode>,
}

#[derive(Default)]
struct OfNode {
    digests: BTreeMap<String, String>,
    order: VecDeque<String>,
}

impl Messages {
    fn digest(&self, node: &NodeName, id: &str) -> Option<&str> {
        let digest = self.by_node.get(node)?.digests.get(id)?;
        Some(digest)
    }

    fn insert(&mut self, node: NodeName, id: String, digest: String) {
        let of_node = self.by_node.entry(node).or_default();
        if of_node.digests.insert(id.clone(), digest).is_none() {
            of_node.order.push_back(id);
        }
        if of_node.order.len() > MESSAGES_PER_NODE_MAX
            && let Some(oldest) = of_node.order.pop_front()
        {
            of_node.digests.remove(&oldest);
        }
    }

    fn len(&self) -> usize {
        self.by_node.values().map(|of_node| of_node.order.len()).sum()
    }
}

/// A line of the file: a message, and the assertion that was used for the first time with it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    node: String,
    message: String,
    digest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<UsedLine>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct UsedLine {
    issuer: String,
    id: String,
    digest: String,
    /// Seconds since 1970, rounded up.
    expires: i64,
}

impl UsedLine {
    fn of(assertion: &Assertion) -> Self {
        Self {
            issuer: assertion.issuer().to_owned(),
            id: assertion.id().to_owned(),
            digest: hex(assertion.digest()),
            expires: assertion.expires().unix_timestamp().saturating_add(1),
        }
    }

    fn of_used(used: &Used) -> Self {
        Self {
            issuer: used.issuer.clone(),
            id: used.id.clone(),
            digest: hex(&used.digest),
            expires: used.expires.unix_timestamp().saturating_add(1),
        }
    }

    fn into_used(self, node: &str) -> Option<Used> {
        Some(Used {
            issuer: self.issuer,
            id: self.id,
            digest: unhex(&self.digest)?,
            node: NodeName(node.to_owned()),
            expires: OffsetDateTime::from_unix_timestamp(self.expires).ok()?,
        })
    }
}

/// Everything that is remembered. An assertion goes with a message that has no id, which no request has.
fn lines(replay: &ReplayCache, messages: &Messages) -> Vec<Line> {
    let used = replay.entries().map(|used| Line {
        node: used.node.0.clone(),
        message: String::new(),
        digest: String::new(),
        used: Some(UsedLine::of_used(used)),
    });
    let seen = messages.by_node.iter().flat_map(|(node, of_node)| {
        of_node.order.iter().filter_map(|id| {
            Some(Line {
                node: node.0.clone(),
                message: id.clone(),
                digest: of_node.digests.get(id)?.clone(),
                used: None,
            })
        })
    });
    used.chain(seen).collect()
}

/// The file that is added to.
struct Notes {
    path: PathBuf,
    file: File,
    lines: usize,
    /// A line was not written whole: nothing may be put behind it.
    is_broken: bool,
}

impl Notes {
    /// Writes the file anew, beside the old one, and puts it in its place.
    fn write(path: PathBuf, lines: &[Line]) -> io::Result<Self> {
        let mut beside = path.clone().into_os_string();
        beside.push(".new");
        let created = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        let mut out = BufWriter::new(created);
        for line in lines {
            out.write_all(text(line)?.as_bytes())?;
        }
        out.into_inner()?.sync_all()?;
        fs::rename(&beside, &path)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        Ok(Self {
            path,
            file,
            lines: lines.len(),
            is_broken: false,
        })
    }

    /// Adds a line. It survives the process at once, and the machine a moment later.
    fn add(&mut self, line: &Line) -> io::Result<()> {
        let written = self.file.write_all(text(line)?.as_bytes());
        self.is_broken = written.is_err();
        self.lines = self.lines.saturating_add(1);
        written
    }
}

fn text(line: &Line) -> io::Result<String> {
    Ok(serde_json::to_string(line)? + "\n")
}

/// The lines of a file; the last may be cut by a crash.
fn read(path: &Path) -> io::Result<Vec<Line>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut reader = BufReader::new(file.take(FILE_BYTES_MAX));
    let (mut lines, mut text) = (Vec::new(), String::new());
    while reader.read_line(&mut text)? > 0 {
        if text.ends_with('\n') {
            lines.push(serde_json::from_str(&text)?);
        }
        text.clear();
    }
    Ok(lines)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        let at = index.checked_mul(2)?;
        *byte = u8::from_str_radix(text.get(at..at.checked_add(2)?)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> NodeName {
        NodeName(name.to_owned())
    }

    #[test]
    fn messages_of_a_node_are_bounded_and_the_oldest_goes_first() {
        let mut messages = Messages::default();
        for index in 0..=MESSAGES_PER_NODE_MAX {
            messages.insert(node("a"), format!("m{index}"), "d".to_owned());
        }
        messages.insert(node("b"), "m0".to_owned(), "e".to_owned());
        assert_eq!(messages.digest(&node("a"), "m0"), None);
        assert_eq!(messages.digest(&node("a"), "m1"), Some("d"));
        assert_eq!(
            messages.digest(&node("b"), "m0"),
            Some("e"),
            "each node has its own"
        );
        assert_eq!(messages.len(), MESSAGES_PER_NODE_MAX + 1);
    }

    #[test]
    fn a_file_whose_last_line_is_cut_is_read_and_another_is_not() {
        let folder = std::env::temp_dir().join(format!("renkei-memory-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("memory");
        let line = "{\"node\":\"a\",\"message\":\"m\",\"digest\":\"d\"}\n";
        fs::write(&path, format!("{line}{{\"node\":\"a\",\"mess")).unwrap();
        let memory = Memory::open(path.clone(), 10, OffsetDateTime::UNIX_EPOCH).unwrap();
        assert_eq!(memory.messages.digest(&node("a"), "m"), Some("d"));
        assert_eq!(fs::read_to_string(&path).unwrap(), line, "written anew");

        fs::write(&path, format!("no json\n{line}")).unwrap();
        assert!(Memory::open(path, 10, OffsetDateTime::UNIX_EPOCH).is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    fn now() -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000)
    }

    fn assertion() -> Assertion {
        use xds_testkit::xua::{AssertionProvider, AssertionSpec, SignatureAlgorithm};
        use xds_xua::{Rules, SigningCertificate, Trust, TrustedIssuer, Validator, Vouching, names};

        let provider =
            AssertionProvider::generate("idp", SignatureAlgorithm::EcdsaP256Sha256, now()).unwrap();
        let organisation = xds_model::principal::OrganisationId("o".to_owned());
        let trust = Trust::new(vec![TrustedIssuer {
            entity_id: "idp".to_owned(),
            certificates: vec![SigningCertificate::from_der(provider.certificate_der()).unwrap()],
            vouches_for: vec![Vouching {
                organisation,
                organisation_ids: ["o".to_owned()].into(),
                nodes: None,
            }],
        }]);
        let rules = Rules {
            needs_role: false,
            needs_purpose: false,
            ..Rules::new(["here".to_owned()])
        };
        let spec = AssertionSpec::new("_a", now(), "here", "user").with_text(names::ORGANIZATION_ID, "o");
        let header = format!(
            "<w:Security xmlns:w=\"{}\">{}</w:Security>",
            crate::xua::WSSE,
            provider.issue(&spec).unwrap()
        );
        let document = xds_xml::Document::parse(header.as_bytes(), &xds_xml::Limits::default()).unwrap();
        let node = serde_json::from_value(serde_json::json!({
            "name": "a", "fingerprint": "0", "organisation": "o", "entity": "e", "transactions": [],
            "allow_tls12": false, "acts_for_others": false, "in_flight_max": null, "source_ids": [],
            "feeds": [], "default_user": null,
        }))
        .unwrap();
        Validator::new(trust, rules)
            .validate(Some(document.root()), &node, now())
            .unwrap()
    }

    #[test]
    fn the_file_stays_small_and_a_line_that_was_not_written_whole_is_not_built_upon() {
        let folder = std::env::temp_dir().join(format!("renkei-memory-long-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("memory");
        let (assertion, node) = (assertion(), node("a"));
        let mut memory = Memory::open(path.clone(), 10, now()).unwrap();
        let admit = |memory: &mut Memory, id: &str, digest: &str| {
            memory.admit(&assertion, &node, Message { id, digest }, now())
        };
        let rounds = LINES_SPARE + 3 * MESSAGES_PER_NODE_MAX;
        for index in 0..rounds {
            assert_eq!(
                admit(&mut memory, &format!("m{index}"), "d").unwrap(),
                Admitted::New
            );
        }
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < rounds / 2, "{lines}");

        memory.notes.file.write_all(b"{\"node\":").unwrap();
        memory.notes.is_broken = true;
        assert_eq!(admit(&mut memory, "last", "d").unwrap(), Admitted::New);
        drop(memory);
        let mut memory = Memory::open(path, 10, now()).unwrap();
        assert_eq!(admit(&mut memory, "last", "d").unwrap(), Admitted::Repeat);
        assert!(admit(&mut memory, "last", "e").is_err());
        assert_eq!(memory.replay.entries().len(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn digests_are_read_back() {
        let digest: [u8; 32] = std::array::from_fn(|index| u8::try_from(index * 7).unwrap_or(255));
        assert_eq!(unhex(&hex(&digest)), Some(digest));
        assert_eq!(unhex("00"), None);
        assert_eq!(unhex(&"é".repeat(32)), None);
    }
}
