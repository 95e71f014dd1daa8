//! Gates: what every request passes, whatever it rests on.
//!
//! Of several that are shut, the first in the order of [`DenyCode`] is told.

use crate::decision::{Denial, DenyCode};
use crate::document::Document;
use crate::engine::{Author, Context};
use crate::instruments::contract::ContractKind;
use crate::instruments::organisation::{Organisation, Status};
use crate::instruments::policy::PURPOSES_SERVED;
use crate::ledger::takes_part;
use crate::reasons::Reason;
use crate::scope::SharingScope;
use crate::version::Version;
use crate::words::{AuthLevel, Operation, Purpose};

/// A gate that is shut.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Shut {
    code: DenyCode,
    reason: Reason,
}

impl From<Shut> for Denial {
    fn from(shut: Shut) -> Self {
        Self {
            code: shut.code,
            reason: Some(shut.reason),
            why: Vec::new(),
        }
    }
}

type Gate = Option<Reason>;

type Check = fn(&Context<'_>) -> Gate;

/// The first gate that is shut to the request whatever the document.
pub(crate) fn of_request(context: &Context<'_>) -> Option<Shut> {
    let gates: [(DenyCode, Check); 9] = [
        (DenyCode::Node, node),
        (DenyCode::OrgMismatch, organisation),
        (DenyCode::User, user),
        (DenyCode::Role, role),
        (DenyCode::Purpose, purpose),
        (DenyCode::Patient, patient),
        (DenyCode::Recipient, recipient),
        (DenyCode::Foreign, foreign_receiver),
        (DenyCode::Maintenance, maintenance),
    ];
    gates
        .into_iter()
        .find_map(|(code, gate)| gate(context).map(|reason| Shut { code, reason }))
}

/// The author, when all gates are open.
pub(crate) fn of_document<'a>(
    context: &Context<'a>,
    document: &Document,
    shut: Option<Shut>,
) -> Result<Author<'a>, Shut> {
    let before = |code: DenyCode| shut.is_none_or(|shut| code < shut.code);
    let close = |code, reason: Gate| match reason {
        Some(reason) if before(code) => Err(Shut { code, reason }),
        _ => Ok(()),
    };
    close(DenyCode::Role, role_for(context, document))?;
    close(DenyCode::Patient, patient_of(context, document))?;
    let author = Author::of(context, document);
    let Some(author) = author else {
        let unknown = Shut {
            code: DenyCode::Author,
            reason: Reason::AuthorUnknown,
        };
        return Err(shut.map_or(unknown, |shut| shut.min(unknown)));
    };
    close(DenyCode::Author, sender(context, &author))?;
    close(DenyCode::Scope, scope(context, document, &author))?;
    close(DenyCode::Foreign, foreign_storage(context, document, &author))?;
    close(DenyCode::NoHostingContract, contracts(context, document, &author))?;
    close(DenyCode::Suspended, suspended(context, document, &author))?;
    shut.map_or(Ok(author), Err)
}

/// G1: the certificate is bound to exactly one active organisation. That mutual TLS completed with a valid
/// certificate is what made the request.
fn node(context: &Context<'_>) -> Gate {
    let cert_org = &context.request.cert_org;
    let Some(organisation) = context.ledger.organisation(cert_org, context.at) else {
        return Some(Reason::NodeUnknown);
    };
    if !takes_part(organisation, context.at) {
        return Some(Reason::NodeInactive);
    }
    let fingerprint = context.request.certificate.as_ref()?;
    let holders = context.ledger.certificate_holders(fingerprint, context.at);
    match holders.as_slice() {
        [holder] if *holder == cert_org => None,
        [] | [_] => Some(Reason::CertificateUnbound),
        _ => Some(Reason::CertificateAmbiguous),
    }
}

/// G2: the asserted organisation is that of the certificate, or that is its gateway.
fn organisation(context: &Context<'_>) -> Gate {
    let request = &context.request;
    let Some(requester) = context
        .requester
        .filter(|requester| takes_part(requester, context.at))
    else {
        return Some(Reason::RequesterInactive);
    };
    let terms = &requester.terms;
    if request.req_org != request.cert_org && !terms.gateways.contains(&request.cert_org) {
        return Some(Reason::OrgMismatch);
    }
    let other = request
        .req_entity
        .as_ref()
        .is_some_and(|asserted| *asserted != terms.entity);
    other.then_some(Reason::EntityMismatch)
}

/// G3: a user, active in the ID ledger, recognised as surely as the operation needs.
fn user(context: &Context<'_>) -> Gate {
    let request = &context.request;
    let needed = context.policy.auth_level(request.op);
    let Some(user) = &request.user else {
        return (needed > AuthLevel::None).then_some(Reason::UserMissing);
    };
    let mut entries = context.ledger.user(&request.req_org, user, context.at).peekable();
    if entries.peek().is_none() {
        if context.policy.user_ledger_required {
            return Some(Reason::UserUnknown);
        }
    } else if !entries.any(|entry| entry.in_force(context.at) && entry.terms.status == Status::Active) {
        return Some(Reason::UserEnded);
    }
    (request.auth_level < needed).then_some(Reason::AuthLevelLow)
}

/// G4, as far as no document is looked at: a machine without a user needs no role.
fn role(context: &Context<'_>) -> Gate {
    match (&context.request.role, context.role) {
        (Some(_), Some(_)) => None,
        (Some(_), None) => Some(Reason::RoleUnknown),
        (None, _) => {
            let asked = context.request.user.is_some()
                || context.policy.auth_level(context.request.op) > AuthLevel::None;
            asked.then_some(Reason::RoleMissing)
        }
    }
}

