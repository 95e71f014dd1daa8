//! DocumentEntry from `rim:ExtrinsicObject` (ITI TF-3, 4.2.3.2).

use std::collections::HashSet;

use xds_model::code::CodedAttribute;
use xds_model::slot::{Extras, IdentifierIds};
use xds_model::{DocumentEntry, DocumentEntryType, ObjectId, RuleId, UniqueId, format};
use xds_xml::Element;

use super::columns::{SenderColumn, check_entry};
use super::element::{Nested, Object};
use super::faults::{Faults, found};
use super::{author, coded, title};
use crate::terms::{self, slot};

const AVAILABILITIES: [&str; 2] = [
    "urn:ihe:iti:2010:DocumentAvailability:Online",
    "urn:ihe:iti:2010:DocumentAvailability:Offline",
];

/// Reads a DocumentEntry.
///
/// # Errors
///
/// Its id, if it has no usable id or uniqueId.
pub(super) fn read(
    element: Element<'_>,
    column: SenderColumn,
    faults: &mut Faults,
) -> Result<DocumentEntry, ObjectId> {
    let mut object = Object::read(element, &["mimeType", "isOpaque"], faults);
    let object_type = object_type(element, faults);
    let mime_type = mime_type(element, faults);
    let (unique_id, unique_id_id) = object.parsed_identifier::<UniqueId>(
        ("uniqueId", terms::DOCUMENT_ENTRY.unique_id.0),
        RuleId::UniqueIdForm,
        faults,
    );
    if unique_id.is_none() && !object.spoiled.contains(&"uniqueId") {
        faults.add(
            RuleId::RequiredAttribute,
            || object.identifier_place("uniqueId"),
            "uniqueId",
        );
    }
    // So that the rest is read as well: an entry with this uniqueId is never handed on.
    let stand_in = || "0.0".parse().ok();
    let Some(known) = unique_id.clone().or_else(stand_in) else {
        return Err(object.id);
    };
    let mut entry = DocumentEntry::new(object.id.clone(), object_type, mime_type, known);
    (entry.logical_id, entry.version) = (object.logical_id.take(), object.version);
    (entry.status, entry.home) = (object.status, object.home.take());
    read_slots(&mut entry, &mut object, faults);
    read_codes(&mut entry, &mut object, faults);
    let (patient_id, patient_id_id) = object.parsed_identifier(
        ("patientId", terms::DOCUMENT_ENTRY.patient_id.0),
        RuleId::PatientIdForm,
        faults,
    );
    entry.patient_id = patient_id;
    entry.identifier_ids = IdentifierIds {
        patient_id: patient_id_id,
        unique_id: unique_id_id,
        source_id: None,
    };
    entry.title = title(&mut object, 128, faults);
    entry.comments = std::mem::take(&mut object.description);
    check_entry(&entry, &object, column, faults);
    check_service_times(&entry, element, faults);
    entry.extras = Extras {
        identifiers: object.extra_identifiers(),
        classifications: object.classifications.drain(..).map(Nested::into_extra).collect(),
        slots: object.slots.extras(&[], faults),
    };
    if object.has_id && unique_id.is_some() {
        Ok(entry)
    } else {
        Err(entry.id)
    }
}

fn object_type(element: Element<'_>, faults: &mut Faults) -> DocumentEntryType {
    let text = element.attribute("objectType").unwrap_or_default();
    DocumentEntryType::from_urn(text).unwrap_or_else(|| {
        faults.at_attribute(
            RuleId::DocumentEntryType,
            element,
            "objectType",
            &found("objectType", text),
        );
        DocumentEntryType::Stable
    })
}

fn mime_type(element: Element<'_>, faults: &mut Faults) -> String {
    let mime_type = element.attribute("mimeType");
    let (rule, said) = match mime_type {
        None => (RuleId::RequiredAttribute, "mimeType".to_owned()),
        Some(text) if !format::is_mime_type(text) => (RuleId::MimeTypeForm, found("mimeType", text)),
        Some(text) => return text.to_owned(),
    };
    faults.at_attribute(rule, element, "mimeType", &said);
    mime_type.unwrap_or_default().to_owned()
}

