//! Every cell of the confidentiality table: basis by document, with and without what names it.

use std::collections::BTreeSet;

use xds_policy::basis::Basis;
use xds_policy::instruments::contract::EntrustmentContract;
use xds_policy::reasons::Reason;
use xds_policy::request::SensitiveNeed;
use xds_policy::words::*;

use crate::fixture::*;
use crate::vectors::denied;

#[derive(Clone, Copy, Debug)]
enum Kind {
    Normal,
    Restricted,
    Very,
    Sensitive,
    VerySensitive,
}

use Kind::{Normal, Restricted, Sensitive, Very, VerySensitive};

const KINDS: [Kind; 5] = [Normal, Restricted, Very, Sensitive, VerySensitive];

fn of_kind(mut world: World, kind: Kind) -> World {
    let (level, sensitive) = match kind {
        Normal => (Confidentiality::N, false),
        Restricted => (Confidentiality::R, false),
        Very => (Confidentiality::V, false),
        Sensitive => (Confidentiality::N, true),
        VerySensitive => (Confidentiality::V, true),
    };
    world.document.confidentiality = level;
    world.document.sensitivity = if sensitive { vec!["HIV".into()] } else { vec![] };
    world
}

/// What each kind gives in a world, in the order of [`KINDS`].
#[track_caller]
fn table(world: &World, basis: Basis, expected: [bool; 5], reason: Reason) {
    for (kind, expected) in KINDS.into_iter().zip(expected) {
        let world = of_kind(world.clone(), kind);
        let decision = world.decide();
        assert_eq!(decision.is_permit(), expected, "{kind:?}: {decision:?}");
        if !expected {
            denied(&world, basis, reason);
        }
    }
}

#[test]
fn own_record_needs_a_role_for_what_is_sensitive() {
    table(&own(), Basis::Own, [true; 5], Reason::OwnSensitiveRole);
    let nurse = own().with(|world| world.request.role = Some("nurse".into()));
    table(
        &nurse,
        Basis::Own,
        [true, true, false, false, false],
        Reason::OwnSensitiveRole,
    );
}

fn contract_that(change: impl FnOnce(&mut EntrustmentContract)) -> World {
    entrust().with(|world| {
        rewrite(&mut world.file.entrustment_contracts, "rad-images", |draft| {
            change(&mut draft.terms);
        });
    })
}

#[test]
fn entrustment_needs_names() {
    let reason = Reason::ConfidentialityEntrust;
    table(
        &entrust(),
        Basis::Entrust,
        [true, false, false, false, false],
        reason,
    );
    let restricted = contract_that(|terms| terms.scope.restricted = true);
    table(
        &restricted,
        Basis::Entrust,
        [true, true, false, false, false],
        reason,
    );
    let by_all = contract_that(|terms| {
        terms.scope.restricted = true;
        terms.scope.classes = ClassSet::All;
    });
    table(
        &by_all,
        Basis::Entrust,
        [true, false, false, false, false],
        reason,
    );
    let very = contract_that(|terms| terms.retention.very_restricted = true);
    table(&very, Basis::Entrust, [true, false, true, false, false], reason);
    let hiv = contract_that(|terms| terms.retention.sensitivities = BTreeSet::from(["HIV".into()]));
    table(&hiv, Basis::Entrust, [true, false, false, true, true], reason);
}

#[test]
fn joint_use_never_has_what_is_sensitive() {
    let reason = Reason::ConfidentialityJoint;
    table(&joint(), Basis::Joint, [true, false, false, false, false], reason);
    let restricted = joint().with(|world| {
        rewrite(&mut world.file.joint_use_agreements, "JA-1", |draft| {
            for item in &mut draft.terms.items {
                item.restricted = true;
            }
        });
    });
    table(
        &restricted,
        Basis::Joint,
        [true, true, false, false, false],
        reason,
    );
}

fn consent_that(change: impl FnOnce(&mut xds_policy::instruments::consent::Consent)) -> World {
    scoped().with(|world| {
        rewrite(&mut world.file.consents, "consent-C2", |draft| {
            change(&mut draft.terms)
        });
    })
}

#[test]
fn consent_gives_what_it_names() {
    let reason = Reason::ConfidentialityConsent;
    table(
        &scoped(),
        Basis::Consent,
        [true, false, false, false, false],
        reason,
    );
    let restricted = consent_that(|terms| terms.restricted = true);
    table(
        &restricted,
        Basis::Consent,
        [true, true, false, false, false],
        reason,
    );
    let very = consent_that(|terms| terms.very_restricted = true);
    table(&very, Basis::Consent, [true, false, true, false, false], reason);
    let hiv = consent_that(|terms| terms.sensitivities = BTreeSet::from(["HIV".into()]));
    table(&hiv, Basis::Consent, [true, false, false, true, true], reason);
}

#[test]
fn implied_consent_gives_normal_documents() {
    table(
        &push(),
        Basis::Consent,
        [true, false, false, false, false],
        Reason::ConfidentialityConsent,
    );
}

#[test]
fn an_emergency_needs_a_need_and_a_second_word_for_what_is_sensitive() {
    table(
        &emergency(),
        Basis::Emergency,
        [true, true, false, false, false],
        Reason::EmergencySensitiveNeed,
    );
    let needed = |sensitivities: &[&str], very_restricted| {
        emergency().with(|world| {
            declared(world).sensitive_need = Some(SensitiveNeed {
                text: "輸血前".into(),
                sensitivities: sensitivities.iter().map(|code| (*code).into()).collect(),
                very_restricted,
            });
        })
    };
    table(
        &needed(&["HIV"], true),
        Basis::Emergency,
        [true, true, false, false, false],
        Reason::EmergencySecondConfirmation,
    );
    let confirmed = |world: World| world.with(|world| declared(world).second = Some(second()));
    table(
        &confirmed(needed(&["HIV"], true)),
        Basis::Emergency,
        [true; 5],
        Reason::EmergencySensitiveNeed,
    );
    table(
        &confirmed(needed(&["HIV"], false)),
        Basis::Emergency,
        [true, true, false, true, true],
        Reason::EmergencySensitiveNeed,
    );
    table(
        &confirmed(needed(&[], true)),
        Basis::Emergency,
        [true, true, true, false, false],
        Reason::EmergencySensitiveNeed,
    );
}

#[test]
fn an_order_reaches_everything_in_it() {
    table(&law(), Basis::Law, [true; 5], Reason::OrderScope);
}
