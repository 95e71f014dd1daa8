//! Patient Privacy Policy Acknowledgement Documents (BPPC, ITI TF-3 5.1): how metadata tell them from others.

use crate::code::{Code, CodedValue};
use crate::document_entry::DocumentEntry;

/// formatCodes of acknowledgements: without and with a scanned part (ITI TF-3 5.1.2.1.1.3, 5.1.3.1.1.1).
pub const FORMAT: &str = "urn:ihe:iti:bppc:2007";
/// See [`FORMAT`].
pub const FORMAT_SCANNED: &str = "urn:ihe:iti:bppc-sd:2007";

/// The class of acknowledgements, LOINC (ITI TF-3 5.1.2.1.1.1).
pub const CLASS: &str = "57016-8";
/// The class that old acknowledgements may have (ITI TF-3 5.1.2.1.1.1).
pub const CLASS_OF_OLD: &str = "Consent";
/// LOINC.
pub const LOINC: &str = "2.16.840.1.113883.6.1";

/// The slot in which a repository tells the registry the SHA-256 of an acknowledgement, in 64 lower-case hexadecimal
/// digits: the `hash` of XDS is SHA-1, which proves nothing any more.
pub const SHA256_SLOT: &str = "urn:renkei:document-sha256";

/// Whether this formatCode is that of an acknowledgement. The scheme is not compared: a consent that is taken for
/// something else is enforced by nobody.
pub fn is_format(code: &str) -> bool {
    code == FORMAT || code == FORMAT_SCANNED
}

impl DocumentEntry {
    /// Whether it says that a patient acknowledged privacy policies.
    pub fn is_acknowledgement(&self) -> bool {
        let format = self.format_code.as_ref();
        format.is_some_and(|format| is_format(&format.code.code))
    }

    /// Whether class or type say what an acknowledgement is. Affinity domains with class codes of their own name it by
    /// its type.
    pub fn is_classed_as_acknowledgement(&self) -> bool {
        let is_class =
            |code: &Code| (code.code == CLASS && code.scheme == LOINC) || code.code == CLASS_OF_OLD;
        let classes = self.class_code.iter().chain(&self.type_code);
        classes.map(|value: &CodedValue| &value.code).any(is_class)
    }

    /// The values of [`SHA256_SLOT`].
    pub fn sha256_values(&self) -> impl Iterator<Item = &str> {
        let slots = self.extras.slots.iter();
        slots
            .filter(|slot| slot.name == SHA256_SLOT)
            .flat_map(|slot| slot.values.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document_entry::DocumentEntryType;

    fn entry() -> DocumentEntry {
        DocumentEntry::new(
            "a".parse().unwrap(),
            DocumentEntryType::Stable,
            "text/xml".into(),
            "1.2".parse().unwrap(),
        )
    }

    #[test]
    fn acknowledgements_are_told_by_their_format() {
        let mut entry = entry();
        assert!(!entry.is_acknowledgement());
        for (format, is) in [
            (FORMAT, true),
            (FORMAT_SCANNED, true),
            ("urn:ihe:iti:bppc:2016", false),
        ] {
            entry.format_code = Some(CodedValue::new(format, "1.3.6.1.4.1.19376.1.2.3", "x"));
            assert_eq!(entry.is_acknowledgement(), is, "{format}");
        }
    }

    #[test]
    fn class_or_type_say_what_it_is() {
        let mut entry = entry();
        assert!(!entry.is_classed_as_acknowledgement());
        entry.class_code = Some(CodedValue::new("57016-8", "1.2.3", "x"));
        assert!(!entry.is_classed_as_acknowledgement());
        entry.type_code = Some(CodedValue::new("57016-8", LOINC, "x"));
        assert!(entry.is_classed_as_acknowledgement());
        entry.type_code = None;
        entry.class_code = Some(CodedValue::new("Consent", "1.2.3", "x"));
        assert!(entry.is_classed_as_acknowledgement());
    }
}
