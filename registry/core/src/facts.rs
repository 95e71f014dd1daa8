//! What a submission needs to know of the registry's content, and the answer to it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;
use xds_model::submission::ReceivedSubmission;
use xds_model::{
    AssociationType, AvailabilityStatus, DocumentEntry, DocumentEntryType, DocumentHash, ObjectId, PatientId,
};

use crate::object::ObjectKind;
use crate::persons::Persons;
use crate::register::acknowledgement::Standing;
use crate::view::{Judge, PolicyFacts, Viewer};

/// What the store is to look up for a submission, in one go.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FactsWanted {
    /// Patients that the submission names.
    pub patients: BTreeSet<PatientId>,
    /// uniqueIds of its SubmissionSet, DocumentEntries and Folders.
    pub unique_ids: BTreeSet<String>,
    /// UUIDs that it gives to its own objects: they must be new.
    pub given: BTreeSet<Uuid>,
    /// UUIDs of other objects that its associations refer to.
    pub referenced: BTreeSet<Uuid>,
    /// Those of them that it replaces: their addenda, and the folders that hold them, matter too.
    pub replaced: BTreeSet<Uuid>,
    /// Those of them that it appends to: whether they are transformations matters.
    pub appended: BTreeSet<Uuid>,
    /// Whether a patient acknowledges privacy policies: what was acknowledged before matters then.
    pub acknowledges: bool,
}

impl FactsWanted {
    /// What this submission needs to know.
    pub fn of(received: &ReceivedSubmission) -> Self {
        let mut wanted = Self {
            acknowledges: received.entries.iter().any(DocumentEntry::is_acknowledgement),
            ..Self::default()
        };
        for set in &received.sets {
            wanted.own(&set.id, set.unique_id.as_str(), set.patient_id.as_ref());
        }
        for entry in &received.entries {
            wanted.own(&entry.id, entry.unique_id.as_str(), entry.patient_id.as_ref());
        }
        for folder in &received.folders {
            wanted.own(&folder.id, folder.unique_id.as_str(), folder.patient_id.as_ref());
        }
        for association in &received.associations {
            wanted.given.extend(association.id.uuid());
        }
        wanted
            .given
            .extend(received.unreadable.iter().filter_map(ObjectId::uuid));
        for association in &received.associations {
            wanted.refer(association.kind, &association.source, &association.target);
        }
        wanted
    }

    fn own(&mut self, id: &ObjectId, unique_id: &str, patient: Option<&PatientId>) {
        self.given.extend(id.uuid());
        self.unique_ids.insert(unique_id.to_owned());
        self.patients.extend(patient.cloned());
    }

    fn refer(&mut self, kind: AssociationType, source: &ObjectId, target: &ObjectId) {
        for id in [source, target].into_iter().filter_map(ObjectId::uuid) {
            if !self.given.contains(&id) {
                self.referenced.insert(id);
            }
        }
        let Some(target) = target.uuid().filter(|id| self.referenced.contains(id)) else {
            return;
        };
        if kind.replaces() {
            self.replaced.insert(target);
        }
        if kind == AssociationType::Append {
            self.appended.insert(target);
        }
    }

    /// Whether the submission refers to registered objects, or to what a patient acknowledged: then what it finds must
    /// not change until it is stored, and the store locks their patients first.
    pub fn touches_registered(&self) -> bool {
        !self.referenced.is_empty() || self.acknowledges
    }

    /// Whether what the patient acknowledged may end by the submission, or begin.
    pub fn concerns_acknowledgements(&self) -> bool {
        self.acknowledges || !self.replaced.is_empty()
    }
}

/// What the registry holds of what was [wanted](FactsWanted). What is absent does not exist.
///
/// Patients of objects are keys; after a merge it is the surviving patient's.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Known patients, active ones only: a subsumed id is unknown.
    pub patients: HashMap<PatientId, Uuid>,
    /// Who uses a uniqueId.
    pub unique_ids: HashMap<String, Vec<UniqueIdUse>>,
    /// The objects with a wanted UUID.
    pub objects: HashMap<Uuid, ObjectFact>,
    /// Approved folders that hold a replaced document.
    pub holders: Vec<Holder>,
    /// Approved entries that append to or transform a replaced document, or one of these again.
    pub addenda: Vec<Addendum>,
    /// Those of the appended documents that are transformations of another.
    pub transformations: HashSet<Uuid>,
    /// What the patients acknowledged, when the submission concerns it.
    pub acknowledged: Standing,
    /// Whose the referenced objects are.
    pub persons: Persons,
}

/// One use of a uniqueId.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UniqueIdUse {
    /// What uses it.
    pub kind: ObjectKind,
    /// The type of a DocumentEntry.
    pub entry_type: Option<DocumentEntryType>,
    /// The hash of a DocumentEntry.
    pub hash: Option<DocumentHash>,
    /// The size of a DocumentEntry.
    pub size: Option<u64>,
    /// Counted from 0 among the uses of this uniqueId.
    pub ordinal: i32,
}

