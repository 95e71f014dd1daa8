//! Collects what is wrong with a request.

use xds_model::{Fault, RuleId};
use xds_xml::{Element, TextError};

/// Faults that are answered at most: a message can be wrong in more places than anybody will read.
pub const FAULTS_MAX: usize = 500;

/// Characters of a submitted value that a fault repeats at most.
const FOUND_CHARS_MAX: usize = 120;

/// How large one object of a request may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ObjectLimits {
    /// Values of one slot.
    pub slot_values_max: usize,
}

impl Default for ObjectLimits {
    fn default() -> Self {
        Self {
            slot_values_max: 1_000,
        }
    }
}

/// The faults of one request, in the order found, and the limits within which it is read.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: Vec<Fault>,
    limits: ObjectLimits,
}

impl Faults {
    pub(crate) fn within(limits: ObjectLimits) -> Self {
        Self {
            found: Vec::new(),
            limits,
        }
    }

    pub(crate) fn limits(&self) -> ObjectLimits {
        self.limits
    }

    /// Adds a fault. `place` is asked only if there still is room.
    pub(crate) fn add(&mut self, rule: RuleId, place: impl FnOnce() -> String, found: &str) {
        if self.found.len() < FAULTS_MAX {
            self.found.push(Fault::new(rule, place(), shortened(found)));
        }
    }

    /// A fault at an element.
    pub(crate) fn at(&mut self, rule: RuleId, element: Element<'_>, found: &str) {
        self.add(rule, || element.path(), found);
    }

    /// A fault at an XML attribute.
    pub(crate) fn at_attribute(&mut self, rule: RuleId, element: Element<'_>, name: &str, found: &str) {
        self.add(rule, || format!("{}/@{name}", element.path()), found);
    }

    pub(crate) fn into_vec(self) -> Vec<Fault> {
        self.found
    }
}

/// What was found of an attribute: its name and the value in quotes.
pub(crate) fn found(name: &str, value: &str) -> String {
    format!("{name} '{value}'")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(FOUND_CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => {
            let mut short = text.get(..end).unwrap_or_default().to_owned();
            short.push('…');
            short
        }
    }
}

/// What cuts a text.
pub(crate) fn cut_by(error: TextError) -> &'static str {
    match error {
        TextError::Comment => "a comment inside the value",
        TextError::ChildElement => "an element inside the value",
    }
}
