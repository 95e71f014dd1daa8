//! Based on law 法令に基づく場合: an order, executed by the author institution's privacy officer or by the
//! operator under its instruction. Never by anybody outside.

use std::sync::Arc;

use super::{Grant, Miss, Nearest};
use crate::document::Document;
use crate::engine::{Author, Context};
use crate::instruments::order::LegalOrder;
use crate::ledger::PatientInstruments;
use crate::obligations::{self, Obligation};
use crate::reasons::Reason;
use crate::request::Capacity;
use crate::version::Version;
use crate::words::Purpose;

#[derive(Debug)]
pub(crate) struct LawSide<'a> {
    missed: Option<Reason>,
    candidates: Vec<(&'a Version<LegalOrder>, Arc<[Obligation]>)>,
    nearest: Nearest,
}

impl<'a> LawSide<'a> {
    pub(crate) fn new(context: &Context<'a>, patient: &'a PatientInstruments) -> Self {
        let mut side = Self {
            missed: of_request(context).err(),
            candidates: Vec::new(),
            nearest: Nearest::default(),
        };
        if side.missed.is_some() {
            return side;
        }
        let orders = patient
            .orders()
            .filter_map(|history| history.at(context.at))
            .filter(|order| Some(&order.terms.patient) == context.request.patient.as_ref());
        for order in orders {
            match usable(context, order) {
                Ok(()) => {
                    let duties = obligations::law(context.request.op, order.terms.forbids_notice);
                    side.candidates.push((order, duties));
                }
                Err((passed, reason)) => side.nearest.note(passed, || Miss::of(reason, order.reference())),
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
        let mut nearest = self.nearest.clone();
        for (order, duties) in &self.candidates {
            match covers(context, &order.terms, document, author) {
                Ok(()) => {
                    return Ok(Grant {
                        instrument: Arc::clone(order.reference()),
                        obligations: Arc::clone(duties),
                        route: None,
                    });
                }
                Err((passed, reason)) => nearest.note(passed, || Miss::of(reason, order.reference())),
            }
        }
        Err(nearest.or(Reason::NoOrder))
    }
}

fn of_request(context: &Context<'_>) -> Result<(), Reason> {
    if !context.request.op.pulls() {
        return Err(Reason::OperationNotCovered);
    }
    if context.request.capacity != Capacity::Itself {
        return Err(Reason::CapacityNotSelf);
    }
    if context.request.purpose != Some(Purpose::Legal) {
        return Err(Reason::LawPurpose);
    }
    if !context.role.is_some_and(|role| role.legal) {
        return Err(Reason::LawRole);
    }
    Ok(())
}

/// What can be said of an order before a document is looked at, with the number of checks passed.
fn usable(context: &Context<'_>, order: &Version<LegalOrder>) -> Result<(), (u8, Reason)> {
    if !order.in_force(context.at) {
        return Err((0, Reason::OrderEnded));
    }
    if !order.terms.complete() {
        return Err((1, Reason::OrderIncomplete));
    }
    if order.approvers() < 2 {
        return Err((2, Reason::OrderApprovers));
    }
    Ok(())
}

/// What is left for a document.
fn covers(
    context: &Context<'_>,
    order: &LegalOrder,
    document: &Document,
    author: &Author<'_>,
) -> Result<(), (u8, Reason)> {
    if !order.authors.contains(&document.author_org) || !order.classes.contains(&document.class_code) {
        return Err((3, Reason::OrderScope));
    }
    let operator = context.policy.operator.as_ref() == Some(&context.request.req_org)
        && order.operator_instructed.is_some();
    if context.requester_is_of(author) || operator {
        Ok(())
    } else {
        Err((4, Reason::LawExecutor))
    }
}
