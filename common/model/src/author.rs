//! Authors: persons, institutions, telecommunication.

use uuid::Uuid;

use crate::ident::Oid;
use crate::slot::Slot;

/// One author, one Classification on the wire (ITI TF-3, 4.2.3.1.4 and 4.2.3.2.1).
///
/// Values are kept as submitted, after their form was checked.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Author {
    /// `@id` of the Classification, when it is a UUID.
    pub id: Option<Uuid>,
    /// authorPerson, XCN.
    pub person: Option<String>,
    /// authorInstitution, XON.
    pub institutions: Vec<String>,
    /// authorRole, text or coded string.
    pub roles: Vec<String>,
    /// authorSpecialty, text or coded string.
    pub specialties: Vec<String>,
    /// authorTelecommunication, XTN.
    pub telecommunications: Vec<String>,
    /// Other slots.
    pub extra_slots: Vec<Slot>,
}

/// An institution as XON text says it (ITI TF-3, Table 4.2.3.1.7-2, XON).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Institution {
    /// XON.1, as written.
    pub name: String,
    /// XON.6.2, the authority that gave [`Institution::id`].
    pub authority: Option<Oid>,
    /// XON.10: an id under the authority, or an OID by itself.
    pub id: Option<String>,
}

impl Institution {
    /// Reads `Name`, `Name^^^^^&OID&ISO^^^^Id` or `Name^^^^^^^^^OID`.
    ///
    /// # Errors
    /// When the form is none of the three.
    pub fn parse(xon: &str) -> Result<Self, InstitutionError> {
        let mut parts: Vec<&str> = xon.split('^').collect();
        while parts.last().is_some_and(|part| part.is_empty()) {
            parts.pop();
        }
        let part = |index: usize| parts.get(index).copied().unwrap_or_default();
        if part(0).is_empty() {
            return Err(InstitutionError::Name);
        }
        if parts.len() > 10
            || [1, 2, 3, 4, 6, 7, 8]
                .into_iter()
                .any(|index| !part(index).is_empty())
        {
            return Err(InstitutionError::Components);
        }
        let authority = match part(5) {
            "" => None,
            hd => Some(authority(hd)?),
        };
        let id = (!part(9).is_empty()).then(|| part(9).to_owned());
        if let Some(id) = &id
            && authority.is_none()
            && id.parse::<Oid>().is_err()
        {
            return Err(InstitutionError::Authority);
        }
        Ok(Self {
            name: part(0).to_owned(),
            authority,
            id,
        })
    }
}

fn authority(hd: &str) -> Result<Oid, InstitutionError> {
    hd.strip_prefix('&')
        .and_then(|rest| rest.strip_suffix("&ISO"))
        .and_then(|oid| oid.parse().ok())
        .ok_or(InstitutionError::Authority)
}

/// Why a text is no institution.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InstitutionError {
    /// Component 1 is empty.
    #[error("XON component 1, the name, is required")]
    Name,
    /// A component that must be empty is not.
    #[error("XON has components 1, 6 and 10 only")]
    Components,
    /// Component 6 is missing or wrong.
    #[error("XON component 6 has the form &OID&ISO and is required when component 10 is not an OID")]
    Authority,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_three_forms_of_xon() {
        let named = Institution::parse("中央病院").unwrap();
        assert_eq!(named.id, None);
        let full = Institution::parse("中央病院^^^^^&1.2.392.9&ISO^^^^1311234567").unwrap();
        assert_eq!(
            (full.id.as_deref(), full.authority.unwrap().as_str()),
            (Some("1311234567"), "1.2.392.9")
        );
        assert!(Institution::parse("X^^^^^^^^^1.2.3").is_ok());
        for bad in [
            "",
            "^x",
            "X^^^^^^^^^12",
            "X^Y",
            "X^^^^^N&1.2&ISO^^^^1",
            "X^^^^^^^^^1.2^x",
        ] {
            assert!(Institution::parse(bad).is_err(), "{bad}");
        }
    }
}
