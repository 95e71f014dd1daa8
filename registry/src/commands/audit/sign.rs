//! `audit report sign`: a reviewer's name under the review of a month.

use registry_store::Deed;
use registry_trail::SignOff;
use registry_trail::report::{MonthRange, ReviewReport, Signature};
use serde_json::{Value, json};
use time::OffsetDateTime;
use xds_model::Clock;
use xds_model::time::System;
use xds_server::lang::Say;

use super::arguments::SignArguments;
use super::cells::clean;
use super::index_state::{IndexState, index_state};
use super::moment::shown;
use super::month::review;
use super::session::{tell, with_trail};
use crate::commands::Done;
use crate::commands::arguments::By;
use crate::commands::output::{NotThere, Output};
use crate::commands::session::change;
use crate::config::Config;
use crate::trail::TrailRole;

const VERB: &str = "audit report sign";

pub(super) async fn run(config: &Config, arguments: &SignArguments, by: &By, output: Output) -> Done {
    let (month, now) = (arguments.month, System.now());
    is_over(month, now, output)?;
    with_trail(config, TrailRole::Operator, async |store, trail| {
        let state = index_state(&trail, &config.audit.journal, now).await?;
        is_complete(&state, month, output)?;
        tell(
            &store,
            by,
            "audit report month",
            &format!("month={month}"),
            Vec::new(),
        )
        .await?;
        let report = review(config, &trail, month, &arguments.review, by, now).await?;
        let (reviewer, remark) = (arguments.reviewer.clone(), arguments.note.clone());
        let sign_off = SignOff::of(month, &report, reviewer, remark, now)?;
        let signed = sign_off.told(&report);
        // Owed before it is stored: the journal may tell of a signature that a broken database did not take, but none
        // is stored untold.
        let deed = Deed::new(VERB, &month.to_string()).with(None, Some(signed.clone()));
        store.owe_act(&change(by), &deed).await?;
        trail.sign(&sign_off).await?;
        let text = Say::new(
            ja(month, &sign_off, &signed, &report),
            en(month, &sign_off, &signed, &report),
        );
        let value = json!({ "month": month.to_string(), "signed": signed, "earlier": report.signatures });
        Ok(output.verdict(output.lang.pick(&text), &value, true))
    })
    .await
}

/// A month that goes on would be signed in part.
fn is_over(month: MonthRange, now: OffsetDateTime, output: Output) -> Result<(), NotThere> {
    if now >= month.until {
        return Ok(());
    }
    let end = shown(month.until);
    let say = Say::new(
        format!("{month} はまだ終わっていません。{end}(日本時間)以降に署名してください。"),
        format!("{month} is not over: sign it after {end} (Japan time)"),
    );
    Err(NotThere::new(output, &say))
}

/// What is missing in the index would be missing in what is signed.
fn is_complete(state: &IndexState, month: MonthRange, output: Output) -> Result<(), NotThere> {
    if state.reaches(month.until) {
        return Ok(());
    }
    let why = state.say();
    let say = Say::new(
        format!(
            "{month} の事象がすべて索引にあるとは言えません。サーバーを動かし、少し待ってから署名してください。{}",
            why.ja
        ),
        format!(
            "it is not certain that all events of {month} are in the index: let the server run, wait, and sign then. {}",
            why.en
        ),
    );
    Err(NotThere::new(output, &say))
}

fn ja(month: MonthRange, sign_off: &SignOff, signed: &Value, report: &ReviewReport) -> String {
    let mut text = format!(
        "{} の点検に署名しました: {}\n事象 {} 件、要確認 {} 件\n報告書の SHA-256: {}",
        month,
        clean(&sign_off.reviewer),
        report.events,
        report.anomalies.len(),
        signed["report_sha256"].as_str().unwrap_or_default(),
    );
    if !report.signatures.is_empty() {
        text += "\nこれまでの署名:";
    }
    text + &earlier(&report.signatures)
}

fn en(month: MonthRange, sign_off: &SignOff, signed: &Value, report: &ReviewReport) -> String {
    let mut text = format!(
        "review of {} signed by {}\n{} events, {} to be looked at\nSHA-256 of the report: {}",
        month,
        clean(&sign_off.reviewer),
        report.events,
        report.anomalies.len(),
        signed["report_sha256"].as_str().unwrap_or_default(),
    );
    if !report.signatures.is_empty() {
        text += "\nsigned before by:";
    }
    text + &earlier(&report.signatures)
}

fn earlier(signatures: &[Signature]) -> String {
    let line = |signature: &Signature| {
        let (reviewer, remark) = (clean(&signature.reviewer), clean(&signature.remark));
        format!("\n  {} {reviewer}: {remark}", shown(signature.signed_at))
    };
    signatures.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;
    use xds_server::lang::Lang;

    use super::*;
    use crate::commands::audit::index_state::Missing;

    const OUTPUT: Output = Output {
        json: false,
        lang: Lang::En,
    };

    #[test]
    fn only_a_month_that_is_over_and_wholly_indexed_is_signed() {
        let month = MonthRange::of(2026, 10).unwrap();
        assert!(is_over(month, month.until, OUTPUT).is_ok());
        let early = is_over(month, month.until - Duration::SECOND, OUTPUT).unwrap_err();
        assert!(early.to_string().contains("2026-11-01 00:00:00"), "{early}");
        let state = |since| IndexState {
            latest: None,
            missing: Some(Missing {
                events: 1,
                since: Some(since),
            }),
        };
        assert!(is_complete(&state(month.until), month, OUTPUT).is_ok());
        assert!(is_complete(&state(month.from), month, OUTPUT).is_err());
    }

    #[test]
    fn a_signature_binds_the_report() {
        let at = datetime!(2026-11-02 9:00 +9);
        let month = MonthRange::of(2026, 10).unwrap();
        let report = registry_trail::report::review_report(month, Vec::new(), Vec::new(), at, "op");
        let sign_off = |report: &[u8]| SignOff {
            month: month.first,
            report: report.to_vec(),
            reviewer: "鈴木".to_owned(),
            remark: "確認\u{1b}".to_owned(),
            signed_at: at,
        };
        let (one, other) = (sign_off(b"1").told(&report), sign_off(b"2").told(&report));
        assert_ne!(one["report_sha256"], other["report_sha256"]);
        assert_eq!(
            one["report_sha256"],
            "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
        );
        let before = [Signature {
            reviewer: "鈴木".to_owned(),
            remark: "確認\u{1b}".to_owned(),
            signed_at: at,
        }];
        assert_eq!(earlier(&before), "\n  2026-11-02 09:00:00 鈴木: 確認\u{FFFD}");
    }
}
