//! Every verb once on a real PostgreSQL.

use registry_core::records::TaskKind;
use registry_store::{Change, Instrument};
use time::{Duration, OffsetDateTime};
use xds_model::principal::OrganisationId;
use xds_model::time::System;
use xds_model::{Clock, IdSource, PatientId};
use xds_policy::instruments::session::{BreakGlassSession, EmergencyReason, ReviewOutcome};
use xds_policy::version::{Draft, InstrumentKind};
use xds_server::doctor::Diagnosis;
use xds_server::lang::Lang;

use super::super::desk::{Desk, P, lasting};

/// A desk where dr-1 of C3 opened a session just now.
async fn desk() -> (Desk, OffsetDateTime) {
    let desk = Desk::new().await;
    let file = desk.file("domain.json", &lasting().to_string());
    assert!(desk.run(&["domain", "import", "--file", &file]).await);
    let at = System.now() - Duration::minutes(1);
    let ledger = desk.store.load_domain(at).await.unwrap();
    let patient: PatientId = P.parse().unwrap();
    let change = Change {
        id: System.ordered(),
        at,
        who: "dr-1".to_owned(),
        reason: None,
    };
    let opened = desk
        .store
        .open_session(&patient, &ledger, &change, |_| Some(session(at)))
        .await
        .unwrap();
    assert_eq!(opened.tasks.len(), 3);
    (desk, at)
}

fn session(at: OffsetDateTime) -> Draft<BreakGlassSession> {
    Draft {
        id: "emergency-1".into(),
        version: 1,
        entered_at: Some(at),
        entered_by: "dr-1".to_owned(),
        approved_by: Vec::new(),
        effective_from: at,
        effective_to: Some(at + Duration::hours(4)),
        evidence: None,
        evidence_found: None,
        terms: BreakGlassSession {
            patient: P.into(),
            organisation: OrganisationId("C3".to_owned()),
            user: "dr-1".into(),
            reason: EmergencyReason::Unconscious,
            opened: at,
            renewals: 0,
            review: None,
            patient_told_at: None,
        },
        hash: None,
    }
}

async fn latest(desk: &Desk) -> BreakGlassSession {
    let kind = InstrumentKind::BreakGlassSession;
    let all = desk
        .store
        .instrument_history(kind, &"emergency-1".into())
        .await
        .unwrap();
    match all.last() {
        Some(Instrument::BreakGlassSession(version)) => version.terms.clone(),
        other => panic!("{other:?}"),
    }
}

async fn open(desk: &Desk, kind: TaskKind) -> u64 {
    desk.store.task_count(kind, System.now()).await.unwrap().open
}

const ONE: [&str; 2] = ["--session", "emergency-1"];

#[tokio::test]
async fn a_session_is_seen_reviewed_and_told_of() {
    let (desk, _) = desk().await;
    let run = async |verb: &str, more: &[&str]| {
        let words = [&["emergency", verb][..], more].concat();
        desk.run(&words).await
    };
    assert!(run("list", &[]).await);
    assert!(run("list", &["--all", "--json"]).await);
    assert!(run("show", &ONE).await);
    assert!(run("show", &["--session", "emergency-1", "--json"]).await);
    assert!(!run("show", &["--session", "none"]).await);

    let review = [&ONE[..], &["--outcome", "justified", "--text", "救急搬送"]].concat();
    assert!(
        !desk
            .run_as("dr-1", &[&["emergency", "review"][..], &review].concat())
            .await
    );
    assert_eq!(open(&desk, TaskKind::Review).await, 1);
    assert!(run("review", &review).await);
    assert_eq!(open(&desk, TaskKind::Review).await, 0);
    let reviewed = latest(&desk).await.review.unwrap();
    assert_eq!(reviewed.outcome, ReviewOutcome::Justified);
    assert_eq!(reviewed.by.as_str(), "事務局 佐藤");
    assert!(!run("review", &review).await, "once");

    assert!(run("notified", &[&ONE[..], &["--whom", "operator"]].concat()).await);
    assert_eq!(open(&desk, TaskKind::TellOperator).await, 0);
    assert!(run("notified", &ONE).await);
    assert!(latest(&desk).await.patient_told_at.is_some());
    assert!(!run("notified", &["--session", "none"]).await);
    for (verb, times) in [
        ("emergency open", 1),
        ("emergency list", 2),
        ("emergency show", 3),
        ("emergency review", 1),
        ("emergency notified", 2),
    ] {
        assert_eq!(desk.told(verb).await, times, "{verb}");
    }
}

#[tokio::test]
async fn misuse_ends_the_session() {
    let (desk, opened) = desk().await;
    let words = [
        "emergency",
        "review",
        "--session",
        "emergency-1",
        "--outcome",
        "misuse",
    ];
    assert!(desk.run(&words).await);
    let kind = InstrumentKind::BreakGlassSession;
    let all = desk
        .store
        .instrument_history(kind, &"emergency-1".into())
        .await
        .unwrap();
    let ended = all[1].effective_to().unwrap();
    assert!(ended <= System.now() && ended > opened);
}

#[tokio::test]
async fn doctor_tells_of_what_is_left_to_do() {
    let (desk, at) = desk().await;
    let told = async |now| {
        let mut diagnosis = Diagnosis::default();
        diagnosis.add(crate::disclosure::examine(&desk.store, now).await);
        (diagnosis.text(Lang::Ja), diagnosis.is_healthy())
    };
    let (text, healthy) = told(at).await;
    assert!(healthy && text.contains("残っています"), "{text}");
    let (text, healthy) = told(at + Duration::days(14)).await;
    assert!(!healthy && text.contains("期限を過ぎて"), "{text}");
}
