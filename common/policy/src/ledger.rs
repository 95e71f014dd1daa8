//! The instruments that decisions are made from, ready to be looked up.

use std::collections::HashMap;

use time::OffsetDateTime;
use xds_model::principal::{EntityId, OrganisationId};

use crate::instruments::agreement::{JointUseAgreement, PublicationCheck};
use crate::instruments::consent::{Consent, ConsentModel, ConsentText, TextRef};
use crate::instruments::contract::{ContractKind, EntrustmentContract, defect};
use crate::instruments::order::LegalOrder;
use crate::instruments::organisation::{LegalEntity, Organisation, Status, User};
use crate::instruments::policy::DomainPolicy;
use crate::instruments::refusal::Refusal;
use crate::instruments::session::BreakGlassSession;
use crate::reasons::Reason;
use crate::version::{History, InstrumentRef, Terms, Version};
use crate::words::{InstrumentId, PatientRef, UserId};

/// All versions of what concerns the whole domain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DomainInstruments {
    /// Rules of the domain: one instrument.
    pub domain_policies: Vec<Version<DomainPolicy>>,
    /// Legal entities.
    pub legal_entities: Vec<Version<LegalEntity>>,
    /// Organisations.
    pub organisations: Vec<Version<Organisation>>,
    /// ID ledger.
    pub users: Vec<Version<User>>,
    /// Joint-use agreements.
    pub joint_use_agreements: Vec<Version<JointUseAgreement>>,
    /// Later looks at their publications.
    pub publication_checks: Vec<Version<PublicationCheck>>,
    /// Entrustment contracts.
    pub entrustment_contracts: Vec<Version<EntrustmentContract>>,
    /// Texts that patients sign.
    pub consent_texts: Vec<Version<ConsentText>>,
}

/// The same, ready to be looked up. Made once for many decisions.
#[derive(Clone, Debug)]
pub struct Ledger {
    policy: Option<History<DomainPolicy>>,
    /// What is left of each version of the policy when it has ended.
    lapsed: Vec<DomainPolicy>,
    without_policy: DomainPolicy,
    entities: HashMap<EntityId, History<LegalEntity>>,
    organisations: HashMap<OrganisationId, History<Organisation>>,
    certificates: HashMap<String, Vec<OrganisationId>>,
    users: HashMap<(OrganisationId, UserId), Vec<History<User>>>,
    agreements: Vec<History<JointUseAgreement>>,
    looks: HashMap<InstrumentId, Vec<History<PublicationCheck>>>,
    contracts: HashMap<InstrumentId, History<EntrustmentContract>>,
    by_entruster: HashMap<EntityId, Vec<History<EntrustmentContract>>>,
    texts: HashMap<InstrumentId, History<ConsentText>>,
}

impl Ledger {
    /// Makes instruments ready. Of several domain policies the first by id counts.
    pub fn new(instruments: DomainInstruments) -> Self {
        let organisations = History::group(instruments.organisations);
        let users = History::group(instruments.users);
        let contracts = History::group(instruments.entrustment_contracts);
        let looks = History::group(instruments.publication_checks);
        let policy = History::group(instruments.domain_policies).into_iter().next();
        let versions = policy.iter().flat_map(History::versions);
        Self {
            lapsed: versions.map(|version| version.terms.lapsed()).collect(),
            policy,
            without_policy: DomainPolicy::default(),
            entities: keyed(History::group(instruments.legal_entities), EntityId),
            certificates: certificates(&organisations),
            organisations: keyed(organisations, OrganisationId),
            users: gathered(users, |terms| (terms.organisation.clone(), terms.user.clone())),
            agreements: History::group(instruments.joint_use_agreements),
            looks: gathered(looks, |terms| terms.agreement.clone()),
            by_entruster: gathered(contracts.clone(), |terms| terms.entruster.clone()),
            contracts: keyed(contracts, InstrumentId),
            texts: keyed(History::group(instruments.consent_texts), InstrumentId),
        }
    }

    /// The rules of the domain at an instant: the strict defaults before any were adopted, and what is left
    /// of the last ones when they ended.
    pub fn policy(&self, at: OffsetDateTime) -> &DomainPolicy {
        let Some((history, version)) = self
            .policy
            .as_ref()
            .and_then(|history| Some((history, history.at(at)?)))
        else {
            return &self.without_policy;
        };
        if version.in_force(at) {
            return &version.terms;
        }
        let ended = history
            .versions()
            .iter()
            .zip(&self.lapsed)
            .find(|(known, _)| known.version == version.version);
        ended.map_or(&self.without_policy, |(_, lapsed)| lapsed)
    }

    /// The version of the rules that is known to be the domain's, in force or not.
    pub fn policy_version(&self, at: OffsetDateTime) -> Option<u32> {
        let known = self.policy.as_ref().and_then(|history| history.at(at));
        known.map(|version| version.version)
    }

