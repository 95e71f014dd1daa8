//! The responsibility sheet 責任分界表: who does what, from what is installed, contracts and agreements.

mod connections;
mod contracts;
mod duties;

use time::OffsetDateTime;
use xds_model::principal::OrganisationId;
use xds_policy::instruments::contract::ContractKind;
use xds_policy::instruments::organisation::Organisation;
use xds_policy::reasons::Reason;
use xds_policy::version::Version;

pub use connections::{Connected, Connection, Installation};

use crate::Language;
use crate::legal::organisation_kind;
use crate::local::{date, term};
use crate::material::Material;
use crate::paper::{Block, Gaps, Paper, undecided};

/// The sheet as of an instant. No cell is blank: what nobody decided is printed as 未定 and listed on top.
pub fn responsibility(
    material: &Material,
    installation: &Installation,
    at: OffsetDateTime,
    language: Language,
) -> Paper {
    let mut sheet = Sheet {
        material,
        installation,
        at,
        language,
        gaps: Gaps::new(language),
        blocks: Vec::new(),
    };
    sheet.operator();
    sheet.members();
    sheet.connections();
    sheet.duties();
    sheet.contracts();
    sheet.agreements();
    Paper {
        language,
        title: language.say("責任分界表", "Responsibility sheet"),
        missing: sheet.gaps.sorted(),
        blocks: sheet.blocks,
        made_from: vec![
            (language.say("設備", "Installation"), installation.name.clone()),
            (language.say("内容の時点", "As of"), date(at, language)),
        ],
    }
}

struct Sheet<'a> {
    material: &'a Material,
    installation: &'a Installation,
    at: OffsetDateTime,
    language: Language,
    gaps: Gaps,
    blocks: Vec<Block>,
}

