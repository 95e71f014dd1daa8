//! `emergency list | show`

use registry_core::records::Side;
use registry_store::{Change, KeptRecord, KnownTask, PatientRange, Store, StoreError};
use serde_json::{Value, json};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use xds_model::PatientId;
use xds_policy::instant;
use xds_policy::instruments::session::{BreakGlassSession, EmergencyReason, ReviewOutcome};
use xds_policy::version::Version;
use xds_server::lang::{Lang, Say};

use super::super::Done;
use super::super::audit::moment::shown;
use super::super::output::{Output, table};
use super::super::record;
use super::super::session::looked;
use super::{kind, missing, session, state};

/// Tasks that are listed at most.
const TASKS_MAX: u32 = 1_000;
/// Records of one session at most.
const RECORDS_MAX: u32 = 1_000;
const BEGINNING: OffsetDateTime = datetime!(2000-01-01 0:00 UTC);

pub(super) async fn list(store: &Store, all: bool, change: &Change, output: Output) -> Done {
    let until = change.at.saturating_add(Duration::DAY);
    let tasks = store.tasks(!all, (BEGINNING, until), TASKS_MAX).await?;
    let patients = tasks.iter().map(|task| task.patient.to_string()).collect();
    let subject = if all { "all" } else { "open" };
    looked(store, change, "emergency list", subject, patients).await?;
    let headings = [
        Say::new("緊急時アクセス", "session"),
        Say::new("すること", "to do"),
        Say::new("機関", "organisation"),
        Say::new("開始", "since"),
        Say::new("期限", "due"),
        Say::new("状態", "state"),
        Say::new("実施者", "by"),
    ];
    let rows = tasks.iter().map(|task| row(task, change.at, output.lang));
    let values: Vec<Value> = tasks.iter().map(|task| value(task, change.at)).collect();
    Ok(output.list(&headings, rows.collect(), &values))
}

fn row(task: &KnownTask, now: OffsetDateTime, lang: Lang) -> Vec<String> {
    vec![
        task.instrument.clone(),
        kind(task.kind, lang).to_owned(),
        task.organisation.clone(),
        shown(task.since),
        task.due.map(shown).unwrap_or_default(),
        state(task, now, lang).to_owned(),
        task.done_by.clone().unwrap_or_default(),
    ]
}

fn value(task: &KnownTask, now: OffsetDateTime) -> Value {
    json!({
        "instrument_kind": task.instrument_kind,
        "instrument": task.instrument,
        "task": task.kind.name(),
        "organisation": task.organisation,
        "since": written(Some(task.since)),
        "due": written(task.due),
        "overdue": task.is_late(now),
        "done_at": written(task.done_at),
        "done_by": task.done_by,
    })
}

fn written(at: Option<OffsetDateTime>) -> Value {
    at.and_then(|at| instant::serialize(&at, serde_json::value::Serializer).ok())
        .unwrap_or(Value::Null)
}

pub(super) async fn show(store: &Store, id: &str, change: &Change, output: Output) -> Done {
    let found = session(store, id).await?;
    let patients = found
        .iter()
        .map(|session| session.terms.patient.0.clone())
        .collect();
    looked(store, change, "emergency show", id, patients).await?;
    let session = found.ok_or_else(|| missing(id, output))?;
    let tasks = store.tasks_of(session.reference().kind.name(), id).await?;
    let obtained = obtained(store, &session, change.at).await?;
    let value = json!({
        "session": session,
        "tasks": tasks.iter().map(|task| value(task, change.at)).collect::<Vec<_>>(),
        "obtained": obtained.iter().map(record::value).collect::<Vec<_>>(),
    });
    let text = told(&session, &tasks, &obtained, change.at, output.lang);
    Ok(output.verdict(&text, &value, true))
}

