//! What a change of members would give and take.

use time::Duration;
use xds_policy::document::Document;
use xds_policy::format::DomainFile;
use xds_policy::impact::{Count, Impact, impact};

use crate::fixture::*;

fn documents() -> Vec<Document> {
    let of = |author: &str, patient: &str, class: &str| Document {
        author_org: org(author),
        patient: Some(patient.into()),
        class_code: class.into(),
        ..document()
    };
    vec![
        of("H1", "P1", SUMMARY),
        of("H1", "P1", REFERRAL),
        of("H2", "P2", SUMMARY),
        of("C1", "P1", SUMMARY),
        of("H1", "P3", IMAGES),
        Document {
            patient: None,
            ..of("H1", "P1", SUMMARY)
        },
    ]
}

fn report(before: DomainFile, after: DomainFile) -> Vec<Impact> {
    let documents = documents();
    impact(&before.into_facts().0, &after.into_facts().0, &documents, NOW)
}

fn of<'a>(impacts: &'a [Impact], organisation: &str) -> &'a Impact {
    impacts
        .iter()
        .find(|impact| impact.organisation == org(organisation))
        .unwrap()
}

fn count(patients: usize, documents: usize) -> Count {
    Count { patients, documents }
}

#[test]
fn nothing_changes_nothing() {
    let impacts = report(domain(), domain());
    assert_eq!(of(&impacts, "C1").before, count(2, 3));
    for impact in impacts {
        assert_eq!(impact.before, impact.after);
        assert_eq!(
            [impact.lost, impact.gained, impact.uncovered],
            [Count::default(); 3]
        );
    }
}

#[test]
fn a_member_that_leaves_takes_its_documents_along() {
    let mut after = domain();
    amend(&mut after.joint_use_agreements, "JA-1", NOW, |draft| {
        draft.terms.users.retain(|user| user.organisation != org("C1"));
    });
    let impacts = report(domain(), after);
    assert_eq!(of(&impacts, "C1").lost, count(2, 3));
    assert_eq!(of(&impacts, "C1").uncovered, count(2, 3));
    assert_eq!(of(&impacts, "H1").lost, count(1, 1));
}

/// A new agreement with the new member covers what is registered from then on. What is there already stays
/// with the old one: the new member gets none of it, and the report says how much.
#[test]
fn a_member_that_joins_leaves_older_documents_uncovered() {
    let mut after = domain();
    let mut terms = agreement(&["H1", "H2", "C1", "C2"]);
    terms.began = NOW - Duration::days(1);
    after.joint_use_agreements.push(seal("JA-2", terms.clone()));
    let impacts = report(domain(), after);
    assert_eq!(of(&impacts, "C2").uncovered, count(2, 4));
    assert_eq!(of(&impacts, "C2").gained, Count::default());
    assert_eq!(of(&impacts, "C1").lost, Count::default());

    let mut after = domain();
    terms.covers_existing_data = Some(evidence("kizon.pdf"));
    after.joint_use_agreements.push(seal("JA-2", terms));
    let impacts = report(domain(), after);
    assert_eq!(of(&impacts, "C2").gained, count(2, 4));
    assert_eq!(of(&impacts, "C2").uncovered, Count::default());
}
