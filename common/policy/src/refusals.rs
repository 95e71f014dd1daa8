//! Refusals 拒否・留保 that stand against one request.

use time::OffsetDateTime;

use crate::basis::Miss;
use crate::document::Document;
use crate::instruments::refusal::{Refusal, RefusalLevel};
use crate::ledger::PatientInstruments;
use crate::reasons::Reason;
use crate::request::Request;
use crate::version::Version;

/// The refusals of the patient that may stand against a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusals<'a>(Vec<&'a Version<Refusal>>);

impl<'a> Refusals<'a> {
    /// Those in force that reach this requester.
    pub(crate) fn against(request: &Request, patient: &'a PatientInstruments, at: OffsetDateTime) -> Self {
        let refusals = patient
            .refusals()
            .filter_map(|history| history.in_force(at))
            .filter(|refusal| Some(&refusal.terms.patient) == request.patient.as_ref())
            .filter(|refusal| reaches(&refusal.terms.level, request))
            .collect();
        Self(refusals)
    }

    /// The first that stands against a document.
    pub(crate) fn of(&self, document: &Document) -> Option<Miss> {
        self.0.iter().find_map(|refusal| stands(refusal, document))
    }

    /// The first that stands against a document even in an emergency.
    pub(crate) fn even_in_emergency(&self, document: &Document) -> Option<Miss> {
        self.0
            .iter()
            .filter(|refusal| refusal.terms.includes_emergency)
            .find_map(|refusal| stands(refusal, document))
    }
}

/// What depends on the requester. A person who is not named may be the one that is refused.
fn reaches(level: &RefusalLevel, request: &Request) -> bool {
    match level {
        RefusalLevel::RequesterOrg(refused) => request.receiver() == Some(refused),
        RefusalLevel::Person { organisation, user } => {
            request.receiver() == Some(organisation)
                && request.receiving_user().is_none_or(|receiving| receiving == user)
        }
        RefusalLevel::Network
        | RefusalLevel::ProviderOrg(_)
        | RefusalLevel::Class(_)
        | RefusalLevel::Sensitivity(_)
        | RefusalLevel::Document(_) => true,
    }
}

/// What depends on the document. A document without a uniqueId may be the one that is refused.
fn stands(refusal: &Version<Refusal>, document: &Document) -> Option<Miss> {
    let (reason, stands) = match &refusal.terms.level {
        RefusalLevel::Network => (Reason::RefusedNetwork, true),
        RefusalLevel::RequesterOrg(_) => (Reason::RefusedRequester, true),
        RefusalLevel::Person { .. } => (Reason::RefusedPerson, true),
        RefusalLevel::ProviderOrg(refused) => (Reason::RefusedProvider, document.author_org == *refused),
        RefusalLevel::Class(refused) => (Reason::RefusedClass, document.class_code == *refused),
        RefusalLevel::Sensitivity(refused) => {
            (Reason::RefusedSensitivity, document.sensitivity.contains(refused))
        }
        RefusalLevel::Document(refused) => (
            Reason::RefusedDocument,
            document.id.as_ref().is_none_or(|id| id == refused),
        ),
    };
    stands.then(|| Miss::of(reason, refusal.reference()))
}
