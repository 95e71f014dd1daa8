//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use xds_server::config::load;
use xds_server::journal_commands::{self, ExpireArguments, JournalCommand};
use xds_server::lang::{Lang, localised};

use crate::commands::{audit, check_config, doctor, init, serve};
use crate::config::Config;
use crate::words;

/// XDS.b Document Repository: keeps documents, registers them, gives them out.
#[derive(Debug, Parser)]
#[command(name = "renkei-repository", version, after_help = words::EXAMPLES_EN)]
struct Arguments {
    /// Configuration file (TOML)
    #[arg(
        long,
        short,
        global = true,
        value_name = "FILE",
        default_value = "/etc/renkei/repository.toml",
        env = "RENKEI_REPOSITORY_CONFIG"
    )]
    config: PathBuf,
    /// Language of texts for people: ja or en [default: by RENKEI_LANG, LC_ALL, LANG]
    #[arg(long, global = true, value_name = "LANG")]
    lang: Option<Lang>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until SIGTERM; SIGHUP reads certificates again
    Serve,
    /// Read the configuration and say whether it is right; shows every limit
    CheckConfig {
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Look at certificates, clock, disk, keys and registry, and say what to do
    Doctor {
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Make the folders and the first key file that the configuration names; changes nothing that is there
    Init {
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// The audit journal
    Audit(AuditArguments),
}

#[derive(Debug, Args)]
struct AuditArguments {
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    #[command(flatten)]
    Journal(JournalCommand),
    /// Remove the oldest segments when their time is over, leaving a signed note. The server must not run
    Expire {
        #[command(flatten)]
        arguments: ExpireArguments,
        /// Who does it
        #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
        by: String,
    },
}

/// Runs the program. Exit status: 0 done, 1 not, 2 the command line is wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let lang = lang_of(&arguments);
    let command = localised(Arguments::command(), lang, words::HELP_JA);
    let command = localised(command, lang, journal_commands::JAPANESE);
    let command = match lang {
        Lang::Ja => command.after_help(words::EXAMPLES_JA),
        Lang::En => command,
    };
    let parsed = command
        .try_get_matches_from(&arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are errors to clap, with an exit status of 0.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    if let Command::Audit(AuditArguments {
        json,
        command: AuditCommand::Journal(command),
    }) = &arguments.command
    {
        return audit::run(command, lang, *json);
    }
    let config = match load::<Config>(&arguments.config) {
        Ok(config) => config,
        Err(error) => return failed(lang, &error),
    };
    match arguments.command {
        Command::Serve => serve(&config, lang),
        Command::CheckConfig { json } => check_config(&config, lang, json),
        Command::Doctor { json } => doctor(&config, lang, json),
        Command::Init { json } => init(&config, lang, json),
        Command::Audit(AuditArguments { json, command }) => match command {
            AuditCommand::Expire { arguments, by } => audit::expire(&config, &arguments, &by, lang, json),
            // Done above, without a configuration.
            AuditCommand::Journal(command) => audit::run(&command, lang, json),
        },
    }
}

/// The language is needed before the command line can be read: its errors are texts too.
fn lang_of(arguments: &[OsString]) -> Lang {
    let text = |argument: &OsString| argument.to_str().unwrap_or_default().to_owned();
    let mut arguments = arguments.iter().map(text);
    while let Some(argument) = arguments.next() {
        let value = match argument.strip_prefix("--lang") {
            Some("") => arguments.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        if let Some(lang) = value.and_then(|value| value.parse().ok()) {
            return lang;
        }
    }
    Lang::from_environment()
}

/// Tells on standard error why a command was not done.
pub(crate) fn failed(lang: Lang, error: &dyn std::error::Error) -> ExitCode {
    eprintln!("{}: {error}", lang.pick(&words::error()));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_is_japanese_and_every_subcommand_has_both_languages() {
        let english = Arguments::command();
        let mut japanese = localised(Arguments::command(), Lang::Ja, words::HELP_JA);
        for sub in english.get_subcommands() {
            let about = japanese
                .find_subcommand(sub.get_name())
                .and_then(|found| found.get_about())
                .map(ToString::to_string);
            assert_ne!(
                about,
                sub.get_about().map(ToString::to_string),
                "{}",
                sub.get_name()
            );
        }
        let help = japanese.render_long_help().to_string();
        assert!(help.contains("リポジトリ"), "{help}");
    }

    #[test]
    fn the_language_is_found_wherever_it_stands() {
        let of = |words: &[&str]| lang_of(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of(&["r", "--lang", "en", "serve"]), Lang::En);
        assert_eq!(of(&["r", "serve", "--lang=ja"]), Lang::Ja);
    }
}