    /// Whether rules of the domain are in force.
    pub fn has_policy(&self, at: OffsetDateTime) -> bool {
        self.policy
            .as_ref()
            .is_some_and(|history| history.in_force(at).is_some())
    }

    /// What is known of a legal entity.
    pub fn entity(&self, id: &EntityId, at: OffsetDateTime) -> Option<&Version<LegalEntity>> {
        self.entities.get(id).and_then(|history| history.at(at))
    }

    /// What is known of an organisation, though it may have left.
    pub fn organisation(&self, id: &OrganisationId, at: OffsetDateTime) -> Option<&Version<Organisation>> {
        self.organisations.get(id).and_then(|history| history.at(at))
    }

    /// An organisation that takes part.
    pub fn member(&self, id: &OrganisationId, at: OffsetDateTime) -> Option<&Version<Organisation>> {
        self.organisation(id, at)
            .filter(|organisation| takes_part(organisation, at))
    }

    /// The organisations that take part and that a certificate is bound to.
    pub fn certificate_holders(&self, fingerprint: &str, at: OffsetDateTime) -> Vec<&OrganisationId> {
        self.certificates
            .get(fingerprint)
            .into_iter()
            .flatten()
            .filter(|id| {
                self.member(id, at)
                    .is_some_and(|member| member.terms.certificates.contains(fingerprint))
            })
            .collect()
    }

    /// The entries of a user in the ID ledger, ended or not.
    pub fn user<'a>(
        &'a self,
        organisation: &'a OrganisationId,
        user: &'a UserId,
        at: OffsetDateTime,
    ) -> impl Iterator<Item = &'a Version<User>> {
        self.users
            .get(&(organisation.clone(), user.clone()))
            .into_iter()
            .flatten()
            .filter_map(move |history| history.at(at))
            .filter(move |entry| entry.terms.organisation == *organisation && entry.terms.user == *user)
    }

    /// All joint-use agreements, by id.
    pub fn agreements(&self) -> &[History<JointUseAgreement>] {
        &self.agreements
    }

    /// Later looks at the publications of an agreement, as far as they were known: when each was made.
    pub fn looks<'a>(
        &'a self,
        agreement: &'a InstrumentId,
        at: OffsetDateTime,
    ) -> impl Iterator<Item = (OffsetDateTime, &'a PublicationCheck)> + Clone {
        self.looks
            .get(agreement)
            .into_iter()
            .flatten()
            .filter_map(move |history| history.at(at))
            .filter(move |look| look.terms.agreement == *agreement)
            .map(|look| (look.effective_from, &look.terms))
    }

    /// A contract.
    pub fn contract(&self, id: &InstrumentId) -> Option<&History<EntrustmentContract>> {
        self.contracts.get(id)
    }

    /// The contracts of an entruster, by id.
    pub fn contracts_of(
        &self,
        entruster: &EntityId,
    ) -> impl Iterator<Item = &History<EntrustmentContract>> + Clone {
        self.by_entruster.get(entruster).into_iter().flatten()
    }

    /// Why a contract cannot be used at an instant, if it cannot: E1 to E9.
    pub fn contract_fault(
        &self,
        contract: &Version<EntrustmentContract>,
        at: OffsetDateTime,
    ) -> Option<Reason> {
        if !contract.in_force(at) || contract.terms.status != Status::Active {
            return Some(Reason::E3);
        }
        defect(contract).or_else(|| (!self.able(&contract.terms.contractor, at)).then_some(Reason::E9))
    }

    /// E9: whether a contractor takes part and has a certificate of its own.
    pub(crate) fn able(&self, contractor: &OrganisationId, at: OffsetDateTime) -> bool {
        self.member(contractor, at)
            .is_some_and(|member| !member.terms.certificates.is_empty())
    }

    /// Whether an organisation (its id, and what is known of it) has a valid contract of some kind with a contractor.
    pub fn has_contract(
        &self,
        kind: ContractKind,
        (id, author): (&OrganisationId, &Version<Organisation>),
        contractor: &OrganisationId,
        at: OffsetDateTime,
    ) -> bool {
        self.contracts_of(&author.terms.entity)
            .filter_map(|history| history.at(at))
            .filter(|contract| contract.terms.kind == kind && contract.terms.contractor == *contractor)
            .filter(|contract| contract.terms.entrusted_by(&author.terms.entity, id))
            .any(|contract| self.contract_fault(contract, at).is_none())
    }

    /// C4: the text that a consent was given under, if it is the one that was in force then. Forms are older
    /// than the registry: a text may have been entered after it was signed.
    pub fn text_signed(&self, consent: &Consent, at: OffsetDateTime) -> Option<&Version<ConsentText>> {
        self.text_in_force(consent.text.as_ref()?, consent.signed_at, at)
    }

    /// C4: a text, if it is the version that was in force when it was signed.
    pub fn text_in_force(
        &self,
        text: &TextRef,
        signed: OffsetDateTime,
        at: OffsetDateTime,
    ) -> Option<&Version<ConsentText>> {
        self.texts
            .get(&text.id)?
            .was_in_force(signed, at)
            .filter(|known| known.version == text.version)
            .filter(|known| text.hash.is_none_or(|hash| hash == known.reference().hash))
    }

    /// C4: whether a consent has its text. At a visit words may do.
    pub fn text_holds(&self, consent: &Consent, at: OffsetDateTime) -> bool {
        match &consent.text {
            None => consent.model == ConsentModel::OnQuery,
            Some(_) => self.text_signed(consent, at).is_some(),
        }
    }
}

