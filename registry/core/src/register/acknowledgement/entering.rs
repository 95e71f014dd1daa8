//! From a permitted submission to versions of instruments.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use uuid::Uuid;
use xds_model::document_entry::urn_uuid;
use xds_model::principal::OrganisationId;
use xds_model::submission::assigned;
use xds_model::{Fault, Principal, RuleId, Submission};
use xds_policy::instruments::acknowledgement::{
    Acknowledged, Acknowledgement, ConsentForm, PrivacyPolicy, RefusalForm,
};
use xds_policy::instruments::consent::{Consent, Organisations};
use xds_policy::instruments::refusal::Refusal;
use xds_policy::ledger::Ledger;
use xds_policy::version::{Draft, Evidence, SealError, Terms, Version};
use xds_policy::words::{DocumentId, InstrumentId, PatientRef, PrivacyPolicyId};

use super::super::request::{ENTRY, at};
use super::super::{Context, Permitted, PermittedEntry, Refusal as TurnedDown};
use super::check::text_of;
use super::ends::Ends;
use super::reading::Reading;
use super::{Entered, Standing};

/// What a permitted submission does to instruments.
///
/// # Errors
/// Every acknowledgement that comes from an organisation that may not take it, and every refusal that would end
/// without the patient's word.
pub(in crate::register) fn enter(
    submission: &Submission<Permitted>,
    standing: &Standing,
    context: &Context<'_>,
) -> Result<Entered, TurnedDown> {
    let mut work = Entering {
        ledger: context.ledger,
        now: context.now,
        by: described(context.principal),
        versions: Vec::new(),
        faults: Vec::new(),
    };
    let mut ends = Ends::new(standing, context);
    let entries = submission.entries.iter().zip(&submission.stage.entries);
    let readings: BTreeMap<Uuid, (Reading<'_>, &PermittedEntry)> = entries
        .filter(|(entry, _)| entry.is_acknowledgement())
        .filter_map(|(entry, permitted)| {
            let reading = Reading::of(entry, context.ledger, context.now);
            Some((assigned(&entry.id).ok()?, (reading, permitted)))
        })
        .collect();
    ends.with_documents(submission, &readings);
    for (reading, permitted) in readings.values() {
        work.document(reading, permitted);
        ends.lifted(reading, &OrganisationId(permitted.organisation.clone()));
    }
    let (mut versions, mut faults) = ends.versions(&work.by);
    versions.append(&mut work.versions);
    faults.append(&mut work.faults);
    if xds_model::fault::any_error(&faults) {
        return Err(TurnedDown {
            faults,
            denials: Vec::new(),
        });
    }
    Ok(Entered {
        change: context.ids.ordered(),
        by: work.by,
        versions,
        warnings: faults,
    })
}

/// Who enters it, in words that name no patient.
fn described(principal: &Principal) -> String {
    let node = principal.node();
    let user = principal.user().map(|user| format!(", user {}", user.id));
    let user = user.unwrap_or_default();
    format!("node {} of {}{user}", node.name.0, node.organisation.0)
}

struct Entering<'a> {
    ledger: &'a Ledger,
    now: OffsetDateTime,
    by: String,
    versions: Vec<Acknowledged>,
    faults: Vec<Fault>,
}

