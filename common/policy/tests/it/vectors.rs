//! The specification's test vectors TV-01 to TV-35, as far as this crate can show them.

use time::Duration;
use time::macros::datetime;
use xds_policy::basis::Basis;
use xds_policy::change::{ChangeFault, check_new_version};
use xds_policy::decision::{ConsentRoute, Decision, DenyCode, Permit};
use xds_policy::document::Document;
use xds_policy::engine::{decide, prepare};
use xds_policy::ending;
use xds_policy::instruments::consent::ConsentModel;
use xds_policy::instruments::organisation::AppiStatus;
use xds_policy::instruments::refusal::RefusalLevel;
use xds_policy::ledger::Facts;
use xds_policy::obligations::Obligation;
use xds_policy::reasons::Reason;
use xds_policy::request::{Capacity, Request};
use xds_policy::version::Version;
use xds_policy::words::*;

use crate::fixture::*;

pub(crate) fn permit(world: &World) -> Permit {
    world.decide().permit().unwrap()
}

#[track_caller]
pub(crate) fn permitted(world: &World, basis: Basis, instrument: &str) {
    let permit = permit(world);
    assert_eq!((permit.basis, permit.instrument.id.as_str()), (basis, instrument));
}

#[track_caller]
pub(crate) fn denied(world: &World, basis: Basis, reason: Reason) {
    let denial = world.decide().permit().unwrap_err();
    assert_eq!(denial.code, DenyCode::NoBasis, "{denial:?}");
    let tried = denial.why.iter().find(|tried| tried.basis == basis).unwrap();
    assert_eq!(tried.reason, reason, "{denial:?}");
    assert_eq!(denial.why.len(), Basis::ALL.len());
}

#[track_caller]
pub(crate) fn shut(world: &World, code: DenyCode, reason: Reason) {
    let denial = world.decide().permit().unwrap_err();
    assert_eq!((denial.code, denial.reason), (code, Some(reason)));
    assert!(denial.why.is_empty());
}

fn records(permit: &Permit) -> Vec<Obligation> {
    permit
        .obligations
        .iter()
        .copied()
        .filter(|duty| {
            matches!(
                duty,
                Obligation::ProvisionRecord { .. } | Obligation::ReceiptRecord { .. }
            )
        })
        .collect()
}

fn both_records(legally_required: bool) -> Vec<Obligation> {
    vec![
        Obligation::ProvisionRecord { legally_required },
        Obligation::ReceiptRecord { legally_required },
    ]
}

#[test]
fn tv_01_a_joint_user_gets_what_is_in_joint_use() {
    permitted(&joint(), Basis::Joint, "JA-1");
    assert_eq!(records(&permit(&joint())), both_records(false));
}

#[test]
fn tv_02_own_record() {
    permitted(&own(), Basis::Own, "H2");
    assert!(records(&permit(&own())).is_empty());
}

#[test]
fn tv_03_nothing_without_a_basis() {
    let world = asks("C2");
    denied(&world, Basis::Joint, Reason::J2);
    denied(&world, Basis::Consent, Reason::NoConsent);
}

#[test]
fn tv_04_a_consent_that_names_both() {
    permitted(&scoped(), Basis::Consent, "consent-C2");
    assert_eq!(records(&permit(&scoped())), both_records(true));
    assert_eq!(permit(&scoped()).consent_model, Some(ConsentRoute::Scoped));
}

#[test]
fn tv_05_the_representative_is_missing() {
    let world = joint().with(|world| {
        rewrite(&mut world.file.joint_use_agreements, "JA-1", |draft| {
            draft.terms.responsible.representative = " ".into();
        });
    });
    denied(&world, Basis::Joint, Reason::J4);
}

#[test]
fn tv_06_the_evidence_of_publication_is_old() {
    let world = joint().with(|world| {
        rewrite(&mut world.file.joint_use_agreements, "JA-1", |draft| {
            draft.terms.publications[0].verified_at = NOW - Duration::days(90);
        });
    });
    denied(&world, Basis::Joint, Reason::J5);
}

#[test]
fn tv_07_a_class_that_is_not_in_joint_use() {
    let world = joint().with(|world| world.document.class_code = "57833-6".into());
    denied(&world, Basis::Joint, Reason::J1);
}

#[test]
fn tv_08_a_user_cannot_be_added_by_editing() {
    let old = seal("JA-1", agreement(&["H1", "H2", "C1"]));
    let mut draft = old.next();
    draft.entered_at = Some(NOW);
    draft.effective_from = NOW;
    draft.terms = agreement(&["H1", "H2", "C1", "C2"]);
    let faults = check_new_version(&old, &Version::seal(draft).unwrap()).unwrap_err();
    assert_eq!(faults, [ChangeFault::UserAdded]);
    assert!(faults[0].needs_new_id());
}

