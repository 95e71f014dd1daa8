//! The floors: what the same bytes, the same rows and the same files cost by themselves.
//!
//! Each runs in a process of its own, this program started again, so that its CPU time is known. A floor's process
//! ends when its standard input does.

mod child;
mod database;
mod disk;
pub(crate) mod echo;
pub(crate) mod store;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use child::{EchoFloor, StoreFloor};

/// What the store floor does, once for each request.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Work {
    /// Writes the rows of one registration in one statement and one commit.
    WriteRows,
    /// Reads 20 rows of a patient with their bodies.
    ReadBodies,
    /// Reads 20 rows of a patient without their bodies.
    ReadKeys,
    /// Reads one row by its uniqueId.
    ReadOne,
    /// Writes a file, and flushes it and its folder.
    WriteFile {
        /// Its length.
        bytes: u64,
    },
    /// Reads a file.
    ReadFile {
        /// Its length.
        bytes: u64,
    },
}

impl Work {
    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WriteRows => "rows written",
            Self::ReadBodies => "20 rows read",
            Self::ReadKeys => "20 keys read",
            Self::ReadOne => "1 row read",
            Self::WriteFile { .. } => "file written",
            Self::ReadFile { .. } => "file read",
        }
    }
}

/// The first line to the store floor.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Setup {
    /// How to reach the private cluster, as tokio-postgres reads it. It holds a password, so it travels by this pipe.
    pub(crate) database: String,
    /// A folder on the file system of the documents.
    pub(crate) folder: std::path::PathBuf,
    /// Patients that have 20 rows each.
    pub(crate) patients: u64,
    /// Connections at most.
    pub(crate) connections: u64,
}

/// A further line to the store floor.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Order {
    /// Makes what the work reads.
    Prepare(Work),
    /// Does it.
    Run {
        /// What.
        work: Work,
        /// How many at once.
        connections: u64,
        /// For so many microseconds at most.
        microseconds: u64,
        /// Or so many times.
        requests_max: u64,
    },
    /// Removes the files that were written.
    Clean,
}

/// The answer to each.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Said {
    /// It is done.
    Done {
        /// How often.
        requests: u64,
        /// In how many microseconds.
        microseconds: u64,
    },
    /// It failed.
    Failed(String),
}

/// A duration in whole microseconds, as the pipe carries it.
pub(crate) fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_and_answers_come_back_as_they_went() {
        let order = Order::Run {
            work: Work::WriteFile { bytes: 7 },
            connections: 2,
            microseconds: 5,
            requests_max: 9,
        };
        for order in [order, Order::Clean, Order::Prepare(Work::ReadOne)] {
            let line = serde_json::to_string(&order).unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(serde_json::from_str::<Order>(&line).unwrap(), order);
        }
        let said = Said::Failed("a\nb".to_owned());
        let line = serde_json::to_string(&said).unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<Said>(&line).unwrap(), said);
    }
}
