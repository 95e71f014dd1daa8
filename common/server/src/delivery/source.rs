//! The journal as what destinations are owed: events as lines of syslog, or as FHIR resources.

use std::sync::Arc;

use xds_atna::{AuditMessage, Source as Writer, fhir, messages, syslog};
use xds_audit::{Follower, Journal};
use xds_syslog::{Owed, Source, SourceError};

/// How a message is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// A line of RFC 5424 with the DICOM form in it.
    Syslog,
    /// A FHIR AuditEvent in JSON.
    Fhir,
}

impl Form {
    fn write(self, message: &AuditMessage, writer: &Writer) -> String {
        match self {
            Self::Syslog => syslog::line(message, writer),
            Self::Fhir => fhir::audit_event(message).to_string(),
        }
    }
}

/// Reads one destination's events from the journal.
pub(super) struct JournalSource {
    journal: Journal,
    writer: Arc<Writer>,
    form: Form,
    /// Where reading stands: it goes on from there as long as it is asked to.
    standing: Option<(u64, Follower)>,
}

impl JournalSource {
    pub(super) fn new(journal: Journal, writer: Arc<Writer>, form: Form) -> Self {
        Self {
            journal,
            writer,
            form,
            standing: None,
        }
    }

    fn follower(&mut self, after: u64) -> Result<Follower, SourceError> {
        match self.standing.take() {
            Some((stands, follower)) if stands == after => Ok(follower),
            _ => self.journal.follow(after).map_err(|error| unreadable(&error)),
        }
    }
}

impl Source for JournalSource {
    fn read(&mut self, after: u64, events_max: usize, bytes_max: usize) -> Result<Vec<Owed>, SourceError> {
        let mut follower = self.follower(after)?;
        let mut owed = Vec::new();
        let (mut stands, mut bytes) = (after, 0);
        while owed.len() < events_max && bytes < bytes_max {
            let Some(told) = follower.next().map_err(|error| unreadable(&error))? else {
                break;
            };
            let lines: Vec<String> = messages(&told, &self.writer)
                .iter()
                .map(|message| self.form.write(message, &self.writer))
                .collect();
            bytes += lines.iter().map(String::len).sum::<usize>();
            stands = told.id.sequence;
            owed.push(Owed {
                sequence: stands,
                at: told.ended.at,
                lines,
            });
        }
        self.standing = Some((stands, follower));
        Ok(owed)
    }
}

fn unreadable(error: &xds_audit::JournalError) -> SourceError {
    tracing::error!(%error, "alarm: the audit journal cannot be read for delivery");
    SourceError("the audit journal")
}
