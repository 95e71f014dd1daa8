//! What a requester may know of: policy applied to objects.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use time::OffsetDateTime;
use uuid::Uuid;
use xds_model::Principal;
use xds_model::principal::OrganisationId;
use xds_policy::decision::{Decision, Denial, DenyCode, Permit};
use xds_policy::document::Document;
use xds_policy::engine::{Prepared, prepare};
use xds_policy::ledger::{Facts, Ledger};
use xds_policy::reasons::Reason;
use xds_policy::request::Request;
use xds_policy::words::Operation;

use crate::asking::requests;
use crate::persons::{Person, Persons};
pub use crate::policy_facts::PolicyFacts;

/// One requester, with what its requests are decided by as far as no patient matters.
#[derive(Clone, Debug)]
pub struct Viewer<'a> {
    requests: Vec<Request>,
    ledger: &'a Ledger,
}

impl<'a> Viewer<'a> {
    /// Who looks, through ITI-18.
    pub fn new(principal: &Principal, ledger: &'a Ledger, at: OffsetDateTime) -> Self {
        Self::of(principal, Operation::Query, ledger, at)
    }

    /// Who opens documents, through ITI-43.
    pub fn retrieving(principal: &Principal, ledger: &'a Ledger, at: OffsetDateTime) -> Self {
        Self::of(principal, Operation::Retrieve, ledger, at)
    }

    /// Who publishes, through ITI-42.
    pub fn publishing(principal: &Principal, ledger: &'a Ledger, at: OffsetDateTime) -> Self {
        Self::of(principal, Operation::Register, ledger, at)
    }

    fn of(principal: &Principal, op: Operation, ledger: &'a Ledger, at: OffsetDateTime) -> Self {
        Self {
            requests: requests(principal, op, at),
            ledger,
        }
    }

    /// Who asked in the past, with these requests.
    pub(crate) fn again(requests: Vec<Request>, ledger: &'a Ledger) -> Self {
        Self { requests, ledger }
    }

    /// What is asked, without a patient: one for each combination of the user's roles and purposes, at least one.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// Decides about these people's objects.
    pub fn judge<'b>(&'b self, persons: &'b Persons) -> Judge<'b> {
        let people = persons.people().iter();
        Judge {
            viewer: self,
            prepared: people.map(|_| OnceLock::new()).collect(),
            persons,
        }
    }

    fn prepare<'b>(&'b self, person: &'b Person) -> Vec<Prepared<'b>> {
        let facts = Facts {
            ledger: self.ledger,
            patient: person.instruments(),
        };
        let requests = self.requests.iter();
        requests
            .map(|request| {
                let of_person = Request {
                    patient: Some(person.patient().clone()),
                    ..request.clone()
                };
                prepare(facts, &of_person)
            })
            .collect()
    }
}

/// One requester before the objects of certain people.
#[derive(Debug)]
pub struct Judge<'a> {
    viewer: &'a Viewer<'a>,
    persons: &'a Persons,
    /// One for each request, by person.
    prepared: Vec<OnceLock<Vec<Prepared<'a>>>>,
}

/// A document that may be known of, or handed out, with what it was decided on and what that rests on. The policy
/// request is the viewer's, with the patient of this document.
#[derive(Clone, Debug, PartialEq)]
pub struct Released {
    /// What it was decided on; its patient is the surviving one.
    pub document: Document,
    /// What the permit rests on: of several combinations of role and purpose the first one's.
    pub permit: Permit,
    /// The keys of its patient at this moment: under these the instruments were entered that it was decided by.
    pub person: Arc<[Uuid]>,
}

impl<'a> Judge<'a> {
    /// The decision about a document: a permit only if it is permitted to every combination of role and purpose, and
    /// then the first one's.
    ///
    /// # Errors
    /// Why there is none. A document of a person who is not known here is not permitted.
    pub fn release(&self, facts: PolicyFacts) -> Result<Released, Denial> {
        let permit = self.permit(&facts)?;
        let mut document = facts.document;
        let place = self.persons.place(facts.stored_under);
        let person = place.and_then(|place| self.persons.people().get(place));
        document.patient = person.map(|person| person.patient().clone());
        Ok(Released {
            document,
            permit,
            person: person.map(|person| Arc::clone(person.keys())).unwrap_or_default(),
        })
    }

