//! What ends by a submission: instruments whose document is replaced, and those that the patient lifts.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use uuid::Uuid;
use xds_model::document_entry::urn_uuid;
use xds_model::principal::OrganisationId;
use xds_model::submission::assigned;
use xds_model::{Fault, RuleId, Submission};
use xds_policy::instruments::acknowledgement::{Acknowledged, Acknowledgement, LiftForm, PrivacyPolicy};
use xds_policy::instruments::consent::Organisations;
use xds_policy::ledger::Ledger;
use xds_policy::version::{Draft, SealError, Terms, Version};
use xds_policy::words::PrivacyPolicyId;

use super::super::request::{ASSOCIATION, ENTRY, at};
use super::super::{Context, Permitted, PermittedEntry};
use super::entering::may_take;
use super::reading::Reading;
use super::{Standing, document_of};

/// What ends, and when.
pub(super) struct Ends<'a> {
    standing: &'a [Acknowledged],
    ledger: &'a Ledger,
    now: OffsetDateTime,
    /// By place in `standing`.
    at: BTreeMap<usize, OffsetDateTime>,
    faults: Vec<Fault>,
}

impl<'a> Ends<'a> {
    pub(super) fn new(standing: &'a Standing, context: &Context<'a>) -> Self {
        Self {
            standing: &standing.0,
            ledger: context.ledger,
            now: context.now,
            at: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    /// What rests on documents that become Deprecated. A consent ends with its document. A refusal ends when the
    /// acknowledgement begins that replaces it: a document of another kind is not the patient's word.
    pub(super) fn with_documents(
        &mut self,
        submission: &Submission<Permitted>,
        readings: &BTreeMap<Uuid, (Reading<'_>, &PermittedEntry)>,
    ) {
        for deprecated in submission.stage.checked.deprecated.keys() {
            let replaces = (submission.associations.iter())
                .find(|link| link.kind.replaces() && assigned(&link.target) == Ok(*deprecated));
            let by = replaces
                .and_then(|link| assigned(&link.source).ok())
                .and_then(|source| readings.get(&source))
                .map(|(reading, _)| reading.from().unwrap_or(self.now).max(self.now));
            let entry = urn_uuid(*deprecated);
            for place in self.resting(|document| document.entry == entry) {
                match (self.standing.get(place), by) {
                    (Some(Acknowledged::Consent(_)), _) => self.end(place, self.now),
                    (Some(Acknowledged::Refusal(_)), Some(begins)) => self.end(place, begins),
                    _ => {
                        let location = replaces
                            .map_or_else(String::new, |link| at(ASSOCIATION, &link.id, "@targetObject"));
                        self.faults
                            .push(Fault::new(RuleId::RefusalReplaced, location, entry.clone()));
                    }
                }
            }
        }
    }

    /// What the patient lifts.
    pub(super) fn lifted(&mut self, reading: &Reading<'_>, author: &OrganisationId) {
        for (id, policy) in &reading.policies {
            if let PrivacyPolicy::Lift(form) = policy {
                self.lift(reading, author, id, form);
            }
        }
    }

    fn lift(
        &mut self,
        reading: &Reading<'_>,
        author: &OrganisationId,
        id: &PrivacyPolicyId,
        form: &LiftForm,
    ) {
        let location = at(ENTRY, &reading.entry.id, "eventCodeList");
        let lifted = self.resting(|document| form.policies.contains(&document.policy));
        if lifted.is_empty() {
            let fault = Fault::warning(RuleId::NothingLifted, location, id.as_str());
            self.faults.push(fault);
            return;
        }
        let begins = reading.from().unwrap_or(self.now).max(self.now);
        for place in lifted {
            if self.may_lift(place, form, author) {
                self.end(place, begins);
            } else {
                let fault = Fault::new(RuleId::AcknowledgementTaker, location.as_str(), id.as_str());
                self.faults.push(fault);
                return;
            }
        }
    }

    /// Whoever took what is lifted may take the lift; others as the domain says.
    fn may_lift(&self, place: usize, form: &LiftForm, author: &OrganisationId) -> bool {
        let entity = |organisation: &OrganisationId| {
            let known = self.ledger.organisation(organisation, self.now);
            known.map(|organisation| &organisation.terms.entity)
        };
        let took = self.standing.get(place).and_then(document_of);
        let same = took.is_some_and(|document| {
            entity(author).is_some() && entity(author) == entity(&document.organisation)
        });
        let nobody = Organisations::Listed(Default::default());
        let takers = form.taken_by.as_ref().unwrap_or(&nobody);
        let is_member = self.ledger.member(author, self.now).is_some();
        (same && is_member) || may_take(self.ledger, takers, author, self.now)
    }

    /// What is there that has not ended and rests on such a document.
    fn resting(&self, is_meant: impl Fn(&Acknowledgement) -> bool) -> Vec<usize> {
        let standing = self.standing.iter().enumerate();
        standing
            .filter(|(_, version)| document_of(version).is_some_and(&is_meant))
            .filter(|(_, version)| ends(version).is_none_or(|ends| ends > self.now))
            .map(|(place, _)| place)
            .collect()
    }

    /// Never later than it was to end anyway.
    fn end(&mut self, place: usize, when: OffsetDateTime) {
        let agreed = self.standing.get(place).and_then(ends);
        let known = self.at.get(&place).copied();
        let earliest = [agreed, known]
            .into_iter()
            .flatten()
            .fold(when, OffsetDateTime::min);
        self.at.insert(place, earliest);
    }

    /// The versions that end what ends, with every fault.
    pub(super) fn versions(mut self, by: &str) -> (Vec<Acknowledged>, Vec<Fault>) {
        let mut versions = Vec::with_capacity(self.at.len());
        for (place, when) in &self.at {
            let ended = self.standing.get(*place).map(|version| match version {
                Acknowledged::Consent(version) => ending(version, *when, by, self.now)
                    .map(|version| Acknowledged::Consent(Box::new(version))),
                Acknowledged::Refusal(version) => ending(version, *when, by, self.now)
                    .map(|version| Acknowledged::Refusal(Box::new(version))),
            });
            match ended {
                Some(Ok(version)) => versions.push(version),
                Some(Err(_)) => self.faults.push(Fault::new(RuleId::RegistryInternal, "", "")),
                None => {}
            }
        }
        (versions, self.faults)
    }
}

fn ends(version: &Acknowledged) -> Option<OffsetDateTime> {
    match version {
        Acknowledged::Consent(version) => match (version.effective_to, version.terms.withdrawn_at) {
            (Some(to), Some(withdrawn)) => Some(to.min(withdrawn)),
            (to, withdrawn) => to.or(withdrawn),
        },
        Acknowledged::Refusal(version) => version.effective_to,
    }
}

/// The next version, which ends one: all else stays as it is.
fn ending<T: Terms>(
    version: &Version<T>,
    when: OffsetDateTime,
    by: &str,
    now: OffsetDateTime,
) -> Result<Version<T>, SealError> {
    Version::seal(Draft {
        entered_at: Some(now),
        entered_by: by.to_owned(),
        approved_by: Vec::new(),
        effective_from: version.effective_from.max(now).min(when),
        effective_to: Some(when),
        ..version.next()
    })
}
