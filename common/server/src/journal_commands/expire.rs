//! `audit expire`

use std::sync::Arc;

use serde_json::json;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use xds_audit::{Journal, JournalError};
use xds_model::time::{SharedClock, System};

use super::{ExpireArguments, JournalCommandError, Verdict};
use crate::config::AuditSection;
use crate::lang::Say;

/// Removes the oldest segments of a journal, with an event and a signed note about it. The server must not run: it
/// is the one that writes.
///
/// # Errors
/// [`JournalCommandError`].
pub async fn expire(
    section: &AuditSection,
    arguments: &ExpireArguments,
    by: &str,
) -> Result<Verdict, JournalCommandError> {
    let before = midnight(&arguments.before)?;
    if !section.journal.is_dir() {
        let source = std::io::ErrorKind::NotFound.into();
        let file = section.journal.clone();
        return Err(JournalCommandError::Unreadable { file, source });
    }
    let clock: SharedClock = Arc::new(System);
    let journal = open(section, clock)?;
    let removed = journal.remove_before(before, section.retention_years, by).await;
    journal.shutdown().await;
    Ok(match removed? {
        Some(removal) => Verdict {
            text: Say::new(
                format!(
                    "記録 {}..{} を削除しました(最も新しい記録は {})。署名付きの記録は removed.json にあります。",
                    removal.first,
                    removal.kept - 1,
                    removal.newest.date()
                ),
                format!(
                    "records {}..{} are removed, the newest of {}; the signed note is removed.json",
                    removal.first,
                    removal.kept - 1,
                    removal.newest.date()
                ),
            ),
            value: json!({ "removed": removal }),
            good: true,
        },
        None => Verdict {
            text: Say::new(
                format!(
                    "削除できるセグメントはありません(保存期間 {} 年)",
                    section.retention_years
                ),
                format!(
                    "no segment may be removed (retention {} years)",
                    section.retention_years
                ),
            ),
            value: json!({ "removed": null }),
            good: true,
        },
    })
}

fn open(section: &AuditSection, clock: SharedClock) -> Result<Journal, JournalError> {
    Journal::open_dir(&section.journal, section.journal_options(), clock, &System)
        .map(|opened| opened.journal)
}

fn midnight(text: &str) -> Result<OffsetDateTime, JournalCommandError> {
    let form = format_description!("[year]-[month]-[day]");
    Date::parse(text, &form)
        .map(|date| date.midnight().assume_utc())
        .map_err(|_| JournalCommandError::NoDate(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight() {
        let day = midnight("2026-04-01").unwrap();
        assert_eq!(day.unix_timestamp(), 1_775_001_600);
        assert!(midnight("2026-4-1").is_err() && midnight("yesterday").is_err());
    }
}
