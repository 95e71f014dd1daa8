//! The documents: real kinds, each made here as valid content about a patient who does not exist.

mod cda;
mod dicom;
mod fhir;
mod jpeg;
mod pdf;

use time::macros::{format_description, offset};
use time::{Duration, OffsetDateTime};
use xds_model::CodedValue;
use xds_model::code::CodedAttribute;

use crate::codes;
use crate::network::{Patient, Sender};

/// A kind of document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Referral 診療情報提供書, CDA R2.
    Referral,
    /// Discharge summary 退院時サマリー, CDA R2.
    Discharge,
    /// Laboratory report 検査報告書, PDF.
    Laboratory,
    /// Picture, JPEG.
    Picture,
    /// Prescription 処方, HL7 FHIR document.
    Prescription,
    /// Key object selection キーオブジェクト, DICOM.
    KeyImages,
}

/// What a document says and about whom.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// The patient.
    pub(crate) patient: &'static Patient,
    /// Who made it.
    pub(crate) sender: &'static Sender,
    /// Its kind.
    pub(crate) kind: Kind,
    /// Its uniqueId, an OID.
    pub(crate) unique_id: String,
    /// Its title.
    pub(crate) title: String,
    /// When it was made.
    pub(crate) made: OffsetDateTime,
}

impl Kind {
    /// The title without more.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Referral => "診療情報提供書",
            Self::Discharge => "退院時サマリー",
            Self::Laboratory => "血液検査報告書",
            Self::Picture => "胸部X線写真",
            Self::Prescription => "外来処方",
            Self::KeyImages => "胸部CT キー画像",
        }
    }

    /// Whether it is an image 画像, or names images.
    pub(crate) fn is_image(self) -> bool {
        matches!(self, Self::Picture | Self::KeyImages)
    }

    /// mimeType.
    pub(crate) fn mime_type(self) -> &'static str {
        match self {
            Self::Referral | Self::Discharge => "text/xml",
            Self::Laboratory => "application/pdf",
            Self::Picture => "image/jpeg",
            Self::Prescription => "application/fhir+json",
            Self::KeyImages => "application/dicom",
        }
    }

    /// A coded attribute of its DocumentEntry, as the demo's code file lists it.
    pub(crate) fn code(self, attribute: CodedAttribute) -> Option<CodedValue> {
        let code = match attribute {
            CodedAttribute::ClassCode => match self {
                Self::Referral => "REFERRAL",
                Self::Discharge => "SUMMARY",
                Self::Laboratory => "EXAMINATION",
                Self::Picture | Self::KeyImages => "IMAGE",
                Self::Prescription => "PRESCRIPTION",
            },
            CodedAttribute::TypeCode => match self {
                Self::Referral => "57133-1",
                Self::Discharge => "18842-5",
                Self::Laboratory => "11502-2",
                Self::Picture => "72170-4",
                Self::Prescription => "57833-6",
                Self::KeyImages => "55113-5",
            },
            CodedAttribute::FormatCode => match self {
                Self::Referral => "JP-CDA-REFERRAL",
                Self::Discharge => "JP-CDA-DISCHARGE",
                Self::Laboratory => "urn:ihe:iti:xds-sd:pdf:2008",
                Self::Picture => "urn:ihe:iti:xds:2017:mimeTypeSufficient",
                Self::Prescription => "JP-FHIR-PRESCRIPTION",
                Self::KeyImages => dicom::KEY_OBJECT_SELECTION,
            },
            CodedAttribute::PracticeSettingCode => match self {
                Self::Referral | Self::Discharge | Self::Prescription => "01",
                Self::Laboratory => "38",
                Self::Picture | Self::KeyImages => "30",
            },
            CodedAttribute::HealthcareFacilityTypeCode => "HOSPITAL",
            CodedAttribute::ConfidentialityCode => "N",
            CodedAttribute::ContentTypeCode => match self {
                Self::Referral => "REFERRAL",
                Self::Discharge => "DISCHARGE",
                Self::Prescription => "OUTPATIENT",
                Self::Laboratory | Self::Picture | Self::KeyImages => "EXAMINATION",
            },
            CodedAttribute::EventCodeList
            | CodedAttribute::FolderCodeList
            | CodedAttribute::AssociationDocumentation => return None,
        };
        codes::listed(attribute, code)
    }
}

