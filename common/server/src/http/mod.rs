//! The clinical listener: mutual TLS, strict framing, SOAP in and out.

mod body;
mod connected;
mod early;
mod exchange;
mod framing;
mod json;
mod listener;
mod pace;
mod parts;
mod reply;
mod serving;
mod stray;
mod stream;

pub use body::{Body, BodyError, Pace};
pub use connected::Connected;
pub use exchange::{Exchange, Offer, Refused, serve};
pub use json::{Answered, Question, ask};
pub use listener::{ClinicalListener, OnRefused};
pub use parts::{PartEvent, Parts};
pub use reply::{Answer, Piece, StreamedReply};