/// A registered object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ObjectFact {
    /// Its kind.
    pub kind: ObjectKind,
    /// The patient under whose key it is stored.
    pub stored_under: Uuid,
    /// Its patient: the surviving one after a merge.
    pub patient: Uuid,
    /// availabilityStatus.
    pub status: AvailabilityStatus,
    /// The type of a DocumentEntry.
    pub entry_type: Option<DocumentEntryType>,
    /// The organisation that it comes from; none for an Association.
    pub organisation: Option<String>,
    /// What policy decides a DocumentEntry on.
    pub policy: Option<PolicyFacts>,
}

/// A folder that holds a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holder {
    /// The folder.
    pub folder: Uuid,
    /// The patient under whose key the folder is stored.
    pub stored_under: Uuid,
    /// The folder's patient.
    pub patient: Uuid,
    /// The document.
    pub entry: Uuid,
}

/// An entry that appends to, or transforms, another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addendum {
    /// The addendum.
    pub entry: Uuid,
    /// The patient under whose key it is stored.
    pub stored_under: Uuid,
    /// What it belongs to.
    pub of: Uuid,
}

/// With whose eyes a submission looks at what is registered.
#[derive(Clone, Copy, Debug)]
pub struct Eyes<'a> {
    /// As who publishes.
    pub publishing: &'a Viewer<'a>,
    /// As who would look.
    pub querying: &'a Viewer<'a>,
}

impl ObjectFact {
    /// A submitter knows of what it may publish or look at, and of its own record: a machine that publishes looks at
    /// nothing, and still replaces what it published.
    fn is_seen_by(&self, publishing: &Judge<'_>, querying: &Judge<'_>) -> bool {
        if self.kind == ObjectKind::Association {
            return true;
        }
        let owned = (self.organisation.as_deref())
            .is_some_and(|organisation| publishing.owns(organisation, self.stored_under));
        let permitted = |facts: &PolicyFacts| {
            publishing.permit(facts).is_ok() || querying.permit(facts).is_ok()
        };
        owned || self.policy.as_ref().is_some_and(permitted)
    }
}

impl Facts {
    /// Leaves out what the submitter may not know of: to it, such documents do not exist.
    ///
    /// Ids that it gives to its own objects stay: that they are taken cannot be hidden.
    pub fn seen_by(mut self, eyes: &Eyes<'_>, wanted: &FactsWanted) -> Self {
        let (publishing, querying) = (
            eyes.publishing.judge(&self.persons),
            eyes.querying.judge(&self.persons),
        );
        self.objects.retain(|id, fact| {
            wanted.given.contains(id) || fact.is_seen_by(&publishing, &querying)
        });
        let seen: HashSet<Uuid> = self.objects.keys().copied().collect();
        self.transformations.retain(|id| seen.contains(id));
        self
    }

    /// What is deprecated with a replaced document: its addenda, theirs, and so on.
    pub fn addenda_of(&self, replaced: Uuid) -> BTreeMap<Uuid, Uuid> {
        let mut found = BTreeMap::new();
        let mut open = vec![replaced];
        while let Some(of) = open.pop() {
            for addendum in self.addenda.iter().filter(|addendum| addendum.of == of) {
                if addendum.entry != replaced && found.insert(addendum.entry, addendum.stored_under).is_none()
                {
                    open.push(addendum.entry);
                }
            }
        }
        found
    }

    /// The number of the next use of this uniqueId.
    pub fn next_ordinal(&self, unique_id: &str) -> i32 {
        let uses = self.unique_ids.get(unique_id);
        uses.into_iter()
            .flatten()
            .map(|known| known.ordinal + 1)
            .max()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addendum(entry: u128, of: u128) -> Addendum {
        Addendum {
            entry: Uuid::from_u128(entry),
            stored_under: Uuid::from_u128(99),
            of: Uuid::from_u128(of),
        }
    }

    #[test]
    fn addenda_are_followed_down_and_a_cycle_ends() {
        let facts = Facts {
            addenda: vec![addendum(2, 1), addendum(3, 2), addendum(1, 3), addendum(9, 8)],
            ..Facts::default()
        };
        let found: Vec<Uuid> = facts.addenda_of(Uuid::from_u128(1)).into_keys().collect();
        assert_eq!(found, [Uuid::from_u128(2), Uuid::from_u128(3)]);
    }

    #[test]
    fn ordinals_continue() {
        let mut facts = Facts::default();
        assert_eq!(facts.next_ordinal("1.2"), 0);
        let known = UniqueIdUse {
            kind: ObjectKind::DocumentEntry,
            entry_type: None,
            hash: None,
            size: None,
            ordinal: 4,
        };
        facts.unique_ids.insert("1.2".to_owned(), vec![known]);
        assert_eq!(facts.next_ordinal("1.2"), 5);
    }
}
