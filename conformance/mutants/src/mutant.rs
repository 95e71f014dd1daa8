use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Number of a mutant within one survey of a crate. The switch in the build knows it.
pub(crate) type MutantId = u32;

/// One fault that could be in the crate.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Mutant {
    /// Which source, from the crate's folder.
    pub(crate) file: PathBuf,
    /// In which line.
    pub(crate) line: usize,
    /// Which of several in that line.
    pub(crate) column: usize,
    /// In which function.
    pub(crate) function: String,
    /// What is other than it should be.
    pub(crate) change: String,
}

impl std::fmt::Display for Mutant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            file, line, column, ..
        } = self;
        write!(
            f,
            "{}:{line}:{column} {} in {}",
            file.display(),
            self.change,
            self.function
        )
    }
}
