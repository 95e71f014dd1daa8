//! The repository's use cases, pure: from facts to decisions and faults.
//!
//! [`provide`] judges an ITI-41 submission, [`retrieve`] an ITI-43 request, [`recover`] what a crash
//! left behind. No I/O, clock, network or XML.

pub mod provide;
pub mod recover;
pub mod retrieve;
