//! Joint use 共同利用: members of an agreement that persons were told of beforehand.

use std::sync::Arc;

use time::OffsetDateTime;
use xds_model::principal::OrganisationId;

use super::consent::Enrolments;
use super::{Grant, Miss, Nearest};
use crate::confidentiality;
use crate::document::Document;
use crate::engine::{Author, Context};
use crate::instruments::agreement::JointUseAgreement;
use crate::instruments::blank;
use crate::instruments::organisation::Status;
use crate::ledger::{Ledger, PatientInstruments};
use crate::obligations::{self, Obligation};
use crate::reasons::Reason;
use crate::request::Capacity;
use crate::version::Version;
use crate::words::Purpose;

#[derive(Debug)]
pub(crate) struct JointSide<'a> {
    missed: Option<Reason>,
    candidates: Vec<Candidate<'a>>,
    nearest: Nearest,
    enrolments: Option<Enrolments<'a>>,
}

#[derive(Debug)]
struct Candidate<'a> {
    agreement: &'a Version<JointUseAgreement>,
    obligations: Arc<[Obligation]>,
}

impl<'a> JointSide<'a> {
    pub(crate) fn new(context: &Context<'a>, patient: &'a PatientInstruments) -> Self {
        let mut side = Self {
            missed: of_request(context).err(),
            candidates: Vec::new(),
            nearest: Nearest::default(),
            enrolments: None,
        };
        if side.missed.is_some() {
            return side;
        }
        if context.policy.joint_requires_enrolment {
            side.enrolments = Some(Enrolments::new(context, patient));
        }
        let versions = context.ledger.agreements().iter();
        for agreement in versions.filter_map(|history| history.at(context.at)) {
            match usable(context, agreement) {
                Ok(obligations) => side.candidates.push(Candidate {
                    agreement,
                    obligations,
                }),
                Err((passed, reason)) => side
                    .nearest
                    .note(passed, || Miss::of(reason, agreement.reference())),
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
        let candidate = self.covering(context, document)?;
        let enrolled = self
            .enrolments
            .as_ref()
            .is_none_or(|enrolments| enrolments.reach(context, author));
        if !enrolled {
            return Err(Reason::NotEnrolled.into());
        }
        if let Some(refusal) = context.refusals.of(document) {
            return Err(refusal);
        }
        Ok(Grant {
            instrument: Arc::clone(candidate.agreement.reference()),
            obligations: Arc::clone(&candidate.obligations),
            route: None,
        })
    }

    /// The first agreement that covers a document.
    fn covering(&self, context: &Context<'_>, document: &Document) -> Result<&Candidate<'a>, Miss> {
        let mut nearest: Option<(u8, Reason, &Candidate<'a>)> = None;
        for candidate in &self.candidates {
            match covers(&candidate.agreement.terms, document, context.at) {
                Ok(()) => return Ok(candidate),
                Err((passed, reason)) => {
                    if nearest.as_ref().is_none_or(|(most, ..)| passed > *most) {
                        nearest = Some((passed, reason, candidate));
                    }
                }
            }
        }
        Err(match nearest {
            Some((_, reason, candidate)) => Miss::of(reason, candidate.agreement.reference()),
            None => self.nearest.clone().or(Reason::NoAgreement),
        })
    }
}

fn of_request(context: &Context<'_>) -> Result<(), Reason> {
    if !context.request.op.discloses() {
        return Err(Reason::OperationNotCovered);
    }
    if context.request.capacity != Capacity::Itself {
        return Err(Reason::CapacityNotSelf);
    }
    if !context.policy.joint_enabled {
        return Err(Reason::JointDisabled);
    }
    Ok(())
}

/// Whether an agreement would give a user a document, whatever it is asked for and whatever the patient says.
pub(crate) fn would_cover(
    ledger: &Ledger,
    agreement: &Version<JointUseAgreement>,
    user: &OrganisationId,
    document: &Document,
    at: OffsetDateTime,
) -> bool {
    let purpose = agreement.terms.purposes.first().copied();
    stands(ledger, agreement, Some(user), purpose, at).is_ok()
        && covers(&agreement.terms, document, at).is_ok()
}

fn usable(
    context: &Context<'_>,
    agreement: &Version<JointUseAgreement>,
) -> Result<Arc<[Obligation]>, (u8, Reason)> {
    let request = &context.request;
    let stale_from = stands(
        context.ledger,
        agreement,
        request.receiver(),
        request.purpose,
        context.at,
    )?;
    Ok(obligations::joint(request.op, stale_from))
}

/// What can be said of an agreement before a document is looked at, with the number of checks passed: when
/// its evidence of publication goes stale.
fn stands(
    ledger: &Ledger,
    agreement: &Version<JointUseAgreement>,
    receiver: Option<&OrganisationId>,
    purpose: Option<Purpose>,
    at: OffsetDateTime,
) -> Result<OffsetDateTime, (u8, Reason)> {
    let terms = &agreement.terms;
    if receiver.and_then(|receiver| terms.user(receiver)).is_none() {
        return Err((0, Reason::J2));
    }
    if !agreement.in_force(at) || terms.status != Status::Active {
        return Err((1, Reason::J7));
    }
    if blank(&terms.statement) {
        return Err((2, Reason::J0));
    }
    if blank(&terms.purpose_text) || !purpose.is_some_and(|purpose| terms.purposes.contains(&purpose)) {
        return Err((3, Reason::J3));
    }
    if !terms.responsible.complete(at) {
        return Err((4, Reason::J4));
    }
    let looks = ledger.looks(&agreement.id, at);
    let stale_from = terms
        .stale_from(looks, at, ledger.policy(at).publication_recheck())
        .filter(|stale_from| at < *stale_from)
        .ok_or((5, Reason::J5))?;
    if !terms.clauses.complete() {
        return Err((6, Reason::J9));
    }
    if !receiver.is_some_and(|receiver| signed(terms, receiver, at)) {
        return Err((7, Reason::J8));
    }
    Ok(stale_from)
}

/// What is left for a document.
fn covers(
    agreement: &JointUseAgreement,
    document: &Document,
    at: OffsetDateTime,
) -> Result<(), (u8, Reason)> {
    let author = agreement.user(&document.author_org).ok_or((8, Reason::J2))?;
    if !signed(agreement, &document.author_org, at) {
        return Err((9, Reason::J8));
    }
    let older = document.registered_at < agreement.began;
    if !author.purpose_attested || (older && agreement.covers_existing_data.is_none()) {
        return Err((10, Reason::J6));
    }
    let item = agreement
        .item(&document.class_code, &document.type_code)
        .filter(|_| !agreement.metadata_items.is_empty())
        .ok_or((11, Reason::J1))?;
    confidentiality::joint(item, document).map_err(|reason| (12, reason))
}

fn signed(agreement: &JointUseAgreement, organisation: &OrganisationId, at: OffsetDateTime) -> bool {
    agreement
        .user(organisation)
        .and_then(|user| user.signature.as_ref())
        .is_some_and(|signature| signature.holds(at))
}
