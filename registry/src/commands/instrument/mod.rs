//! `instrument`, `agreement`, `domain`: what decisions rest on, kept like evidence.
//!
//! Every verb is told in the journal: a change with it, a look before anything is shown (docs/adr/0007).

mod already;
mod arguments;
mod domain;
mod enter;
mod files;
mod impact;
mod look;
#[cfg(test)]
mod tests;
mod validate;
mod words;

use registry_store::{Instrument, InstrumentError};
use xds_policy::version::InstrumentKind;
use xds_server::lang::{Lang, Say};

use super::Done;
use super::arguments::By;
use super::output::{NotThere, Output};
use super::session::{change, with_store};
use crate::config::Config;
use crate::instruments::Refused;

pub(super) use arguments::{AgreementCommand, DomainCommand, InstrumentCommand};
pub(super) use words::JAPANESE;

/// Does what an `instrument` verb says.
pub(super) async fn run(config: &Config, command: InstrumentCommand, by: &By, output: Output) -> Done {
    let change = change(by);
    let change = &change;
    with_store(config, async |store| match command {
        InstrumentCommand::Add(arguments) => enter::add(config, &store, &arguments, change, output).await,
        InstrumentCommand::End(arguments) => enter::end(&store, &arguments, change, output).await,
        InstrumentCommand::List(arguments) => look::list(config, &store, &arguments, change, output).await,
        InstrumentCommand::Show(arguments) => look::show(&store, &arguments, change, output).await,
        InstrumentCommand::History(named) => look::history(&store, &named, change, output).await,
        InstrumentCommand::Validate(arguments) => {
            validate::run(&store, "instrument validate", &arguments, change, output).await
        }
    })
    .await
}

/// Does what an `agreement` verb says.
pub(super) async fn run_agreement(
    config: &Config,
    command: AgreementCommand,
    by: &By,
    output: Output,
) -> Done {
    let change = change(by);
    let change = &change;
    with_store(config, async |store| match command {
        AgreementCommand::Validate { id, file } => {
            let kind = InstrumentKind::JointUseAgreement;
            let arguments = arguments::ValidateArguments { kind, id, file };
            validate::run(&store, "agreement validate", &arguments, change, output).await
        }
        AgreementCommand::Impact { file, at } => impact::run(&store, &file, at, change, output).await,
    })
    .await
}

/// Does what a `domain` verb says.
pub(super) async fn run_domain(config: &Config, command: DomainCommand, by: &By, output: Output) -> Done {
    let change = change(by);
    let change = &change;
    with_store(config, async |store| match command {
        DomainCommand::Export {
            file,
            without_patients,
            force,
        } => domain::export(&store, &file, !without_patients, force, change, output).await,
        DomainCommand::Import { file, evidence } => {
            domain::import(config, &store, &file, evidence.as_deref(), change, output).await
        }
    })
    .await
}

/// Whose these instruments are, as far as they are a patient's.
fn patients(seen: &[Instrument]) -> Vec<String> {
    let patients = seen.iter().filter_map(Instrument::patient);
    patients.map(|patient| patient.0.clone()).collect()
}

/// What an instrument is called in the journal.
fn subject(kind: InstrumentKind, id: &str) -> String {
    format!("{} {id}", kind.name())
}

/// Why nothing was entered: a refusal in the reader's language, or what the database said.
pub(super) fn not_entered(
    error: InstrumentError,
    output: Output,
) -> Box<dyn std::error::Error + Send + Sync> {
    match error {
        InstrumentError::Store(error) => error.into(),
        error => refused(&error.into(), output).into(),
    }
}

/// A refusal in the reader's language.
pub(super) fn refused(error: &Refused, output: Output) -> NotThere {
    NotThere(match output.lang {
        Lang::Ja => error.ja(),
        Lang::En => error.to_string(),
    })
}

fn missing(kind: InstrumentKind, id: &str, output: Output) -> NotThere {
    let error = InstrumentError::Missing { kind, id: id.into() };
    refused(&error.into(), output)
}

fn not_so(output: Output, ja: &str, en: &str) -> NotThere {
    NotThere::new(output, &Say::new(ja.to_owned(), en.to_owned()))
}
