//! Where audit messages go, and how patiently.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;

use super::poster::Poster;

/// The name of a destination: metrics carry it, and the file of its cursor.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DestinationName(String);

impl DestinationName {
    /// The longest name, in characters.
    pub const CHARS_MAX: usize = 64;

    /// The name as it was configured.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Not a name of a destination.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a destination's name has 1 to 64 characters of a-z, 0-9, '-' and '_'")]
pub struct DestinationNameError;

impl FromStr for DestinationName {
    type Err = DestinationNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=Self::CHARS_MAX).contains(&text.len());
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if fits && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(DestinationNameError)
        }
    }
}

impl fmt::Display for DestinationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An Audit Record Repository.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Its name in our configuration.
    pub name: DestinationName,
    /// How to reach it.
    pub transport: Transport,
    /// How patiently.
    pub limits: Limits,
}

/// The options ATX: TLS Syslog and ATX: UDP Syslog of ITI TF-2 3.20.
#[derive(Clone, Debug)]
pub enum Transport {
    /// RFC 5425.
    Tls {
        /// `host:port`; the port is 6514 by default, which the caller fills in.
        address: String,
        /// The name that the certificate is judged by.
        server_name: ServerName<'static>,
        /// Our certificate, and whom we trust: [`xds_tls::ClientTls::config`].
        config: Arc<ClientConfig>,
    },
    /// RFC 5426. Nothing tells whether a datagram arrives: the cursor moves when it was sent. No patient's data should
    /// travel like this.
    Udp {
        /// `host:port`; 514 by default.
        address: String,
        /// Longer messages are truncated; at most [`crate::frame::DATAGRAM_BYTES_MAX`].
        datagram_bytes_max: usize,
    },
    /// A receiver that acknowledges every message, such as one of ATX: FHIR Feed. The lines of the source are its
    /// messages.
    Posts {
        /// How to reach it.
        poster: Arc<dyn Poster>,
    },
}

/// How long to wait, and how much may be under way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Until the TCP connection stands.
    pub connect_max: Duration,
    /// Until the TLS session stands.
    pub handshake_max: Duration,
    /// While the receiver takes not one byte.
    pub write_max: Duration,
    /// From our end of a session to the receiver's.
    pub close_max: Duration,
    /// After the first message of a session, when to end it to learn what has arrived.
    pub settle_after: Duration,
    /// The first session after a failure is not ended earlier than this: a receiver that refuses us after the handshake
    /// (TLS 1.3) is to be seen doing it, though it should read what we sent.
    pub probation: Duration,
    /// Messages on one session at least: fewer would make sessions too short.
    pub window_events_min: u64,
    /// Messages on one session at most.
    pub window_events_max: u64,
    /// Bytes on one session at most, by whole messages; also what is kept in memory.
    pub window_bytes_max: usize,
    /// First pause after a failure; each further one is twice as long.
    pub pause_min: Duration,
    /// Longest pause. A pause is shortened by up to half of it, at random, so that nodes do not come back together.
    pub pause_max: Duration,
    /// How often the cursor is written at most. What was delivered since is sent again after a crash.
    pub cursor_every: Duration,
    /// How often an unreadable source is asked again.
    pub source_retry: Duration,
    /// Messages that are posted at once at most, by whole records.
    pub posts_events_max: usize,
    /// Bytes that are posted at once at most, by whole records.
    pub posts_bytes_max: usize,
    /// How often a message is posted that is refused, before it is set aside.
    pub refusals_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_max: Duration::from_secs(5),
            handshake_max: Duration::from_secs(10),
            write_max: Duration::from_secs(30),
            close_max: Duration::from_secs(30),
            settle_after: Duration::from_secs(5),
            probation: Duration::from_secs(1),
            window_events_min: 16,
            window_events_max: 4096,
            window_bytes_max: 8 * 1024 * 1024,
            pause_min: Duration::from_millis(500),
            pause_max: Duration::from_secs(60),
            cursor_every: Duration::from_secs(1),
            source_retry: Duration::from_secs(1),
            posts_events_max: 200,
            posts_bytes_max: 1024 * 1024,
            refusals_max: 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_the_folder_of_cursors() {
        for good in ["arr-1", "a", "main_arr", &"x".repeat(64)] {
            assert_eq!(good.parse::<DestinationName>().unwrap().as_str(), good);
        }
        for bad in ["", "..", "a/b", "A", "a.b", "a b", "ä", &"x".repeat(65)] {
            assert!(bad.parse::<DestinationName>().is_err(), "{bad:?}");
        }
    }
}