/// G4: the role may see the class.
fn role_for(context: &Context<'_>, document: &Document) -> Gate {
    let sees = context
        .role
        .is_none_or(|role| role.classes.contains(&document.class_code));
    (!sees).then_some(Reason::RoleClass)
}

/// G5: the purpose is one that somebody is served for.
fn purpose(context: &Context<'_>) -> Gate {
    match context.request.purpose {
        Some(purpose) => (!PURPOSES_SERVED.contains(&purpose)).then_some(Reason::PurposeNotServed),
        None => context.request.op.discloses().then_some(Reason::PurposeMissing),
    }
}

/// Who learns something learns it of one patient, so that refusals can be looked up.
fn patient(context: &Context<'_>) -> Gate {
    let missing = context.request.op.discloses() && context.request.patient.is_none();
    missing.then_some(Reason::PatientMissing)
}

fn patient_of(context: &Context<'_>, document: &Document) -> Gate {
    match (&context.request.patient, &document.patient) {
        (Some(asked), Some(patient)) => (asked != patient).then_some(Reason::PatientMismatch),
        _ => None,
    }
}

/// A push names a recipient that takes part.
fn recipient(context: &Context<'_>) -> Gate {
    if context.request.op != Operation::Push {
        return None;
    }
    if context.request.recipient.is_none() {
        return Some(Reason::RecipientMissing);
    }
    let known = context
        .receiver
        .is_some_and(|receiver| takes_part(receiver, context.at));
    (!known).then_some(Reason::RecipientUnknown)
}

/// An organisation sends what its own legal entity wrote.
fn sender(context: &Context<'_>, author: &Author<'_>) -> Gate {
    let foreign = context.request.op == Operation::Push && !context.requester_is_of(author);
    foreign.then_some(Reason::SenderNotAuthor)
}

/// G6: how far the author shares it. For who publishes, changes or removes it this says nothing.
fn scope(context: &Context<'_>, document: &Document, author: &Author<'_>) -> Gate {
    if !context.request.op.discloses() {
        return None;
    }
    match document.scope {
        SharingScope::Shared => None,
        SharingScope::OrganisationOnly => (!context.receiver_is_of(author)).then_some(Reason::ScopeOrgOnly),
        SharingScope::PushOnly => {
            let addressed = context
                .request
                .receiver()
                .is_some_and(|receiver| document.addressed_to.contains(receiver));
            (!addressed).then_some(Reason::ScopePushOnly)
        }
    }
}

/// G7: the receiver is in Japan (Article 28). Removing something takes nothing abroad.
fn foreign_receiver(context: &Context<'_>) -> Gate {
    if context.request.op == Operation::Delete {
        return None;
    }
    let abroad = context
        .receiver
        .is_some_and(|receiver| !receiver.terms.in_japan());
    abroad.then_some(Reason::ForeignRecipient)
}

/// G7: it is stored in Japan.
fn foreign_storage(context: &Context<'_>, document: &Document, author: &Author<'_>) -> Gate {
    if context.request.op == Operation::Delete {
        return None;
    }
    let keeper = match &document.stored_by {
        Some(keeper) => context.ledger.organisation(keeper, context.at),
        None => Some(author.organisation),
    };
    let in_japan = keeper.is_some_and(|keeper| keeper.terms.stores_in_japan());
    (!in_japan).then_some(Reason::ForeignStorage)
}

/// G8: who publishes has a HOSTING contract, and an EXTERNAL_STORAGE contract with who keeps it elsewhere.
fn contracts(context: &Context<'_>, document: &Document, author: &Author<'_>) -> Gate {
    if !matches!(context.request.op, Operation::Register | Operation::Update) {
        return None;
    }
    if !hosted(context, document, author) {
        return Some(Reason::NoHostingContract);
    }
    let keeper = document.stored_by.as_ref()?;
    let kept_by_author = context
        .ledger
        .organisation(keeper, context.at)
        .is_some_and(|keeper| same_entity(keeper, author.organisation));
    let entrusted = kept_by_author
        || context.ledger.has_contract(
            ContractKind::ExternalStorage,
            (&document.author_org, author.organisation),
            keeper,
            context.at,
        );
    (!entrusted).then_some(Reason::NoStorageContract)
}

/// Whether the author has a valid HOSTING contract with the operator.
fn hosted(context: &Context<'_>, document: &Document, author: &Author<'_>) -> bool {
    context.policy.operator.as_ref().is_some_and(|operator| {
        context.ledger.has_contract(
            ContractKind::Hosting,
            (&document.author_org, author.organisation),
            operator,
            context.at,
        )
    })
}

/// G9: maintenance works on masked data, never on these.
fn maintenance(context: &Context<'_>) -> Gate {
    (context.request.purpose == Some(Purpose::Maintenance)).then_some(Reason::Maintenance)
}

/// When membership or HOSTING ended, the author's entries are kept and shown to its own legal entity only.
fn suspended(context: &Context<'_>, document: &Document, author: &Author<'_>) -> Gate {
    let shown = !context.request.op.pulls()
        || context.receiver_is_of(author)
        || (takes_part(author.organisation, context.at) && hosted(context, document, author));
    (!shown).then_some(Reason::AuthorSuspended)
}

fn same_entity(one: &Version<Organisation>, other: &Version<Organisation>) -> bool {
    one.terms.entity == other.terms.entity
}
