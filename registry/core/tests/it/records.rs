//! What is written down of a disclosure: test vectors of the law, and properties of any.

use std::collections::BTreeSet;

use proptest::prelude::*;
use registry_core::records::{
    Disclosure, Provided, Record, Released, Side, Task, TaskKind, Written, written,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use xds_policy::basis::Basis;
use xds_policy::decision::{ConsentRoute, Permit};
use xds_policy::engine::{prepare, session_to_enter};
use xds_policy::instruments::organisation::AppiStatus;
use xds_policy::instruments::session::{Review, ReviewOutcome};
use xds_policy::ledger::Facts;
use xds_policy::obligations::Obligation;
use xds_policy::version::Version;
use xds_policy::words::Operation;

use crate::vectors::*;

const DECISION: Uuid = Uuid::from_u128(77);

/// Decides about the world's document for each of these authors, and what is written down of those permitted.
fn written_of(world: &World, authors: &[&str]) -> (Vec<Released>, Written) {
    let (ledger, patient) = world.file.clone().into_facts();
    let facts = Facts {
        ledger: &ledger,
        patient: &patient,
    };
    let prepared = prepare(facts, &world.request);
    let released: Vec<Released> = authors
        .iter()
        .enumerate()
        .filter_map(|(number, author)| {
            let mut document = world.document.clone();
            document.author_org = org(author);
            document.id = Some(format!("1.2.392.1.{number}").as_str().into());
            let permit = prepared.decide(&document).permit().ok()?;
            Some(Released {
                title: Some("診療情報提供書".to_owned()),
                hash: Some("da39a3ee5e6b4b0d3255bfef95601890afd80709".to_owned()),
                source_patient: Some(format!("{author}-77^^^&1.2.3&ISO")),
                ..Released::new(Uuid::from_u128(number as u128 + 1), document, permit, DECISION)
            })
        })
        .collect();
    let disclosure = Disclosure {
        request: &world.request,
        released: &released,
    };
    let written = written(facts, &disclosure);
    (released, written)
}

fn records(world: &World) -> Vec<Record> {
    let (_, written) = written_of(world, &[&world.document.author_org.0]);
    written.entries.into_iter().map(|entry| entry.record).collect()
}

/// The two records of a disclosure: provision and receipt.
fn pair(world: &World) -> [Record; 2] {
    let pair = <[Record; 2]>::try_from(records(world)).unwrap();
    assert_eq!(pair.each_ref().map(|record| record.side), Side::ALL);
    pair
}

#[test]
fn tv_01_joint_use_is_recorded_as_not_required() {
    let [provision, receipt] = pair(&joint());
    for record in [&provision, &receipt] {
        assert_eq!(record.basis, Basis::Joint);
        assert!(!record.legally_required && record.consent.is_none());
        assert_eq!(record.instrument.id.as_str(), "JA-1");
    }
}

#[test]
fn tv_04_a_consent_has_both_sides_write() {
    let [provision, receipt] = pair(&scoped());
    assert_eq!(
        (provision.ledger(), receipt.ledger()),
        (&org("H1"), &org("C2")),
        "each in its own ledger"
    );
    for record in [&provision, &receipt] {
        assert!(record.legally_required);
        let consent = record.consent.as_ref().unwrap();
        assert_eq!(consent.id.as_ref().unwrap().as_str(), "consent-C2");
        assert_eq!(consent.model, ConsentRoute::Scoped);
        let text = scoped().file.consent_texts[0].reference().hash;
        assert_eq!(consent.text_hash, Some(text), "of the text as it was signed");
        assert_eq!(record.at, NOW);
        assert_eq!(record.date, "2026-11-24");
        assert_eq!(record.provided, Provided::LocationMetadata);
        let provider = &record.provider;
        assert_eq!(provider.name, "H1 医療機関");
        assert_eq!(provider.entity_name, "E1 法人");
        assert_eq!(
            (provider.address.as_str(), provider.representative.as_str()),
            ("東京都", "代表 一郎")
        );
        assert_eq!(record.person.patient.0, P);
        assert_eq!(record.person.source_patients, ["H1-77^^^&1.2.3&ISO"]);
        assert_eq!((record.count, record.items.len()), (1, 1));
        let item = &record.items[0];
        assert_eq!(item.class_code.as_str(), SUMMARY);
        assert_eq!(item.title.as_deref(), Some("診療情報提供書"));
        assert_eq!(item.unique_id.as_deref(), Some("1.2.392.1.0"));
        assert_eq!(record.user.as_ref().unwrap().as_str(), "dr-1");
        assert_eq!(record.role.as_ref().unwrap().as_str(), "physician");
        assert_eq!(record.decision, DECISION.to_string());
    }
    assert_eq!(provision.acquisition, None);
    assert_eq!(
        receipt.acquisition.as_deref(),
        Some("H1 医療機関における診療の過程で取得")
    );
}

#[test]
fn tv_12_what_was_recorded_before_a_withdrawal_stays_as_it_was() {
    let withdrawn = scoped().with(|world| {
        amend(&mut world.file.consents, "consent-C2", NOW, |draft| {
            draft.terms.withdrawn_at = Some(NOW);
        });
    });
    assert_eq!(records(&withdrawn), [], "the next request gets nothing");
    let before = withdrawn.with(|world| world.request.at = NOW - Duration::seconds(1));
    let [provision, _] = pair(&before);
    assert_eq!(provision.instrument.version, 1);
    assert!(provision.legally_required);
}

#[test]
fn tv_15_an_emergency_is_recorded_and_leaves_tasks() {
    let (_, written) = written_of(&emergency(), &["H1", "H1", "C1"]);
    let by_author: Vec<_> = written
        .entries
        .iter()
        .map(|entry| (entry.record.provider.organisation.0.as_str(), entry.record.side))
        .collect();
    assert_eq!(
        by_author,
        [
            ("H1", Side::Provision),
            ("H1", Side::Receipt),
            ("C1", Side::Provision),
            ("C1", Side::Receipt)
        ]
    );
    assert!(written.entries.iter().all(|entry| {
        let record = &entry.record;
        record.basis == Basis::Emergency
            && !record.legally_required
            && record.instrument.id.as_str() == "bg-1"
    }));
    let tasks: Vec<(TaskKind, &str)> = written
        .tasks
        .iter()
        .map(|task| (task.kind, task.organisation.0.as_str()))
        .collect();
    assert_eq!(
        tasks,
        [
            (TaskKind::TellAuthor, "H1"),
            (TaskKind::TellOperator, "OP"),
            (TaskKind::TellPrivacyOfficer, "OP"),
            (TaskKind::TellPatient, "C3"),
            (TaskKind::Review, "C3"),
            (TaskKind::TellAuthor, "C1"),
        ]
    );
    let review = written.tasks.iter().find(|task| task.kind == TaskKind::Review);
    let due = review.and_then(|task| task.due).unwrap();
    assert_eq!(due, time::macros::datetime!(2026-11-28 0:00 +9));
}

#[test]
fn tv_31_a_referral_is_recorded_on_the_posted_notice() {
    let [provision, receipt] = pair(&push());
    for record in [&provision, &receipt] {
        assert!(record.legally_required);
        assert_eq!(record.provided, Provided::Document);
        assert_eq!(record.operation, Operation::Push);
        let consent = record.consent.as_ref().unwrap();
        assert_eq!((consent.model, &consent.id), (ConsentRoute::ImpliedPush, &None));
        assert_eq!(consent.text_hash, Some(evidence("keiji.jpg").sha256));
        assert_eq!(
            record.receiver.organisation,
            org("C3"),
            "who gets it, not who sends"
        );
    }
    assert_eq!(receipt.ledger(), &org("C3"));
}

#[test]
fn tv_34_a_public_body_receives_without_a_duty_to_record() {
    let world = scoped().with(|world| {
        rewrite(&mut world.file.organisations, "C2", |draft| {
            draft.terms.appi_status = AppiStatus::PublicBody;
        });
    });
    let [provision, receipt] = pair(&world);
    assert!(!provision.legally_required && !receipt.legally_required);
    assert_eq!(provision.receiver.appi_status, AppiStatus::PublicBody);
}

#[test]
fn own_records_and_entrusted_tasks_are_no_provision() {
    for world in [own(), entrust(), register()] {
        let (_, written) = written_of(&world, &["H1"]);
        assert!(written.is_empty());
    }
    // By two of the same entity: H1 itself needs none either.
    let (released, written) = written_of(&own(), &["H1", "H2"]);
    assert_eq!(released.len(), 2);
    assert!(written.is_empty());
}

#[test]
fn an_order_is_recorded_by_the_provider_alone_and_the_patient_is_told() {
    let (_, written) = written_of(&law(), &["H1"]);
    let sides: Vec<Side> = written.entries.iter().map(|entry| entry.record.side).collect();
    assert_eq!(sides, [Side::Provision]);
    let record = &written.entries[0].record;
    assert!(!record.legally_required);
    assert_eq!(
        (record.provider.name.as_str(), record.receiver.name.as_str()),
        ("H1 医療機関", "東京地方検察庁")
    );
    let kinds: Vec<TaskKind> = written.tasks.iter().map(|task| task.kind).collect();
    assert_eq!(kinds, [TaskKind::TellPatient]);
}

#[test]
fn a_retrieval_provides_documents() {
    let world = scoped().with(|world| world.request.op = Operation::Retrieve);
    assert!(
        pair(&world)
            .iter()
            .all(|record| record.provided == Provided::Document)
    );
}

#[test]
fn how_data_were_acquired_comes_from_the_contract_or_the_document() {
    let world = scoped().with(|world| {
        rewrite(&mut world.file.entrustment_contracts, "host-E1", |draft| {
            draft.terms.acquisition = "当院の診療において本人から取得".into();
        });
    });
    let [provision, receipt] = pair(&world);
    assert_eq!(
        receipt.acquisition.as_deref(),
        Some("当院の診療において本人から取得")
    );
    assert_eq!(provision.acquisition, None, "Article 29 does not ask for it");

    let (ledger, patient) = world.file.clone().into_facts();
    let facts = Facts {
        ledger: &ledger,
        patient: &patient,
    };
    let (mut released, _) = written_of(&world, &["H1"]);
    released[0].acquisition = Some("紹介元から取得".to_owned());
    let disclosure = Disclosure {
        request: &world.request,
        released: &released,
    };
    let written = written(facts, &disclosure);
    let own = |side| {
        let entry = written.entries.iter().find(|entry| entry.record.side == side);
        entry.unwrap().record.items[0].acquisition.clone()
    };
    assert_eq!(own(Side::Receipt).as_deref(), Some("紹介元から取得"));
    assert_eq!(own(Side::Provision), None);
}

#[test]
fn a_record_is_a_snapshot_with_one_text() {
    let [provision, _] = pair(&scoped());
    let text = provision.text().unwrap();
    assert_eq!(Record::from_text(&text).unwrap(), provision);
    assert!(text.starts_with('{') && !text.contains('\n'));
    // The ledger changes; a record made before does not follow.
    let moved = scoped().with(|world| {
        amend(&mut world.file.legal_entities, "E1", NOW, |draft| {
            draft.terms.representative = "新代表 二郎".into();
        });
    });
    let [later, _] = pair(&moved);
    assert_eq!(later.provider.representative, "新代表 二郎");
    assert_eq!(
        Record::from_text(&text).unwrap().provider.representative,
        "代表 一郎"
    );
}

#[test]
fn records_are_kept_as_long_as_the_domain_says_and_never_shorter_than_the_law() {
    let kept = |years: Option<u8>| {
        let world = scoped().with(|world| {
            if let Some(years) = years {
                rewrite(&mut world.file.domain_policies, "policy", |draft| {
                    draft.terms.record_retention_years = years;
                });
            }
        });
        let (_, written) = written_of(&world, &["H1"]);
        written.entries[0].keep_until.year()
    };
    assert_eq!(kept(None), 2031);
    assert_eq!(kept(Some(10)), 2036);
    assert_eq!(kept(Some(1)), 2029);
    assert_eq!(kept(Some(0)), 2029);
}

/// Policies from before there was a choice have the hash that they had.
#[test]
fn the_usual_retention_is_not_written() {
    let world = scoped();
    let text = serde_json::to_string(&world.file.domain_policies[0]).unwrap();
    assert!(!text.contains("record_retention_years"));
    let text = serde_json::to_string(&world.file.entrustment_contracts[0]).unwrap();
    assert!(!text.contains("acquisition"));
}

const AUTHORS: [&str; 4] = ["H1", "H2", "C1", "C2"];

fn worlds() -> impl Strategy<Value = World> {
    let retrieve = |world: World, retrieve: bool| {
        world.with(|world| {
            if retrieve && world.request.op == Operation::Query {
                world.request.op = Operation::Retrieve;
            }
        })
    };
    (0..9_usize, any::<bool>()).prop_map(move |(which, is_retrieval)| {
        let make = [
            own, joint, scoped, on_query, push, entrust, law, emergency, register,
        ];
        retrieve(make[which](), is_retrieval)
    })
}

/// What obligations of these permits ask for, counted apart from the code under test.
fn asked_for(released: &[Released], request_receiver: &str) -> BTreeSet<(String, String, Side, Basis, bool)> {
    let mut asked = BTreeSet::new();
    for one in released {
        for obligation in one.permit.obligations.iter() {
            let (side, required) = match obligation {
                Obligation::ProvisionRecord { legally_required } => (Side::Provision, *legally_required),
                Obligation::ReceiptRecord { legally_required } => (Side::Receipt, *legally_required),
                _ => continue,
            };
            let author = one.document.author_org.0.clone();
            let receiver = match one.permit.basis {
                Basis::Law => format!("order:{}", one.permit.instrument.id),
                _ => request_receiver.to_owned(),
            };
            asked.insert((author, receiver, side, one.permit.basis, required));
        }
    }
    asked
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Exactly what permits oblige to is written, once for each pair, and every document stands in its record.
    #[test]
    fn what_permits_oblige_to_is_written_and_nothing_else(
        world in worlds(),
        authors in prop::collection::vec(prop::sample::select(&AUTHORS[..]), 0..12),
    ) {
        let (released, written) = written_of(&world, &authors);
        let receiver = world.request.receiver().unwrap().0.clone();
        let records: Vec<&Record> = written.entries.iter().map(|entry| &entry.record).collect();
        let found: BTreeSet<_> = records
            .iter()
            .map(|record| {
                (
                    record.provider.organisation.0.clone(),
                    record.receiver.organisation.0.clone(),
                    record.side,
                    record.basis,
                    record.legally_required,
                )
            })
            .collect();
        prop_assert_eq!(found.len(), records.len(), "one for each pair, basis and side");
        prop_assert_eq!(&found, &asked_for(&released, &receiver));
        for one in &released {
            let of_it = |side| records.iter().filter(|record| {
                record.side == side && record.items.iter().any(|item| item.entry == one.entry)
            }).count();
            let asked = |is: fn(&Obligation) -> bool| usize::from(one.permit.obligations.iter().any(is));
            prop_assert_eq!(of_it(Side::Provision), asked(|o| matches!(o, Obligation::ProvisionRecord { .. })));
            prop_assert_eq!(of_it(Side::Receipt), asked(|o| matches!(o, Obligation::ReceiptRecord { .. })));
        }
        let is_told = released.iter().any(|one| Released::is_told(&one.permit));
        prop_assert_eq!(is_told, !written.is_empty());
        for record in records {
            prop_assert_eq!(record.count, record.items.len());
            prop_assert!(record.ledger() != &record.counterparty().organisation, "nobody provides to itself");
            prop_assert_eq!(record.consent.is_some(), record.basis == Basis::Consent);
            prop_assert_eq!(record.acquisition.is_some(), record.side == Side::Receipt);
        }
    }

    /// No document is told of twice, however often it is released.
    #[test]
    fn a_document_that_is_released_twice_counts_once(times in 1..5_usize) {
        let world = scoped();
        let (ledger, patient) = world.file.clone().into_facts();
        let facts = Facts { ledger: &ledger, patient: &patient };
        let (released, _) = written_of(&world, &["H1"]);
        let released: Vec<Released> = (0..times).map(|_| released[0].clone()).collect();
        let disclosure = Disclosure { request: &world.request, released: &released };
        let written = written(facts, &disclosure);
        prop_assert_eq!(written.entries.len(), 2);
        prop_assert!(written.entries.iter().all(|entry| entry.record.count == 1));
    }
}

/// An emergency that no session was opened for yet.
fn declared_only() -> World {
    emergency().with(|world| world.file.break_glass_sessions.clear())
}

/// The world after what the declaration enters was entered, if it enters something.
fn entered(world: &World) -> Option<World> {
    let (ledger, patient) = world.file.clone().into_facts();
    let facts = Facts {
        ledger: &ledger,
        patient: &patient,
    };
    let draft = session_to_enter(facts, &world.request, "session-new".into())?;
    Some(world.clone().with(|world| {
        world
            .file
            .break_glass_sessions
            .push(Version::seal(draft).unwrap());
    }))
}

fn at(world: World, at: OffsetDateTime, attested: OffsetDateTime) -> World {
    world.with(|world| {
        world.request.at = at;
        declared(world).attested_at = attested;
    })
}

fn permit(world: &World) -> Option<Permit> {
    world.decide().permit().ok()
}

#[test]
fn a_complete_declaration_opens_a_session_that_the_decision_rests_on() {
    let world = declared_only();
    assert!(permit(&world).is_none(), "no session is open");
    let after = entered(&world).unwrap();
    let permit = permit(&after).unwrap();
    assert_eq!(permit.basis, Basis::Emergency);
    assert_eq!(permit.instrument.id.as_str(), "session-new");
    let session = after.file.break_glass_sessions.last().unwrap();
    assert_eq!(session.entered_by, "dr-1");
    assert_eq!(session.effective_to, Some(NOW + Duration::hours(4)));
    assert!(entered(&after).is_none(), "one is open");
    // It is of this user and organisation alone.
    let other = after.clone().with(|world| {
        world.request.user = Some("dr-9".into());
        declared(world).attested_by = "dr-9".into();
    });
    assert!(entered(&other).is_some());
}

#[test]
fn without_b1_to_b4_nothing_is_entered() {
    let incomplete: [fn(&mut World); 9] = [
        |world| world.request.role = Some("nurse".into()),
        |world| declared(world).free_text = " ".into(),
        |world| declared(world).attested_by = "dr-2".into(),
        |world| declared(world).attested_at = NOW + Duration::seconds(1),
        |world| declared(world).consent_unobtainable = false,
        |world| world.request.auth_level = xds_policy::words::AuthLevel::SingleFactor,
        |world| declared(world).confirmed = false,
        |world| world.request.purpose = Some(xds_policy::words::Purpose::Treatment),
        |world| world.request.break_glass = None,
    ];
    for (number, change) in incomplete.into_iter().enumerate() {
        let world = declared_only().with(change);
        assert!(entered(&world).is_none(), "{number}");
        assert!(permit(&world).is_none(), "{number}");
    }
    // Nor when a gate is shut.
    let stranger = declared_only().with(|world| world.request.cert_org = org("C2"));
    assert!(entered(&stranger).is_none());
}

#[test]
fn a_session_is_renewed_once_by_a_newer_declaration() {
    let first = entered(&declared_only()).unwrap();
    let (five, nine) = (NOW + Duration::hours(5), NOW + Duration::hours(9));
    // The same declaration does not reach further.
    let old = at(first.clone(), five, NOW - Duration::minutes(2));
    assert!(entered(&old).is_none() && permit(&old).is_none());
    let renewed = entered(&at(first, five, NOW + Duration::hours(3))).unwrap();
    let session = renewed.file.break_glass_sessions.last().unwrap();
    assert_eq!((session.version, session.terms.renewals), (2, 1));
    assert_eq!(session.terms.opened, NOW);
    assert!(permit(&renewed).is_some());
    // After the renewal only a declaration that is newer than its end, and that is another session.
    let stale = at(renewed.clone(), nine, NOW + Duration::hours(7));
    assert!(entered(&stale).is_none());
    let again = entered(&at(renewed, nine, NOW + Duration::hours(8))).unwrap();
    let session = again.file.break_glass_sessions.last().unwrap();
    assert_eq!((session.version, session.terms.opened), (1, nine));
}

#[test]
fn after_misuse_no_session_opens_by_itself() {
    let misused = entered(&declared_only()).unwrap().with(|world| {
        amend(
            &mut world.file.break_glass_sessions,
            "session-new",
            NOW + Duration::minutes(30),
            |draft| {
                draft.entered_at = Some(NOW + Duration::minutes(30));
                draft.effective_to = Some(NOW + Duration::minutes(30));
                draft.terms.review = Some(Review {
                    by: "officer".into(),
                    at: NOW + Duration::minutes(30),
                    outcome: ReviewOutcome::Misuse,
                    text: String::new(),
                });
            },
        );
    });
    for hours in [1, 5, 30] {
        let later = NOW + Duration::hours(hours);
        let world = at(misused.clone(), later, later - Duration::minutes(1));
        assert!(entered(&world).is_none() && permit(&world).is_none(), "{hours}");
    }
}

#[test]
fn tasks_name_the_session_and_the_patient() {
    let (_, written) = written_of(&emergency(), &["H1"]);
    let is_of_it = |task: &Task| task.instrument.id.as_str() == "bg-1" && task.patient.0 == P;
    assert!(written.tasks.iter().all(is_of_it));
    assert_eq!(written.tasks.len(), TaskKind::ALL.len());
}
