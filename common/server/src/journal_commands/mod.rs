//! The commands about a journal, the same at every server: `audit verify | prove | check-proof | seal | expire`.
//!
//! All but `expire` work on a folder alone, without a server or its configuration.

mod arguments;
mod expire;
mod files;
mod proof;
mod seal;
mod verify;
mod words;

use std::path::PathBuf;

use serde_json::Value;
use xds_audit::checkpoint::PublicKey;
use xds_audit::proof::ProofError;
use xds_audit::{JournalError, RemoveError};

use crate::lang::Say;

pub use arguments::{
    CheckProofArguments, ExpireArguments, JournalCommand, ProveArguments, SealArguments, VerifyArguments,
};
pub use expire::expire;
pub use words::JAPANESE;

/// What a command found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// For people.
    pub text: Say,
    /// For machines.
    pub value: Value,
    /// Whether the exit status is 0.
    pub good: bool,
}

impl JournalCommand {
    /// Does what it says. Blocks on the disk.
    ///
    /// # Errors
    /// [`JournalCommandError`] if it could not be done; that a journal is not whole is a verdict, not an error.
    pub fn run(&self) -> Result<Verdict, JournalCommandError> {
        match self {
            Self::Verify(arguments) => verify::verify(arguments),
            Self::Prove(arguments) => proof::prove(arguments),
            Self::CheckProof(arguments) => proof::check(arguments),
            Self::Seal(arguments) => seal::seal(arguments),
        }
    }
}

/// Why a command about a journal was not done.
#[derive(Debug, thiserror::Error)]
pub enum JournalCommandError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Nothing, or not everything, was removed.
    #[error(transparent)]
    Remove(#[from] RemoveError),
    /// A file that was named.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// Which one.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that was to be made.
    #[error("cannot write {}: {source}", file.display())]
    Unwritable {
        /// Which one.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that holds something else.
    #[error("{} is no audit public key (PEM, Ed25519)", .0.display())]
    NoPublicKey(PathBuf),
    /// A file that holds something else.
    #[error("{} holds no audit checkpoint (checkpoint.json of a journal)", .0.display())]
    NoCheckpoint(PathBuf),
    /// A date that is none.
    #[error("{0} is no date: write it as 2026-04-01")]
    NoDate(String),
}

/// A key that was found, and how far it can be trusted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum KeySource {
    /// Named by the caller.
    Given,
    /// It lies in the folder that it is to judge: whoever changed the one may have changed the other.
    Beside,
    /// There is none.
    None,
}

impl KeySource {
    fn word(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Beside => "beside",
            Self::None => "none",
        }
    }
}

/// The public key to check with.
struct Key {
    key: Option<PublicKey>,
    source: KeySource,
}
