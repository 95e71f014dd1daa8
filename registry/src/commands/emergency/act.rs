//! `emergency review | notified`

use registry_core::records::TaskKind;
use registry_store::{Change, Deed, Instrument, Store, StoreError};
use serde_json::json;
use xds_policy::instruments::session::{BreakGlassSession, Review, ReviewOutcome};
use xds_policy::version::{Draft, InstrumentKind, Version};
use xds_policy::words::{InstrumentId, UserId};
use xds_server::lang::{Lang, Say};

use super::super::Done;
use super::super::instrument::refused;
use super::super::output::{NotThere, Output};
use super::arguments::{NotifiedArguments, Whom};
use super::{kind, missing, session};

pub(super) async fn review(
    store: &Store,
    id: &str,
    outcome: ReviewOutcome,
    text: &str,
    change: &Change,
    output: Output,
) -> Done {
    let latest = session(store, id).await?.ok_or_else(|| missing(id, output))?;
    if let Some(refusal) = unfit(&latest, change) {
        return Err(NotThere::new(output, &refusal).into());
    }
    let next = enter(reviewed(&latest, outcome, text, change))?;
    store
        .close_tasks("emergency review", &next, (TaskKind::Review, None), change)
        .await
        .map_err(|error| refused(&error.into(), output))?;
    let say = match outcome {
        ReviewOutcome::Justified => Say::new(
            format!("点検を登録しました: {id}(正当)"),
            format!("reviewed: {id} was justified"),
        ),
        ReviewOutcome::Misuse => Say::new(
            format!("点検を登録しました: {id}(不正使用)。このアクセスは直ちに終了しました。"),
            format!("reviewed: {id} was misuse; it has ended at once"),
        ),
    };
    Ok(output.result(&say, next.reference()))
}

/// Why somebody may not review a session, or not any more.
fn unfit(session: &Version<BreakGlassSession>, change: &Change) -> Option<Say> {
    if session.terms.user.0.trim() == change.who.trim() {
        return Some(Say::new(
            "本人は点検できません。点検者の氏名を --by で指定してください。",
            "nobody reviews a session of their own: name who does with --by",
        ));
    }
    session.terms.review.as_ref().map(|review| {
        Say::new(
            format!("{} が点検済みです。", review.by),
            format!("{} reviewed it already", review.by),
        )
    })
}

/// The next version, with the review. Found to be misuse it is over from now on.
fn reviewed(
    latest: &Version<BreakGlassSession>,
    outcome: ReviewOutcome,
    text: &str,
    change: &Change,
) -> Draft<BreakGlassSession> {
    let mut draft = next(latest, change);
    draft.terms.review = Some(Review {
        by: UserId(change.who.clone()),
        at: change.at,
        outcome,
        text: text.to_owned(),
    });
    if outcome == ReviewOutcome::Misuse {
        let end = draft.effective_to.map_or(change.at, |to| to.min(change.at));
        draft.effective_to = Some(end.max(draft.effective_from));
    }
    draft
}

/// The next version: the same session, entered now.
fn next(latest: &Version<BreakGlassSession>, change: &Change) -> Draft<BreakGlassSession> {
    let mut draft = latest.next();
    draft.entered_at = Some(change.at);
    draft.entered_by = change.who.clone();
    draft.approved_by = Vec::new();
    draft
}

fn enter(draft: Draft<BreakGlassSession>) -> Result<Instrument, xds_policy::version::SealError> {
    Version::seal(draft).map(Instrument::BreakGlassSession)
}

