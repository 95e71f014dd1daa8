//! Following a journal: whole events in order, as they become durable.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokio::sync::watch;
use uuid::Uuid;

use crate::content::{CloseContent, OpenContent, SingleContent};
use crate::error::JournalError;
use crate::expire::Beginning;
use crate::place::{Place, find, list};
use crate::record::{FrameError, Kind, decode};
use crate::segment::{HEADER_BYTES, Header, is_room};
use crate::told::{EventId, Told};
use crate::verify::Fault;

/// Bytes asked for at once, at most and at the end that grows.
const CHUNK_MAX: usize = 256 * 1024;
const CHUNK_MIN: usize = 8 * 1024;

/// Reads whole events in the order of their ends, each once, from a journal that may grow, roll over and be
/// sealed meanwhile. Checkpoints and requests that have not ended are not told.
///
/// It trusts the folder, as [`crate::read`] does. Its methods block on the disk.
pub struct Follower {
    folder: PathBuf,
    after: u64,
    durable: Option<watch::Receiver<u64>>,
    source: Option<Source>,
    /// The number of the next record.
    next: u64,
    /// Opening parts whose closing part has not come, as JSON.
    requests: HashMap<u64, Vec<u8>>,
    /// Bytes of the event told last.
    told_bytes: usize,
}

impl Follower {
    /// Begins with the first event whose [`EventId::sequence`] is over `after`; 0 for all. A request that was
    /// opened earlier is told with both parts.
    ///
    /// What it finds in the files it tells, durable or not: for copies, and for journals of processes that
    /// ended. In the process that writes use [`crate::Journal::follow`].
    ///
    /// # Errors
    /// [`JournalError::Io`], [`JournalError::Damaged`].
    pub fn open(folder: &Path, after: u64) -> Result<Self, JournalError> {
        let mut follower = Self {
            folder: folder.to_owned(),
            after,
            durable: None,
            source: None,
            next: 1,
            requests: HashMap::new(),
            told_bytes: 0,
        };
        let beginning = Beginning::of(folder)?;
        let mut places = list(folder).map_err(JournalError::io("cannot read", folder))?;
        places.retain(|place| place.first >= beginning.kept);
        follower.requests.extend(
            beginning
                .open
                .into_iter()
                .map(|open| (open.sequence, open.opening.into_bytes())),
        );
        if let Some(place) = follower.start(&places, beginning.kept)? {
            follower.enter(place)?;
        }
        Ok(follower)
    }

    /// Tells only what this says is durable ([`crate::Journal::durable_watch`]).
    #[must_use]
    pub fn bounded_by(mut self, durable: watch::Receiver<u64>) -> Self {
        self.durable = Some(durable);
        self
    }

    /// The next event, or `None` if there is none now; ask again after [`crate::Journal::durable_watch`] changed.
    ///
    /// # Errors
    /// [`JournalError::Io`], [`JournalError::Damaged`], [`JournalError::Content`]. The same event is tried again
    /// by the next call.
    #[expect(clippy::should_implement_trait, reason = "it does not end at None")]
    pub fn next(&mut self) -> Result<Option<Told>, JournalError> {
        while self.may_read() {
            let Some(step) = self.step()? else {
                return Ok(None);
            };
            let told = self.see(&step)?;
            self.advance(&step);
            if told.is_some() {
                return Ok(told);
            }
        }
        Ok(None)
    }

    /// Bytes of the event that was told last, as its records hold it.
    pub fn told_bytes(&self) -> usize {
        self.told_bytes
    }

    /// The number of the next record that it will read.
    pub fn next_sequence(&self) -> u64 {
        self.next
    }

    /// The segment to begin with: the one that holds the oldest request that was open at `after`.
    fn start(&self, places: &[Place], kept: u64) -> Result<Option<Place>, JournalError> {
        let holding = |sequence: u64| places.iter().rev().find(|place| place.first <= sequence);
        let Some(place) = holding(self.after.saturating_add(1)).or(places.first()) else {
            return Ok(None);
        };
        let header = Source::open(&self.folder, place)?.header;
        if header.oldest_open == 0 {
            return Ok(Some(place.clone()));
        }
        let older = holding(header.oldest_open.max(kept)).ok_or_else(|| self.damaged(Fault::Missing))?;
        Ok(Some(older.clone()))
    }

    fn may_read(&self) -> bool {
        self.durable
            .as_ref()
            .is_none_or(|durable| self.next <= *durable.borrow())
    }

    /// The next record; none if it is not there yet.
    fn step(&mut self) -> Result<Option<Step>, JournalError> {
        loop {
            let fault = match self.source.as_ref().map(Source::frame) {
                Some(Ok(step)) if step.sequence == self.next => return Ok(Some(step)),
                Some(Ok(step)) => {
                    return Err(self.damaged(Fault::Sequence { found: step.sequence }));
                }
                Some(Err(FrameError::Incomplete)) | None => Fault::Incomplete,
                Some(Err(error)) => Fault::from(error),
            };
            if !self.more(fault)? {
                return Ok(None);
            }
        }
    }