#[test]
fn tv_09_a_notice_from_tomorrow_gives_something_from_tomorrow() {
    let tomorrow = NOW + Duration::days(1);
    let world = asks("C2").with(|world| {
        let mut terms = agreement(&["H1", "C2"]);
        terms.publications[0].published_from = tomorrow;
        terms.publications[0].verified_at = tomorrow;
        world.file.joint_use_agreements.push(seal("JA-2", terms));
    });
    denied(&world, Basis::Joint, Reason::J5);
    permitted(
        &world.with(|world| world.request.at = tomorrow),
        Basis::Joint,
        "JA-2",
    );
}

fn refusing(world: World, level: RefusalLevel) -> World {
    world.with(|world| world.file.refusals.push(seal("refusal-1", refusal(level))))
}

#[test]
fn tv_10_a_refusal_of_the_network() {
    denied(
        &refusing(joint(), RefusalLevel::Network),
        Basis::Joint,
        Reason::RefusedNetwork,
    );
    permitted(&refusing(own(), RefusalLevel::Network), Basis::Own, "H2");
}

#[test]
fn tv_11_a_refusal_of_one_requester() {
    let level = || RefusalLevel::RequesterOrg(org("C1"));
    denied(
        &refusing(joint(), level()),
        Basis::Joint,
        Reason::RefusedRequester,
    );
    permitted(&refusing(own(), level()), Basis::Own, "H2");
    let other_member = |world: &mut World| {
        rewrite(&mut world.file.joint_use_agreements, "JA-1", |draft| {
            draft.terms.users = agreement(&["H1", "C1", "C2"]).users;
        });
    };
    permitted(
        &refusing(asks("C2").with(other_member), level()),
        Basis::Joint,
        "JA-1",
    );
}

#[test]
fn tv_12_a_withdrawal_counts_from_the_next_request() {
    let withdrawn = scoped().with(|world| {
        amend(&mut world.file.consents, "consent-C2", NOW, |draft| {
            draft.terms.withdrawn_at = Some(NOW);
        });
    });
    denied(&withdrawn, Basis::Consent, Reason::C1);
    let before = withdrawn.with(|world| world.request.at = NOW - Duration::seconds(1));
    // What was decided then stays so: its records, which the decision demanded, remain.
    assert_eq!(records(&permit(&before)), both_records(true));
    assert_eq!(permit(&before).instrument.version, 1);
}

/// Forms are older than the registry that they are entered in.
#[test]
fn a_text_may_be_entered_after_it_was_signed() {
    let entered = |world: World, at| {
        world.with(|world| {
            rewrite(&mut world.file.consent_texts, "text-1", |draft| {
                draft.entered_at = Some(at)
            });
        })
    };
    permitted(&entered(scoped(), NOW), Basis::Consent, "consent-C2");
    denied(
        &entered(scoped(), NOW + Duration::seconds(1)),
        Basis::Consent,
        Reason::C4,
    );
    // A newer text was in force when the older one was signed.
    let outdated = scoped().with(|world| amend(&mut world.file.consent_texts, "text-1", START, |_| {}));
    denied(&outdated, Basis::Consent, Reason::C4);
    // A newer text that came later changes nothing.
    let later = scoped().with(|world| amend(&mut world.file.consent_texts, "text-1", NOW, |_| {}));
    permitted(&later, Basis::Consent, "consent-C2");
}

fn hiv(world: World) -> World {
    world.with(|world| {
        world.document.confidentiality = Confidentiality::V;
        world.document.sensitivity = vec!["HIV".into()];
    })
}

#[test]
fn tv_13_sensitive_documents_are_not_in_joint_use() {
    denied(&hiv(joint()), Basis::Joint, Reason::ConfidentialityJoint);
}

#[test]
fn tv_14_sensitive_documents_with_a_consent_that_names_them() {
    let world = hiv(joint()).with(|world| {
        let mut terms = consent(ConsentModel::Scoped);
        terms.sensitivities.insert("HIV".into());
        world.file.consents.push(seal("consent-hiv", terms));
    });
    permitted(&world, Basis::Consent, "consent-hiv");
}

