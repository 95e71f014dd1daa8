//! Reading a journal's end at the start of a process.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::chain::sha256_hex;
use crate::checkpoint;
use crate::content::{Content, OpenContent};
use crate::error::JournalError;
use crate::expire::Beginning;
use crate::medium::{Medium, sync_folder};
use crate::place::{Place, list, plain};
use crate::record::Frame;
use crate::segment::{After, Cursor, HEADER_BYTES, Header};
use crate::verify::Fault;

/// A request whose process died before the closing part.
#[derive(Clone)]
pub struct Unfinished {
    /// The number of its opening record.
    pub sequence: u64,
    /// What it said.
    pub content: OpenContent,
}

impl std::fmt::Debug for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Unfinished")
            .field(&self.sequence)
            .field(&self.content.opening)
            .finish()
    }
}

/// The end of a journal that was incomplete, and is set aside.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Torn {
    /// How many bytes.
    pub bytes: u64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
    /// The file that holds them now.
    pub file: PathBuf,
}

/// Where to go on writing.
#[derive(Debug)]
pub(crate) struct Tail {
    pub(crate) journal: Uuid,
    pub(crate) cursor: Cursor,
    /// The segment to append to, and its size; none in a new journal, and where the last segment is sealed.
    pub(crate) segment: Option<(PathBuf, u64)>,
    pub(crate) unfinished: Vec<Unfinished>,
    pub(crate) torn: Option<Torn>,
}

/// Reads the end of the journal in `folder`, sets an incomplete record aside, and makes sure that what
/// is left is on the disk.
pub(crate) fn recover(folder: &Path, fresh: impl FnOnce() -> Uuid) -> Result<Tail, JournalError> {
    let mut segments = list(folder).map_err(JournalError::io("cannot read", folder))?;
    drop_unborn(folder, &mut segments)?;
    let Some(last) = segments.last().cloned() else {
        not_cut(folder, Cursor::START)?;
        let journal = fresh();
        return Ok(Tail {
            journal,
            cursor: Cursor::START,
            segment: None,
            unfinished: Vec::new(),
            torn: None,
        });
    };
    let bytes = read(folder, &last)?;
    let damaged = |fault| JournalError::Damaged {
        folder: folder.to_owned(),
        verdict: fault,
    };
    let (header, records) = Header::decode(&bytes)
        .filter(|(header, _)| header.first == last.first)
        .ok_or_else(|| damaged(Fault::Header))?;
    let mut requests = Requests::before(&segments, &header, folder)?;
    let mut cursor = Cursor {
        next: last.first,
        link: header.link,
    };
    let mut ended = false;
    let after = After::of(&last, true);
    let good = match cursor.walk(records, after, |frame, _| see(frame, &mut requests, &mut ended)) {
        Ok(good) => good,
        Err((offset, fault)) => {
            torn_or_damaged(folder, cursor, fault).map_err(damaged)?;
            ended = false;
            offset
        }
    };
    not_cut(folder, cursor)?;
    let size = (HEADER_BYTES + good) as u64;
    let torn = set_aside(folder, cursor.next, records.get(good..).unwrap_or_default())?;
    let in_order = ended && good == records.len();
    if !in_order && !last.sealed {
        rewrite(&last.path, bytes.get(..HEADER_BYTES + good).unwrap_or_default())?;
    }
    Ok(Tail {
        journal: header.journal,
        cursor,
        segment: (!last.sealed).then_some((last.path, size)),
        unfinished: requests.unfinished(),
        torn,
    })
}

/// A crash while a segment was begun leaves a file without a whole header: nothing is lost with it.
fn drop_unborn(folder: &Path, segments: &mut Vec<Place>) -> Result<(), JournalError> {
    let Some(Place {
        path: last,
        sealed: false,
        ..
    }) = segments.last()
    else {
        return Ok(());
    };
    let bytes = fs::metadata(last)
        .map_err(JournalError::io("cannot read", last))?
        .len();
    if bytes < HEADER_BYTES as u64 {
        fs::remove_file(last).map_err(JournalError::io("cannot remove", last))?;
        sync_folder(folder).map_err(JournalError::io("cannot sync", folder))?;
        segments.pop();
    }
    Ok(())
}

fn see(frame: &Frame<'_>, requests: &mut Requests, ended: &mut bool) -> Result<(), Fault> {
    *ended = false;
    match Content::read(frame) {
        Ok(Content::Checkpoint(checkpoint)) => *ended = checkpoint.end,
        Ok(content) => requests.see(frame.sequence, content),
        // Its bytes are as written; only a later release understands them.
        Err(_) => {}
    }
    Ok(())
}

/// A crash leaves a record whose bytes are not all there, after the last checkpoint that was made known.
/// Anything else was done by somebody or by the disk, and must not be covered up by writing on.
fn torn_or_damaged(folder: &Path, cursor: Cursor, fault: Fault) -> Result<(), Fault> {
    let torn = matches!(fault, Fault::Incomplete | Fault::Damaged);
    let vouched = checkpoint::read(folder)
        .ok()
        .flatten()
        .is_some_and(|known| known.sequence >= cursor.next);
    if torn && !vouched { Ok(()) } else { Err(fault) }
}

