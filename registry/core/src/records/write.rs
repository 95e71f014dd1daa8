//! From what is released to records and tasks.

use std::collections::BTreeSet;

use time::{Date, OffsetDateTime};
use uuid::Uuid;
use xds_model::principal::OrganisationId;
use xds_policy::basis::Basis;
use xds_policy::calendar::japan;
use xds_policy::decision::{ConsentRoute, Permit};
use xds_policy::ledger::Facts;
use xds_policy::obligations::Obligation;
use xds_policy::words::{Operation, PatientRef};

use super::disclosure::{Disclosure, Released};
use super::party::Party;
use super::record::{ConsentGiven, Entry, Item, Person, Provided, Record, Side};
use super::task::{Task, TaskKind};

/// What is written down of a disclosure.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Written {
    /// Records, of either side.
    pub entries: Vec<Entry>,
    /// What people have to do.
    pub tasks: Vec<Task>,
}

impl Written {
    /// Whether there is nothing to write down: own records, entrusted tasks.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.tasks.is_empty()
    }

    /// Adds what is written down of another disclosure, such as of the next patient of one request.
    pub fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.tasks.extend(other.tasks);
    }
}

/// What has to be written down before a disclosure leaves.
///
/// One record for each pair of author and receiver, basis and side, as far as permits oblige to one; a query gets one of
/// metadata, anything else one of documents. Nothing is left out because it stands in an earlier record.
pub fn written(facts: Facts<'_>, disclosure: &Disclosure<'_>) -> Written {
    let (Some(receiver), Some(patient)) = (disclosure.request.receiver(), &disclosure.request.patient) else {
        // Nothing is released that concerns nobody, or to nobody.
        return Written::default();
    };
    let scribe = Scribe {
        facts,
        disclosure,
        receiver: Party::at(facts.ledger, receiver, disclosure.request.at),
        patient,
    };
    let mut written = Written::default();
    for group in groups(disclosure.released) {
        scribe.records(&group, &mut written.entries);
        scribe.tasks(&group, &mut written.tasks);
    }
    written
}

/// What one author's documents go out on: the same instrument, the same duties.
struct Group<'a> {
    author: &'a OrganisationId,
    permit: &'a Permit,
    decision: Uuid,
    released: Vec<&'a Released>,
}

/// Documents by author and permit, in the order of their first. A document that is there twice counts once.
fn groups(released: &[Released]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut seen = BTreeSet::new();
    for one in released.iter().filter(|one| seen.insert(one.entry)) {
        let author = &one.document.author_org;
        let permit = &one.permit;
        match groups.iter_mut().find(|group| {
            group.author == author && group.decision == one.decision && same(group.permit, permit)
        }) {
            Some(group) => group.released.push(one),
            None => groups.push(Group {
                author,
                permit,
                decision: one.decision,
                released: vec![one],
            }),
        }
    }
    groups
}

fn same(a: &Permit, b: &Permit) -> bool {
    a.basis == b.basis
        && a.consent_model == b.consent_model
        && a.instrument == b.instrument
        && a.obligations == b.obligations
}

struct Scribe<'a> {
    facts: Facts<'a>,
    disclosure: &'a Disclosure<'a>,
    receiver: Party,
    patient: &'a PatientRef,
}

