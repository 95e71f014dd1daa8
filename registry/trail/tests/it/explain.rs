//! How the server goes about the searches: over indexes, in the partitions of the time asked for.

use registry_trail::{Page, Question};
use time::Duration;
use xds_audit::Outcome;

use crate::db::Db;
use crate::fixture::{AT, P1, retrieve, told};

#[tokio::test]
async fn every_search_uses_an_index_and_reads_only_the_months_asked_for() {
    let db = Db::new().await;
    let events: Vec<_> = (1..=2_000_u64)
        .map(|sequence| {
            let days = i64::try_from(sequence % 120).unwrap();
            let patient = format!("P{}^^^&1.2.3&ISO", sequence % 200);
            told(
                1,
                sequence,
                AT - Duration::days(days),
                retrieve(&patient, "1.2.1"),
            )
        })
        .collect();
    db.indexer.index(&events).await.unwrap();
    db.client().await.batch_execute("ANALYZE").await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    let range = || Question {
        from: Some(AT - Duration::days(20)),
        until: Some(AT + Duration::days(1)),
        ..Question::default()
    };
    let cases = [
        (range(), "event_202611_at_journal_sequence_part_idx"),
        (
            Question {
                patient: text(P1),
                ..range()
            },
            "event_patient_202611_pkey",
        ),
        (
            Question {
                document: text("9.9"),
                ..range()
            },
            "event_document_202611_pkey",
        ),
        (
            Question {
                user: text("nobody"),
                ..range()
            },
            "event_202611_user_id_at_idx",
        ),
        (
            Question {
                organisation: text("none"),
                ..range()
            },
            "event_202611_organisation_at_idx",
        ),
        (
            Question {
                node: text("none"),
                ..range()
            },
            "event_202611_node_at_idx",
        ),
        (
            Question {
                correlation: text("none"),
                ..range()
            },
            "event_202611_correlation_idx",
        ),
        (
            Question {
                basis: text("EMERG"),
                ..range()
            },
            "event_202611_bases_idx",
        ),
        (
            Question {
                decision: text("none"),
                ..range()
            },
            "event_202611_decisions_idx",
        ),
        (
            Question {
                outcomes: vec![Outcome::MajorFailure],
                ..range()
            },
            "event_202611_outcome_at_idx",
        ),
    ];
    for (question, index) in cases {
        let plan = db
            .reader
            .explain(&question, Page::first(50))
            .await
            .unwrap()
            .join("\n");
        assert!(plan.contains(index), "{index} is not used:\n{plan}");
        let scans_all = plan.lines().any(|line| line.contains("Seq Scan on event"));
        assert!(!scans_all, "{plan}");
        assert!(!plan.contains("202610") && !plan.contains("_before"), "{plan}");
    }
}

#[tokio::test]
async fn a_patient_of_all_times_is_read_from_the_latest_month_on() {
    let db = Db::new().await;
    let events: Vec<_> = (1..=4_000_u64)
        .map(|sequence| {
            let days = i64::try_from(sequence / 10).unwrap();
            told(1, sequence, AT - Duration::days(days), retrieve(P1, "1.2.1"))
        })
        .collect();
    db.indexer.index(&events).await.unwrap();
    db.client().await.batch_execute("ANALYZE").await.unwrap();
    let question = Question {
        patient: Some(P1.to_owned()),
        ..Question::default()
    };
    let plan = db
        .reader
        .explain(&question, Page::first(20))
        .await
        .unwrap()
        .join("\n");
    assert!(!plan.contains("Seq Scan on event"), "{plan}");
    let oldest = plan.lines().find(|line| line.contains("event_patient_202511"));
    assert!(
        oldest.is_none_or(|line| line.contains("never executed")),
        "{plan}"
    );
}
