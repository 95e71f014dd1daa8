//! Why something that was asked for was not done.

use registry_store::{DraftError, EvidenceError, InstrumentError, StoreError};
use xds_policy::format::FormatError;
use xds_policy::hash::ContentHash;
use xds_server::lang::Say;

/// Why something that was asked for was not done: nothing of it was.
///
/// `Display` names instruments and files by id and hash, never a patient.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// The instrument may not be entered, or is not there.
    #[error(transparent)]
    Instrument(#[from] InstrumentError),
    /// The folder of evidence failed.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The file is no domain.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// Something of ours has no JSON.
    #[error("it cannot be written down")]
    Unwritable(#[from] serde_json::Error),
    /// There is no such version of it.
    #[error("there is no such version")]
    NoVersion,
    /// An end in the past.
    #[error("nothing can be ended in the past")]
    EndInPast,
    /// An end after the one that was agreed.
    #[error("it has ended by then already")]
    EndedAlready,
    /// A file that a version names is not kept.
    #[error("the evidence file with sha256 {0} is not here: give it first")]
    EvidenceAbsent(ContentHash),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Instrument(error.into())
    }
}

impl From<DraftError> for Refused {
    fn from(error: DraftError) -> Self {
        Self::Instrument(error.into())
    }
}

impl Refused {
    /// What is wrong, in both languages.
    pub(crate) fn say(&self) -> Say {
        Say::new(self.ja(), self.to_string())
    }

    /// What is wrong, in Japanese; the English text where there is no other.
    pub(crate) fn ja(&self) -> String {
        match self {
            Self::Instrument(error) => error.ja(),
            Self::NoVersion => "その版はありません。".to_owned(),
            Self::EndInPast => "過去の時点で終了させることはできません。".to_owned(),
            Self::EndedAlready => "その時点までにすでに終了しています。".to_owned(),
            Self::EvidenceAbsent(hash) => {
                format!("証拠のファイル (sha256 {hash}) がありません。先に登録してください。")
            }
            other => other.to_string(),
        }
    }
}
