//! `audit seal`

use serde_json::json;

use super::{JournalCommandError, SealArguments, Verdict};
use crate::lang::Say;

pub(super) fn seal(arguments: &SealArguments) -> Result<Verdict, JournalCommandError> {
    let done = xds_audit::seal(&arguments.journal)?;
    let (sealed, moved) = (done.sealed, done.moved);
    let (before, after) = (done.bytes_before, done.bytes_after);
    Ok(Verdict {
        text: Say::new(
            format!("{sealed} 個のセグメントを圧縮し({before} → {after} バイト)、{moved} 個を移しました"),
            format!("{sealed} segments compressed ({before} to {after} bytes), {moved} moved"),
        ),
        value: json!(done),
        good: true,
    })
}
