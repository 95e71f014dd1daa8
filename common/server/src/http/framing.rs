//! HTTP/1.1 request framing, read once and strictly, before actix sees a byte.
//!
//! Every head is held back until it is complete and has exactly one reading (RFC 9112): CRLF line ends,
//! one Host, Content-Length once or `Transfer-Encoding: chunked` alone, no folding, no chunk extensions,
//! no trailers. What has two readings never reaches the HTTP server; it gets a head that the server
//! refuses, so that the 400 comes in order and the connection closes.

use bytes::{Buf, Bytes, BytesMut};

/// How large a head may be.
#[derive(Clone, Copy, Debug)]
pub struct HeadLimits {
    /// Request line and header lines together.
    pub bytes_max: usize,
    /// Header lines.
    pub lines_max: usize,
}

/// The framing of one connection. Sans-IO: raw bytes in, checked bytes out.
#[derive(Debug)]
pub(super) struct Framing {
    limits: HeadLimits,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Head,
    Sized { remaining: u64 },
    Chunked(Chunk),
    Refused,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Chunk {
    Size,
    Data { remaining: u64 },
    DataEnd,
    LastEnd,
}

/// What actix is given in place of a head that was refused: it answers 400 and closes.
const REFUSED_HEAD: &[u8] = b"REFUSED\r\n\r\n";

impl Framing {
    /// At the start of a connection.
    pub(super) fn new(limits: HeadLimits) -> Self {
        Self {
            limits,
            state: State::Head,
        }
    }

    /// Takes what is whole from `raw` and gives it out; nothing when more bytes are needed.
    pub(super) fn advance(&mut self, raw: &mut BytesMut) -> Option<Bytes> {
        if raw.is_empty() {
            return None;
        }
        match self.state {
            State::Head => self.head(raw),
            State::Sized { remaining } => Some(self.sized(raw, remaining)),
            State::Chunked(chunk) => self.chunk(raw, chunk),
            State::Refused => {
                raw.clear();
                None
            }
        }
    }

    /// Whether the connection is past repair: what comes in is thrown away.
    pub(super) fn is_refused(&self) -> bool {
        self.state == State::Refused
    }

    fn refuse(&mut self, raw: &mut BytesMut) -> Option<Bytes> {
        raw.clear();
        self.state = State::Refused;
        Some(Bytes::from_static(REFUSED_HEAD))
    }

    /// In the middle of a body the server cannot be given a refused head: it sees a cut body.
    fn cut(&mut self, raw: &mut BytesMut) -> Option<Bytes> {
        raw.clear();
        self.state = State::Refused;
        None
    }

    fn head(&mut self, raw: &mut BytesMut) -> Option<Bytes> {
        let Some(end) = memchr::memmem::find(raw, b"\r\n\r\n").map(|at| at + 4) else {
            let broken =
                raw.len() > self.limits.bytes_max || has_bare_line_end(raw, false) || raw.contains(&0);
            return if broken { self.refuse(raw) } else { None };
        };
        let verdict = match raw.get(..end) {
            Some(head) if end <= self.limits.bytes_max => read_head(head, self.limits.lines_max),
            _ => Err(Refusal),
        };
        match verdict {
            Ok(state) => {
                self.state = state;
                Some(raw.split_to(end).freeze())
            }
            Err(Refusal) => self.refuse(raw),
        }
    }

    fn sized(&mut self, raw: &mut BytesMut, remaining: u64) -> Bytes {
        let take = usize::try_from(remaining).unwrap_or(usize::MAX).min(raw.len());
        let left = remaining - take as u64;
        self.state = if left == 0 {
            State::Head
        } else {
            State::Sized { remaining: left }
        };
        raw.split_to(take).freeze()
    }

    fn chunk(&mut self, raw: &mut BytesMut, chunk: Chunk) -> Option<Bytes> {
        match chunk {
            Chunk::Size => self.chunk_size(raw),
            Chunk::Data { remaining } => {
                let piece = self.sized(raw, remaining);
                let left = remaining - piece.len() as u64;
                self.state = State::Chunked(if left == 0 {
                    Chunk::DataEnd
                } else {
                    Chunk::Data { remaining: left }
                });
                Some(piece)
            }
            Chunk::DataEnd => self.line_end(raw, State::Chunked(Chunk::Size)),
            Chunk::LastEnd => self.line_end(raw, State::Head),
        }
    }

