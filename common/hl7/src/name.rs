//! XPN, a person's name in one of its forms. In Japan a person has up to three, which stand beside each other
//! as repetitions of PID-5: ideographic (kanji), phonetic (katakana), alphabetic (HL7 v2.5, 2.A.88).

use std::fmt;

use crate::er7::{self, Repetition, ValueError};

/// XPN.8: the script of a name (HL7 table 0465).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Representation {
    /// `I`: kanji.
    Ideographic,
    /// `P`: katakana, how it is read.
    Phonetic,
    /// `A`: Latin letters.
    Alphabetic,
}

impl Representation {
    /// The code as written.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ideographic => "I",
            Self::Phonetic => "P",
            Self::Alphabetic => "A",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Ideographic, Self::Phonetic, Self::Alphabetic]
            .into_iter()
            .find(|form| form.code() == code)
    }
}

/// A name in one form. The parts are as sent: nothing is normalised, reordered or guessed.
#[derive(Clone, Eq, PartialEq)]
pub struct PersonName {
    /// XPN.1, its first subcomponent.
    pub family: String,
    /// XPN.2.
    pub given: String,
    /// XPN.3.
    pub middle: String,
    /// XPN.7, the name type, as sent: `L` for the legal name.
    pub name_type: String,
    /// XPN.8. Absent when it was not sent or is not one of the three.
    pub representation: Option<Representation>,
    raw: String,
}

impl PersonName {
    /// Characters in one part of a name: four times what HL7 v2.5 gives to the whole.
    pub const PART_CHARS_MAX: usize = 1000;

    /// A legal name of two parts.
    pub fn new(family: &str, given: &str, representation: Option<Representation>) -> Self {
        let code = representation.map(Representation::code).unwrap_or_default();
        let raw = format!("{}^{}^^^^^L^{code}", er7::escape(family), er7::escape(given));
        Self {
            family: family.to_owned(),
            given: given.to_owned(),
            middle: String::new(),
            name_type: "L".to_owned(),
            representation,
            raw: raw.trim_end_matches('^').to_owned(),
        }
    }

    /// The whole repetition in ER7, as sent: what a sourcePatientInfo carries.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    pub(crate) fn parse(name: Repetition<'_>) -> Result<Self, NameError> {
        let part = |number| name.component(number).text();
        let parsed = Self {
            family: name.component(1).subcomponent(1)?.into_owned(),
            given: part(2)?.into_owned(),
            middle: part(3)?.into_owned(),
            name_type: part(7)?.into_owned(),
            representation: Representation::from_code(name.component(8).raw()),
            raw: name.raw().to_owned(),
        };
        let texts = [&parsed.family, &parsed.given, &parsed.middle, &parsed.name_type];
        if texts
            .iter()
            .any(|text| text.chars().count() > Self::PART_CHARS_MAX)
        {
            return Err(NameError::TooLong);
        }
        if texts.iter().any(|text| text.chars().any(char::is_control)) {
            return Err(NameError::Control);
        }
        Ok(parsed)
    }
}

/// Shows the form only: a name must not slip into a log.
impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonName")
            .field("representation", &self.representation)
            .finish_non_exhaustive()
    }
}

/// Why a repetition is no name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum NameError {
    /// A part without plain text.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A part longer than [`PersonName::PART_CHARS_MAX`].
    #[error("a part of a name is too long")]
    TooLong,
    /// A control character in a part.
    #[error("a control character in a name")]
    Control,
}
