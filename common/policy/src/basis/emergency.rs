//! Protection of life and body 生命・身体の保護: necessary, and consent hard to obtain. Rules B1 to B8.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::{Grant, Miss, Nearest};
use crate::document::Document;
use crate::engine::Context;
use crate::instruments::blank;
use crate::instruments::policy::OverRefusal;
use crate::instruments::session::{BreakGlassSession, ReviewOutcome};
use crate::ledger::PatientInstruments;
use crate::obligations::{self, Obligation};
use crate::reasons::Reason;
use crate::request::{BreakGlass, Capacity};
use crate::version::{Draft, InstrumentRef, Version};
use crate::words::{AuthLevel, Confidentiality, InstrumentId, Purpose};

#[derive(Debug)]
pub(crate) struct EmergencySide {
    open: Result<Open, Miss>,
}

#[derive(Debug)]
struct Open {
    session: Arc<InstrumentRef>,
    obligations: Arc<[Obligation]>,
    seconded: bool,
}

impl EmergencySide {
    pub(crate) fn new(context: &Context<'_>, patient: &PatientInstruments) -> Self {
        Self {
            open: open(context, patient),
        }
    }

    pub(crate) fn decide(&self, context: &Context<'_>, document: &Document) -> Result<Grant, Miss> {
        let open = self.open.as_ref().map_err(Miss::clone)?;
        let miss = |reason| Miss::of(reason, &open.session);
        if !context.policy.emergency_classes.contains(&document.class_code) {
            return Err(miss(Reason::B5));
        }
        if document.is_sensitive() {
            if !need_named(context, document) {
                return Err(miss(Reason::EmergencySensitiveNeed));
            }
            if !open.seconded {
                return Err(miss(Reason::EmergencySecondConfirmation));
            }
        }
        if let Some(refusal) = context.refusals.even_in_emergency(document) {
            over_refusal(context, open).map_err(|reason| Miss { reason, ..refusal })?;
        }
        Ok(Grant {
            instrument: Arc::clone(&open.session),
            obligations: Arc::clone(&open.obligations),
            route: None,
        })
    }
}

fn over_refusal(context: &Context<'_>, open: &Open) -> Result<(), Reason> {
    match context.policy.emergency_over_refusal {
        OverRefusal::Deny => Err(Reason::EmergencyRefused),
        OverRefusal::SecondApprover if open.seconded => Ok(()),
        OverRefusal::SecondApprover => Err(Reason::EmergencySecondPhysician),
    }
}

fn open(context: &Context<'_>, patient: &PatientInstruments) -> Result<Open, Miss> {
    let declared = declaration(context)?;
    let session = session(context, patient)?;
    Ok(Open {
        obligations: obligations::emergency(context.request.op, context.policy, session.terms.opened),
        session: Arc::clone(session.reference()),
        seconded: seconded(context, declared),
    })
}

fn declaration<'a>(context: &'a Context<'_>) -> Result<&'a BreakGlass, Reason> {
    let request = &context.request;
    if !request.op.pulls() {
        return Err(Reason::OperationNotCovered);
    }
    if request.capacity != Capacity::Itself {
        return Err(Reason::CapacityNotSelf);
    }
    if request.purpose != Some(Purpose::Emergency) {
        return Err(Reason::EmergencyPurpose);
    }
    let declared = request.break_glass.as_ref().ok_or(Reason::NoDeclaration)?;
    if !context.role.is_some_and(|role| role.emergency) {
        return Err(Reason::B1);
    }
    let by_user = request.user.as_ref() == Some(&declared.attested_by);
    if blank(&declared.free_text) || !by_user || !fresh(context, declared.attested_at) {
        return Err(Reason::B2);
    }
    if !declared.consent_unobtainable {
        return Err(Reason::B8);
    }
    if request.auth_level < AuthLevel::TwoFactor {
        return Err(Reason::B3);
    }
    if !declared.confirmed {
        return Err(Reason::B4);
    }
    Ok(declared)
}

/// Not in the future, and not older than a session can be.
fn fresh(context: &Context<'_>, attested: OffsetDateTime) -> bool {
    attested <= context.at && context.at < attested.saturating_add(span(context, RENEWALS_MAX))
}

/// How often a session may be renewed.
const RENEWALS_MAX: u8 = 1;

fn span(context: &Context<'_>, renewals: u8) -> Duration {
    let hours = i64::from(context.policy.break_glass_hours);
    Duration::hours(hours.saturating_mul(i64::from(renewals.min(RENEWALS_MAX)).saturating_add(1)))
}

/// The sessions of this user and patient, as they are known, open or over.
fn sessions<'a>(
    context: &Context<'_>,
    patient: &'a PatientInstruments,
) -> impl Iterator<Item = &'a Version<BreakGlassSession>> {
    let request = &context.request;
    patient
        .sessions()
        .filter_map(|history| history.at(context.at))
        .filter(move |session| Some(&session.terms.patient) == request.patient.as_ref())
        .filter(move |session| session.terms.organisation == request.req_org)
        .filter(move |session| Some(&session.terms.user) == request.user.as_ref())
}

