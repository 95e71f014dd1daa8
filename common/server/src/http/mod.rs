//! The clinical listener: mutual TLS, strict framing, SOAP in and out.

mod body;
mod exchange;
mod framing;
mod json;
mod listener;
mod parts;
mod reply;
mod stream;

pub use body::{Body, BodyError, Pace};
pub use exchange::{Exchange, Offer, Refused, serve};
pub use framing::HeadLimits;
pub use json::{Answered, Question, ask};
pub use listener::{ClinicalListener, Connected, OnRefused};
pub use parts::{PartEvent, Parts};
pub use reply::{Answer, Piece, StreamedReply};
pub use stream::ClinicalStream;