pub(super) async fn notified(
    store: &Store,
    arguments: &NotifiedArguments,
    change: &Change,
    output: Output,
) -> Done {
    let id = arguments.session.as_str();
    let task = TaskKind::from(arguments.whom);
    let closed = match session(store, id).await? {
        Some(latest) if arguments.whom == Whom::Patient && latest.terms.patient_told_at.is_none() => {
            let mut draft = next(&latest, change);
            draft.terms.patient_told_at = Some(arguments.at.unwrap_or(change.at).min(change.at));
            let done = (task, arguments.org.as_deref());
            store
                .close_tasks("emergency notified", &enter(draft)?, done, change)
                .await
                .map_err(|error| refused(&error.into(), output))?
        }
        Some(latest) => told(store, &Instrument::BreakGlassSession(latest), arguments, change).await?,
        // A legal order leaves a notice to the patient too.
        None => {
            let kind = InstrumentKind::LegalOrder;
            let orders = store
                .instrument_history(kind, &InstrumentId(id.to_owned()))
                .await?;
            let order = orders.last().ok_or_else(|| missing(id, output))?;
            told(store, order, arguments, change).await?
        }
    };
    let say = Say::new(
        format!("{id}: {}を {closed} 件、済みにしました。", kind(task, Lang::Ja)),
        format!("{id}: {}: {closed} done", kind(task, Lang::En)),
    );
    let value = json!({ "session": id, "told": task.name(), "closed": closed });
    Ok(output.result(&say, &value))
}

/// Enters that somebody was told, which makes no version. How many tasks it closes.
async fn told(
    store: &Store,
    instrument: &Instrument,
    arguments: &NotifiedArguments,
    change: &Change,
) -> Result<u64, StoreError> {
    let task = TaskKind::from(arguments.whom);
    let patient = instrument.patient().map(|patient| patient.0.clone());
    let deed = Deed {
        patients: patient.into_iter().collect(),
        after: Some(json!({ "told": task.name(), "organisation": arguments.org })),
        ..Deed::new("emergency notified", &arguments.session)
    };
    let done = (task, arguments.org.as_deref());
    store.task_done(instrument.reference(), done, &deed, change).await
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use time::macros::datetime;
    use xds_model::principal::OrganisationId;
    use xds_policy::instruments::session::EmergencyReason;

    use super::*;

    const OPENED: OffsetDateTime = datetime!(2026-11-24 03:00 UTC);

    fn open() -> Version<BreakGlassSession> {
        let draft = Draft {
            id: "emergency-1".into(),
            version: 1,
            entered_at: Some(OPENED),
            entered_by: "dr-1".to_owned(),
            approved_by: Vec::new(),
            effective_from: OPENED,
            effective_to: Some(datetime!(2026-11-24 07:00 UTC)),
            evidence: None,
            evidence_found: None,
            terms: BreakGlassSession {
                patient: "P".into(),
                organisation: OrganisationId("C3".to_owned()),
                user: "dr-1".into(),
                reason: EmergencyReason::Unconscious,
                opened: OPENED,
                renewals: 0,
                review: None,
                patient_told_at: None,
            },
            hash: None,
        };
        Version::seal(draft).unwrap()
    }

    fn by(who: &str, at: OffsetDateTime) -> Change {
        Change {
            id: uuid::Uuid::nil(),
            at,
            who: who.to_owned(),
            reason: None,
        }
    }

    #[test]
    fn misuse_ends_a_session_at_once_and_only_then() {
        let now = datetime!(2026-11-24 04:00 UTC);
        let draft = reviewed(&open(), ReviewOutcome::Misuse, "", &by("officer", now));
        let next = Version::seal(draft).unwrap();
        assert!(!next.in_force(now) && next.effective_to == Some(now));
        let draft = reviewed(&open(), ReviewOutcome::Justified, "", &by("officer", now));
        assert!(Version::seal(draft).unwrap().in_force(now));
        let late = datetime!(2026-11-26 04:00 UTC);
        let draft = reviewed(&open(), ReviewOutcome::Misuse, "", &by("officer", late));
        assert_eq!(draft.effective_to, open().effective_to, "it was over already");
    }

    #[test]
    fn the_user_reviews_nothing_and_nobody_reviews_twice() {
        let now = datetime!(2026-11-24 04:00 UTC);
        assert!(unfit(&open(), &by(" dr-1", now)).is_some());
        assert!(unfit(&open(), &by("officer", now)).is_none());
        let draft = reviewed(&open(), ReviewOutcome::Justified, "", &by("officer", now));
        assert!(unfit(&Version::seal(draft).unwrap(), &by("other", now)).is_some());
    }
}
