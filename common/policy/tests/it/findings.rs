//! What instruments lack, and what a new version may change.

use std::collections::BTreeSet;

use time::Duration;
use time::macros::datetime;
use xds_policy::change::{ChangeFault, check_new_version};
use xds_policy::finding::{self, Finding};
use xds_policy::instruments::agreement::*;
use xds_policy::instruments::consent::*;
use xds_policy::instruments::contract::*;
use xds_policy::instruments::policy::DomainPolicy;
use xds_policy::instruments::session::*;
use xds_policy::ledger::Ledger;
use xds_policy::reasons::Reason;
use xds_policy::version::{Draft, Version};

use crate::fixture::*;

fn ledger() -> Ledger {
    domain().into_facts().0
}

fn reasons(findings: &[Finding]) -> Vec<Reason> {
    findings.iter().map(|finding| finding.reason).collect()
}

fn agreement_that(change: impl FnOnce(&mut Draft<JointUseAgreement>)) -> Vec<Finding> {
    let mut draft = draft("JA-1", agreement(&["H1", "H2", "C1"]));
    change(&mut draft);
    finding::of_agreement(&ledger(), &Version::seal(draft).unwrap(), NOW)
}

#[test]
fn a_complete_agreement_lacks_nothing() {
    assert_eq!(agreement_that(|_| {}), []);
}

#[test]
fn each_of_j0_to_j9_is_found_with_why_it_matters() {
    type Breaks = fn(&mut Draft<JointUseAgreement>);
    let breaks: [(Reason, Breaks); 10] = [
        (Reason::J0, |d| d.terms.statement = "  ".into()),
        (Reason::J1, |d| d.terms.items.clear()),
        (Reason::J2, |d| {
            let stranger = JointUser {
                organisation: org("C9"),
                ..d.terms.users[0].clone()
            };
            d.terms.users.push(stranger);
        }),
        (Reason::J3, |d| d.terms.purpose_text.clear()),
        (Reason::J4, |d| d.terms.responsible.address.clear()),
        (Reason::J5, |d| d.terms.publications.clear()),
        (Reason::J6, |d| d.terms.users[0].purpose_attested = false),
        (Reason::J7, |d| d.effective_to = Some(NOW)),
        (Reason::J8, |d| d.terms.users[1].signature = None),
        (Reason::J9, |d| d.terms.clauses.withdrawal.clear()),
    ];
    for (reason, break_it) in breaks {
        let findings = agreement_that(break_it);
        assert_eq!(reasons(&findings), [reason]);
        assert!(!findings[0].why_ja().is_ascii());
        assert!(findings[0].why_en() != reason.en(), "{reason:?} says why");
    }
    let unsigned = agreement_that(|d| d.terms.users[1].signature = None);
    assert_eq!(unsigned[0].subject.as_deref(), Some("H2"));
}

#[test]
fn the_representative_is_for_corporations() {
    let person = agreement_that(|d| {
        d.terms.responsible.corporation = false;
        d.terms.responsible.representative.clear();
    });
    assert_eq!(person, []);
}

#[test]
fn each_of_e1_to_e9_is_found() {
    type Breaks = fn(&mut Draft<EntrustmentContract>);
    let breaks: [(Reason, Breaks); 11] = [
        (Reason::E1, |d| d.terms.within_entrusters_purpose = false),
        (Reason::E2, |d| d.terms.scope.classes = Default::default()),
        (Reason::E3, |d| d.effective_to = None),
        (Reason::E3, |d| d.effective_to = Some(NOW)),
        (Reason::E4, |d| d.terms.retention.infectious_and_genetic.clear()),
        (Reason::E5, |d| d.terms.supervision.may_instruct = false),
        (Reason::E6, |d| d.terms.subcontracting = Subcontracting::Unsaid),
        (Reason::E7, |d| d.terms.analysis = Analysis::Unsaid),
        (Reason::E8, |d| d.terms.safeguards.leakage = false),
        (Reason::E8, |d| d.terms.safeguards.tampering = false),
        (Reason::E9, |d| d.terms.contractor = org("C9")),
    ];
    let found = |change: Breaks| {
        let mut draft = draft("host", contract(ContractKind::Hosting, "E1", "OP"));
        change(&mut draft);
        reasons(&finding::of_contract(
            &ledger(),
            &Version::seal(draft).unwrap(),
            NOW,
        ))
    };
    assert_eq!(found(|_| {}), []);
    for (reason, break_it) in breaks {
        assert_eq!(found(break_it), [reason]);
    }
}

#[test]
fn each_of_c1_to_c6_is_found() {
    type Breaks = fn(&mut Draft<Consent>);
    let breaks: [(Reason, Breaks); 6] = [
        (Reason::C1, |d| d.terms.withdrawn_at = Some(NOW)),
        (Reason::C2, |d| d.effective_to = Some(NOW)),
        (Reason::C3, |d| d.terms.purposes.clear()),
        (Reason::C4, |d| d.terms.text = None),
        (Reason::C5, |d| d.evidence = None),
        (Reason::C6, |d| {
            d.terms.given_by = GivenBy::Proxy {
                relation: "親権者".into(),
                authority_until: Some(NOW),
            };
        }),
    ];
    let found = |change: Breaks| {
        let mut draft = draft("consent", consent(ConsentModel::Scoped));
        change(&mut draft);
        reasons(&finding::of_consent(
            &ledger(),
            &Version::seal(draft).unwrap(),
            NOW,
        ))
    };
    assert_eq!(found(|_| {}), []);
    for (reason, break_it) in breaks {
        assert_eq!(found(break_it), [reason]);
    }
}

