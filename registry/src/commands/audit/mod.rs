//! `audit search | show | report`: the audit trail asked from a shell.
//!
//! Whoever looks is told of: the look is owed to the journal before anything is shown (docs/adr/0007).

mod arguments;
mod cells;
mod event;
pub(super) mod file;
mod index_state;
pub(super) mod moment;
mod month;
mod names;
mod patient;
mod question;
mod search;
pub(super) mod session;
mod show;
mod sign;
mod text;
mod words;

use super::Done;
use super::arguments::By;
use super::output::Output;
use crate::config::Config;

use arguments::ReportCommand;
pub(super) use arguments::{SheetArguments, TrailCommand};
pub(super) use cells::clean;
pub(super) use text::{deliver, language, language_of, plain};
pub(super) use words::JAPANESE;

/// Does what the verb says.
pub(super) async fn run(config: &Config, command: TrailCommand, by: &By, output: Output) -> Done {
    match command {
        TrailCommand::Search(arguments) => search::run(config, *arguments, by, output).await,
        TrailCommand::Show(arguments) => show::run(config, &arguments, by, output).await,
        TrailCommand::Report(ReportCommand::Patient(arguments)) => {
            patient::run(config, *arguments, by, output).await
        }
        TrailCommand::Report(ReportCommand::Month(arguments)) => {
            month::run(config, &arguments, by, output).await
        }
        TrailCommand::Report(ReportCommand::Sign(arguments)) => {
            sign::run(config, &arguments, by, output).await
        }
    }
}
