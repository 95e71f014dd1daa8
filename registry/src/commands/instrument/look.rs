//! `instrument list | show | history`

use std::process::ExitCode;

use registry_store::{Change, Instrument, Store};
use serde_json::Value;
use time::OffsetDateTime;
use xds_policy::words::InstrumentId;
use xds_server::lang::{Lang, Say};

use super::super::Done;
use super::super::audit::moment::shown;
use super::super::output::Output;
use super::super::patient::patient_id;
use super::arguments::{ListArguments, Named, ShowArguments};
use super::{looked, missing, not_so, subject};
use crate::config::Config;

pub(super) async fn list(
    config: &Config,
    store: &Store,
    arguments: &ListArguments,
    change: &Change,
    output: Output,
) -> Done {
    let verb = "instrument list";
    let mut all = match (&arguments.patient, arguments.kind) {
        (Some(patient), kind) => {
            let patient = patient_id(config, patient)?;
            let mut all = store.patient_instruments(&patient).await?;
            all.retain(|found| kind.is_none_or(|kind| found.reference().kind == kind));
            let deed = registry_store::Deed {
                patients: vec![patient.to_string()],
                ..registry_store::Deed::new(verb, &patient.to_string())
            };
            store.owe_act(change, &deed).await?;
            all
        }
        (None, Some(kind)) if !Instrument::is_of_patient(kind) => {
            looked(store, change, verb, kind.name(), &[]).await?;
            store.instruments(kind).await?
        }
        (None, _) => {
            return Err(not_so(
                output,
                "患者ごとの取り決めです。`--patient` で患者を指定してください。",
                "these concern patients: name one with `--patient`",
            )
            .into());
        }
    };
    // They come by version: of each the last.
    all.reverse();
    all.dedup_by(|a, b| same(a, b));
    all.reverse();
    table(&all, change.at, output)
}

fn same(a: &Instrument, b: &Instrument) -> bool {
    let (a, b) = (a.reference(), b.reference());
    a.kind == b.kind && a.id == b.id
}

pub(super) async fn history(store: &Store, named: &Named, change: &Change, output: Output) -> Done {
    let all = found(store, "instrument history", named, change, output).await?;
    table(&all, change.at, output)
}

pub(super) async fn show(store: &Store, arguments: &ShowArguments, change: &Change, output: Output) -> Done {
    let all = found(store, "instrument show", &arguments.named, change, output).await?;
    let wanted = arguments.version;
    let version = all
        .iter()
        .rfind(|known| wanted.is_none_or(|wanted| known.reference().version == wanted));
    let version =
        version.ok_or_else(|| not_so(output, "その版はありません。", "there is no such version"))?;
    let value = version.value()?;
    let text = serde_json::to_string_pretty(&value)?;
    Ok(output.verdict(&text, &value, true))
}

/// All versions of an instrument, once the journal is to tell of the look; the look is told even if there is none.
async fn found(
    store: &Store,
    verb: &str,
    named: &Named,
    change: &Change,
    output: Output,
) -> Result<Vec<Instrument>, Box<dyn std::error::Error + Send + Sync>> {
    let id = InstrumentId(named.id.clone());
    let all = store.instrument_history(named.kind, &id).await?;
    looked(store, change, verb, &subject(named.kind, &named.id), &all).await?;
    if all.is_empty() {
        return Err(missing(named.kind, &named.id, output).into());
    }
    Ok(all)
}

fn table(versions: &[Instrument], now: OffsetDateTime, output: Output) -> Done {
    let headings = [
        Say::new("種類", "kind"),
        Say::new("ID", "id"),
        Say::new("版", "version"),
        Say::new("状態", "state"),
        Say::new("開始", "from"),
        Say::new("終了", "to"),
        Say::new("登録", "entered"),
        Say::new("登録者", "by"),
        Say::new("承認者", "approved by"),
        Say::new("SHA-256", "SHA-256"),
    ];
    let values = versions
        .iter()
        .map(Instrument::value)
        .collect::<Result<Vec<Value>, _>>()?;
    let rows = versions.iter().map(|version| row(version, now, output.lang));
    let code: ExitCode = output.list(&headings, rows.collect(), &values);
    Ok(code)
}

fn row(version: &Instrument, now: OffsetDateTime, lang: Lang) -> Vec<String> {
    let reference = version.reference();
    let moment = |at: Option<OffsetDateTime>| at.map(shown).unwrap_or_default();
    vec![
        reference.kind.name().to_owned(),
        reference.id.to_string(),
        reference.version.to_string(),
        state(version, now, lang).to_owned(),
        shown(version.effective_from()),
        moment(version.effective_to()),
        moment(version.entered_at()),
        version.entered_by().to_owned(),
        version.approved_by().join("、"),
        reference
            .hash
            .to_string()
            .get(..16)
            .unwrap_or_default()
            .to_owned()
            + "…",
    ]
}

/// Where a version stands at a moment, by its dates alone.
fn state(version: &Instrument, now: OffsetDateTime, lang: Lang) -> &'static str {
    let [ja, en] = if now < version.effective_from() {
        ["発効前", "to come"]
    } else if version.effective_to().is_some_and(|to| to <= now) {
        ["終了", "ended"]
    } else {
        ["期間内", "in its time"]
    };
    match lang {
        Lang::Ja => ja,
        Lang::En => en,
    }
}
