//! What is known of a destination: for metrics and alarms.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use super::destination::DestinationName;

/// How a destination stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DestinationStatus {
    /// Its name.
    pub name: DestinationName,
    /// Whether a session stands now. For UDP: whether the last datagram could be sent.
    pub connected: bool,
    /// Everything up to this number of the source is delivered.
    pub settled: u64,
    /// The oldest message that is not known to have arrived; none where nothing is owed.
    pub oldest: Option<OldestUnsent>,
    /// Messages written to the network since the start, the repeated ones too.
    pub sent: u64,
    /// Of these, messages that had been written before.
    pub resent: u64,
    /// Messages that were truncated (UDP only).
    pub truncated: u64,
    /// Messages that the receiver refuses and that lie in files, from earlier runs too (receivers that acknowledge only).
    pub set_aside: u64,
    /// Attempts and sessions that failed since the start.
    pub failures: u64,
    /// Failures since something was last delivered.
    pub failures_in_a_row: u32,
    /// What went wrong last, even if it was repaired since.
    pub last_error: Option<Trouble>,
}

/// The oldest message that a destination is owed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OldestUnsent {
    /// Its number in the source.
    pub sequence: u64,
    /// When it happened.
    pub at: OffsetDateTime,
    /// How long ago that is. Zero where the clock was set back.
    pub age: Duration,
}

/// What went wrong with a destination, in fixed words.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Trouble {
    /// The host's name is not known, or the address is none.
    Address,
    /// Nobody listens there.
    ConnectRefused,
    /// No TCP connection in time.
    ConnectTimeout,
    /// No TCP connection for another reason.
    Connect,
    /// The handshake failed: we do not accept the receiver, or it does not accept us.
    Handshake,
    /// No TLS session in time.
    HandshakeTimeout,
    /// The receiver takes no more bytes.
    WriteTimeout,
    /// The receiver ended the session before we did.
    ClosedByPeer,
    /// The receiver, or something between, reset the connection.
    Reset,
    /// An alert or another error inside the session: under TLS 1.3 a refused client certificate shows here.
    Session,
    /// The receiver did not end the session after we had: it has not read everything.
    CloseTimeout,
    /// A datagram could not be sent.
    Datagram,
    /// The receiver did not answer in time.
    AnswerTimeout,
    /// The receiver answered with an HTTP status that says nothing of the messages.
    Status,
    /// The receiver's answer does not say what became of each message.
    Answer,
    /// The receiver refused a message.
    Refused,
    /// A message that is refused for good cannot be set aside.
    Aside,
    /// The source cannot be read.
    Source,
    /// The cursor cannot be written.
    Cursor,
}

impl Trouble {
    /// Its word in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::ConnectRefused => "connect-refused",
            Self::ConnectTimeout => "connect-timeout",
            Self::Connect => "connect",
            Self::Handshake => "handshake",
            Self::HandshakeTimeout => "handshake-timeout",
            Self::WriteTimeout => "write-timeout",
            Self::ClosedByPeer => "closed-by-peer",
            Self::Reset => "reset",
            Self::Session => "session",
            Self::CloseTimeout => "close-timeout",
            Self::Datagram => "datagram",
            Self::AnswerTimeout => "answer-timeout",
            Self::Status => "status",
            Self::Answer => "answer",
            Self::Refused => "refused",
            Self::Aside => "aside",
            Self::Source => "source",
            Self::Cursor => "cursor",
        }
    }

    pub(super) fn of_connect(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::ConnectRefused,
            io::ErrorKind::TimedOut => Self::ConnectTimeout,
            io::ErrorKind::InvalidInput => Self::Address,
            // What getaddrinfo says has no kind of its own.
            _ if error.raw_os_error().is_none() => Self::Address,
            _ => Self::Connect,
        }
    }

    pub(super) fn of_session(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
                Self::Reset
            }
            io::ErrorKind::UnexpectedEof => Self::ClosedByPeer,
            io::ErrorKind::TimedOut => Self::WriteTimeout,
            _ => Self::Session,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The status that task and handle share.
#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Mutex<DestinationStatus>>);

impl Shared {
    pub(super) fn new(name: DestinationName, settled: u64) -> Self {
        Self(Arc::new(Mutex::new(DestinationStatus {
            name,
            connected: false,
            settled,
            oldest: None,
            sent: 0,
            resent: 0,
            truncated: 0,
            set_aside: 0,
            failures: 0,
            failures_in_a_row: 0,
            last_error: None,
        })))
    }

    /// Every change is a few plain stores: nothing in between can panic.
    pub(super) fn lock(&self) -> MutexGuard<'_, DestinationStatus> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn snapshot(&self, now: OffsetDateTime) -> DestinationStatus {
        let mut status = self.lock().clone();
        if let Some(oldest) = &mut status.oldest {
            oldest.age = (now - oldest.at).try_into().unwrap_or(Duration::ZERO);
        }
        status
    }
}
