//! XUA, tested row by row of the hardening catalogue (section 4), by outside signers and by forgeries.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking and say what they skip"
)]

//T mod c14n;
//T mod claims;
//T mod documented;
//T mod forgeries;
//T mod limits;
//T mod mutate;
mod outside;
//T mod referee;
mod support;
//T mod xua_01_header;
//T mod xua_02_unsigned;
//T mod xua_03_tampered;
//T mod xua_04_foreign_signer;
//T mod xua_05_algorithms;
//T mod xua_06_transforms;
//T mod xua_07_wrapping;
//T mod xua_08_references;
//T mod xua_09_canonicalisation;
//T mod xua_11_time;
//T mod xua_12_audience;
//T mod xua_13_replay;
//T mod xua_14_confirmation;
//T mod xua_15_issuers;
//T mod xua_16_attributes;
