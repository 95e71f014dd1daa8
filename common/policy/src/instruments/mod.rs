//! What organisations and patients agreed to: a file per instrument.

pub mod acknowledgement;
pub mod agreement;
pub mod consent;
pub mod contract;
pub mod order;
pub mod organisation;
pub mod policy;
pub mod refusal;
pub mod session;

/// Whether a text says nothing.
pub(crate) fn blank(text: &str) -> bool {
    text.trim().is_empty()
}
