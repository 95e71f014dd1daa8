//! Symbols become UUIDs, and the effects of a sound submission are put down.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;
use xds_model::submission::ReceivedSubmission;
use xds_model::submission_set::SubmissionSet;
use xds_model::{
    Association, AssociationType, AvailabilityStatus, Dtm, Fault, IdSource, ObjectId, Submission,
};

use super::request::{ASSOCIATION, End, Own, Request, at};
use super::{ActedOn, Checked, Context};
use crate::ObjectKind;
use crate::facts::{Facts, ObjectFact};

/// The checked submission: fresh UUIDs for symbols, statuses, versions and effects.
pub(super) fn assign(
    received: &ReceivedSubmission,
    set: &SubmissionSet,
    patient: Uuid,
    request: &Request<'_>,
    facts: &Facts,
    context: &Context<'_>,
    warnings: Vec<Fault>,
) -> Submission<Checked> {
    let now = Dtm::from_instant(context.now);
    let mut names = Names::new(context.ids);
    let mut set = set.clone();
    set.id = names.uuid_of(&set.id).into();
    set.status = Some(AvailabilityStatus::Approved);
    let mut entries = received.entries.clone();
    for entry in &mut entries {
        entry.id = names.uuid_of(&entry.id).into();
        entry.logical_id = Some(entry.id.clone());
        entry.version = Some(1);
        entry.status = Some(AvailabilityStatus::Approved);
    }
    let mut folders = received.folders.clone();
    for folder in &mut folders {
        folder.id = names.uuid_of(&folder.id).into();
        folder.logical_id = Some(folder.id.clone());
        folder.version = Some(1);
        folder.status = Some(AvailabilityStatus::Approved);
        folder.last_update_time = Some(now);
    }
    let mut associations = received.associations.clone();
    for association in &mut associations {
        association.id = names.uuid_of(&association.id).into();
        association.source = names.uuid_of(&association.source).into();
        association.target = names.uuid_of(&association.target).into();
        association.status = Some(AvailabilityStatus::Approved);
    }
    let implied = file_replacements(&set, &associations, facts, context.ids);
    associations.extend(implied);
    let stage = Checked {
        patient,
        warnings,
        deprecated: deprecated(&associations, facts),
        touched: touched(&associations, facts),
        ordinals: ordinals(received, facts),
        elsewhere: elsewhere(&associations, patient, facts),
        acted_on: acted_on(request),
        now: now.to_string(),
    };
    Submission {
        set,
        entries,
        folders,
        associations,
        stage,
    }
}

/// The UUID of each id: the same symbol is the same object everywhere.
struct Names<'a> {
    ids: &'a dyn IdSource,
    known: HashMap<ObjectId, Uuid>,
}

impl<'a> Names<'a> {
    fn new(ids: &'a dyn IdSource) -> Self {
        Self {
            ids,
            known: HashMap::new(),
        }
    }

    fn uuid_of(&mut self, id: &ObjectId) -> Uuid {
        match id {
            ObjectId::Uuid(uuid) => *uuid,
            ObjectId::Symbol(_) => *self.known.entry(id.clone()).or_insert_with(|| self.ids.random()),
        }
    }
}

/// A replacement goes into the folders of what it replaces (ITI TF-2 3.42.4.1.3.3): a HasMember from each
/// folder, and one from the SubmissionSet to that. What the request files itself is not filed twice.
fn file_replacements(
    set: &SubmissionSet,
    associations: &[Association],
    facts: &Facts,
    ids: &dyn IdSource,
) -> Vec<Association> {
    let mut implied: Vec<Association> = Vec::new();
    for replacement in associations.iter().filter(|link| link.kind.replaces()) {
        let replaced = replacement.target.uuid();
        let holders = (facts.holders.iter()).filter(|holder| Some(holder.entry) == replaced);
        for folder in holders.map(|holder| ObjectId::Uuid(holder.folder)) {
            let filed = |link: &Association| {
                link.kind == AssociationType::HasMember
                    && link.source == folder
                    && link.target == replacement.source
            };
            if associations.iter().chain(&implied).any(filed) {
                continue;
            }
            let membership = has_member(ids, folder, replacement.source.clone());
            let held = has_member(ids, set.id.clone(), membership.id.clone());
            implied.extend([membership, held]);
        }
    }
    implied
}

fn has_member(ids: &dyn IdSource, source: ObjectId, target: ObjectId) -> Association {
    let mut association = Association::new(ids.random().into(), AssociationType::HasMember, source, target);
    association.status = Some(AvailabilityStatus::Approved);
    association
}

fn deprecated(associations: &[Association], facts: &Facts) -> BTreeMap<Uuid, Uuid> {
    let mut found = BTreeMap::new();
    let replaced = associations.iter().filter(|link| link.kind.replaces());
    for target in replaced.filter_map(|link| link.target.uuid()) {
        if let Some(fact) = facts.objects.get(&target) {
            found.insert(target, fact.stored_under);
        }
        found.extend(facts.addenda_of(target));
    }
    found
}

/// Registered folders that gain a document.
fn touched(associations: &[Association], facts: &Facts) -> BTreeMap<Uuid, Uuid> {
    let memberships = (associations.iter()).filter(|link| link.kind == AssociationType::HasMember);
    let mut found = BTreeMap::new();
    for source in memberships.filter_map(|link| link.source.uuid()) {
        let folder = (facts.objects.get(&source))
            .filter(|fact| fact.kind == ObjectKind::Folder)
            .map(|fact| fact.stored_under);
        let holder = (facts.holders.iter())
            .find(|holder| holder.folder == source)
            .map(|holder| holder.stored_under);
        if let Some(stored_under) = folder.or(holder) {
            found.insert(source, stored_under);
        }
    }
    found
}

fn ordinals(received: &ReceivedSubmission, facts: &Facts) -> BTreeMap<String, i32> {
    let entries = received.entries.iter().map(|entry| entry.unique_id.as_str());
    entries
        .map(|unique_id| (unique_id.to_owned(), facts.next_ordinal(unique_id)))
        .collect()
}

/// Entries of other patients that the SubmissionSet refers to: the only link across patients.
fn elsewhere(associations: &[Association], patient: Uuid, facts: &Facts) -> BTreeMap<Uuid, Uuid> {
    let targets = associations.iter().filter_map(|link| link.target.uuid());
    let registered = targets.filter_map(|target| Some((target, facts.objects.get(&target)?)));
    registered
        .filter(|(_, fact)| fact.stored_under != patient)
        .map(|(target, fact)| (target, fact.stored_under))
        .collect()
}

/// Registered objects that a relationship ends at, that are filed, or that are filed into.
fn acted_on(request: &Request<'_>) -> Vec<ActedOn> {
    let mut found = Vec::new();
    for association in &request.received.associations {
        let from_set = matches!(request.end(&association.source), End::Own(Own::Set));
        for (attribute, id) in [
            ("@sourceObject", &association.source),
            ("@targetObject", &association.target),
        ] {
            if let End::Registered(ObjectFact {
                kind,
                stored_under,
                organisation: Some(organisation),
                policy,
                ..
            }) = request.end(id)
                && !(from_set && *kind == ObjectKind::DocumentEntry)
            {
                found.push(ActedOn {
                    organisation: organisation.clone(),
                    stored_under: *stored_under,
                    policy: policy.clone(),
                    location: at(ASSOCIATION, &association.id, attribute),
                    found: id.to_string(),
                });
            }
        }
    }
    found
}
