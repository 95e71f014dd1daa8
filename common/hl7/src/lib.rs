//! HL7 v2 for the Patient Identity Feed, ITI-8 (ITI TF-2, 3.8): MLLP framing, character sets, ER7,
//! the typed ADT message and its acknowledgment. No I/O, no clock: bytes in, values and bytes out.
//!
//! The order of work is the point of this crate: a frame is cut out of the stream ([`mllp`]), decoded to
//! text as a whole ([`charset`]), and only then split at delimiters ([`er7`]). In Japanese feeds the
//! bytes of a kanji can be those of `|`, `^`, `&`, `~` and `\`, so splitting first would cut names apart.
//!
//! ```
//! use xds_hl7::{FeedSettings, ack, mllp, receive};
//!
//! let mut wire: &[u8] = b"\x0bMSH|^~\\&|ADT|HOSP|REG|XDS|20260101120000||ADT^A04|M1|P|2.3.1\r\
//!     PID|||P1^^^&1.2.3&ISO\r\x1c\r";
//! let frame = mllp::Decoder::default().decode(&mut wire)?.ok_or("incomplete")?;
//! let received = receive(&frame, &FeedSettings::default());
//! let message = received.message?;
//! assert_eq!(message.domain_identifier(&"1.2.3".parse()?)?.ok_or("none")?.id(), "P1");
//!
//! let header = received.header.ok_or("no header")?;
//! let reply = ack::build(&header, &ack::Answer::Accept, time::OffsetDateTime::UNIX_EPOCH, "R1");
//! assert!(mllp::encode(&reply).ends_with(b"MSA|AA|M1\r\x1c\r"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod ack;
pub mod adt;
pub mod build;
pub mod charset;
pub mod er7;
pub mod header;
pub mod identifier;
pub mod mllp;
pub mod name;
pub mod refusal;
pub mod timestamp;

pub use adt::{AdtError, AdtMessage, FeedSettings, Sex, Trigger};
pub use build::{AdtDraft, build_adt};
pub use charset::{Charset, CharsetError};
pub use header::Header;
pub use identifier::{Authority, Cx};
pub use name::{PersonName, Representation};
pub use refusal::{AckCode, Condition, Place, Refusal};

/// What came in one frame.
#[derive(Debug)]
pub struct Received {
    /// What an acknowledgment needs, as far as it can be read: present even when the message is refused.
    /// Absent when the frame does not start with a header segment; then no answer can be addressed and the
    /// connection is to be closed.
    pub header: Option<Header>,
    /// The message, or why it is refused.
    pub message: Result<AdtMessage, ReceiveError>,
}

/// Reads the content of one MLLP frame.
pub fn receive(frame: &[u8], settings: &FeedSettings) -> Received {
    Received {
        header: Header::sniff(frame),
        message: read(frame, settings),
    }
}

fn read(frame: &[u8], settings: &FeedSettings) -> Result<AdtMessage, ReceiveError> {
    let decoded = charset::decode(frame)?;
    Ok(AdtMessage::parse(&decoded.text, settings)?)
}

/// Why a frame is no acceptable message. Holds no content of the message.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReceiveError {
    /// Its bytes are not text in the character set it declares.
    #[error(transparent)]
    Charset(#[from] CharsetError),
    /// It is no ADT message of ITI-8.
    #[error(transparent)]
    Adt(#[from] AdtError),
}

impl ReceiveError {
    /// What to answer.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Charset(error) => error.refusal(),
            Self::Adt(error) => error.refusal(),
        }
    }
}
