//! The command line: a file per subject.

mod arguments;
mod audit;
mod check_config;
mod codes;
#[cfg(test)]
mod coverage;
mod decide;
#[cfg(test)]
mod desk;
mod doctor;
mod emergency;
mod instrument;
mod journal;
mod node;
mod organisation;
mod output;
mod paper;
mod patient;
mod record;
mod replay;
mod session;
mod setting;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use xds_server::config::load;
use xds_server::journal_commands;
use xds_server::lang::{Lang, localised};

use crate::config::Config;
use crate::serve::serve;
use arguments::{Arguments, AuditCommand, Command, DecideArguments};
use output::Output;

/// Runs what the command line says.
pub(crate) fn run() -> ExitCode {
    let lang = wanted_lang();
    let command = localised(Arguments::command(), lang, words::JAPANESE);
    let command = localised(command, lang, journal_commands::JAPANESE);
    let command = localised(command, lang, instrument::JAPANESE);
    let command = localised(command, lang, paper::JAPANESE);
    let command = localised(command, lang, record::JAPANESE);
    let command = localised(command, lang, emergency::JAPANESE);
    let matches = localised(command, lang, audit::JAPANESE).get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let output = Output {
        json: arguments.json,
        lang,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.failure(&error),
    };
    runtime.block_on(execute(arguments, output))
}

/// `--lang` before the rest is read, since it changes what `--help` says.
fn wanted_lang() -> Lang {
    let arguments: Vec<String> = std::env::args().collect();
    let named =
        arguments
            .iter()
            .enumerate()
            .find_map(|(at, argument)| match argument.strip_prefix("--lang") {
                Some("") => arguments.get(at + 1)?.parse().ok(),
                Some(value) => value.strip_prefix('=')?.parse().ok(),
                None => None,
            });
    named.unwrap_or_else(Lang::from_environment)
}

async fn execute(arguments: Arguments, output: Output) -> ExitCode {
    if let Command::Audit(AuditCommand::Journal(command)) = &arguments.command {
        return journal::run(command, output);
    }
    if let Command::Decide(DecideArguments {
        domain: Some(domain),
        request: Some(request),
        ..
    }) = &arguments.command
    {
        return decide::run(domain, request, output);
    }
    let config: Config = match load(&arguments.config) {
        Ok(config) => config,
        Err(error) => return output.failure(&error),
    };
    let done = match arguments.command {
        Command::Serve => serve(config)
            .await
            .map(|()| ExitCode::SUCCESS)
            .map_err(Into::into),
        Command::CheckConfig => check_config::run(&config, output),
        Command::Doctor => doctor::run(&config, output).await,
        Command::Migrate(migrate) => session::migrate(&config, &migrate, &arguments.by, output).await,
        Command::Org(command) => organisation::run(&config, command, &arguments.by, output).await,
        Command::Node(command) => node::run(&config, command, &arguments.by, output).await,
        Command::Patient(command) => patient::run(&config, command, &arguments.by, output).await,
        Command::Codes(command) => codes::run(&config, command, &arguments.by, output).await,
        Command::Setting(command) => setting::run(&config, command, &arguments.by, output).await,
        Command::Instrument(command) => instrument::run(&config, command, &arguments.by, output).await,
        Command::Agreement(command) => {
            instrument::run_agreement(&config, command, &arguments.by, output).await
        }
        Command::Paper(command) => paper::run(&config, command, &arguments.by, output).await,
        Command::Domain(command) => instrument::run_domain(&config, command, &arguments.by, output).await,
        Command::Record(command) => record::run(&config, command, &arguments.by, output).await,
        Command::Emergency(command) => emergency::run(&config, command, &arguments.by, output).await,
        Command::Audit(AuditCommand::Expire(expire)) => {
            journal::expire(&config, &expire, &arguments.by, output).await
        }
        Command::Audit(AuditCommand::Trail(command)) => {
            audit::run(&config, command, &arguments.by, output).await
        }
        Command::Decide(DecideArguments { replay, .. }) => {
            let decision = replay.unwrap_or_default().to_string();
            replay::run(&config, &decision, &arguments.by, output).await
        }
        // Done above, without a configuration.
        Command::Audit(AuditCommand::Journal(command)) => Ok(journal::run(&command, output)),
    };
    done.unwrap_or_else(|error| output.failure(error.as_ref()))
}

/// What a command ends with. An error is for people: it says what to do.
type Done = Result<ExitCode, Box<dyn std::error::Error + Send + Sync>>;
