//! ebRIM and ebRS on the wire and in the store, to and from the model.
//!
//! - [`rim`]: registry objects in submissions and answers. Reading collects every fault, each with its rule
//!   and place.
//! - [`stored`]: the compact body of a stored object, and answers written from it by templates.
//! - [`query`]: ITI-18, both sides.
//! - [`provide`]: what a repository needs of ITI-41, and what it forwards by ITI-42.
//! - [`retrieve`]: ITI-43, both sides, documents streamed between the pieces.
//! - [`rs`]: registry responses.
//!
//! Reads from a parsed [`xds_xml::Document`], writes into a `String`; SOAP envelopes are somebody else's.

pub mod ns;
pub mod provide;
pub mod query;
pub mod retrieve;
pub mod rim;
pub mod rs;
pub mod stored;
mod terms;
