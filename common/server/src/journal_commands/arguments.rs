//! Their arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What can be done with a journal's folder alone.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Say whether a journal is whole. Needs no server and no configuration; exit status 0 only if it is.
    Verify(VerifyArguments),
    /// Prove one event to somebody who has a checkpoint of the journal, or its public key, and nothing else.
    Prove(ProveArguments),
    /// Check such a proof and show its event; exit status 0 only if it holds.
    CheckProof(CheckProofArguments),
    /// Compress full segments, and move them to cold storage if the journal has one. May run beside the server.
    Seal(SealArguments),
}

/// `audit verify`
#[derive(Args, Debug)]
pub struct VerifyArguments {
    /// Folder of the journal, or of a copy.
    #[arg(long, value_name = "DIR")]
    pub journal: PathBuf,
    /// File with the audit public key; the one in the folder unless given, which proves less.
    #[arg(long, value_name = "FILE")]
    pub public_key: Option<PathBuf>,
    /// Checkpoint that was kept elsewhere, may be repeated: the journal must still hold it, or records were cut off or
    /// the folder put back.
    #[arg(long, value_name = "FILE")]
    pub anchor: Vec<PathBuf>,
    /// Where sealed segments were moved to; where the journal says unless given.
    #[arg(long, value_name = "DIR")]
    pub cold_folder: Option<PathBuf>,
    /// The record that a copy of the journal's later part begins with.
    #[arg(long, value_name = "N")]
    pub from: Option<u64>,
}

/// `audit prove`
#[derive(Args, Debug)]
pub struct ProveArguments {
    /// Folder of the journal, or of a copy.
    #[arg(long, value_name = "DIR")]
    pub journal: PathBuf,
    /// Number of the event: of the record that ended it.
    #[arg(long, value_name = "N")]
    pub event: u64,
    /// File to make.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Checkpoint that the other side has; the next one after the event unless given.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Where sealed segments were moved to; where the journal says unless given.
    #[arg(long, value_name = "DIR")]
    pub cold_folder: Option<PathBuf>,
}

/// `audit check-proof`
#[derive(Args, Debug)]
pub struct CheckProofArguments {
    /// The proof.
    #[arg(long, value_name = "FILE")]
    pub proof: PathBuf,
    /// File with the audit public key.
    #[arg(long, value_name = "FILE", required_unless_present = "checkpoint")]
    pub public_key: Option<PathBuf>,
    /// Checkpoint that the proof must lead to.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
}

/// `audit seal`
#[derive(Args, Debug)]
pub struct SealArguments {
    /// Folder of the journal.
    #[arg(long, value_name = "DIR")]
    pub journal: PathBuf,
}

/// `audit expire`
#[derive(Args, Debug)]
pub struct ExpireArguments {
    /// Remove segments whose newest record is older than this day (UTC), such as 2026-04-01. Younger ones than
    /// audit.retention_years stay in any case.
    #[arg(long, value_name = "DATE")]
    pub before: String,
}
