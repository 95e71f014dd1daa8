//! Whether the law lets anything be published and shown: the domain's policy, its operator, and hosting contracts.

use std::collections::BTreeSet;

use registry_core::ledger::Node;
use registry_store::{Store, StoreError};
use time::OffsetDateTime;
use xds_model::Transaction;
use xds_model::principal::OrganisationId;
use xds_policy::instruments::contract::ContractKind;
use xds_policy::ledger::Ledger;
use xds_server::doctor::Finding;
use xds_server::lang::Say;

const LAW: &str = "law";

/// Looks at the instruments as they are now.
pub(super) async fn examine(store: &Store, now: OffsetDateTime) -> Vec<Finding> {
    match read(store).await {
        Ok((ledger, nodes)) => judge(&ledger, &nodes, now),
        Err(error) => vec![Finding::bad(
            LAW,
            Say::new(
                format!("取り決めを読めません: {error}"),
                format!("the instruments cannot be read: {error}"),
            ),
            Say::new(
                "スキーマと、取り決めが書き換えられていないかを確かめてください。",
                "check the schema, and whether somebody changed instruments past the registry",
            ),
        )],
    }
}

async fn read(store: &Store) -> Result<(Ledger, Vec<Node>), StoreError> {
    let nodes = store.nodes(None, false).await?;
    Ok((store.law().await?, nodes.into_iter().map(|node| node.value).collect()))
}

fn judge(ledger: &Ledger, nodes: &[Node], now: OffsetDateTime) -> Vec<Finding> {
    if !ledger.has_policy(now) {
        return vec![no_policy()];
    }
    let Some(operator) = &ledger.policy(now).operator else {
        return vec![no_operator()];
    };
    if ledger.member(operator, now).is_none() {
        return vec![operator_is_no_member(operator)];
    }
    let publishers = publishers(nodes);
    let lacking: Vec<(&OrganisationId, Lack)> = publishers
        .into_iter()
        .filter_map(|organisation| Some((organisation, lack(ledger, organisation, operator, now)?)))
        .collect();
    if lacking.is_empty() {
        let found = Say::new(
            format!("ドメインの規則が採択され、運営主体は {operator}、公開する全機関に委託契約(登録)があります"),
            format!("a policy is adopted, the operator is {operator}, and everybody who publishes is hosted"),
        );
        return vec![Finding::good(LAW, found)];
    }
    lacking
        .into_iter()
        .map(|(organisation, lack)| not_hosted(organisation, operator, lack))
        .collect()
}

/// The organisations whose nodes may publish.
fn publishers(nodes: &[Node]) -> BTreeSet<&OrganisationId> {
    let publishes = |node: &&Node| {
        !node.acts_for_others
            && [Transaction::Iti41, Transaction::Iti42]
                .iter()
                .any(|transaction| node.transactions.contains(transaction))
    };
    let nodes = nodes.iter().filter(publishes);
    nodes.map(|node| &node.organisation).collect()
}

/// Why an organisation can publish nothing.
enum Lack {
    /// It is no member in law.
    Member,
    /// It has no contract.
    Contract,
    /// It has one, which is not valid: why.
    Valid(&'static str, &'static str, &'static str),
}

fn lack(
    ledger: &Ledger,
    organisation: &OrganisationId,
    operator: &OrganisationId,
    now: OffsetDateTime,
) -> Option<Lack> {
    let Some(member) = ledger.member(organisation, now) else {
        return Some(Lack::Member);
    };
    if ledger.has_contract(ContractKind::Hosting, (organisation, member), operator, now) {
        return None;
    }
    let fault = ledger
        .contracts_of(&member.terms.entity)
        .filter_map(|history| history.at(now))
        .filter(|contract| {
            contract.terms.kind == ContractKind::Hosting && contract.terms.contractor == *operator
        })
        .find_map(|contract| ledger.contract_fault(contract, now));
    Some(fault.map_or(Lack::Contract, |reason| {
        Lack::Valid(reason.code(), reason.ja(), reason.en())
    }))
}

fn no_policy() -> Finding {
    Finding::bad(
        LAW,
        Say::new(
            "ドメインの規則が採択されていません。何も公開できず、他の機関の文書は見られません",
            "no domain policy is adopted: nothing can be published, and nobody sees another's documents",
        ),
        Say::new(
            "運営主体 (terms.operator) を定めた規則を `instrument add --kind policy --file policy.json` で登録してください。",
            "enter one that names the operator (terms.operator): `instrument add --kind policy --file policy.json`",
        ),
    )
}

fn no_operator() -> Finding {
    Finding::bad(
        LAW,
        Say::new(
            "ドメインの規則に運営主体がありません。何も公開できません",
            "the domain policy names no operator: nothing can be published",
        ),
        Say::new(
            "`instrument show --kind policy` の内容に terms.operator を加え、次の版として `instrument add --kind policy` で登録してください。",
            "take `instrument show --kind policy`, add terms.operator, and enter it as the next version with `instrument add --kind policy`",
        ),
    )
}

fn operator_is_no_member(operator: &OrganisationId) -> Finding {
    Finding::bad(
        LAW,
        Say::new(
            format!("運営主体 {operator} が有効な機関として登録されていません。何も公開できません"),
            format!("the operator {operator} is no organisation in force: nothing can be published"),
        ),
        Say::new(
            format!("`org add --id {operator} --kind operator` と `node add --org {operator}` で登録してください。"),
            format!("enter it: `org add --id {operator} --kind operator`, then `node add --org {operator}`"),
        ),
    )
}

fn not_hosted(organisation: &OrganisationId, operator: &OrganisationId, lack: Lack) -> Finding {
    let (found, repair) = match lack {
        Lack::Member => (
            Say::new(
                format!("機関 {organisation} が法律上の機関として有効でないため、公開できません"),
                format!("{organisation} is no organisation in force in law, so it cannot publish"),
            ),
            Say::new(
                format!("`org add --id {organisation}` で登録してください。"),
                format!("enter it: `org add --id {organisation}`"),
            ),
        ),
        Lack::Contract => (
            Say::new(
                format!("機関 {organisation} には運営主体 {operator} との委託契約(登録)がないため、公開できません"),
                format!("{organisation} has no contract of kind HOSTING with {operator}, so it cannot publish"),
            ),
            Say::new(
                "契約を `instrument add --kind contract --file contract.json` で登録してください。",
                "enter it: `instrument add --kind contract --file contract.json`",
            ),
        ),
        Lack::Valid(code, ja, en) => (
            Say::new(
                format!("機関 {organisation} の委託契約(登録)が有効でないため、公開できません({code}: {ja})"),
                format!("the HOSTING contract of {organisation} is not valid, so it cannot publish ({code}: {en})"),
            ),
            Say::new(
                "`instrument validate --kind contract` で不足を確かめ、次の版を登録してください。E9 は運営主体のノードの登録 (`node add`) で満たされます。",
                "see `instrument validate --kind contract` and enter the next version; E9 is met by enrolling a node of the operator (`node add`)",
            ),
        ),
    };
    Finding::bad(LAW, found, repair)
}
