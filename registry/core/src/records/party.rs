//! Who gives and who gets, as they were at that time.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use xds_model::principal::{EntityId, OrganisationId};
use xds_policy::instruments::contract::ContractKind;
use xds_policy::instruments::order::LegalOrder;
use xds_policy::instruments::organisation::AppiStatus;
use xds_policy::ledger::Ledger;
use xds_policy::version::Version;

/// A snapshot of an organisation and its legal entity: Articles 29 and 30 ask for name, address and representative.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Party {
    /// The organisation.
    pub organisation: OrganisationId,
    /// Its name 名称.
    pub name: String,
    /// Its legal entity 事業者.
    pub entity: EntityId,
    /// The name of the legal entity.
    pub entity_name: String,
    /// The address of the legal entity 住所.
    pub address: String,
    /// The representative of the legal entity 代表者の氏名; empty when it is no corporation.
    pub representative: String,
    /// Its standing under the Act.
    pub appi_status: AppiStatus,
}

impl Party {
    /// What the ledger says of an organisation at an instant. What it does not know stays empty: a record is written in
    /// any case.
    pub fn at(ledger: &Ledger, organisation: &OrganisationId, at: OffsetDateTime) -> Self {
        let known = ledger.organisation(organisation, at);
        let entity = known.map_or_else(|| EntityId(String::new()), |known| known.terms.entity.clone());
        let legal = ledger.entity(&entity, at);
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        Self {
            organisation: organisation.clone(),
            name: text(known.map(|known| &known.terms.name)),
            entity_name: text(legal.map(|legal| &legal.terms.name)),
            address: text(legal.map(|legal| &legal.terms.address)),
            representative: text(legal.map(|legal| &legal.terms.representative)),
            appi_status: known.map(|known| known.terms.appi_status).unwrap_or_default(),
            entity,
        }
    }

    /// Who gets what a legal order demands: its issuing body, which is no member.
    pub(super) fn of_order(order: &Version<LegalOrder>) -> Self {
        Self {
            organisation: OrganisationId(format!("order:{}", order.id)),
            name: order.terms.issuing_body.clone(),
            entity: EntityId(String::new()),
            entity_name: String::new(),
            address: String::new(),
            representative: String::new(),
            appi_status: AppiStatus::PublicBody,
        }
    }

    /// How it acquires what it provides 取得の経緯: as its participation contract (HOSTING) says, else in the course of
    /// care, which is what institutions of a medical network collect data in.
    pub(super) fn acquisition(&self, ledger: &Ledger, at: OffsetDateTime) -> String {
        let contract = ledger
            .contracts_of(&self.entity)
            .filter_map(|history| history.in_force(at))
            .filter(|contract| contract.terms.kind == ContractKind::Hosting)
            .filter(|contract| {
                let only = &contract.terms.entruster_organisations;
                only.is_empty() || only.contains(&self.organisation)
            })
            .map(|contract| contract.terms.acquisition.trim())
            .find(|acquisition| !acquisition.is_empty());
        contract.map_or_else(
            || {
                let name = if self.name.is_empty() {
                    &self.organisation.0
                } else {
                    &self.name
                };
                format!("{name}における診療の過程で取得")
            },
            str::to_owned,
        )
    }
}