/// Whether an organisation is in force and active.
pub(crate) fn takes_part(organisation: &Version<Organisation>, at: OffsetDateTime) -> bool {
    organisation.in_force(at) && organisation.terms.status == Status::Active
}

/// All versions of what concerns patients: of one patient, or of many; decisions take what is of theirs.
#[derive(Clone, Debug, Default)]
pub struct PatientInstruments {
    consents: Vec<History<Consent>>,
    refusals: Vec<History<Refusal>>,
    orders: Vec<History<LegalOrder>>,
    sessions: Vec<History<BreakGlassSession>>,
}

impl PatientInstruments {
    /// Makes instruments ready.
    pub fn new(
        consents: Vec<Version<Consent>>,
        refusals: Vec<Version<Refusal>>,
        orders: Vec<Version<LegalOrder>>,
        sessions: Vec<Version<BreakGlassSession>>,
    ) -> Self {
        Self {
            consents: History::group(consents),
            refusals: History::group(refusals),
            orders: History::group(orders),
            sessions: History::group(sessions),
        }
    }

    /// The version of a consent that a permit rests on.
    pub fn consent(&self, reference: &InstrumentRef) -> Option<&Version<Consent>> {
        self.consents
            .iter()
            .flat_map(History::versions)
            .find(|version| **version.reference() == *reference)
    }

    /// The version of a legal order that a permit rests on.
    pub fn order(&self, reference: &InstrumentRef) -> Option<&Version<LegalOrder>> {
        self.orders
            .iter()
            .flat_map(History::versions)
            .find(|version| **version.reference() == *reference)
    }

    /// The same of one person, whose identifier is this one by now: what was entered under an identifier that has been
    /// merged since counts under the surviving one. Which version of which instrument it is stays as it was.
    #[must_use]
    pub fn under(mut self, patient: &PatientRef) -> Self {
        self.consents
            .iter_mut()
            .for_each(|history| history.set(|terms| &mut terms.patient, patient));
        self.refusals
            .iter_mut()
            .for_each(|history| history.set(|terms| &mut terms.patient, patient));
        self.orders
            .iter_mut()
            .for_each(|history| history.set(|terms| &mut terms.patient, patient));
        self.sessions
            .iter_mut()
            .for_each(|history| history.set(|terms| &mut terms.patient, patient));
        self
    }

    pub(crate) fn consents(&self) -> impl Iterator<Item = &History<Consent>> {
        self.consents.iter()
    }

    pub(crate) fn refusals(&self) -> impl Iterator<Item = &History<Refusal>> {
        self.refusals.iter()
    }

    pub(crate) fn orders(&self) -> impl Iterator<Item = &History<LegalOrder>> {
        self.orders.iter()
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = &History<BreakGlassSession>> {
        self.sessions.iter()
    }
}

/// What decisions are made from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The domain.
    pub ledger: &'a Ledger,
    /// The patient.
    pub patient: &'a PatientInstruments,
}

fn keyed<K: std::hash::Hash + Eq, T: Terms>(
    histories: Vec<History<T>>,
    key: impl Fn(String) -> K,
) -> HashMap<K, History<T>> {
    histories
        .into_iter()
        .filter_map(|history| {
            let id = history.versions().first()?.id.0.clone();
            Some((key(id), history))
        })
        .collect()
}

/// Histories by what any of their versions names.
fn gathered<K: std::hash::Hash + Eq, T: Terms>(
    histories: Vec<History<T>>,
    key: impl Fn(&T) -> K,
) -> HashMap<K, Vec<History<T>>> {
    let mut gathered: HashMap<K, Vec<History<T>>> = HashMap::new();
    for history in histories {
        let mut named: Vec<K> = Vec::new();
        for key in history.versions().iter().map(|version| key(&version.terms)) {
            if !named.contains(&key) {
                named.push(key);
            }
        }
        for key in named {
            gathered.entry(key).or_default().push(history.clone());
        }
    }
    gathered
}

fn certificates(organisations: &[History<Organisation>]) -> HashMap<String, Vec<OrganisationId>> {
    let mut holders: HashMap<String, Vec<OrganisationId>> = HashMap::new();
    for version in organisations.iter().flat_map(History::versions) {
        let id = OrganisationId(version.id.0.clone());
        for certificate in &version.terms.certificates {
            let of_one = holders.entry(certificate.clone()).or_default();
            if !of_one.contains(&id) {
                of_one.push(id.clone());
            }
        }
    }
    holders
}