/// What was obtained on a session, as the providers' ledgers tell it.
async fn obtained(
    store: &Store,
    session: &Version<BreakGlassSession>,
    now: OffsetDateTime,
) -> Result<Vec<KeptRecord>, StoreError> {
    let Ok(patient) = session.terms.patient.0.parse::<PatientId>() else {
        return Ok(Vec::new());
    };
    let range = PatientRange {
        patient,
        from: session.terms.opened,
        until: now.saturating_add(Duration::seconds(1)),
        organisation: None,
        side: Some(Side::Provision),
        rows_max: RECORDS_MAX,
    };
    let reference = session.reference();
    let mut records = store.records_of_patient(&range).await?;
    records.retain(|kept| {
        let instrument = &kept.record.instrument;
        instrument.kind == reference.kind && instrument.id == reference.id
    });
    Ok(records)
}

fn told(
    session: &Version<BreakGlassSession>,
    tasks: &[KnownTask],
    obtained: &[KeptRecord],
    now: OffsetDateTime,
    lang: Lang,
) -> String {
    let pick = |ja: &'static str, en: &'static str| match lang {
        Lang::Ja => ja,
        Lang::En => en,
    };
    let terms = &session.terms;
    let end = session.effective_to.map(shown).unwrap_or_default();
    let review = terms.review.as_ref().map(|review| {
        let outcome = match review.outcome {
            ReviewOutcome::Justified => pick("正当", "justified"),
            ReviewOutcome::Misuse => pick("不正使用", "misuse"),
        };
        let (by, at) = (&review.by, shown(review.at));
        format!("{outcome} ({by}, {at}) {}", review.text)
    });
    let lines = [
        (pick("緊急時アクセス", "session"), session.id.to_string()),
        (pick("患者", "patient"), terms.patient.0.clone()),
        (
            pick("機関・利用者", "by"),
            format!("{} {}", terms.organisation, terms.user),
        ),
        (pick("理由", "reason"), reason(terms.reason, lang).to_owned()),
        (pick("期間", "time"), format!("{} – {end}", shown(terms.opened))),
        (pick("延長", "renewals"), terms.renewals.to_string()),
        (pick("点検", "review"), review.unwrap_or_default()),
        (
            pick("患者への通知", "patient told"),
            terms.patient_told_at.map(shown).unwrap_or_default(),
        ),
    ];
    let mut text: String = lines
        .iter()
        .map(|(label, value)| format!("{label}: {}\n", super::super::audit::clean(value)))
        .collect();
    let headings = [
        pick("すること", "to do"),
        pick("機関", "organisation"),
        pick("期限", "due"),
        pick("状態", "state"),
    ];
    let rows = tasks.iter().map(|task| {
        vec![
            kind(task.kind, lang).to_owned(),
            task.organisation.clone(),
            task.due.map(shown).unwrap_or_default(),
            state(task, now, lang).to_owned(),
        ]
    });
    text += &format!("\n{}\n", table(headings.map(str::to_owned), rows.collect()));
    let headings = [
        pick("日時", "when"),
        pick("提供元", "from"),
        pick("得たもの", "what was obtained"),
    ];
    let rows = obtained.iter().map(|kept| {
        vec![
            shown(kept.record.at),
            kept.record.provider.name.clone(),
            record::what(kept, lang),
        ]
    });
    text + &format!("\n{}\n", table(headings.map(str::to_owned), rows.collect()))
}

fn reason(reason: EmergencyReason, lang: Lang) -> &'static str {
    let [ja, en] = match reason {
        EmergencyReason::Unconscious => ["意識不明", "unconscious"],
        EmergencyReason::LifeThreat => ["生命の危険", "threat to life"],
        EmergencyReason::CannotCommunicate => ["意思疎通不能", "cannot communicate"],
        EmergencyReason::NoRepresentativeReachable => {
            ["代理人に連絡がつかない", "no representative can be reached"]
        }
    };
    match lang {
        Lang::Ja => ja,
        Lang::En => en,
    }
}
