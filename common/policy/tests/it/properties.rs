//! What holds of every decision, whatever the world.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use xds_policy::SharingScope;
use xds_policy::basis::Basis;
use xds_policy::decision::Decision;
use xds_policy::format::DomainFile;
use xds_policy::instruments::contract::ContractKind;
use xds_policy::instruments::refusal::{Refusal, RefusalLevel};
use xds_policy::version::{InstrumentKind, Terms, Version};
use xds_policy::words::*;

use crate::fixture::*;

/// Made once: sealing hashes every instrument.
static BASES: LazyLock<Vec<World>> = LazyLock::new(|| {
    let worlds = [
        joint, own, scoped, on_query, entrust, law, emergency, push, register,
    ];
    worlds.map(|world: fn() -> World| world()).to_vec()
});

/// A world: one of those of the test vectors, asked by somebody, of something, at some time.
fn worlds() -> impl Strategy<Value = World> {
    let base = select(BASES.clone());
    let who = proptest::option::weighted(0.3, select(vec!["H1", "H2", "C1", "C2", "C3", "RAD", "OP"]));
    let author = proptest::option::weighted(0.3, select(vec!["H1", "H2", "C1", "C2", "C9"]));
    let class = proptest::option::weighted(0.3, select(vec![SUMMARY, REFERRAL, IMAGES]));
    let level = prop_oneof![
        3 => Just(Confidentiality::N),
        1 => Just(Confidentiality::R),
        1 => Just(Confidentiality::V)
    ];
    let sensitivity = subsequence(vec!["HIV", "PSY"], 0..=2).prop_map(|codes| match codes.len() {
        2 => codes,
        _ => vec![],
    });
    let op = proptest::option::weighted(0.2, select(Operation::ALL.to_vec()));
    let at = prop_oneof![3 => Just(NOW), 1 => (-400i64..900).prop_map(|days| NOW + Duration::days(days))];
    (base, who, author, class, level, sensitivity, op, at).prop_map(
        |(base, who, author, class, level, sensitivity, op, at)| {
            let mut world = base;
            if let Some(who) = who {
                world.request.cert_org = org(who);
                world.request.req_org = org(who);
            }
            if let Some(author) = author {
                world.document.author_org = org(author);
            }
            if let Some(class) = class {
                world.document.class_code = class.into();
            }
            world.document.confidentiality = level;
            world.document.sensitivity = sensitivity.into_iter().map(Into::into).collect();
            world.request.op = op.unwrap_or(world.request.op);
            world.request.at = at;
            world
        },
    )
}

fn instants() -> impl Strategy<Value = OffsetDateTime> {
    // An hour before the end of time in UTC it is over in Japan. Instruments are hashed as text: years 0 to 9999.
    let near = [
        datetime!(0000-01-01 0:00 UTC),
        datetime!(9999-12-31 23:00 UTC),
        datetime!(9999-12-31 14:59:59 UTC),
        NOW,
    ];
    select(near.to_vec())
}

fn refusals() -> impl Strategy<Value = Version<Refusal>> {
    let level = select(vec![
        RefusalLevel::Network,
        RefusalLevel::ProviderOrg(org("H1")),
        RefusalLevel::RequesterOrg(org("C1")),
        RefusalLevel::Person {
            organisation: org("C2"),
            user: "dr-1".into(),
        },
        RefusalLevel::Class(SUMMARY.into()),
        RefusalLevel::Sensitivity("HIV".into()),
        RefusalLevel::Document("1.2.392.1.1".into()),
    ]);
    (level, any::<bool>()).prop_map(|(level, includes_emergency)| {
        let mut terms = refusal(level);
        terms.includes_emergency = includes_emergency;
        seal("refusal-1", terms)
    })
}

/// Every instrument that can give something, as what removes it.
fn removals(file: &DomainFile) -> Vec<(InstrumentKind, InstrumentId)> {
    fn of<T: Terms>(versions: &[Version<T>]) -> impl Iterator<Item = (InstrumentKind, InstrumentId)> {
        versions.iter().map(|version| (T::KIND, version.id.clone()))
    }
    of(&file.domain_policies)
        .chain(of(&file.organisations))
        .chain(of(&file.joint_use_agreements))
        .chain(of(&file.entrustment_contracts))
        .chain(of(&file.consent_texts))
        .chain(of(&file.consents))
        .chain(of(&file.legal_orders))
        .chain(of(&file.break_glass_sessions))
        .collect()
}