    /// The same, as far as the decision goes.
    ///
    /// # Errors
    /// Why there is none.
    pub fn permit(&self, facts: &PolicyFacts) -> Result<Permit, Denial> {
        let prepared = self.prepared(facts.stored_under).ok_or_else(nobody)?;
        let mut first = None;
        for one in prepared {
            match one.decide(&facts.document) {
                Decision::Permit(permit) => first = first.or(Some(permit)),
                Decision::Deny(denial) => return Err(denial),
            }
        }
        first.ok_or_else(nobody)
    }

    /// Whether what an organisation registered, and what is stored under this key, is the requester's own record: for
    /// SubmissionSets and Folders, which have no class to decide on.
    pub fn owns(&self, organisation: &str, stored_under: Uuid) -> bool {
        let organisation = OrganisationId(organisation.to_owned());
        self.prepared(stored_under).is_some_and(|prepared| {
            !prepared.is_empty() && prepared.iter().all(|one| one.owns(&organisation))
        })
    }

    fn prepared(&self, stored_under: Uuid) -> Option<&[Prepared<'a>]> {
        let place = self.persons.place(stored_under)?;
        let person = self.persons.people().get(place)?;
        let prepared = self.prepared.get(place)?;
        Some(prepared.get_or_init(|| self.viewer.prepare(person)).as_slice())
    }
}

/// Refusals could not be looked up.
fn nobody() -> Denial {
    Denial {
        code: DenyCode::Patient,
        reason: Some(Reason::PatientMissing),
        why: Vec::new(),
    }
}

/// What objects touch: loaded beside the candidates, so that what touches a withheld document is
/// withheld too. What is not in here is withheld.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Documents at the ends of associations and in packages.
    pub documents: HashMap<Uuid, PolicyFacts>,
    /// SubmissionSets and Folders among the candidates and at the ends of associations.
    pub packages: HashMap<Uuid, Package>,
    /// Associations that associations end at.
    pub links: HashMap<Uuid, (Uuid, Uuid)>,
    /// Whose they are.
    pub persons: Persons,
}

/// A SubmissionSet or Folder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Package {
    /// The organisation that registered it.
    pub organisation: String,
    /// The key that it is stored under.
    pub stored_under: Uuid,
    /// The documents that it holds.
    pub documents: Vec<Uuid>,
}

/// What of its surroundings a requester may know of.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    objects: HashSet<Uuid>,
    links: HashMap<Uuid, (Uuid, Uuid)>,
}

impl Shown {
    /// Decides everything once. `released` are documents that were permitted already.
    pub(crate) fn of(
        surroundings: Surroundings,
        viewer: &Viewer<'_>,
        released: impl Iterator<Item = Uuid>,
    ) -> Self {
        let Surroundings {
            documents,
            packages,
            links,
            persons,
        } = surroundings;
        let judge = viewer.judge(&persons);
        let mut objects: HashSet<Uuid> = released.collect();
        for (id, facts) in &documents {
            if !objects.contains(id) && judge.permit(facts).is_ok() {
                objects.insert(*id);
            }
        }
        let packages: Vec<Uuid> = packages
            .iter()
            .filter(|(_, package)| package.shows(&judge, &objects))
            .map(|(id, _)| *id)
            .collect();
        objects.extend(packages);
        Self { objects, links }
    }

    /// Whether the requester may know of the object with this id. Of a link it may if it may know of both ends: a
    /// folder or a document, never a third association.
    pub(crate) fn shows(&self, id: Uuid) -> bool {
        self.objects.contains(&id)
            || (self.links.get(&id)).is_some_and(|(source, target)| {
                self.objects.contains(source) && self.objects.contains(target)
            })
    }
}

impl Package {
    /// A package has no class to decide on. It shows when every document in it does and it is the requester's own
    /// record or holds at least one: then it tells nothing that the documents do not.
    fn shows(&self, judge: &Judge<'_>, shown: &HashSet<Uuid>) -> bool {
        let all = self.documents.iter().all(|document| shown.contains(document));
        all && (!self.documents.is_empty() || judge.owns(&self.organisation, self.stored_under))
    }
}
