//! Objects to the bytes that are stored, and answers from them.

use registry_core::answer::{Answer, AnswerObject, Ends};
use registry_core::object::{BodyEncoder, ObjectKind};
use xds_ebxml::query::{write_response_end, write_response_start};
use xds_ebxml::stored::{
    AssociationColumns, BodyError, EntryColumns, Escaped, FolderColumns, SetColumns, encode_association,
    encode_document_entry, encode_folder, encode_submission_set, write_association, write_document_entry,
    write_folder, write_object_ref, write_submission_set,
};
use xds_model::query::ReturnType;
use xds_model::{Association, DocumentEntry, Folder, PatientId, SubmissionSet};

/// Encodes bodies with the codec of `common/ebxml`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoder;

impl BodyEncoder for Encoder {
    fn document_entry(&self, entry: &DocumentEntry) -> Vec<u8> {
        encode_document_entry(entry)
    }

    fn submission_set(&self, set: &SubmissionSet) -> Vec<u8> {
        encode_submission_set(set)
    }

    fn folder(&self, folder: &Folder) -> Vec<u8> {
        encode_folder(folder)
    }

    fn association(&self, association: &Association) -> Vec<u8> {
        encode_association(association)
    }
}

/// Writes an AdhocQueryResponse.
///
/// # Errors
/// When a stored body is damaged.
pub(crate) fn write_answer(answer: &Answer, out: &mut String) -> Result<(), BodyError> {
    write_response_start(&[], out);
    let mut patient = LastPatient::default();
    for object in &answer.objects {
        match answer.return_type {
            ReturnType::ObjectRef => write_object_ref(object.id, object.current.home.as_ref(), out),
            ReturnType::LeafClass => write_object(object, patient.escaped(object), out)?,
        }
    }
    write_response_end(out);
    Ok(())
}

/// The escaped patientId of the object before: nearly always that of the next one too.
#[derive(Default)]
struct LastPatient {
    of: Option<PatientId>,
    escaped: Escaped,
}

impl LastPatient {
    fn escaped(&mut self, object: &AnswerObject) -> &Escaped {
        if self.of != object.current.patient {
            self.escaped = object
                .current
                .patient
                .as_ref()
                .map(Escaped::from)
                .unwrap_or_default();
            self.of.clone_from(&object.current.patient);
        }
        &self.escaped
    }
}

fn write_object(object: &AnswerObject, patient_id: &Escaped, out: &mut String) -> Result<(), BodyError> {
    let (id, body, current) = (object.id, object.body.as_slice(), &object.current);
    let (status, home) = (current.status, current.home.as_ref());
    let (logical_id, version) = (current.logical_id, current.version);
    match (object.kind, object.ends, current.last_update_time) {
        (ObjectKind::DocumentEntry, ..) => {
            let columns = EntryColumns {
                id,
                logical_id,
                version,
                status,
                home,
                patient_id,
            };
            write_document_entry(body, &columns, out)
        }
        (ObjectKind::SubmissionSet, ..) => write_submission_set(
            body,
            &SetColumns {
                id,
                status,
                home,
                patient_id,
            },
            out,
        ),
        (ObjectKind::Folder, _, Some(last_update_time)) => {
            let columns = FolderColumns {
                id,
                logical_id,
                version,
                status,
                home,
                patient_id,
                last_update_time,
            };
            write_folder(body, &columns, out)
        }
        (ObjectKind::Association, Some(Ends { kind, source, target }), _) => write_association(
            body,
            &AssociationColumns {
                id,
                status,
                home,
                kind,
                source,
                target,
            },
            out,
        ),
        // The store loads these columns with each such object.
        (ObjectKind::Folder | ObjectKind::Association, ..) => Err(BodyError::Kind),
    }
}
