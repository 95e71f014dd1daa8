//! How an event falls apart into messages: what succeeded and what failed, and then by patient.

use std::collections::{BTreeMap, BTreeSet};

use xds_audit::{Action, DocumentReference, Event, Objects, Outcome};

use super::table::Subject;

/// What all messages of an event may repeat together, in bytes: a query of some kilobytes for thousands of
/// patients is repeated, one of some megabytes is not.
const REPEATED_BYTES_MAX: usize = 16 << 20;
/// About what a document takes in a message.
const DOCUMENT_BYTES: usize = 512;

/// What succeeded, or what failed.
pub(super) struct Half {
    pub(super) outcome: Outcome,
    pub(super) errors: Vec<String>,
    pub(super) objects: Objects,
}

/// What one message is about.
pub(super) struct Part<'a> {
    pub(super) half: &'a Half,
    /// Where the part tells it: after a merge.
    pub(super) action: Option<Action>,
    pub(super) patient: Option<&'a str>,
    pub(super) documents: Vec<&'a DocumentReference>,
    pub(super) registry_objects: Vec<&'a str>,
    /// Whether the query and what is nobody's stands here: if not, it stands in the first message of the half.
    pub(super) has_shared: bool,
}

/// The event as a whole, or its two halves after a partial success.
pub(super) fn halves(event: &Event, subject: Subject) -> Vec<Half> {
    let closing = &event.closing;
    let mut whole = event.opening.objects.clone().merged(closing.objects.clone());
    if subject == Subject::PatientsOfQuery {
        whole.patients.clone_from(&event.opening.objects.patients);
        whole.owners.clear();
    }
    let Some(failed) = &closing.failed else {
        return vec![Half {
            outcome: closing.outcome,
            errors: closing.errors.clone(),
            objects: whole,
        }];
    };
    let lost = Half {
        outcome: failed.outcome,
        errors: failed.errors.clone(),
        objects: failed_objects(&whole, &failed.objects, subject),
    };
    remove(&mut whole, &failed.objects);
    let done = Half {
        outcome: closing.outcome,
        errors: closing.errors.clone(),
        objects: whole,
    };
    vec![done, lost]
}

/// The failed half names what failed, and of the whole only what cannot be a statement about a document that was
/// withheld: not whose it is.
fn failed_objects(whole: &Objects, failed: &Objects, subject: Subject) -> Objects {
    let is_documents = matches!(
        subject,
        Subject::Documents | Subject::RemovedDocuments | Subject::RemovedObjects | Subject::Question
    );
    let patients = if failed.patients.is_empty() && !is_documents {
        &whole.patients
    } else {
        &failed.patients
    };
    Objects {
        patients: patients.clone(),
        documents: failed.documents.clone(),
        registry_objects: failed.registry_objects.clone(),
        owners: failed.owners.clone(),
        subsumed: failed.subsumed.clone(),
        ..whole.clone()
    }
}

fn remove(whole: &mut Objects, failed: &Objects) {
    let key =
        |document: &DocumentReference| (document.unique_id.clone(), document.repository_unique_id.clone());
    let documents: BTreeSet<_> = failed.documents.iter().map(key).collect();
    whole
        .documents
        .retain(|document| !documents.contains(&key(document)));
    let objects: BTreeSet<&String> = failed.registry_objects.iter().collect();
    whole.registry_objects.retain(|object| !objects.contains(object));
}

/// A part for each patient; one without if none is known.
pub(super) fn by_patient(half: &Half) -> Vec<Part<'_>> {
    let objects = &half.objects;
    if !objects.subsumed.is_empty() {
        return merge(half);
    }
    let patients = patients(objects);
    let (Some(first), true) = (patients.first(), patients.len() > 1) else {
        return vec![whole(half, patients.first().copied())];
    };
    let mut documents = grouped(objects, &objects.documents, |document| &document.unique_id);
    let mut registry_objects = grouped(objects, &objects.registry_objects, |object| object);
    let shared_documents = documents.remove(&None).unwrap_or_default();
    let shared_objects = registry_objects.remove(&None).unwrap_or_default();
    let shared = objects.query.as_ref().map_or(0, |query| query.text.len())
        + (shared_documents.len() + shared_objects.len()) * DOCUMENT_BYTES;
    let everywhere = shared.saturating_mul(patients.len()) <= REPEATED_BYTES_MAX;
    patients
        .iter()
        .map(|patient| {
            let has_shared = everywhere || patient == first;
            let mut part = Part {
                action: None,
                patient: Some(patient),
                documents: documents.remove(&Some(*patient)).unwrap_or_default(),
                registry_objects: registry_objects
                    .remove(&Some(*patient))
                    .unwrap_or_default()
                    .into_iter()
                    .map(String::as_str)
                    .collect(),
                has_shared,
                half,
            };
            if has_shared {
                part.documents.extend(&shared_documents);
                part.registry_objects
                    .extend(shared_objects.iter().map(|object| object.as_str()));
            }
            part
        })
        .collect()
}

/// ITI TF-2 3.8.5.1: the identifier that was taken away is deleted, the surviving one updated.
fn merge(half: &Half) -> Vec<Part<'_>> {
    let part = |action, patient| Part {
        action: Some(action),
        ..whole(half, Some(patient))
    };
    let subsumed = half.objects.subsumed.iter();
    subsumed
        .map(|patient| part(Action::Delete, patient.as_str()))
        .chain(
            half.objects
                .patients
                .iter()
                .map(|patient| part(Action::Update, patient.as_str())),
        )
        .collect()
}

fn whole<'a>(half: &'a Half, patient: Option<&'a str>) -> Part<'a> {
    Part {
        half,
        action: None,
        patient,
        documents: half.objects.documents.iter().collect(),
        registry_objects: half.objects.registry_objects.iter().map(String::as_str).collect(),
        has_shared: true,
    }
}

/// Each once, those that own something among them.
fn patients(objects: &Objects) -> Vec<&str> {
    let present = objects
        .documents
        .iter()
        .map(|document| &document.unique_id)
        .chain(&objects.registry_objects);
    let owners = present.filter_map(|id| objects.owners.get(id));
    let mut seen = BTreeSet::new();
    objects
        .patients
        .iter()
        .chain(owners)
        .map(String::as_str)
        .filter(|patient| seen.insert(*patient))
        .collect()
}

/// By owner; those of which none is told under `None`.
fn grouped<'a, T>(
    objects: &'a Objects,
    items: &'a [T],
    id: impl Fn(&T) -> &String,
) -> BTreeMap<Option<&'a str>, Vec<&'a T>> {
    let mut groups: BTreeMap<_, Vec<&T>> = BTreeMap::new();
    for item in items {
        let owner = objects.owners.get(id(item)).map(String::as_str);
        groups.entry(owner).or_default().push(item);
    }
    groups
}
