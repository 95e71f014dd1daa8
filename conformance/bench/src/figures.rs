//! Figures of one measurement, and their medians over the rounds.

use std::time::Duration;

use serde::Serialize;

use crate::statistics::median;

/// A case that costs more than this many times its floor is marked.
const SLOW_RATIO: f64 = 3.0;

/// A rate and a cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Figures {
    /// Requests a second.
    pub(crate) requests_per_second: f64,
    /// CPU time of the serving processes for each request, in microseconds.
    pub(crate) cpu_us: f64,
}

impl Figures {
    /// Of so many requests in this time.
    pub(crate) fn new(requests: u64, elapsed: Duration, cpu: Duration) -> Self {
        let requests = as_f64(requests);
        Self {
            requests_per_second: requests / elapsed.as_secs_f64(),
            cpu_us: each(cpu, requests),
        }
    }

    /// One work after the other: times and costs add up.
    fn product(parts: &[Self]) -> Self {
        let seconds: f64 = parts.iter().map(|part| 1.0 / part.requests_per_second).sum();
        Self {
            requests_per_second: 1.0 / seconds,
            cpu_us: parts.iter().map(|part| part.cpu_us).sum(),
        }
    }
}

/// A part of a floor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Part {
    /// What it does.
    pub(crate) name: &'static str,
    #[serde(flatten)]
    pub(crate) figures: Figures,
}

/// One measurement of a case and of the parts of its floor.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    /// Requests a second.
    pub(crate) requests_per_second: f64,
    /// CPU time for each request: registry, repository, PostgreSQL, in microseconds.
    pub(crate) cpu_us: [f64; 3],
    /// Median latency.
    pub(crate) p50: Duration,
    /// Latency that 99 of 100 requests do not exceed.
    pub(crate) p99: Duration,
    /// Bytes of a request's body, on average.
    pub(crate) bytes_in: u64,
    /// Bytes of an answer's body, on average.
    pub(crate) bytes_out: u64,
    /// The floor, measured directly after.
    pub(crate) floor: Vec<Part>,
}

/// A line of the table: medians over the rounds, ratios being medians of each round's ratio.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) case: &'static str,
    #[serde(flatten)]
    pub(crate) figures: Figures,
    pub(crate) registry_cpu_us: f64,
    pub(crate) repository_cpu_us: f64,
    pub(crate) postgresql_cpu_us: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) floor_parts: Vec<Part>,
    pub(crate) floor: Figures,
    /// CPU time of the case over that of its floor.
    pub(crate) cpu_ratio: f64,
    /// Rate of the floor over that of the case.
    pub(crate) rate_ratio: f64,
    /// Whether one of the two is more than three.
    pub(crate) slow: bool,
}

impl Row {
    /// Of the rounds of a case.
    pub(crate) fn new(case: &'static str, rounds: &[Round]) -> Self {
        let of = |value: &dyn Fn(&Round) -> f64| median(rounds.iter().map(value));
        let bytes = |value: &dyn Fn(&Round) -> u64| rounds.first().map(value).unwrap_or_default();
        let cpu_ratio = of(&|round| round.cpu_us.iter().sum::<f64>() / round.product().cpu_us);
        let rate_ratio = of(&|round| round.product().requests_per_second / round.requests_per_second);
        Self {
            case,
            figures: Figures {
                requests_per_second: of(&|round| round.requests_per_second),
                cpu_us: of(&|round| round.cpu_us.iter().sum()),
            },
            registry_cpu_us: of(&|round| cpu_of(round, 0)),
            repository_cpu_us: of(&|round| cpu_of(round, 1)),
            postgresql_cpu_us: of(&|round| cpu_of(round, 2)),
            p50_ms: of(&|round| round.p50.as_secs_f64() * 1e3),
            p99_ms: of(&|round| round.p99.as_secs_f64() * 1e3),
            bytes_in: bytes(&|round| round.bytes_in),
            bytes_out: bytes(&|round| round.bytes_out),
            floor_parts: parts(rounds),
            floor: Figures {
                requests_per_second: of(&|round| round.product().requests_per_second),
                cpu_us: of(&|round| round.product().cpu_us),
            },
            cpu_ratio,
            rate_ratio,
            slow: cpu_ratio > SLOW_RATIO || rate_ratio > SLOW_RATIO,
        }
    }
}