fn read_slots(entry: &mut DocumentEntry, object: &mut Object<'_>, faults: &mut Faults) {
    let slots = &mut object.slots;
    entry.creation_time = slots.time(slot::CREATION_TIME, faults);
    entry.service_start_time = slots.time(slot::SERVICE_START_TIME, faults);
    entry.service_stop_time = slots.time(slot::SERVICE_STOP_TIME, faults);
    entry.hash = slots.parsed(slot::HASH, RuleId::HashForm, faults, |text| text.parse().ok());
    entry.size = slots.parsed(slot::SIZE, RuleId::SizeForm, faults, format::size);
    entry.repository_unique_id = slots.oid(slot::REPOSITORY_UNIQUE_ID, faults);
    entry.uri = slots.text(slot::URI, RuleId::UriForm, faults, format::is_uri);
    entry.language_code = slots.text(
        slot::LANGUAGE_CODE,
        RuleId::LanguageForm,
        faults,
        format::is_language,
    );
    entry.legal_authenticator = slots.text(
        slot::LEGAL_AUTHENTICATOR,
        RuleId::PersonForm,
        faults,
        format::is_person,
    );
    entry.source_patient_id = slots.text(
        slot::SOURCE_PATIENT_ID,
        RuleId::PatientIdForm,
        faults,
        format::is_source_patient_id,
    );
    entry.document_availability = slots.text(
        slot::DOCUMENT_AVAILABILITY,
        RuleId::AvailabilityForm,
        faults,
        |text| AVAILABILITIES.contains(&text),
    );
    entry.reference_ids = slots.texts(
        slot::REFERENCE_ID_LIST,
        RuleId::ReferenceIdForm,
        faults,
        format::is_reference_id,
    );
    let form = RuleId::SourcePatientInfoForm;
    entry.source_patient_info = slots.texts(slot::SOURCE_PATIENT_INFO, form, faults, |text| {
        format::source_patient_info_field(text).is_some()
    });
    check_single_fields(entry, object, faults);
}

/// PID-7 and PID-8 have one value at most.
fn check_single_fields(entry: &DocumentEntry, object: &Object<'_>, faults: &mut Faults) {
    let mut seen = HashSet::new();
    for value in &entry.source_patient_info {
        let field = format::source_patient_info_field(value);
        if matches!(field, Some(7 | 8)) && !seen.insert(field) {
            let name = slot::SOURCE_PATIENT_INFO;
            faults.add(
                RuleId::SourcePatientInfoForm,
                || object.slots.place(name),
                &found(name, value),
            );
        }
    }
}

fn read_codes(entry: &mut DocumentEntry, object: &mut Object<'_>, faults: &mut Faults) {
    use CodedAttribute as Is;
    entry.authors = author::authors(object, terms::DOCUMENT_ENTRY.author.unwrap_or_default(), faults);
    entry.class_code = coded::single(object, Is::ClassCode, faults);
    entry.type_code = coded::single(object, Is::TypeCode, faults);
    entry.format_code = coded::single(object, Is::FormatCode, faults);
    entry.healthcare_facility_type_code = coded::single(object, Is::HealthcareFacilityTypeCode, faults);
    entry.practice_setting_code = coded::single(object, Is::PracticeSettingCode, faults);
    entry.confidentiality_codes = coded::several(object, Is::ConfidentialityCode, faults);
    entry.event_codes = coded::several(object, Is::EventCodeList, faults);
    entry.limited_metadata = super::limited_metadata(object, terms::DOCUMENT_ENTRY.limited_metadata);
}

fn check_service_times(entry: &DocumentEntry, element: Element<'_>, faults: &mut Faults) {
    if let (Some(start), Some(stop)) = (entry.service_start_time, entry.service_stop_time)
        && start.is_after(&stop)
    {
        faults.add(
            RuleId::ServiceTimeOrder,
            || format!("{}/Slot[serviceStartTime]", element.path()),
            &format!("serviceStartTime '{start}', serviceStopTime '{stop}'"),
        );
    }
}
