//! What policy decides a DocumentEntry on: from the object as submitted, and from the columns that are kept of it.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use uuid::Uuid;
use xds_model::DocumentEntry;
use xds_model::principal::OrganisationId;
use xds_policy::SharingScope;
use xds_policy::document::Document;
use xds_policy::words::{ClassCode, Confidentiality, DocumentId, SensitivityCode, TypeCode};

use crate::object::code_text;

/// HL7 Confidentiality. Codes of other systems are kinds of sensitive information.
const HL7_CONFIDENTIALITY: &str = "2.16.840.1.113883.5.25";

/// What policy decides a registered DocumentEntry on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyFacts {
    /// The key that it is stored under: its patient's, or that of one who was merged into it.
    pub stored_under: Uuid,
    /// What the engine looks at. It names no patient: the request does.
    pub document: Document,
}

/// The columns of a DocumentEntry that policy decides on. Codes as `code^^scheme`.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// uniqueId.
    pub unique_id: &'a str,
    /// The organisation that it comes from.
    pub organisation: &'a str,
    /// classCode.
    pub class_code: Option<&'a str>,
    /// typeCode.
    pub type_code: Option<&'a str>,
    /// confidentialityCodes.
    pub confidentiality_codes: &'a [&'a str],
    /// How far it is shared.
    pub scope: SharingScope,
    /// When it was registered.
    pub registered_at: OffsetDateTime,
    /// The organisation that keeps the document; none: the one that it comes from.
    pub keeper: Option<&'a str>,
}

impl Columns<'_> {
    /// What the engine looks at.
    pub fn document(&self) -> Document {
        let (confidentiality, sensitivity) = confidentiality(self.confidentiality_codes);
        Document {
            id: Some(DocumentId(self.unique_id.to_owned())),
            patient: None,
            author_org: OrganisationId(self.organisation.to_owned()),
            class_code: ClassCode(code(self.class_code.unwrap_or_default()).to_owned()),
            type_code: TypeCode(code(self.type_code.unwrap_or_default()).to_owned()),
            confidentiality,
            sensitivity,
            scope: self.scope,
            registered_at: self.registered_at,
            stored_by: self.keeper.map(|keeper| OrganisationId(keeper.to_owned())),
            addressed_to: BTreeSet::new(),
        }
    }
}

/// What the engine looks at in a DocumentEntry that is about to be registered.
pub(crate) fn of_entry(
    entry: &DocumentEntry,
    organisation: &OrganisationId,
    scope: SharingScope,
    registered_at: OffsetDateTime,
    keeper: Option<&OrganisationId>,
) -> Document {
    let text = |value: Option<&xds_model::code::CodedValue>| value.map(|value| code_text(&value.code));
    let (class_code, type_code) = (text(entry.class_code.as_ref()), text(entry.type_code.as_ref()));
    let codes = entry.confidentiality_codes.iter();
    let codes: Vec<String> = codes.map(|value| code_text(&value.code)).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    Columns {
        unique_id: entry.unique_id.as_str(),
        organisation: &organisation.0,
        class_code: class_code.as_deref(),
        type_code: type_code.as_deref(),
        confidentiality_codes: &codes,
        scope,
        registered_at,
        keeper: keeper.map(|keeper| keeper.0.as_str()),
    }
    .document()
}

/// The code of `code^^scheme`.
fn code(text: &str) -> &str {
    text.split_once("^^").map_or(text, |(code, _)| code)
}

/// The highest confidentiality among codes, and the codes that are none: sensitive information, each once. A document
/// without any is taken for very restricted.
fn confidentiality(codes: &[&str]) -> (Confidentiality, Vec<SensitivityCode>) {
    let mut highest = codes.is_empty().then_some(Confidentiality::V);
    let mut sensitivity: Vec<SensitivityCode> = Vec::new();
    for text in codes {
        let level = match text.split_once("^^") {
            // Less than normal is not told apart from it.
            Some(("U" | "L" | "M" | "N", HL7_CONFIDENTIALITY)) => Confidentiality::N,
            Some(("R", HL7_CONFIDENTIALITY)) => Confidentiality::R,
            Some(("V", HL7_CONFIDENTIALITY)) => Confidentiality::V,
            _ => {
                let sensitive = code(text);
                if !sensitivity.iter().any(|known| known.as_str() == sensitive) {
                    sensitivity.push(SensitivityCode(sensitive.to_owned()));
                }
                continue;
            }
        };
        highest = highest.max(Some(level));
    }
    (highest.unwrap_or_default(), sensitivity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_level_counts_and_other_codes_are_sensitive() {
        let of = |codes: &[&str]| confidentiality(codes);
        let hiv = || vec![SensitivityCode::from("HIV")];
        assert_eq!(of(&["N^^2.16.840.1.113883.5.25"]), (Confidentiality::N, vec![]));
        assert_eq!(
            of(&["V^^2.16.840.1.113883.5.25", "R^^2.16.840.1.113883.5.25"]),
            (Confidentiality::V, vec![])
        );
        assert_eq!(
            of(&["R^^2.16.840.1.113883.5.25", "HIV^^1.2", "HIV^^1.3"]),
            (Confidentiality::R, hiv())
        );
        assert_eq!(of(&["HIV"]), (Confidentiality::N, hiv()));
        assert_eq!(of(&["N^^1.2.3"]).1, [SensitivityCode::from("N")]);
        assert_eq!(of(&[]), (Confidentiality::V, vec![]));
    }
}
