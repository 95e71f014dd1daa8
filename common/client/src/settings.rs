use std::time::Duration;

use xds_soap::MimeLimits;
use xds_xml::Limits;

/// How long a call may take and how much may come back. Each limit is inclusive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClientSettings {
    /// Seconds until a new connection stands, TLS included.
    pub connect_seconds_max: u64,
    /// Seconds without progress: none of our bytes taken, none of the answer come. Counts from the last byte, so that
    /// a large document over a slow line is no failure.
    pub answer_seconds_max: u64,
    /// Seconds of the whole exchange, the reading of the last document included.
    pub exchange_seconds_max: u64,
    /// Bytes of the envelope of an answer, or of a JSON answer.
    pub answer_bytes_max: usize,
    /// Bytes of a whole MTOM answer, documents included.
    pub message_bytes_max: u64,
    /// Limits of the envelope as XML.
    pub xml: Limits,
    /// Limits of an MTOM answer; its `root_bytes_max` gives way to [`answer_bytes_max`](Self::answer_bytes_max).
    pub mime: MimeLimits,
    /// Connections kept for the next call to a host.
    pub idle_per_host_max: usize,
    /// Seconds that a connection is kept unused. Less than servers keep theirs, so that they seldom hang up first.
    pub idle_seconds_max: u64,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            connect_seconds_max: 5,
            answer_seconds_max: 60,
            exchange_seconds_max: 1800,
            answer_bytes_max: 8 << 20,
            message_bytes_max: 4 << 30,
            xml: Limits::default(),
            mime: MimeLimits::default(),
            idle_per_host_max: 32,
            idle_seconds_max: 15,
        }
    }
}

impl ClientSettings {
    pub(crate) fn connect_max(&self) -> Duration {
        Duration::from_secs(self.connect_seconds_max)
    }

    pub(crate) fn answer_max(&self) -> Duration {
        Duration::from_secs(self.answer_seconds_max)
    }

    pub(crate) fn idle_max(&self) -> Duration {
        Duration::from_secs(self.idle_seconds_max)
    }

    pub(crate) fn mime_limits(&self) -> MimeLimits {
        MimeLimits {
            root_bytes_max: self.answer_bytes_max,
            ..self.mime
        }
    }
}
