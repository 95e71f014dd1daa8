//! Rules about one object that need the affinity domain or this transaction (ITI TF-3 4.2.3, 4.3.1).

use xds_model::code::{CodedAttribute, CodedValue};
use xds_model::document_entry::DocumentEntry;
use xds_model::{AssociationType, Fault, ObjectId, RuleId};
use xds_policy::SharingScope;

use super::request::{ASSOCIATION, ENTRY, Faults, PACKAGE, Request, at};
use crate::codes::UnknownCodes;

pub(super) fn check(request: &Request<'_>, faults: &mut Faults) {
    required(request, faults);
    limited_metadata(request, faults);
    codes(request, faults);
    for entry in &request.received.entries {
        mime_type(request, entry, faults);
        service_times(entry, faults);
        sharing_scope(entry, faults);
    }
    documentation(request, faults);
}

/// ITI TF-3 Table 4.3.1-3, column XDS DR.
fn required(request: &Request<'_>, faults: &mut Faults) {
    let rule = RuleId::RequiredAttribute;
    let mut need = |there: bool, element: &str, id: &ObjectId, attribute: &str| {
        if !there {
            faults.add_unless_read(rule, at(element, id, attribute), "");
        }
    };
    for entry in &request.received.entries {
        for (there, attribute) in required_of(entry) {
            need(there, ENTRY, &entry.id, attribute);
        }
    }
    for set in &request.received.sets {
        need(
            set.content_type_code.is_some(),
            PACKAGE,
            &set.id,
            "contentTypeCode",
        );
        need(set.patient_id.is_some(), PACKAGE, &set.id, "patientId");
        need(set.source_id.is_some(), PACKAGE, &set.id, "sourceId");
        need(set.submission_time.is_some(), PACKAGE, &set.id, "submissionTime");
    }
    for folder in &request.received.folders {
        need(!folder.codes.is_empty(), PACKAGE, &folder.id, "codeList");
        need(folder.patient_id.is_some(), PACKAGE, &folder.id, "patientId");
        need(folder.title.first().is_some(), PACKAGE, &folder.id, "title");
    }
}

