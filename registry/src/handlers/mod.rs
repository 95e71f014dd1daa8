//! A file per transaction.

pub(crate) mod iti18;
pub(crate) mod iti42;
pub(crate) mod iti8;
mod law;
pub(crate) mod questions;