    fn chunk_size(&mut self, raw: &mut BytesMut) -> Option<Bytes> {
        const DIGITS_MAX: usize = 15;
        let Some(digits) = raw.iter().position(|b| !b.is_ascii_hexdigit()) else {
            return if raw.len() > DIGITS_MAX {
                self.cut(raw)
            } else {
                None
            };
        };
        let line = match raw.get(digits..) {
            Some([b'\r', b'\n', ..]) if (1..=DIGITS_MAX).contains(&digits) => digits + 2,
            Some([b'\r']) => return None,
            _ => return self.cut(raw),
        };
        let size = raw
            .get(..digits)
            .and_then(|d| std::str::from_utf8(d).ok())
            .and_then(|d| u64::from_str_radix(d, 16).ok());
        let Some(size) = size else { return self.cut(raw) };
        self.state = State::Chunked(if size == 0 {
            Chunk::LastEnd
        } else {
            Chunk::Data { remaining: size }
        });
        Some(raw.split_to(line).freeze())
    }

    fn line_end(&mut self, raw: &mut BytesMut, next: State) -> Option<Bytes> {
        match raw.as_ref() {
            [b'\r', b'\n', ..] => {
                self.state = next;
                Some(raw.split_to(2).freeze())
            }
            [b'\r'] => None,
            _ => self.cut(raw),
        }
    }

