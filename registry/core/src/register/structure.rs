//! Rules about the objects of a request together (ITI TF-3 4.1.4, 4.1.12.3).

use std::collections::{HashMap, HashSet};

use xds_model::association::{Association, AssociationType};
use xds_model::{DocumentEntryType, ObjectId, RuleId};

use super::request::{ASSOCIATION, ENTRY, End, Faults, Own, PACKAGE, Request, Who, at};

const LIST: &str = "RegistryObjectList";

pub(super) fn check(request: &Request<'_>, faults: &mut Faults) {
    one_submission_set(request, faults);
    something_submitted(request, faults);
    counts(request, faults);
    ids_once(request, faults);
    unique_ids_once(request, faults);
    stable_only(request, faults);
    no_update(request, faults);
    linked_to_set(request, faults);
    one_patient(request, faults);
}

fn one_submission_set(request: &Request<'_>, faults: &mut Faults) {
    let sets = request.received.sets.len();
    // None at all may be one that could not be read: then reading has said why.
    let unread = sets == 0 && !request.received.unreadable.is_empty();
    if sets != 1 && !unread {
        faults.add(
            RuleId::OneSubmissionSet,
            LIST,
            format!("{sets} SubmissionSets found"),
        );
    }
}

fn something_submitted(request: &Request<'_>, faults: &mut Faults) {
    let received = request.received;
    let files = received
        .associations
        .iter()
        .any(|association| is_folder_membership(request, association));
    let nothing = received.entries.is_empty() && received.folders.is_empty() && !files;
    if nothing && received.unreadable.is_empty() {
        faults.add(
            RuleId::SomethingSubmitted,
            LIST,
            "no DocumentEntry, Folder or Folder-DocumentEntry HasMember found",
        );
    }
}

/// Whether it puts something into a folder.
pub(super) fn is_folder_membership(request: &Request<'_>, association: &Association) -> bool {
    association.kind == AssociationType::HasMember
        && match request.end(&association.source) {
            End::Own(Own::Folder) => true,
            End::Registered(fact) => fact.kind == crate::ObjectKind::Folder,
            _ => false,
        }
}

fn counts(request: &Request<'_>, faults: &mut Faults) {
    let (received, limits) = (request.received, request.limits);
    for (what, count, max) in [
        ("DocumentEntries", received.entries.len(), limits.entries_max),
        ("Folders", received.folders.len(), limits.folders_max),
        (
            "Associations",
            received.associations.len(),
            limits.associations_max,
        ),
    ] {
        if count > max {
            faults.add(
                RuleId::ObjectCount,
                LIST,
                format!("{count} {what} found, at most {max} are accepted"),
            );
        }
    }
}

fn ids_once(request: &Request<'_>, faults: &mut Faults) {
    let received = request.received;
    let ids = (received.sets.iter().map(|set| (PACKAGE, &set.id)))
        .chain(received.entries.iter().map(|entry| (ENTRY, &entry.id)))
        .chain(received.folders.iter().map(|folder| (PACKAGE, &folder.id)))
        .chain(received.associations.iter().map(|link| (ASSOCIATION, &link.id)))
        .chain(received.unreadable.iter().map(|id| (LIST, id)));
    let mut seen = HashSet::new();
    for (element, id) in ids {
        if !seen.insert(id) {
            faults.add(RuleId::IdOnce, at(element, id, "@id"), id.to_string());
        }
    }
}

fn unique_ids_once(request: &Request<'_>, faults: &mut Faults) {
    let received = request.received;
    let ids = (received.sets.iter())
        .map(|set| (PACKAGE, &set.id, set.unique_id.as_str()))
        .chain((received.entries.iter()).map(|entry| (ENTRY, &entry.id, entry.unique_id.as_str())))
        .chain((received.folders.iter()).map(|folder| (PACKAGE, &folder.id, folder.unique_id.as_str())));
    let mut seen = HashSet::new();
    for (element, id, unique_id) in ids {
        if !seen.insert(unique_id) {
            faults.add(RuleId::UniqueIdOnce, at(element, id, "uniqueId"), unique_id);
        }
    }
}

fn stable_only(request: &Request<'_>, faults: &mut Faults) {
    for entry in &request.received.entries {
        if entry.object_type != DocumentEntryType::Stable {
            faults.add(
                RuleId::StableOnly,
                at(ENTRY, &entry.id, "@objectType"),
                entry.object_type.urn(),
            );
        }
    }
}

fn no_update(request: &Request<'_>, faults: &mut Faults) {
    let received = request.received;
    let logical = (received.entries.iter())
        .map(|entry| (ENTRY, &entry.id, &entry.logical_id))
        .chain((received.folders.iter()).map(|folder| (PACKAGE, &folder.id, &folder.logical_id)));
    for (element, id, logical_id) in logical {
        if let Some(logical_id) = logical_id
            && logical_id != id
        {
            faults.add(
                RuleId::UpdateInRegister,
                at(element, id, "@lid"),
                logical_id.to_string(),
            );
        }
    }
    for association in &received.associations {
        if association.previous_version.is_some() {
            faults.add(
                RuleId::UpdateInRegister,
                at(ASSOCIATION, &association.id, "Slot[PreviousVersion]"),
                "PreviousVersion",
            );
        }
        if matches!(
            association.kind,
            AssociationType::UpdateAvailabilityStatus | AssociationType::SubmitAssociation
        ) {
            faults.add(
                RuleId::UpdateInRegister,
                at(ASSOCIATION, &association.id, "@associationType"),
                association.kind.urn(),
            );
        }
    }
}

/// One HasMember from the set to each entry, folder and folder membership.
fn linked_to_set(request: &Request<'_>, faults: &mut Faults) {
    let Some(set) = request.set() else {
        return;
    };
    let received = request.received;
    let mut links: HashMap<&ObjectId, usize> = HashMap::new();
    for association in &received.associations {
        if association.kind == AssociationType::HasMember && association.source == set.id {
            *links.entry(&association.target).or_default() += 1;
        }
    }
    let memberships = received
        .associations
        .iter()
        .filter(|association| is_folder_membership(request, association));
    let needed = (received.entries.iter().map(|entry| (ENTRY, &entry.id)))
        .chain(received.folders.iter().map(|folder| (PACKAGE, &folder.id)))
        .chain(memberships.map(|association| (ASSOCIATION, &association.id)));
    for (element, id) in needed {
        let count = links.get(id).copied().unwrap_or(0);
        if count != 1 {
            faults.add(
                RuleId::LinkedToSubmissionSet,
                at(element, id, ""),
                format!("{count} HasMember found"),
            );
        }
    }
}

fn one_patient(request: &Request<'_>, faults: &mut Faults) {
    let Some(set) = request.set() else {
        return;
    };
    let Some(expected) = request.who(set.patient_id.as_ref()) else {
        return;
    };
    let received = request.received;
    let patients = (received.entries.iter())
        .map(|entry| (ENTRY, &entry.id, entry.patient_id.as_ref()))
        .chain((received.folders.iter()).map(|folder| (PACKAGE, &folder.id, folder.patient_id.as_ref())));
    for (element, id, patient) in patients {
        let differs = |who: Who<'_>| who != expected;
        if let Some(patient) = patient
            && request.who(Some(patient)).is_some_and(differs)
        {
            faults.add(
                RuleId::SubmissionPatients,
                at(element, id, "patientId"),
                format!(
                    "{patient} differs from the SubmissionSet's {}",
                    set.patient_id.as_ref().map_or(String::new(), ToString::to_string)
                ),
            );
        }
    }
}
