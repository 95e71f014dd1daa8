//! `org`: organisations of the network.

use registry_core::ledger::{InForce, Organisation};
use registry_store::InLaw;
use xds_model::principal::{EntityId, OrganisationId};
use xds_server::lang::Say;

use super::Done;
use super::arguments::{By, OrgArguments, OrgCommand};
use super::instrument::not_entered;
use super::output::{NotThere, Output};
use super::session::{change, with_store};
use crate::config::Config;

pub(super) async fn run(config: &Config, command: OrgCommand, by: &By, output: Output) -> Done {
    with_store(config, async |store| match command {
        OrgCommand::Add(arguments) => {
            let in_law = in_law(&arguments);
            let organisation = organisation(arguments).checked()?;
            let added = store.add_organisation(&organisation, &in_law, &change(by)).await;
            added.map_err(|error| not_entered(error, output))?;
            let say = Say::new(
                format!("機関を登録しました: {} {}", organisation.id, organisation.name),
                format!("organisation entered: {} {}", organisation.id, organisation.name),
            );
            Ok(output.result(&say, &organisation))
        }
        OrgCommand::List => {
            let all = store.organisations(None, false).await?;
            Ok(output.list(&headings(), all.iter().map(row).collect(), &all))
        }
        OrgCommand::Show { id } => {
            let versions = store
                .organisations(Some(&OrganisationId(id.clone())), true)
                .await?;
            if versions.is_empty() {
                return Err(missing(&id, output).into());
            }
            Ok(output.list(&headings(), versions.iter().map(row).collect(), &versions))
        }
        OrgCommand::End { id } => {
            let ended = store
                .end_organisation(&OrganisationId(id.clone()), &change(by))
                .await;
            if !ended.map_err(|error| not_entered(error, output))? {
                return Err(missing(&id, output).into());
            }
            let say = Say::new(
                format!("機関の登録を終了しました: {id}"),
                format!("organisation ended: {id}"),
            );
            Ok(output.result(&say, &serde_json::json!({ "ended": id })))
        }
    })
    .await
}

/// What the law's side does not know of yet.
fn in_law(arguments: &OrgArguments) -> InLaw {
    InLaw {
        kind: arguments.kind,
        entity_name: arguments.entity_name.clone(),
        address: arguments.address.clone(),
        representative: arguments.representative.clone(),
    }
}

fn organisation(arguments: OrgArguments) -> Organisation {
    Organisation {
        entity_name: arguments.entity_name.unwrap_or_else(|| arguments.name.clone()),
        id: OrganisationId(arguments.id),
        name: arguments.name,
        kana: arguments.kana,
        entity: EntityId(arguments.entity),
        facility_codes: arguments.facility_codes.into_iter().collect(),
        oids: arguments.oids.into_iter().collect(),
    }
}

fn missing(id: &str, output: Output) -> NotThere {
    let say = Say::new(
        format!("機関 {id} は登録されていません。`org list` で一覧を確かめてください。"),
        format!("there is no organisation {id}; see `org list`"),
    );
    NotThere::new(output, &say)
}

fn headings() -> [Say; 6] {
    [
        Say::new("機関", "id"),
        Say::new("名称", "name"),
        Say::new("事業者", "legal entity"),
        Say::new("版", "version"),
        Say::new("開始", "from"),
        Say::new("終了", "to"),
    ]
}

fn row(organisation: &InForce<Organisation>) -> Vec<String> {
    let value = &organisation.value;
    vec![
        value.id.to_string(),
        value.name.clone(),
        format!("{} {}", value.entity, value.entity_name),
        organisation.version.to_string(),
        organisation.from.date().to_string(),
        organisation
            .until
            .map(|until| until.date().to_string())
            .unwrap_or_default(),
    ]
}
