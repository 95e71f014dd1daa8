//! The document store from outside: round trips, races, crashes, damage, memory.
//!
//! `cfg(test)` always holds here; it tells clippy that the helpers are tests too.

#[cfg(test)]
mod carried;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod recover;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod support;
#[cfg(test)]
mod sweep;
