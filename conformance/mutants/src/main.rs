//! Mutation testing: which faults in a crate would no test of it see.
//!
//! All mutants of the crate are compiled into one build of a copy of it, each behind a switch that an environment
//! variable throws. So one compilation serves hundreds of mutants, and each costs one run of the tests, ended at
//! the first test that fails. What is mutated, and how to read the figures: `docs/testing.md`.

mod arguments;
mod build;
mod error;
mod mirror;
mod mutant;
mod mutate;
mod outcome;
mod report;
mod run;
mod survey;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::error::MutantsError;

fn main() -> ExitCode {
    match work(&Arguments::parse()) {
        Ok(enough) if enough => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            report::note(&error.to_string());
            ExitCode::from(2)
        }
    }
}

/// Whether as many are caught as was asked for.
fn work(arguments: &Arguments) -> Result<bool, MutantsError> {
    let mirror = mirror::make(arguments)?;
    let survey = survey::survey(&mirror, arguments)?;
    report::note(&format!(
        "{} mutants compile, {} do not; {} are never reached by a test",
        survey.mutants.len(),
        survey.unviable,
        survey.mutants.len().saturating_sub(survey.reached.len()),
    ));
    let outcomes = run::all(&mirror, &survey, arguments)?;
    report::print(&survey, &outcomes, arguments)
}
