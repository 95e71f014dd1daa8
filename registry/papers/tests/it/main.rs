//! Papers of the example domain, as golden files, and what they say when instruments lack something.

#[cfg(test)]
mod golden;
#[cfg(test)]
mod lacking;
#[cfg(test)]
mod world;
