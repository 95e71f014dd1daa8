//! The journal on a real disk, on failing ones, and under hands that mean it ill.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends by it")]

mod archive;
mod caller;
mod disk;
mod follow;
mod group;
mod kill;
mod proof;
mod requests;
mod support;
mod tail;
mod tamper;
mod volume;
