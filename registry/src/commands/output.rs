//! How results are printed: for people or for machines.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;
use serde_json::json;
use xds_server::lang::{Lang, Say};

/// The form of results.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// JSON for machines.
    pub(crate) json: bool,
    /// Language for people.
    pub(crate) lang: Lang,
}

impl Output {
    /// A result: a sentence for people, a value for machines.
    pub(crate) fn result(self, say: &Say, value: &impl Serialize) -> ExitCode {
        if self.json {
            print_json(value)
        } else {
            print(self.lang.pick(say))
        }
        ExitCode::SUCCESS
    }

    /// A list: a table for people, values for machines.
    pub(crate) fn list(self, headings: &[Say], rows: Vec<Vec<String>>, values: &impl Serialize) -> ExitCode {
        if self.json {
            print_json(values);
            return ExitCode::SUCCESS;
        }
        let headings = headings.iter().map(|heading| self.lang.pick(heading).to_owned());
        print(&table(headings, rows));
        ExitCode::SUCCESS
    }

    /// A text for people, a value for machines, and whether it is good news.
    pub(crate) fn verdict(self, text: &str, value: &impl Serialize, good: bool) -> ExitCode {
        if self.json {
            print_json(value)
        } else {
            print(text.trim_end())
        }
        if good {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    /// A document as it is, to the last byte.
    pub(crate) fn document(self, text: &str) -> ExitCode {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        ExitCode::SUCCESS
    }

    /// What went wrong, with its causes, on standard error.
    #[expect(
        clippy::print_stderr,
        reason = "errors of the command line go to standard error"
    )]
    pub(crate) fn failure(self, error: &(dyn Error + 'static)) -> ExitCode {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let more = error.to_string();
            if !text.contains(&more) {
                text = format!("{text}: {more}");
            }
            cause = error.source();
        }
        match (self.json, self.lang) {
            (true, _) => eprintln!("{}", json!({ "error": text })),
            (false, Lang::Ja) => eprintln!("エラー: {text}"),
            (false, Lang::En) => eprintln!("error: {text}"),
        }
        ExitCode::FAILURE
    }
}

/// A table for people.
pub(crate) fn table(headings: impl IntoIterator<Item = String>, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headings);
    table.add_rows(rows);
    table.to_string()
}

fn print_json(value: &impl Serialize) {
    print(&serde_json::to_string_pretty(value).unwrap_or_else(|_| "null".to_owned()));
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no failure.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Nothing of that name.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotThere(pub(crate) String);

impl NotThere {
    /// In the reader's language.
    pub(crate) fn new(output: Output, say: &Say) -> Self {
        Self(output.lang.pick(say).to_owned())
    }
}
