//! What was found to what is answered: policy first, then the query's shape, then limits.

use std::collections::{BTreeSet, HashSet};

use uuid::Uuid;
use xds_model::query::ReturnType;
use xds_model::{AssociationType, Fault, PatientId, RuleId};

use crate::object::{Current, ObjectKind};
use crate::plan::{Plan, Search};
use crate::view::{Released, Shown, Surroundings, Viewer};

/// What the store found for a plan, in any order.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// DocumentEntries that may be known of: each was decided on as it was read.
    pub entries: Vec<Entry>,
    /// SubmissionSets.
    pub sets: Vec<Candidate>,
    /// Folders.
    pub folders: Vec<Candidate>,
    /// Associations.
    pub associations: Vec<Link>,
    /// What they touch.
    pub surroundings: Surroundings,
    /// Whether there are more packages or associations than were read.
    pub cut: bool,
    /// Entries that the store left out at once, because the viewer may not know of them.
    pub withheld: LeftOut,
}

/// Objects that were left out by policy, for the audit only: which, and why, up to a bound, and how many in all.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LeftOut {
    named: Vec<(Uuid, &'static str)>,
    count: usize,
}

impl LeftOut {
    /// So many are named; of those beyond there is the number.
    pub const NAMED_MAX: usize = 1_000;

    /// The reason of an object that is no document: it touches or holds one that is left out, or is of nobody whom the
    /// viewer may know.
    pub const TOUCHES: &str = "touches-withheld";

    /// One more. `reason` is a fixed word.
    pub fn add(&mut self, id: Uuid, reason: &'static str) {
        self.count += 1;
        if self.named.len() < Self::NAMED_MAX {
            self.named.push((id, reason));
        }
    }

    /// The first of them, with the reasons.
    pub fn named(&self) -> &[(Uuid, &'static str)] {
        &self.named
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many are not among the [`named`](Self::named).
    pub fn rest(&self) -> usize {
        self.count.saturating_sub(self.named.len())
    }
}

/// A DocumentEntry that was found and may be known of.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What was found.
    pub candidate: Candidate,
    /// Why it may be known of.
    pub released: Released,
}

/// A DocumentEntry, SubmissionSet or Folder that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Candidate {
    /// entryUUID.
    pub id: Uuid,
    /// creationTime, submissionTime or lastUpdateTime as a number of 14 digits: the newest comes first.
    pub time: Option<i64>,
    /// What may have changed since registration.
    pub current: Current,
    /// The encoded object; empty when only ids are wanted.
    pub body: Vec<u8>,
}

/// An Association that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    /// Its id.
    pub id: Uuid,
    /// What it links, and how.
    pub ends: Ends,
    /// What may have changed since registration.
    pub current: Current,
    /// The encoded object; empty when only ids are wanted.
    pub body: Vec<u8>,
}

/// What an Association links, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ends {
    /// Its type.
    pub kind: AssociationType,
    /// sourceObject.
    pub source: Uuid,
    /// targetObject.
    pub target: Uuid,
}

/// An answer, ready to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Whole objects or ids.
    pub return_type: ReturnType,
    /// SubmissionSets, DocumentEntries, Folders, Associations, in this order, the newest first.
    pub objects: Vec<AnswerObject>,
    /// For each DocumentEntry in it why it may be known of, by entryUUID: for the audit, and for what else is written of
    /// an answer.
    pub released: Vec<(Uuid, Released)>,
    /// What was left out by policy, for the audit only.
    pub withheld: LeftOut,
}

/// One object of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AnswerObject {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its id.
    pub id: Uuid,
    /// What an Association links.
    pub ends: Option<Ends>,
    /// What may have changed since registration.
    pub current: Current,
    /// The encoded object; empty when only ids are wanted.
    pub body: Vec<u8>,
}

/// Makes the answer of what was found.
///
/// # Errors
/// When it is about more than one patient where that is not allowed, or has more objects than the limit.
pub fn answer(plan: &Plan, candidates: Candidates, viewer: &Viewer<'_>) -> Result<Answer, Fault> {
    let cut = candidates.cut;
    let mut seen = Seen::of(candidates, viewer);
    seen.shape(&plan.search);
    seen.sort();
    if plan.return_type == ReturnType::LeafClass && is_single_patient(&plan.search) {
        seen.one_patient()?;
    }
    // What was not read could have been shown: an answer is complete or there is none.
    if cut || seen.count() > plan.objects_max {
        return Err(Fault::new(
            RuleId::TooManyResults,
            "AdhocQuery",
            format!("more than {} objects", plan.objects_max),
        ));
    }
    Ok(seen.into_answer(plan.return_type))
}

/// ITI TF-2 3.18.4.1.3, footnotes: the queries without a patient id, except GetAssociations.
fn is_single_patient(search: &Search) -> bool {
    match search {
        Search::EntriesById(_)
        | Search::EntriesAndAssociations(_)
        | Search::SetsHolding(_)
        | Search::SetContents(..) => true,
        Search::Entries(_) | Search::Sets(_) | Search::All(_) | Search::Associations(_) => false,
    }
}

/// What the viewer may know of.
struct Seen {
    entries: Vec<Entry>,
    sets: Vec<Candidate>,
    folders: Vec<Candidate>,
    associations: Vec<Link>,
    withheld: LeftOut,
}

