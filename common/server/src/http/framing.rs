//! HTTP/1.1 request framing, read once and strictly, before actix sees a byte.
//!
//! Every head is held back until it is complete and has exactly one reading (RFC 9112): CRLF line ends,
//! one Host, Content-Length once or `Transfer-Encoding: chunked` alone, no folding, no chunk extensions,
//! no trailers, no switch to another protocol. What has two readings never reaches the HTTP server. In its
//! place the server gets a head with the method [`REFUSED`], which no client can send: so a refusal is
//! answered in its turn behind earlier requests, audited like any other, and ends the connection.

use bytes::{Buf, Bytes, BytesMut};

/// How large a head may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadLimits {
    /// Request line and header lines together.
    pub(super) bytes_max: usize,
    /// Header lines.
    pub(super) lines_max: usize,
    /// Content-Length beyond which nobody is told to go on with the body.
    pub(super) request_bytes_max: u64,
}

/// The method of a head that stands for one that was refused; its path says why.
pub(super) const REFUSED: &str = "REFUSED";

/// Why a head was refused: a fixed word, the path of the head that stands for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum HeadRefusal {
    /// It has no reading, or more than one.
    Malformed,
    /// It is larger than it may be.
    TooLarge,
    /// It does not come to its end in time.
    Slow,
}

impl HeadRefusal {
    /// The refusal behind the path of a head with the method [`REFUSED`].
    pub(super) fn of_path(path: &str) -> Option<Self> {
        [Self::Malformed, Self::TooLarge, Self::Slow]
            .into_iter()
            .find(|refusal| path.strip_prefix('/') == Some(refusal.word()))
    }

    fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed-head",
            Self::TooLarge => "too-large-head",
            Self::Slow => "slow-head",
        }
    }

    fn head(self) -> Bytes {
        format!("{REFUSED} /{} HTTP/1.1\r\nHost: refused\r\n\r\n", self.word()).into()
    }
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

impl State {
    fn sized(remaining: u64) -> Self {
        match remaining {
            0 => Self::Head,
            _ => Self::Sized { remaining },
        }
    }

    fn data(remaining: u64) -> Self {
        Self::Chunked(match remaining {
            0 => Chunk::DataEnd,
            _ => Chunk::Data { remaining },
        })
    }

