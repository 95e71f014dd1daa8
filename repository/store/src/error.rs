//! What can go wrong in the store, typed by what the caller has to do about it.

use std::error::Error;
use std::io::ErrorKind;

use xds_model::RuleId;

/// A failure of the store.
///
/// `Display` names no document, patient or sender: it may go to logs.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder, its quota or the bucket is full.
    #[error("the document store is full")]
    NoSpace,
    /// The document is larger than the limit given.
    #[error("the document is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Stored bytes do not verify: cut, changed, exchanged, or sealed under a key we do not hold.
    #[error("stored bytes do not verify: {0}")]
    Damaged(&'static str),
    /// Another submission holds the document and has not ended in time.
    #[error("another submission of the same document has not ended yet")]
    Busy,
    /// The backend failed.
    #[error("the document store failed while it was to {action}")]
    Unavailable {
        /// What was tried.
        action: &'static str,
        /// The backend's words: paths of ours only.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The folder or the configuration is not fit for documents; the text says what to do.
    #[error("{0}")]
    Unfit(String),
    /// Another process has the folder open.
    #[error("{0} is in use by another process")]
    InUse(String),
    /// A failure inside the crypto library or the compressor.
    #[error("{0} failed")]
    Internal(&'static str),
}

impl StoreError {
    /// The rule that a submission which met this failure is answered with (ITI TF-3 4.2.4.1).
    pub fn rule(&self) -> RuleId {
        match self {
            Self::NoSpace => RuleId::RepositoryFull,
            Self::TooLarge { .. } => RuleId::DocumentTooLarge,
            Self::Busy => RuleId::RepositoryBusy,
            Self::Damaged(_)
            | Self::Unavailable { .. }
            | Self::Unfit(_)
            | Self::InUse(_)
            | Self::Internal(_) => RuleId::RepositoryInternal,
        }
    }

    /// The backend's failure while it was to do `action`.
    pub(crate) fn backend(action: &'static str) -> impl Fn(object_store::Error) -> Self {
        move |error| Self::from_cause(action, Box::new(error))
    }

    /// A failure of the file system while it was to do `action`.
    pub(crate) fn io(action: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |error| Self::from_cause(action, Box::new(error))
    }

    fn from_cause(action: &'static str, source: Box<dyn Error + Send + Sync>) -> Self {
        if is_full(source.as_ref()) {
            Self::NoSpace
        } else {
            Self::Unavailable { action, source }
        }
    }
}

/// Whether an error or one of its causes says that there is no room.
fn is_full(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && matches!(
                io.kind(),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
            )
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Why a document was not received: its source broke off, or the store failed.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError<E> {
    /// The stream of incoming bytes ended with this error.
    #[error("the incoming document broke off")]
    Incoming(E),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sto_12_a_full_disk_is_told_apart_from_other_failures() {
        let full = std::io::Error::from(ErrorKind::StorageFull);
        let wrapped = object_store::Error::Generic {
            store: "test",
            source: Box::new(full),
        };
        assert!(matches!(
            StoreError::backend("test")(wrapped),
            StoreError::NoSpace
        ));
        let other = std::io::Error::from(ErrorKind::PermissionDenied);
        assert!(matches!(
            StoreError::io("test")(other),
            StoreError::Unavailable { .. }
        ));
        assert_eq!(StoreError::NoSpace.rule(), RuleId::RepositoryFull);
    }
}
