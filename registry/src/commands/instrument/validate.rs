//! `instrument validate`, `agreement validate`: what an instrument lacks, and why it matters.

use std::fmt::Write as _;

use registry_store::{Change, Instrument, Store};
use xds_policy::words::InstrumentId;
use xds_server::lang::Lang;

use super::super::Done;
use super::super::output::Output;
use super::super::session::looked;
use super::arguments::ValidateArguments;
use super::{files, missing, patients, refused, subject};
use crate::instruments::{Verdict, finding_text, finding_why, of_draft, of_kept};

pub(super) async fn run(
    store: &Store,
    verb: &str,
    arguments: &ValidateArguments,
    change: &Change,
    output: Output,
) -> Done {
    let kind = arguments.kind;
    let verdict = match (&arguments.file, &arguments.id) {
        (Some(file), _) => {
            let text = files::text(file, Instrument::BYTES_MAX)?;
            let draft = Instrument::draft(kind, &text, change, &[])?;
            let seen = patients(std::slice::from_ref(&draft));
            looked(
                store,
                change,
                verb,
                &subject(kind, draft.reference().id.as_str()),
                seen,
            )
            .await?;
            of_draft(store, draft, change.at).await
        }
        (None, id) => {
            let id = id.clone().unwrap_or_default();
            let all = store.instrument_history(kind, &InstrumentId(id.clone())).await?;
            looked(store, change, verb, &subject(kind, &id), patients(&all)).await?;
            let latest = all.last().cloned().ok_or_else(|| missing(kind, &id, output))?;
            of_kept(store, latest, change.at).await
        }
    };
    let verdict = verdict.map_err(|error| refused(&error, output))?;
    let text = told(&verdict, output.lang);
    Ok(output.verdict(&text, &verdict.value(output.lang), verdict.is_good()))
}

pub(super) fn told(verdict: &Verdict, lang: Lang) -> String {
    let reference = verdict.instrument.reference();
    let (name, id, version) = (reference.kind.name(), &reference.id, reference.version);
    let (head, none, reason, cannot) = match lang {
        Lang::Ja => (
            format!("{name} {id} 版 {version}"),
            "欠けているものはありません。",
            "理由",
            "登録できません",
        ),
        Lang::En => (
            format!("{name} {id} version {version}"),
            "nothing is missing",
            "why it matters",
            "it cannot be entered",
        ),
    };
    let mut told = head + "\n";
    // Writing to a string does not fail.
    if let Some(obstacle) = verdict.obstacle(lang) {
        let _ = writeln!(told, "  {cannot}: {obstacle}");
    }
    for finding in &verdict.findings {
        let about = (finding.subject.as_ref()).map_or_else(String::new, |subject| format!(" ({subject})"));
        let code = finding.reason.code();
        let _ = writeln!(told, "  [{code}]{about} {}", finding_text(finding, lang));
        let _ = writeln!(told, "      {reason}: {}", finding_why(finding, lang));
    }
    if verdict.is_good() {
        let _ = writeln!(told, "  {none}");
    }
    told
}
