//! A copy of the workspace in which one crate is real and everything else is a link.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::arguments::Arguments;
use crate::error::MutantsError;

/// The copy.
#[derive(Debug)]
pub(crate) struct Mirror {
    /// Its top.
    pub(crate) top: PathBuf,
    /// The crate in it.
    pub(crate) package: PathBuf,
    /// Where outcomes are kept.
    pub(crate) directory: PathBuf,
    /// The crate's sources as they are in the workspace, by their path from the crate's folder.
    pub(crate) sources: BTreeMap<PathBuf, String>,
    /// The crate's tests, which are linked.
    pub(crate) tests: BTreeMap<PathBuf, String>,
}

/// Makes the copy, or brings it up to date.
pub(crate) fn make(arguments: &Arguments) -> Result<Mirror, MutantsError> {
    let workspace = absolute(&arguments.workspace)?;
    let folder = &arguments.crate_folder;
    let original = workspace.join(folder);
    if folder.is_absolute() || !original.join("Cargo.toml").is_file() {
        return Err(MutantsError::Folder(folder.clone()));
    }
    fs::create_dir_all(&arguments.directory).map_err(MutantsError::file(&arguments.directory))?;
    let directory = absolute(&arguments.directory)?;
    let top = directory.join("workspace");
    link_around(&workspace, &top, folder)?;
    let package = top.join(folder);
    let manifest = read(&original.join("Cargo.toml"))?;
    // Lints are for people's code: a mutant may well be silly.
    write(
        &package.join("Cargo.toml"),
        &manifest.replace("[lints]\nworkspace = true\n", ""),
    )?;
    let mut sources = BTreeMap::new();
    collect(&original, Path::new("src"), &mut sources)?;
    let mut tests = BTreeMap::new();
    if original.join("tests").is_dir() {
        collect(&original, Path::new("tests"), &mut tests)?;
    }
    Ok(Mirror {
        top,
        package,
        directory,
        sources,
        tests,
    })
}

impl Mirror {
    /// Writes a source of the crate in the copy.
    pub(crate) fn write(&self, source: &Path, text: &str) -> Result<(), MutantsError> {
        write(&self.package.join(source), text)
    }
}

/// What never is part of a build.
const LEFT_OUT: [&str; 3] = ["target", "var", ".git"];

/// Links all that is beside the way down to the crate, and all in it but its sources and its manifest.
fn link_around(from: &Path, to: &Path, way: &Path) -> Result<(), MutantsError> {
    fs::create_dir_all(to).map_err(MutantsError::file(to))?;
    let mut parts = way.iter();
    let next = parts.next();
    let rest = parts.as_path();
    for entry in fs::read_dir(from).map_err(MutantsError::file(from))? {
        let name = entry.map_err(MutantsError::file(from))?.file_name();
        let own = match next {
            Some(next) => next == name,
            None => name == "src" || name == "Cargo.toml",
        };
        if own && next.is_some() {
            link_around(&from.join(&name), &to.join(&name), rest)?;
        } else if !own && !LEFT_OUT.iter().any(|left_out| name == *left_out) {
            let link = to.join(&name);
            match symlink(from.join(&name), &link) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(MutantsError::file(&link)(error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn collect(
    crate_folder: &Path,
    within: &Path,
    files: &mut BTreeMap<PathBuf, String>,
) -> Result<(), MutantsError> {
    let folder = crate_folder.join(within);
    for entry in fs::read_dir(&folder).map_err(MutantsError::file(&folder))? {
        let entry = entry.map_err(MutantsError::file(&folder))?;
        let path = within.join(entry.file_name());
        if entry.path().is_dir() {
            collect(crate_folder, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.insert(path, read(&entry.path())?);
        }
    }
    Ok(())
}

fn absolute(path: &Path) -> Result<PathBuf, MutantsError> {
    path.canonicalize().map_err(MutantsError::file(path))
}

fn read(path: &Path) -> Result<String, MutantsError> {
    fs::read_to_string(path).map_err(MutantsError::file(path))
}

fn write(path: &Path, text: &str) -> Result<(), MutantsError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(MutantsError::file(folder))?;
    }
    // What is as it was is not built again.
    if fs::read_to_string(path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    fs::write(path, text).map_err(MutantsError::file(path))
}
