//! Submissions from the model, for clients: the same pieces as answers are made of.

use xds_model::ident::ObjectId;
use xds_model::submission::{ReceivedSubmission, Submission};
use xds_model::{Association, DocumentEntry, Folder, PatientId, SubmissionSet};
use xds_xml::escape::escaped;

use crate::ns::{LCM, RIM};
use crate::stored::template::{Head, Nested};
use crate::stored::{
    BodyError, association_element, encode_association, encode_document_entry, encode_folder,
    encode_submission_set, entry_element, folder_element, set_element,
};

/// Registry objects to write, borrowed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Objects<'a> {
    /// SubmissionSets.
    pub sets: &'a [SubmissionSet],
    /// DocumentEntries.
    pub entries: &'a [DocumentEntry],
    /// Folders.
    pub folders: &'a [Folder],
    /// Associations.
    pub associations: &'a [Association],
}

impl<'a> From<&'a ReceivedSubmission> for Objects<'a> {
    fn from(received: &'a ReceivedSubmission) -> Self {
        Self {
            sets: &received.sets,
            entries: &received.entries,
            folders: &received.folders,
            associations: &received.associations,
        }
    }
}

impl<'a, Stage> From<&'a Submission<Stage>> for Objects<'a> {
    fn from(submission: &'a Submission<Stage>) -> Self {
        Self {
            sets: std::slice::from_ref(&submission.set),
            entries: &submission.entries,
            folders: &submission.folders,
            associations: &submission.associations,
        }
    }
}

/// Appends a `lcm:SubmitObjectsRequest` with these objects, namespaces declared on it (ITI TF-2, 3.42.4.1.2).
///
/// Writes what the model holds, right or wrong. Nested elements without a UUID of their own get symbols.
pub fn write_submission<'a>(objects: impl Into<Objects<'a>>, out: &mut String) {
    for piece in [
        "<lcm:SubmitObjectsRequest xmlns:lcm=\"",
        LCM,
        "\" xmlns:rim=\"",
        RIM,
        "\"><rim:RegistryObjectList>",
    ] {
        out.push_str(piece);
    }
    write_objects(objects, out);
    out.push_str("</rim:RegistryObjectList></lcm:SubmitObjectsRequest>");
}

/// Appends the objects one after the other. The prefix `rim` must be declared around them.
pub fn write_objects<'a>(objects: impl Into<Objects<'a>>, out: &mut String) {
    let objects = objects.into();
    for (index, entry) in objects.entries.iter().enumerate() {
        let names = Names::new(
            &entry.id,
            entry.logical_id.as_ref(),
            entry.patient_id.as_ref(),
            ("e", index),
        );
        let head = Head {
            version: entry.version,
            status: entry.status,
            home: entry.home.as_ref(),
            limited_metadata: entry.limited_metadata,
            ..names.head()
        };
        written(entry_element(&encode_document_entry(entry), head, out));
    }
    for (index, set) in objects.sets.iter().enumerate() {
        let names = Names::new(&set.id, None, set.patient_id.as_ref(), ("s", index));
        let head = Head {
            status: set.status,
            home: set.home.as_ref(),
            limited_metadata: set.limited_metadata,
            ..names.head()
        };
        written(set_element(&encode_submission_set(set), head, out));
    }
    for (index, folder) in objects.folders.iter().enumerate() {
        let lid = folder.logical_id.as_ref();
        let names = Names::new(&folder.id, lid, folder.patient_id.as_ref(), ("f", index));
        let head = Head {
            version: folder.version,
            status: folder.status,
            home: folder.home.as_ref(),
            last_update_time: folder.last_update_time.as_ref().map(|time| time.as_str()),
            limited_metadata: folder.limited_metadata,
            ..names.head()
        };
        written(folder_element(&encode_folder(folder), head, out));
    }
    for (index, association) in objects.associations.iter().enumerate() {
        write_one_association(association, index, out);
    }
}

fn write_one_association(association: &Association, index: usize, out: &mut String) {
    let names = Names::new(&association.id, None, None, ("a", index));
    let head = Head {
        status: association.status,
        home: association.home.as_ref(),
        ..names.head()
    };
    let ends = [association.source.to_string(), association.target.to_string()];
    let [source, target] = ends.each_ref().map(|end| escaped(end));
    let ends = crate::stored::Ends {
        kind: association.kind.urn(),
        source: &source,
        target: &target,
    };
    written(association_element(
        &encode_association(association),
        head,
        ends,
        out,
    ));
}

/// A body that was encoded right here can be read: the round-trip properties in the tests show it.
fn written(result: Result<(), BodyError>) {
    debug_assert_eq!(result, Ok(()), "a fresh body is whole");
}

/// The escaped texts that a head borrows.
struct Names {
    id: String,
    lid: Option<String>,
    patient_id: String,
    nested: String,
}

impl Names {
    fn new(
        id: &ObjectId,
        lid: Option<&ObjectId>,
        patient_id: Option<&PatientId>,
        (letter, index): (&str, usize),
    ) -> Self {
        let escape = |text: String| escaped(&text).into_owned();
        Self {
            id: escape(id.to_string()),
            lid: lid.map(|lid| escape(lid.to_string())),
            patient_id: escape(patient_id.map(PatientId::to_string).unwrap_or_default()),
            nested: format!("{letter}{index}"),
        }
    }

    fn head(&self) -> Head<'_> {
        Head {
            id: &self.id,
            lid: self.lid.as_deref(),
            version: None,
            status: None,
            home: None,
            patient_id: &self.patient_id,
            last_update_time: None,
            nested: Nested::Symbol(&self.nested),
            limited_metadata: false,
        }
    }
}
