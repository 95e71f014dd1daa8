//! Papers of the example domain, as golden files, and what they say when instruments lack something.

mod golden;
mod lacking;
mod world;
