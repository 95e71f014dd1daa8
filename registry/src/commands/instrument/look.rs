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
use super::super::session::looked;
use super::arguments::{ListArguments, Named, ShowArguments};
use super::{missing, not_so, patients, refused, subject};
use crate::config::Config;
use crate::instruments::{latest_of_each, state, version_of};

pub(super) async fn list(
    config: &Config,
    store: &Store,
    arguments: &ListArguments,
    change: &Change,
    output: Output,
) -> Done {
    let verb = "instrument list";
    let all = match (&arguments.patient, arguments.kind) {
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
            looked(store, change, verb, kind.name(), Vec::new()).await?;
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
    table(&latest_of_each(all), change.at, output)
}

pub(super) async fn history(store: &Store, named: &Named, change: &Change, output: Output) -> Done {
    let all = found(store, "instrument history", named, change, output).await?;
    table(&all, change.at, output)
}

pub(super) async fn show(store: &Store, arguments: &ShowArguments, change: &Change, output: Output) -> Done {
    let all = found(store, "instrument show", &arguments.named, change, output).await?;
    let version = version_of(&all, arguments.version).map_err(|error| refused(&error, output))?;
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
    looked(
        store,
        change,
        verb,
        &subject(named.kind, &named.id),
        patients(&all),
    )
    .await?;
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
        lang.pick(&state(version, now)).to_owned(),
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
