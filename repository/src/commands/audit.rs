//! `audit verify | prove | check-proof | seal | expire`: see [`xds_server::journal_commands`].

use std::process::ExitCode;

use xds_server::journal_commands::{self, ExpireArguments, JournalCommand, JournalCommandError, Verdict};
use xds_server::lang::Lang;

use super::say;
use crate::cli::failed;
use crate::config::Config;

/// What works on a folder alone.
pub(crate) fn run(command: &JournalCommand, lang: Lang, as_json: bool) -> ExitCode {
    end(command.run(), lang, as_json)
}

/// `audit expire`
pub(crate) fn expire(
    config: &Config,
    arguments: &ExpireArguments,
    by: &str,
    lang: Lang,
    as_json: bool,
) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(lang, &error),
    };
    let done = runtime.block_on(journal_commands::expire(&config.audit, arguments, by));
    end(done, lang, as_json)
}

fn end(done: Result<Verdict, JournalCommandError>, lang: Lang, as_json: bool) -> ExitCode {
    let verdict = match done {
        Ok(verdict) => verdict,
        Err(error) => return failed(lang, &error),
    };
    if as_json {
        say(&format!("{:#}", verdict.value));
    } else {
        say(lang.pick(&verdict.text));
    }
    if verdict.good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
