//! Receivers that acknowledge: what a RESTful feed (ITI TF-2 3.20, ATX: FHIR Feed) needs of its transport.

use std::fmt;
use std::pin::Pin;

use super::status::Trouble;

/// Hands messages to a receiver that says of each what became of it.
pub trait Poster: fmt::Debug + Send + Sync {
    /// Posts these messages, and says of each, in their order, what became of it.
    ///
    /// # Errors
    /// When nothing is known of any of them: all are posted again.
    fn post(&self, messages: Vec<String>) -> Posting<'_>;
}

/// What a [`Poster`] is at.
pub type Posting<'a> = Pin<Box<dyn Future<Output = Result<Vec<Verdict>, Trouble>> + Send + 'a>>;

/// What became of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The receiver has it.
    Taken,
    /// The receiver will not have this one. After [`Limits::refusals_max`](super::Limits::refusals_max) of these it is
    /// set aside.
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// Not now, or not known: it is posted again.
    Later,
}