#[test]
fn tv_15_an_unconscious_patient() {
    permitted(&emergency(), Basis::Emergency, "bg-1");
    let duties = permit(&emergency()).obligations;
    for duty in [
        Obligation::NotifyAuthor,
        Obligation::NotifyOperator,
        Obligation::NotifyPatient,
        Obligation::Review {
            due: datetime!(2026-11-28 0:00 +9).to_offset(time::UtcOffset::UTC),
        },
    ] {
        assert!(duties.contains(&duty), "{duty:?} in {duties:?}");
    }
}

#[test]
fn tv_16_an_emergency_declared_for_ordinary_treatment() {
    let world = emergency().with(|world| world.request.purpose = Some(Purpose::Treatment));
    denied(&world, Basis::Emergency, Reason::EmergencyPurpose);
}

#[test]
fn tv_17_a_refusal_that_includes_emergencies() {
    let world = emergency().with(|world| {
        let mut terms = refusal(RefusalLevel::Network);
        terms.includes_emergency = true;
        world.file.refusals.push(seal("refusal-1", terms));
    });
    denied(&world, Basis::Emergency, Reason::EmergencyRefused);
}

#[test]
fn tv_18_a_contractor_gets_what_was_entrusted() {
    permitted(&entrust(), Basis::Entrust, "rad-images");
    let world = entrust().with(|world| world.document = document());
    denied(&world, Basis::Entrust, Reason::E2);
}

#[test]
fn tv_19_a_contractor_for_itself() {
    let world = entrust().with(|world| world.request.capacity = Capacity::Itself);
    denied(&world, Basis::Entrust, Reason::EntrustCapacity);
}

#[test]
fn tv_20_a_contract_that_ended_yesterday() {
    let yesterday = NOW - Duration::days(1);
    let world = entrust().with(|world| {
        rewrite(&mut world.file.entrustment_contracts, "rad-images", |draft| {
            draft.effective_to = Some(yesterday);
        });
    });
    denied(&world, Basis::Entrust, Reason::E3);
    let contract = world.file.entrustment_contracts.last().unwrap();
    let duties = ending::duties(contract, NOW).unwrap();
    assert!(duties.erase && duties.certificate && !duties.suspended);
    assert_eq!(duties.due, yesterday + Duration::days(30));
}

fn without_hosting(world: World, entruster: &str, ended: time::OffsetDateTime) -> World {
    world.with(|world| {
        let id = format!("host-{entruster}");
        rewrite(&mut world.file.entrustment_contracts, &id, |draft| {
            draft.effective_to = Some(ended);
        });
    })
}

#[test]
fn tv_21_nothing_is_registered_without_a_hosting_contract() {
    permitted(&register(), Basis::Own, "H1");
    let world = register().with(|world| {
        world
            .file
            .entrustment_contracts
            .retain(|contract| contract.id.as_str() != "host-E1");
    });
    shut(&world, DenyCode::NoHostingContract, Reason::NoHostingContract);
}

#[test]
fn tv_22_when_hosting_ends_documents_are_kept_for_their_author_only() {
    let world = without_hosting(joint(), "E1", NOW);
    shut(&world, DenyCode::Suspended, Reason::AuthorSuspended);
    shut(
        &without_hosting(emergency(), "E1", NOW),
        DenyCode::Suspended,
        Reason::AuthorSuspended,
    );
    permitted(&without_hosting(own(), "E1", NOW), Basis::Own, "H2");
    // C1's contract has nothing to do with what H1 wrote.
    permitted(&without_hosting(joint(), "E2", NOW), Basis::Joint, "JA-1");
    let duties = ending::duties(&world.file.entrustment_contracts[0], NOW).unwrap();
    assert!(duties.suspended && duties.export && duties.erase);
    assert_eq!(ending::duties(&world.file.entrustment_contracts[1], NOW), None);
}

#[test]
fn tv_23_a_consent_at_a_visit_holds_for_a_day() {
    permitted(&on_query(), Basis::Consent, "visit-C2");
    assert_eq!(permit(&on_query()).consent_model, Some(ConsentRoute::OnQuery));
    let given = NOW - Duration::minutes(10);
    let last = on_query().with(|world| world.request.at = given + Duration::hours(24) - Duration::seconds(1));
    permitted(&last, Basis::Consent, "visit-C2");
}

#[test]
fn tv_24_the_provider_posts_no_notice() {
    let world = on_query().with(|world| {
        rewrite(&mut world.file.organisations, "H1", |draft| {
            draft.terms.notices[0].to = Some(NOW);
        });
    });
    denied(&world, Basis::Consent, Reason::NoticeNotPosted);
}

