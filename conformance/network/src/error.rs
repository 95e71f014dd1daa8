use std::path::{Path, PathBuf};

/// Why there is no network, or what went wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A file, folder or process.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Certificates.
    #[error(transparent)]
    Pki(#[from] xds_testkit::pki::PkiError),
    /// The assertion provider.
    #[error(transparent)]
    Xua(#[from] xds_testkit::xua::XuaError),
    /// A command of one of the programs ended with another status than 0.
    #[error("`{command}` ended with {status}:\n{output}")]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// What it said.
        output: String,
    },
    /// A program did not become ready, or did not end.
    #[error("{program} {what}; the end of its log:\n{log}")]
    Program {
        /// Which.
        program: &'static str,
        /// What happened.
        what: String,
        /// The last lines of its log.
        log: String,
    },
    /// TLS of a client.
    #[error("TLS of a client: {0}")]
    Tls(String),
    /// A metric that is not there.
    #[error("the status listener answers {0}")]
    Status(String),
    /// A journal that cannot be read.
    #[error(transparent)]
    Journal(#[from] xds_audit::JournalError),
}

impl NetworkError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
