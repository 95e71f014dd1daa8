//! Consent 同意: provision to a third party that the patient agreed to.
//!
//! Three ways: given beforehand for a scope (SCOPED), at a visit to query others (ON_QUERY), or implied by
//! the posted notice for a push to a named recipient (IMPLIED_PUSH).

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::{Grant, Miss, Nearest};
use crate::confidentiality;
use crate::decision::ConsentRoute;
use crate::document::Document;
use crate::engine::{Author, Context};
use crate::instruments::consent::{Consent, ConsentModel, EncounterKind, Organisations};
use crate::instruments::organisation::{AppiStatus, Organisation};
use crate::ledger::{PatientInstruments, takes_part};
use crate::obligations::{self, Obligation};
use crate::reasons::Reason;
use crate::request::Capacity;
use crate::version::Version;
use crate::words::{Operation, Purpose};

#[derive(Debug)]
pub(crate) struct ConsentSide<'a> {
    missed: Option<Reason>,
    candidates: Vec<&'a Version<Consent>>,
    nearest: Nearest,
    obligations: Arc<[Obligation]>,
}

impl<'a> ConsentSide<'a> {
    pub(crate) fn new(context: &Context<'a>, patient: &'a PatientInstruments) -> Self {
        let status = context
            .receiver
            .map_or(AppiStatus::Private, |receiver| receiver.terms.appi_status);
        let mut side = Self {
            missed: of_request(context).err(),
            candidates: Vec::new(),
            nearest: Nearest::default(),
            obligations: obligations::consent(context.request.op, status),
        };
        if side.missed.is_some() {
            return side;
        }
        for consent in known(context, patient) {
            match usable(context, consent) {
                Ok(()) => side.candidates.push(consent),
                Err((passed, reason)) => {
                    side.nearest
                        .note(passed, || Miss::of(reason, consent.reference()));
                }
            }
        }
        side
    }

    pub(crate) fn decide(
        &self,
        context: &Context<'_>,
        document: &Document,
        author: &Author<'_>,
    ) -> Result<Grant, Miss> {
        self.missed.map_or(Ok(()), Err)?;
        let (instrument, route) = match self.covering(context, document, author) {
            Ok(consent) => (consent.reference(), route(consent)),
            Err(miss) => {
                implied(context, document, author).map_err(|reason| match reason {
                    Some(reason) if miss.instrument.is_none() => reason.into(),
                    _ => miss,
                })?;
                (author.organisation.reference(), ConsentRoute::ImpliedPush)
            }
        };
        if let Some(refusal) = context.refusals.of(document) {
            return Err(refusal);
        }
        Ok(Grant {
            instrument: Arc::clone(instrument),
            obligations: Arc::clone(&self.obligations),
            route: Some(route),
        })
    }

    /// The first consent that covers a document.
    fn covering(
        &self,
        context: &Context<'_>,
        document: &Document,
        author: &Author<'_>,
    ) -> Result<&'a Version<Consent>, Miss> {
        let mut nearest: Option<(u8, Reason, &Version<Consent>)> = None;
        for consent in &self.candidates {
            match covers(context, consent, document, author) {
                Ok(()) => return Ok(consent),
                Err((passed, reason)) => {
                    if nearest.as_ref().is_none_or(|(most, ..)| passed > *most) {
                        nearest = Some((passed, reason, consent));
                    }
                }
            }
        }
        Err(match nearest {
            Some((_, reason, consent)) => Miss::of(reason, consent.reference()),
            None => self.nearest.clone().or(Reason::NoConsent),
        })
    }
}

fn route(consent: &Version<Consent>) -> ConsentRoute {
    match consent.terms.model {
        ConsentModel::OnQuery => ConsentRoute::OnQuery,
        ConsentModel::Scoped | ConsentModel::Enrolment => ConsentRoute::Scoped,
    }
}

fn of_request(context: &Context<'_>) -> Result<(), Reason> {
    if !context.request.op.discloses() {
        return Err(Reason::OperationNotCovered);
    }
    if context.request.capacity != Capacity::Itself {
        return Err(Reason::CapacityNotSelf);
    }
    Ok(())
}

/// The patient's consents as they were known, enrolments left out.
fn known<'a>(
    context: &Context<'a>,
    patient: &'a PatientInstruments,
) -> impl Iterator<Item = &'a Version<Consent>> {
    of_patient(context, patient).filter(|consent| consent.terms.model != ConsentModel::Enrolment)
}

fn of_patient<'a>(
    context: &Context<'a>,
    patient: &'a PatientInstruments,
) -> impl Iterator<Item = &'a Version<Consent>> {
    let (at, asked) = (context.at, context.request.patient.as_ref());
    patient
        .consents()
        .filter_map(move |history| history.at(at))
        .filter(move |consent| Some(&consent.terms.patient) == asked)
}

/// What can be said of a consent before a document is looked at, with the number of checks passed.
fn usable(context: &Context<'_>, consent: &Version<Consent>) -> Result<(), (u8, Reason)> {
    let terms = &consent.terms;
    if terms.model == ConsentModel::OnQuery && !context.request.op.pulls() {
        return Err((0, Reason::ConsentKind));
    }
    valid(context, consent)?;
    let user = context.request.receiving_user();
    if !terms.persons.is_empty() && !user.is_some_and(|user| terms.persons.contains(user)) {
        return Err((20, Reason::C3));
    }
    let purpose = context.request.purpose;
    if !purpose.is_some_and(|purpose| terms.purposes.contains(&purpose)) {
        return Err((21, Reason::C3));
    }
    if terms.model == ConsentModel::OnQuery {
        on_query(context, &consent.terms)?;
    }
    Ok(())
}

