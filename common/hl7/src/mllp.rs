//! MLLP: the frame around a message, `0x0B` content `0x1C 0x0D`.

const START: u8 = 0x0b;
const END: u8 = 0x1c;
const CR: u8 = 0x0d;
const LF: u8 = 0x0a;

/// Puts a message into a frame.
pub fn encode(message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(message.len() + 3);
    frame.push(START);
    frame.extend_from_slice(message);
    frame.extend_from_slice(&[END, CR]);
    frame
}

/// Cuts frames out of a stream of bytes, however it is chopped up.
///
/// Strict, because a guess about where a message ends gives one patient's data to another: inside a frame
/// neither the start byte nor a lone end byte may appear (no character set of HL7 has them). Between frames
/// only CR and LF are skipped, which some senders add. After an error the stream is lost: every further
/// call gives the same error, and the connection must be closed.
///
/// Never holds more than the frame limit.
#[derive(Debug)]
pub struct Decoder {
    frame_bytes_max: usize,
    content: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Between,
    Inside,
    Ending,
    Failed(FrameError),
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(Self::FRAME_BYTES_MAX_DEFAULT)
    }
}

impl Decoder {
    /// The frame limit unless configured otherwise: 1 MiB of content.
    pub const FRAME_BYTES_MAX_DEFAULT: usize = 1024 * 1024;

    /// A decoder at the start of a stream, for frames with at most `frame_bytes_max` bytes of content.
    pub fn new(frame_bytes_max: usize) -> Self {
        Self {
            frame_bytes_max,
            content: Vec::new(),
            state: State::Between,
        }
    }

    /// Takes bytes from the front of `input` up to the end of the next frame, and gives its content.
    ///
    /// `None` means that all of `input` was taken and the frame is not complete. Call again with the same
    /// slice until then: one read may bring several frames.
    ///
    /// # Errors
    /// When the bytes break the framing or the limit.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
        loop {
            let (taken, step) = self.step(input);
            *input = input.get(taken..).unwrap_or_default();
            match step {
                Step::More => {}
                Step::Starved => return Ok(None),
                Step::Frame(content) => return Ok(Some(content)),
                Step::Failed(error) => {
                    self.content = Vec::new();
                    self.state = State::Failed(error);
                    return Err(error);
                }
            }
        }
    }

    /// Whether no frame has begun: a caller may wait longer for the next one than for the rest of one.
    pub fn is_between_frames(&self) -> bool {
        self.state == State::Between
    }

    /// To be called when the stream has ended.
    ///
    /// # Errors
    /// When it ended inside a frame, or had failed before.
    pub fn finish(&self) -> Result<(), FrameError> {
        match self.state {
            State::Between => Ok(()),
            State::Inside | State::Ending => Err(FrameError::Truncated),
            State::Failed(error) => Err(error),
        }
    }

    fn step(&mut self, input: &[u8]) -> (usize, Step) {
        match self.state {
            State::Between => self.between(input),
            State::Inside => self.inside(input),
            State::Ending => self.ending(input),
            State::Failed(error) => (0, Step::Failed(error)),
        }
    }

    fn between(&mut self, input: &[u8]) -> (usize, Step) {
        let blank = input.iter().take_while(|byte| matches!(**byte, CR | LF)).count();
        match input.get(blank) {
            None => (blank, Step::Starved),
            Some(&START) => {
                self.state = State::Inside;
                (blank + 1, Step::More)
            }
            Some(_) => (blank, Step::Failed(FrameError::NoStart)),
        }
    }

    fn inside(&mut self, input: &[u8]) -> (usize, Step) {
        let special = input.iter().position(|byte| matches!(*byte, START | END));
        let plain = special.map_or(input, |at| input.get(..at).unwrap_or_default());
        if plain.len() > self.frame_bytes_max - self.content.len() {
            return (
                0,
                Step::Failed(FrameError::TooLong {
                    bytes_max: self.frame_bytes_max,
                }),
            );
        }
        self.content.extend_from_slice(plain);
        match special.and_then(|at| input.get(at)) {
            None => (input.len(), Step::Starved),
            Some(&END) => {
                self.state = State::Ending;
                (plain.len() + 1, Step::More)
            }
            Some(_) => (plain.len(), Step::Failed(FrameError::StartInside)),
        }
    }

    fn ending(&mut self, input: &[u8]) -> (usize, Step) {
        match input.first() {
            None => (0, Step::Starved),
            Some(&CR) if self.content.is_empty() => (1, Step::Failed(FrameError::Empty)),
            Some(&CR) => {
                self.state = State::Between;
                (1, Step::Frame(std::mem::take(&mut self.content)))
            }
            Some(_) => (0, Step::Failed(FrameError::EndInside)),
        }
    }
}

enum Step {
    More,
    Starved,
    Frame(Vec<u8>),
    Failed(FrameError),
}

/// Why a stream of bytes is no sequence of MLLP frames.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// Something else than 0x0B where a frame begins, or junk behind a frame.
    #[error("an MLLP frame starts with 0x0B; another byte was found outside of a frame")]
    NoStart,
    /// 0x0B before the frame has ended.
    #[error("0x0B inside an MLLP frame: the frame before it was not ended")]
    StartInside,
    /// 0x1C that is not followed by 0x0D.
    #[error("0x1C inside an MLLP frame is not followed by 0x0D")]
    EndInside,
    /// More content than allowed.
    #[error("an MLLP frame has at most {bytes_max} bytes of content")]
    TooLong {
        /// The limit.
        bytes_max: usize,
    },
    /// No content.
    #[error("an MLLP frame without content")]
    Empty,
    /// The stream ended inside a frame.
    #[error("the stream ended inside an MLLP frame")]
    Truncated,
}
