//! Listeners with mutual TLS and strict framing: the clinical one, SOAP in and out, and that of operators.

mod api;
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
mod route;
mod serving;
mod stray;
mod stream;

pub use api::{CORRELATION, Call, call};
pub use body::{Body, BodyError, Pace};
pub use connected::Connected;
pub use exchange::{Exchange, Offer, Refused, serve};
pub use json::{Answered, Asked, ForUser, Question, ask};
pub use listener::{OnRefused, TlsListener};
pub use parts::{PartEvent, Parts};
pub use reply::{Answer, PackedReply, Piece, StreamedReply};
pub use route::{Advice, BODY_BYTES_MAX, Refusal, Reply, Route};
