//! `audit verify`: whether a journal is whole.

use std::fs;
use std::process::ExitCode;

use xds_audit::checkpoint::PublicKey;
use xds_audit::verify::{Report, VerifyOptions, verify as verify_journal};
use xds_server::lang::{Lang, Say};

use super::arguments::VerifyArguments;
use super::output::{NotThere, Output};

/// The file beside the journal that holds the public key.
const PUBLIC_KEY: &str = "audit-key.pk8.pub";

pub(super) fn verify(arguments: &VerifyArguments, output: Output) -> ExitCode {
    let file = arguments
        .public_key
        .clone()
        .unwrap_or_else(|| arguments.journal.join(PUBLIC_KEY));
    let public_key = match fs::read_to_string(&file)
        .ok()
        .as_deref()
        .and_then(PublicKey::from_pem)
    {
        Some(key) => Some(key),
        None if arguments.public_key.is_none() => None,
        None => {
            let say = Say::new(
                format!("{} は監査公開鍵ではありません", file.display()),
                format!("{} is no audit public key", file.display()),
            );
            return output.failure(&NotThere::new(output, &say));
        }
    };
    let options = VerifyOptions {
        public_key,
        ..VerifyOptions::default()
    };
    match verify_journal(&arguments.journal, &options) {
        Ok(report) => output.verdict(&text(&report, output.lang), &report, report.is_whole()),
        Err(error) => output.failure(&error),
    }
}

fn text(report: &Report, lang: Lang) -> String {
    let range = format!("{}..{}", report.first, report.last);
    match (&report.bad, lang) {
        (None, Lang::Ja) => format!(
            "ジャーナルは完全です: 記録 {range}、チェックポイント {} 個",
            report.checkpoints
        ),
        (None, Lang::En) => format!(
            "the journal is whole: records {range}, {} checkpoints",
            report.checkpoints
        ),
        (Some(bad), Lang::Ja) => format!(
            "ジャーナルは完全ではありません: 記録 {} ({}) {}",
            bad.index, bad.file, bad.fault
        ),
        (Some(bad), Lang::En) => format!(
            "the journal is not whole: record {} ({}): {}",
            bad.index, bad.file, bad.fault
        ),
    }
}
