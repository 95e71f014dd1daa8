//! Coded values.

use uuid::Uuid;

use crate::slot::Slot;
use crate::text::Text;

/// A code and the scheme it is from. Equality is over both; the display name is never compared.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Code {
    /// `@nodeRepresentation`.
    pub code: String,
    /// The value of Slot `codingScheme`.
    pub scheme: String,
}

/// A coded attribute as submitted: a `rim:Classification` of a known scheme (ITI TF-3, 4.2.3.1.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CodedValue {
    /// `@id` of the Classification, when it is a UUID; symbols get a fresh one when answered.
    pub id: Option<Uuid>,
    /// Code and scheme.
    pub code: Code,
    /// `rim:Name`, the display name.
    pub display: Text,
    /// Slots beside `codingScheme`.
    pub extra_slots: Vec<Slot>,
}

impl CodedValue {
    /// A coded value without further slots.
    pub fn new(code: &str, scheme: &str, display: &str) -> Self {
        Self {
            id: None,
            code: Code {
                code: code.to_owned(),
                scheme: scheme.to_owned(),
            },
            display: Text::plain(display),
            extra_slots: Vec::new(),
        }
    }
}

/// The coded attributes, each with the UUID of its classification scheme
/// (ITI TF-3, Tables 4.2.3.2-1 to 4.2.3.4-1 and 4.2.2.2).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum CodedAttribute {
    /// DocumentEntry.classCode
    ClassCode,
    /// DocumentEntry.typeCode
    TypeCode,
    /// DocumentEntry.confidentialityCode
    ConfidentialityCode,
    /// DocumentEntry.eventCodeList
    EventCodeList,
    /// DocumentEntry.formatCode
    FormatCode,
    /// DocumentEntry.healthcareFacilityTypeCode
    HealthcareFacilityTypeCode,
    /// DocumentEntry.practiceSettingCode
    PracticeSettingCode,
    /// SubmissionSet.contentTypeCode
    ContentTypeCode,
    /// Folder.codeList
    FolderCodeList,
    /// Documentation of a relationship Association
    AssociationDocumentation,
}

impl CodedAttribute {
    /// Every coded attribute.
    pub const ALL: [Self; 10] = [
        Self::ClassCode,
        Self::TypeCode,
        Self::ConfidentialityCode,
        Self::EventCodeList,
        Self::FormatCode,
        Self::HealthcareFacilityTypeCode,
        Self::PracticeSettingCode,
        Self::ContentTypeCode,
        Self::FolderCodeList,
        Self::AssociationDocumentation,
    ];

    /// `@classificationScheme`.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::ClassCode => "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a",
            Self::TypeCode => "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983",
            Self::ConfidentialityCode => "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f",
            Self::EventCodeList => "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4",
            Self::FormatCode => "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d",
            Self::HealthcareFacilityTypeCode => "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1",
            Self::PracticeSettingCode => "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead",
            Self::ContentTypeCode => "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500",
            Self::FolderCodeList => "urn:uuid:1ba97051-7806-41a8-a48b-8fce7af683c5",
            Self::AssociationDocumentation => "urn:uuid:abd807a3-4432-4053-87b4-fd82c643d1f3",
        }
    }

    /// The name of the code list in a code file (`codes/affinity-domain.json`, key of `codeSets`), and
    /// of the attribute in messages to people.
    pub fn list(self) -> &'static str {
        match self {
            Self::ClassCode => "classCode",
            Self::TypeCode => "typeCode",
            Self::ConfidentialityCode => "confidentialityCode",
            Self::EventCodeList => "eventCodeList",
            Self::FormatCode => "formatCode",
            Self::HealthcareFacilityTypeCode => "healthcareFacilityTypeCode",
            Self::PracticeSettingCode => "practiceSettingCode",
            Self::ContentTypeCode => "contentTypeCode",
            Self::FolderCodeList => "folderCodeList",
            Self::AssociationDocumentation => "associationDocumentation",
        }
    }
}
