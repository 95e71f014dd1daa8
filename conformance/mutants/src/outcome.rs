//! What became of each mutant, kept on disk so that an interrupted run goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::error::MutantsError;
use crate::mirror::Mirror;
use crate::mutant::{Mutant, MutantId};

/// What became of a mutant.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// A test failed.
    Caught,
    /// The tests came to no end.
    TimedOut,
    /// All tests passed.
    Missed,
    /// No test comes by.
    Unreached,
}

impl Outcome {
    /// Whether somebody would notice.
    pub(crate) fn is_caught(self) -> bool {
        matches!(self, Self::Caught | Self::TimedOut)
    }
}

/// What is known of earlier, and where more is written.
#[derive(Debug)]
pub(crate) struct Outcomes {
    path: PathBuf,
    /// By mutant.
    pub(crate) known: BTreeMap<Mutant, Outcome>,
}

#[derive(Deserialize, Serialize)]
struct Head {
    sources: String,
    tests: String,
}

#[derive(Deserialize, Serialize)]
struct Line {
    mutant: Mutant,
    outcome: Outcome,
}

impl Outcomes {
    /// Those of an earlier run over the same sources and tests. With `keep_caught` what other tests caught counts too.
    pub(crate) fn resume(mirror: &Mirror, keep_caught: bool) -> Result<Self, MutantsError> {
        let path = mirror.directory.join("outcomes.jsonl");
        let head = Head {
            sources: fingerprint(&mirror.sources),
            tests: fingerprint(&mirror.tests),
        };
        let mut known = earlier(&path, &head)?;
        if !keep_caught && !same_tests(&path, &head)? {
            known.clear();
        } else if !same_tests(&path, &head)? {
            known.retain(|_, outcome| outcome.is_caught());
        }
        let mut outcomes = Self {
            path,
            known: BTreeMap::new(),
        };
        outcomes.begin(&head)?;
        for (mutant, outcome) in known {
            outcomes.add(mutant, outcome)?;
        }
        Ok(outcomes)
    }

    /// Notes what became of one.
    pub(crate) fn add(&mut self, mutant: Mutant, outcome: Outcome) -> Result<(), MutantsError> {
        let line = serde_json::to_string(&Line {
            mutant: mutant.clone(),
            outcome,
        })?;
        let mut file = OpenOptions::new()
            .append(true)
            .open(&self.path)
            .map_err(MutantsError::file(&self.path))?;
        writeln!(file, "{line}").map_err(MutantsError::file(&self.path))?;
        self.known.insert(mutant, outcome);
        Ok(())
    }

    fn begin(&self, head: &Head) -> Result<(), MutantsError> {
        let mut file = File::create(&self.path).map_err(MutantsError::file(&self.path))?;
        writeln!(file, "{}", serde_json::to_string(head)?).map_err(MutantsError::file(&self.path))
    }
}

/// The mutants that do not compile, kept so that a further run need not find them again.
#[derive(Debug)]
pub(crate) struct Unviable {
    path: PathBuf,
    /// Of these sources, mutated by this release.
    of: String,
}

impl Unviable {
    /// Those of a crate.
    pub(crate) fn of(mirror: &Mirror) -> Self {
        Self {
            path: mirror.directory.join("unviable.json"),
            of: fingerprint(&mirror.sources),
        }
    }

    /// What is known of the same sources.
    pub(crate) fn read(&self) -> Result<BTreeSet<MutantId>, MutantsError> {
        let text = read(&self.path)?.unwrap_or_default();
        let known = serde_json::from_str::<(String, BTreeSet<MutantId>)>(&text).ok();
        let known = known.filter(|(of, _)| *of == self.of);
        Ok(known.map(|(_, ids)| ids).unwrap_or_default())
    }

    /// Keeps them.
    pub(crate) fn write(&self, ids: &BTreeSet<MutantId>) -> Result<(), MutantsError> {
        let text = serde_json::to_string(&(&self.of, ids))?;
        fs::write(&self.path, text).map_err(MutantsError::file(&self.path))
    }
}

/// What an earlier run over the same sources found, whatever its tests were.
fn earlier(path: &Path, head: &Head) -> Result<BTreeMap<Mutant, Outcome>, MutantsError> {
    let Some(text) = read(path)? else {
        return Ok(BTreeMap::new());
    };
    let mut lines = text.lines();
    let of = lines
        .next()
        .and_then(|line| serde_json::from_str::<Head>(line).ok());
    if of.is_none_or(|of| of.sources != head.sources) {
        return Ok(BTreeMap::new());
    }
    // The last line may be torn.
    let whole = lines.filter_map(|line| serde_json::from_str::<Line>(line).ok());
    Ok(whole.map(|line| (line.mutant, line.outcome)).collect())
}

fn same_tests(path: &Path, head: &Head) -> Result<bool, MutantsError> {
    let text = read(path)?.unwrap_or_default();
    let of = text
        .lines()
        .next()
        .and_then(|line| serde_json::from_str::<Head>(line).ok());
    Ok(of.is_some_and(|of| of.tests == head.tests))
}

fn read(path: &Path) -> Result<Option<String>, MutantsError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(MutantsError::file(path)(error)),
    }
}

fn fingerprint(files: &BTreeMap<PathBuf, String>) -> String {
    let mut context = Context::new(&SHA256);
    for (path, text) in files {
        context.update(path.as_os_str().as_encoded_bytes());
        context.update(&[0]);
        context.update(text.as_bytes());
        context.update(&[0]);
    }
    let digest = context.finish();
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
