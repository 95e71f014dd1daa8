//! `audit verify | prove | check-proof | seal | expire`: see [`xds_server::journal_commands`].

use std::process::ExitCode;

use xds_server::journal_commands::{self, ExpireArguments, JournalCommand, Verdict};

use super::Done;
use super::arguments::By;
use super::output::Output;
use super::session::change;
use crate::config::Config;

pub(super) fn run(command: &JournalCommand, output: Output) -> ExitCode {
    match command.run() {
        Ok(verdict) => print(&verdict, output),
        Err(error) => output.failure(&error),
    }
}

pub(super) async fn expire(config: &Config, arguments: &ExpireArguments, by: &By, output: Output) -> Done {
    let who = change(by).who;
    let verdict = journal_commands::expire(&config.audit, arguments, &who).await?;
    Ok(print(&verdict, output))
}

fn print(verdict: &Verdict, output: Output) -> ExitCode {
    output.verdict(output.lang.pick(&verdict.text), &verdict.value, verdict.good)
}