impl Round {
    fn product(&self) -> Figures {
        let parts: Vec<Figures> = self.floor.iter().map(|part| part.figures).collect();
        Figures::product(&parts)
    }
}

fn cpu_of(round: &Round, process: usize) -> f64 {
    round.cpu_us.get(process).copied().unwrap_or_default()
}

fn parts(rounds: &[Round]) -> Vec<Part> {
    let Some(first) = rounds.first() else {
        return Vec::new();
    };
    let part = |(index, part): (usize, &Part)| {
        let of = |value: &dyn Fn(&Figures) -> f64| {
            median(
                rounds
                    .iter()
                    .filter_map(|round| Some(value(&round.floor.get(index)?.figures))),
            )
        };
        Part {
            name: part.name,
            figures: Figures {
                requests_per_second: of(&|figures| figures.requests_per_second),
                cpu_us: of(&|figures| figures.cpu_us),
            },
        }
    };
    first.floor.iter().enumerate().map(part).collect()
}

/// Microseconds for each of so many requests.
pub(crate) fn each(time: Duration, requests: f64) -> f64 {
    time.as_secs_f64() * 1e6 / requests
}

/// Counts here are far below 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of requests and bytes are far below 2^53"
)]
pub(crate) fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    pub(crate) fn round(rate: f64, cpu: f64, floor: &[(f64, f64)]) -> Round {
        let part = |(requests_per_second, cpu_us): &(f64, f64)| Part {
            name: "part",
            figures: Figures {
                requests_per_second: *requests_per_second,
                cpu_us: *cpu_us,
            },
        };
        Round {
            requests_per_second: rate,
            cpu_us: [cpu, 0.0, 10.0],
            p50: Duration::from_millis(2),
            p99: Duration::from_millis(9),
            bytes_in: 13_400,
            bytes_out: 400,
            floor: floor.iter().map(part).collect(),
        }
    }

    #[test]
    fn figures_are_for_each_request() {
        let figures = Figures::new(500, Duration::from_secs(2), Duration::from_millis(50));
        assert!(near(figures.requests_per_second, 250.0));
        assert!(near(figures.cpu_us, 100.0));
    }

    #[test]
    fn a_floor_is_its_parts_one_after_the_other() {
        let row = Row::new("case", &[round(50.0, 90.0, &[(200.0, 30.0), (200.0, 20.0)])]);
        assert!(near(row.floor.requests_per_second, 100.0));
        assert!(near(row.floor.cpu_us, 50.0));
        assert!(near(row.cpu_ratio, 2.0));
        assert!(near(row.rate_ratio, 2.0));
        assert!(!row.slow);
    }

    #[test]
    fn ratios_are_of_a_round_and_not_across_rounds() {
        // The machine was half as fast in the second round, and so was the floor.
        let rounds = [
            round(100.0, 90.0, &[(200.0, 50.0)]),
            round(50.0, 190.0, &[(100.0, 100.0)]),
            round(100.0, 90.0, &[(200.0, 50.0)]),
        ];
        let row = Row::new("case", &rounds);
        assert!(near(row.cpu_ratio, 2.0) && near(row.rate_ratio, 2.0));
        assert!(near(row.figures.cpu_us, 100.0));
        assert!(near(row.postgresql_cpu_us, 10.0));
    }

    #[test]
    fn more_than_three_times_the_floor_is_slow_by_cpu_or_by_rate() {
        let slow = |rate, cpu| Row::new("case", &[round(rate, cpu, &[(300.0, 100.0)])]).slow;
        assert!(!slow(100.0, 290.0));
        assert!(slow(100.0, 291.0));
        assert!(slow(99.0, 100.0));
    }
}