fn required_of(entry: &DocumentEntry) -> [(bool, &'static str); 13] {
    [
        (entry.class_code.is_some(), "classCode"),
        (!entry.confidentiality_codes.is_empty(), "confidentialityCode"),
        (entry.creation_time.is_some(), "creationTime"),
        (entry.format_code.is_some(), "formatCode"),
        (entry.hash.is_some(), "hash"),
        (
            entry.healthcare_facility_type_code.is_some(),
            "healthcareFacilityTypeCode",
        ),
        (entry.language_code.is_some(), "languageCode"),
        (entry.patient_id.is_some(), "patientId"),
        (entry.practice_setting_code.is_some(), "practiceSettingCode"),
        (entry.repository_unique_id.is_some(), "repositoryUniqueId"),
        (entry.size.is_some(), "size"),
        (entry.source_patient_id.is_some(), "sourcePatientId"),
        (entry.type_code.is_some(), "typeCode"),
    ]
}

fn limited_metadata(request: &Request<'_>, faults: &mut Faults) {
    let received = request.received;
    let marks = (received.sets.iter())
        .map(|set| (PACKAGE, &set.id, set.limited_metadata))
        .chain((received.entries.iter()).map(|entry| (ENTRY, &entry.id, entry.limited_metadata)))
        .chain((received.folders.iter()).map(|folder| (PACKAGE, &folder.id, folder.limited_metadata)));
    for (element, id, limited) in marks {
        if limited {
            faults.add(RuleId::LimitedMetadata, at(element, id, "limitedMetadata"), "");
        }
    }
}

fn codes(request: &Request<'_>, faults: &mut Faults) {
    use CodedAttribute as C;
    for entry in &request.received.entries {
        let mut one = |attribute, values: &mut dyn Iterator<Item = &CodedValue>| {
            known(request, faults, attribute, ENTRY, &entry.id, values);
        };
        one(C::ClassCode, &mut entry.class_code.iter());
        one(C::TypeCode, &mut entry.type_code.iter());
        one(C::FormatCode, &mut entry.format_code.iter());
        one(
            C::HealthcareFacilityTypeCode,
            &mut entry.healthcare_facility_type_code.iter(),
        );
        one(C::PracticeSettingCode, &mut entry.practice_setting_code.iter());
        one(C::ConfidentialityCode, &mut entry.confidentiality_codes.iter());
        // Privacy policies are declared in the rules of the domain, not in its code lists.
        if !entry.is_acknowledgement() {
            one(C::EventCodeList, &mut entry.event_codes.iter());
        }
    }
    for set in &request.received.sets {
        let mut values = set.content_type_code.iter();
        known(request, faults, C::ContentTypeCode, PACKAGE, &set.id, &mut values);
    }
    for folder in &request.received.folders {
        let mut values = folder.codes.iter();
        known(
            request,
            faults,
            C::FolderCodeList,
            PACKAGE,
            &folder.id,
            &mut values,
        );
    }
    for association in &request.received.associations {
        let mut values = association.documentation.iter();
        let attribute = C::AssociationDocumentation;
        known(
            request,
            faults,
            attribute,
            ASSOCIATION,
            &association.id,
            &mut values,
        );
    }
}

fn known(
    request: &Request<'_>,
    faults: &mut Faults,
    attribute: CodedAttribute,
    element: &str,
    id: &ObjectId,
    values: &mut dyn Iterator<Item = &CodedValue>,
) {
    for value in values {
        if !request.affinity.knows(attribute, &value.code) {
            let location = at(element, id, attribute.list());
            let found = format!("code {} of scheme {}", value.code.code, value.code.scheme);
            faults.push(unlisted(request, RuleId::UnknownCode, location, found));
        }
    }
}

fn mime_type(request: &Request<'_>, entry: &DocumentEntry, faults: &mut Faults) {
    if !request.affinity.knows_mime_type(&entry.mime_type) {
        let location = at(ENTRY, &entry.id, "@mimeType");
        let found = entry.mime_type.clone();
        faults.push(unlisted(request, RuleId::UnknownMimeType, location, found));
    }
}

fn unlisted(request: &Request<'_>, rule: RuleId, location: String, found: String) -> Fault {
    match request.affinity.unknown_codes() {
        UnknownCodes::Refuse => Fault::new(rule, location, found),
        UnknownCodes::Warn => Fault::warning(rule, location, found),
    }
}

fn service_times(entry: &DocumentEntry, faults: &mut Faults) {
    if let (Some(start), Some(stop)) = (entry.service_start_time, entry.service_stop_time)
        && start.is_after(&stop)
    {
        faults.add(
            RuleId::ServiceTimeOrder,
            at(ENTRY, &entry.id, "serviceStartTime"),
            format!("{start} to {stop}"),
        );
    }
}

/// Whether a document may be shared is no place for a guess: what is not understood is refused, whatever
/// the domain says about other unknown codes.
fn sharing_scope(entry: &DocumentEntry, faults: &mut Faults) {
    if let Err(found) = scope_of(entry) {
        let location = at(ENTRY, &entry.id, "Slot[urn:renkei:sharing-scope]");
        faults.add(RuleId::UnknownCode, location, found);
    }
}

/// How far an entry is shared.
///
/// # Errors
/// The slot's values, when they are not exactly one that is known.
pub(super) fn scope_of(entry: &DocumentEntry) -> Result<SharingScope, String> {
    let mut values = (entry.extras.slots.iter())
        .filter(|slot| slot.name == SharingScope::SLOT)
        .flat_map(|slot| &slot.values);
    match (values.next(), values.next()) {
        (None, _) => Ok(SharingScope::default()),
        (Some(value), None) => SharingScope::from_value(value).ok_or_else(|| value.clone()),
        (Some(_), Some(_)) => Err("several values".to_owned()),
    }
}

fn documentation(request: &Request<'_>, faults: &mut Faults) {
    for association in &request.received.associations {
        if association.kind == AssociationType::HasMember && association.documentation.is_some() {
            let location = at(ASSOCIATION, &association.id, "Classification");
            faults.add_unless_read(RuleId::DocumentationForm, location, "documentation on HasMember");
        }
    }
}
