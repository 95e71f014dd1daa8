//! The feed as a sender sees it, by row of the hardening catalogue (HL7-01, 02, 04, 05, 11).
//!
//! `cfg(test)` always holds here; it tells clippy that the helpers are tests too.

#[cfg(test)]
mod acknowledgment;
#[cfg(test)]
mod charset;
#[cfg(test)]
mod delimiters;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod identifiers;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod support;
