use std::path::{Path, PathBuf};

/// Why nothing is known about the mutants.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MutantsError {
    /// A file or a process.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A source that is no Rust.
    #[error("{}: {said}", path.display())]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Why.
        said: String,
    },
    /// What was written is no Rust: a fault of this program.
    #[error("the copy cannot be read again: {0}")]
    Lex(String),
    /// cargo says something else than JSON, or the outcomes of an earlier run are no JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The crate's folder is not in the workspace, or the copy would be in the crate.
    #[error("{} is no folder of a crate within the workspace", .0.display())]
    Folder(PathBuf),
    /// The copy does not compile, for a reason that no mutant stands at.
    #[error("the copy does not compile, and no mutant is to blame:\n{0}")]
    Build(String),
    /// The tests fail without a mutant.
    #[error("a test of {} fails though nothing is mutated: {said}", binary.display())]
    Broken {
        /// Which binary.
        binary: PathBuf,
        /// What it said.
        said: String,
    },
}

impl MutantsError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
