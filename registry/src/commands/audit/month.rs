//! `audit report month`, and the review that `audit report sign` signs.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use registry_trail::Trail;
use registry_trail::report::{MonthRange, ReviewReport, Thresholds};
use time::OffsetDateTime;
use xds_model::Clock;
use xds_model::time::System;
use xds_server::journal_commands::{JournalCommand, JournalCommandError, VerifyArguments};

use super::arguments::{MonthReportArguments, ReviewArguments};
use super::names::directory;
use super::question::Asked;
use super::session::{tell, with_trail};
use super::text::{deliver, language};
use crate::commands::Done;
use crate::commands::arguments::By;
use crate::commands::output::Output;
use crate::commands::session::change;
use crate::config::Config;
use crate::trail::TrailRole;

/// Bytes of a file with thresholds at most.
const THRESHOLDS_BYTES_MAX: u64 = 1024 * 1024;

/// Why there is no review.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReviewError {
    /// The trail.
    #[error(transparent)]
    Trail(#[from] registry_trail::TrailError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalCommandError),
    /// The file with thresholds.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It says something else.
    #[error("{} holds no thresholds: {source}", file.display())]
    NoThresholds {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

pub(super) async fn run(config: &Config, arguments: &MonthReportArguments, by: &By, output: Output) -> Done {
    let month = arguments.month;
    let sheet = &arguments.sheet;
    with_trail(config, TrailRole::Reader, async |store, trail| {
        let subject = Asked::default()
            .with("month", Some(month))
            .with("output", sheet.output.as_ref().map(|path| path.display()));
        tell(&store, by, "audit report month", &subject.0, Vec::new()).await?;
        let report = review(config, &trail, month, &arguments.review, by, System.now()).await?;
        let directory = directory(&store).await?;
        deliver(
            &report.sheet(language(sheet, output), &directory),
            &report,
            sheet,
            output,
        )
    })
    .await
}

/// The review of a month with the signatures that it has.
///
/// # Errors
/// [`ReviewError`].
pub(super) async fn review(
    config: &Config,
    trail: &Trail,
    month: MonthRange,
    arguments: &ReviewArguments,
    by: &By,
    now: OffsetDateTime,
) -> Result<ReviewReport, ReviewError> {
    let thresholds = match &arguments.thresholds {
        Some(file) => read_thresholds(file)?,
        None => Thresholds::default(),
    };
    let mut report = trail.review(month, &thresholds, now, &change(by).who).await?;
    if arguments.verify_journal {
        report.journal_is_whole = Some(is_whole(config)?);
    }
    Ok(report)
}

/// What `audit verify` says of the registry's own journal.
fn is_whole(config: &Config) -> Result<bool, JournalCommandError> {
    let verify = VerifyArguments {
        journal: config.audit.journal.clone(),
        public_key: None,
        anchor: Vec::new(),
        cold_folder: config.audit.cold_folder.clone(),
        from: None,
    };
    Ok(JournalCommand::Verify(verify).run()?.good)
}

fn read_thresholds(file: &Path) -> Result<Thresholds, ReviewError> {
    let mut text = String::new();
    File::open(file)
        .and_then(|opened| opened.take(THRESHOLDS_BYTES_MAX).read_to_string(&mut text))
        .map_err(|source| ReviewError::Unreadable {
            file: file.to_owned(),
            source,
        })?;
    serde_json::from_str(&text).map_err(|source| ReviewError::NoThresholds {
        file: file.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_and_unknown_ones_refused() {
        let name = format!("renkei-thresholds-{}.json", std::process::id());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, r#"{"patients_per_hour": 3}"#).unwrap();
        assert_eq!(read_thresholds(&file).unwrap().patients_per_hour, 3);
        std::fs::write(&file, r#"{"patients": 3}"#).unwrap();
        assert!(matches!(
            read_thresholds(&file),
            Err(ReviewError::NoThresholds { .. })
        ));
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(
            read_thresholds(&file),
            Err(ReviewError::Unreadable { .. })
        ));
    }
}
