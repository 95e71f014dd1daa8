//! The name of a message.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;
use xds_audit::EventId;

/// The name of a message: its event, and which of the event's messages it is. The same in every copy, so that a
/// receiver knows a duplicate.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EventPart {
    /// The event.
    pub event: EventId,
    /// From 1.
    pub part: u32,
}

/// `JOURNAL/SEQUENCE/PART`
impl fmt::Display for EventPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.event, self.part)
    }
}

/// The text is no name of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not JOURNAL/SEQUENCE/PART")]
pub struct NotAnEventPart;

impl FromStr for EventPart {
    type Err = NotAnEventPart;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (journal, rest) = text.split_once('/')?;
            let (sequence, part) = rest.split_once('/')?;
            let part = Self {
                event: EventId {
                    journal: Uuid::try_parse(journal).ok()?,
                    sequence: sequence.parse().ok()?,
                },
                part: part.parse().ok()?,
            };
            // One text for each name: no `+1`, no braces.
            (part.to_string() == text).then_some(part)
        };
        read().ok_or(NotAnEventPart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_nothing_else_does() {
        let text = "0192f7a0-0000-7000-8000-000000000000/42/1";
        let part: EventPart = text.parse().unwrap();
        assert_eq!((part.event.sequence, part.part), (42, 1));
        assert_eq!(part.to_string(), text);
        for wrong in [
            "",
            "0192f7a0-0000-7000-8000-000000000000/42",
            "0192f7a0-0000-7000-8000-000000000000/+42/1",
            "0192F7A0-0000-7000-8000-000000000000/42/1",
            "0192f7a0-0000-7000-8000-000000000000/42/1/2",
        ] {
            assert!(wrong.parse::<EventPart>().is_err(), "{wrong}");
        }
    }
}
