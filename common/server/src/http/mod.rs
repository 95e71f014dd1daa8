//! The clinical listener: mutual TLS, strict framing, SOAP in and out.

mod body;
mod framing;
mod listener;
mod stream;

pub use body::{Body, BodyError, Pace};
pub use framing::HeadLimits;
pub use listener::{ClinicalListener, Connected, OnRefused};
pub use stream::ClinicalStream;
