//! Why the demo cannot go on.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use xds_server::lang::Say;

/// Something that everything after it needs did not happen.
#[derive(Clone, Debug, thiserror::Error)]
#[error("expected: {}; came: {came}", expected.en)]
pub(crate) struct Stopped {
    /// What should have happened.
    pub(crate) expected: Say,
    /// What happened.
    pub(crate) came: String,
    /// Where more stands.
    pub(crate) log: Option<PathBuf>,
}

impl Stopped {
    /// Without a log.
    pub(crate) fn new(expected: Say, came: impl Display) -> Self {
        Self {
            expected,
            came: came.to_string(),
            log: None,
        }
    }

    /// The same with the log to look into.
    pub(crate) fn with_log(self, log: &Path) -> Self {
        Self {
            log: Some(log.to_owned()),
            ..self
        }
    }

    /// A file that cannot be read, written or removed.
    pub(crate) fn file(path: &Path, error: impl Display) -> Self {
        let path = path.display();
        Self::new(
            Say::new(
                format!("{path} を読み書きできること"),
                format!("{path} can be read and written"),
            ),
            error,
        )
    }
}
