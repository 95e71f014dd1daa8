//! Folder from `rim:RegistryPackage` (ITI TF-3, 4.2.3.4).

use xds_model::code::CodedAttribute;
use xds_model::slot::{Extras, IdentifierIds};
use xds_model::{Folder, ObjectId, Oid, RuleId};

use super::columns::{SenderColumn, check_folder};
use super::element::{Nested, Object};
use super::faults::Faults;
use super::{coded, title};
use crate::terms::{self, slot};

/// Reads a Folder.
///
/// # Errors
///
/// Its id, if it has no usable id or uniqueId.
pub(super) fn read(
    mut object: Object<'_>,
    column: SenderColumn,
    faults: &mut Faults,
) -> Result<Folder, ObjectId> {
    let schemes = &terms::FOLDER;
    let (unique_id, unique_id_id) =
        object.parsed_identifier::<Oid>(("uniqueId", schemes.unique_id.0), RuleId::OidForm, faults);
    if unique_id.is_none() && !object.spoiled.contains(&"uniqueId") {
        faults.add(
            RuleId::RequiredAttribute,
            || object.identifier_place("uniqueId"),
            "uniqueId",
        );
    }
    // So that the rest is read as well: a folder with this uniqueId is never handed on.
    let stand_in = || "0.0".parse().ok();
    let Some(known) = unique_id.clone().or_else(stand_in) else {
        return Err(object.id);
    };
    let mut folder = Folder::new(object.id.clone(), known);
    (folder.logical_id, folder.version) = (object.logical_id.take(), object.version);
    (folder.status, folder.home) = (object.status, object.home.take());
    folder.last_update_time = object.slots.time(slot::LAST_UPDATE_TIME, faults);
    folder.codes = coded::several(&mut object, CodedAttribute::FolderCodeList, faults);
    folder.limited_metadata = super::limited_metadata(&mut object, schemes.limited_metadata);
    let (patient_id, patient_id_id) =
        object.parsed_identifier(("patientId", schemes.patient_id.0), RuleId::PatientIdForm, faults);
    folder.patient_id = patient_id;
    folder.identifier_ids = IdentifierIds {
        patient_id: patient_id_id,
        unique_id: unique_id_id,
        source_id: None,
    };
    folder.title = title(&mut object, 256, faults);
    folder.comments = std::mem::take(&mut object.description);
    check_folder(&folder, &object, column, faults);
    folder.extras = Extras {
        identifiers: object.extra_identifiers(),
        classifications: object.classifications.drain(..).map(Nested::into_extra).collect(),
        slots: object.slots.extras(&[], faults),
    };
    if object.has_id && unique_id.is_some() {
        Ok(folder)
    } else {
        Err(folder.id)
    }
}