    /// Reads more, or goes on to the next segment; false if neither is there. `fault` is what stands in the
    /// way: it is one only where something must follow.
    fn more(&mut self, fault: Fault) -> Result<bool, JournalError> {
        if let Some(source) = &mut self.source
            && (source.fill()? || source.reopen(&self.folder)?)
        {
            return Ok(true);
        }
        let following = find(&self.folder, self.next)
            .map_err(JournalError::io("cannot read", &self.folder))?
            .filter(|place| {
                self.source
                    .as_ref()
                    .is_none_or(|source| source.place.first != place.first)
            });
        let Some(place) = following else {
            return self.nothing(fault);
        };
        if let Some(source) = &mut self.source {
            // What came between the last look and the new segment.
            if source.fill()? {
                return Ok(true);
            }
            if !source.rest().is_empty() {
                return Err(self.damaged(fault));
            }
        }
        self.enter(place)?;
        Ok(true)
    }

    /// What is durable must be there, and what stands before a later segment.
    fn nothing(&mut self, fault: Fault) -> Result<bool, JournalError> {
        let later = list(&self.folder)
            .map_err(JournalError::io("cannot read", &self.folder))?
            .last()
            .is_some_and(|place| place.first > self.next);
        // The writer may have ended this segment and begun the next one since the last look.
        if let Some(source) = &mut self.source
            && source.fill()?
        {
            return Ok(true);
        }
        match (later, &self.source) {
            (false, _) if self.durable.is_none() => Ok(false),
            (true, Some(source)) if source.rest().is_empty() => Err(self.damaged(Fault::Missing)),
            _ => Err(self.damaged(fault)),
        }
    }

    fn enter(&mut self, place: Place) -> Result<(), JournalError> {
        let source = Source::open(&self.folder, &place)?;
        let same = self
            .source
            .as_ref()
            .is_none_or(|before| before.header.journal == source.header.journal);
        if source.header.first != place.first || !same {
            return Err(self.damaged(Fault::Header));
        }
        self.next = place.first;
        self.source = Some(source);
        Ok(())
    }

    /// What the record ends, if it ends something.
    fn see(&mut self, step: &Step) -> Result<Option<Told>, JournalError> {
        let Some(source) = &self.source else {
            return Ok(None);
        };
        let payload = source.buffer.get(step.payload.clone()).unwrap_or_default();
        let wanted = step.sequence > self.after;
        match step.kind {
            Kind::Checkpoint => Ok(None),
            Kind::Open => {
                self.requests.insert(step.sequence, payload.to_vec());
                Ok(None)
            }
            Kind::Single if wanted => {
                self.told_bytes = payload.len();
                let single: SingleContent = parse(step.sequence, payload)?;
                Ok(Some(Told {
                    id: id(source.header.journal, step),
                    began: single.stamp,
                    ended: single.stamp,
                    event: single.event,
                }))
            }
            Kind::Single => Ok(None),
            Kind::Close if wanted => {
                let close: CloseContent = parse(step.sequence, payload)?;
                let opened = self.requests.get(&close.opened).map_or(0, Vec::len);
                self.told_bytes = opened + payload.len();
                let told = self.joined(id(source.header.journal, step), close)?;
                Ok(Some(told))
            }
            Kind::Close => {
                let closed: Closed = parse(step.sequence, payload)?;
                self.requests.remove(&closed.opened);
                Ok(None)
            }
        }
    }

    fn joined(&mut self, id: EventId, close: CloseContent) -> Result<Told, JournalError> {
        let open = self
            .requests
            .get(&close.opened)
            .ok_or_else(|| self.damaged(Fault::Missing))?;
        let open: OpenContent = parse(close.opened, open)?;
        self.requests.remove(&close.opened);
        Ok(Told {
            id,
            began: open.stamp,
            ended: close.stamp,
            event: crate::event::Event {
                opening: open.opening,
                closing: close.closing,
            },
        })
    }

    fn advance(&mut self, step: &Step) {
        self.next += 1;
        if let Some(source) = &mut self.source {
            source.consumed += step.bytes;
        }
    }

    fn damaged(&self, verdict: Fault) -> JournalError {
        JournalError::Damaged {
            folder: self.folder.clone(),
            verdict,
        }
    }
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower")
            .field("folder", &self.folder)
            .field("next", &self.next)
            .field("requests", &self.requests.len())
            .finish_non_exhaustive()
    }
}

/// The part of a closing record that says what it closes.
#[derive(Deserialize)]
struct Closed {
    opened: u64,
}

fn id(journal: Uuid, step: &Step) -> EventId {
    EventId {
        journal,
        sequence: step.sequence,
    }
}

fn parse<'a, T: Deserialize<'a>>(sequence: u64, payload: &'a [u8]) -> Result<T, JournalError> {
    serde_json::from_slice(payload).map_err(|_| JournalError::Content { sequence })
}

/// A record in the buffer.
struct Step {
    sequence: u64,
    kind: Kind,
    payload: Range<usize>,
    bytes: usize,
}