impl Seen {
    fn of(candidates: Candidates, viewer: &Viewer<'_>) -> Self {
        let Candidates {
            entries,
            sets,
            folders,
            associations,
            surroundings,
            cut: _,
            mut withheld,
        } = candidates;
        let released = entries.iter().map(|entry| entry.candidate.id);
        let shown = Shown::of(surroundings, viewer, released);
        let mut kept = |id: Uuid, shown: bool| {
            if !shown {
                withheld.add(id, LeftOut::TOUCHES);
            }
            shown
        };
        let sets = (sets.into_iter())
            .filter(|set| kept(set.id, shown.shows(set.id)))
            .collect();
        let folders = (folders.into_iter())
            .filter(|folder| kept(folder.id, shown.shows(folder.id)))
            .collect();
        let associations = (associations.into_iter())
            .filter(|link| kept(link.id, shown.shows(link.ends.source) && shown.shows(link.ends.target)))
            .collect();
        Self {
            entries,
            sets,
            folders,
            associations,
            withheld,
        }
    }

    fn count(&self) -> usize {
        self.entries.len() + self.sets.len() + self.folders.len() + self.associations.len()
    }

    fn object_ids(&self) -> HashSet<Uuid> {
        let packages = self.sets.iter().chain(&self.folders).map(|package| package.id);
        self.entries
            .iter()
            .map(|entry| entry.candidate.id)
            .chain(packages)
            .collect()
    }

    /// Leaves out what the query does not answer with.
    fn shape(&mut self, search: &Search) {
        match search {
            Search::Entries(_) | Search::Sets(_) | Search::EntriesById(_) | Search::Associations(_) => {}
            Search::All(_) | Search::EntriesAndAssociations(_) => self.keep_touching(),
            Search::SetsHolding(_) => {
                let sets: HashSet<Uuid> = self.sets.iter().map(|set| set.id).collect();
                self.associations.retain(|link| sets.contains(&link.ends.source));
            }
            Search::SetContents(..) if self.sets.is_empty() => {
                self.entries.clear();
                self.folders.clear();
                self.associations.clear();
            }
            Search::SetContents(..) => self.keep_within(),
        }
    }

    /// Associations with an end in the answer, or that end at such an association.
    fn keep_touching(&mut self) {
        let objects = self.object_ids();
        let touches =
            |link: &Link| objects.contains(&link.ends.source) || objects.contains(&link.ends.target);
        let touching: HashSet<Uuid> = (self.associations.iter())
            .filter(|link| touches(link))
            .map(|link| link.id)
            .collect();
        self.associations
            .retain(|link| touching.contains(&link.id) || touching.contains(&link.ends.target));
    }

    /// Associations with both ends in the answer; then those that end at one of these.
    fn keep_within(&mut self) {
        let mut inside = self.object_ids();
        let between: Vec<Uuid> = (self.associations.iter())
            .filter(|link| inside.contains(&link.ends.source) && inside.contains(&link.ends.target))
            .map(|link| link.id)
            .collect();
        inside.extend(between);
        self.associations
            .retain(|link| inside.contains(&link.ends.source) && inside.contains(&link.ends.target));
    }

    /// The newest first; among equals by id, so that the same question has the same answer.
    fn sort(&mut self) {
        let newest = |a: &Candidate, b: &Candidate| b.time.cmp(&a.time).then(a.id.cmp(&b.id));
        self.entries.sort_by(|a, b| newest(&a.candidate, &b.candidate));
        self.sets.sort_by(newest);
        self.folders.sort_by(newest);
        self.associations.sort_by_key(|link| link.id);
    }

    fn one_patient(&self) -> Result<(), Fault> {
        let packages = self.sets.iter().chain(&self.folders);
        let objects = self.entries.iter().map(|entry| &entry.candidate).chain(packages);
        let patients: BTreeSet<Option<&PatientId>> =
            objects.map(|object| object.current.patient.as_ref()).collect();
        if patients.len() > 1 {
            Err(Fault::new(RuleId::ManyPatients, "AdhocQuery", ""))
        } else {
            Ok(())
        }
    }

    fn into_answer(self, return_type: ReturnType) -> Answer {
        let (entries, released): (Vec<Candidate>, Vec<(Uuid, Released)>) = (self.entries.into_iter())
            .map(|entry| {
                let id = entry.candidate.id;
                (entry.candidate, (id, entry.released))
            })
            .unzip();
        let objects = (self.sets.into_iter())
            .map(|set| object(ObjectKind::SubmissionSet, set))
            .chain((entries.into_iter()).map(|entry| object(ObjectKind::DocumentEntry, entry)))
            .chain(
                self.folders
                    .into_iter()
                    .map(|folder| object(ObjectKind::Folder, folder)),
            )
            .chain(self.associations.into_iter().map(|link| AnswerObject {
                kind: ObjectKind::Association,
                id: link.id,
                ends: Some(link.ends),
                current: link.current,
                body: link.body,
            }))
            .collect();
        Answer {
            return_type,
            objects,
            released,
            withheld: self.withheld,
        }
    }
}

fn object(kind: ObjectKind, candidate: Candidate) -> AnswerObject {
    AnswerObject {
        kind,
        id: candidate.id,
        ends: None,
        current: candidate.current,
        body: candidate.body,
    }
}
