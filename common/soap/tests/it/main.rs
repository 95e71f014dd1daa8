//! Tests over the public API: rows of the hardening catalogue by name, the vectors, and random input.

mod addressing;
mod content_type;
mod faults;
mod messages;
mod mime;
mod mtom;
mod vectors;
mod xmllint;