/// The session of this user and patient.
fn session<'a>(
    context: &Context<'_>,
    patient: &'a PatientInstruments,
) -> Result<&'a Version<BreakGlassSession>, Miss> {
    let mut nearest = Nearest::default();
    for session in sessions(context, patient) {
        match holds(context, session) {
            Ok(()) => return Ok(session),
            Err((passed, reason)) => nearest.note(passed, || Miss::of(reason, session.reference())),
        }
    }
    Err(nearest.or(Reason::SessionMissing))
}

fn holds(context: &Context<'_>, session: &Version<BreakGlassSession>) -> Result<(), (u8, Reason)> {
    let terms = &session.terms;
    let last = terms.opened.saturating_add(span(context, terms.renewals));
    let in_time = terms.opened <= context.at && context.at < last;
    if !session.in_force(context.at) || !in_time || terms.renewals > RENEWALS_MAX {
        return Err((0, Reason::SessionEnded));
    }
    let misuse = terms
        .review
        .as_ref()
        .is_some_and(|review| review.outcome == ReviewOutcome::Misuse && review.at <= context.at);
    if misuse {
        return Err((1, Reason::B8));
    }
    Ok(())
}

/// What a complete declaration enters when no session counts: the first version of one, or its renewal. None when
/// B1 to B4 do not hold, when a session is open, and when the declaration is not newer than what is over.
pub(crate) fn entry(
    context: &Context<'_>,
    patient: &PatientInstruments,
    id: InstrumentId,
) -> Option<Draft<BreakGlassSession>> {
    let declared = declaration(context).ok()?;
    let last = sessions(context, patient).max_by_key(|session| session.terms.opened);
    let Some(last) = last else {
        return opened(context, declared, id);
    };
    match holds(context, last) {
        Err((_, Reason::SessionEnded)) if !found_misuse(last) => {}
        // Open, or found to be misuse: then a session of this user and patient is entered by others alone.
        _ => return None,
    }
    let first_end = last.terms.opened.saturating_add(span(context, 0));
    let planned_end = last
        .terms
        .opened
        .saturating_add(span(context, last.terms.renewals));
    let end = last.effective_to.map_or(planned_end, |to| to.min(planned_end));
    let is_renewable = last.terms.renewals < RENEWALS_MAX
        && end == first_end
        && last.terms.opened < declared.attested_at
        && context.at < last.terms.opened.saturating_add(span(context, RENEWALS_MAX));
    if is_renewable {
        return Some(renewed(context, last));
    }
    if declared.attested_at < end {
        return None;
    }
    opened(context, declared, id)
}

fn found_misuse(session: &Version<BreakGlassSession>) -> bool {
    let review = session.terms.review.as_ref();
    review.is_some_and(|review| review.outcome == ReviewOutcome::Misuse)
}

fn opened(
    context: &Context<'_>,
    declared: &BreakGlass,
    id: InstrumentId,
) -> Option<Draft<BreakGlassSession>> {
    let request = &context.request;
    let user = request.user.clone()?;
    Some(Draft {
        id,
        version: 1,
        entered_at: Some(context.at),
        entered_by: user.0.clone(),
        approved_by: Vec::new(),
        effective_from: context.at,
        effective_to: Some(context.at.saturating_add(span(context, 0))),
        evidence: None,
        evidence_found: None,
        terms: BreakGlassSession {
            patient: request.patient.clone()?,
            organisation: request.req_org.clone(),
            user,
            reason: declared.reason_code,
            opened: context.at,
            renewals: 0,
            review: None,
            patient_told_at: None,
        },
        hash: None,
    })
}

fn renewed(context: &Context<'_>, last: &Version<BreakGlassSession>) -> Draft<BreakGlassSession> {
    let mut draft = last.next();
    draft.entered_at = Some(context.at);
    draft.entered_by = last.terms.user.0.clone();
    draft.approved_by = Vec::new();
    draft.effective_from = context.at;
    draft.effective_to = Some(last.terms.opened.saturating_add(span(context, RENEWALS_MAX)));
    draft.terms.renewals = RENEWALS_MAX;
    draft
}

/// Whether the declaration names what sensitive documents are needed for.
fn need_named(context: &Context<'_>, document: &Document) -> bool {
    let need = context
        .request
        .break_glass
        .as_ref()
        .and_then(|declared| declared.sensitive_need.as_ref());
    need.is_some_and(|need| {
        let level = document.confidentiality < Confidentiality::V
            || need.very_restricted
            || !document.sensitivity.is_empty();
        let named = document
            .sensitivity
            .iter()
            .all(|sensitivity| need.sensitivities.contains(sensitivity));
        !blank(&need.text) && level && named
    })
}

/// Whether a second physician confirmed, and not long ago.
fn seconded(context: &Context<'_>, declared: &BreakGlass) -> bool {
    declared.second.as_ref().is_some_and(|second| {
        let another = Some(&second.by) != context.request.user.as_ref();
        let physician = context
            .policy
            .roles
            .get(&second.role)
            .is_some_and(|role| role.emergency);
        another && physician && fresh(context, second.at)
    })
}
