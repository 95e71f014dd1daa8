//! `audit verify`

use serde_json::{Value, json};
use xds_audit::verify::{Fault, Report, VerifyOptions, verify as verify_journal};

use super::{JournalCommandError, KeySource, Verdict, VerifyArguments, files};
use crate::lang::Say;

pub(super) fn verify(arguments: &VerifyArguments) -> Result<Verdict, JournalCommandError> {
    let key = files::key(arguments.public_key.as_deref(), &arguments.journal)?;
    let mut anchors = Vec::new();
    for file in &arguments.anchor {
        anchors.extend(files::checkpoints(file)?);
    }
    let kept = anchors.len() as u64;
    let report = verify_journal(
        &arguments.journal,
        &VerifyOptions {
            public_key: key.key,
            anchors,
            cold: arguments.cold_folder.clone(),
            from: arguments.from,
        },
    )?;
    let text = text(&report);
    let text = match warning(key.source, kept) {
        Some(warning) if report.is_whole() => {
            Say::new(text.ja + "\n" + &warning.ja, text.en + "\n" + &warning.en)
        }
        _ => text,
    };
    Ok(Verdict {
        text,
        value: value(&report, key.source),
        good: report.is_whole(),
    })
}

/// The report, with `whole` and `key` before it.
fn value(report: &Report, source: KeySource) -> Value {
    let mut value = json!({ "whole": report.is_whole(), "key": source.word() });
    if let (Some(value), Ok(Value::Object(report))) = (value.as_object_mut(), serde_json::to_value(report)) {
        value.extend(report);
    }
    value
}

fn text(report: &Report) -> Say {
    let range = format!("{}..{}", report.first, report.last);
    match &report.bad {
        None => Say::new(
            format!(
                "ジャーナルは完全です: 記録 {range}、チェックポイント {} 個",
                report.checkpoints
            ),
            format!(
                "the journal is whole: records {range}, {} checkpoints",
                report.checkpoints
            ),
        ),
        Some(bad) => Say::new(
            format!(
                "ジャーナルは完全ではありません: 記録 {} ({}): {}",
                bad.index,
                bad.file,
                in_japanese(bad.fault)
            ),
            format!(
                "the journal is not whole: record {} ({}): {}",
                bad.index, bad.file, bad.fault
            ),
        ),
    }
}

/// What is wrong, as [`Fault`] says it in English.
fn in_japanese(fault: Fault) -> String {
    let text = match fault {
        Fault::Incomplete => "ファイルが記録の途中で終わっています",
        Fault::Damaged => "記録が変更されています",
        Fault::Sequence { found } => {
            return format!("別の記録 {found} がその位置にあります(削除、挿入または移動)");
        }
        Fault::Chain => "前の記録とつながりません(検査符号ごと変更されています)",
        Fault::Header => "ファイルの見出しが変更されているか、別のジャーナルのファイルです",
        Fault::Sealed => "封印されたファイルが変更されています",
        Fault::Missing => "ファイルがありません",
        Fault::Checkpoint => "チェックポイントが前の記録を保証していません(書き直されています)",
        Fault::Signature => "チェックポイントの署名が指定の鍵のものではありません",
        Fault::Cut => "記録が切り取られています",
        Fault::Removal => "廃棄の記録が、残っている最初の記録と合いません",
        Fault::Anchor => "別に保管したチェックポイントのジャーナルではありません",
    };
    text.to_owned()
}

/// What this verdict does not cover.
fn warning(source: KeySource, anchors: u64) -> Option<Say> {
    match source {
        KeySource::None => Some(Say::new(
            "注意: 公開鍵がないため署名は調べていません(--public-key)。",
            "note: no public key, so signatures were not checked (--public-key)",
        )),
        KeySource::Beside => Some(Say::new(
            "注意: 公開鍵はジャーナルと同じフォルダーのものです。別に保管した鍵を --public-key で指定してください。",
            "note: the public key is the one in the folder itself; name one that was kept elsewhere (--public-key)",
        )),
        KeySource::Given if anchors == 0 => Some(Say::new(
            "注意: 別に保管したチェックポイントがないと、末尾の切り取りや古い状態への差し替えは分かりません(--anchor)。",
            "note: only a checkpoint that was kept elsewhere shows an end cut off or a folder put back (--anchor)",
        )),
        KeySource::Given => None,
    }
}
