//! A source that makes its lines from their numbers, and the comparison of what was owed with what arrived.

use std::collections::HashSet;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;
use xds_syslog::sender::{Destination, Sender};
use xds_syslog::{Owed, Source, SourceError};

use crate::world::{World, surroundings};

/// The journal of a test: event N exists once `newest` says so.
#[derive(Debug)]
pub(crate) struct Journal(watch::Sender<u64>);

impl Journal {
    pub(crate) fn new(events: u64) -> Self {
        Self(watch::channel(events).0)
    }

    pub(crate) fn newest(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }

    pub(crate) fn source(&self) -> Box<Numbered> {
        Box::new(Numbered(self.0.subscribe()))
    }

    pub(crate) fn grow_to(&self, events: u64) {
        self.0.send_replace(events);
    }

    /// Grows to `events` at about `per_second`, in steps of 10 ms.
    pub(crate) async fn load(&self, events: u64, per_second: u64) {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        while *self.0.borrow() < events {
            ticks.tick().await;
            let next = *self.0.borrow() + (per_second / 100).max(1);
            self.grow_to(next.min(events));
        }
    }
}

/// Every seventh record owes nothing, as checkpoints do.
pub(crate) struct Numbered(watch::Receiver<u64>);

impl Source for Numbered {
    fn read(&mut self, after: u64, events_max: usize, bytes_max: usize) -> Result<Vec<Owed>, SourceError> {
        let newest = *self.0.borrow();
        let mut bytes = 0;
        let mut read = Vec::new();
        for sequence in after + 1..=newest {
            if read.len() == events_max || bytes > bytes_max {
                break;
            }
            let lines = lines(sequence);
            bytes += lines.iter().map(String::len).sum::<usize>();
            read.push(Owed {
                sequence,
                at: OffsetDateTime::UNIX_EPOCH,
                lines,
            });
        }
        Ok(read)
    }
}

fn lines(sequence: u64) -> Vec<String> {
    if sequence.is_multiple_of(7) {
        return Vec::new();
    }
    vec![line(sequence)]
}

pub(crate) fn line(sequence: u64) -> String {
    format!(
        "<85>1 2026-01-01T10:00:00Z registry.test renkei 1 IHE+RFC-3881 - <AuditMessage>{:600}</AuditMessage><n>{sequence}</n>",
        "患者"
    )
}

/// A source with these lines and no more.
pub(crate) struct Fixed(Vec<String>);

impl Fixed {
    pub(crate) fn new(lines: &[String]) -> Self {
        Self(lines.to_vec())
    }

    pub(crate) fn sender(self, world: &World, destination: Destination) -> Sender {
        let newest = tokio::sync::watch::channel(self.0.len() as u64).1;
        Sender::start(destination, Box::new(self), newest, &world.folder, surroundings()).unwrap()
    }
}

impl Source for Fixed {
    fn read(&mut self, after: u64, _: usize, _: usize) -> Result<Vec<Owed>, SourceError> {
        let owed = |(sequence, line): (u64, &String)| Owed {
            sequence,
            at: OffsetDateTime::UNIX_EPOCH,
            lines: vec![line.clone()],
        };
        Ok((1..).zip(&self.0).skip(after as usize).map(owed).collect())
    }
}

/// What became of the events 1 to `newest`.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) owed: usize,
    pub(crate) arrived: usize,
    pub(crate) missing: Vec<u64>,
    pub(crate) invented: Vec<u64>,
    pub(crate) duplicates: usize,
    pub(crate) in_order: bool,
}

impl Ledger {
    /// `arrived`: numbers in the order of arrival.
    pub(crate) fn of(newest: u64, arrived: &[u64]) -> Self {
        let owed: HashSet<u64> = (1..=newest).filter(|n| !lines(*n).is_empty()).collect();
        let mut seen = HashSet::new();
        let firsts: Vec<u64> = arrived.iter().copied().filter(|n| seen.insert(*n)).collect();
        let mut missing: Vec<u64> = owed.difference(&seen).copied().collect();
        missing.sort_unstable();
        Self {
            owed: owed.len(),
            arrived: firsts.len(),
            missing,
            invented: seen.difference(&owed).copied().collect(),
            duplicates: arrived.len() - firsts.len(),
            in_order: firsts.is_sorted(),
        }
    }

    pub(crate) fn print(&self, what: &str) {
        println!(
            "{what}: owed {}, arrived {} ({:.6}), missing {}, duplicates {} ({:.3} %), order kept: {}",
            self.owed,
            self.arrived,
            self.arrived as f64 / self.owed as f64,
            self.missing.len(),
            self.duplicates,
            self.duplicate_share() * 100.0,
            self.in_order
        );
    }

    pub(crate) fn duplicate_share(&self) -> f64 {
        self.duplicates as f64 / self.owed as f64
    }

    /// Nothing lost, nothing invented, order kept; duplicates are for the caller to judge.
    pub(crate) fn assert_whole(&self) {
        assert!(self.missing.is_empty(), "lost: {self:?}");
        assert!(self.invented.is_empty(), "invented: {self:?}");
        assert!(self.in_order, "out of order: {self:?}");
    }
}

/// The numbers of whole events in a text, by their order.
pub(crate) fn numbers(text: &[u8]) -> Vec<u64> {
    let text = String::from_utf8_lossy(text);
    text.split("<n>")
        .skip(1)
        .filter_map(|rest| rest.split_once("</n>")?.0.parse().ok())
        .collect()
}