/// A segment that is being read.
struct Source {
    place: Place,
    header: Header,
    reading: Reading,
    inode: Option<u64>,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are done with.
    consumed: usize,
    /// Bytes of the segment before the buffer.
    before: u64,
    /// How many bytes are read next: few where the end is near.
    chunk: usize,
}

impl Source {
    fn open(folder: &Path, place: &Place) -> Result<Self, JournalError> {
        match Self::open_at(folder, place) {
            // Sealed or moved since it was looked for.
            Err(JournalError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let now = find(folder, place.first).map_err(JournalError::io("cannot read", folder))?;
                Self::open_at(folder, now.as_ref().unwrap_or(place))
            }
            opened => opened,
        }
    }

    fn open_at(folder: &Path, place: &Place) -> Result<Self, JournalError> {
        let open = || -> io::Result<_> {
            let inode = inode(&place.path)?;
            let mut reading = Reading::of(place)?;
            let mut header = Vec::with_capacity(HEADER_BYTES);
            reading.read(0, HEADER_BYTES as u64, &mut header)?;
            Ok((inode, reading, header))
        };
        let (inode, reading, header) = open().map_err(JournalError::io("cannot read", &place.path))?;
        let (header, _) = Header::decode(&header).ok_or_else(|| JournalError::Damaged {
            folder: folder.to_owned(),
            verdict: Fault::Header,
        })?;
        Ok(Self {
            place: place.clone(),
            header,
            reading,
            inode,
            buffer: Vec::new(),
            consumed: 0,
            before: HEADER_BYTES as u64,
            chunk: CHUNK_MAX,
        })
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.consumed..).unwrap_or_default()
    }

    fn frame(&self) -> Result<Step, FrameError> {
        let rest = self.rest();
        let frame = decode(rest).map_err(|error| {
            // Room that was not written yet.
            if is_room(rest) {
                FrameError::Incomplete
            } else {
                error
            }
        })?;
        let start = self.consumed + crate::record::PREFIX;
        Ok(Step {
            sequence: frame.sequence,
            kind: frame.kind,
            payload: start..start + frame.payload.len(),
            bytes: frame.bytes,
        })
    }

    /// Reads more of the file, and what could not be read as a record once more; false if there is nothing new.
    fn fill(&mut self) -> Result<bool, JournalError> {
        self.buffer.drain(..self.consumed);
        self.before += self.consumed as u64;
        self.consumed = 0;
        let fresh = self
            .reading
            .fill(self.before, self.chunk, &mut self.buffer)
            .map_err(JournalError::io("cannot read", &self.place.path))?;
        let in_room = self.buffer.last().is_none_or(|byte| *byte == 0);
        self.chunk = if in_room {
            CHUNK_MIN
        } else {
            (self.chunk * 2).min(CHUNK_MAX)
        };
        Ok(fresh)
    }

    /// A process that starts after a crash writes the end of a journal anew, as another file of that name.
    fn reopen(&mut self, folder: &Path) -> Result<bool, JournalError> {
        let now = inode(&self.place.path).map_err(JournalError::io("cannot read", &self.place.path))?;
        if now.is_none() || now == self.inode {
            return Ok(false);
        }
        let mut fresh = Self::open(folder, &self.place)?;
        let done = (self.before + self.consumed as u64).saturating_sub(HEADER_BYTES as u64);
        (fresh.reading.skip(done)).map_err(JournalError::io("cannot read", &self.place.path))?;
        fresh.before += done;
        *self = fresh;
        Ok(true)
    }
}

/// How a segment is read.
enum Reading {
    /// At any place, since it may still be written to.
    Plain(File),
    /// From its beginning to its end.
    Sealed(Box<dyn Read + Send>),
}

impl Reading {
    fn of(place: &Place) -> io::Result<Self> {
        if place.sealed {
            place.stream().map(Self::Sealed)
        } else {
            File::open(&place.path).map(Self::Plain)
        }
    }

    /// Appends up to `bytes` bytes that stand at `at`: of a sealed segment the next ones.
    fn read(&mut self, at: u64, bytes: u64, into: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Plain(file) => {
                file.seek(SeekFrom::Start(at))?;
                file.take(bytes).read_to_end(into)
            }
            Self::Sealed(stream) => stream.take(bytes).read_to_end(into),
        }
    }

    /// Makes `buffer`, which holds what stands at `at`, hold more; false if it holds the same after that.
    fn fill(&mut self, at: u64, chunk: usize, buffer: &mut Vec<u8>) -> io::Result<bool> {
        if let Self::Sealed(_) = self {
            return Ok(self.read(at, chunk as u64, buffer)? > 0);
        }
        // What was read as room may be a record by now.
        let before = std::mem::take(buffer);
        self.read(at, (before.len() + chunk) as u64, buffer)?;
        Ok(*buffer != before)
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Sealed(stream) => io::copy(&mut stream.take(bytes), &mut io::sink()).map(|_| ()),
        }
    }
}

/// None if the file is gone: it was sealed, and who has it open reads on.
fn inode(path: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
