//! Rules about the request's own objects against what the registry holds (ITI TF-2 3.42.4.1.3).

use std::collections::BTreeSet;

use xds_model::document_entry::DocumentEntry;
use xds_model::{DocumentEntryType, RuleId};

use super::request::{ASSOCIATION, ENTRY, Faults, PACKAGE, Request, at};
use crate::ObjectKind;
use crate::facts::UniqueIdUse;

pub(super) fn check(request: &Request<'_>, faults: &mut Faults) {
    patients_known(request, faults);
    ids_new(request, faults);
    package_unique_ids(request, faults);
    for entry in &request.received.entries {
        entry_unique_id(request, entry, faults);
    }
}

fn patients_known(request: &Request<'_>, faults: &mut Faults) {
    let received = request.received;
    let patients = (received.sets.iter())
        .map(|set| (PACKAGE, &set.id, set.patient_id.as_ref()))
        .chain((received.entries.iter()).map(|entry| (ENTRY, &entry.id, entry.patient_id.as_ref())))
        .chain((received.folders.iter()).map(|folder| (PACKAGE, &folder.id, folder.patient_id.as_ref())));
    let mut told = BTreeSet::new();
    for (element, id, patient) in patients {
        if let Some(patient) = patient
            && !request.facts.patients.contains_key(patient)
            && told.insert(patient)
        {
            faults.add(
                RuleId::UnknownPatient,
                at(element, id, "patientId"),
                patient.to_string(),
            );
        }
    }
}

fn ids_new(request: &Request<'_>, faults: &mut Faults) {
    let received = request.received;
    let ids = (received.sets.iter().map(|set| (PACKAGE, &set.id)))
        .chain(received.entries.iter().map(|entry| (ENTRY, &entry.id)))
        .chain(received.folders.iter().map(|folder| (PACKAGE, &folder.id)))
        .chain(received.associations.iter().map(|link| (ASSOCIATION, &link.id)));
    for (element, id) in ids {
        if id
            .uuid()
            .is_some_and(|uuid| request.facts.objects.contains_key(&uuid))
        {
            faults.add(RuleId::ObjectIdUsed, at(element, id, "@id"), id.to_string());
        }
    }
}

fn uses<'a>(request: &Request<'a>, unique_id: &str) -> &'a [UniqueIdUse] {
    request.facts.unique_ids.get(unique_id).map_or(&[], Vec::as_slice)
}

fn package_unique_ids(request: &Request<'_>, faults: &mut Faults) {
    let received = request.received;
    let sets = (received.sets.iter()).map(|set| (RuleId::SetUniqueIdUsed, &set.id, &set.unique_id));
    let folders =
        (received.folders.iter()).map(|folder| (RuleId::FolderUniqueIdUsed, &folder.id, &folder.unique_id));
    for (rule, id, unique_id) in sets.chain(folders) {
        if !uses(request, unique_id.as_str()).is_empty() {
            let what = if rule == RuleId::SetUniqueIdUsed {
                "SubmissionSet"
            } else {
                "Folder"
            };
            faults.add(rule, at(PACKAGE, id, "uniqueId"), format!("{what} {unique_id}"));
        }
    }
}

fn entry_unique_id(request: &Request<'_>, entry: &DocumentEntry, faults: &mut Faults) {
    let unique_id = entry.unique_id.as_str();
    let known = uses(request, unique_id);
    let mut tell = |broken: bool, rule: RuleId| {
        if broken {
            faults.add(rule, at(ENTRY, &entry.id, "uniqueId"), unique_id);
        }
    };
    let stable = |known: &UniqueIdUse| {
        known.kind == ObjectKind::DocumentEntry && known.entry_type == Some(DocumentEntryType::Stable)
    };
    tell(!known.iter().all(stable), RuleId::EntryUniqueIdOfOther);
    let mut documents = known.iter().filter(|known| stable(known));
    tell(
        documents.clone().any(|known| known.hash != entry.hash),
        RuleId::NonIdenticalHash,
    );
    tell(
        documents.any(|known| known.size != entry.size),
        RuleId::NonIdenticalSize,
    );
}
