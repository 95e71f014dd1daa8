//! The SOAP caller: mutual TLS, SIMPLE and MTOM, streamed (ITI TF-2 Appendix V, the client's side).
//!
//! - [`Client`] makes calls: [`Client::call_simple`], [`Client::call_mtom`], [`Client::post_json`]. A [`Call`] says
//!   where to and which transaction.
//! - [`Answer`] is a response that was checked: its wsa:Action, its wsa:RelatesTo, no fault. The documents of an MTOM
//!   answer come as a stream, part by part.
//! - [`CallError`] says what went wrong, and [`CallError::may_have_taken_effect`] whether the request may have been
//!   carried out all the same.
//! - [`xds`] has the XDS transactions on top, [`mllp`] the sender of ITI-8.
//!
//! Nothing here follows a redirect, uses a proxy or the system's trusted roots, or repeats a request that may have
//! reached the server, unless the call asks for that.

mod answer;
mod call;
mod client;
mod error;
mod exchange;
mod json;
pub mod mllp;
mod outgoing;
mod pace;
mod parts;
mod settings;
pub mod xds;

pub use answer::Answer;
pub use call::{Call, Repeat};
pub use client::Client;
pub use error::{CallError, ConnectFailure, Mismatch, NotSoap, RequestProblem};
pub use json::DocumentAnswer;
pub use outgoing::{ContentError, ContentStream, OutgoingPart, PartContent};
pub use parts::IncomingPart;
pub use settings::ClientSettings;
