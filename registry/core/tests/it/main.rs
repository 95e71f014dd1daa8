//! The use cases as the registry calls them.
//!
//! `cfg(test)` always holds here; it tells clippy that the helpers are tests too.

#[cfg(test)]
mod acknowledgement;
#[cfg(test)]
mod acknowledging;
#[cfg(test)]
mod answer;
#[cfg(test)]
mod asking;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod law;
#[cfg(test)]
mod patient;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod publish;
#[cfg(test)]
mod records;
#[cfg(test)]
mod rules;
#[expect(dead_code, reason = "the tests of xds-policy use the rest")]
#[path = "../../../../common/policy/tests/it/fixture.rs"]
#[cfg(test)]
mod vectors;
