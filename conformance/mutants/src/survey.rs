//! Which mutants there are: those that compile, and which of them any test comes by.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::arguments::Arguments;
use crate::build::{self, Built, Fault};
use crate::error::MutantsError;
use crate::mirror::Mirror;
use crate::mutant::{Mutant, MutantId};
use crate::mutate::{self, Mutated, SWITCH, SWITCH_FILE};
use crate::outcome;
use crate::report::note;
use crate::run::{self, Part, Run};

/// All mutants, in one build.
#[derive(Debug)]
pub(crate) struct Survey {
    /// Those that compile.
    pub(crate) mutants: BTreeMap<MutantId, Mutant>,
    /// How many do not.
    pub(crate) unviable: usize,
    /// Those that some test comes by.
    pub(crate) reached: BTreeSet<MutantId>,
    /// Binaries of tests.
    pub(crate) binaries: Vec<PathBuf>,
    /// How long the quick tests take, and the slow ones.
    pub(crate) took: [Duration; 2],
}

/// Builds the copy, taking out what does not compile until the rest does, and runs the tests once.
pub(crate) fn survey(mirror: &Mirror, arguments: &Arguments) -> Result<Survey, MutantsError> {
    let known = outcome::Unviable::of(mirror);
    let mut off = known.read()?;
    loop {
        let mutated = mutate::mutate(&mirror.sources, &arguments.skipped, &arguments.texts, &off)?;
        write(mirror, &mutated)?;
        match build::tests(mirror)? {
            Built::Tests(binaries) => return baseline(mirror, arguments, mutated, off.len(), binaries),
            Built::Faults(faults) => {
                let guilty = guilty(mirror, arguments, &mutated, &faults)?;
                note(&format!(
                    "{} mutants do not compile; again without them",
                    guilty.len()
                ));
                off.extend(guilty);
                known.write(&off)?;
            }
        }
    }
}

fn write(mirror: &Mirror, mutated: &Mutated) -> Result<(), MutantsError> {
    for (path, original) in &mirror.sources {
        let mut text = mutated.texts.get(path).unwrap_or(original).clone();
        if path == Path::new("src/lib.rs") {
            text.push_str("\nmod mutant_switch;\n");
        }
        mirror.write(path, &text)?;
    }
    mirror.write(Path::new(SWITCH_FILE), SWITCH)
}

/// The mutants that the complaints are about.
fn guilty(
    mirror: &Mirror,
    arguments: &Arguments,
    mutated: &Mutated,
    faults: &[Fault],
) -> Result<BTreeSet<MutantId>, MutantsError> {
    let mut guilty = BTreeSet::new();
    for fault in faults {
        for place in &fault.places {
            let path = place.file_name.strip_prefix(&arguments.crate_folder);
            let text = path.ok().and_then(|path| mutated.texts.get(path));
            let Some(text) = text else { continue };
            if let Some(id) = mutate::blamed(text, place.byte_start)? {
                guilty.insert(id);
                break;
            }
        }
    }
    if guilty.is_empty() {
        let said = faults.iter().map(|fault| fault.rendered.as_str()).collect();
        let _ = mirror;
        return Err(MutantsError::Build(said));
    }
    Ok(guilty)
}

/// The tests without a mutant: they pass, take a while, and come by most of them.
fn baseline(
    mirror: &Mirror,
    arguments: &Arguments,
    mutated: Mutated,
    unviable: usize,
    binaries: Vec<PathBuf>,
) -> Result<Survey, MutantsError> {
    let list = mirror.directory.join("reached");
    if list.exists() {
        fs::remove_file(&list).map_err(MutantsError::file(&list))?;
    }
    let mut took = [Duration::ZERO; 2];
    for (part, took) in Part::BOTH.into_iter().zip(&mut took) {
        let run = Run {
            folder: &mirror.package,
            slow: &arguments.slow,
            part,
            environment: ("RENKEI_MUTANTS_REACHED", list.as_os_str().to_owned()),
            limit: Duration::from_secs(3600),
        };
        *took = run::without_mutant(&run, &binaries)?;
    }
    note(&format!("the tests take {:?} and {:?}", took[0], took[1]));
    let told = fs::read_to_string(&list).map_err(MutantsError::file(&list))?;
    let reached: BTreeSet<MutantId> = told.lines().filter_map(|line| line.parse().ok()).collect();
    Ok(Survey {
        reached: reached
            .into_iter()
            .filter(|id| mutated.mutants.contains_key(id))
            .collect(),
        mutants: mutated.mutants,
        unviable,
        binaries,
        took,
    })
}
