//! The trail on a real PostgreSQL, a database for each test.
//!
//! `cfg(test)` always holds here; it tells clippy that the helpers are tests too.

#[cfg(test)]
mod db;
#[cfg(test)]
mod delivered;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod index;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod search;
