//! Which PostgreSQL is installed, and where.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::ClusterError;

/// The oldest major version that the registry runs on.
pub const MAJOR_MIN: u32 = 15;

/// Where Debian and Ubuntu put the server programs, one folder per major version.
const DEBIAN_ROOT: &str = "/usr/lib/postgresql";

/// The server programs of one PostgreSQL version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Binaries {
    /// The folder that holds `postgres`, `initdb` and `pg_ctl`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The major version, such as 15.
    pub fn major(&self) -> u32 {
        self.major
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The newest PostgreSQL found: in `configured` only, if that is given, else in Debian's folders and
/// on the `PATH`.
///
/// # Errors
/// [`ClusterError::NotInstalled`] or [`ClusterError::TooOld`]; both say which package to install.
pub fn find_binaries(configured: Option<&Path>) -> Result<Binaries, ClusterError> {
    let newest = installed(configured).into_iter().max_by_key(|found| found.major);
    match newest {
        None => Err(ClusterError::NotInstalled {
            searched: searched(configured),
        }),
        Some(old) if old.major < MAJOR_MIN => Err(ClusterError::TooOld {
            found: old.major,
            folder: old.folder,
        }),
        Some(found) => Ok(found),
    }
}

/// The PostgreSQL that can open data written by `major`.
pub(crate) fn find_major(
    configured: Option<&Path>,
    major: u32,
    data: &Path,
) -> Result<Binaries, ClusterError> {
    installed(configured)
        .into_iter()
        .find(|found| found.major == major)
        .ok_or_else(|| ClusterError::OtherMajor {
            folder: data.to_owned(),
            major,
        })
}

fn installed(configured: Option<&Path>) -> Vec<Binaries> {
    candidates(configured).into_iter().filter_map(examine).collect()
}

fn candidates(configured: Option<&Path>) -> Vec<PathBuf> {
    if let Some(folder) = configured {
        return vec![folder.to_owned()];
    }
    let versions = fs::read_dir(DEBIAN_ROOT).into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    debian
        .chain(env::split_paths(&path).filter(|folder| folder.is_absolute()))
        .collect()
}

fn examine(folder: PathBuf) -> Option<Binaries> {
    let complete = ["postgres", "initdb", "pg_ctl"]
        .iter()
        .all(|name| folder.join(name).is_file());
    if !complete {
        return None;
    }
    let output = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let major = parse_major(&String::from_utf8_lossy(&output.stdout))?;
    Some(Binaries { folder, major })
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, also `17beta1`.
fn parse_major(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL) ")?.1;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn searched(configured: Option<&Path>) -> String {
    match configured {
        Some(folder) => folder.display().to_string(),
        None => format!("{DEBIAN_ROOT} and on the PATH"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(
            parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major("postgres (EnterpriseDB) 15.1"), None);
        assert_eq!(parse_major(""), None);
    }

    #[test]
    fn a_folder_without_a_server_names_the_package() {
        let error = find_binaries(Some(Path::new("/nonexistent"))).unwrap_err();
        assert!(
            error.to_string().contains("apt-get install postgresql"),
            "{error}"
        );
    }

    #[test]
    fn data_of_another_major_name_its_package() {
        let error = find_major(None, 9, Path::new("/data")).unwrap_err();
        assert!(
            error.to_string().ends_with("apt-get install postgresql-9"),
            "{error}"
        );
    }
}
