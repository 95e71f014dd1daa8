//! `init`

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use repository_store::{KeyError, KeyRing};
use serde_json::json;
use xds_server::lang::Lang;

use super::say;
use crate::cli::failed;
use crate::config::Config;
use crate::words;

/// What `init` did.
#[derive(Debug, Default)]
struct Done {
    made: Vec<PathBuf>,
    was_there: Vec<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error("cannot make {}: {source}", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Makes what is missing of folders and the first key file.
pub(crate) fn init(config: &Config, lang: Lang, as_json: bool) -> ExitCode {
    let mut done = Done::default();
    if let Err(error) = done.all(config) {
        return failed(lang, &error);
    }
    if as_json {
        say(&json!({ "made": done.made, "was_there": done.was_there }).to_string());
        return ExitCode::SUCCESS;
    }
    for path in &done.made {
        say(lang.pick(&words::made(path)));
    }
    for path in &done.was_there {
        say(lang.pick(&words::was_there(path)));
    }
    if config.repository.keys.iter().any(|key| done.made.contains(key)) {
        say(lang.pick(&words::keep_a_copy()));
    }
    ExitCode::SUCCESS
}

impl Done {
    fn all(&mut self, config: &Config) -> Result<(), InitError> {
        if let Some(folder) = &config.repository.data {
            self.folder(folder)?;
        }
        self.folder(&config.audit.journal)?;
        // Older keys cannot be made again: only the one in use is.
        if let Some(key) = config.repository.keys.first() {
            self.key(key)?;
        }
        Ok(())
    }

    fn folder(&mut self, path: &Path) -> Result<(), InitError> {
        if path.is_dir() {
            self.was_there.push(path.to_owned());
            return Ok(());
        }
        make(path)?;
        self.made.push(path.to_owned());
        Ok(())
    }

    fn key(&mut self, path: &Path) -> Result<(), InitError> {
        if path.exists() {
            self.was_there.push(path.to_owned());
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            make(folder)?;
        }
        KeyRing::create_file(path)?;
        self.made.push(path.to_owned());
        Ok(())
    }
}

fn make(folder: &Path) -> Result<(), InitError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| InitError::Folder {
            path: folder.to_owned(),
            source,
        })
}