    fn announced(self) -> u64 {
        match self {
            Self::Sized { remaining } => remaining,
            _ => 0,
        }
    }
}

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

    /// Whether a head has begun and is not complete.
    pub(super) fn is_in_head(&self, raw: &BytesMut) -> bool {
        self.state == State::Head && !raw.is_empty()
    }

    /// Gives up the connection; what the server gets in place of the head.
    pub(super) fn refuse(&mut self, raw: &mut BytesMut, refusal: HeadRefusal) -> Bytes {
        raw.clear();
        self.state = State::Refused;
        refusal.head()
    }

    /// In the middle of a body the server cannot be given a refused head: it sees a cut body.
    fn cut(&mut self, raw: &mut BytesMut) -> Option<Bytes> {
        raw.clear();
        self.state = State::Refused;
        None
    }

    fn head(&mut self, raw: &mut BytesMut) -> Option<Bytes> {
        let Some(end) = memchr::memmem::find(raw, b"\r\n\r\n").map(|at| at + 4) else {
            return if raw.len() > self.limits.bytes_max {
                Some(self.refuse(raw, HeadRefusal::TooLarge))
            } else if has_bare_line_end(raw, false) || raw.contains(&0) {
                Some(self.refuse(raw, HeadRefusal::Malformed))
            } else {
                None
            };
        };
        let verdict = match raw.get(..end) {
            Some(head) if end <= self.limits.bytes_max => read_head(head, self.limits.lines_max),
            _ => Err(HeadRefusal::TooLarge),
        };
        match verdict {
            Ok(Head { state, discourage }) => {
                self.state = state;
                let head = raw.split_to(end).freeze();
                Some(
                    match discourage || state.announced() > self.limits.request_bytes_max {
                        true => without_expect(&head),
                        false => head,
                    },
                )
            }
            Err(refusal) => Some(self.refuse(raw, refusal)),
        }
    }

    fn sized(&mut self, raw: &mut BytesMut, remaining: u64) -> Bytes {
        let take = usize::try_from(remaining).unwrap_or(usize::MAX).min(raw.len());
        self.state = State::sized(remaining - take as u64);
        raw.split_to(take).freeze()
    }

    fn chunk(&mut self, raw: &mut BytesMut, chunk: Chunk) -> Option<Bytes> {
        match chunk {
            Chunk::Size => self.chunk_size(raw),
            Chunk::Data { remaining } => {
                let piece = self.sized(raw, remaining);
                self.state = State::data(remaining - piece.len() as u64);
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

/// What a whole head says of what follows it.
struct Head {
    state: State,
    /// The request is refused by its head alone: nobody is told to go on with the body.
    discourage: bool,
}

fn read_head(head: &[u8], lines_max: usize) -> Result<Head, HeadRefusal> {
    if has_bare_line_end(head, true) {
        return Err(HeadRefusal::Malformed);
    }
    let text = head.strip_suffix(b"\r\n\r\n").ok_or(HeadRefusal::Malformed)?;
    let mut lines = lines(text);
    let version_minor = request_line(lines.next().ok_or(HeadRefusal::Malformed)?)?;
    let mut headers = Headers::default();
    for (index, line) in lines.enumerate() {
        if index >= lines_max {
            return Err(HeadRefusal::TooLarge);
        }
        headers.line(line)?;
    }
    headers.framing(version_minor)
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The head without its Expect lines: the server then sends no `100 Continue` before its answer.
fn without_expect(head: &[u8]) -> Bytes {
    let is_expect = |line: &[u8]| {
        let (name, _) = line.split_at(line.len().min(7));
        name.eq_ignore_ascii_case(b"expect:")
    };
    let kept = head
        .split_inclusive(|b| *b == b'\n')
        .filter(|line| !is_expect(line));
    kept.flatten().copied().collect()
}

/// METHOD, target and version; the version's minor number.
fn request_line(line: &[u8]) -> Result<u8, HeadRefusal> {
    let mut parts = line.split(|b| *b == b' ');
    let (method, target, version) = (parts.next(), parts.next(), parts.next());
    let method_ok = method.is_some_and(is_method);
    let target_ok = target.is_some_and(|t| !t.is_empty() && t.iter().all(u8::is_ascii_graphic));
    match version {
        _ if parts.next().is_some() || !method_ok || !target_ok => Err(HeadRefusal::Malformed),
        Some(b"HTTP/1.1") => Ok(1),
        Some(b"HTTP/1.0") => Ok(0),
        _ => Err(HeadRefusal::Malformed),
    }
}

/// CONNECT turns what follows it into something that is no HTTP.
fn is_method(method: &[u8]) -> bool {
    !method.is_empty()
        && method.iter().all(u8::is_ascii_uppercase)
        && method != b"CONNECT"
        && method != REFUSED.as_bytes()
}

#[derive(Default)]
struct Headers {
    hosts: usize,
    length: Option<u64>,
    chunked: bool,
    encoded: bool,
}

impl Headers {
    fn line(&mut self, line: &[u8]) -> Result<(), HeadRefusal> {
        let malformed = Err(HeadRefusal::Malformed);
        let Some((name, value)) = memchr::memchr(b':', line).and_then(|at| line.split_at_checked(at)) else {
            return malformed;
        };
        let value = value.get(1..).unwrap_or_default();
        if name.is_empty() || !name.iter().all(|b| is_token(*b)) {
            return malformed;
        }
        if value.iter().any(|b| (*b < 0x20 && *b != b'\t') || *b == 0x7f) {
            return malformed;
        }
        if name.eq_ignore_ascii_case(b"host") {
            self.hosts += 1;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let length = length(value.trim_ascii())?;
            if self.length.replace(length).is_some() {
                return malformed;
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let plain = value
                .strip_prefix(b" ")
                .unwrap_or(value)
                .eq_ignore_ascii_case(b"chunked");
            if !plain || std::mem::replace(&mut self.chunked, true) {
                return malformed;
            }
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            // A server that knows the other protocol reads what follows in another way.
            return malformed;
        } else if name.eq_ignore_ascii_case(b"content-encoding") {
            self.encoded = true;
        }
        Ok(())
    }

    fn framing(self, version_minor: u8) -> Result<Head, HeadRefusal> {
        let hosts_ok = self.hosts == 1 || (version_minor == 0 && self.hosts == 0);
        let state = match (self.length, self.chunked) {
            _ if !hosts_ok => Err(HeadRefusal::Malformed),
            (Some(_), true) => Err(HeadRefusal::Malformed),
            (None, true) if version_minor == 0 => Err(HeadRefusal::Malformed),
            (None, true) => Ok(State::Chunked(Chunk::Size)),
            (length, false) => Ok(State::sized(length.unwrap_or_default())),
        }?;
        Ok(Head {
            state,
            discourage: self.encoded,
        })
    }
}

fn length(value: &[u8]) -> Result<u64, HeadRefusal> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(HeadRefusal::Malformed);
    }
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(HeadRefusal::Malformed)
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
        request_bytes_max: 1_000_000,
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
            "Upgrade: websocket\r\nConnection: upgrade\r\n",
            &many,
        ] {
            for step in [1, 4096] {
                let (out, refused) = pass(&head(lines), step);
                assert!(refused, "{lines:?}");
                let told = if lines == many {
                    HeadRefusal::TooLarge
                } else {
                    HeadRefusal::Malformed
                };
                assert_eq!(out, told.head(), "{lines:?}");
            }
        }
        for whole in [
            "POST /x HTTP/1.1\r\n\r\n",
            "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST  /x HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /x HTTP/2.0\r\nHost: a\r\n\r\n",
            "POST /x\r\nHost: a\r\n\r\n",
            "post /x HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n",
            "REFUSED /slow-head HTTP/1.1\r\nHost: a\r\n\r\n",
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
    fn http_05_who_is_refused_by_the_head_alone_is_not_told_to_go_on() {
        let expect = "Expect: 100-continue\r\n";
        for lines in [
            "Content-Length: 1000001\r\n",
            "Content-Length: 5\r\nContent-Encoding: gzip\r\n",
        ] {
            let (out, refused) = pass(
                &head(&format!("{lines}eXpect:100-continue\r\n{expect}X: 1\r\n")),
                4096,
            );
            assert_eq!((out, refused), (head(&format!("{lines}X: 1\r\n")), false));
        }
        let good = head(&format!("Content-Length: 1000000\r\n{expect}"));
        assert_eq!(pass(&good, 4096).0, good);
    }

    #[test]
    fn a_head_that_never_ends_is_refused_at_the_limit() {
        let endless = format!("POST /x HTTP/1.1\r\nHost: a\r\nX: {}", "a".repeat(40_000));
        assert!(pass(endless.as_bytes(), 1000).1);
        assert!(!pass(&head(&"X-A: 1\r\n".repeat(63)), 4096).1);
    }
}
