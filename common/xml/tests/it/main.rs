//! The XML door, tested row by row of the hardening catalogue (section 3) and against libxml2.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking and say what they skip"
)]

mod corpus;
mod differential;
mod element;
mod generate;
mod limits;
mod reader;
mod serialize;
mod support;
mod xml_01_dtd;
mod xml_02_external;
mod xml_03_expansion;
mod xml_04_references;
mod xml_05_depth;
mod xml_06_width;
mod xml_07_duplicates;
mod xml_08_namespaces;
mod xml_09_ill_formed;
mod xml_10_encodings;
mod xml_11_characters;
mod xml_12_split_text;
mod xml_15_output;
mod xml_16_round_trip;
