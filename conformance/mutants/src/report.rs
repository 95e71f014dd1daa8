//! What was found, for people and for machines.

use std::io::Write;

use serde_json::json;

use crate::arguments::Arguments;
use crate::error::MutantsError;
use crate::outcome::{Outcome, Outcomes};
use crate::survey::Survey;

/// One line on standard error. That nobody reads it any more ends nothing.
pub(crate) fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "renkei-mutants: {line}");
}

/// Prints the figures and every mutant that is missed. Whether enough are caught.
pub(crate) fn print(
    survey: &Survey,
    outcomes: &Outcomes,
    arguments: &Arguments,
) -> Result<bool, MutantsError> {
    let mut found: Vec<_> = survey
        .mutants
        .values()
        .filter_map(|mutant| Some((mutant, *outcomes.known.get(mutant)?)))
        .collect();
    found.sort_by_key(|(mutant, _)| *mutant);
    let count = |which: Outcome| found.iter().filter(|(_, outcome)| *outcome == which).count();
    let caught = count(Outcome::Caught).saturating_add(count(Outcome::TimedOut));
    let share = percent(caught, found.len());
    let missed: Vec<_> = found.iter().filter(|(_, outcome)| !outcome.is_caught()).collect();
    let text = if arguments.json {
        json!({
            "crate": arguments.crate_folder,
            "mutants": found.len(),
            "caught": caught,
            "of_those_timed_out": count(Outcome::TimedOut),
            "missed": missed.len(),
            "unviable": survey.unviable,
            "percent": share,
            "list": missed.iter().map(|(mutant, outcome)| json!({"mutant": mutant, "outcome": outcome})).collect::<Vec<_>>(),
        })
        .to_string()
    } else {
        let mut lines: Vec<String> = missed
            .iter()
            .map(|(mutant, outcome)| match outcome {
                Outcome::Unreached => format!("not reached  {mutant}"),
                _ => format!("missed       {mutant}"),
            })
            .collect();
        lines.push(format!(
            "{}: {} mutants, {caught} caught ({} of them by time), {} missed, {} do not compile: {share:.1} % caught",
            arguments.crate_folder.display(),
            found.len(),
            count(Outcome::TimedOut),
            missed.len(),
            survey.unviable,
        ));
        lines.join("\n")
    };
    writeln!(std::io::stdout(), "{text}").map_err(MutantsError::file("standard output".as_ref()))?;
    Ok(share >= arguments.enough)
}

#[expect(clippy::cast_precision_loss, reason = "there are no 2^53 mutants")]
fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        100.0 * part as f64 / whole as f64
    }
}