/// A checkpoint is made known only when its record is on the disk: no crash takes that record away.
fn not_cut(folder: &Path, cursor: Cursor) -> Result<(), JournalError> {
    let known = checkpoint::read(folder).map_err(JournalError::io("cannot read", folder))?;
    if known.is_some_and(|known| known.sequence >= cursor.next) {
        return Err(JournalError::Damaged {
            folder: folder.to_owned(),
            verdict: Fault::Cut,
        });
    }
    Ok(())
}

fn set_aside(folder: &Path, next: u64, bytes: &[u8]) -> Result<Option<Torn>, JournalError> {
    // Room ahead is not part of what was torn.
    let written = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    let bytes = bytes.get(..written).unwrap_or_default();
    if bytes.is_empty() {
        return Ok(None);
    }
    let sha256 = sha256_hex(bytes);
    let short: String = sha256.chars().take(8).collect();
    let file = folder.join(format!("torn-{next:020}-{short}.bin"));
    write(&file, bytes)?;
    Ok(Some(Torn {
        bytes: bytes.len() as u64,
        sha256,
        file,
    }))
}

/// After a sync that failed, the page cache may show what the disk does not hold. So the end of a
/// journal that was not closed in order is written anew, under another name, before it is built upon.
fn rewrite(segment: &Path, good: &[u8]) -> Result<(), JournalError> {
    let mut name = segment.as_os_str().to_owned();
    name.push(".new");
    let fresh = PathBuf::from(name);
    write(&fresh, good)?;
    fs::rename(&fresh, segment).map_err(JournalError::io("cannot rename", &fresh))?;
    segment
        .parent()
        .map_or(Ok(()), sync_folder)
        .map_err(JournalError::io("cannot sync", segment))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let write = || -> std::io::Result<()> {
        let mut file: File = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(JournalError::io("cannot write", path))
}

fn read(folder: &Path, place: &Place) -> Result<Vec<u8>, JournalError> {
    place
        .bytes_wherever(folder)
        .map_err(|unread| unread.in_journal(folder, &place.path))
}

/// The requests that are open after the records seen so far.
#[derive(Default)]
struct Requests(BTreeMap<u64, OpenContent>);

impl Requests {
    /// Those that were open when the last segment began, read from the segments before it.
    fn before(segments: &[Place], last: &Header, folder: &Path) -> Result<Self, JournalError> {
        let mut requests = Self::default();
        if last.oldest_open == 0 {
            return Ok(requests);
        }
        let beginning = Beginning::of(folder)?;
        if last.oldest_open < beginning.kept {
            requests.opened_before(beginning)?;
        } else if segments
            .first()
            .is_none_or(|place| place.first > last.oldest_open)
        {
            return Err(JournalError::Damaged {
                folder: folder.to_owned(),
                verdict: Fault::Missing,
            });
        }
        let relevant = segments.iter().enumerate().filter(|(at, place)| {
            let ends = segments.get(at + 1).map_or(u64::MAX, |next| next.first);
            place.first < last.first && ends > last.oldest_open
        });
        for (_, place) in relevant {
            let bytes = read(folder, place)?;
            let damaged = |fault| JournalError::Damaged {
                folder: folder.to_owned(),
                verdict: fault,
            };
            let (header, records) = Header::decode(&bytes).ok_or_else(|| damaged(Fault::Header))?;
            let mut cursor = Cursor {
                next: place.first,
                link: header.link,
            };
            cursor
                .walk(records, After::Nothing, |frame, _| {
                    see(frame, &mut requests, &mut false)
                })
                .map_err(|(_, fault)| damaged(fault))?;
        }
        Ok(requests)
    }

    /// What was removed by policy left these.
    fn opened_before(&mut self, beginning: Beginning) -> Result<(), JournalError> {
        for open in beginning.open {
            let sequence = open.sequence;
            let content =
                serde_json::from_str(&open.opening).map_err(|_| JournalError::Content { sequence })?;
            self.0.insert(sequence, content);
        }
        Ok(())
    }

    fn see(&mut self, sequence: u64, content: Content) {
        match content {
            Content::Open(open) => {
                self.0.insert(sequence, *open);
            }
            Content::Close(close) => {
                self.0.remove(&close.opened);
            }
            Content::Single(_) | Content::Checkpoint(_) => {}
        }
    }

    fn unfinished(self) -> Vec<Unfinished> {
        self.0
            .into_iter()
            .map(|(sequence, content)| Unfinished { sequence, content })
            .collect()
    }
}

/// Makes the segment that begins at `cursor`; its header is on the disk when this returns.
pub(crate) fn begin_segment(
    medium: &Medium,
    folder: &Path,
    header: &Header,
) -> Result<PathBuf, JournalError> {
    let path = plain(folder, header.first);
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let fresh = PathBuf::from(name);
    write(&fresh, &header.encode())?;
    medium
        .rename(&fresh, &path)
        .map_err(JournalError::io("cannot make", &path))?;
    sync_folder(folder).map_err(JournalError::io("cannot sync", folder))?;
    Ok(path)
}
