//! The log of submissions that have begun in a local folder: which of them have not ended, whatever happens.
//!
//! Two files of a fixed length take turns, so that a flush writes bytes into blocks that are there and no
//! file is made or removed. When one is full the other begins with a copy of what is still open.
//!
//! ```text
//! file    magic 8 | generation 8 | length of the copy 4 | crc 4 | copy | records of this generation
//! record  length of the body 4 | crc 4 | kind 1 | submission 16 | body
//! ```
//!
//! A checksum covers the generation too, so that what an earlier turn left in the file is no record. A file
//! whose copy is not whole does not count: the other one still holds everything.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use bytes::Bytes;
use uuid::Uuid;

const NAMES: [&str; 2] = ["begun-0", "begun-1"];
const MAGIC: &[u8; 8] = b"RNKBGN1\n";
const HEADER: usize = 8 + 8 + 4 + 4;
const RECORD: usize = 4 + 4 + 1 + 16;
const BEGIN: u8 = 1;
const END: u8 = 2;

/// Bytes of a file, but for what is open at once and needs more.
const FILE_BYTES: usize = 128 * 1024;

/// The log. What it keeps of a submission is its sealed state.
pub(crate) struct Begun {
    files: [File; 2],
    /// Which file is written to.
    turn: bool,
    generation: u64,
    /// Where the next record goes.
    position: usize,
    bytes_max: usize,
    /// Records not yet written.
    waiting: Vec<u8>,
    open: BTreeMap<Uuid, Bytes>,
    /// A write failed: what the file holds is not known.
    broken: bool,
}

impl Begun {
    /// Opens the log in the data folder, or makes one, and says which submissions had not ended.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn open(root: &Path) -> std::io::Result<Self> {
        let [first, second] = NAMES.map(|name| root.join(name));
        let files = [file(&first)?, file(&second)?];
        let found = [read(&first)?, read(&second)?];
        let [first, second] = found.map(|bytes| Found::of(&bytes));
        let turn = second.generation > first.generation;
        let current = if turn { second } else { first };
        Ok(Self {
            files,
            turn,
            generation: current.generation,
            position: current.len,
            bytes_max: FILE_BYTES,
            waiting: Vec::new(),
            open: current.open,
            // The first write begins a file of its own: nothing is appended to an end that may be torn.
            broken: true,
        })
    }

    /// Notes a submission; lasting after [`Begun::flush`].
    pub(crate) fn begin(&mut self, id: Uuid, state: Bytes) {
        append(&mut self.waiting, self.generation, BEGIN, id, &state);
        self.open.insert(id, state);
    }

    /// Notes that a submission has ended; lasting after a later [`Begun::flush`]. It does no harm if that is lost.
    pub(crate) fn end(&mut self, id: Uuid) {
        if self.open.remove(&id).is_some() {
            append(&mut self.waiting, self.generation, END, id, &[]);
        }
    }

    /// The sealed states of the submissions that have not ended.
    pub(crate) fn states(&self) -> impl Iterator<Item = (Uuid, &Bytes)> {
        self.open.iter().map(|(id, state)| (*id, state))
    }

    /// The sealed state of one.
    pub(crate) fn state(&self, id: Uuid) -> Option<&Bytes> {
        self.open.get(&id)
    }

    /// Whether there is something to write.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Writes what was noted.
    ///
    /// # Errors
    /// The file system's. What was noted since the last success may be lost; a later call writes all that
    /// is open again.
    pub(crate) fn write(&mut self) -> std::io::Result<()> {
        let end = self.position.saturating_add(self.waiting.len());
        if self.broken || end > self.bytes_max {
            return self.turn_over();
        }
        self.broken = true;
        self.current().write_all_at(&self.waiting, self.position as u64)?;
        self.broken = false;
        self.position = end;
        self.waiting.clear();
        Ok(())
    }

    /// Writes what was noted, and waits until it lasts.
    ///
    /// # Errors
    /// As [`Begun::write`].
    pub(crate) fn flush(&mut self) -> std::io::Result<()> {
        self.write()?;
        self.broken = true;
        self.current().sync_data()?;
        self.broken = false;
        Ok(())
    }

    fn current(&self) -> &File {
        self.file(self.turn)
    }

    fn file(&self, second: bool) -> &File {
        let [first, other] = &self.files;
        if second { other } else { first }
    }

    /// Goes on in the other file, which begins with all that is open. The one before holds as long as that
    /// is not done.
    fn turn_over(&mut self) -> std::io::Result<()> {
        self.broken = true;
        self.generation = self.generation.saturating_add(1);
        let mut copy = Vec::new();
        for (id, state) in &self.open {
            append(&mut copy, self.generation, BEGIN, *id, state);
        }
        let mut bytes = header(self.generation, &copy);
        bytes.append(&mut copy);
        let other = self.file(!self.turn);
        other.write_all_at(&bytes, 0)?;
        other.sync_data()?;
        self.turn = !self.turn;
        self.broken = false;
        self.position = bytes.len();
        self.bytes_max = FILE_BYTES.max(bytes.len().saturating_mul(2));
        self.waiting.clear();
        Ok(())
    }
}

