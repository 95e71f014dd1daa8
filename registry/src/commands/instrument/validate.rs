//! `instrument validate`, `agreement validate`: what an instrument lacks, and why it matters.

use std::fmt::Write as _;

use registry_store::{Change, Instrument, InstrumentError, Store};
use serde_json::{Value, json};
use time::OffsetDateTime;
use xds_policy::finding::{self, Finding};
use xds_policy::ledger::Ledger;
use xds_policy::words::InstrumentId;
use xds_server::lang::Lang;

use super::super::Done;
use super::super::output::Output;
use super::arguments::ValidateArguments;
use super::{files, looked, missing, refused, subject};

pub(super) async fn run(
    store: &Store,
    verb: &str,
    arguments: &ValidateArguments,
    change: &Change,
    output: Output,
) -> Done {
    let kind = arguments.kind;
    let (instrument, obstacle) = match (&arguments.file, &arguments.id) {
        (Some(file), _) => {
            let text = files::text(file, Instrument::BYTES_MAX)?;
            let draft = Instrument::draft(kind, &text, change, &[])?;
            let seen = std::slice::from_ref(&draft);
            looked(
                store,
                change,
                verb,
                &subject(kind, draft.reference().id.as_str()),
                seen,
            )
            .await?;
            let obstacle = obstacle(store, &draft).await?;
            (draft, obstacle)
        }
        (None, id) => {
            let id = id.clone().unwrap_or_default();
            let all = store.instrument_history(kind, &InstrumentId(id.clone())).await?;
            looked(store, change, verb, &subject(kind, &id), &all).await?;
            let latest = all.last().cloned().ok_or_else(|| missing(kind, &id, output))?;
            (latest, None)
        }
    };
    let ledger = store.load_domain(change.at).await?;
    // What is not in force yet is judged as of when it will be.
    let at = change.at.max(instrument.effective_from());
    let findings = findings(&ledger, &instrument, at);
    let obstacle = obstacle.map(|error| refused(&error, output).to_string());
    let text = told(&instrument, &findings, obstacle.as_deref(), output.lang);
    let good = findings.is_empty() && obstacle.is_none();
    let value = json!({
        "instrument": instrument.reference(),
        "valid": good,
        "cannot_be_entered": obstacle,
        "findings": findings.iter().map(|finding| value(finding, output.lang)).collect::<Vec<_>>(),
    });
    Ok(output.verdict(&text, &value, good))
}

/// Why a draft cannot be entered, if it cannot.
async fn obstacle(store: &Store, draft: &Instrument) -> Result<Option<InstrumentError>, InstrumentError> {
    match store.judge_instrument(draft).await {
        Ok(()) => Ok(None),
        Err(InstrumentError::Store(error)) => Err(error.into()),
        Err(error) => Ok(Some(error)),
    }
}

/// What is known of instruments of each kind. Those that are not named here are judged when they are entered.
pub(super) fn findings(ledger: &Ledger, instrument: &Instrument, at: OffsetDateTime) -> Vec<Finding> {
    match instrument {
        Instrument::JointUseAgreement(agreement) => finding::of_agreement(ledger, agreement, at),
        Instrument::EntrustmentContract(contract) => finding::of_contract(ledger, contract, at),
        Instrument::Consent(consent) => finding::of_consent(ledger, consent, at),
        Instrument::BreakGlassSession(session) => finding::of_session(ledger.policy(at), session, at),
        _ => Vec::new(),
    }
}

fn value(finding: &Finding, lang: Lang) -> Value {
    json!({
        "code": finding.reason.code(),
        "subject": finding.subject,
        "text": text(finding, lang),
        "why": why(finding, lang),
    })
}

fn text(finding: &Finding, lang: Lang) -> &'static str {
    match lang {
        Lang::Ja => finding.reason.ja(),
        Lang::En => finding.reason.en(),
    }
}

fn why(finding: &Finding, lang: Lang) -> &'static str {
    match lang {
        Lang::Ja => finding.why_ja(),
        Lang::En => finding.why_en(),
    }
}

pub(super) fn told(
    instrument: &Instrument,
    findings: &[Finding],
    obstacle: Option<&str>,
    lang: Lang,
) -> String {
    let reference = instrument.reference();
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
    if let Some(obstacle) = obstacle {
        let _ = writeln!(told, "  {cannot}: {obstacle}");
    }
    for finding in findings {
        let about = (finding.subject.as_ref()).map_or_else(String::new, |subject| format!(" ({subject})"));
        let code = finding.reason.code();
        let _ = writeln!(told, "  [{code}]{about} {}", text(finding, lang));
        let _ = writeln!(told, "      {reason}: {}", why(finding, lang));
    }
    if findings.is_empty() && obstacle.is_none() {
        let _ = writeln!(told, "  {none}");
    }
    told
}
