//! Records for machines, and what others show of them.

use registry_store::KeptRecord;
use registry_trail::report::Language;
use serde_json::{Value, json};
use xds_policy::instant;
use xds_server::lang::Lang;

use super::cells;

/// A record as JSON: its name, the person's name, what it says, its hash and until when it is kept.
pub(in crate::commands) fn value(kept: &KeptRecord) -> Value {
    let until = instant::serialize(&kept.keep_until, serde_json::value::Serializer);
    json!({
        "name": kept.name.to_string(),
        "person": kept.person,
        "record": kept.record,
        "previous": kept.previous,
        "sha256": kept.sha256,
        "keep_until": until.unwrap_or(Value::Null),
    })
}

/// What a record is about, in a few words: `文書 1 件: 診療情報提供書 [18842-5/11490-0]`.
pub(in crate::commands) fn what(kept: &KeptRecord, lang: Lang) -> String {
    let language = match lang {
        Lang::Ja => Language::Japanese,
        Lang::En => Language::English,
    };
    let record = &kept.record;
    format!(
        "{} {}",
        cells::provided(record.provided, language),
        cells::items(record, language)
    )
}
