//! Frames of RFC 5425 4.3 (`MSG-LEN SP SYSLOG-MSG`, octet counting) and datagrams of RFC 5426.
//!
//! Whatever a message holds, line ends and byte order marks too, is content: only the count delimits.

/// Bytes of a message that a receiver takes unless configured otherwise. RFC 5425 4.3.1 asks for 8,192 at least; audit
/// messages with a query inside are far longer.
pub const MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The longest payload of a UDP datagram over IPv4.
pub const DATAGRAM_BYTES_MAX: usize = 65_507;

/// Appends the frame of `message` to `out`. An empty message has no frame (MSG-LEN begins with a non-zero digit):
/// nothing is appended.
pub fn encode(message: &str, out: &mut Vec<u8>) {
    if message.is_empty() {
        return;
    }
    out.extend_from_slice(message.len().to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(message.as_bytes());
}

/// The datagram of `message`: the whole of it, or as many whole characters as fit into `bytes_max` (RFC 5426 3.2 lets a
/// sender truncate).
#[must_use]
pub fn datagram(message: &str, bytes_max: usize) -> &str {
    let end = message.floor_char_boundary(bytes_max);
    message.get(..end).unwrap_or_default()
}

/// Why bytes are no frames. The connection cannot go on: the place of the next frame is unknown.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// Not `digits SP`, or a leading zero: perhaps the line-delimited framing of RFC 6587 3.4.2, which ITI-20 does
    /// not know.
    #[error("the frame does not begin with its length in decimal octets and a space")]
    Length,
    /// Longer than allowed.
    #[error("the frame is longer than {bytes_max} bytes")]
    TooLong {
        /// The limit, in bytes of the message.
        bytes_max: usize,
    },
    /// The connection ended inside a frame.
    #[error("the connection ended inside a frame")]
    Cut,
}

/// Takes frames from a stream of bytes that comes in pieces of any size.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    bytes_max: usize,
}

#[derive(Debug)]
enum State {
    /// In the length: its value so far, and whether a digit was there.
    Length { value: usize, begun: bool },
    /// In the message.
    Message { length: usize, bytes: Vec<u8> },
    /// An error was found: no more frames.
    Broken(FrameError),
}

const BETWEEN: State = State::Length {
    value: 0,
    begun: false,
};

impl Decoder {
    /// A decoder for messages of at most `bytes_max` bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self {
            state: BETWEEN,
            bytes_max,
        }
    }

    /// Consumes bytes of `input` until a message is whole, and returns it. `None`: all of `input` is consumed and more
    /// is needed.
    ///
    /// Memory grows with the bytes that came, not with the length that was announced.
    ///
    /// # Errors
    /// [`FrameError`], the same one on every later call.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
        match self.step(input) {
            Err(error) => {
                self.state = State::Broken(error);
                Err(error)
            }
            done => done,
        }
    }

    /// Whether the stream may end here.
    ///
    /// # Errors
    /// [`FrameError::Cut`] inside a frame.
    pub fn finish(&self) -> Result<(), FrameError> {
        match self.state {
            State::Length { begun: false, .. } => Ok(()),
            State::Broken(error) => Err(error),
            _ => Err(FrameError::Cut),
        }
    }

    fn step(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
        loop {
            match &mut self.state {
                State::Broken(error) => return Err(*error),
                State::Length { value, begun } => {
                    let Some((&byte, rest)) = input.split_first() else {
                        return Ok(None);
                    };
                    *input = rest;
                    match byte {
                        b'0' if !*begun => return Err(FrameError::Length),
                        b'0'..=b'9' => {
                            *begun = true;
                            *value = value.saturating_mul(10).saturating_add(usize::from(byte - b'0'));
                            if *value > self.bytes_max {
                                return Err(FrameError::TooLong {
                                    bytes_max: self.bytes_max,
                                });
                            }
                        }
                        b' ' if *begun => {
                            let length = *value;
                            let bytes = Vec::with_capacity(length.min(RESERVED_BYTES_MAX));
                            self.state = State::Message { length, bytes };
                        }
                        _ => return Err(FrameError::Length),
                    }
                }
                State::Message { length, bytes } => {
                    let wanted = length.saturating_sub(bytes.len()).min(input.len());
                    let (taken, rest) = input.split_at_checked(wanted).unwrap_or((input, &[]));
                    bytes.extend_from_slice(taken);
                    *input = rest;
                    if bytes.len() < *length {
                        return Ok(None);
                    }
                    let message = std::mem::take(bytes);
                    self.state = BETWEEN;
                    return Ok(Some(message));
                }
            }
        }
    }
}

