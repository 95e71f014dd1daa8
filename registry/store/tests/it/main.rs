//! The store on a real PostgreSQL, a database for each test.
//!
//! `cfg(test)` always holds here; it tells clippy that the helpers are tests too.

#[cfg(test)]
mod acknowledgement;
#[path = "../../../core/tests/it/acknowledging.rs"]
#[cfg(test)]
mod acknowledging;
#[cfg(test)]
mod db;
#[cfg(test)]
mod enforced;
#[cfg(test)]
mod explain;
#[expect(dead_code, reason = "the tests of registry-core use the rest")]
#[path = "../../../core/tests/it/fixture.rs"]
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod instruments;
#[path = "../../../core/tests/it/law.rs"]
#[cfg(test)]
mod law;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod migrate;
#[cfg(test)]
mod patients;
#[cfg(test)]
mod proposals;
#[cfg(test)]
mod queries;
#[cfg(test)]
mod races;
#[cfg(test)]
mod records;
#[cfg(test)]
mod register;
#[cfg(test)]
mod retrieval;
#[cfg(test)]
mod trouble;
#[expect(dead_code, reason = "the tests of xds-policy use the rest")]
#[path = "../../../../common/policy/tests/it/fixture.rs"]
#[cfg(test)]
mod vectors;
