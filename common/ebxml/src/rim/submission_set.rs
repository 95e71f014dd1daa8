//! SubmissionSet from `rim:RegistryPackage` (ITI TF-3, 4.2.3.3).

use xds_model::code::CodedAttribute;
use xds_model::slot::{Extras, IdentifierIds};
use xds_model::{ObjectId, Oid, RuleId, SubmissionSet, format};

use super::columns::{SenderColumn, check_set};
use super::element::{Nested, Object};
use super::faults::Faults;
use super::{author, coded, title};
use crate::terms::{self, slot};

/// Reads a SubmissionSet.
///
/// # Errors
///
/// Its id, if it has no usable id or uniqueId.
pub(super) fn read(
    mut object: Object<'_>,
    column: SenderColumn,
    faults: &mut Faults,
) -> Result<SubmissionSet, ObjectId> {
    let schemes = &terms::SUBMISSION_SET;
    let (unique_id, unique_id_id) =
        object.parsed_identifier::<Oid>(("uniqueId", schemes.unique_id.0), RuleId::OidForm, faults);
    if unique_id.is_none() && !object.spoiled.contains(&"uniqueId") {
        faults.add(
            RuleId::RequiredAttribute,
            || object.identifier_place("uniqueId"),
            "uniqueId",
        );
    }
    // So that the rest is read as well: a set with this uniqueId is never handed on.
    let stand_in = || "0.0".parse().ok();
    let Some(known) = unique_id.clone().or_else(stand_in) else {
        return Err(object.id);
    };
    let mut set = SubmissionSet::new(object.id.clone(), known);
    (set.status, set.home) = (object.status, object.home.take());
    set.submission_time = object.slots.time(slot::SUBMISSION_TIME, faults);
    set.intended_recipients = object.slots.texts(
        slot::INTENDED_RECIPIENT,
        RuleId::IntendedRecipientForm,
        faults,
        format::is_intended_recipient,
    );
    set.authors = author::authors(&mut object, schemes.author.unwrap_or_default(), faults);
    set.content_type_code = coded::single(&mut object, CodedAttribute::ContentTypeCode, faults);
    set.limited_metadata = super::limited_metadata(&mut object, schemes.limited_metadata);
    let (patient_id, patient_id_id) =
        object.parsed_identifier(("patientId", schemes.patient_id.0), RuleId::PatientIdForm, faults);
    let source_scheme = schemes.source_id.map(|(scheme, _)| scheme).unwrap_or_default();
    let (source_id, source_id_id) =
        object.parsed_identifier(("sourceId", source_scheme), RuleId::OidForm, faults);
    (set.patient_id, set.source_id) = (patient_id, source_id);
    set.identifier_ids = IdentifierIds {
        patient_id: patient_id_id,
        unique_id: unique_id_id,
        source_id: source_id_id,
    };
    set.title = title(&mut object, 256, faults);
    set.comments = std::mem::take(&mut object.description);
    check_set(&set, &object, column, faults);
    set.extras = Extras {
        identifiers: object.extra_identifiers(),
        classifications: object.classifications.drain(..).map(Nested::into_extra).collect(),
        slots: object.slots.extras(&[], faults),
    };
    if object.has_id && unique_id.is_some() {
        Ok(set)
    } else {
        Err(set.id)
    }
}
