//! What can be asked of the trail.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use xds_audit::Outcome;

/// A search: every part that is given must hold. `Debug` shows no value: some are of persons.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Question {
    /// Events that concern this patient, as CX.
    pub patient: Option<String>,
    /// Events that concern this document or other object: uniqueId or entryUUID.
    pub document: Option<String>,
    /// Events of this user: NameID.
    pub user: Option<String>,
    /// The issuer of the user's assertion.
    pub issuer: Option<String>,
    /// Events of callers of this organisation.
    pub organisation: Option<String>,
    /// Events of this enrolled node.
    pub node: Option<String>,
    /// Not before.
    pub from: Option<OffsetDateTime>,
    /// Before.
    pub until: Option<OffsetDateTime>,
    /// Events that ended in one of these ways; all if empty.
    pub outcomes: Vec<Outcome>,
    /// Events with a decision on this basis.
    pub basis: Option<String>,
    /// Events of one of these kinds, such as `ITI-43` or `audit-log-read`; all if empty.
    pub kinds: Vec<String>,
    /// The event with this correlation id.
    pub correlation: Option<String>,
    /// The event with this decision.
    pub decision: Option<String>,
}

impl Question {
    /// Kinds that a question may name.
    pub const KINDS_MAX: usize = 64;

    /// Whether it can be asked.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub fn check(&self) -> Result<(), QuestionError> {
        if self.kinds.len() > Self::KINDS_MAX {
            return Err(QuestionError::Kinds);
        }
        match (self.from, self.until) {
            (Some(from), Some(until)) if from >= until => Err(QuestionError::Range),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("from", &self.from)
            .field("until", &self.until)
            .field("outcomes", &self.outcomes)
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}

/// Why a question cannot be asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum QuestionError {
    /// The time ends before it begins.
    #[error("the time range is empty")]
    Range,
    /// Too many kinds.
    #[error("at most {} kinds", Question::KINDS_MAX)]
    Kinds,
    /// Not a text that [`Position`] made.
    #[error("not a position in a list of events")]
    Position,
}

/// Which part of the answer is wanted, the latest first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Page {
    /// Events at most; over [`Page::ROWS_MAX`] is that.
    pub rows: usize,
    /// Go on after this one.
    pub after: Option<Position>,
}

impl Page {
    /// Events of one page at most.
    pub const ROWS_MAX: usize = 1_000;

    /// The first so many.
    pub fn first(rows: usize) -> Self {
        Self { rows, after: None }
    }

    pub(crate) fn limit(self) -> i64 {
        i64::try_from(self.rows.clamp(1, Self::ROWS_MAX)).unwrap_or(1)
    }
}

/// A place in the order of events. Its text is for links and cursors; it names no person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Position {
    pub(crate) at_us: i64,
    pub(crate) journal: i32,
    pub(crate) sequence: i64,
    pub(crate) part: i32,
}

impl Position {
    /// The instant, as far as the database holds it: whole microseconds.
    pub(crate) fn at(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.at_us) * 1_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

/// `MICROSECONDS.JOURNAL.SEQUENCE.PART`
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}.{}.{}",
            self.at_us, self.journal, self.sequence, self.part
        )
    }
}

impl FromStr for Position {
    type Err = QuestionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let mut parts = text.splitn(4, '.');
            let position = Self {
                at_us: parts.next()?.parse().ok()?,
                journal: parts.next()?.parse().ok()?,
                sequence: parts.next()?.parse().ok()?,
                part: parts.next()?.parse().ok()?,
            };
            (position.to_string() == text).then_some(position)
        };
        read().ok_or(QuestionError::Position)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_position_reads_back_and_nothing_else_does() {
        let position: Position = "1795482123456789.3.42.0".parse().unwrap();
        assert_eq!(position.to_string(), "1795482123456789.3.42.0");
        assert_eq!(position.at().microsecond(), 456_789);
        for wrong in ["", "1.2.3", "1.2.3.4.5", "+1.2.3.4", "a.2.3.4"] {
            assert_eq!(wrong.parse::<Position>(), Err(QuestionError::Position), "{wrong}");
        }
    }

    #[test]
    fn an_empty_range_is_refused_and_debug_names_nobody() {
        let at = datetime!(2026-11-24 0:00 UTC);
        let mut question = Question {
            patient: Some("CANARY".to_owned()),
            user: Some("CANARY".to_owned()),
            from: Some(at),
            until: Some(at),
            ..Question::default()
        };
        assert_eq!(question.check(), Err(QuestionError::Range));
        question.until = None;
        assert_eq!(question.check(), Ok(()));
        assert!(!format!("{question:?}").contains("CANARY"));
    }
}
