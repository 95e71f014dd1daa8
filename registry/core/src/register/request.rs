//! One request and what is known about it, as every check looks at it.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;
use xds_model::document_entry::DocumentEntry;
use xds_model::submission::ReceivedSubmission;
use xds_model::submission_set::SubmissionSet;
use xds_model::{Association, Fault, ObjectId, PatientId, RuleId};

use super::SubmissionLimits;
use crate::codes::AffinityDomain;
use crate::facts::{Facts, ObjectFact};

/// A request with an index of its objects.
pub(super) struct Request<'a> {
    pub(super) received: &'a ReceivedSubmission,
    pub(super) facts: &'a Facts,
    pub(super) affinity: &'a AffinityDomain,
    pub(super) limits: SubmissionLimits,
    own: HashMap<&'a ObjectId, Own<'a>>,
}

/// An object of the request.
#[derive(Clone, Copy)]
pub(super) enum Own<'a> {
    Set,
    Entry(&'a DocumentEntry),
    Folder,
    Association(&'a Association),
    /// There is an object, but it could not be read: no further fault comes of it.
    Unreadable,
}

/// What an id of an association leads to.
#[derive(Clone, Copy)]
pub(super) enum End<'a> {
    Own(Own<'a>),
    Registered(&'a ObjectFact),
    /// Nothing that the submitter may know of.
    Absent,
}

/// A patient, for comparison: by key when known, else by the id as submitted.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Who<'a> {
    Known(Uuid),
    Unknown(&'a PatientId),
}

impl<'a> Request<'a> {
    pub(super) fn new(
        received: &'a ReceivedSubmission,
        facts: &'a Facts,
        affinity: &'a AffinityDomain,
        limits: SubmissionLimits,
    ) -> Self {
        let mut own = HashMap::new();
        own.extend(received.unreadable.iter().map(|id| (id, Own::Unreadable)));
        own.extend(received.associations.iter().map(|a| (&a.id, Own::Association(a))));
        own.extend(received.folders.iter().map(|f| (&f.id, Own::Folder)));
        own.extend(received.entries.iter().map(|e| (&e.id, Own::Entry(e))));
        own.extend(received.sets.iter().map(|s| (&s.id, Own::Set)));
        Self {
            received,
            facts,
            affinity,
            limits,
            own,
        }
    }

    /// The SubmissionSet, when there is exactly one.
    pub(super) fn set(&self) -> Option<&'a SubmissionSet> {
        match self.received.sets.as_slice() {
            [set] => Some(set),
            _ => None,
        }
    }

    /// The key of the SubmissionSet's patient, when it is known.
    pub(super) fn patient_key(&self) -> Option<Uuid> {
        match self.set().and_then(|set| self.who(set.patient_id.as_ref())) {
            Some(Who::Known(key)) => Some(key),
            _ => None,
        }
    }

    /// The patient with this id; none when there is no id to compare.
    pub(super) fn who(&self, patient: Option<&'a PatientId>) -> Option<Who<'a>> {
        let patient = patient?;
        Some(match self.facts.patients.get(patient) {
            Some(key) => Who::Known(*key),
            None => Who::Unknown(patient),
        })
    }

    /// What an id leads to: an object of the request first, else one of the registry.
    pub(super) fn end(&self, id: &ObjectId) -> End<'a> {
        if let Some(own) = self.own.get(id) {
            return End::Own(*own);
        }
        match id.uuid().and_then(|uuid| self.facts.objects.get(&uuid)) {
            Some(fact) => End::Registered(fact),
            None => End::Absent,
        }
    }

    /// Whether a symbol leads nowhere; a UUID may lead to the registry.
    pub(super) fn is_loose_symbol(&self, id: &ObjectId) -> bool {
        matches!(id, ObjectId::Symbol(_)) && !self.own.contains_key(id)
    }
}

/// The faults found so far.
pub(super) struct Faults {
    found: Vec<Fault>,
    read: BTreeSet<RuleId>,
}

impl Faults {
    /// To be added to those of reading the request.
    pub(super) fn after(read: &[Fault]) -> Self {
        Self {
            found: read.to_vec(),
            read: read.iter().map(Fault::rule).collect(),
        }
    }

    pub(super) fn add(&mut self, rule: RuleId, location: impl Into<String>, found: impl Into<String>) {
        self.push(Fault::new(rule, location, found));
    }

    /// For rules that reading the request judges too: a second opinion is left out when it found them
    /// broken.
    pub(super) fn add_unless_read(&mut self, rule: RuleId, location: String, found: &str) {
        if !self.read.contains(&rule) {
            self.add(rule, location, found);
        }
    }

    /// The same fault at the same place counts once.
    pub(super) fn push(&mut self, fault: Fault) {
        if !self.found.contains(&fault) {
            self.found.push(fault);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Fault> {
        self.found
    }
}

/// A place in the request, in the words of the wire.
pub(super) fn at(element: &str, id: &ObjectId, attribute: &str) -> String {
    if attribute.is_empty() {
        format!("{element}[@id='{id}']")
    } else {
        format!("{element}[@id='{id}']/{attribute}")
    }
}

pub(super) const ENTRY: &str = "ExtrinsicObject";
pub(super) const PACKAGE: &str = "RegistryPackage";
pub(super) const ASSOCIATION: &str = "Association";
