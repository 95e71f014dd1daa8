//! Finds the delimiter in a stream of chunks, copying only where it may straddle two of them.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memmem::Finder;

/// What stands next in the stream.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Found {
    /// Bytes that belong to no delimiter; never empty.
    Data(Bytes),
    /// A delimiter up to the end of the boundary; it has been passed over, the line end before it too.
    Delimiter,
    /// Nothing can be said before more input comes.
    Nothing,
}

/// The chunks not yet read, and the delimiter looked for.
pub(super) struct Scanner {
    /// CRLF, `--`, boundary.
    delimiter: Vec<u8>,
    /// Looks for the delimiter without its CR: a bare LF is tolerated.
    finder: Finder<'static>,
    chunks: VecDeque<Bytes>,
    /// The delimiter stands right at the front: it was found when the data before it was handed out.
    at_delimiter: Option<usize>,
    /// The line read so far, across chunks.
    line: Vec<u8>,
}

impl Scanner {
    pub(super) fn new(boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        let finder = Finder::new(delimiter.get(1..).unwrap_or_default()).into_owned();
        Self {
            delimiter,
            finder,
            chunks: VecDeque::new(),
            at_delimiter: None,
            line: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() {
            self.chunks.push_back(chunk);
        }
    }

    /// Forgets all input that is left.
    pub(super) fn clear(&mut self) {
        self.chunks.clear();
    }

    /// The delimiter as it stands on its line: `--` and the boundary.
    pub(super) fn dash_boundary(&self) -> &[u8] {
        self.delimiter.get(2..).unwrap_or_default()
    }

    /// Whether a delimiter stands right here, where the line end before it has been read already: at the
    /// start of the message and after the blank line of a part. Passes over it. `None`: not known yet.
    pub(super) fn starts_with_delimiter(&mut self) -> Option<bool> {
        let wanted = self.delimiter.len().saturating_sub(2);
        loop {
            let front = self.chunks.front()?;
            if front.len() >= wanted {
                break;
            }
            if !self.dash_boundary().starts_with(front) {
                return Some(false);
            }
            if !self.join(wanted) {
                return None;
            }
        }
        let found = self.chunks.front()?.starts_with(self.dash_boundary());
        if found {
            self.advance(wanted);
        }
        Some(found)
    }

    /// The next piece of content, or the delimiter that ends it.
    pub(super) fn content(&mut self) -> Found {
        if let Some(length) = self.at_delimiter.take() {
            self.advance(length);
            return Found::Delimiter;
        }
        loop {
            let Some(front) = self.chunks.front() else {
                return Found::Nothing;
            };
            if let Some(newline) = self.finder.find(front) {
                return self.up_to_delimiter(newline);
            }
            match self.undecided_from(front) {
                0 if self.join(self.delimiter.len()) => {}
                0 => return Found::Nothing,
                safe => return Found::Data(self.take(safe)),
            }
        }
    }

    /// The next line without its line end, once it is complete. `Err` holds a line that is longer than
    /// `bytes_max` before its end has come.
    pub(super) fn line(&mut self, bytes_max: usize) -> Result<Option<Vec<u8>>, ()> {
        while let Some(front) = self.chunks.front() {
            let newline = memchr::memchr(b'\n', front);
            let length = newline.map_or(front.len(), |at| at + 1);
            if self.line.len().saturating_add(length) > bytes_max.saturating_add(2) {
                return Err(());
            }
            let piece = self.take(length);
            self.line.extend_from_slice(&piece);
            if newline.is_some() {
                return Ok(Some(self.unterminated_line()));
            }
        }
        Ok(None)
    }

    /// What has been read of the line so far, without a line end.
    pub(super) fn unterminated_line(&mut self) -> Vec<u8> {
        let mut line = std::mem::take(&mut self.line);
        if line.pop_if(|byte| *byte == b'\n').is_some() {
            line.pop_if(|byte| *byte == b'\r');
        }
        line
    }

    /// Takes the delimiter whose LF is at `newline` of the front chunk, or the data before it.
    fn up_to_delimiter(&mut self, newline: usize) -> Found {
        let front = self
            .chunks
            .front()
            .map(|front| front.as_ref())
            .unwrap_or_default();
        let before = front.get(..newline).unwrap_or_default();
        let data = before.strip_suffix(b"\r").unwrap_or(before).len();
        let length = newline - data + self.finder.needle().len();
        if data == 0 {
            self.advance(length);
            return Found::Delimiter;
        }
        self.at_delimiter = Some(length);
        Found::Data(self.take(data))
    }

    /// Where in a chunk without a whole delimiter one may begin that ends in the next chunk.
    fn undecided_from(&self, chunk: &[u8]) -> usize {
        let bare = self.finder.needle();
        let first = chunk.len().saturating_sub(self.delimiter.len());
        (first..chunk.len())
            .find(|at| {
                let tail = chunk.get(*at..).unwrap_or_default();
                self.delimiter.starts_with(tail) || bare.starts_with(tail)
            })
            .unwrap_or(chunk.len())
    }

    /// Makes the front chunk `wanted` bytes long, or longer by what comes next. False without more input.
    fn join(&mut self, wanted: usize) -> bool {
        let Some(front) = self.chunks.pop_front() else {
            return false;
        };
        let Some(next) = self.chunks.front() else {
            self.chunks.push_front(front);
            return false;
        };
        let missing = wanted.saturating_sub(front.len()).min(next.len());
        let mut joined = BytesMut::with_capacity(front.len() + missing);
        joined.put(front);
        joined.put(self.take(missing));
        self.chunks.push_front(joined.freeze());
        true
    }

    /// The first `length` bytes of the front chunk, which has as many.
    fn take(&mut self, length: usize) -> Bytes {
        let Some(front) = self.chunks.front_mut() else {
            return Bytes::new();
        };
        let taken = front.split_to(length.min(front.len()));
        if front.is_empty() {
            self.chunks.pop_front();
        }
        taken
    }

    fn advance(&mut self, length: usize) {
        self.take(length);
    }
}