impl Scribe<'_> {
    fn at(&self) -> OffsetDateTime {
        self.disclosure.request.at
    }

    fn records(&self, group: &Group<'_>, entries: &mut Vec<Entry>) {
        let years = self.facts.ledger.policy(self.at()).record_years();
        let keep_until = years_later(self.at(), years);
        for obligation in group.permit.obligations.iter() {
            let (side, legally_required) = match *obligation {
                Obligation::ProvisionRecord { legally_required } => (Side::Provision, legally_required),
                Obligation::ReceiptRecord { legally_required } => (Side::Receipt, legally_required),
                _ => continue,
            };
            entries.push(Entry {
                record: self.record(group, side, legally_required),
                keep_until,
            });
        }
    }

    fn record(&self, group: &Group<'_>, side: Side, legally_required: bool) -> Record {
        let request = self.disclosure.request;
        let provider = Party::at(self.facts.ledger, group.author, self.at());
        let acquisition = (side == Side::Receipt).then(|| provider.acquisition(self.facts.ledger, self.at()));
        Record {
            format: Record::FORMAT,
            side,
            at: self.at(),
            date: day(self.at()),
            decision: group.decision.to_string(),
            operation: request.op,
            provided: match request.op {
                Operation::Query => Provided::LocationMetadata,
                _ => Provided::Document,
            },
            provider,
            receiver: self.receiver_of(group),
            person: self.person(group),
            basis: group.permit.basis,
            instrument: group.permit.instrument.as_ref().clone(),
            consent: self.consent(group),
            acquisition,
            legally_required,
            user: request.user.clone(),
            role: request.role.clone(),
            purpose: request.purpose,
            count: group.released.len(),
            items: group.released.iter().map(|one| item(one, side)).collect(),
        }
    }

    /// Who gets it. An order is executed by an officer of the author or the operator, for the body that issued it.
    fn receiver_of(&self, group: &Group<'_>) -> Party {
        let order = match group.permit.basis {
            Basis::Law => self.facts.patient.order(&group.permit.instrument),
            _ => None,
        };
        order.map_or_else(|| self.receiver.clone(), Party::of_order)
    }

    fn person(&self, group: &Group<'_>) -> Person {
        let sources: BTreeSet<&String> = group
            .released
            .iter()
            .filter_map(|one| one.source_patient.as_ref())
            .collect();
        Person {
            patient: self.patient.clone(),
            source_patients: sources.into_iter().cloned().collect(),
        }
    }

    fn consent(&self, group: &Group<'_>) -> Option<ConsentGiven> {
        let model = group.permit.consent_model?;
        let instrument = &group.permit.instrument;
        if model == ConsentRoute::ImpliedPush {
            // It rests on the author's notice, which its organisation's version names.
            let author = self.facts.ledger.organisation(group.author, self.at())?;
            let posted = author
                .terms
                .notices
                .iter()
                .find(|notice| notice.from <= self.at() && notice.to.is_none_or(|to| self.at() < to));
            return Some(ConsentGiven {
                id: None,
                model,
                text_hash: posted.map(|notice| notice.evidence.sha256),
            });
        }
        let consent = self.facts.patient.consent(instrument);
        let text = consent.and_then(|consent| self.facts.ledger.text_signed(&consent.terms, self.at()));
        Some(ConsentGiven {
            id: Some(instrument.id.clone()),
            model,
            text_hash: text.map(|text| text.reference().hash),
        })
    }

    /// A task for each of those who have to be told; each once, however often a session is used.
    fn tasks(&self, group: &Group<'_>, tasks: &mut Vec<Task>) {
        for obligation in group.permit.obligations.iter() {
            let Some((kind, due)) = TaskKind::of(*obligation) else {
                continue;
            };
            let task = Task {
                patient: self.patient.clone(),
                kind,
                instrument: group.permit.instrument.as_ref().clone(),
                organisation: self.concerned(kind, group),
                since: self.at(),
                due,
            };
            if !tasks.contains(&task) {
                tasks.push(task);
            }
        }
    }

    fn concerned(&self, kind: TaskKind, group: &Group<'_>) -> OrganisationId {
        let operator = || self.facts.ledger.policy(self.at()).operator.clone();
        match kind {
            TaskKind::TellAuthor => group.author.clone(),
            // Without an operator it falls to those whose user it was: somebody must be told.
            TaskKind::TellOperator | TaskKind::TellPrivacyOfficer => {
                operator().unwrap_or_else(|| self.receiver.organisation.clone())
            }
            TaskKind::TellPatient | TaskKind::Review => self.receiver.organisation.clone(),
        }
    }
}

fn item(one: &Released, side: Side) -> Item {
    Item {
        entry: one.entry,
        unique_id: one.document.id.as_ref().map(|id| id.0.clone()),
        class_code: one.document.class_code.clone(),
        type_code: one.document.type_code.clone(),
        title: one.title.clone(),
        hash: one.hash.clone(),
        acquisition: one.acquisition.clone().filter(|_| side == Side::Receipt),
    }
}

/// The day in Japan.
fn day(at: OffsetDateTime) -> String {
    at.checked_to_offset(japan()).unwrap_or(at).date().to_string()
}

/// The same moment so many years later; a leap day's is the day after.
fn years_later(at: OffsetDateTime, years: u8) -> OffsetDateTime {
    let year = at.year().saturating_add(i32::from(years));
    at.replace_year(year)
        .or_else(|_| {
            let date = Date::from_calendar_date(year, time::Month::March, 1)?;
            Ok::<_, time::error::ComponentRange>(at.replace_date(date))
        })
        // The end of time: later than anybody asks.
        .unwrap_or_else(|_| Date::MAX.midnight().assume_utc())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn years_are_counted_by_the_calendar() {
        let at = datetime!(2026-11-24 03:00 UTC);
        assert_eq!(years_later(at, 5), datetime!(2031-11-24 03:00 UTC));
        let leap = datetime!(2028-02-29 03:00 UTC);
        assert_eq!(years_later(leap, 5), datetime!(2033-03-01 03:00 UTC));
        assert_eq!(years_later(leap, 4), datetime!(2032-02-29 03:00 UTC));
        let last = Date::MAX.midnight().assume_utc();
        assert_eq!(years_later(last, 5), last);
    }

    #[test]
    fn the_day_is_that_of_japan() {
        assert_eq!(day(datetime!(2026-11-24 15:00 UTC)), "2026-11-25");
    }
}