impl Entering<'_> {
    fn document(&mut self, reading: &Reading<'_>, permitted: &PermittedEntry) {
        // A refusal for a time that is over refuses nothing; a consent for such a time was turned down.
        if reading.is_over(self.now) {
            return;
        }
        let author = OrganisationId(permitted.organisation.clone());
        for (number, (id, policy)) in reading.policies.iter().enumerate() {
            let source = Source {
                number: number.saturating_add(1),
                policy: id,
                author: &author,
            };
            let entered = match policy {
                PrivacyPolicy::Consent(form) => self.consent(reading, form, &source),
                PrivacyPolicy::Refusal(form) => Some(self.refusal(reading, form, &source)),
                PrivacyPolicy::Lift(_) => None,
            };
            match entered {
                Some(Ok(version)) => self.versions.push(version),
                Some(Err(_)) => self.fault(RuleId::RegistryInternal, reading, ""),
                None => {}
            }
        }
    }

    fn consent(
        &mut self,
        reading: &Reading<'_>,
        form: &ConsentForm,
        source: &Source<'_>,
    ) -> Option<Result<Acknowledged, SealError>> {
        let providers = form.providers.of(source.author);
        let takers = form.taken_by.as_ref().unwrap_or(&providers);
        if !may_take(self.ledger, takers, source.author, self.now) {
            self.fault(RuleId::AcknowledgementTaker, reading, source.policy.as_str());
            return None;
        }
        let signed_at = reading.signed_at(self.now);
        let Some(text) = text_of(form, self.ledger, signed_at, self.now) else {
            self.fault(RuleId::AcknowledgementText, reading, source.policy.as_str());
            return None;
        };
        let terms = Consent {
            patient: patient(reading),
            model: form.model,
            given_by: form.given_by.clone(),
            method: reading.method(),
            signed_at,
            recorder: self.by.clone(),
            text: Some(text),
            providers,
            requesters: form.requesters.clone(),
            persons: Default::default(),
            classes: form.classes.clone(),
            restricted: form.restricted,
            very_restricted: form.very_restricted,
            sensitivities: form.sensitivities.clone(),
            purposes: form.purposes.clone(),
            encounter: None,
            withdrawn_at: None,
            acknowledgement: Some(self.acknowledgement(reading, source)),
        };
        Some(
            self.first(reading, source, terms)
                .map(|version| Acknowledged::Consent(Box::new(version))),
        )
    }

    fn refusal(
        &self,
        reading: &Reading<'_>,
        form: &RefusalForm,
        source: &Source<'_>,
    ) -> Result<Acknowledged, SealError> {
        let terms = Refusal {
            patient: patient(reading),
            level: form.level.of(source.author),
            includes_emergency: form.includes_emergency,
            given_by: form.given_by.clone(),
            acknowledgement: Some(self.acknowledgement(reading, source)),
        };
        self.first(reading, source, terms)
            .map(|version| Acknowledged::Refusal(Box::new(version)))
    }

    fn acknowledgement(&self, reading: &Reading<'_>, source: &Source<'_>) -> Acknowledgement {
        let entry = reading.entry;
        Acknowledgement {
            policy: source.policy.clone(),
            domain_policy: self.ledger.policy_version(self.now).unwrap_or_default(),
            document: DocumentId::from(entry.unique_id.as_str()),
            repository: repository(reading),
            entry: entry_of(reading),
            organisation: source.author.clone(),
        }
    }

    /// The first version of an instrument: it holds from when the patient says, and is known from now.
    fn first<T: Terms>(
        &self,
        reading: &Reading<'_>,
        source: &Source<'_>,
        terms: T,
    ) -> Result<Version<T>, SealError> {
        let from = reading.from().unwrap_or(self.now);
        let document = reading.entry.unique_id.as_str();
        let evidence = reading
            .sha256()
            .map(|sha256| Evidence::in_repository(&repository(reading), document, sha256));
        Version::seal(Draft {
            id: InstrumentId(instrument_id(reading, source.number)),
            version: 1,
            entered_at: Some(self.now),
            entered_by: self.by.clone(),
            approved_by: Vec::new(),
            effective_from: from,
            effective_to: reading.to(),
            evidence,
            evidence_found: None,
            terms,
            hash: None,
        })
    }

    fn fault(&mut self, rule: RuleId, reading: &Reading<'_>, found: &str) {
        let location = at(ENTRY, &reading.entry.id, "author");
        self.faults.push(Fault::new(rule, location, found));
    }
}

/// Which of the policies of a document it is, and whom the document comes from.
struct Source<'a> {
    number: usize,
    policy: &'a PrivacyPolicyId,
    author: &'a OrganisationId,
}

/// Whether an organisation takes part, and is one of those or the operator.
pub(super) fn may_take(
    ledger: &Ledger,
    takers: &Organisations,
    organisation: &OrganisationId,
    now: OffsetDateTime,
) -> bool {
    let operates = ledger.policy(now).operator.as_ref() == Some(organisation);
    let listed = takers.contains(&InstrumentId(organisation.0.clone()));
    ledger.member(organisation, now).is_some() && (operates || listed)
}

fn patient(reading: &Reading<'_>) -> PatientRef {
    let patient = reading.entry.patient_id.as_ref();
    PatientRef(patient.map_or_else(String::new, ToString::to_string))
}

fn repository(reading: &Reading<'_>) -> String {
    let repository = reading.entry.repository_unique_id.as_ref();
    repository.map_or_else(String::new, ToString::to_string)
}

/// The entry that an instrument rests on.
fn entry_of(reading: &Reading<'_>) -> String {
    assigned(&reading.entry.id).map_or_else(|_| String::new(), urn_uuid)
}

/// A fresh id: entryUUIDs are used once.
fn instrument_id(reading: &Reading<'_>, number: usize) -> String {
    let entry = assigned(&reading.entry.id).unwrap_or_default();
    format!("ack-{entry}-{number}")
}