impl Sheet<'_> {
    fn say(&self, ja: &str, en: &str) -> String {
        self.language.say(ja, en)
    }

    fn heading(&mut self, ja: &str, en: &str) {
        self.blocks.push(Block::Heading(self.language.say(ja, en)));
    }

    /// A table; where it has no row, that nothing is there.
    fn table<const N: usize>(&mut self, ja: [&str; N], en: [&str; N], rows: Vec<Vec<String>>) {
        if rows.is_empty() {
            self.blocks.push(Block::Text(undecided(self.language)));
            return;
        }
        let columns = self.language.pick(ja, en).map(str::to_owned).to_vec();
        self.blocks.push(Block::Table { columns, rows });
    }

    fn operator_id(&self) -> Option<OrganisationId> {
        self.material.ledger.policy(self.at).operator.clone()
    }

    /// What the operator is called, or that nobody is.
    fn operator_name(&self) -> String {
        match self.operator_id() {
            Some(id) => self.material.organisation(&id, self.at),
            None => undecided(self.language),
        }
    }

    fn operator(&mut self) {
        self.heading("運営主体", "The operator");
        let operator = self.operator_id();
        let known = operator
            .as_ref()
            .and_then(|id| self.material.ledger.organisation(id, self.at));
        let entity = known.and_then(|known| self.material.entity(&known.terms.entity, self.at));
        let name = known.map_or("", |known| known.terms.name.as_str());
        let (entity_name, address, representative) = entity.map_or(("", "", ""), |entity| {
            (
                entity.name.as_str(),
                entity.address.as_str(),
                entity.representative.as_str(),
            )
        });
        let facts = [
            (["機関", "Organisation"], name),
            (["事業者", "Legal entity"], entity_name),
            (["住所", "Address"], address),
            (["代表者の氏名", "Representative"], representative),
        ];
        let subject = operator.as_ref().map_or("operator", |id| id.0.as_str());
        let facts = facts
            .into_iter()
            .map(|([ja, en], value)| {
                let label = self.language.say(ja, en);
                (label, self.gaps.known(value, "operator", Some(subject), [ja, en]))
            })
            .collect();
        self.blocks.push(Block::Facts(facts));
    }

    fn members(&mut self) {
        self.heading("参加機関と契約", "Members and their contracts");
        let members = self.material.members(self.at);
        if members.is_empty() {
            self.gaps
                .note("members", None, ["参加機関", "the members of the network"]);
        }
        let operator = self.operator_id();
        let rows = members
            .into_iter()
            .map(|member| self.member(member, operator.as_ref()))
            .collect();
        self.table(
            [
                "機関",
                "種別",
                "事業者・住所・代表者",
                "所在情報の保管の委託先",
                "文書の保管",
            ],
            [
                "Organisation",
                "Kind",
                "Legal entity, address, representative",
                "Locations kept by",
                "Documents kept by",
            ],
            rows,
        );
    }

    fn member(&mut self, member: &Version<Organisation>, operator: Option<&OrganisationId>) -> Vec<String> {
        let id = member.id.as_str().to_owned();
        let is_operator = operator.is_some_and(|operator| operator.0 == id);
        let name = self.gaps.known(
            &member.terms.name,
            "organisation",
            Some(id.as_str()),
            ["機関の名称", "the organisation's name"],
        );
        vec![
            format!("{name} ({id})"),
            organisation_kind(member.terms.kind, self.language).to_owned(),
            self.entity(member, &id),
            if is_operator {
                self.say("運営主体", "the operator itself")
            } else {
                self.hosted_by(member, &id)
            },
            self.stored_by(member),
        ]
    }

    fn entity(&mut self, member: &Version<Organisation>, id: &str) -> String {
        let entity = self.material.entity(&member.terms.entity, self.at);
        let [name, address, representative] = entity.map_or(["", "", ""], |entity| {
            [
                entity.name.as_str(),
                entity.address.as_str(),
                entity.representative.as_str(),
            ]
        });
        let parts = [
            (name, ["事業者の名称", "the legal entity's name"]),
            (address, ["事業者の住所", "the legal entity's address"]),
            (
                representative,
                ["事業者の代表者", "the legal entity's representative"],
            ),
        ];
        let parts = parts.map(|(value, what)| self.gaps.known(value, "entity", Some(id), what));
        self.language.list(parts)
    }

    /// The contract under which the operator keeps locations for a member (HOSTING).
    fn hosted_by(&mut self, member: &Version<Organisation>, id: &str) -> String {
        match self.contract_of(member, ContractKind::Hosting) {
            Some(contract) => contract,
            None => {
                self.gaps.note(
                    "HOSTING",
                    Some(id),
                    [
                        "所在情報の保管を委託する契約(外部保存に準じる)",
                        "the contract under which its locations are kept",
                    ],
                );
                undecided(self.language)
            }
        }
    }

    /// Who keeps a member's documents: itself, unless a contract says otherwise.
    fn stored_by(&self, member: &Version<Organisation>) -> String {
        self.contract_of(member, ContractKind::ExternalStorage)
            .unwrap_or_else(|| self.say("自院(自ら保管する)", "itself"))
    }

    fn contract_of(&self, member: &Version<Organisation>, kind: ContractKind) -> Option<String> {
        let id = OrganisationId(member.id.0.clone());
        let contract = self.material.contracts(self.at).into_iter().find(|contract| {
            contract.terms.kind == kind && contract.terms.entrusted_by(&member.terms.entity, &id)
        })?;
        let contractor = self.material.organisation(&contract.terms.contractor, self.at);
        let until = term(contract.effective_from, contract.effective_to, self.language);
        Some(format!("{contractor} ({} {until})", contract.id))
    }

    fn agreements(&mut self) {
        self.heading("共同利用の取り決め", "Joint-use agreements");
        let agreements = self.material.agreements(self.at);
        if agreements.is_empty() {
            self.blocks.push(Block::Text(self.language.say(
                "効力のある取り決めはありません(共同利用をしない)。",
                "None is in force: nothing is used jointly.",
            )));
            return;
        }
        let mut rows = Vec::new();
        for agreement in agreements {
            let (id, terms) = (agreement.id.as_str(), &agreement.terms);
            let responsible = &terms.responsible;
            if !responsible.complete(self.at) {
                self.gaps.reason(Reason::J4, Some(id));
            }
            let representative = if responsible.corporation {
                responsible.representative.as_str()
            } else {
                responsible.name.as_str()
            };
            let j4 = ["管理責任者", "who is responsible"];
            let who = [
                responsible.name.as_str(),
                responsible.address.as_str(),
                representative,
            ]
            .map(|part| self.gaps.known(part, "J4", Some(id), j4));
            let clauses = [
                (
                    &terms.clauses.incidents,
                    ["事故時の対応", "what happens after an incident"],
                ),
                (&terms.clauses.withdrawal, ["脱退・撤回の扱い", "withdrawal"]),
                (
                    &terms.clauses.sensitive_classes,
                    ["機微な情報の扱い", "sensitive information"],
                ),
            ];
            let mut row = vec![format!("{} ({id})", terms.title), self.language.list(who)];
            row.extend(clauses.map(|(text, what)| self.gaps.known(text, "J9", Some(id), what)));
            rows.push(row);
        }
        self.table(
            [
                "取り決め",
                "管理責任者・住所・代表者",
                "事故が起きたとき",
                "脱退・撤回",
                "機微な情報",
            ],
            [
                "Agreement",
                "Responsible, address, representative",
                "After an incident",
                "Withdrawal",
                "Sensitive information",
            ],
            rows,
        );
    }
}
