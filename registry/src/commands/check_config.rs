//! `check-config`: whether the configuration is valid, and every limit.

use std::process::ExitCode;

use serde_json::{Value, json};
use xds_server::lang::{Lang, Say};

use super::Done;
use super::output::Output;
use crate::config::Config;

/// The file was read and is valid, or this is not reached.
pub(super) fn run(config: &Config, output: Output) -> Done {
    let limits: serde_json::Map<String, Value> = config
        .limits
        .table()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    if output.json {
        return Ok(output.verdict("", &json!({ "valid": true, "limits": limits }), true));
    }
    let say = Say::new("設定は有効です。", "the configuration is valid");
    let mut text = format!("{}\n\n", output.lang.pick(&say));
    text.push_str(match output.lang {
        Lang::Ja => "[limits] 上限の一覧:\n",
        Lang::En => "[limits] every limit:\n",
    });
    for (name, value) in config.limits.table() {
        text.push_str(&format!("  {name:<32} {value}\n"));
    }
    let code: ExitCode = output.verdict(&text, &Value::Null, true);
    Ok(code)
}
