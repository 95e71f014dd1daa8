//! Configuration: one typed TOML file, unknown keys refused, secrets as file paths only.

mod destination;
mod limits;
mod sections;
mod time;
mod xua;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

pub use destination::{DestinationSection, FeedProtocol, SyslogTransport};
pub use limits::Limits;
pub use sections::{
    AuditSection, ClinicalSection, LogFormat, LogSection, NodeSection, StatusSection, rebase_material,
};
pub use time::{TimeSection, TimeSource};
pub use xua::{IssuerSection, VouchingSection, XuaSection, assertions_of};

/// The largest configuration file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A configuration that knows its paths.
pub trait Configuration: DeserializeOwned {
    /// Makes every relative path of it relative to `base`, the folder of the file.
    fn rebase(&mut self, base: &Path);

    /// Judges what types cannot: values that contradict each other. Each complaint names its key.
    fn complaints(&self) -> Vec<String>;
}

/// Reads a configuration file.
///
/// # Errors
/// When the file cannot be read, is no TOML, has an unknown key or a value of the wrong type, or
/// contradicts itself. The error names the key and, where it can, the repair.
pub fn load<C: Configuration>(file: &Path) -> Result<C, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable {
        file: file.to_owned(),
        source,
    };
    let mut text = String::new();
    let opened = fs::File::open(file).map_err(unreadable)?;
    let read = opened
        .take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if read as u64 > FILE_BYTES_MAX {
        return Err(ConfigError::TooLarge {
            file: file.to_owned(),
        });
    }
    let mut config: C = toml::from_str(&text).map_err(|error| ConfigError::Invalid {
        file: file.to_owned(),
        error: error.to_string().trim_end().to_owned(),
    })?;
    let absolute = std::path::absolute(file).map_err(unreadable)?;
    config.rebase(absolute.parent().unwrap_or(Path::new("/")));
    match config.complaints() {
        complaints if complaints.is_empty() => Ok(config),
        complaints => Err(ConfigError::Contradictory {
            file: file.to_owned(),
            complaints: complaints.join("; "),
        }),
    }
}

/// Makes a path relative to a folder, unless it is absolute or empty.
pub fn rebase(path: &mut PathBuf, base: &Path) {
    if !path.as_os_str().is_empty() {
        *path = base.join(&path);
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than any configuration.
    #[error("the configuration {} is larger than 1 MiB", file.display())]
    TooLarge {
        /// Which file.
        file: PathBuf,
    },
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("the configuration {} is not valid:\n{error}", file.display())]
    Invalid {
        /// Which file.
        file: PathBuf,
        /// The parser's message with line and key.
        error: String,
    },
    /// Values that cannot hold together.
    #[error("the configuration {} contradicts itself: {complaints}", file.display())]
    Contradictory {
        /// Which file.
        file: PathBuf,
        /// Key and repair of each.
        complaints: String,
    },
}
