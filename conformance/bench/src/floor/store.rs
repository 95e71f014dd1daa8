//! The store floor's process: takes orders line by line.

use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::database::Database;
use super::disk::Disk;
use super::{Order, Said, Setup, Work, microseconds};
use crate::error::BenchError;
use crate::load::Bounds;

/// Obeys until standard input ends.
///
/// # Errors
/// When the first line is no [`Setup`], or standard output is closed.
pub(crate) fn serve() -> Result<(), BenchError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(BenchError::io("threads"))?;
    let mut lines = std::io::stdin().lock().lines();
    let Some(first) = lines.next() else { return Ok(()) };
    let setup: Setup = serde_json::from_str(&first.map_err(BenchError::io("standard input"))?)?;
    let store = match runtime.block_on(Store::open(&setup)) {
        Ok(store) => store,
        Err(error) => return answer(&Said::Failed(error.to_string())),
    };
    answer(&done(0, Duration::ZERO))?;
    for line in lines {
        let order = serde_json::from_str(&line.map_err(BenchError::io("standard input"))?)?;
        let said = match runtime.block_on(store.obey(order)) {
            Ok((requests, time)) => done(requests, time),
            Err(error) => Said::Failed(error.to_string()),
        };
        answer(&said)?;
    }
    Ok(())
}

fn done(requests: u64, time: Duration) -> Said {
    Said::Done {
        requests,
        microseconds: microseconds(time),
    }
}

fn answer(said: &Said) -> Result<(), BenchError> {
    let mut line = serde_json::to_string(said)?;
    line.push('\n');
    let written = std::io::stdout().write_all(line.as_bytes());
    written.map_err(BenchError::io("standard output"))
}

struct Store {
    database: Database,
    disk: Disk,
}

impl Store {
    async fn open(setup: &Setup) -> Result<Self, BenchError> {
        Ok(Self {
            database: Database::open(&setup.database, setup.connections, setup.patients).await?,
            disk: Disk::open(&setup.folder)?,
        })
    }

    async fn obey(&self, order: Order) -> Result<(u64, Duration), BenchError> {
        match order {
            Order::Prepare(Work::ReadFile { bytes }) => self.disk.prepare(bytes)?,
            Order::Prepare(Work::ReadBodies | Work::ReadKeys | Work::ReadOne) => self.database.fill().await?,
            Order::Prepare(_) => {}
            Order::Clean => self.disk.clean()?,
            Order::Run {
                work,
                connections,
                microseconds,
                requests_max,
            } => {
                let bounds = Bounds {
                    time: Duration::from_micros(microseconds),
                    requests_max,
                };
                let turns = Turns::new(bounds);
                let begun = Instant::now();
                let requests = match work {
                    Work::WriteFile { bytes } => self.disk.write(bytes, connections, turns).await?,
                    Work::ReadFile { bytes } => self.disk.read(bytes, connections, turns).await?,
                    work => self.database.run(work, connections, turns).await?,
                };
                return Ok((requests, begun.elapsed()));
            }
        }
        Ok((0, Duration::ZERO))
    }
}

/// Numbers, handed out for some time.
pub(super) struct Turns {
    begun: Instant,
    bounds: Bounds,
    next: AtomicU64,
}

impl Turns {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            begun: Instant::now(),
            bounds,
            next: AtomicU64::new(0),
        }
    }

    /// The next number, unless time or numbers have run out.
    pub(super) fn next(&self) -> Option<u64> {
        if self.begun.elapsed() >= self.bounds.time {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.bounds.requests_max).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_end_by_number_and_by_time() {
        let turns = |time, requests_max| Turns::new(Bounds { time, requests_max });
        let three = turns(Duration::from_secs(600), 3);
        assert_eq!(
            [three.next(), three.next(), three.next()],
            [Some(0), Some(1), Some(2)]
        );
        assert_eq!(three.next(), None);
        assert_eq!(turns(Duration::ZERO, 3).next(), None);
    }
}
