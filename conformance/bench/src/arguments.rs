//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::case::Case;
use crate::error::BenchError;

/// Connections at most: more would meet the limit of requests in flight of the calling node.
const CONNECTIONS_MAX: u64 = 64;

/// Measures each path of both programs against a floor measured in the same run.
///
/// Starts a network of its own (a registry with a private PostgreSQL, a repository, both with fsync and audit
/// journal), loads it over mutual TLS on the loopback interface, and prints a table. How to read it:
/// docs/performance.md. Exit status 0: every answer was right. No figure is judged.
#[derive(Debug, Parser)]
#[command(name = "renkei-bench")]
pub(crate) struct Arguments {
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5.0, value_parser = seconds)]
    pub(crate) seconds: f64,
    /// Connections that send at once; 2 for documents of 50 MB.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=CONNECTIONS_MAX))]
    pub(crate) connections: u64,
    /// How often case and floor are measured in turn; the table shows medians.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=99))]
    pub(crate) rounds: u64,
    /// Patients that are queried for, with 20 documents each, and as many that are registered for.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) patients: u64,
    /// What cases that read rest on: the author's own legal entity, or the joint use of all members.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) basis: ReadingBasis,
    /// Only cases whose name begins so, such as iti-18,iti-41-10k.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// The repository delivers its audit events to the registry meanwhile, which puts them into the audit trail.
    #[arg(long)]
    pub(crate) delivery: bool,
    /// Memory of the repository instead: one document of 1 GiB, and eight of 50 MB at once.
    #[arg(long)]
    pub(crate) large: bool,
    /// The audit journal alone instead: events a second with fsync, against the disk alone.
    #[arg(long, conflicts_with = "large")]
    pub(crate) journal: bool,
    /// The audit trail alone instead: events indexed a second, against a COPY of the same rows, and the events of one
    /// patient found among so many. Ten million take some minutes and 25 GB of the temporary folder.
    #[arg(long, value_name = "EVENTS", conflicts_with_all = ["large", "journal"], value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    pub(crate) trail_events: Option<u64>,
    /// Delivery after an outage instead: how fast the events that waited reach rsyslog, while queries are answered.
    #[arg(long, conflicts_with_all = ["large", "journal", "trail_events"])]
    pub(crate) catch_up: bool,
    /// Prints JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) floor: Option<Floor>,
}

/// What an organisation that reads is to the author.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum ReadingBasis {
    /// The author itself.
    #[default]
    Own,
    /// Another member of the joint-use agreement.
    Joint,
}

impl ReadingBasis {
    /// As on the command line, and in the conditions of a measurement.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Joint => "joint",
        }
    }
}

/// The floors, which the benchmark starts as processes of their own so that their CPU time is known.
#[derive(Debug, Subcommand)]
pub(crate) enum Floor {
    /// An echo of actix-web over mutual TLS.
    #[command(hide = true)]
    FloorEcho {
        /// Its certificate.
        #[arg(long)]
        certificate: PathBuf,
        /// Its key.
        #[arg(long)]
        key: PathBuf,
        /// The CA of its clients.
        #[arg(long)]
        ca: PathBuf,
    },
    /// Rows by tokio-postgres and files, as told on standard input.
    #[command(hide = true)]
    FloorStore,
}

impl Arguments {
    /// [`seconds`](Self::seconds) as a duration.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// The cases that are asked for.
    ///
    /// # Errors
    /// [`BenchError::NoSuchCase`].
    pub(crate) fn cases(&self) -> Result<Vec<Case>, BenchError> {
        let named = |begin: &String| {
            Case::ALL
                .iter()
                .any(|case| case.name().starts_with(begin.as_str()))
        };
        if let Some(unknown) = self.only.iter().find(|begin| !named(begin)) {
            return Err(BenchError::NoSuchCase(unknown.clone()));
        }
        let asked = |case: &Case| {
            self.only.is_empty()
                || self
                    .only
                    .iter()
                    .any(|begin| case.name().starts_with(begin.as_str()))
        };
        Ok(Case::ALL.into_iter().filter(asked).collect())
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.05..=600.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number from 0.05 to 600".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_chosen_by_the_beginning_of_their_names() {
        let cases = |only: &str| {
            let arguments = Arguments::try_parse_from(["renkei-bench", "--only", only]).unwrap();
            arguments
                .cases()
                .map(|cases| cases.iter().map(|case| case.name()).collect::<Vec<_>>())
        };
        assert_eq!(cases("iti-42,iti-41-10k").unwrap(), ["iti-42", "iti-41-10k"]);
        assert_eq!(cases("iti-18").unwrap().len(), 3);
        assert!(matches!(cases("iti-42,iti-99"), Err(BenchError::NoSuchCase(name)) if name == "iti-99"));
        let all = Arguments::try_parse_from(["renkei-bench"])
            .unwrap()
            .cases()
            .unwrap();
        assert_eq!(all, Case::ALL);
    }

    #[test]
    fn seconds_have_a_range() {
        assert!(Arguments::try_parse_from(["renkei-bench", "--seconds", "0.05"]).is_ok());
        for bad in ["0.04", "601", "NaN", "-1", "x"] {
            assert!(
                Arguments::try_parse_from(["renkei-bench", "--seconds", bad]).is_err(),
                "{bad}"
            );
        }
    }
}
