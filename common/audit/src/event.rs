//! What happened: events as the handlers tell them, before any wire form.
//!
//! A request is told in two parts. [`Opening`] is written before the work: who asks for what.
//! [`Closing`] is written after it: how it ended, and what became known on the way. What happens at
//! one moment (a start, a refused connection, an administrative change) is an [`Event`].
//!
//! The DICOM form (PS3.15 A.5.1, ITI TF-2 3.20) is made from these parts; nothing in them is specific
//! to it. `Debug` shows no identifier of a person: these values hold many.

use std::fmt;

use serde::{Deserialize, Serialize};
use xds_model::Transaction;

use crate::caller::Caller;
use crate::objects::Objects;

/// The first part of a request's record.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Opening {
    /// What is asked for.
    pub kind: EventKind,
    /// Who asks.
    pub caller: Caller,
    /// Our own address for this request: the URL of the endpoint, or `host:port`.
    pub endpoint: String,
    /// The id that also stands in the log and in the SOAP answer.
    pub correlation: String,
    /// What it concerns, as far as known yet.
    #[serde(default, skip_serializing_if = "Objects::is_empty")]
    pub objects: Objects,
}

/// The second part of a request's record.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Closing {
    /// How it ended.
    pub outcome: Outcome,
    /// What it concerned beyond what the opening part says.
    #[serde(default, skip_serializing_if = "Objects::is_empty")]
    pub objects: Objects,
    /// Error codes of the answer, such as `XDSUnknownPatientId`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// The decisions that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
    /// What was kept back and why. For the operator and the author's organisation only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// After a partial success, the part that failed: it becomes an event of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedPart>,
    /// Objects in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<u64>,
    /// A remark of the machinery, such as [`Closing::ABANDONED`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Closing {
    /// The note of a record that was dropped without an end: a panic, or a cancelled task.
    pub const ABANDONED: &'static str = "abandoned";
    /// The note of a record whose process died before the end, when nothing tells how it ended.
    pub const UNKNOWN: &'static str = "unknown outcome after restart";
    /// The note of a record whose details were over the limit and left out.
    pub const TOO_LARGE: &'static str = "details too large";

    /// A request that did all it was asked for.
    pub fn success() -> Self {
        Self::default()
    }

    /// A request that ended with this outcome and these error codes.
    pub fn failure(outcome: Outcome, errors: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            outcome,
            errors: errors.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// A major failure that only the machinery knows of.
    pub fn noted(note: &str) -> Self {
        Self {
            outcome: Outcome::MajorFailure,
            note: Some(note.to_owned()),
            ..Self::default()
        }
    }
}

/// The part of a partly successful request that failed (ITI-43, ITI-18).
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct FailedPart {
    /// How bad it was.
    pub outcome: Outcome,
    /// What was not delivered.
    #[serde(default, skip_serializing_if = "Objects::is_empty")]
    pub objects: Objects,
    /// The error codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// What happens at one moment: both parts in one.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Event {
    /// Who, what, where.
    pub opening: Opening,
    /// How it ended.
    pub closing: Closing,
}

impl Event {
    /// Something that the process itself did or noticed.
    pub fn of_machine(kind: EventKind, closing: Closing) -> Self {
        let opening = Opening {
            kind,
            caller: Caller::default(),
            endpoint: String::new(),
            correlation: String::new(),
            objects: Objects::default(),
        };
        Self { opening, closing }
    }
}

/// EventOutcomeIndicator (DICOM PS3.15 A.5.1).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// 0.
    #[default]
    Success,
    /// 4: it can be tried again, or was refused by policy.
    MinorFailure,
    /// 8: the request was turned down.
    SeriousFailure,
    /// 12: something broke.
    MajorFailure,
}

impl Outcome {
    /// The number on the wire.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::MinorFailure => 4,
            Self::SeriousFailure => 8,
            Self::MajorFailure => 12,
        }
    }
}

/// EventActionCode (DICOM PS3.15 A.5.1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// `C`
    Create,
    /// `R`
    Read,
    /// `U`
    Update,
    /// `D`
    Delete,
    /// `E`
    Execute,
}