/// What a file holds.
#[derive(Default)]
struct Found {
    generation: u64,
    open: BTreeMap<Uuid, Bytes>,
    len: usize,
}

impl Found {
    /// Nothing, when the copy at its beginning is not whole.
    fn of(bytes: &[u8]) -> Self {
        Self::read(bytes).unwrap_or_default()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(HEADER)?;
        let head = head.strip_prefix(MAGIC)?;
        let (generation, head) = head.split_first_chunk::<8>()?;
        let generation = u64::from_le_bytes(*generation);
        let (len, _) = head.split_first_chunk::<4>()?;
        let copy = rest.get(..usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
        if !bytes.starts_with(&header(generation, copy)) {
            return None;
        }
        let mut found = Self {
            generation,
            ..Self::default()
        };
        let mut left = rest;
        while let Some(record) = Record::read(generation, left) {
            left = record.rest;
            match record.kind {
                BEGIN => drop(found.open.insert(record.id, Bytes::copy_from_slice(record.body))),
                _ => drop(found.open.remove(&record.id)),
            }
        }
        found.len = bytes.len() - left.len();
        Some(found)
    }
}

struct Record<'a> {
    kind: u8,
    id: Uuid,
    body: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record at the front, unless it is torn, or what an earlier turn left.
    fn read(generation: u64, bytes: &'a [u8]) -> Option<Self> {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (body, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
        let id = Uuid::from_bytes(*id);
        let whole = checksum(generation, *kind, id, body) == u32::from_le_bytes(*crc);
        (whole && matches!(*kind, BEGIN | END)).then_some(Self {
            kind: *kind,
            id,
            body,
            rest,
        })
    }
}

fn append(to: &mut Vec<u8>, generation: u64, kind: u8, id: Uuid, body: &[u8]) {
    to.reserve(RECORD + body.len());
    to.extend_from_slice(&length(body).to_le_bytes());
    to.extend_from_slice(&checksum(generation, kind, id, body).to_le_bytes());
    to.push(kind);
    to.extend_from_slice(id.as_bytes());
    to.extend_from_slice(body);
}

fn header(generation: u64, copy: &[u8]) -> Vec<u8> {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&generation.to_le_bytes());
    crc.update(&length(copy).to_le_bytes());
    crc.update(copy);
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&generation.to_le_bytes());
    bytes.extend_from_slice(&length(copy).to_le_bytes());
    bytes.extend_from_slice(&crc.finalize().to_le_bytes());
    bytes
}

fn checksum(generation: u64, kind: u8, id: Uuid, body: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&generation.to_le_bytes());
    crc.update(&[kind]);
    crc.update(id.as_bytes());
    crc.update(body);
    crc.finalize()
}