    /// Drops what a client may send between two requests: nothing but one empty line.
    pub(super) fn skip_empty_line(&self, raw: &mut BytesMut) {
        if self.state == State::Head && raw.starts_with(b"\r\n") {
            raw.advance(2);
        }
    }
}

struct Refusal;

/// The framing that a whole head announces.
fn read_head(head: &[u8], lines_max: usize) -> Result<State, Refusal> {
    if has_bare_line_end(head, true) {
        return Err(Refusal);
    }
    let text = head.strip_suffix(b"\r\n\r\n").ok_or(Refusal)?;
    let mut lines = text
        .split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let version_minor = request_line(lines.next().ok_or(Refusal)?)?;
    let mut headers = Headers::default();
    for (index, line) in lines.enumerate() {
        if index >= lines_max {
            return Err(Refusal);
        }
        headers.line(line)?;
    }
    headers.framing(version_minor)
}

/// METHOD, target and version; the version's minor number.
fn request_line(line: &[u8]) -> Result<u8, Refusal> {
    let mut parts = line.split(|b| *b == b' ');
    let (method, target, version) = (parts.next(), parts.next(), parts.next());
    let method_ok = method.is_some_and(|m| !m.is_empty() && m.iter().all(u8::is_ascii_uppercase));
    let target_ok = target.is_some_and(|t| !t.is_empty() && t.iter().all(u8::is_ascii_graphic));
    match version {
        _ if parts.next().is_some() || !method_ok || !target_ok => Err(Refusal),
        Some(b"HTTP/1.1") => Ok(1),
        Some(b"HTTP/1.0") => Ok(0),
        _ => Err(Refusal),
    }
}

#[derive(Default)]
struct Headers {
    hosts: usize,
    length: Option<u64>,
    chunked: bool,
}

impl Headers {
    fn line(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let colon = memchr::memchr(b':', line).ok_or(Refusal)?;
        let (name, value) = line.split_at_checked(colon).ok_or(Refusal)?;
        let value = value.get(1..).unwrap_or_default();
        if name.is_empty() || !name.iter().all(|b| is_token(*b)) {
            return Err(Refusal);
        }
        if value.iter().any(|b| (*b < 0x20 && *b != b'\t') || *b == 0x7f) {
            return Err(Refusal);
        }
        if name.eq_ignore_ascii_case(b"host") {
            self.hosts += 1;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let length = length(value.trim_ascii())?;
            if self.length.replace(length).is_some() {
                return Err(Refusal);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let plain = value
                .strip_prefix(b" ")
                .unwrap_or(value)
                .eq_ignore_ascii_case(b"chunked");
            if !plain || std::mem::replace(&mut self.chunked, true) {
                return Err(Refusal);
            }
        }
        Ok(())
    }

    fn framing(self, version_minor: u8) -> Result<State, Refusal> {
        let hosts_ok = self.hosts == 1 || (version_minor == 0 && self.hosts == 0);
        match (self.length, self.chunked) {
            _ if !hosts_ok => Err(Refusal),
            (Some(_), true) => Err(Refusal),
            (None, true) if version_minor == 0 => Err(Refusal),
            (None, true) => Ok(State::Chunked(Chunk::Size)),
            (Some(0) | None, false) => Ok(State::Head),
            (Some(remaining), false) => Ok(State::Sized { remaining }),
        }
    }
}

fn length(value: &[u8]) -> Result<u64, Refusal> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(Refusal);
    }
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(Refusal)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// LF without CR before it, or CR without LF behind it (at the end only when the text is whole).
fn has_bare_line_end(text: &[u8], whole: bool) -> bool {
    let lone_lf = memchr::memchr_iter(b'\n', text).any(|at| at == 0 || text.get(at - 1) != Some(&b'\r'));
    let lone_cr = memchr::memchr_iter(b'\r', text).any(|at| match text.get(at + 1) {
        Some(b'\n') => false,
        Some(_) => true,
        None => whole,
    });
    lone_lf || lone_cr
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: HeadLimits = HeadLimits {
        bytes_max: 32 * 1024,
        lines_max: 64,
    };

    /// Everything that comes out for these bytes, fed in pieces of `step`.
    fn pass(input: &[u8], step: usize) -> (Vec<u8>, bool) {
        let mut framing = Framing::new(LIMITS);
        let (mut raw, mut out) = (BytesMut::new(), Vec::new());
        for piece in input.chunks(step) {
            raw.extend_from_slice(piece);
            loop {
                framing.skip_empty_line(&mut raw);
                match framing.advance(&mut raw) {
                    Some(bytes) => out.extend_from_slice(&bytes),
                    None => break,
                }
            }
        }
        (out, framing.is_refused())
    }

    fn head(lines: &str) -> Vec<u8> {
        format!("POST /x HTTP/1.1\r\nHost: a\r\n{lines}\r\n").into_bytes()
    }

    #[test]
    fn good_requests_pass_unchanged_in_any_pieces() {
        let mut two = head("Content-Length: 5\r\n");
        two.extend_from_slice(b"hello");
        two.extend(head("Transfer-Encoding: chunked\r\n"));
        two.extend_from_slice(b"5\r\nhello\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n");
        two.extend(head(""));
        for step in [1, 2, 3, 7, 64, 4096] {
            assert_eq!(pass(&two, step), (two.clone(), false), "step {step}");
        }
    }

    #[test]
    fn http_04_heads_with_two_readings_are_refused() {
        let long = format!("Content-Length: {}\r\n", "9".repeat(30));
        let many = "X-A: 1\r\n".repeat(64);
        for lines in [
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 3, 3\r\n",
            "Content-Length: +3\r\n",
            "Content-Length: 0x3\r\n",
            "Content-Length:\r\n",
            &long,
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: chunked, identity\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding:\tchunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Content-Length : 5\r\n",
            "X: a\r\n folded\r\n",
            "X: a\0b\r\n",
            "X: a\rb\r\n",
            "X: a\n",
            "Host: b\r\n",
            "no colon\r\n",
            &many,
        ] {
            for step in [1, 4096] {
                let (out, refused) = pass(&head(lines), step);
                assert!(refused, "{lines:?}");
                assert_eq!(out, REFUSED_HEAD, "{lines:?}");
            }
        }
        for whole in [
            "POST /x HTTP/1.1\r\n\r\n",
            "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST  /x HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /x HTTP/2.0\r\nHost: a\r\n\r\n",
            "POST /x\r\nHost: a\r\n\r\n",
            "post /x HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            assert!(pass(whole.as_bytes(), 4096).1, "{whole:?}");
        }
    }

    #[test]
    fn http_04_bad_chunks_cut_the_body() {
        for chunks in [
            "5;ext=1\r\nhello\r\n0\r\n\r\n",
            "5\nhello\r\n",
            "-5\r\n",
            "0x5\r\n",
            "\r\n",
            "5\r\nhello0\r\n\r\n",
            "fffffffffffffffff\r\n",
            "0\r\nTrailer: x\r\n\r\n",
        ] {
            let mut input = head("Transfer-Encoding: chunked\r\n");
            input.extend_from_slice(chunks.as_bytes());
            assert!(pass(&input, 4096).1, "{chunks:?}");
            assert!(pass(&input, 1).1, "{chunks:?}");
        }
    }

    #[test]
    fn a_head_that_never_ends_is_refused_at_the_limit() {
        let endless = format!("POST /x HTTP/1.1\r\nHost: a\r\nX: {}", "a".repeat(40_000));
        assert!(pass(endless.as_bytes(), 1000).1);
        assert!(!pass(&head(&"X-A: 1\r\n".repeat(63)), 4096).1);
    }
}
