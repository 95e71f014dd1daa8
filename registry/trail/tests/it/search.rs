//! Finding events again.

use registry_trail::{Page, Question};
use time::{Duration, OffsetDateTime};
use xds_audit::{Outcome, Told};

use crate::db::Db;
use crate::fixture::{AT, P1, P2, refused, retrieve, told};

/// Three of P1 on three days, in two months; one refused of P2.
async fn filled() -> (Db, Vec<Told>) {
    let db = Db::new().await;
    let mut other = retrieve(P2, "1.2.4");
    other.opening.caller.node = Some("clinic-b".to_owned());
    other.opening.caller.organisation = Some("1310000002".to_owned());
    other.opening.correlation = "c-2".to_owned();
    other.opening.caller.user.as_mut().unwrap().id = "dr.ito".to_owned();
    other.closing.decisions[0].basis = "EMERG".to_owned();
    let at = |days: i64| -> OffsetDateTime { AT - Duration::days(days) };
    let events = vec![
        told(1, 1, at(40), retrieve(P1, "1.2.1")),
        told(1, 2, at(2), retrieve(P1, "1.2.2")),
        told(1, 3, at(1), retrieve(P1, "1.2.1")),
        told(2, 1, at(1), other),
        told(2, 2, at(0), refused(P2)),
    ];
    db.indexer.index(&events).await.unwrap();
    (db, events)
}

async fn names(db: &Db, question: &Question) -> Vec<String> {
    let found = db.reader.search(question, Page::first(100)).await.unwrap();
    found
        .iter()
        .map(|found| {
            let id = found.told.id;
            format!("{}.{}", id.journal.as_u128() & 0xff, id.sequence)
        })
        .collect()
}

#[tokio::test]
async fn each_part_of_a_question_narrows_the_answer() {
    let (db, _) = filled().await;
    let text = |text: &str| Some(text.to_owned());
    let none = Question::default;
    let cases = [
        (none(), vec!["2.2", "2.1", "1.3", "1.2", "1.1"]),
        (
            Question {
                patient: text(P1),
                ..none()
            },
            vec!["1.3", "1.2", "1.1"],
        ),
        (
            Question {
                document: text("1.2.1"),
                ..none()
            },
            vec!["1.3", "1.1"],
        ),
        (
            Question {
                document: text("1.2.1"),
                patient: text(P2),
                ..none()
            },
            vec![],
        ),
        (
            Question {
                document: text("1.2.1"),
                patient: text(P1),
                ..none()
            },
            vec!["1.3", "1.1"],
        ),
        (
            Question {
                user: text("dr.ito"),
                ..none()
            },
            vec!["2.1"],
        ),
        (
            Question {
                user: text("dr.ito"),
                issuer: text("https://other"),
                ..none()
            },
            vec![],
        ),
        (
            Question {
                organisation: text("1310000002"),
                ..none()
            },
            vec!["2.1"],
        ),
        (
            Question {
                node: text("clinic-a"),
                ..none()
            },
            vec!["2.2", "1.3", "1.2", "1.1"],
        ),
        (
            Question {
                basis: text("EMERG"),
                ..none()
            },
            vec!["2.1"],
        ),
        (
            Question {
                correlation: text("c-2"),
                ..none()
            },
            vec!["2.1"],
        ),
        (
            Question {
                outcomes: vec![Outcome::MinorFailure],
                ..none()
            },
            vec!["2.2"],
        ),
        (
            Question {
                outcomes: vec![Outcome::Success, Outcome::MinorFailure],
                patient: text(P2),
                ..none()
            },
            vec!["2.2", "2.1"],
        ),
        (
            Question {
                kinds: vec!["ITI-18".to_owned()],
                ..none()
            },
            vec![],
        ),
        (
            Question {
                kinds: vec!["ITI-43".to_owned()],
                patient: text(P2),
                ..none()
            },
            vec!["2.2", "2.1"],
        ),
        (
            Question {
                patient: text(P1),
                from: Some(AT - Duration::days(2)),
                until: Some(AT - Duration::days(1)),
                ..none()
            },
            vec!["1.2"],
        ),
    ];
    for (question, expected) in cases {
        assert_eq!(names(&db, &question).await, expected, "{question:?}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let db = Db::new().await;
    // All at one instant, so that the instant alone is no order.
    let events: Vec<_> = (1..=25)
        .map(|sequence| told(1, sequence, AT, retrieve(P1, "1.2.1")))
        .collect();
    db.indexer.index(&events).await.unwrap();
    let by_patient = Question {
        patient: Some(P1.to_owned()),
        ..Question::default()
    };
    for question in [by_patient, Question::default()] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = db
                .reader
                .search(&question, Page { rows: 7, after })
                .await
                .unwrap();
            seen.extend(page.iter().map(|found| found.told.id.sequence));
            let Some(last) = page.last() else { break };
            after = Some(last.position.to_string().parse().unwrap());
        }
        assert_eq!(seen, (1..=25).rev().collect::<Vec<u64>>());
    }
}

#[tokio::test]
async fn a_page_has_a_limit_whatever_is_asked() {
    let db = Db::new().await;
    let count = u64::try_from(Page::ROWS_MAX).unwrap() + 1;
    let events: Vec<_> = (1..=count)
        .map(|sequence| told(1, sequence, AT, retrieve(P1, "1.2.1")))
        .collect();
    db.indexer.index(&events).await.unwrap();
    for (asked, given) in [
        (0, 1),
        (Page::ROWS_MAX, Page::ROWS_MAX),
        (usize::MAX, Page::ROWS_MAX),
    ] {
        let found = db
            .reader
            .search(&Question::default(), Page::first(asked))
            .await
            .unwrap();
        assert_eq!(found.len(), given);
    }
}
