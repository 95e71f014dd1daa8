//! What a receiver has seen, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use super::TurnedAway;

/// Counts since the start of a receiver.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ReceiverStatus {
    /// Connections that are open now.
    pub open: u64,
    /// TLS sessions that were accepted.
    pub accepted: u64,
    /// Peers without a session, and connections beyond a limit.
    pub refused: u64,
    /// Sessions that ended otherwise than in order: broken frames, a refusing sink, lost connections.
    pub broken: u64,
    /// Messages that the sink has taken.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Times that the sink refused.
    pub sink_refusals: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    open: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
    broken: AtomicU64,
    messages: AtomicU64,
    bytes: AtomicU64,
    sink_refusals: AtomicU64,
}

impl Counters {
    pub(super) fn opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn kept(&self, messages: usize, bytes: usize) {
        self.messages.fetch_add(messages as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn turned_away(&self, why: &TurnedAway) {
        let counter = match why {
            TurnedAway::Handshake(_) | TurnedAway::TooMany => &self.refused,
            TurnedAway::NoLongerGood(_)
            | TurnedAway::Frame(_)
            | TurnedAway::Sink(_)
            | TurnedAway::Still
            | TurnedAway::Broken => &self.broken,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if matches!(why, TurnedAway::Sink(_)) {
            self.sink_refusals.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn snapshot(&self) -> ReceiverStatus {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ReceiverStatus {
            open: read(&self.open),
            accepted: read(&self.accepted),
            refused: read(&self.refused),
            broken: read(&self.broken),
            messages: read(&self.messages),
            bytes: read(&self.bytes),
            sink_refusals: read(&self.sink_refusals),
        }
    }
}
