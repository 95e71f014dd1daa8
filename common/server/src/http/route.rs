//! What an address of the operator listener takes, and what it answers.

use actix_web::http::StatusCode;
use bytes::Bytes;
use xds_audit::{Closing, Outcome};
use xds_model::principal::Right;

use crate::lang::{Lang, Say};

/// The largest body of a request, in bytes, where an address does not need a larger one.
pub const BODY_BYTES_MAX: u64 = 64 * 1024;

/// What one address offers, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Its name in log and metrics. The URL of a request stands nowhere: it may tell of a patient.
    pub name: &'static str,
    /// The address, with names in braces for what varies; so it stands in the audit.
    pub path: &'static str,
    /// The method that it takes.
    pub method: &'static str,
    /// Every method that its address takes, as the header Allow has them.
    pub allow: &'static str,
    /// One of these rights is needed.
    pub rights: &'static [Right],
    /// The media type of its body; none: it takes no body.
    pub body: Option<&'static str>,
    /// Bytes of its body at most.
    pub body_bytes_max: u64,
    /// Whether it is a look at the audit trail: a refusal is told as one.
    pub is_of_trail: bool,
    /// Whether it touches nothing that has to be told: then only its refusals are.
    pub is_public: bool,
    /// How a refusal is written, for people who read this language.
    pub write: fn(&Refusal, Lang) -> (&'static str, String),
}

/// What a handler answers. It leaves when its closing part is durable.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// Media type.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
    /// Headers beside those that every answer has.
    pub headers: Vec<(&'static str, String)>,
    /// How it ended, for the audit.
    pub closing: Closing,
}

impl Reply {
    /// An answer with status 200.
    pub fn ok(content_type: &'static str, body: impl Into<Bytes>, closing: Closing) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            body: body.into(),
            headers: Vec::new(),
            closing,
        }
    }

    /// The same with this header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Why a request gets no answer of its own. `Display` and `Debug` name code and rule only: the message is for who asked,
/// and may quote what was asked.
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
#[error("{code} ({rule})")]
pub struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// A fixed word, for programs and for the audit.
    pub code: &'static str,
    /// What is wrong, and what to do, for people.
    pub message: String,
    /// The rule that says so, as a name or a section of a standard.
    pub rule: &'static str,
    /// What else can be said of it.
    pub more: Option<Box<Advice>>,
}

/// What a refusal says besides, where it can.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Advice {
    /// The message in Japanese.
    pub message_ja: Option<String>,
    /// The member of the body, the header or the part of the address that it is about.
    pub field: Option<String>,
    /// What to do about it.
    pub repair: Option<Say>,
}

impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Refusal({}, {self})", self.status)
    }
}

impl Refusal {
    /// A refusal.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        rule: &'static str,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            rule,
            more: None,
        }
    }

    /// The same with what else can be said.
    #[must_use]
    pub fn with(mut self, advice: Advice) -> Self {
        self.more = Some(Box::new(advice));
        self
    }

    /// The server has no room now.
    pub fn busy() -> Self {
        let message = "the server is busy: send the same request again later";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message, "limits")
    }

    /// Something broke on our side.
    pub fn failed() -> Self {
        let message = "the server failed: tell its operator the correlation id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message, "internal")
    }

    pub(super) fn forbidden() -> Self {
        let message = "this certificate has no right to that";
        Self::new(StatusCode::FORBIDDEN, "forbidden", message, "node rights")
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self.status.as_u16() {
            503 => Outcome::MinorFailure,
            500.. => Outcome::MajorFailure,
            _ => Outcome::SeriousFailure,
        }
    }

    pub(super) fn closing(&self) -> Closing {
        Closing::failure(self.outcome(), [self.code])
    }
}
