//! `check-config`

use std::process::ExitCode;

use serde_json::{Map, Value, json};
use xds_server::config::assertions_of;
use xds_server::lang::Lang;

use super::say;
use crate::config::Config;
use crate::words;

/// The configuration was read already, so it is right: says what follows from it.
pub(crate) fn check_config(config: &Config, lang: Lang, as_json: bool) -> ExitCode {
    if as_json {
        say(&in_json(config).to_string());
        return ExitCode::SUCCESS;
    }
    say(lang.pick(&words::config_is_right(&config.clinical.public_url)));
    say(lang.pick(&assertions_of(config.xua.as_ref()).1));
    say(lang.pick(&words::limits()));
    for (name, value) in config.limits.table() {
        say(&format!("  {name:<28} {value:>12}"));
    }
    ExitCode::SUCCESS
}

fn in_json(config: &Config) -> Value {
    let limits: Map<String, Value> = config
        .limits
        .table()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    json!({
        "valid": true,
        "assertions": assertions_of(config.xua.as_ref()).0,
        "endpoint": config.clinical.public_url,
        "repository_unique_id": config.repository.unique_id.as_str(),
        "registry": {
            "register": config.registry.url,
            "nodes": config.registry.nodes_url(),
            "decision": config.registry.decision_url(),
            "registered": config.registry.registered_url(),
        },
        "limits": limits,
    })
}
