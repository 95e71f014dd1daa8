//! How fast the journal grows, and how long the volume lasts.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Between two samples, at least.
const STEP: Duration = Duration::from_secs(60);
/// Samples kept: a day.
const SAMPLES_MAX: usize = 24 * 60;
const DAY: f64 = 24.0 * 60.0 * 60.0;

/// Bytes written, over the last day.
#[derive(Debug)]
pub(crate) struct Growth {
    samples: VecDeque<(Instant, u64)>,
}

impl Growth {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            samples: VecDeque::from([(now, 0)]),
        }
    }

    /// Notes what was written since the start; bytes a day, once there is a minute to judge by.
    pub(crate) fn note(&mut self, now: Instant, bytes: u64) -> Option<u64> {
        let (since, before) = *self.samples.front()?;
        let (newest, _) = *self.samples.back()?;
        if now.saturating_duration_since(newest) >= STEP {
            self.samples.push_back((now, bytes));
            if self.samples.len() > SAMPLES_MAX {
                self.samples.pop_front();
            }
        }
        let elapsed = now.saturating_duration_since(since);
        (elapsed >= STEP).then(|| {
            let rate = bytes.saturating_sub(before) as f64 / elapsed.as_secs_f64();
            (rate * DAY) as u64
        })
    }
}

/// Days until `free` has fallen to `free_min` by `per_day` bytes a day.
pub(crate) fn days_left(free: u64, free_min: u64, per_day: u64) -> Option<f64> {
    (per_day > 0).then(|| free.saturating_sub(free_min) as f64 / per_day as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_day() {
        let start = Instant::now();
        let mut growth = Growth::new(start);
        assert_eq!(growth.note(start + Duration::from_secs(59), 59), None);
        let hour = Duration::from_secs(3_600);
        assert_eq!(growth.note(start + hour, 3_600), Some(86_400));
        // A day and an hour of silence later, only the silence counts.
        let mut rate = None;
        for minute in 61..=60 * 26 {
            rate = growth.note(start + STEP * minute, 3_600);
        }
        assert_eq!(rate, Some(0));
    }

    #[test]
    fn days_are_those_until_requests_are_refused() {
        assert_eq!(days_left(1_100, 100, 500), Some(2.0));
        assert_eq!(days_left(50, 100, 500), Some(0.0));
        assert_eq!(days_left(1_100, 100, 0), None);
    }
}
