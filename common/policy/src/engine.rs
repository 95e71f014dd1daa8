//! Facts, request and document to decision.

use time::OffsetDateTime;
use xds_model::principal::OrganisationId;

use crate::basis::consent::ConsentSide;
use crate::basis::emergency::{self, EmergencySide};
use crate::basis::entrust::EntrustSide;
use crate::basis::joint::JointSide;
use crate::basis::law::LawSide;
use crate::basis::own::OwnSide;
use crate::basis::{Basis, Grant, Miss};
use crate::decision::{Decision, Denial, DenyCode, Permit, Tried};
use crate::document::Document;
use crate::gates::{self, Shut};
use crate::instruments::organisation::Organisation;
use crate::instruments::policy::{DomainPolicy, RoleRule};
use crate::instruments::session::BreakGlassSession;
use crate::ledger::{Facts, Ledger};
use crate::refusals::Refusals;
use crate::request::Request;
use crate::version::{Draft, Version};
use crate::words::InstrumentId;

/// Decides one request about one document, from the instruments as they were known at the request's time.
pub fn decide(facts: Facts<'_>, request: &Request, document: &Document) -> Decision {
    prepare(facts, request).decide(document)
}

/// Does once what decisions about many documents of one patient and one requester share.
///
/// What comes out keeps its own copy of the request and borrows the instruments only.
pub fn prepare<'a>(facts: Facts<'a>, request: &Request) -> Prepared<'a> {
    let context = Context::new(facts, request);
    let shut = gates::of_request(&context);
    Prepared {
        own: OwnSide::new(&context),
        entrust: EntrustSide::new(&context),
        joint: JointSide::new(&context, facts.patient),
        consent: ConsentSide::new(&context, facts.patient),
        law: LawSide::new(&context, facts.patient),
        emergency: EmergencySide::new(&context, facts.patient),
        context,
        shut,
    }
}

/// What a declared emergency has entered before it is decided: a break-glass session of this user, organisation and
/// patient, under `id`, or the one renewal of theirs. None when a gate is shut, when one of B1 to B4 does not hold, and
/// when a session is open already.
pub fn session_to_enter(
    facts: Facts<'_>,
    request: &Request,
    id: InstrumentId,
) -> Option<Draft<BreakGlassSession>> {
    // Nearly no request declares one.
    request.break_glass.as_ref()?;
    let context = Context::new(facts, request);
    if gates::of_request(&context).is_some() {
        return None;
    }
    emergency::entry(&context, facts.patient, id)
}

/// A request with the instruments that matter to it. Decides one document after the other.
#[derive(Debug)]
pub struct Prepared<'a> {
    context: Context<'a>,
    shut: Option<Shut>,
    own: OwnSide,
    entrust: EntrustSide<'a>,
    joint: JointSide<'a>,
    consent: ConsentSide<'a>,
    law: LawSide<'a>,
    emergency: EmergencySide,
}

impl Prepared<'_> {
    /// The request.
    pub fn request(&self) -> &Request {
        &self.context.request
    }

    /// Whether what an organisation registered is the receiver's own record: for SubmissionSets and Folders, which have
    /// no class to decide on. All gates of the request are open, and all that own record asks of it holds.
    pub fn owns(&self, author: &OrganisationId) -> bool {
        if self.shut.is_some() || !self.own.holds() {
            return false;
        }
        let author = self.context.ledger.organisation(author, self.context.at);
        author.is_some_and(|organisation| self.context.receiver_is_of(&Author { organisation }))
    }

    /// The decision about a document.
    pub fn decide(&self, document: &Document) -> Decision {
        let author = match gates::of_document(&self.context, document, self.shut) {
            Ok(author) => author,
            Err(shut) => return Decision::Deny(shut.into()),
        };
        let bases = self.context.policy.order.bases();
        let mut why = Vec::with_capacity(bases.len());
        for basis in bases {
            match self.try_basis(basis, document, &author) {
                Ok(grant) => return Decision::Permit(permit(basis, grant)),
                Err(miss) => why.push(Tried {
                    basis,
                    reason: miss.reason,
                    instrument: miss.instrument,
                }),
            }
        }
        Decision::Deny(Denial {
            code: DenyCode::NoBasis,
            reason: None,
            why,
        })
    }

    fn try_basis(&self, basis: Basis, document: &Document, author: &Author<'_>) -> Result<Grant, Miss> {
        let context = &self.context;
        match basis {
            Basis::Own => self.own.decide(context, document, author),
            Basis::Entrust => self.entrust.decide(context, document, author),
            Basis::Joint => self.joint.decide(context, document, author),
            Basis::Consent => self.consent.decide(context, document, author),
            Basis::Law => self.law.decide(context, document, author),
            Basis::Emergency => self.emergency.decide(context, document),
        }
    }
}

fn permit(basis: Basis, grant: Grant) -> Permit {
    Permit {
        basis,
        consent_model: grant.route,
        instrument: grant.instrument,
        obligations: grant.obligations,
    }
}

/// What every basis looks at.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) request: Request,
    pub(crate) at: OffsetDateTime,
    pub(crate) policy: &'a DomainPolicy,
    /// The asking organisation, as far as known.
    pub(crate) requester: Option<&'a Version<Organisation>>,
    /// The organisation that learns something, as far as known.
    pub(crate) receiver: Option<&'a Version<Organisation>>,
    pub(crate) role: Option<&'a RoleRule>,
    pub(crate) refusals: Refusals<'a>,
}

impl<'a> Context<'a> {
    fn new(facts: Facts<'a>, request: &Request) -> Self {
        let at = request.at;
        let ledger = facts.ledger;
        let policy = ledger.policy(at);
        Self {
            ledger,
            request: request.clone(),
            at,
            policy,
            requester: ledger.organisation(&request.req_org, at),
            receiver: request.receiver().and_then(|id| ledger.organisation(id, at)),
            role: request.role.as_ref().and_then(|role| policy.roles.get(role)),
            refusals: Refusals::against(request, facts.patient, at),
        }
    }

    /// Whether the receiver belongs to a legal entity.
    pub(crate) fn receiver_is_of(&self, author: &Author<'_>) -> bool {
        self.receiver
            .is_some_and(|receiver| receiver.terms.entity == author.organisation.terms.entity)
    }

    /// Whether the asking organisation belongs to the author's legal entity.
    pub(crate) fn requester_is_of(&self, author: &Author<'_>) -> bool {
        self.requester
            .is_some_and(|requester| requester.terms.entity == author.organisation.terms.entity)
    }
}

/// The author of a document, as far as known.
#[derive(Debug)]
pub(crate) struct Author<'a> {
    pub(crate) organisation: &'a Version<Organisation>,
}

impl<'a> Author<'a> {
    pub(crate) fn of(context: &Context<'a>, document: &Document) -> Option<Self> {
        let organisation = context.ledger.organisation(&document.author_org, context.at)?;
        Some(Self { organisation })
    }
}
