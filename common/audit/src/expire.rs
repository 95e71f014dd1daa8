//! Removing the oldest segments when the law and the policy allow it, and the signed note that says so.
//!
//! The note binds what is left: it names the first record that was kept and the link before it, signed with the
//! node's audit key. Without it a journal that does not begin with record 1 is not whole.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::archive::{remove, write_whole};
use crate::chain::{Link, hex, leaf, link_from_hex};
use crate::checkpoint::{AuditKey, PublicKey};
use crate::content::Content;
use crate::error::JournalError;
use crate::place::{Place, list};
use crate::record::Kind;
use crate::segment::{Header, Records};
use crate::verify::Fault;

/// The file in a journal's folder that holds the notes, oldest first.
pub const FILE: &str = "removed.json";

/// Years that an audit trail is kept at least: three from the making of the record of a provision to a third party
/// (Act on the Protection of Personal Information, articles 29 and 30).
pub const RETENTION_YEARS_MIN: u32 = 3;
/// Years that it is kept unless told otherwise: as long as a medical record (Medical Practitioners' Act, article 24).
pub const RETENTION_YEARS: u32 = 5;

/// What was removed from the beginning of a journal.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    /// The journal.
    pub journal: Uuid,
    /// The first record that was removed.
    pub first: u64,
    /// The first record that was kept.
    pub kept: u64,
    /// The link before that one, in hexadecimal.
    pub link: String,
    /// The time of the newest record that was removed.
    #[serde(with = "time::serde::rfc3339")]
    pub newest: OffsetDateTime,
    /// When it was done.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who did it.
    pub by: String,
    /// Requests that were open at the first record that was kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<StillOpen>,
    /// The first 16 hexadecimal digits of the public key's SHA-256.
    pub key: String,
    /// Ed25519 over [`Removal::text`], in base64.
    pub signature: String,
}

impl Removal {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let mut text = format!(
            "renkei audit removal 1\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            self.journal,
            self.first,
            self.kept,
            self.link,
            self.newest.unix_timestamp_nanos(),
            self.at.unix_timestamp_nanos(),
            self.by
        );
        for open in &self.open {
            let leaf = hex(&leaf(open.sequence, Kind::Open, open.opening.as_bytes()));
            text.push_str(&format!("{} {leaf}\n", open.sequence));
        }
        text
    }

    /// Whether `key` signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.key == key.id() && key.verifies(&self.text(), &self.signature)
    }

    /// Whether it vouches for a segment that begins so.
    pub(crate) fn allows(&self, header: &Header) -> bool {
        self.journal == header.journal
            && self.kept == header.first
            && link_from_hex(&self.link) == Some(header.link)
    }
}

/// The opening part of a request that had not ended where a removal ended: its closing part is in what is kept, and
/// would tell nothing without it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StillOpen {
    /// The number of the record.
    pub sequence: u64,
    /// Its JSON, as it was in the journal.
    pub opening: String,
}

/// Where a journal begins after what was removed.
pub(crate) struct Beginning {
    /// The first record that counts. Segments before it may be left by a removal that was interrupted.
    pub(crate) kept: u64,
    /// Requests that were open there.
    pub(crate) open: Vec<StillOpen>,
}

impl Beginning {
    pub(crate) fn of(folder: &Path) -> Result<Self, JournalError> {
        let last = removals(folder)?.pop();
        Ok(last.map_or_else(
            || Self {
                kept: 1,
                open: Vec::new(),
            },
            |removal| Self {
                kept: removal.kept,
                open: removal.open,
            },
        ))
    }
}

/// Which segments may go: those whose newest record is older than `before`. The last one stays.
pub(crate) struct Expired {
    segments: Vec<Place>,
    journal: Uuid,
    first: u64,
    kept: u64,
    link: Link,
    newest: OffsetDateTime,
    open: Vec<StillOpen>,
}

impl Expired {
    /// Finds them; `None` if there are none.
    pub(crate) fn find(folder: &Path, before: OffsetDateTime) -> Result<Option<Self>, JournalError> {
        let beginning = Beginning::of(folder)?;
        let places = list(folder).map_err(JournalError::io("cannot read", folder))?;
        let (mut old, places): (Vec<Place>, Vec<Place>) =
            places.into_iter().partition(|place| place.first < beginning.kept);
        let first = places.first().map_or(beginning.kept, |place| place.first);
        let mut seen = Seen::after(beginning.open);
        let mut found = None;
        for (place, next) in places.iter().zip(places.iter().skip(1)) {
            if seen.segment(folder, place)?.is_none_or(|newest| newest >= before) {
                break;
            }
            old.push(place.clone());
            let header = header_of(folder, next)?;
            found = Some(Self {
                segments: old.clone(),
                journal: header.journal,
                first,
                kept: header.first,
                link: header.link,
                newest: seen.newest,
                open: seen.open(),
            });
        }
        Ok(found)
    }

