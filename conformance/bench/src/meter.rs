//! CPU time of the processes that serve, read before and after.

use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::procfs::{cpu, cpu_of_family};

/// How long the work that a server does after its answers may take.
const QUIET_MAX: Duration = Duration::from_secs(1);
const POLL_EVERY: Duration = Duration::from_millis(30);

/// A process whose time counts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Watched {
    /// One process.
    Process(u32),
    /// A process and its children.
    Family(u32),
}

/// Reads the CPU time of some processes.
#[derive(Clone, Debug)]
pub(crate) struct Meter(pub(crate) Vec<Watched>);

impl Meter {
    /// The time of each, in order.
    ///
    /// # Errors
    /// When one of them has ended.
    pub(crate) fn read(&self) -> Result<Vec<Duration>, BenchError> {
        let read = |watched: &Watched| match *watched {
            Watched::Process(pid) => cpu(pid),
            Watched::Family(pid) => cpu_of_family(pid),
        };
        self.0.iter().map(read).collect()
    }

    /// As [`read`](Self::read), once they have nothing left to do; after a second at the latest.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn read_when_quiet(&self) -> Result<Vec<Duration>, BenchError> {
        let begun = Instant::now();
        let mut last = self.read()?;
        loop {
            tokio::time::sleep(POLL_EVERY).await;
            let now = self.read()?;
            if now == last || begun.elapsed() > QUIET_MAX {
                return Ok(now);
            }
            last = now;
        }
    }
}

/// What each has used between two readings.
pub(crate) fn used(before: &[Duration], after: &[Duration]) -> Vec<Duration> {
    let pairs = after.iter().zip(before);
    pairs
        .map(|(after, before)| after.saturating_sub(*before))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_is_the_difference_of_each() {
        let of = |values: [u64; 2]| values.map(Duration::from_millis);
        assert_eq!(used(&of([10, 500]), &of([30, 500])), of([20, 0]));
        // A session that ended between the two looks at it may be missing from the second reading.
        assert_eq!(used(&of([10, 500]), &of([30, 490])), of([20, 0]));
    }

    #[tokio::test]
    async fn our_own_work_is_seen() {
        let meter = Meter(vec![Watched::Process(std::process::id())]);
        let before = meter.read().unwrap();
        let begun = Instant::now();
        let mut sum = 0_u64;
        while used(&before, &meter.read().unwrap())[0] < Duration::from_millis(20) {
            sum = std::hint::black_box(sum.wrapping_add(1));
            assert!(begun.elapsed() < Duration::from_secs(60));
        }
        assert!(meter.read_when_quiet().await.unwrap()[0] >= before[0] + Duration::from_millis(20));
    }
}
