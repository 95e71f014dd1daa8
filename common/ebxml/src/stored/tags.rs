//! Numbers of the body layout, version 1. They never change meaning.

use xds_model::code::CodedAttribute;

/// The layout that [`super::encode`] writes.
pub(super) const VERSION: u8 = 1;

/// Kinds of body.
pub(super) const STABLE: u8 = 1;
pub(super) const ON_DEMAND: u8 = 2;
pub(super) const SUBMISSION_SET: u8 = 3;
pub(super) const FOLDER: u8 = 4;
pub(super) const ASSOCIATION: u8 = 5;

/// Slots of one value.
pub(super) const CREATION_TIME: u8 = 1;
pub(super) const DOCUMENT_AVAILABILITY: u8 = 2;
pub(super) const HASH: u8 = 3;
pub(super) const LANGUAGE_CODE: u8 = 4;
pub(super) const LEGAL_AUTHENTICATOR: u8 = 5;
pub(super) const REPOSITORY_UNIQUE_ID: u8 = 6;
pub(super) const SERVICE_START_TIME: u8 = 7;
pub(super) const SERVICE_STOP_TIME: u8 = 8;
pub(super) const SIZE: u8 = 9;
pub(super) const SOURCE_PATIENT_ID: u8 = 10;
pub(super) const URI: u8 = 11;
pub(super) const SUBMISSION_TIME: u8 = 12;
pub(super) const ORIGINAL: u8 = 13;
pub(super) const REFERENCE: u8 = 14;
/// Written from a column.
pub(super) const LAST_UPDATE_TIME: u8 = 15;

/// Slots of several values.
pub(super) const SOURCE_PATIENT_INFO: u8 = 20;
pub(super) const REFERENCE_ID_LIST: u8 = 21;
pub(super) const INTENDED_RECIPIENT: u8 = 22;

/// Whole slots.
pub(super) const PREVIOUS_VERSION: u8 = 28;
pub(super) const EXTRA_SLOT: u8 = 29;

/// Texts, and where VersionInfo stands.
pub(super) const NAME: u8 = 30;
pub(super) const DESCRIPTION: u8 = 31;
pub(super) const VERSION_INFO: u8 = 32;

/// Classifications: coded attributes first, numbered without gaps.
pub(super) const CODED_FIRST: u8 = 40;
pub(super) const CODED: [(u8, CodedAttribute); 10] = [
    (40, CodedAttribute::ClassCode),
    (41, CodedAttribute::TypeCode),
    (42, CodedAttribute::ConfidentialityCode),
    (43, CodedAttribute::EventCodeList),
    (44, CodedAttribute::FormatCode),
    (45, CodedAttribute::HealthcareFacilityTypeCode),
    (46, CodedAttribute::PracticeSettingCode),
    (47, CodedAttribute::ContentTypeCode),
    (48, CodedAttribute::FolderCodeList),
    (49, CodedAttribute::AssociationDocumentation),
];
pub(super) const AUTHOR: u8 = 50;
pub(super) const EXTRA_CLASSIFICATION: u8 = 51;
/// The label of a RegistryPackage; a submitted label's id is not kept.
pub(super) const LABEL: u8 = 52;
/// Written into submissions only, never into answers.
pub(super) const LIMITED_METADATA: u8 = 53;

/// ExternalIdentifiers. The value of patientId is a column.
pub(super) const PATIENT_ID: u8 = 60;
pub(super) const UNIQUE_ID: u8 = 61;
pub(super) const SOURCE_ID: u8 = 62;
pub(super) const EXTRA_IDENTIFIER: u8 = 63;

/// Flags of a nested element.
pub(super) const HAS_ID: u8 = 1;
/// The name is more than one string without language.
pub(super) const HAS_LONG_NAME: u8 = 2;
pub(super) const HAS_SLOTS: u8 = 4;

/// Flags of an unknown Classification, beside the ones above.
pub(super) const HAS_SCHEME: u8 = 8;
pub(super) const HAS_NODE: u8 = 16;
pub(super) const HAS_REPRESENTATION: u8 = 32;

/// Flag of an author, beside the ones above.
pub(super) const HAS_PERSON: u8 = 8;

/// Flags of a LocalizedString.
pub(super) const HAS_LANG: u8 = 1;
pub(super) const HAS_CHARSET: u8 = 2;

/// Flag of a slot.
pub(super) const HAS_TYPE: u8 = 1;

/// The number of a coded attribute.
pub(super) fn of(attribute: CodedAttribute) -> u8 {
    CODED
        .iter()
        .find(|(_, other)| *other == attribute)
        .map_or(0, |(tag, _)| *tag)
}

/// The coded attribute with this number.
pub(super) fn coded(tag: u8) -> Option<CodedAttribute> {
    let index = usize::from(tag.checked_sub(CODED_FIRST)?);
    CODED.get(index).map(|(_, attribute)| *attribute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coded_attributes_have_their_numbers() {
        for attribute in CodedAttribute::ALL {
            assert_eq!(coded(of(attribute)), Some(attribute));
        }
        assert_eq!((coded(39), coded(50)), (None, None));
    }
}