/// Set aside before the first byte of a message has come.
const RESERVED_BYTES_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(message: &str) -> Vec<u8> {
        let mut out = Vec::new();
        encode(message, &mut out);
        out
    }

    fn decode_in_pieces(bytes: &[u8], piece: usize, bytes_max: usize) -> Result<Vec<Vec<u8>>, FrameError> {
        let mut decoder = Decoder::new(bytes_max);
        let mut messages = Vec::new();
        for mut input in bytes.chunks(piece.max(1)) {
            while let Some(message) = decoder.decode(&mut input)? {
                messages.push(message);
            }
        }
        decoder.finish()?;
        Ok(messages)
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_whatever_the_pieces(
            messages in proptest::collection::vec("(?s).{1,80}", 0..8),
            piece in 1_usize..50,
        ) {
            let bytes: Vec<u8> = messages.iter().flat_map(|message| frame(message)).collect();
            let expected: Vec<Vec<u8>> = messages.into_iter().map(String::into_bytes).collect();
            prop_assert_eq!(decode_in_pieces(&bytes, piece, 1000), Ok(expected));
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>, piece in 1_usize..9) {
            let _ = decode_in_pieces(&bytes, piece, 64);
        }

        #[test]
        fn a_datagram_ends_at_a_character(message in "(?s).{0,40}", bytes_max in 0_usize..60) {
            let sent = datagram(&message, bytes_max);
            prop_assert!(sent.len() <= bytes_max);
            prop_assert!(message.starts_with(sent));
            let next = message[sent.len()..].chars().next();
            prop_assert!(next.is_none_or(|next| sent.len() + next.len_utf8() > bytes_max));
        }
    }

    #[test]
    fn aud_14_line_ends_and_priorities_inside_a_message_split_nothing() {
        let message = "<85>1 - - - - - - a\r\nb\n12 <85>1 \u{85}<85>1 \u{1b}[2J]]>\0";
        let bytes = [frame(message), frame("<85>1 next")].concat();
        let decoded = decode_in_pieces(&bytes, 3, 100).unwrap();
        assert_eq!(decoded, [message.as_bytes(), b"<85>1 next"]);
    }

    #[test]
    fn aud_18_octets_are_counted_not_characters_and_the_bom_stays() {
        let message = "<85>1 - - - - IHE+RFC-3881 - \u{feff}<AuditMessage>患者</AuditMessage>";
        assert!(frame(message).starts_with(format!("{} <85>", message.len()).as_bytes()));
        for piece in 1..message.len() {
            assert_eq!(
                decode_in_pieces(&frame(message), piece, 1000).unwrap(),
                [message.as_bytes()]
            );
        }
    }

    #[test]
    fn aud_18_a_message_at_the_limit_passes_and_one_byte_more_does_not() {
        let most = "x".repeat(70_000);
        assert_eq!(
            decode_in_pieces(&frame(&most), 4096, 70_000).unwrap()[0].len(),
            70_000
        );
        let more = "x".repeat(70_001);
        assert_eq!(
            decode_in_pieces(&frame(&more), 4096, 70_000),
            Err(FrameError::TooLong { bytes_max: 70_000 })
        );
    }

    #[test]
    fn what_is_no_length_is_refused_for_good() {
        for bytes in ["0 ", "01 x", " x", "<85>1 x\n", "3x", "-1 x", "\n3 abc"] {
            let mut decoder = Decoder::new(100);
            let mut input = bytes.as_bytes();
            assert_eq!(decoder.decode(&mut input), Err(FrameError::Length), "{bytes:?}");
            assert_eq!(decoder.decode(&mut &b"1 x"[..]), Err(FrameError::Length));
        }
    }

    #[test]
    fn an_end_inside_a_frame_is_seen() {
        for bytes in ["1", "3 ", "3 ab"] {
            assert_eq!(
                decode_in_pieces(bytes.as_bytes(), 9, 9),
                Err(FrameError::Cut),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn an_announced_length_reserves_no_memory() {
        let mut decoder = Decoder::new(usize::MAX / 20);
        let announced = format!("{} ab", usize::MAX / 20);
        assert_eq!(decoder.decode(&mut announced.as_bytes()), Ok(None));
        assert!(
            matches!(decoder.state, State::Message { bytes, .. } if bytes.capacity() <= RESERVED_BYTES_MAX)
        );
    }

    #[test]
    fn an_empty_message_has_no_frame() {
        assert_eq!(frame(""), b"");
    }
}