#[test]
fn tv_25_the_next_day_without_a_new_visit() {
    let given = NOW - Duration::minutes(10);
    let world = on_query().with(|world| world.request.at = given + Duration::hours(24));
    denied(&world, Basis::Consent, Reason::VisitOver);
}

#[test]
fn tv_26_the_common_rule_is_not_adopted() {
    let world = on_query().with(|world| {
        rewrite(&mut world.file.domain_policies, "policy", |draft| {
            draft.terms.on_query_rule = None;
        });
    });
    denied(&world, Basis::Consent, Reason::OnQueryNotAdopted);
}

#[test]
fn tv_27_the_certificate_is_another_organisations() {
    let world = joint().with(|world| world.request.req_org = org("C2"));
    shut(&world, DenyCode::OrgMismatch, Reason::OrgMismatch);
}

#[test]
fn tv_28_a_clerk() {
    let world = joint().with(|world| world.request.role = Some("clerk".into()));
    shut(&world, DenyCode::Role, Reason::RoleClass);
}

/// The bytes of an answer are the registry's business. What it needs from here: a decision never depends on
/// how the document was asked for, and withholding carries no more than the requester may not be told.
#[test]
fn tv_29_a_document_is_withheld_whichever_way_it_is_asked_for() {
    for op in [Operation::Query, Operation::Retrieve] {
        let world = asks("C2").with(|world| world.request.op = op);
        denied(&world, Basis::Consent, Reason::NoConsent);
    }
}

#[test]
fn tv_30_a_consent_that_ends_between_query_and_retrieval() {
    let ends = NOW + Duration::seconds(1);
    let world = scoped().with(|world| {
        rewrite(&mut world.file.consents, "consent-C2", |draft| {
            draft.effective_to = Some(ends)
        });
    });
    permitted(&world, Basis::Consent, "consent-C2");
    let later = world.with(|world| {
        world.request.op = Operation::Retrieve;
        world.request.at = ends;
    });
    denied(&later, Basis::Consent, Reason::C2);
}

#[test]
fn tv_31_a_referral_is_pushed() {
    permitted(&push(), Basis::Consent, "H1");
    let permit = permit(&push());
    assert_eq!(permit.consent_model, Some(ConsentRoute::ImpliedPush));
    assert_eq!(records(&permit), both_records(true));
    assert!(permit.obligations.contains(&Obligation::NotIndexed));
}

#[test]
fn tv_32_research() {
    let world = scoped().with(|world| world.request.purpose = Some(Purpose::Research));
    shut(&world, DenyCode::Purpose, Reason::PurposeNotServed);
}

#[test]
fn tv_33_the_past_is_decided_as_it_was() {
    let then = permit(&joint());
    let world = joint().with(|world| {
        amend(
            &mut world.file.joint_use_agreements,
            "JA-1",
            NOW + Duration::days(7),
            |draft| {
                draft.entered_at = Some(NOW + Duration::days(7));
                draft.effective_to = Some(NOW + Duration::days(7));
            },
        );
        // And a version that pretends to have been there: it was entered later.
        amend(&mut world.file.joint_use_agreements, "JA-1", START, |draft| {
            draft.entered_at = Some(NOW + Duration::days(8));
            draft.effective_to = Some(START);
        });
    });
    assert_eq!(permit(&world), then);
    let today = world.with(|world| world.request.at = NOW + Duration::days(9));
    denied(&today, Basis::Joint, Reason::J7);
}

#[test]
fn tv_34_a_receiver_that_is_a_public_body() {
    let world = scoped().with(|world| {
        rewrite(&mut world.file.organisations, "C2", |draft| {
            draft.terms.appi_status = AppiStatus::PublicBody;
        });
    });
    permitted(&world, Basis::Consent, "consent-C2");
    assert_eq!(records(&permit(&world)), both_records(false));
    let transitional = world.with(|world| {
        rewrite(&mut world.file.organisations, "C2", |draft| {
            draft.terms.appi_status = AppiStatus::Transitional;
        });
    });
    assert_eq!(records(&permit(&transitional)), both_records(true));
}

#[test]
fn tv_35_a_member_leaves_at_noon() {
    let noon = datetime!(2026-11-24 12:00:00 +9);
    let world = joint().with(|world| {
        amend(&mut world.file.joint_use_agreements, "JA-1", noon, |draft| {
            draft.terms.users.retain(|user| user.organisation != org("C1"));
        });
    });
    let before = world
        .clone()
        .with(|world| world.request.at = noon - Duration::seconds(1));
    permitted(&before, Basis::Joint, "JA-1");
    denied(
        &world.with(|world| world.request.at = noon),
        Basis::Joint,
        Reason::J2,
    );
}

