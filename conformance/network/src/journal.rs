//! Audit events as the journal of a program has them.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use xds_audit::verify::{VerifyOptions, verify};
use xds_audit::{Closing, Content, Opening, read};

use crate::error::NetworkError;

/// One event: how it opened, and how it closed if it did.
#[derive(Clone)]
pub struct Recorded {
    /// The number of its first record.
    pub sequence: u64,
    /// Its first part.
    pub opening: Opening,
    /// Its second part.
    pub closing: Option<Closing>,
}

impl Recorded {
    /// `ITI-42 0`, `handshake-refused 8`, `ITI-41 open`: what a test compares.
    pub fn summary(&self) -> String {
        let kind = self.opening.kind.name();
        match &self.closing {
            Some(closing) => format!("{kind} {}", closing.outcome.code()),
            None => format!("{kind} open"),
        }
    }
}

impl std::fmt::Debug for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.summary())
    }
}

/// The events of a journal whose first record has this number or a later one, in order, and the number of the next
/// record.
///
/// # Errors
/// When the journal is damaged.
pub fn events(folder: &Path, from: u64) -> Result<(Vec<Recorded>, u64), NetworkError> {
    let mut found: BTreeMap<u64, Recorded> = BTreeMap::new();
    let next = read(folder, from.max(1), |sequence, content| {
        match content {
            Content::Open(open) => {
                let recorded = Recorded {
                    sequence,
                    opening: open.opening,
                    closing: None,
                };
                found.insert(sequence, recorded);
            }
            Content::Single(single) => {
                let recorded = Recorded {
                    sequence,
                    opening: single.event.opening,
                    closing: Some(single.event.closing),
                };
                found.insert(sequence, recorded);
            }
            Content::Close(close) => {
                if let Some(recorded) = found.get_mut(&close.opened) {
                    recorded.closing = Some(close.closing);
                }
            }
            Content::Checkpoint(_) => {}
        }
        ControlFlow::Continue(())
    })?;
    Ok((found.into_values().collect(), next))
}

/// Whether the journal is as it was written; the text says what is not.
///
/// # Errors
/// When it cannot be read.
pub fn is_whole(folder: &Path) -> Result<Result<(), String>, NetworkError> {
    let report = verify(folder, &VerifyOptions::default())?;
    Ok(match report.bad {
        None => Ok(()),
        Some(bad) => Err(format!("record {} in {}: {}", bad.index, bad.file, bad.fault)),
    })
}
