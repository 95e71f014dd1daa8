//! `audit prove` and `audit check-proof`

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use xds_audit::Told;
use xds_audit::proof::{Proof, ProofError};

use super::{CheckProofArguments, JournalCommandError, ProveArguments, Verdict, files};
use crate::lang::Say;

pub(super) fn prove(arguments: &ProveArguments) -> Result<Verdict, JournalCommandError> {
    let kept = arguments
        .checkpoint
        .as_deref()
        .map(files::checkpoint)
        .transpose()?;
    let proof = Proof::make(
        &arguments.journal,
        arguments.cold_folder.as_deref(),
        arguments.event,
        kept.as_ref(),
    )?;
    files::write(&arguments.out, &proof.to_text())?;
    let (event, checkpoint) = (proof.event, proof.checkpoint.sequence);
    let file = arguments.out.display();
    Ok(Verdict {
        text: Say::new(
            format!(
                "記録 {event} の証明を {file} に書きました(チェックポイント {checkpoint} まで)。個人情報を含みます。"
            ),
            format!("{file} proves record {event} up to checkpoint {checkpoint}; it holds personal data"),
        ),
        value: json!({
            "event": event,
            "checkpoint": checkpoint,
            "steps": proof.steps.len(),
            "file": arguments.out,
        }),
        good: true,
    })
}

pub(super) fn check(arguments: &CheckProofArguments) -> Result<Verdict, JournalCommandError> {
    let key = arguments
        .public_key
        .as_deref()
        .map(files::public_key)
        .transpose()?;
    let kept = arguments
        .checkpoint
        .as_deref()
        .map(files::checkpoint)
        .transpose()?;
    let text = files::read(&arguments.proof)?;
    let checked = Proof::from_text(&text).and_then(|proof| {
        let told = proof.check(key.as_ref(), kept.as_ref())?;
        Ok((proof, told))
    });
    Ok(match checked {
        Ok((proof, told)) => holds(&proof, &told, key.is_some()),
        Err(error) => fails(&error),
    })
}

fn holds(proof: &Proof, told: &Told, signed: bool) -> Verdict {
    let event = shown(told);
    let pretty = serde_json::to_string_pretty(&event).unwrap_or_default();
    let (sequence, at) = (proof.checkpoint.sequence, proof.checkpoint.at);
    let at = at.format(&Rfc3339).unwrap_or_default();
    let (by_ja, by_en) = match signed {
        true => ("署名は正しい", "its signature holds"),
        false => (
            "署名は調べていない(指定のチェックポイントと一致)",
            "its signature was not checked; it is the given one",
        ),
    };
    Verdict {
        text: Say::new(
            format!(
                "証明は成り立ちます: 記録 {} はジャーナル {} のチェックポイント {sequence} ({at}) に含まれます。{by_ja}。\n{pretty}",
                told.id.sequence, told.id.journal
            ),
            format!(
                "the proof holds: record {} of journal {} is under checkpoint {sequence} of {at}; {by_en}\n{pretty}",
                told.id.sequence, told.id.journal
            ),
        ),
        value: json!({
            "holds": true,
            "signature": signed,
            "checkpoint": proof.checkpoint,
            "event": event,
        }),
        good: true,
    }
}

fn fails(error: &ProofError) -> Verdict {
    Verdict {
        text: Say::new(
            format!("証明は成り立ちません: {error}"),
            format!("the proof does not hold: {error}"),
        ),
        value: json!({ "holds": false, "reason": error.to_string() }),
        good: false,
    }
}

fn shown(told: &Told) -> Value {
    json!({
        "id": told.id.to_string(),
        "began": told.began,
        "ended": told.ended,
        "opening": told.event.opening,
        "closing": told.event.closing,
    })
}
