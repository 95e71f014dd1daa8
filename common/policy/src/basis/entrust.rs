//! Entrustment 委託: a contractor handles data for the author, within the author's purpose.

use std::sync::Arc;

use xds_model::principal::OrganisationId;

use super::{Grant, Miss, Nearest};
use crate::confidentiality;
use crate::document::Document;
use crate::engine::{Author, Context};
use crate::instruments::contract::{ContractKind, EntrustmentContract};
use crate::obligations::{self, Obligation};
use crate::reasons::Reason;
use crate::request::Capacity;
use crate::version::Version;
use crate::words::{Operation, Purpose};

#[derive(Debug)]
pub(crate) struct EntrustSide<'a> {
    route: Result<Route<'a>, Miss>,
}

#[derive(Debug)]
enum Route<'a> {
    /// A contractor comes, under the contract that it names.
    Declared(&'a Version<EntrustmentContract>, Arc<[Obligation]>),
    /// The entruster sends to a contractor.
    Sent,
}

impl<'a> EntrustSide<'a> {
    pub(crate) fn new(context: &Context<'a>) -> Self {
        Self {
            route: route(context),
        }
    }

    pub(crate) fn decide(
        &self,
        context: &Context<'_>,
        document: &Document,
        author: &Author<'_>,
    ) -> Result<Grant, Miss> {
        match self.route.as_ref().map_err(Miss::clone)? {
            Route::Declared(contract, obligations) => {
                covers(context, contract, document, author)
                    .map_err(|(_, reason)| Miss::of(reason, contract.reference()))?;
                Ok(grant(contract, Arc::clone(obligations)))
            }
            Route::Sent => sent(context, document, author),
        }
    }
}

fn grant(contract: &Version<EntrustmentContract>, obligations: Arc<[Obligation]>) -> Grant {
    Grant {
        instrument: Arc::clone(contract.reference()),
        obligations,
        route: None,
    }
}

fn route<'a>(context: &Context<'a>) -> Result<Route<'a>, Miss> {
    let request = &context.request;
    match (&request.capacity, request.op) {
        (Capacity::Itself, Operation::Push) => {
            purpose(context)?;
            Ok(Route::Sent)
        }
        (Capacity::Itself, _) | (Capacity::ContractorOf { .. }, Operation::Push) => {
            Err(Reason::EntrustCapacity.into())
        }
        (Capacity::ContractorOf { entity, contract }, _) => {
            purpose(context)?;
            let contract = context
                .ledger
                .contract(contract)
                .and_then(|history| history.at(context.at))
                .ok_or(Reason::ContractUnknown)?;
            let miss = |reason| Miss::of(reason, contract.reference());
            if contract.terms.entruster != *entity {
                return Err(miss(Reason::EntrustOtherEntruster));
            }
            usable(context, contract, &request.req_org).map_err(|(_, reason)| miss(reason))?;
            Ok(Route::Declared(contract, obligations::entrust(request.op, None)))
        }
    }
}

fn purpose(context: &Context<'_>) -> Result<(), Reason> {
    if context.request.purpose == Some(Purpose::EntrustedTask) {
        Ok(())
    } else {
        Err(Reason::EntrustPurpose)
    }
}

/// What can be said of a contract before a document is looked at, with the number of checks passed.
fn usable(
    context: &Context<'_>,
    contract: &Version<EntrustmentContract>,
    contractor: &OrganisationId,
) -> Result<(), (u8, Reason)> {
    let terms = &contract.terms;
    if terms.contractor != *contractor {
        return Err((0, Reason::E9));
    }
    if terms.kind != ContractKind::Task {
        return Err((1, Reason::ContractKind));
    }
    if let Some(fault) = context.ledger.contract_fault(contract, context.at) {
        return Err((2, fault));
    }
    let in_scope = terms.scope.operations.contains(&context.request.op)
        && terms.scope.patients.contains(context.request.patient.as_ref());
    if in_scope { Ok(()) } else { Err((3, Reason::E2)) }
}

/// What is left for a document.
fn covers(
    context: &Context<'_>,
    contract: &Version<EntrustmentContract>,
    document: &Document,
    author: &Author<'_>,
) -> Result<(), (u8, Reason)> {
    let terms = &contract.terms;
    if !terms.entrusted_by(&author.organisation.terms.entity, &document.author_org) {
        return Err((4, Reason::EntrustOtherEntruster));
    }
    if !terms.scope.classes.contains(&document.class_code) {
        return Err((5, Reason::E2));
    }
    confidentiality::entrust(terms, document).map_err(|reason| (6, reason))?;
    match context.refusals.of(document) {
        Some(refusal) if terms.refusals_apply => Err((7, refusal.reason)),
        _ => Ok(()),
    }
}

/// A push to a contractor: any contract between the two will do. What is pushed is erased in time.
fn sent(context: &Context<'_>, document: &Document, author: &Author<'_>) -> Result<Grant, Miss> {
    let recipient = context
        .request
        .recipient
        .as_ref()
        .ok_or(Reason::ContractUnknown)?;
    let mut nearest = Nearest::default();
    for history in context.ledger.contracts_of(&author.organisation.terms.entity) {
        let Some(contract) = history.at(context.at) else {
            continue;
        };
        let judged =
            usable(context, contract, recipient).and_then(|()| covers(context, contract, document, author));
        match judged {
            Ok(()) => {
                let days = contract.terms.retention.days;
                let erase_by = obligations::erase_by(context.at, days, context.policy);
                return Ok(grant(
                    contract,
                    obligations::entrust(context.request.op, Some(erase_by)),
                ));
            }
            Err((passed, reason)) => nearest.note(passed, || Miss::of(reason, contract.reference())),
        }
    }
    Err(nearest.or(Reason::ContractUnknown))
}
