//! The words that requests, documents and instruments share.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($($(#[$about:meta])* $name:ident;)*) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// Key of an instrument, the same for all its versions.
    InstrumentId;
    /// A user as its organisation names it: NameID of the assertion.
    UserId;
    /// Code of a role, as the domain's role × class matrix lists it.
    RoleCode;
    /// Code value of a DocumentEntry's classCode.
    ClassCode;
    /// Code value of a DocumentEntry's typeCode.
    TypeCode;
    /// Code of a kind of sensitive information, such as HIV or PSY: a list of the domain.
    SensitivityCode;
    /// A visit or stay, as the receiving organisation numbers it.
    EncounterId;
    /// uniqueId of a DocumentEntry.
    DocumentId;
    /// Patient Privacy Policy Identifier: an OID that the domain gives (ITI TF-3 5.1).
    PrivacyPolicyId;
}

/// A patient of the domain: the CX text of the identifier, which is compared as it stands.
///
/// It has no `Display`, and `Debug` does not show it: a patient identifier belongs in no log.
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct PatientRef(pub String);

impl From<&str> for PatientRef {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for PatientRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientRef(..)")
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    /// Publish metadata (ITI-41, ITI-42).
    Register,
    /// Learn that and where a document is (ITI-18).
    Query,
    /// Receive a document (ITI-43).
    Retrieve,
    /// Send a document to a named recipient (ITI-41 as XDR).
    Push,
    /// Change metadata (ITI-57).
    Update,
    /// Remove metadata (ITI-62).
    Delete,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Register,
        Self::Query,
        Self::Retrieve,
        Self::Push,
        Self::Update,
        Self::Delete,
    ];

    /// Whether somebody learns something: the others change what the asking organisation has published.
    pub fn discloses(self) -> bool {
        matches!(self, Self::Query | Self::Retrieve | Self::Push)
    }

    /// Whether somebody comes and gets something.
    pub fn pulls(self) -> bool {
        matches!(self, Self::Query | Self::Retrieve)
    }
}

/// Purpose of use. A code that is not listed is [`Purpose::Other`], which nobody is served for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "&'static str")]
pub enum Purpose {
    /// Treatment.
    Treatment,
    /// Emergency treatment.
    Emergency,
    /// A task that the author entrusted.
    EntrustedTask,
    /// Maintenance of the system.
    Maintenance,
    /// What a law demands.
    Legal,
    /// The patient asks.
    PatientRequest,
    /// Research.
    Research,
    /// Anything else.
    Other,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Treatment,
        Self::Emergency,
        Self::EntrustedTask,
        Self::Maintenance,
        Self::Legal,
        Self::PatientRequest,
        Self::Research,
        Self::Other,
    ];

    /// The code, from HL7 PurposeOfUse where it has one.
    pub fn code(self) -> &'static str {
        match self {
            Self::Treatment => "TREAT",
            Self::Emergency => "ETREAT",
            Self::EntrustedTask => "ENTRUSTED_TASK",
            Self::Maintenance => "MAINT",
            Self::Legal => "HLEGAL",
            Self::PatientRequest => "PATRQT",
            Self::Research => "HRESCH",
            Self::Other => "OTHER",
        }
    }

    /// The purpose with this code.
    pub fn from_code(code: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.code() == code)
            .unwrap_or(Self::Other)
    }
}

impl From<String> for Purpose {
    fn from(code: String) -> Self {
        Self::from_code(&code)
    }
}

impl From<Purpose> for &'static str {
    fn from(purpose: Purpose) -> Self {
        purpose.code()
    }
}

/// How surely a user was recognised. Ordered.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthLevel {
    /// No user is known.
    #[default]
    None,
    /// One factor.
    SingleFactor,
    /// Two factors.
    TwoFactor,
}

/// How confidential a document is: HL7 Confidentiality. Ordered.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Confidentiality {
    /// Normal.
    #[default]
    N,
    /// Restricted.
    R,
    /// Very restricted.
    V,
}

/// A set of classes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ClassSet {
    /// Every class.
    All,
    /// These.
    Only(BTreeSet<ClassCode>),
    /// All but these.
    Except(BTreeSet<ClassCode>),
}

impl Default for ClassSet {
    fn default() -> Self {
        Self::Only(BTreeSet::new())
    }
}

impl ClassSet {
    /// Whether a class is in it.
    pub fn contains(&self, class: &ClassCode) -> bool {
        match self {
            Self::All => true,
            Self::Only(classes) => classes.contains(class),
            Self::Except(classes) => !classes.contains(class),
        }
    }

    /// Whether a class is in it by name.
    pub fn names(&self, class: &ClassCode) -> bool {
        matches!(self, Self::Only(classes) if classes.contains(class))
    }

    /// Whether no class is in it.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Only(classes) if classes.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_have_codes_and_the_rest_is_other() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::from_code(purpose.code()), purpose);
        }
        assert_eq!(Purpose::from_code("HMARKT"), Purpose::Other);
        assert_eq!(Purpose::from_code("treat"), Purpose::Other);
    }

    #[test]
    fn a_patient_is_not_shown_by_debug() {
        assert_eq!(
            format!("{:?}", PatientRef::from("12^^^&1.2&ISO")),
            "PatientRef(..)"
        );
    }
}
