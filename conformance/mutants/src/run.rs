//! The tests, with one mutant switched on.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::error::MutantsError;
use crate::mirror::Mirror;
use crate::mutant::{Mutant, MutantId};
use crate::outcome::{Outcome, Outcomes};
use crate::report::note;
use crate::survey::Survey;

/// Which of the tests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    /// Those that are quick.
    Quick,
    /// The others.
    Slow,
}

impl Part {
    /// Both, in the order in which they run.
    pub(crate) const BOTH: [Self; 2] = [Self::Quick, Self::Slow];
}

/// One run of one part of the tests.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    /// Where.
    pub(crate) folder: &'a Path,
    /// What the names of slow tests hold.
    pub(crate) slow: &'a [String],
    /// Which part.
    pub(crate) part: Part,
    /// What the switches are told.
    pub(crate) environment: (&'static str, OsString),
    /// How long it may take.
    pub(crate) limit: Duration,
}

/// Runs all mutants of which nothing is known yet.
pub(crate) fn all(mirror: &Mirror, survey: &Survey, arguments: &Arguments) -> Result<Outcomes, MutantsError> {
    let mut outcomes = Outcomes::resume(mirror, arguments.keep_caught)?;
    let mut queue = VecDeque::new();
    for (id, mutant) in &survey.mutants {
        if outcomes.known.contains_key(mutant) {
            continue;
        }
        if survey.reached.contains(id) {
            queue.push_back((*id, mutant.clone()));
        } else {
            outcomes.add(mutant.clone(), Outcome::Unreached)?;
        }
    }
    // Mixed, and the same way every time: what an interrupted run has seen is a fair sample.
    queue.make_contiguous().sort_by_key(|(id, _)| mixed(*id));
    note(&format!("{} to run", queue.len()));
    let work = Work {
        mirror,
        survey,
        slow: &arguments.slow,
        queue: Mutex::new(queue),
        outcomes: Mutex::new(outcomes),
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..arguments.jobs.max(1))
            .map(|_| scope.spawn(|| work.drain()))
            .collect();
        for worker in workers {
            match worker.join() {
                Ok(ended) => ended?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok::<(), MutantsError>(())
    })?;
    Ok(work.outcomes.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// A number's place in a fixed mixture (the finalizer of MurmurHash3).
fn mixed(id: MutantId) -> u32 {
    let id = (id ^ (id >> 16)).wrapping_mul(0x85eb_ca6b);
    let id = (id ^ (id >> 13)).wrapping_mul(0xc2b2_ae35);
    id ^ (id >> 16)
}

/// The tests as they are: how long they take.
///
/// # Errors
/// A test fails.
pub(crate) fn without_mutant(run: &Run<'_>, binaries: &[PathBuf]) -> Result<Duration, MutantsError> {
    let begun = Instant::now();
    for binary in binaries {
        let (ended, said) = run.of(binary)?;
        if ended != Ended::Passed {
            let binary = binary.clone();
            return Err(MutantsError::Broken { binary, said });
        }
    }
    Ok(begun.elapsed())
}

struct Work<'a> {
    mirror: &'a Mirror,
    survey: &'a Survey,
    slow: &'a [String],
    queue: Mutex<VecDeque<(MutantId, Mutant)>>,
    outcomes: Mutex<Outcomes>,
}

impl Work<'_> {
    fn drain(&self) -> Result<(), MutantsError> {
        loop {
            let next = self
                .queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            let Some((id, mutant)) = next else { return Ok(()) };
            let outcome = self.outcome(id)?;
            if !outcome.is_caught() {
                note(&format!("missed: {mutant}"));
            }
            let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            outcomes.add(mutant, outcome)?;
        }
    }

    fn outcome(&self, id: MutantId) -> Result<Outcome, MutantsError> {
        for (part, took) in Part::BOTH.into_iter().zip(self.survey.took) {
            let run = Run {
                folder: &self.mirror.package,
                slow: self.slow,
                part,
                environment: ("RENKEI_MUTANT", id.to_string().into()),
                limit: took.saturating_mul(6).saturating_add(Duration::from_secs(20)),
            };
            for binary in &self.survey.binaries {
                match run.of(binary)?.0 {
                    Ended::Passed => {}
                    Ended::Failed => return Ok(Outcome::Caught),
                    Ended::Late => return Ok(Outcome::TimedOut),
                }
            }
        }
        Ok(Outcome::Missed)
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ended {
    Passed,
    Failed,
    Late,
}

impl Run<'_> {
    /// Runs one binary until it ends, a test fails, or time is up; with what it said.
    fn of(&self, binary: &Path) -> Result<(Ended, String), MutantsError> {
        let mut command = Command::new(binary);
        for slow in self.slow {
            match self.part {
                Part::Quick => command.args(["--skip", slow]),
                Part::Slow => command.arg(slow),
            };
        }
        let mut child = command
            .arg("--test-threads=1")
            .current_dir(self.folder)
            .env(self.environment.0, &self.environment.1)
            .env("RUST_BACKTRACE", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(MutantsError::file(binary))?;
        let watched = self.watch(&mut child);
        if watched.0 != Ended::Passed {
            // It may have ended by itself.
            let _ = child.kill();
        }
        let status = child.wait().map_err(MutantsError::file(binary))?;
        match watched {
            (Ended::Passed, said) if !status.success() => Ok((Ended::Failed, said)),
            watched => Ok(watched),
        }
    }

    fn watch(&self, child: &mut Child) -> (Ended, String) {
        let (sender, lines) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        let end = Instant::now().checked_add(self.limit);
        let mut said = String::new();
        loop {
            let left = end.map_or(self.limit, |end| end.saturating_duration_since(Instant::now()));
            match lines.recv_timeout(left) {
                Ok(line) => {
                    said.push_str(&line);
                    said.push('\n');
                    if line.starts_with("test ") && line.ends_with("FAILED") {
                        return (Ended::Failed, said);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return (Ended::Passed, said),
                Err(RecvTimeoutError::Timeout) => return (Ended::Late, said),
            }
        }
    }
}
