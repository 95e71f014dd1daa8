//! ITI-82: the same events as the syslog messages that carried them, or would have.

use std::fmt;

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use xds_atna::syslog::{Received, line, parse};
use xds_atna::{AuditMessage, Source};

use super::date::Range;
use super::query::{after, count, unknown};
use super::{AuditEventQuery, Iti81Error, parameters};
use crate::question::{Page, Question};

/// The search parameters of ITI-82, read: `date` twice, and `pri`, `hostname`, `app-name`, `procid`, `msg-id`
/// (equal) and `msg` (contained). `Debug` shows no value of a person.
#[derive(Clone, Eq, PartialEq)]
pub struct SyslogQuery {
    /// What the index is asked.
    pub question: Question,
    /// Which part of its answer.
    pub page: Page,
    filters: Vec<(Field, String)>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Field {
    Priority,
    Host,
    Application,
    Process,
    MessageId,
    Message,
}

impl SyslogQuery {
    /// Reads the query string, without its question mark.
    ///
    /// # Errors
    /// [`Iti81Error`].
    pub fn read(query: &str) -> Result<Self, Iti81Error> {
        let mut read = Self {
            question: Question::default(),
            page: Page::first(AuditEventQuery::COUNT_DEFAULT),
            filters: Vec::new(),
        };
        let mut range = Range::default();
        for (name, value) in parameters::read(query)? {
            let field = match name.as_str() {
                "date" => {
                    range.narrow(&value)?;
                    continue;
                }
                "_count" => {
                    read.page.rows = count(&value)?;
                    continue;
                }
                super::AFTER => {
                    read.page.after = Some(after(&value)?);
                    continue;
                }
                "pri" if value.parse::<u8>().is_err() => return Err(Iti81Error::Value("pri")),
                "pri" => Field::Priority,
                "hostname" => Field::Host,
                "app-name" => Field::Application,
                "procid" => Field::Process,
                "msg-id" => Field::MessageId,
                "msg" => Field::Message,
                name => return Err(unknown(name)),
            };
            read.filters.push((field, value));
        }
        let (from, until) = range.bounds()?;
        read.question.from = Some(from);
        read.question.until = Some(until);
        Ok(read)
    }

    fn matches(&self, received: &Received<'_>, message: &str) -> bool {
        self.filters.iter().all(|(field, wanted)| match field {
            Field::Priority => priority(received).to_string() == *wanted,
            Field::Host => received.host == Some(wanted),
            Field::Application => received.application == Some(wanted),
            Field::Process => received.process_id == Some(wanted),
            Field::MessageId => received.message_id == Some(wanted),
            Field::Message => message.contains(wanted.as_str()),
        })
    }
}

impl fmt::Debug for SyslogQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyslogQuery")
            .field("question", &self.question)
            .field("page", &self.page)
            .finish_non_exhaustive()
    }
}

/// The JSON array: of the messages that were found those that were asked for, header fields and MSG of each. A
/// field that is `-` on the wire is null.
pub fn syslog_events<'a>(
    query: &SyslogQuery,
    messages: impl IntoIterator<Item = (&'a AuditMessage, &'a Source)>,
) -> Value {
    let event = |(message, source)| {
        let line = line(message, source);
        let received = parse(line.as_bytes()).ok()?;
        let text = std::str::from_utf8(received.message).ok()?;
        query.matches(&received, text).then(|| {
            json!({
                "pri": priority(&received),
                "version": 1,
                "timestamp": received.timestamp.and_then(|at| at.format(&Rfc3339).ok()),
                "hostname": received.host,
                "app-name": received.application,
                "procid": received.process_id,
                "msg-id": received.message_id,
                "structured-data": received.structured_data,
                "msg": text,
            })
        })
    };
    Value::Array(messages.into_iter().filter_map(event).collect())
}

fn priority(received: &Received<'_>) -> u8 {
    received.facility * 8 + received.severity
}
