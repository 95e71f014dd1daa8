//! The patient identifier of the affinity domain.

use std::fmt;
use std::str::FromStr;

use crate::ident::{Oid, OidError};

/// A patient identifier: an id and the authority that gave it, `id^^^&OID&ISO` as CX text.
///
/// Compared as the pair, not as text. Source: ITI TF-3, Table 4.2.3.1.7-2 (CX).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PatientId {
    id: Box<str>,
    authority: Oid,
}

impl PatientId {
    /// Characters in the longest CX text: what an ExternalIdentifier's value holds.
    pub const CHARS_MAX: usize = 256;

    /// Puts an id and its authority together.
    ///
    /// # Errors
    /// When the id is empty, has a delimiter, a control character or blanks around it, or is too long.
    pub fn new(id: &str, authority: Oid) -> Result<Self, PatientIdError> {
        if id.is_empty() || id.trim() != id {
            return Err(PatientIdError::Id);
        }
        if id
            .chars()
            .any(|c| matches!(c, '^' | '&' | '~' | '|') || c.is_control())
        {
            return Err(PatientIdError::Id);
        }
        if id.chars().count() + authority.as_str().len() + 9 > Self::CHARS_MAX {
            return Err(PatientIdError::TooLong);
        }
        Ok(Self {
            id: id.into(),
            authority,
        })
    }

    /// CX.1: the id within the authority.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// CX.4.2: the assigning authority.
    pub fn authority(&self) -> &Oid {
        &self.authority
    }
}

impl FromStr for PatientId {
    type Err = PatientIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut components = text.split('^');
        let id = components.next().unwrap_or_default();
        if [components.next(), components.next()] != [Some(""), Some("")] {
            return Err(PatientIdError::Form);
        }
        let authority = components.next().ok_or(PatientIdError::Form)?;
        if components.any(|component| !component.is_empty()) {
            return Err(PatientIdError::Form);
        }
        let mut parts = authority.split('&');
        let (namespace, oid, kind) = (parts.next(), parts.next(), parts.next());
        if namespace != Some("") || kind != Some("ISO") || parts.any(|part| !part.is_empty()) {
            return Err(PatientIdError::Authority);
        }
        let oid = oid.unwrap_or_default().parse().map_err(PatientIdError::Oid)?;
        Self::new(id, oid)
    }
}

impl fmt::Display for PatientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}^^^&{}&ISO", self.id, self.authority)
    }
}

/// Why a text is no patient identifier. Never holds the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PatientIdError {
    /// Not `id^^^authority`.
    #[error("a patient id has the form id^^^&OID&ISO, with components 2, 3 and 5 empty")]
    Form,
    /// The id component.
    #[error(
        "the id (component 1) is not empty and has no delimiters, control characters or blanks around it"
    )]
    Id,
    /// The authority component.
    #[error("the assigning authority (component 4) has the form &OID&ISO, with an empty namespace")]
    Authority,
    /// The OID in it.
    #[error("the OID of the assigning authority: {0}")]
    Oid(OidError),
    /// Longer than [`PatientId::CHARS_MAX`].
    #[error("a patient id has at most 256 characters")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_cx() {
        let id: PatientId = "R0001234^^^&1.2.392.9.9.9.1&ISO".parse().unwrap();
        assert_eq!(
            (id.id(), id.authority().as_str()),
            ("R0001234", "1.2.392.9.9.9.1")
        );
        assert_eq!(id.to_string(), "R0001234^^^&1.2.392.9.9.9.1&ISO");
        assert!("患者1^^^&1.2.3&ISO^".parse::<PatientId>().is_ok());
    }

    #[test]
    fn refuses_other_forms() {
        for bad in [
            "",
            "a",
            "a^^^",
            "^^^&1.2.3&ISO",
            "a^b^^&1.2.3&ISO",
            "a^^^NS&1.2.3&ISO",
            "a^^^&1.2.3&DNS",
            "a^^^&x&ISO",
            "a^^^&1.2.3&ISO^MR",
            " a^^^&1.2.3&ISO",
            "a&b^^^&1.2.3&ISO",
            "a^^^&1.2.3&ISO&x",
        ] {
            assert!(bad.parse::<PatientId>().is_err(), "{bad}");
        }
    }
}
