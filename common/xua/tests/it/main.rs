//! XUA, tested row by row of the hardening catalogue (section 4), by outside signers and by forgeries.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking and say what they skip"
)]

mod c14n;
mod claims;
mod documented;
mod forgeries;
mod forward;
mod limits;
mod mutate;
mod outside;
mod referee;
mod support;
mod xua_01_header;
mod xua_02_unsigned;
mod xua_03_tampered;
mod xua_04_foreign_signer;
mod xua_05_algorithms;
mod xua_06_transforms;
mod xua_07_wrapping;
mod xua_08_references;
mod xua_09_canonicalisation;
mod xua_11_time;
mod xua_12_audience;
mod xua_13_replay;
mod xua_14_confirmation;
mod xua_15_issuers;
mod xua_16_attributes;