fn remove(file: &mut DomainFile, (kind, id): &(InstrumentKind, InstrumentId)) {
    fn from<T: Terms>(versions: &mut Vec<Version<T>>, kind: InstrumentKind, id: &InstrumentId) {
        versions.retain(|version| T::KIND != kind || version.id != *id);
    }
    from(&mut file.domain_policies, *kind, id);
    from(&mut file.organisations, *kind, id);
    from(&mut file.joint_use_agreements, *kind, id);
    from(&mut file.entrustment_contracts, *kind, id);
    from(&mut file.consent_texts, *kind, id);
    from(&mut file.consents, *kind, id);
    from(&mut file.legal_orders, *kind, id);
    from(&mut file.break_glass_sessions, *kind, id);
}

/// The version that a permit names, if it is there and in force.
fn named<T: Terms>(versions: &[Version<T>], decision: &Decision, at: OffsetDateTime) -> usize {
    let Decision::Permit(permit) = decision else {
        return 0;
    };
    versions
        .iter()
        .filter(|version| version.reference() == &permit.instrument && version.in_force(at))
        .count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_inputs_give_the_same_answer(world in worlds()) {
        prop_assert_eq!(world.decide(), world.decide());
        let mut reversed = world.clone();
        reversed.file.organisations.reverse();
        reversed.file.entrustment_contracts.reverse();
        reversed.file.consents.reverse();
        prop_assert_eq!(reversed.decide(), world.decide());
    }

    /// Total: no instant, of request or instrument, and no setting is too much.
    #[test]
    fn every_question_has_an_answer(world in worlds(), at in instants(), opened in instants(), most in any::<bool>()) {
        let world = world.with(|world| {
            world.request.at = at;
            for session in &mut world.file.break_glass_sessions {
                let mut draft = session.next();
                draft.version = 1;
                draft.effective_from = opened;
                draft.effective_to = None;
                draft.entered_at = None;
                draft.terms.opened = opened;
                draft.hash = None;
                *session = Version::seal(draft).unwrap();
            }
            if most {
                rewrite(&mut world.file.domain_policies, "policy", |draft| {
                    draft.terms.publication_recheck_days = u16::MAX;
                    draft.terms.on_query_hours = u16::MAX;
                    draft.terms.on_query_inpatient_days = u16::MAX;
                    draft.terms.break_glass_hours = u8::MAX;
                    draft.terms.temp_max_days = u16::MAX;
                });
            }
        });
        prop_assert_eq!(world.decide(), world.decide());
    }

    /// A policy that ended forbids what it forbade, and opens nothing.
    #[test]
    fn the_end_of_the_policy_never_widens_access(world in worlds(), narrow in any::<bool>()) {
        let world = world.with(|world| {
            rewrite(&mut world.file.domain_policies, "policy", |draft| {
                if narrow {
                    draft.terms.roles.clear();
                    draft.terms.users = Operation::ALL.map(|op| (op, AuthLevel::TwoFactor)).into();
                }
            });
        });
        let with = world.decide();
        let at = world.request.at;
        let ended = world.with(|world| {
            rewrite(&mut world.file.domain_policies, "policy", |draft| {
                draft.effective_from = draft.effective_from.min(at);
                draft.effective_to = Some(at.max(draft.effective_from));
                draft.entered_at = None;
            });
        });
        prop_assert!(with.is_permit() || !ended.decide().is_permit());
    }

    #[test]
    fn a_refusal_never_widens_access(world in worlds(), refusal in refusals()) {
        let without = world.decide();
        let with = world.with(|world| world.file.refusals.push(refusal)).decide();
        prop_assert!(without.is_permit() || !with.is_permit());
        if with.is_permit() {
            prop_assert_eq!(with, without);
        }
    }

    #[test]
    fn removing_an_instrument_never_widens_access(world in worlds(), pick in any::<prop::sample::Index>()) {
        let with = world.decide();
        let removals = removals(&world.file);
        let removal = pick.get(&removals);
        let without = world.clone().with(|world| remove(&mut world.file, removal)).decide();
        prop_assert!(with.is_permit() || !without.is_permit(), "{:?}", removal);
    }

    #[test]
    fn a_narrower_scope_never_widens_access(world in worlds()) {
        let shared = world.clone().with(|world| world.document.scope = SharingScope::Shared).decide();
        for scope in [SharingScope::OrganisationOnly, SharingScope::PushOnly] {
            let narrower = world.clone().with(|world| world.document.scope = scope).decide();
            prop_assert!(shared.is_permit() || !narrower.is_permit());
        }
    }

    #[test]
    fn an_unrelated_instrument_changes_nothing(world in worlds(), pick in 0usize..5) {
        let with = world.clone().with(|world| match pick {
            0 => world.file.organisations.push(organisation("X1", "E1", xds_policy::instruments::organisation::OrganisationKind::Clinic)),
            1 => world.file.joint_use_agreements.push(seal("JA-X", agreement(&["X1", "X2"]))),
            2 => world.file.entrustment_contracts.push(seal("X", contract(ContractKind::Hosting, "EX", "OP"))),
            3 => {
                let mut terms = consent(xds_policy::instruments::consent::ConsentModel::Scoped);
                terms.patient = "P0002^^^&1.2&ISO".into();
                world.file.consents.push(seal("X", terms));
            }
            _ => {
                let mut terms = refusal(RefusalLevel::Network);
                terms.patient = "P0002^^^&1.2&ISO".into();
                world.file.refusals.push(seal("X", terms));
            }
        });
        let (without, with) = (world.decide(), with.decide());
        match (without, with) {
            (Decision::Permit(without), Decision::Permit(with)) => prop_assert_eq!(without, with),
            (Decision::Deny(without), Decision::Deny(with)) => prop_assert_eq!(without.code, with.code),
            (without, with) => prop_assert!(false, "{:?} and {:?}", without, with),
        }
    }

    #[test]
    fn a_permit_names_one_valid_instrument(world in worlds()) {
        let decision = world.decide();
        let at = world.request.at;
        let file = &world.file;
        let named = [
            (InstrumentKind::Organisation, named(&file.organisations, &decision, at)),
            (InstrumentKind::JointUseAgreement, named(&file.joint_use_agreements, &decision, at)),
            (InstrumentKind::EntrustmentContract, named(&file.entrustment_contracts, &decision, at)),
            (InstrumentKind::Consent, named(&file.consents, &decision, at)),
            (InstrumentKind::LegalOrder, named(&file.legal_orders, &decision, at)),
            (InstrumentKind::BreakGlassSession, named(&file.break_glass_sessions, &decision, at)),
        ];
        let found: Vec<_> = named.into_iter().filter(|(_, count)| *count > 0).collect();
        match decision {
            Decision::Deny(_) => prop_assert_eq!(found, []),
            Decision::Permit(permit) => {
                prop_assert_eq!(found, [(permit.instrument.kind, 1)]);
                let fits = match permit.basis {
                    Basis::Own => permit.instrument.kind == InstrumentKind::Organisation,
                    Basis::Entrust => permit.instrument.kind == InstrumentKind::EntrustmentContract,
                    Basis::Joint => permit.instrument.kind == InstrumentKind::JointUseAgreement,
                    Basis::Consent => permit.instrument.kind == InstrumentKind::Consent
                        || (world.request.op == Operation::Push
                            && permit.instrument.kind == InstrumentKind::Organisation),
                    Basis::Law => permit.instrument.kind == InstrumentKind::LegalOrder,
                    Basis::Emergency => permit.instrument.kind == InstrumentKind::BreakGlassSession,
                };
                prop_assert!(fits);
            }
        }
    }

    /// Every instrument that a permit names: it permits a second before its end, and not at its end.
    #[test]
    fn expiry_takes_effect_at_the_second(pick in 0usize..8, after in 1i64..3_000) {
        let end = NOW + Duration::seconds(after);
        let world = BASES[pick].clone();
        let instrument = world.decide().permit().unwrap().instrument;
        let world = world.with(|world| ends(&mut world.file, &instrument.id, end));
        let before = world.clone().with(|world| world.request.at = end - Duration::seconds(1));
        prop_assert!(before.decide().is_permit());
        let then = world.with(|world| world.request.at = end).decide();
        prop_assert!(!then.is_permit());
    }
}

fn ends(file: &mut DomainFile, id: &InstrumentId, end: OffsetDateTime) {
    fn of<T: Terms>(versions: &mut [Version<T>], id: &InstrumentId, end: OffsetDateTime) {
        if versions.iter().any(|version| version.id == *id) {
            rewrite(versions, id.as_str(), |draft| draft.effective_to = Some(end));
        }
    }
    of(&mut file.organisations, id, end);
    of(&mut file.joint_use_agreements, id, end);
    of(&mut file.entrustment_contracts, id, end);
    of(&mut file.consents, id, end);
    of(&mut file.legal_orders, id, end);
    of(&mut file.break_glass_sessions, id, end);
}
