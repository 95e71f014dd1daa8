use std::collections::HashSet;

use bytes::Bytes;

use crate::mtom::ContentId;

use super::base64::Base64Decoder;
use super::headers::HeaderBlock;
use super::scan::{Found, Scanner};
use super::{MimeError, MimeLimits, PartHeaders};

/// What a [`MultipartReader`] came upon.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MimeEvent {
    /// A part begins.
    PartStart(PartHeaders),
    /// A piece of its content, decoded; never empty. A slice of a pushed chunk wherever possible.
    Data(Bytes),
    /// The part is complete.
    PartEnd,
    /// The closing delimiter. What comes after is not read.
    End,
}

/// Reads a multipart message chunk by chunk, doing no I/O itself.
///
/// Push what came from the wire, take events until there is none, and so on; at the end of the input call
/// [`finish`](Self::finish) and take the last events.
pub struct MultipartReader {
    limits: MimeLimits,
    scanner: Scanner,
    state: State,
    /// No more input comes.
    ended: bool,
    failed: Option<MimeError>,
    parts: usize,
    content_ids: HashSet<ContentId>,
}

enum State {
    /// Where a delimiter may stand without a line end before it. `Some`: of a part.
    Start(Option<Content>),
    Preamble {
        bytes: u64,
    },
    Content(Content),
    /// After the boundary. `true`: it ends a part.
    DelimiterLine {
        ends_part: bool,
    },
    Headers(HeaderBlock),
    Closing,
    Closed,
}

#[derive(Default)]
struct Content {
    bytes: u64,
    base64: Option<Base64Decoder>,
}

/// What a step of the reader leads to: an event, the next step, or a pause for input.
enum Step {
    Event(MimeEvent),
    Again,
    Wait,
}

impl MultipartReader {
    /// A reader for a boundary that [`Packaging::parse`](crate::Packaging::parse) has checked.
    pub fn new(boundary: &str, limits: MimeLimits) -> Self {
        Self {
            limits,
            scanner: Scanner::new(boundary),
            state: State::Start(None),
            ended: false,
            failed: None,
            parts: 0,
            content_ids: HashSet::new(),
        }
    }

    /// Takes the next chunk of the message.
    pub fn push(&mut self, chunk: Bytes) {
        match self.state {
            State::Closed => {}
            _ => self.scanner.push(chunk),
        }
    }

    /// Says that no more chunks come. A message without its closing delimiter makes the next call of
    /// [`next`](Self::next) fail.
    pub fn finish(&mut self) {
        self.ended = true;
    }