    /// The note about them.
    pub(crate) fn sign(&self, key: &AuditKey, at: OffsetDateTime, by: &str) -> Removal {
        let mut removal = Removal {
            journal: self.journal,
            first: self.first,
            kept: self.kept,
            link: hex(&self.link),
            newest: self.newest,
            at,
            by: by.to_owned(),
            open: self.open.clone(),
            key: key.public().id(),
            signature: String::new(),
        };
        removal.signature = key.signature(&removal.text());
        removal
    }

    /// Removes them, oldest first; the note about it is on the disk before.
    pub(crate) fn remove(&self, folder: &Path, removal: &Removal) -> Result<(), JournalError> {
        let mut removals = removals(folder)?;
        removals.push(removal.clone());
        let text = serde_json::to_vec_pretty(&removals)
            .map_err(io::Error::from)
            .map_err(JournalError::io("cannot write", &folder.join(FILE)))?;
        write_whole(&folder.join(FILE), &text)?;
        self.segments.iter().try_for_each(|place| remove(&place.path))
    }
}

/// The notes of the journal in `folder`, oldest first.
///
/// # Errors
/// [`JournalError::Io`], also if the file is not what it should be.
pub fn removals(folder: &Path) -> Result<Vec<Removal>, JournalError> {
    let path = folder.join(FILE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(JournalError::io("cannot read", &path)(source)),
    };
    serde_json::from_slice(&text)
        .map_err(io::Error::from)
        .map_err(JournalError::io("cannot read", &path))
}

/// Before which time records may go at `now`.
///
/// `years` counts as at least [`RETENTION_YEARS_MIN`].
pub fn retained_since(now: OffsetDateTime, years: u32) -> OffsetDateTime {
    // A leap day too many rather than one too few.
    now - Duration::days(i64::from(years.max(RETENTION_YEARS_MIN)) * 366)
}

fn header_of(folder: &Path, place: &Place) -> Result<Header, JournalError> {
    let bytes = place
        .bytes_wherever(folder)
        .map_err(|unread| unread.in_journal(folder, &place.path))?;
    Header::decode(&bytes)
        .map(|(header, _)| header)
        .ok_or_else(|| damaged(folder, Fault::Header))
}

/// What went by so far.
struct Seen {
    newest: OffsetDateTime,
    open: BTreeMap<u64, String>,
}

impl Seen {
    fn after(open: Vec<StillOpen>) -> Self {
        Self {
            newest: OffsetDateTime::UNIX_EPOCH,
            open: open
                .into_iter()
                .map(|open| (open.sequence, open.opening))
                .collect(),
        }
    }

    /// The newest time in a segment, by the wall clock; none in an empty one.
    fn segment(&mut self, folder: &Path, place: &Place) -> Result<Option<OffsetDateTime>, JournalError> {
        let bytes = place
            .bytes_wherever(folder)
            .map_err(|unread| unread.in_journal(folder, &place.path))?;
        let (_, records) = Header::decode(&bytes).ok_or_else(|| damaged(folder, Fault::Header))?;
        let mut newest = None;
        for frame in Records(records) {
            let frame = frame.map_err(|error| damaged(folder, error.into()))?;
            let content = Content::read(&frame)?;
            newest = newest.max(Some(time_of(&content)));
            match content {
                Content::Open(_) => {
                    let text = String::from_utf8_lossy(frame.payload).into_owned();
                    self.open.insert(frame.sequence, text);
                }
                Content::Close(close) => {
                    self.open.remove(&close.opened);
                }
                Content::Single(_) | Content::Checkpoint(_) => {}
            }
        }
        self.newest = newest.map_or(self.newest, |newest| newest.max(self.newest));
        Ok(newest)
    }

    fn open(&self) -> Vec<StillOpen> {
        self.open
            .iter()
            .map(|(sequence, opening)| StillOpen {
                sequence: *sequence,
                opening: opening.clone(),
            })
            .collect()
    }
}

fn time_of(content: &Content) -> OffsetDateTime {
    match content {
        Content::Open(open) => open.stamp.at,
        Content::Close(close) => close.stamp.at,
        Content::Single(single) => single.stamp.at,
        Content::Checkpoint(checkpoint) => checkpoint.at,
    }
}

fn damaged(folder: &Path, verdict: Fault) -> JournalError {
    JournalError::Damaged {
        folder: folder.to_owned(),
        verdict,
    }
}
