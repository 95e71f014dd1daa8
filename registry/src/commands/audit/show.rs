//! `audit show`

use std::collections::BTreeSet;

use registry_trail::{Found, WithheldObject};
use serde_json::{Value, json};
use xds_atna::messages;
use xds_audit::EventId;
use xds_server::delivery::writer;
use xds_server::lang::{Lang, Say};

use super::arguments::ShowArguments;
use super::cells::clean;
use super::event;
use super::moment::shown;
use super::session::{tell, with_trail};
use crate::commands::Done;
use crate::commands::arguments::By;
use crate::commands::output::{NotThere, Output, table};
use crate::config::Config;
use crate::trail::TrailRole;

pub(super) async fn run(config: &Config, arguments: &ShowArguments, by: &By, output: Output) -> Done {
    let id = arguments.event;
    with_trail(config, TrailRole::Operator, async |store, trail| {
        let found = trail.show(id).await?;
        // Whom it concerns is known only now; nothing is shown before the look is owed.
        tell(&store, by, "audit show", &id.to_string(), patients(&found)).await?;
        if found.is_empty() {
            return Err(missing(id, output).into());
        }
        if arguments.dicom {
            let xml = dicom(config, &found);
            return Ok(output.verdict(&xml.join("\n"), &json!({ "messages": xml }), true));
        }
        let withheld = trail.withheld(id).await?;
        let text = text(&found, &withheld, output.lang);
        Ok(output.verdict(&text, &value(&found, &withheld), true))
    })
    .await
}

/// Whom the event concerned.
fn patients(found: &[Found]) -> Vec<String> {
    let patients: BTreeSet<&String> = found
        .iter()
        .flat_map(|found| {
            let event = &found.told.event;
            event
                .opening
                .objects
                .patients
                .iter()
                .chain(&event.closing.objects.patients)
        })
        .collect();
    patients.into_iter().cloned().collect()
}

fn missing(id: EventId, output: Output) -> NotThere {
    let say = Say::new(
        format!("事象 {id} は索引にありません(新しいものは数秒後に入ります)。"),
        format!("there is no event {id} in the index (new ones come into it within seconds)"),
    );
    NotThere::new(output, &say)
}

/// As they came, or as we deliver them.
fn dicom(config: &Config, found: &[Found]) -> Vec<String> {
    let writer = writer(&config.node, &config.clinical.public_url);
    found
        .iter()
        .flat_map(|found| match &found.message {
            Some(message) => vec![message.clone()],
            None => {
                let messages = messages(&found.told, &writer);
                messages.iter().map(xds_atna::AuditMessage::to_xml).collect()
            }
        })
        .collect()
}

fn value(found: &[Found], withheld: &[WithheldObject]) -> Value {
    json!({
        "messages": found.iter().map(Found::value).collect::<Vec<_>>(),
        "withheld": withheld
            .iter()
            .map(|withheld| json!({ "object": withheld.object, "reason": withheld.reason }))
            .collect::<Vec<_>>(),
    })
}

/// Every member of the event, one a row, by its name in the JSON form.
fn text(found: &[Found], withheld: &[WithheldObject], lang: Lang) -> String {
    let pick = |ja: &str, en: &str| lang.pick(&Say::new(ja, en)).to_owned();
    let mut rows = Vec::new();
    for found in found {
        let told = &found.told;
        rows.extend([
            vec![pick("事象", "event"), told.id.to_string()],
            vec![pick("開始(日本時間)", "began (Japan)"), shown(told.began.at)],
            vec![pick("終了(日本時間)", "ended (Japan)"), shown(told.ended.at)],
            vec![pick("種類", "kind"), told.event.opening.kind.name().to_owned()],
            vec![
                pick("結果", "outcome"),
                lang.pick(&event::outcome(told.event.closing.outcome)).to_owned(),
            ],
        ]);
        let whole = serde_json::to_value(&told.event).unwrap_or_default();
        members("", &whole, &mut rows);
    }
    let kept_back = pick("開示しなかったもの", "withheld");
    for withheld in withheld {
        let what = format!("{} ({})", clean(&withheld.object), clean(&withheld.reason));
        rows.push(vec![kept_back.clone(), what]);
    }
    table([pick("項目", "member"), pick("値", "value")], rows)
}

fn members(path: &str, value: &Value, rows: &mut Vec<Vec<String>>) {
    let inner = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Object(all) => all
            .iter()
            .for_each(|(name, value)| members(&inner(name), value, rows)),
        Value::Array(all) => (1..)
            .zip(all)
            .for_each(|(number, value): (u32, _)| members(&inner(&number.to_string()), value, rows)),
        Value::Null => {}
        Value::String(text) => rows.push(vec![clean(path), clean(text)]),
        other => rows.push(vec![clean(path), other.to_string()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_shown_and_nothing_steers_the_terminal() {
        let found = [event::tests::found()];
        let withheld = [WithheldObject {
            event: found[0].told.id,
            at: found[0].told.began.at,
            object: "urn:uuid:1".to_owned(),
            reason: "scope".to_owned(),
        }];
        let shown = text(&found, &withheld, Lang::Ja);
        for part in [
            "00000000-0000-0000-0000-000000000007/42",
            "opening.caller.node",
            "opening.objects.patients.1",
            "P1^^^&1.2.3&ISO",
            "c-1",
            "開示しなかったもの",
            "urn:uuid:1 (scope)",
        ] {
            assert!(shown.contains(part), "{part} is missing:\n{shown}");
        }
        assert!(!shown.contains('\u{1b}'), "{shown}");
        let value = value(&found, &withheld);
        assert_eq!(value["withheld"][0]["reason"], "scope");
        assert_eq!(patients(&found), ["P1^^^&1.2.3&ISO"]);
    }
}
