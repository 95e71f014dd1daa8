//! The law, tested.
//!
//! `cfg(test)` always holds here; it tells clippy that the helpers are tests too.

#[cfg(test)]
mod confidentiality;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod edges;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod findings;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod impact;
#[cfg(test)]
mod obligations;
#[cfg(test)]
mod privacy_policies;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod vectors;
