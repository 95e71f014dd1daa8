//! `setting`: settings of the domain.

use serde_json::json;
use xds_server::lang::Say;

use super::Done;
use super::arguments::{By, SettingCommand};
use super::output::Output;
use super::session::{change, with_store};
use crate::config::Config;

pub(super) async fn run(config: &Config, command: SettingCommand, by: &By, output: Output) -> Done {
    with_store(config, async |store| match command {
        SettingCommand::Set { name, value } => {
            // People write hyphens.
            let name = name.replace('-', "_");
            store.set_domain_setting(&name, &value, &change(by)).await?;
            let say = Say::new(
                format!("設定しました: {name} = {value}"),
                format!("set: {name} = {value}"),
            );
            Ok(output.result(&say, &json!({ "name": name, "value": value })))
        }
        SettingCommand::List => {
            let stored = store.stored_settings().await?;
            let in_force = store.domain_settings().await?;
            let value = |name: &str, default: String| {
                stored
                    .iter()
                    .find(|setting| setting.name == name)
                    .map_or(default, |setting| setting.value.clone())
            };
            let rows: Vec<[String; 3]> = meanings()
                .into_iter()
                .map(|(name, default, meaning)| {
                    [
                        name.to_owned(),
                        value(name, default.to_owned()),
                        output.lang.pick(&meaning).to_owned(),
                    ]
                })
                .collect();
            let values: serde_json::Map<_, _> = rows
                .iter()
                .map(|[name, value, _]| (name.clone(), json!(value)))
                .collect();
            let headings = [
                Say::new("設定", "setting"),
                Say::new("値", "value"),
                Say::new("意味", "meaning"),
            ];
            let value = json!({ "version": in_force.version, "settings": values });
            Ok(output.list(&headings, rows.into_iter().map(Vec::from).collect(), &value))
        }
    })
    .await
}

/// Every setting with its default and its meaning.
fn meanings() -> [(&'static str, &'static str, Say); 4] {
    [
        (
            "unknown_codes",
            "refuse",
            Say::new(
                "コード表にないコードを拒否する (refuse) か警告にとどめる (warn)",
                "codes outside the lists are refused, or warned of (warn)",
            ),
        ),
        (
            "unknown_author_institution",
            "attribute",
            Say::new(
                "台帳にない機関が作成者の文書を、公開した機関のものとして印をつけて受け入れる (attribute) か拒否する (refuse)",
                "documents whose author's institution nobody knows are attributed to who publishes them, and marked (attribute), or refused (refuse)",
            ),
        ),
        (
            "default_user_allowed",
            "false",
            Say::new(
                "アサーションを送れないノードに既定の利用者を認める(使うたびに監査に残る)",
                "nodes that cannot send an assertion may have a default user (each use is flagged in the audit)",
            ),
        ),
        (
            "home_community_id",
            "",
            Say::new(
                "この網の homeCommunityId (urn:oid:…)",
                "the domain's own homeCommunityId (urn:oid:...)",
            ),
        ),
    ]
}
