//! `record list | show`

use registry_core::records::Side;
use registry_store::{Change, KeptRecord, LedgerRange, RecordName, Store};
use registry_trail::report::Language;
use serde_json::Value;
use xds_server::lang::Say;

use super::super::Done;
use super::super::audit::moment::shown;
use super::super::audit::{clean, language_of};
use super::super::output::{NotThere, Output};
use super::super::session::looked;
use super::arguments::ListArguments;
use super::{EVER, cells, patients, value};

pub(super) async fn list(store: &Store, arguments: ListArguments, change: &Change, output: Output) -> Done {
    let range = LedgerRange {
        organisation: arguments.org,
        side: arguments.side,
        from: arguments.from.unwrap_or(EVER.0),
        until: arguments.to.unwrap_or(EVER.1),
        counterparty: arguments.counterparty,
        rows_max: arguments.max,
    };
    let records = store.records_of_ledger(&range).await?;
    let subject = format!("{}/{}", range.organisation, range.side.name());
    looked(store, change, "record list", &subject, patients(&records)).await?;
    let language = language_of(output);
    let values: Vec<Value> = records.iter().map(value).collect();
    let rows = records.iter().map(|kept| row(kept, language)).collect();
    Ok(output.list(&headings(range.side), rows, &values))
}

fn headings(side: Side) -> [Say; 7] {
    let other = match side {
        Side::Provision => Say::new("提供先", "receiver"),
        Side::Receipt => Say::new("提供元", "provider"),
    };
    [
        Say::new("記録", "record"),
        Say::new("日時", "when"),
        other,
        Say::new("本人", "person"),
        Say::new("内容", "what"),
        Say::new("根拠", "basis"),
        Say::new("記録義務", "by law"),
    ]
}

fn row(kept: &KeptRecord, language: Language) -> Vec<String> {
    let record = &kept.record;
    let what = cells::provided(record.provided, language);
    [
        kept.name.to_string(),
        shown(record.at),
        record.counterparty().name.clone(),
        cells::person(kept, language),
        format!("{what} {}", record.count),
        language.pick(record.basis.ja(), record.basis.en()).to_owned(),
        cells::required(record, language).to_owned(),
    ]
    .iter()
    .map(|cell| clean(cell))
    .collect()
}

pub(super) async fn show(store: &Store, name: &RecordName, change: &Change, output: Output) -> Done {
    let found = store.record(name).await?;
    let seen: Vec<KeptRecord> = found.into_iter().collect();
    looked(store, change, "record show", &name.to_string(), patients(&seen)).await?;
    let Some(kept) = seen.first() else {
        let say = Say::new(
            format!("記録 {name} はありません。"),
            format!("there is no record {name}"),
        );
        return Err(NotThere::new(output, &say).into());
    };
    let text: String = facts(kept, language_of(output))
        .iter()
        .map(|(label, value)| format!("{label}: {}\n", clean(value)))
        .collect();
    Ok(output.verdict(&text, &value(kept), true))
}

fn facts(kept: &KeptRecord, language: Language) -> Vec<(&'static str, String)> {
    let record = &kept.record;
    let pick = |ja, en| language.pick(ja, en);
    let mut facts = vec![
        (pick("記録", "record"), kept.name.to_string()),
        (
            pick("種別", "side"),
            cells::side(record.side, language).to_owned(),
        ),
        (pick("日時", "when"), shown(record.at)),
        (
            pick("提供元", "provider"),
            cells::party(&record.provider, language),
        ),
        (
            pick("提供先", "receiver"),
            cells::party(&record.receiver, language),
        ),
        (pick("本人", "person"), cells::person(kept, language)),
        (
            pick("提供したもの", "what was provided"),
            cells::provided(record.provided, language).to_owned(),
        ),
        (pick("項目", "items"), cells::items(record, language)),
        (pick("根拠", "basis"), cells::basis(record, language)),
        (
            pick("記録義務", "by law"),
            cells::required(record, language).to_owned(),
        ),
        (pick("受領者", "received by"), cells::user(record, language)),
        (pick("判断", "decision"), record.decision.clone()),
    ];
    if record.side == Side::Receipt {
        facts.push((
            pick("取得の経緯", "how it was acquired"),
            cells::acquisition(record, language),
        ));
    }
    facts.push((pick("保存期限", "kept until"), shown(kept.keep_until)));
    facts.push(("SHA-256", kept.sha256.clone()));
    facts
}