/// B6 and B7 are owed after an emergency: no decision names them.
#[test]
fn a_session_owes_review_and_notice() {
    let found = |at, change: fn(&mut BreakGlassSession)| {
        let world = emergency().with(|world| {
            rewrite(&mut world.file.break_glass_sessions, "bg-1", |d| {
                change(&mut d.terms)
            });
        });
        let session = world.file.break_glass_sessions.last().unwrap();
        reasons(&finding::of_session(&DomainPolicy::default(), session, at))
    };
    // Tuesday; three business days later it is Friday, and over at midnight in Japan.
    let due = datetime!(2026-11-28 0:00 +9);
    assert_eq!(found(NOW, |_| {}), []);
    assert_eq!(found(due - Duration::seconds(1), |_| {}), [Reason::B7]);
    assert_eq!(found(due, |_| {}), [Reason::B6, Reason::B7]);
    let done = |session: &mut BreakGlassSession| {
        session.patient_told_at = Some(NOW);
        session.review = Some(Review {
            by: "dr-2".into(),
            at: NOW,
            outcome: ReviewOutcome::Justified,
            text: "確認".into(),
        });
    };
    assert_eq!(found(due, done), []);
    let by_user = |session: &mut BreakGlassSession| {
        session.patient_told_at = Some(NOW);
        session.review = Some(Review {
            by: "dr-1".into(),
            at: NOW,
            outcome: ReviewOutcome::Justified,
            text: String::new(),
        });
    };
    assert_eq!(found(NOW, by_user), [Reason::B6]);
    let misuse = |session: &mut BreakGlassSession| {
        session.patient_told_at = Some(NOW);
        session.review = Some(Review {
            by: "dr-2".into(),
            at: NOW,
            outcome: ReviewOutcome::Misuse,
            text: String::new(),
        });
    };
    assert_eq!(found(NOW, misuse), [Reason::B8]);
}

fn change(change: impl FnOnce(&mut Draft<JointUseAgreement>)) -> Result<(), Vec<ChangeFault>> {
    let old = seal("JA-1", agreement(&["H1", "H2", "C1"]));
    let mut draft = old.next();
    draft.entered_at = Some(NOW);
    draft.effective_from = NOW;
    change(&mut draft);
    check_new_version(&old, &Version::seal(draft).unwrap())
}

fn note(foreseeable: bool, notified_from: time::OffsetDateTime) -> ChangeNote {
    ChangeNote {
        text: "目的に在宅医療を加える".into(),
        foreseeable,
        notified_from,
    }
}

#[test]
fn what_may_change_may_change() {
    assert_eq!(change(|_| {}), Ok(()));
    // A user leaves.
    assert_eq!(change(|d| drop(d.terms.users.pop())), Ok(()));
    assert_eq!(change(|d| d.terms.title = "新しい題".into()), Ok(()));
    // Purpose and responsible person, foreseeable and told.
    assert_eq!(
        change(|d| {
            d.terms.purpose_text = "診療と在宅医療のため".into();
            d.terms.responsible.representative = "理事長 中央次郎".into();
            d.terms.change = Some(note(true, NOW));
        }),
        Ok(())
    );
}

#[test]
fn every_change_fault_is_found() {
    type Breaks = fn(&mut Draft<JointUseAgreement>);
    let breaks: [(ChangeFault, Breaks); 14] = [
        (ChangeFault::NotTheNextVersion, |d| d.version = 3),
        (ChangeFault::NotTheNextVersion, |d| d.id = "JA-2".into()),
        (ChangeFault::Backdated, |d| {
            d.effective_from = NOW - Duration::seconds(1)
        }),
        (ChangeFault::Backdated, |d| d.entered_at = None),
        (ChangeFault::ItemsChanged, |d| drop(d.terms.items.pop())),
        (ChangeFault::ItemsChanged, |d| d.terms.items[0].restricted = true),
        (ChangeFault::ItemsChanged, |d| {
            d.terms.metadata_items.push("住所".into())
        }),
        (ChangeFault::UserAdded, |d| {
            d.terms.users = agreement(&["H1", "H2", "C1", "C2"]).users
        }),
        (ChangeFault::BeginningChanged, |d| {
            d.terms.began = START + Duration::days(1)
        }),
        (ChangeFault::ExistingDataAdded, |d| {
            d.terms.covers_existing_data = Some(evidence("kizon.pdf"));
        }),
        (ChangeFault::PurposeNotForeseeable, |d| {
            d.terms.purpose_text = "営業のため".into();
            d.terms.change = Some(note(false, NOW));
        }),
        (ChangeFault::PurposeNotForeseeable, |d| {
            d.terms.purposes = BTreeSet::new();
        }),
        (ChangeFault::PurposeBeforeNotice, |d| {
            d.terms.purpose_text = "在宅医療のため".into();
            d.terms.change = Some(note(true, NOW + Duration::seconds(1)));
        }),
        (ChangeFault::ResponsibleNotNotified, |d| {
            d.terms.responsible.representative = "理事長 中央次郎".into();
        }),
    ];
    let mut found = BTreeSet::new();
    for (fault, break_it) in breaks {
        assert_eq!(change(break_it), Err(vec![fault]));
        assert!(!fault.ja().is_ascii() && !fault.en().is_empty());
        found.insert(fault);
    }
    assert_eq!(found, ChangeFault::ALL.into());
}
