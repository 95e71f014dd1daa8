//! What a change of instruments would give and take, before it is made.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use time::OffsetDateTime;
use xds_model::principal::OrganisationId;

use crate::basis::joint;
use crate::document::Document;
use crate::instruments::agreement::JointUseAgreement;
use crate::ledger::Ledger;
use crate::version::Version;
use crate::words::PatientRef;

/// A document of a patient. Documents without a patient are not counted.
pub type Holding<'a> = &'a Document;

/// Patients and documents.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Count {
    /// Distinct patients.
    pub patients: usize,
    /// Documents.
    pub documents: usize,
}

/// What a change does to one organisation that joint use is with, before or after.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Impact {
    /// The organisation that would get documents of the others.
    pub organisation: OrganisationId,
    /// What it gets now.
    pub before: Count,
    /// What it would get.
    pub after: Count,
    /// What it would get no more.
    pub lost: Count,
    /// What it would get newly.
    pub gained: Count,
    /// What the other users of the agreement have, of classes that the change is about, and that it would not
    /// get: their patients were told of another range of users, or not at all.
    pub uncovered: Count,
}

/// What joint use would cover after a change, and what not, for each user before or after it.
///
/// `before` and `after` hold the instruments without and with the change; `at` is when it would be in force.
/// Enrolment, consents and refusals of single patients are left out: this is about the agreements.
pub fn impact<'a>(
    before: &Ledger,
    after: &Ledger,
    documents: impl IntoIterator<Item = Holding<'a>>,
    at: OffsetDateTime,
) -> Vec<Impact> {
    let (old, new) = (in_force(before, at), in_force(after, at));
    let users: BTreeSet<&OrganisationId> = old
        .iter()
        .chain(&new)
        .flat_map(|agreement| agreement.terms.users.iter().map(|user| &user.organisation))
        .collect();
    let mut tallies: BTreeMap<&OrganisationId, [Tally<'a>; 5]> = BTreeMap::new();
    for document in documents {
        let Some(patient) = &document.patient else {
            continue;
        };
        for user in users.iter().filter(|user| **user != &document.author_org) {
            let sides = [
                covered(before, &old, user, document, at),
                covered(after, &new, user, document, at),
            ];
            let tally = tallies.entry(user).or_default();
            for (tally, counts) in tally.iter_mut().zip(kinds(sides, &new, user, document)) {
                if counts {
                    tally.note(patient);
                }
            }
        }
    }
    users
        .into_iter()
        .map(|user| report(user, tallies.remove(user).unwrap_or_default()))
        .collect()
}

/// Before, after, lost, gained, uncovered.
fn kinds(
    sides: [bool; 2],
    new: &[&Version<JointUseAgreement>],
    user: &OrganisationId,
    document: &Document,
) -> [bool; 5] {
    let [before, after] = sides;
    let meant = new.iter().any(|agreement| {
        let terms = &agreement.terms;
        terms.user(user).is_some()
            && terms.user(&document.author_org).is_some()
            && terms.item(&document.class_code, &document.type_code).is_some()
    });
    [
        before,
        after,
        before && !after,
        after && !before,
        !after && (before || meant),
    ]
}

fn in_force(ledger: &Ledger, at: OffsetDateTime) -> Vec<&Version<JointUseAgreement>> {
    ledger
        .agreements()
        .iter()
        .filter_map(|history| history.in_force(at))
        .collect()
}

fn covered(
    ledger: &Ledger,
    agreements: &[&Version<JointUseAgreement>],
    user: &OrganisationId,
    document: &Document,
    at: OffsetDateTime,
) -> bool {
    agreements
        .iter()
        .any(|agreement| joint::would_cover(ledger, agreement, user, document, at))
}

#[derive(Default)]
struct Tally<'a> {
    patients: BTreeSet<&'a PatientRef>,
    documents: usize,
}

impl<'a> Tally<'a> {
    fn note(&mut self, patient: &'a PatientRef) {
        self.patients.insert(patient);
        self.documents = self.documents.saturating_add(1);
    }

    fn count(&self) -> Count {
        Count {
            patients: self.patients.len(),
            documents: self.documents,
        }
    }
}

fn report(organisation: &OrganisationId, tallies: [Tally<'_>; 5]) -> Impact {
    let [before, after, lost, gained, uncovered] = tallies.map(|tally| tally.count());
    Impact {
        organisation: organisation.clone(),
        before,
        after,
        lost,
        gained,
        uncovered,
    }
}
