//! The decisions of the repository, as tables.
//!
//! `cfg(test)` always holds here; it tells clippy that the helpers are tests too.

#[cfg(test)]
mod provide;
#[cfg(test)]
mod retrieve;