    /// The next event. `None`: push more, or all is read, as [`is_complete`](Self::is_complete) tells.
    ///
    /// # Errors
    /// The first broken rule or limit; every later call returns it again.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator could not be pushed to between calls"
    )]
    pub fn next(&mut self) -> Result<Option<MimeEvent>, MimeError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        loop {
            match self.step() {
                Ok(Step::Event(event)) => return Ok(Some(event)),
                Ok(Step::Again) => {}
                Ok(Step::Wait) if self.ended && !self.is_complete() => {
                    return Err(self.fail(MimeError::MissingFinalDelimiter));
                }
                Ok(Step::Wait) => return Ok(None),
                Err(error) => return Err(self.fail(error)),
            }
        }
    }

    /// Whether the closing delimiter has been read.
    pub fn is_complete(&self) -> bool {
        self.failed.is_none() && matches!(self.state, State::Closed)
    }

    fn fail(&mut self, error: MimeError) -> MimeError {
        self.scanner.clear();
        self.failed = Some(error);
        error
    }

    fn step(&mut self) -> Result<Step, MimeError> {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Start(content) => Ok(self.start(content)),
            State::Preamble { bytes } => self.preamble(bytes),
            State::Content(content) => self.content(content),
            State::DelimiterLine { ends_part } => self.delimiter_line(ends_part),
            State::Headers(block) => self.headers(block),
            State::Closing => {
                self.scanner.clear();
                Ok(Step::Event(MimeEvent::End))
            }
            State::Closed => {
                self.scanner.clear();
                Ok(Step::Wait)
            }
        }
    }

    fn start(&mut self, content: Option<Content>) -> Step {
        let (state, step) = match self.scanner.starts_with_delimiter() {
            None => (State::Start(content), Step::Wait),
            Some(true) => {
                let ends_part = content.is_some();
                (State::DelimiterLine { ends_part }, Step::Again)
            }
            Some(false) => {
                let state = content.map_or(State::Preamble { bytes: 0 }, State::Content);
                (state, Step::Again)
            }
        };
        self.state = state;
        step
    }

    fn preamble(&mut self, bytes: u64) -> Result<Step, MimeError> {
        let (state, step) = match self.scanner.content() {
            Found::Delimiter => (State::DelimiterLine { ends_part: false }, Step::Again),
            Found::Nothing => (State::Preamble { bytes }, Step::Wait),
            Found::Data(data) => {
                let bytes = bytes.saturating_add(data.len() as u64);
                if bytes > self.limits.preamble_bytes_max {
                    return Err(MimeError::PreambleTooLarge);
                }
                (State::Preamble { bytes }, Step::Again)
            }
        };
        self.state = state;
        Ok(step)
    }

    fn content(&mut self, mut content: Content) -> Result<Step, MimeError> {
        let (state, step) = match self.scanner.content() {
            Found::Delimiter => {
                content.base64.as_ref().map_or(Ok(()), Base64Decoder::finish)?;
                (State::DelimiterLine { ends_part: true }, Step::Again)
            }
            Found::Nothing => (State::Content(content), Step::Wait),
            Found::Data(data) => {
                let step = content.take(data, self.limits.part_bytes_max)?;
                (State::Content(content), step)
            }
        };
        self.state = state;
        Ok(step)
    }

    fn delimiter_line(&mut self, ends_part: bool) -> Result<Step, MimeError> {
        let read = self.scanner.line(DELIMITER_PADDING_MAX);
        let line = match read.map_err(|()| MimeError::MalformedDelimiter)? {
            Some(line) => line,
            // The closing delimiter needs no line end; an opening one without is caught in the headers.
            None if self.ended => self.scanner.unterminated_line(),
            None => {
                self.state = State::DelimiterLine { ends_part };
                return Ok(Step::Wait);
            }
        };
        let (closing, padding) = match line.strip_prefix(b"--") {
            Some(padding) => (true, padding),
            None => (false, line.as_slice()),
        };
        if !padding.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
            return Err(MimeError::MalformedDelimiter);
        }
        self.state = self.after_delimiter(closing)?;
        Ok(match ends_part {
            true => Step::Event(MimeEvent::PartEnd),
            false => Step::Again,
        })
    }

    fn after_delimiter(&mut self, closing: bool) -> Result<State, MimeError> {
        match closing {
            true if self.parts == 0 => Err(MimeError::NoPart),
            true => Ok(State::Closing),
            false if self.parts >= self.limits.parts_max => Err(MimeError::TooManyParts),
            false => {
                self.parts += 1;
                Ok(State::Headers(HeaderBlock::default()))
            }
        }
    }

    fn headers(&mut self, mut block: HeaderBlock) -> Result<Step, MimeError> {
        let MimeLimits {
            header_bytes_max,
            header_lines_max,
            ..
        } = self.limits;
        let read = self.scanner.line(header_bytes_max);
        let Some(line) = read.map_err(|()| MimeError::HeadersTooLarge)? else {
            self.state = State::Headers(block);
            return Ok(Step::Wait);
        };
        if line.is_empty() {
            return self.part_start(block.finish()?);
        }
        if line.starts_with(self.scanner.dash_boundary()) {
            return Err(MimeError::MissingBlankLine);
        }
        block.push(&line, header_bytes_max, header_lines_max)?;
        self.state = State::Headers(block);
        Ok(Step::Again)
    }

    fn part_start(&mut self, headers: PartHeaders) -> Result<Step, MimeError> {
        if let Some(id) = &headers.content_id
            && !self.content_ids.insert(id.clone())
        {
            return Err(MimeError::DuplicateContentId);
        }
        let base64 = headers.is_base64().then(Base64Decoder::default);
        self.state = State::Start(Some(Content { bytes: 0, base64 }));
        Ok(Step::Event(MimeEvent::PartStart(headers)))
    }
}

impl Content {
    fn take(&mut self, data: Bytes, bytes_max: u64) -> Result<Step, MimeError> {
        let data = match &mut self.base64 {
            Some(decoder) => decoder.decode(&data)?,
            None => data,
        };
        self.bytes = self.bytes.saturating_add(data.len() as u64);
        match (self.bytes > bytes_max, data.is_empty()) {
            (true, _) => Err(MimeError::PartTooLarge),
            (false, true) => Ok(Step::Again),
            (false, false) => Ok(Step::Event(MimeEvent::Data(data))),
        }
    }
}

/// Bytes after the boundary on a delimiter's line.
const DELIMITER_PADDING_MAX: usize = 256;
