//! Where everything of the demo lies, and how it is made empty again.

use std::fs;
use std::path::{Path, PathBuf};

use xds_server::lang::Say;

use crate::stopped::Stopped;

/// Says that a folder is the demo's, so that nothing else is ever removed.
const MARKER: &str = ".renkei-demo";

/// The folders of one demo.
#[derive(Clone, Debug)]
pub(crate) struct Folders {
    /// The whole.
    pub(crate) base: PathBuf,
}

impl Folders {
    /// `directory` as an absolute path.
    pub(crate) fn new(directory: &Path) -> Result<Self, Stopped> {
        let base = std::path::absolute(directory).map_err(|error| Stopped::file(directory, error))?;
        Ok(Self { base })
    }

    /// Certificates, keys, revocation list.
    pub(crate) fn pki(&self) -> PathBuf {
        self.base.join("pki")
    }

    /// Code files.
    pub(crate) fn codes(&self) -> PathBuf {
        self.base.join("codes")
    }

    /// The domain file, its evidence, and instruments that are entered later.
    pub(crate) fn domain(&self) -> PathBuf {
        self.base.join("domain")
    }

    /// Logs of the servers and of the commands.
    pub(crate) fn log(&self) -> PathBuf {
        self.base.join("log")
    }

    /// Every SOAP reply that came.
    pub(crate) fn replies(&self) -> PathBuf {
        self.base.join("replies")
    }

    /// A server's configuration.
    pub(crate) fn config(&self, server: &str) -> PathBuf {
        self.base.join(format!("{server}.toml"))
    }

    /// A server's process number.
    pub(crate) fn pid(&self, server: &str) -> PathBuf {
        self.base.join(format!("{server}.pid"))
    }

    /// A server's journal.
    pub(crate) fn journal(&self, server: &str) -> PathBuf {
        self.base.join("journal").join(server)
    }

    /// The lock file of the registry's private PostgreSQL.
    pub(crate) fn postgres_pid(&self) -> PathBuf {
        self.base.join("data/registry/postgresql/data/postmaster.pid")
    }

    /// What an outside client needs to know.
    pub(crate) fn endpoints(&self) -> PathBuf {
        self.base.join("endpoints.json")
    }

    /// Removes what an earlier run left and makes the folders anew. A folder with something else in it is left alone.
    pub(crate) fn start_clean(&self) -> Result<(), Stopped> {
        let is_ours = self.base.join(MARKER).exists();
        let is_empty = match fs::read_dir(&self.base) {
            Ok(mut entries) => entries.next().is_none(),
            Err(_) => !self.base.exists(),
        };
        if !is_ours && !is_empty {
            let path = self.base.display();
            return Err(Stopped::new(
                Say::new(
                    format!("{path} が空か、このデモが作ったフォルダーであること"),
                    format!("{path} is empty, or was made by this demo"),
                ),
                "other files; name another folder with --directory",
            ));
        }
        if is_ours {
            fs::remove_dir_all(&self.base).map_err(|error| Stopped::file(&self.base, error))?;
        }
        make(&self.base)?;
        write(&self.base.join(MARKER), b"")?;
        let evidence = self.domain().join("evidence");
        for folder in [self.pki(), self.codes(), evidence, self.log(), self.replies()] {
            make(&folder)?;
        }
        Ok(())
    }
}

fn make(folder: &Path) -> Result<(), Stopped> {
    fs::create_dir_all(folder).map_err(|error| Stopped::file(folder, error))
}

/// Writes a file that others may read.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Stopped> {
    fs::write(path, content).map_err(|error| Stopped::file(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let base = std::env::temp_dir().join(format!("renkei-demo-folders-{}", std::process::id()));
        let folders = Folders { base: base.clone() };
        folders.start_clean().unwrap();
        fs::write(base.join("left-over"), b"x").unwrap();
        folders.start_clean().unwrap();
        assert!(
            !base.join("left-over").exists(),
            "the demo's own folder is made empty"
        );

        fs::remove_file(base.join(MARKER)).unwrap();
        fs::write(base.join("thesis.txt"), b"x").unwrap();
        assert!(folders.start_clean().is_err());
        assert!(base.join("thesis.txt").exists());
        fs::remove_dir_all(&base).unwrap();
    }
}
