//! What papers are made from: the instruments of the domain, ready to be gone through.

use time::OffsetDateTime;
use xds_model::principal::{EntityId, OrganisationId};
use xds_policy::format::DomainFile;
use xds_policy::instruments::agreement::JointUseAgreement;
use xds_policy::instruments::consent::ConsentText;
use xds_policy::instruments::contract::EntrustmentContract;
use xds_policy::instruments::organisation::{LegalEntity, Organisation, Status};
use xds_policy::ledger::Ledger;
use xds_policy::version::{History, Terms, Version};
use xds_policy::words::InstrumentId;

use crate::ClassNames;

/// The instruments of a domain, and what classes are called.
#[derive(Clone, Debug)]
pub struct Material {
    pub(crate) ledger: Ledger,
    organisations: Vec<History<Organisation>>,
    contracts: Vec<History<EntrustmentContract>>,
    texts: Vec<History<ConsentText>>,
    pub(crate) names: ClassNames,
}

impl Material {
    /// Makes instruments ready. What concerns patients is not looked at: no paper here names one.
    pub fn new(domain: DomainFile, names: ClassNames) -> Self {
        Self {
            organisations: History::group(domain.organisations.clone()),
            contracts: History::group(domain.entrustment_contracts.clone()),
            texts: History::group(domain.consent_texts.clone()),
            ledger: domain.into_facts().0,
            names,
        }
    }

    /// A version of an agreement, or the one that counts at an instant; before it begins, the first.
    pub fn agreement(
        &self,
        id: &InstrumentId,
        version: Option<u32>,
        at: OffsetDateTime,
    ) -> Option<&Version<JointUseAgreement>> {
        pick(self.ledger.agreements(), id, version, at)
    }

    /// A version of a text that patients sign, in the same way.
    pub fn text(
        &self,
        id: &InstrumentId,
        version: Option<u32>,
        at: OffsetDateTime,
    ) -> Option<&Version<ConsentText>> {
        pick(&self.texts, id, version, at)
    }

    /// The organisations that take part at an instant, by id.
    pub(crate) fn members(&self, at: OffsetDateTime) -> Vec<&Version<Organisation>> {
        let members = self
            .organisations
            .iter()
            .filter_map(|history| history.in_force(at));
        members
            .filter(|member| member.terms.status == Status::Active)
            .collect()
    }

    /// The contracts that are in force and used at an instant, by id.
    pub(crate) fn contracts(&self, at: OffsetDateTime) -> Vec<&Version<EntrustmentContract>> {
        let contracts = self.contracts.iter().filter_map(|history| history.in_force(at));
        contracts
            .filter(|contract| contract.terms.status == Status::Active)
            .collect()
    }

    /// The agreements that are in force and used at an instant, by id.
    pub(crate) fn agreements(&self, at: OffsetDateTime) -> Vec<&Version<JointUseAgreement>> {
        let agreements = self.ledger.agreements().iter();
        agreements
            .filter_map(|history| history.in_force(at))
            .filter(|agreement| agreement.terms.status == Status::Active)
            .collect()
    }

    /// What an organisation is called: its name, or its id where it is not known.
    pub(crate) fn organisation(&self, id: &OrganisationId, at: OffsetDateTime) -> String {
        match self.ledger.organisation(id, at) {
            Some(known) if !known.terms.name.trim().is_empty() => known.terms.name.clone(),
            _ => id.to_string(),
        }
    }

    /// What is known of a legal entity.
    pub(crate) fn entity(&self, id: &EntityId, at: OffsetDateTime) -> Option<&LegalEntity> {
        self.ledger.entity(id, at).map(|entity| &entity.terms)
    }

    /// What a legal entity is called.
    pub(crate) fn entity_name(&self, id: &EntityId, at: OffsetDateTime) -> String {
        match self.entity(id, at) {
            Some(known) if !known.name.trim().is_empty() => known.name.clone(),
            _ => id.0.clone(),
        }
    }
}

fn pick<'a, T: Terms>(
    histories: &'a [History<T>],
    id: &InstrumentId,
    version: Option<u32>,
    at: OffsetDateTime,
) -> Option<&'a Version<T>> {
    let history = histories
        .iter()
        .find(|history| history.versions().first().is_some_and(|first| first.id == *id))?;
    match version {
        Some(number) => history.versions().iter().find(|known| known.version == number),
        None => history.at(at).or_else(|| history.versions().first()),
    }
}
