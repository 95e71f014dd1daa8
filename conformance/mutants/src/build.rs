//! One compilation of the copy.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::error::MutantsError;
use crate::mirror::Mirror;

/// What the compiler said.
#[derive(Debug)]
pub(crate) enum Built {
    /// Binaries of tests.
    Tests(Vec<PathBuf>),
    /// Complaints.
    Faults(Vec<Fault>),
}

/// One complaint.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Where, in the order of importance.
    pub(crate) places: Vec<Place>,
    /// As cargo shows it.
    pub(crate) rendered: String,
}

/// A place in a source.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Place {
    /// The source, from the top of the copy.
    pub(crate) file_name: PathBuf,
    /// First byte.
    pub(crate) byte_start: usize,
    is_primary: bool,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    message: Option<Diagnostic>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    #[serde(default)]
    spans: Vec<Place>,
    rendered: Option<String>,
    #[serde(default)]
    children: Vec<Diagnostic>,
}

/// Compiles the tests of the crate in the copy.
pub(crate) fn tests(mirror: &Mirror) -> Result<Built, MutantsError> {
    let output = Command::new("cargo")
        .args([
            "test",
            "--offline",
            "--locked",
            "--no-run",
            "--message-format=json",
            "--lib",
            "--tests",
        ])
        .arg("--manifest-path")
        .arg(mirror.package.join("Cargo.toml"))
        .current_dir(&mirror.top)
        .stderr(Stdio::piped())
        .output()
        .map_err(MutantsError::file(&mirror.top))?;
    let (mut binaries, mut faults) = (Vec::new(), Vec::new());
    for line in output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| line.starts_with(b"{"))
    {
        let message: Message = serde_json::from_slice(line)?;
        match (message.reason.as_str(), message.message) {
            ("compiler-artifact", _) => binaries.extend(message.executable),
            ("compiler-message", Some(said)) if said.level == "error" => faults.extend(fault(&said)),
            _ => {}
        }
    }
    if output.status.success() {
        return Ok(Built::Tests(binaries));
    }
    if faults.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(MutantsError::Build(said));
    }
    Ok(Built::Faults(faults))
}

/// None for the sum at the end, which names no place.
fn fault(said: &Diagnostic) -> Option<Fault> {
    let mut places = said.spans.clone();
    places.extend(said.children.iter().flat_map(|child| child.spans.clone()));
    places.sort_by_key(|place| !place.is_primary);
    (!places.is_empty()).then(|| Fault {
        places,
        rendered: said.rendered.clone().unwrap_or_default(),
    })
}
