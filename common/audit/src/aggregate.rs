//! Refused connections, counted: a flood of them must not fill the journal.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::caller::Caller;
use crate::error::AuditError;
use crate::event::{Closing, Event, EventKind, Outcome};
use crate::journal::Journal;

/// Counts refusals by address and reason. The first of a pair is an event at once; those that follow
/// within the window become one event with their number when it ends.
#[derive(Debug)]
pub struct Refusals {
    window: Duration,
    pairs_max: usize,
    pairs: Mutex<HashMap<Pair, Count>>,
}

/// No address: those for which there was no room.
type Pair = (Option<IpAddr>, &'static str);

#[derive(Debug)]
struct Count {
    since: Instant,
    more: u64,
}

impl Refusals {
    /// A window of a minute and at most 2,048 pairs at a time; further addresses are counted together.
    pub fn new() -> Self {
        Self::with_limits(Duration::from_secs(60), 2_048)
    }

    /// Other limits.
    pub fn with_limits(window: Duration, pairs_max: usize) -> Self {
        Self {
            window,
            pairs_max,
            pairs: Mutex::new(HashMap::new()),
        }
    }

    /// Counts a refusal. `reason` is a fixed word. What is returned is to be written now.
    pub fn note(&self, peer: SocketAddr, reason: &'static str, now: Instant) -> Option<Event> {
        let mut pairs = self.lock();
        let own = (Some(peer.ip()), reason);
        let pair = if pairs.contains_key(&own) || pairs.len() < self.pairs_max {
            own
        } else {
            (None, reason)
        };
        if let Some(count) = pairs.get_mut(&pair) {
            count.more += 1;
            return None;
        }
        pairs.insert(pair, Count { since: now, more: 0 });
        Some(event(pair, Some(peer), 1))
    }

    /// The events of the windows that ended. A pair whose window brought nothing more is forgotten.
    pub fn due(&self, now: Instant) -> Vec<Event> {
        let mut pairs = self.lock();
        let mut events = Vec::new();
        pairs.retain(|pair, count| {
            let ended = now.saturating_duration_since(count.since) >= self.window;
            let more = count.more;
            if ended && more > 0 {
                events.push(event(*pair, None, more));
                *count = Count { since: now, more: 0 };
            }
            !ended || more > 0
        });
        events
    }

    /// Everything that is counted and not yet written, at the end of the process.
    pub fn drain(&self) -> Vec<Event> {
        let pairs = std::mem::take(&mut *self.lock());
        pairs
            .into_iter()
            .filter(|(_, count)| count.more > 0)
            .map(|(pair, count)| event(pair, None, count.more))
            .collect()
    }

    /// Writes what is due; call it every few seconds.
    ///
    /// # Errors
    /// [`AuditError`]: what was due is lost, as the connections that it counts got nothing.
    pub async fn flush(&self, journal: &Journal, now: Instant) -> Result<(), AuditError> {
        for event in self.due(now) {
            journal.single(event).await?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Pair, Count>> {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Refusals {
    fn default() -> Self {
        Self::new()
    }
}

fn event((address, reason): Pair, peer: Option<SocketAddr>, count: u64) -> Event {
    let kind = EventKind::HandshakeRefused {
        reason: reason.to_owned(),
        count,
    };
    let mut event = Event::of_machine(
        kind,
        Closing::failure(Outcome::SeriousFailure, Vec::<String>::new()),
    );
    // Port 0: counted connections had many.
    let peer = peer.or_else(|| address.map(|address| SocketAddr::new(address, 0)));
    event.opening.caller = peer.map(Caller::stranger).unwrap_or_default();
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 40_000))
    }

    fn count(event: &Event) -> u64 {
        match event.opening.kind {
            EventKind::HandshakeRefused { count, .. } => count,
            _ => 0,
        }
    }

    #[test]
    fn tls_30_a_flood_is_two_events() {
        let refusals = Refusals::new();
        let start = Instant::now();
        let at_once: Vec<Event> = (0..20_000)
            .filter_map(|_| refusals.note(peer(1), "unknown-ca", start))
            .collect();
        assert_eq!(at_once.iter().map(count).collect::<Vec<_>>(), [1]);
        assert!(refusals.due(start + Duration::from_secs(59)).is_empty());
        let later = refusals.due(start + Duration::from_secs(60));
        assert_eq!(later.iter().map(count).collect::<Vec<_>>(), [19_999]);
        assert!(refusals.due(start + Duration::from_secs(120)).is_empty());
        assert!(
            refusals
                .note(peer(1), "unknown-ca", start + Duration::from_secs(121))
                .is_some()
        );
    }

    #[test]
    fn tls_30_many_addresses_are_bounded_and_none_is_uncounted() {
        let refusals = Refusals::with_limits(Duration::from_secs(60), 10);
        let start = Instant::now();
        let mut total = 0;
        for last in 0..200 {
            total += refusals
                .note(peer(last), "expired", start)
                .iter()
                .map(count)
                .sum::<u64>();
        }
        let drained = refusals.drain();
        assert!(drained.len() <= 11);
        assert_eq!(total + drained.iter().map(count).sum::<u64>(), 200);
    }
}