#[test]
fn many_documents_are_decided_as_one_by_one() {
    let world = joint();
    let (ledger, patient) = world.file.clone().into_facts();
    let facts = Facts {
        ledger: &ledger,
        patient: &patient,
    };
    let prepared = prepare(facts, &world.request);
    let documents: Vec<Document> = ["H1", "H2", "C1", "C2", "NOBODY"]
        .map(|author| Document {
            author_org: org(author),
            ..document()
        })
        .to_vec();
    let decided: Vec<bool> = documents
        .iter()
        .map(|document| prepared.decide(document).is_permit())
        .collect();
    assert_eq!(decided, [true, true, true, false, false]);
    for document in documents {
        let one = World {
            document: document.clone(),
            ..world.clone()
        };
        assert_eq!(prepared.decide(&document), one.decide());
    }
    assert!(matches!(joint().decide(), Decision::Permit(_)));
    let owned = ["H1", "C1", "NOBODY"].map(|author| prepared.owns(&org(author)));
    assert_eq!(owned, [false, true, false]);
}

/// What has no class is the requester's own only if the request passes all gates and could rest on own record.
#[test]
fn what_has_no_class_is_nobodys_own_behind_a_shut_gate() {
    let owns = |change: fn(&mut Request)| {
        let world = joint().with(|world| change(&mut world.request));
        let (ledger, patient) = world.file.into_facts();
        let facts = Facts {
            ledger: &ledger,
            patient: &patient,
        };
        prepare(facts, &world.request).owns(&org("C1"))
    };
    assert!(owns(|_| {}));
    assert!(!owns(|request| request.user = None), "G3");
    assert!(!owns(|request| request.purpose = Some(Purpose::Research)), "G5");
    assert!(!owns(|request| request.purpose = Some(Purpose::Legal)), "not an institution's own purpose");
    let contractor = |request: &mut Request| {
        request.capacity = Capacity::ContractorOf {
            entity: entity("E1"),
            contract: "rad-images".into(),
        };
    };
    assert!(!owns(contractor), "a capacity is never mixed");
}

/// What was entered under an identifier that was merged counts under the surviving one, and stays what it was.
#[test]
fn instruments_of_a_merged_patient_count_under_the_surviving_one() {
    const OLD: &str = "P0002^^^&1.2.392.200036.9125&ISO";
    let mut world = joint();
    let mut refused = refusal(RefusalLevel::Network);
    refused.patient = OLD.into();
    world.file.refusals.push(seal("refusal-old", refused));
    assert!(world.decide().is_permit(), "another person's");
    let reference = world.file.refusals[0].reference().clone();
    let (ledger, patient) = world.file.into_facts();
    let facts = Facts {
        ledger: &ledger,
        patient: &patient.under(&P.into()),
    };
    let Decision::Deny(denial) = decide(facts, &world.request, &world.document) else {
        panic!("one person refused");
    };
    let told = denial.why.iter().find_map(|tried| tried.instrument.clone());
    assert!(denial.why.iter().any(|tried| tried.reason == Reason::RefusedNetwork));
    assert_eq!(told, Some(reference));

    // So do consents, orders and sessions: each alone opens what it opens.
    for (world, basis) in [(scoped(), Basis::Consent), (law(), Basis::Law), (emergency(), Basis::Emergency)] {
        let mut file = world.file.clone();
        for consent in 0..file.consents.len() {
            let id = file.consents[consent].id.as_str().to_owned();
            rewrite(&mut file.consents, &id, |draft| draft.terms.patient = OLD.into());
        }
        for order in 0..file.legal_orders.len() {
            let id = file.legal_orders[order].id.as_str().to_owned();
            rewrite(&mut file.legal_orders, &id, |draft| draft.terms.patient = OLD.into());
        }
        for session in 0..file.break_glass_sessions.len() {
            let id = file.break_glass_sessions[session].id.as_str().to_owned();
            rewrite(&mut file.break_glass_sessions, &id, |draft| draft.terms.patient = OLD.into());
        }
        let (ledger, patient) = file.into_facts();
        let as_entered = Facts {
            ledger: &ledger,
            patient: &patient,
        };
        assert!(!decide(as_entered, &world.request, &world.document).is_permit(), "{basis:?}");
        let merged = Facts {
            patient: &patient.clone().under(&P.into()),
            ..as_entered
        };
        let permit = decide(merged, &world.request, &world.document).permit().unwrap();
        assert_eq!(permit.basis, basis);
    }
}