/// C1, C2, C4 to C6, and C3 and C7 for the requester: what every consent needs, an enrolment too.
fn valid(context: &Context<'_>, consent: &Version<Consent>) -> Result<(), (u8, Reason)> {
    let (at, terms) = (context.at, &consent.terms);
    let receiver = context.receiver.ok_or((1, Reason::C3))?;
    member(context, consent, &terms.requesters, receiver).map_err(|reason| (1, reason))?;
    if terms.withdrawn(at) {
        return Err((2, Reason::C1));
    }
    if !consent.in_force(at) {
        return Err((3, Reason::C2));
    }
    if !context.ledger.text_holds(terms, at) {
        return Err((4, Reason::C4));
    }
    if !Consent::proved(consent) {
        return Err((5, Reason::C5));
    }
    if !terms.authority_holds(at) {
        return Err((6, Reason::C6));
    }
    Ok(())
}

/// C3 and C7: an organisation is in a set; one that joined after the consent only if the text said so, and
/// once patients were told. A list names who it means: who joins later is not in it.
fn member(
    context: &Context<'_>,
    consent: &Version<Consent>,
    set: &Organisations,
    organisation: &Version<Organisation>,
) -> Result<(), Reason> {
    if !set.contains(&organisation.id) {
        return Err(Reason::C3);
    }
    let terms = &organisation.terms;
    if set.by_name() || terms.joined <= consent.terms.signed_at {
        return Ok(());
    }
    let said = context
        .ledger
        .text_signed(&consent.terms, context.at)
        .is_some_and(|text| text.terms.includes_later_members);
    let told = terms
        .joining_notified
        .is_some_and(|notified| notified <= context.at);
    if said && told { Ok(()) } else { Err(Reason::C7) }
}

/// The common rule is adopted, and the visit that it was given at is not over.
fn on_query(context: &Context<'_>, consent: &Consent) -> Result<(), (u8, Reason)> {
    if !context.policy.on_query_adopted(context.at) {
        return Err((22, Reason::OnQueryNotAdopted));
    }
    let during = consent.encounter.as_ref().is_some_and(|visit| {
        let same = context
            .request
            .encounter
            .as_ref()
            .is_none_or(|asked| *asked == visit.id);
        let limit = match visit.kind {
            EncounterKind::Outpatient | EncounterKind::Home => {
                Duration::hours(i64::from(context.policy.on_query_hours))
            }
            EncounterKind::Inpatient => Duration::days(i64::from(context.policy.on_query_inpatient_days)),
        };
        let discharged = visit.kind == EncounterKind::Inpatient && over(visit.ended, context.at);
        let last = consent.signed_at.saturating_add(limit);
        same && !discharged && consent.signed_at <= context.at && context.at < last
    });
    if during {
        Ok(())
    } else {
        Err((23, Reason::VisitOver))
    }
}

fn over(ended: Option<OffsetDateTime>, at: OffsetDateTime) -> bool {
    ended.is_some_and(|ended| ended <= at)
}

/// What is left for a document.
fn covers(
    context: &Context<'_>,
    consent: &Version<Consent>,
    document: &Document,
    author: &Author<'_>,
) -> Result<(), (u8, Reason)> {
    let terms = &consent.terms;
    member(context, consent, &terms.providers, author.organisation).map_err(|reason| (30, reason))?;
    if !terms.classes.contains(&document.class_code) {
        return Err((31, Reason::C3));
    }
    let posted = author.organisation.terms.notice_posted(context.at);
    if terms.model == ConsentModel::OnQuery && !posted {
        return Err((32, Reason::NoticeNotPosted));
    }
    confidentiality::consent(terms, document).map_err(|reason| (33, reason))
}

/// Implied consent 黙示の同意: a push for treatment by an author that posts its purpose. No reason means that
/// it is not what was asked for, and that what an express consent lacks is to be told.
fn implied(context: &Context<'_>, document: &Document, author: &Author<'_>) -> Result<(), Option<Reason>> {
    if context.request.op != Operation::Push {
        return Err(None);
    }
    if context.request.purpose != Some(Purpose::Treatment) {
        return Err(Some(Reason::PushPurpose));
    }
    let organisation = author.organisation;
    if !takes_part(organisation, context.at) || !organisation.terms.notice_posted(context.at) {
        return Err(Some(Reason::NoticeNotPosted));
    }
    confidentiality::implied(document).map_err(Some)
}

/// Consents to take part in the network 参加同意 that reach the receiver.
#[derive(Debug)]
pub(crate) struct Enrolments<'a>(Vec<&'a Version<Consent>>);

impl<'a> Enrolments<'a> {
    pub(crate) fn new(context: &Context<'a>, patient: &'a PatientInstruments) -> Self {
        let reaching = of_patient(context, patient)
            .filter(|consent| consent.terms.model == ConsentModel::Enrolment)
            .filter(|consent| valid(context, consent).is_ok())
            .collect();
        Self(reaching)
    }

    /// Whether one of them reaches what an author provides.
    pub(crate) fn reach(&self, context: &Context<'_>, author: &Author<'_>) -> bool {
        self.0
            .iter()
            .any(|consent| member(context, consent, &consent.terms.providers, author.organisation).is_ok())
    }
}