impl Sheet {
    /// The document.
    pub(crate) fn content(&self) -> Vec<u8> {
        match self.kind {
            Kind::Referral => cda::referral(self),
            Kind::Discharge => cda::discharge_summary(self),
            Kind::Laboratory => pdf::report(self),
            Kind::Picture => jpeg::picture(self),
            Kind::Prescription => fhir::prescription(self),
            Kind::KeyImages => dicom::key_object_selection(self),
        }
    }

    /// referenceIdList of its DocumentEntry: the study that key images are from.
    pub(crate) fn reference_ids(&self) -> Vec<String> {
        match self.kind {
            Kind::KeyImages => vec![format!(
                "{}^^^^urn:ihe:iti:xds:2016:studyInstanceUID",
                dicom::study(self)
            )],
            _ => Vec::new(),
        }
    }

    /// When the care that it is about began.
    pub(crate) fn care_began(&self) -> OffsetDateTime {
        let days = if self.kind == Kind::Discharge { 11 } else { 0 };
        self.made - Duration::days(days) - Duration::hours(1)
    }

    /// When it was made, in Japan, `YYYYMMDDhhmmss+0900`.
    fn made_in_japan(&self) -> String {
        in_japan(self.made)
    }
}

/// HL7 v3 TS in Japan's time.
fn in_japan(at: OffsetDateTime) -> String {
    at.to_offset(offset!(+9))
        .format(format_description!(
            "[year][month][day][hour][minute][second]+0900"
        ))
        .unwrap_or_default()
}

/// `YYYYMMDD` and `hhmmss` in Japan's time.
fn date_and_time(at: OffsetDateTime) -> (String, String) {
    let at = at.to_offset(offset!(+9));
    (
        at.format(format_description!("[year][month][day]"))
            .unwrap_or_default(),
        at.format(format_description!("[hour][minute][second]"))
            .unwrap_or_default(),
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::network::{FIRST, PATIENTS};

    /// A document of this kind about a patient whose name only Unicode has.
    pub(crate) fn sheet(kind: Kind) -> Sheet {
        Sheet {
            patient: &PATIENTS[5],
            sender: &FIRST,
            kind,
            unique_id: "2.25.123456789".to_owned(),
            title: kind.title().to_owned(),
            made: time::macros::datetime!(2026-11-20 00:30 UTC),
        }
    }

    #[test]
    fn every_kind_has_all_its_codes() {
        for kind in [
            Kind::Referral,
            Kind::Discharge,
            Kind::Laboratory,
            Kind::Picture,
            Kind::Prescription,
            Kind::KeyImages,
        ] {
            for attribute in [
                CodedAttribute::ClassCode,
                CodedAttribute::TypeCode,
                CodedAttribute::FormatCode,
                CodedAttribute::PracticeSettingCode,
                CodedAttribute::HealthcareFacilityTypeCode,
                CodedAttribute::ConfidentialityCode,
                CodedAttribute::ContentTypeCode,
            ] {
                assert!(kind.code(attribute).is_some(), "{kind:?} {attribute:?}");
            }
            assert!(!sheet(kind).content().is_empty());
        }
    }

    #[test]
    fn times_are_those_of_japan() {
        let sheet = sheet(Kind::Referral);
        assert_eq!(sheet.made_in_japan(), "20261120093000+0900");
        assert_eq!(
            date_and_time(sheet.made),
            ("20261120".to_owned(), "093000".to_owned())
        );
    }
}
