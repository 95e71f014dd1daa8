//! What each basis obliges to.

use time::Duration;
use time::macros::datetime;
use xds_policy::instruments::agreement::PublicationCheck;
use xds_policy::instruments::contract::ContractKind;
use xds_policy::obligations::Obligation::{self, *};
use xds_policy::version::Version;
use xds_policy::words::*;

use crate::fixture::*;
use crate::vectors::permit;

fn duties(world: &World) -> Vec<Obligation> {
    permit(world).obligations.to_vec()
}

fn records(legally_required: bool) -> [Obligation; 2] {
    [
        ProvisionRecord { legally_required },
        ReceiptRecord { legally_required },
    ]
}

#[test]
fn each_basis_has_its_duties() {
    assert_eq!(duties(&own()), [AuditEvent]);
    assert_eq!(duties(&entrust()), [AuditEvent, SupervisionReport]);
    let [provided, received] = records(false);
    let stale = StopWhenStale {
        at: NOW + Duration::days(25),
    };
    assert_eq!(duties(&joint()), [AuditEvent, provided, received, stale]);
    let [provided, received] = records(true);
    assert_eq!(duties(&scoped()), [AuditEvent, provided, received, LedgerToEach]);
    assert_eq!(
        duties(&push()),
        [AuditEvent, provided, received, LedgerToEach, NotIndexed]
    );
    let [provided, received] = records(false);
    assert_eq!(
        duties(&law()),
        [AuditEvent, provided, TwoApprovers, NotifyPatient]
    );
    let review = Review {
        due: datetime!(2026-11-28 0:00 +9),
    };
    assert_eq!(
        duties(&emergency()),
        [
            AuditEvent,
            provided,
            received,
            NotifyAuthor,
            NotifyOperator,
            NotifyPrivacyOfficer,
            NotifyPatient,
            review
        ]
    );
}

#[test]
fn an_order_may_forbid_to_tell_the_patient() {
    let world = law().with(|world| {
        rewrite(&mut world.file.legal_orders, "order-1", |d| {
            d.terms.forbids_notice = true
        });
    });
    assert!(!duties(&world).contains(&NotifyPatient));
}

#[test]
fn a_later_look_at_the_publication_counts() {
    let world = joint().with(|world| {
        let look = PublicationCheck {
            agreement: "JA-1".into(),
            reference: "https://renkei.example.jp/kyodo".into(),
            found: true,
        };
        let mut draft = draft("look-1", look);
        draft.effective_from = NOW - Duration::days(1);
        world.file.publication_checks.push(Version::seal(draft).unwrap());
    });
    assert!(duties(&world).contains(&StopWhenStale {
        at: NOW + Duration::days(34)
    }));
}

/// What is pushed to a contractor is erased after the contract's days, and never later than the domain's.
#[test]
fn what_is_pushed_to_a_contractor_is_erased_in_time() {
    let sent = |days| {
        push().with(|world| {
            world.request.recipient = Some(org("RAD"));
            world.document.addressed_to = [org("RAD")].into();
            world.document.class_code = IMAGES.into();
            world.request.purpose = Some(Purpose::EntrustedTask);
            rewrite(&mut world.file.entrustment_contracts, "rad-images", |d| {
                d.terms.retention.days = days;
            });
        })
    };
    let erase = |days| EraseBy {
        at: NOW + Duration::days(days),
    };
    assert_eq!(
        duties(&sent(7)),
        [AuditEvent, SupervisionReport, erase(7), NotIndexed]
    );
    assert!(duties(&sent(365)).contains(&erase(30)));
    let unrelated = sent(7).with(|world| {
        rewrite(&mut world.file.entrustment_contracts, "rad-images", |d| {
            d.terms.kind = ContractKind::Maintenance;
        });
    });
    assert!(!unrelated.decide().is_permit());
}

#[test]
fn every_duty_has_a_text() {
    let mut all = Vec::new();
    for world in [own(), entrust(), joint(), scoped(), push(), law(), emergency()] {
        all.extend(duties(&world));
    }
    for duty in all {
        assert!(!duty.ja().is_ascii() && !duty.en().is_empty());
        let json = serde_json::to_value(duty).unwrap();
        assert_eq!(json["code"], duty.code());
    }
}
