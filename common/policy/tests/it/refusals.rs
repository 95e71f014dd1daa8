//! Every level of refusal against every basis, where it reaches and where it does not.

use time::Duration;
use xds_policy::basis::Basis;
use xds_policy::instruments::policy::OverRefusal;
use xds_policy::instruments::refusal::RefusalLevel;
use xds_policy::words::*;

use crate::fixture::*;

/// Levels that reach a world, and near misses that do not.
fn levels(world: &World) -> Vec<(RefusalLevel, bool)> {
    let receiver = world.request.receiver().unwrap().clone();
    let user = world.request.receiving_user().cloned();
    let person = |organisation: &str, user: &str| RefusalLevel::Person {
        organisation: org(organisation),
        user: user.into(),
    };
    vec![
        (RefusalLevel::Network, true),
        (RefusalLevel::ProviderOrg(world.document.author_org.clone()), true),
        (RefusalLevel::ProviderOrg(org("C9")), false),
        (RefusalLevel::RequesterOrg(receiver.clone()), true),
        (RefusalLevel::RequesterOrg(org("C9")), false),
        (person(&receiver.0, "dr-1"), true),
        (person(&receiver.0, "dr-9"), user.is_none()),
        (person("C9", "dr-1"), false),
        (RefusalLevel::Class(world.document.class_code.clone()), true),
        (RefusalLevel::Class("99999-9".into()), false),
        (RefusalLevel::Sensitivity("HIV".into()), false),
        (RefusalLevel::Document(world.document.id.clone().unwrap()), true),
        (RefusalLevel::Document("1.2.392.9".into()), false),
    ]
}

fn refused(world: &World, level: RefusalLevel, emergency: bool) -> World {
    world.clone().with(|world| {
        let mut terms = refusal(level);
        terms.includes_emergency = emergency;
        world.file.refusals.push(seal("refusal-1", terms));
    })
}

#[test]
fn joint_use_and_consent_are_blocked_at_every_level() {
    for world in [joint(), scoped(), on_query(), push()] {
        for (level, reaches) in levels(&world) {
            let decision = refused(&world, level.clone(), false).decide();
            assert_eq!(decision.is_permit(), !reaches, "{level:?}: {decision:?}");
        }
    }
}

#[test]
fn own_record_entrustment_and_law_are_not_blocked() {
    for world in [own(), entrust(), law()] {
        for (level, _) in levels(&world) {
            let decision = refused(&world, level.clone(), true).decide();
            assert!(decision.is_permit(), "{level:?}: {decision:?}");
        }
    }
}

#[test]
fn entrustment_is_blocked_where_the_contract_says_so() {
    let world = entrust().with(|world| {
        rewrite(&mut world.file.entrustment_contracts, "rad-images", |draft| {
            draft.terms.refusals_apply = true;
        });
    });
    for (level, reaches) in levels(&world) {
        let decision = refused(&world, level.clone(), false).decide();
        assert_eq!(decision.is_permit(), !reaches, "{level:?}: {decision:?}");
    }
}

#[test]
fn an_emergency_is_blocked_only_by_a_refusal_that_includes_it() {
    for (level, reaches) in levels(&emergency()) {
        assert!(refused(&emergency(), level.clone(), false).decide().is_permit());
        let included = refused(&emergency(), level.clone(), true);
        assert_eq!(included.decide().is_permit(), !reaches, "{level:?}");
        let seconded = included.with(|world| {
            rewrite(&mut world.file.domain_policies, "policy", |draft| {
                draft.terms.emergency_over_refusal = OverRefusal::SecondApprover;
            });
            declared(world).second = Some(second());
        });
        assert_eq!(seconded.decide().permit().unwrap().basis, Basis::Emergency);
    }
}

#[test]
fn sensitivity_reaches_what_has_it() {
    let world = scoped().with(|world| {
        world.document.sensitivity = vec!["PSY".into(), "HIV".into()];
        rewrite(&mut world.file.consents, "consent-C2", |draft| {
            draft.terms.sensitivities = ["PSY", "HIV"].map(Into::into).into();
        });
    });
    assert!(world.decide().is_permit());
    for (code, reaches) in [("HIV", true), ("PSY", true), ("GEN", false)] {
        let refused = refused(&world, RefusalLevel::Sensitivity(code.into()), false);
        assert_eq!(refused.decide().is_permit(), !reaches, "{code}");
    }
}

/// Who or what is not named may be what is refused.
#[test]
fn the_unnamed_are_refused() {
    let nameless = joint().with(|world| {
        world.request.user = None;
        world.request.role = None;
        rewrite(&mut world.file.domain_policies, "policy", |draft| {
            draft.terms.users.insert(Operation::Query, AuthLevel::None);
        });
    });
    assert!(nameless.decide().is_permit());
    let person = RefusalLevel::Person {
        organisation: org("C1"),
        user: "dr-9".into(),
    };
    assert!(!refused(&nameless, person, false).decide().is_permit());
    let idless = joint().with(|world| world.document.id = None);
    assert!(idless.decide().is_permit());
    let document = RefusalLevel::Document("1.2.392.9".into());
    assert!(!refused(&idless, document, false).decide().is_permit());
}

#[test]
fn a_refusal_beats_a_later_consent_until_it_is_lifted() {
    let world = refused(&scoped(), RefusalLevel::Network, false).with(|world| {
        rewrite(&mut world.file.consents, "consent-C2", |draft| {
            draft.terms.signed_at = NOW - Duration::seconds(1);
            draft.effective_from = NOW - Duration::seconds(1);
        });
    });
    assert!(!world.decide().is_permit());
    let lifted = world.with(|world| {
        amend(&mut world.file.refusals, "refusal-1", NOW, |draft| {
            draft.effective_to = Some(NOW);
        });
    });
    assert!(lifted.decide().is_permit());
    let before = lifted.with(|world| world.request.at = NOW - Duration::seconds(1));
    assert!(!before.decide().is_permit());
}

#[test]
fn another_patients_refusal_is_not_this_ones() {
    let world = refused(&joint(), RefusalLevel::Network, false).with(|world| {
        rewrite(&mut world.file.refusals, "refusal-1", |draft| {
            draft.terms.patient = "P0002^^^&1.2&ISO".into();
        });
    });
    assert!(world.decide().is_permit());
}

#[test]
fn withdrawing_the_enrolment_ends_joint_use_where_it_is_required() {
    let world = joint().with(|world| {
        rewrite(&mut world.file.consents, "enrol-P", |draft| {
            draft.terms.withdrawn_at = Some(NOW);
        });
    });
    assert!(!world.decide().is_permit());
    let not_required = world.with(|world| {
        rewrite(&mut world.file.domain_policies, "policy", |draft| {
            draft.terms.joint_requires_enrolment = false;
        });
    });
    assert!(not_required.decide().is_permit());
}