/// What kind of thing happened.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A transaction in which we are the server: registry, repository, recipient.
    Received {
        /// Which one.
        transaction: Transaction,
        /// The action where the transaction alone does not tell it: ITI-8, ITI-44.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<Action>,
    },
    /// A transaction that we send, such as the repository's ITI-42.
    Sent {
        /// Which one.
        transaction: Transaction,
        /// The action where the transaction alone does not tell it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<Action>,
    },
    /// The process began to serve.
    NodeStart,
    /// The process ended in order.
    NodeStop,
    /// Connections refused before HTTP: certificate, enrolment, protocol.
    HandshakeRefused {
        /// Why, as a fixed word.
        reason: String,
        /// How many.
        count: u64,
    },
    /// A request of an enrolled node that reached no handler: not understood, not allowed, or no room for it.
    RequestRefused {
        /// Which transaction, as far as it was read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<Transaction>,
        /// Why, as a fixed word.
        reason: String,
    },
    /// A user assertion refused (ITI-40).
    AssertionRefused {
        /// Why, as a fixed word.
        reason: String,
    },
    /// An administrative change.
    ConfigurationChanged {
        /// What was done, as on the command line: `node add`, `codes import`.
        verb: String,
        /// To what.
        object: String,
        /// How it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<serde_json::Value>,
        /// How it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<serde_json::Value>,
    },
    /// The audit log itself was read.
    AuditLogRead {
        /// What of it.
        uri: String,
    },
    /// Data left the system other than by a transaction.
    Exported {
        /// What, and where to.
        what: String,
    },
    /// The wall clock jumped against the monotonic one.
    ClockStepped {
        /// By how many milliseconds; negative is back.
        milliseconds: i64,
    },
    /// The journal's end was incomplete after a crash and was set aside.
    JournalRecovered {
        /// Bytes set aside.
        bytes: u64,
        /// Their SHA-256, in hexadecimal.
        sha256: String,
        /// The file that holds them now.
        file: String,
    },
}

impl EventKind {
    /// A received transaction whose action is fixed.
    pub fn received(transaction: Transaction) -> Self {
        Self::Received {
            transaction,
            action: None,
        }
    }

    /// A sent transaction whose action is fixed.
    pub fn sent(transaction: Transaction) -> Self {
        Self::Sent {
            transaction,
            action: None,
        }
    }

    /// A short name, fit for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Received { transaction, .. } | Self::Sent { transaction, .. } => transaction.name(),
            Self::NodeStart => "node-start",
            Self::NodeStop => "node-stop",
            Self::HandshakeRefused { .. } => "handshake-refused",
            Self::RequestRefused { .. } => "request-refused",
            Self::AssertionRefused { .. } => "assertion-refused",
            Self::ConfigurationChanged { .. } => "configuration-changed",
            Self::AuditLogRead { .. } => "audit-log-read",
            Self::Exported { .. } => "exported",
            Self::ClockStepped { .. } => "clock-stepped",
            Self::JournalRecovered { .. } => "journal-recovered",
        }
    }
}

/// Why something was allowed or refused.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Decision {
    /// The decision's own id.
    pub id: String,
    /// Its basis: own record, joint use, consent ...
    pub basis: String,
    /// The instrument that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<Instrument>,
}

/// A consent, an agreement, an organisation ..., in the version that was applied.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Instrument {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u64,
    /// SHA-256 of that version, in hexadecimal.
    pub sha256: String,
}

/// An object that was kept back.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Withheld {
    /// entryUUID or uniqueId.
    pub object: String,
    /// The code of the reason.
    pub reason: String,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening")
            .field("kind", &self.kind.name())
            .field("correlation", &self.correlation)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closing")
            .field("outcome", &self.outcome)
            .field("errors", &self.errors)
            .field("note", &self.note)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("opening", &self.opening)
            .field("closing", &self.closing)
            .finish()
    }
}

impl fmt::Debug for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening() -> Opening {
        Opening {
            kind: EventKind::received(Transaction::Iti18),
            caller: Caller::default(),
            endpoint: "https://registry.example/xds".to_owned(),
            correlation: "c-1".to_owned(),
            objects: Objects::of_patient("CANARY^^^&1.2.3&ISO".to_owned()),
        }
    }

    #[test]
    fn aud_15_debug_names_no_patient() {
        let event = Event {
            opening: opening(),
            closing: Closing::success(),
        };
        assert!(!format!("{event:?} {:?}", event.opening.objects).contains("CANARY"));
        let change = EventKind::ConfigurationChanged {
            verb: "patient add".to_owned(),
            object: "CANARY".to_owned(),
            before: None,
            after: Some(serde_json::json!({ "name": "CANARY" })),
        };
        assert_eq!(format!("{change:?}"), "configuration-changed");
    }

    #[test]
    fn what_is_not_known_takes_no_room_and_reads_back() {
        let text = serde_json::to_string(&Closing::success()).unwrap();
        assert_eq!(text, r#"{"outcome":"success"}"#);
        assert_eq!(
            serde_json::from_str::<Closing>(&text).unwrap(),
            Closing::success()
        );
        let opening = opening();
        let text = serde_json::to_string(&opening).unwrap();
        assert!(
            serde_json::from_str::<Opening>(&text).unwrap() == opening,
            "{text}"
        );
    }
}
