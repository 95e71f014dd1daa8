//! Pauses between attempts: twice as long each time, with jitter.

use std::time::Duration;

use super::destination::Limits;

/// The pause after the `failures`-th failure in a row (from 1): between half and the whole of
/// `pause_min * 2^(failures - 1)`, where `random` says where.
pub(super) fn pause(limits: &Limits, failures: u32, random: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(DOUBLINGS_MAX);
    let whole = limits
        .pause_min
        .saturating_mul(1 << doublings)
        .min(limits.pause_max);
    let half = whole / 2;
    half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

const DOUBLINGS_MAX: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap_and_vary_by_half() {
        let limits = Limits::default();
        let millis = |failures, random| pause(&limits, failures, random).as_millis();
        assert_eq!((millis(1, 0), millis(1, u32::MAX)), (250, 500));
        assert_eq!((millis(3, 0), millis(3, u32::MAX)), (1000, 2000));
        assert_eq!((millis(99, 0), millis(u32::MAX, u32::MAX)), (30_000, 60_000));
    }
}
