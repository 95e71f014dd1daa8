//! Delivery of audit messages by syslog: RFC 5425 (TLS) and RFC 5426 (UDP), ITI TF-2 3.20.4.1.1.
//!
//! What a message says is not known here: lines of RFC 5424 go in and come out unchanged.
//!
//! - [`frame`]: octet-counted frames and datagrams.
//! - [`Source`]: where the lines that are owed come from, an append-only journal.
//! - [`sender`]: a task per destination, with a durable cursor. Nothing counts as delivered before there is
//!   evidence that the receiver has read it; see there.
//! - [`receiver`]: the other side, which makes a node an Audit Record Repository.

pub mod frame;
pub mod receiver;
pub mod sender;
mod source;

pub use source::{Owed, Source, SourceError};
