//! `check-config`: whether the configuration is valid, and every limit.

use std::process::ExitCode;

use serde_json::{Value, json};
use xds_server::config::assertions_of;
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
    let (word, assertions) = assertions_of(config.xua.as_ref());
    if output.json {
        let found = json!({ "valid": true, "assertions": word, "limits": limits });
        return Ok(output.verdict("", &found, true));
    }
    let say = Say::new("設定は有効です。", "the configuration is valid");
    let (lang, say) = (output.lang, [say, assertions]);
    let [valid, assertions] = say.each_ref().map(|say| lang.pick(say));
    let mut text = format!("{valid}\n{assertions}\n\n");
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
