//! The subcommands.

pub(crate) mod audit;
mod check_config;
mod doctor;
mod init;
mod serve;

pub(crate) use check_config::check_config;
pub(crate) use doctor::doctor;
pub(crate) use init::init;
pub(crate) use serve::serve;

/// Writes to standard output. A reader that is gone is no failure of ours.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}
