//! Which attribute is required of which sender, and which is forbidden (ITI TF-3, Table 4.3.1-3).

use xds_model::{DocumentEntry, Folder, RuleId, SubmissionSet};

use super::element::Object;
use super::faults::Faults;

/// A column of ITI TF-3, Table 4.3.1-3: who sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SenderColumn {
    /// ITI-41 from a Document Source to a Document Repository.
    XdsDs,
    /// ITI-42 from a Document Repository to a Document Registry.
    XdsDr,
    /// ITI-41 from a Document Source to a Document Recipient.
    XdrDs,
    /// ITI-41 from a source of limited metadata to a Document Recipient.
    XdrMs,
    /// ITI-61 from an On-Demand Document Source.
    XdsOd,
    /// Media of a Portable Media Creator.
    XdmMc,
    /// The answer of a registry: read, not judged. Nothing is required and nothing forbidden.
    Answer,
}

impl SenderColumn {
    fn index(self) -> Option<usize> {
        Some(match self {
            Self::XdsDs => 0,
            Self::XdsDr => 1,
            Self::XdrDs => 2,
            Self::XdrMs => 3,
            Self::XdsOd => 4,
            Self::XdmMc => 5,
            Self::Answer => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Need {
    Required,
    /// Optional, or required if known.
    Optional,
    Forbidden,
}

use Need::{Forbidden as X, Optional as O, Required as R};

/// One row: attribute, where it stands in the object, the needs by column, whether an object has it.
type Row<T> = (&'static str, &'static str, [Need; 6], fn(&T) -> bool);

const DOCUMENT_ENTRY: &[Row<DocumentEntry>] = &[
    ("classCode", "Classification", [R, R, R, O, R, O], |e| {
        e.class_code.is_some()
    }),
    ("confidentialityCode", "Classification", [R, R, R, O, R, O], |e| {
        !e.confidentiality_codes.is_empty()
    }),
    ("formatCode", "Classification", [R, R, R, O, R, O], |e| {
        e.format_code.is_some()
    }),
    (
        "healthcareFacilityTypeCode",
        "Classification",
        [R, R, R, O, R, O],
        |e| e.healthcare_facility_type_code.is_some(),
    ),
    ("practiceSettingCode", "Classification", [R, R, R, O, R, O], |e| {
        e.practice_setting_code.is_some()
    }),
    ("typeCode", "Classification", [R, R, R, O, R, O], |e| {
        e.type_code.is_some()
    }),
    ("languageCode", "Slot", [R, R, R, O, R, O], |e| {
        e.language_code.is_some()
    }),
    ("sourcePatientId", "Slot", [R, R, R, O, R, O], |e| {
        e.source_patient_id.is_some()
    }),
    ("patientId", "ExternalIdentifier", [R, R, R, O, R, O], |e| {
        e.patient_id.is_some()
    }),
    ("creationTime", "Slot", [R, R, R, O, X, O], |e| {
        e.creation_time.is_some()
    }),
    ("hash", "Slot", [O, R, O, O, X, R], |e| e.hash.is_some()),
    ("size", "Slot", [O, R, O, O, X, R], |e| e.size.is_some()),
    ("repositoryUniqueId", "Slot", [O, R, O, O, R, O], |e| {
        e.repository_unique_id.is_some()
    }),
    ("URI", "Slot", [O, O, O, O, O, R], |e| e.uri.is_some()),
    ("limitedMetadata", "Classification", [X, X, X, R, X, O], |e| {
        e.limited_metadata
    }),
];

const SUBMISSION_SET: &[Row<SubmissionSet>] = &[
    ("contentTypeCode", "Classification", [R, R, R, O, R, O], |s| {
        s.content_type_code.is_some()
    }),
    ("patientId", "ExternalIdentifier", [R, R, R, O, R, O], |s| {
        s.patient_id.is_some()
    }),
    ("sourceId", "ExternalIdentifier", [R; 6], |s| {
        s.source_id.is_some()
    }),
    ("submissionTime", "Slot", [R; 6], |s| s.submission_time.is_some()),
    ("limitedMetadata", "Classification", [X, X, X, R, X, O], |s| {
        s.limited_metadata
    }),
];

const FOLDER: &[Row<Folder>] = &[
    ("folderCodeList", "Classification", [R, R, R, O, R, O], |f| {
        !f.codes.is_empty()
    }),
    ("patientId", "ExternalIdentifier", [R, R, R, O, R, O], |f| {
        f.patient_id.is_some()
    }),
    ("title", "Name", [R, R, R, O, R, O], |f| {
        f.title.first().is_some_and(|title| !title.is_empty())
    }),
    ("limitedMetadata", "Classification", [X, X, X, R, X, O], |f| {
        f.limited_metadata
    }),
];

/// Checks a DocumentEntry. Of ITI-42 and ITI-61 each kind of entry has its own column, so that one in the
/// wrong transaction is not said to lack what it cannot have.
pub(super) fn check_entry(
    entry: &DocumentEntry,
    object: &Object<'_>,
    column: SenderColumn,
    faults: &mut Faults,
) {
    let column = match (column, entry.object_type) {
        (SenderColumn::XdsDr | SenderColumn::XdsOd, xds_model::DocumentEntryType::Stable) => {
            SenderColumn::XdsDr
        }
        (SenderColumn::XdsDr | SenderColumn::XdsOd, xds_model::DocumentEntryType::OnDemand) => {
            SenderColumn::XdsOd
        }
        (column, _) => column,
    };
    check(DOCUMENT_ENTRY, entry, object, column, faults);
}

pub(super) fn check_set(set: &SubmissionSet, object: &Object<'_>, column: SenderColumn, faults: &mut Faults) {
    check(SUBMISSION_SET, set, object, column, faults);
}

pub(super) fn check_folder(folder: &Folder, object: &Object<'_>, column: SenderColumn, faults: &mut Faults) {
    check(FOLDER, folder, object, column, faults);
}

fn check<T>(rows: &[Row<T>], value: &T, object: &Object<'_>, column: SenderColumn, faults: &mut Faults) {
    let Some(index) = column.index() else { return };
    for (attribute, element, needs, has) in rows {
        let is_there = has(value) || object.spoiled.contains(attribute) || object.slots.is_spoiled(attribute);
        let rule = match (needs.get(index), is_there) {
            (Some(R), false) => RuleId::RequiredAttribute,
            (Some(X), true) if *attribute == "limitedMetadata" => RuleId::LimitedMetadata,
            (Some(X), true) => RuleId::ForbiddenAttribute,
            _ => continue,
        };
        let place = || match *element {
            "Name" => format!("{}/Name", object.element.path()),
            element => format!("{}/{element}[{attribute}]", object.element.path()),
        };
        faults.add(rule, place, attribute);
    }
}