/// A state is far smaller than 4 GiB; what is not could not be read back, and fails the checksum.
fn length(body: &[u8]) -> u32 {
    u32::try_from(body.len()).unwrap_or(u32::MAX)
}

/// The file, its blocks on the disk already.
fn file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => options.open(path),
        made => {
            let mut file = made?;
            file.write_all(&vec![0; FILE_BYTES])?;
            file.sync_all()?;
            Ok(file)
        }
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Dir(std::path::PathBuf);

    impl Dir {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("renkei-begun-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn open(&self) -> Vec<u128> {
            let begun = Begun::open(&self.0).unwrap();
            begun.states().map(|(id, _)| id.as_u128()).collect()
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn what_has_not_ended_is_found_through_many_turns() {
        let dir = Dir::new("turns");
        let mut begun = Begun::open(&dir.0).unwrap();
        begun.begin(id(1), Bytes::from_static(b"stays"));
        begun.flush().unwrap();
        for n in 2..2_000 {
            begun.begin(id(n), vec![7; 1_000].into());
            begun.flush().unwrap();
            if n % 100 == 0 {
                assert_eq!(dir.open(), [1, n], "while {n} is open");
            }
            begun.end(id(n));
        }
        begun.write().unwrap();
        assert_eq!(dir.open(), [1]);
        assert_eq!(begun.state(id(1)).unwrap(), &b"stays"[..]);
        let bytes: u64 = NAMES
            .iter()
            .map(|name| dir.0.join(name).metadata().unwrap().len())
            .sum();
        assert_eq!(bytes, 2 * FILE_BYTES as u64);
    }

    #[test]
    fn a_torn_end_is_no_submission_and_hides_none() {
        let dir = Dir::new("torn");
        let mut begun = Begun::open(&dir.0).unwrap();
        begun.begin(id(1), Bytes::from_static(b"whole"));
        begun.flush().unwrap();
        let before = begun.position;
        begun.begin(id(2), Bytes::from_static(b"torn"));
        begun.flush().unwrap();
        let path = dir.0.join(NAMES[usize::from(begun.turn)]);
        let whole = std::fs::read(&path).unwrap();
        for kept in before..begun.position {
            let mut torn = whole.clone();
            torn[kept..begun.position].fill(0);
            std::fs::write(&path, torn).unwrap();
            assert_eq!(dir.open(), [1], "{kept} bytes");
        }
        std::fs::write(&path, whole).unwrap();
        assert_eq!(dir.open(), [1, 2]);
    }

    #[test]
    fn a_turn_that_was_cut_leaves_the_file_before_in_force() {
        let dir = Dir::new("cut");
        let mut begun = Begun::open(&dir.0).unwrap();
        begun.begin(id(1), Bytes::from_static(b"one"));
        begun.flush().unwrap();
        begun.begin(id(2), Bytes::from_static(b"two"));
        begun.flush().unwrap();
        begun.turn_over().unwrap();
        let path = dir.0.join(NAMES[usize::from(begun.turn)]);
        let whole = std::fs::read(&path).unwrap();
        for kept in 0..begun.position {
            let mut torn = whole.clone();
            torn[kept..begun.position].fill(0);
            std::fs::write(&path, torn).unwrap();
            assert_eq!(dir.open(), [1, 2], "{kept} bytes");
        }
    }

    #[test]
    fn what_an_earlier_turn_left_is_no_record() {
        let dir = Dir::new("earlier");
        let mut begun = Begun::open(&dir.0).unwrap();
        for n in 1..=3 {
            begun.begin(id(n), Bytes::from_static(b"same length"));
            begun.flush().unwrap();
        }
        (1..=3).for_each(|n| begun.end(id(n)));
        begun.turn_over().unwrap();
        begun.turn_over().unwrap();
        begun.begin(id(4), Bytes::from_static(b"same length"));
        begun.flush().unwrap();
        assert_eq!(dir.open(), [4]);
    }
}
