//! Servers that asked to be left alone (RFC 5905, section 7.4).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long such a server is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(3600);

/// Which servers are left alone, and until when.
#[derive(Debug, Default)]
pub(crate) struct HoldOff {
    until: Mutex<BTreeMap<String, Instant>>,
}

impl HoldOff {
    /// This server wants to be left alone.
    pub(crate) fn begin(&self, server: &str, now: Instant) {
        self.lock().insert(server.to_owned(), now + LEFT_ALONE);
    }

    /// Whether it is left alone still.
    pub(crate) fn holds(&self, server: &str, now: Instant) -> bool {
        self.lock().get(server).is_some_and(|until| now < *until)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_left_alone_for_an_hour() {
        let (holdoff, now) = (HoldOff::default(), Instant::now());
        assert!(!holdoff.holds("a", now));
        holdoff.begin("a", now);
        assert!(holdoff.holds("a", now + Duration::from_secs(3599)));
        assert!(!holdoff.holds("a", now + Duration::from_secs(3600)));
        assert!(!holdoff.holds("b", now));
    }
}
