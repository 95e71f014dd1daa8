//! Every reason on both sides: a world where the condition holds and the answer is a permit, and the same
//! world with one difference, where the answer names that reason.

use std::collections::BTreeSet;

use time::Duration;
use xds_policy::SharingScope;
use xds_policy::basis::Basis;
use xds_policy::decision::{Decision, DenyCode};
use xds_policy::instruments::agreement::*;
use xds_policy::instruments::consent::*;
use xds_policy::instruments::contract::*;
use xds_policy::instruments::organisation::*;
use xds_policy::instruments::policy::*;
use xds_policy::instruments::refusal::*;
use xds_policy::instruments::session::*;
use xds_policy::reasons::Reason;
use xds_policy::request::*;
use xds_policy::version::Draft;
use xds_policy::words::*;

use crate::fixture::*;

/// A reason, a world that permits on a basis, and what breaks it.
struct Case {
    reason: Reason,
    holds: World,
    on: Basis,
    breaks: fn(&mut World),
}

fn case(reason: Reason, on: Basis, holds: World, breaks: fn(&mut World)) -> Case {
    Case {
        reason,
        holds,
        on,
        breaks,
    }
}

/// Reasons that no decision names: what is owed after one. Tested in `findings`.
const AFTERWARDS: [Reason; 2] = [Reason::B6, Reason::B7];

#[test]
fn every_reason_is_reached_on_both_sides() {
    let mut reached: BTreeSet<Reason> = AFTERWARDS.into();
    let mut codes = BTreeSet::from([DenyCode::NoBasis]);
    for case in cases() {
        let reason = case.reason;
        match case.holds.decide() {
            Decision::Permit(permit) => assert_eq!(permit.basis, case.on, "{reason:?}: holds"),
            Decision::Deny(denial) => panic!("{reason:?}: holds: {denial:?}"),
        }
        let denial = case.holds.with(case.breaks).decide().permit().unwrap_err();
        match denial.reason {
            Some(shut) => {
                assert_eq!(shut, reason);
                codes.insert(denial.code);
            }
            None => {
                let tried = denial.why.iter().find(|tried| tried.basis == case.on).unwrap();
                assert_eq!(tried.reason, reason, "{denial:?}");
            }
        }
        reached.insert(reason);
    }
    let all: BTreeSet<Reason> = Reason::ALL.iter().copied().collect();
    assert_eq!(reached, all, "reasons that no case reaches, or that are none");
    assert_eq!(
        codes,
        DenyCode::ALL.into_iter().collect(),
        "gates that no case shuts"
    );
}

#[test]
fn codes_are_distinct_and_texts_are_there() {
    let codes: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), Reason::ALL.len());
    for reason in Reason::ALL {
        assert!(!reason.ja().is_empty() && !reason.en().is_empty());
        assert!(!reason.ja().is_ascii(), "{reason:?}");
    }
}

/// Entered again after an entry that ended: the one in force counts.
#[test]
fn a_user_with_an_entry_in_force_may_work() {
    let entry = |id: &str, ended| {
        let terms = User {
            organisation: org("C1"),
            user: "dr-1".into(),
            status: Status::Active,
        };
        let mut draft = draft(id, terms);
        draft.effective_to = ended;
        xds_policy::version::Version::seal(draft).unwrap()
    };
    let old = || entry("user-0", Some(NOW));
    assert!(!joint().with(|w| w.file.users.push(old())).decide().is_permit());
    let again = joint().with(|w| w.file.users = vec![old(), entry("user-1", None)]);
    assert!(again.decide().is_permit());
}

fn cases() -> Vec<Case> {
    [
        gates(),
        own_and_entrust(),
        joint_use(),
        consents(),
        laws(),
        emergencies(),
        refused(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn h1(world: &mut World, change: impl FnOnce(&mut Organisation)) {
    rewrite(&mut world.file.organisations, "H1", |draft| {
        change(&mut draft.terms)
    });
}

fn gates() -> Vec<Case> {
    use Basis::{Consent, Joint, Own};
    let certified = || {
        joint().with(|w| {
            let bound = w
                .file
                .organisations
                .iter()
                .find(|o| o.id.as_str() == "C1")
                .unwrap();
            w.request.certificate = bound.terms.certificates.first().cloned();
        })
    };
    let asserted = || joint().with(|w| w.request.req_entity = Some(entity("E2")));
    let kept = || {
        register().with(|w| {
            w.document.stored_by = Some(org("OP"));
            let storage = contract(ContractKind::ExternalStorage, "E1", "OP");
            w.file.entrustment_contracts.push(seal("storage-E1", storage));
        })
    };
    let listed = || {
        joint().with(|w| {
            rewrite(&mut w.file.domain_policies, "policy", |d| {
                d.terms.user_ledger_required = true
            });
            let terms = User {
                organisation: org("C1"),
                user: "dr-1".into(),
                status: Status::Active,
            };
            w.file.users.push(seal("user-1", terms));
        })
    };
    let own_only = || own().with(|w| w.document.scope = SharingScope::OrganisationOnly);
    vec![
        case(Reason::NodeUnknown, Joint, joint(), |w| {
            w.request.cert_org = org("C9")
        }),
        case(Reason::NodeInactive, Joint, joint(), |w| {
            rewrite(&mut w.file.organisations, "C1", |d| {
                d.terms.status = Status::Suspended
            });
        }),
        case(Reason::CertificateUnbound, Joint, certified(), |w| {
            w.request.certificate = Some("00".into());
        }),
        case(Reason::CertificateAmbiguous, Joint, certified(), |w| {
            let certificate = w.request.certificate.clone().unwrap();
            rewrite(&mut w.file.organisations, "C2", |d| {
                d.terms.certificates.insert(certificate);
            });
        }),
        case(Reason::OrgMismatch, Joint, via_gateway(), |w| {
            rewrite(&mut w.file.organisations, "C1", |d| d.terms.gateways.clear());
        }),
        case(Reason::RequesterInactive, Joint, via_gateway(), |w| {
            rewrite(&mut w.file.organisations, "C1", |d| d.effective_to = Some(NOW));
        }),
        case(Reason::EntityMismatch, Joint, asserted(), |w| {
            w.request.req_entity = Some(entity("E1"));
        }),
        case(Reason::UserMissing, Joint, joint(), |w| w.request.user = None),
        case(Reason::UserUnknown, Joint, listed(), |w| w.file.users.clear()),
        case(Reason::UserEnded, Joint, listed(), |w| {
            rewrite(&mut w.file.users, "user-1", |d| d.effective_to = Some(NOW));
        }),
        case(Reason::AuthLevelLow, Joint, joint(), |w| {
            w.request.auth_level = AuthLevel::SingleFactor;
        }),
        case(Reason::RoleMissing, Joint, joint(), |w| w.request.role = None),
        case(Reason::RoleUnknown, Joint, joint(), |w| {
            w.request.role = Some("astrologer".into());
        }),
        case(Reason::RoleClass, Joint, joint(), |w| {
            w.request.role = Some("clerk".into())
        }),
        case(Reason::PurposeMissing, Joint, joint(), |w| {
            w.request.purpose = None
        }),
        case(Reason::PurposeNotServed, Joint, joint(), |w| {
            w.request.purpose = Some(Purpose::Other);
        }),
        case(Reason::Maintenance, Joint, joint(), |w| {
            w.request.purpose = Some(Purpose::Maintenance);
        }),
        case(Reason::PatientMissing, Joint, joint(), |w| {
            w.request.patient = None
        }),
        case(Reason::PatientMismatch, Joint, joint(), |w| {
            w.document.patient = Some("P0002^^^&1.2&ISO".into());
        }),
        case(Reason::RecipientMissing, Consent, push(), |w| {
            w.request.recipient = None
        }),
        case(Reason::RecipientUnknown, Consent, push(), |w| {
            rewrite(&mut w.file.organisations, "C3", |d| d.effective_to = Some(NOW));
        }),
        case(Reason::AuthorUnknown, Joint, joint(), |w| {
            w.document.author_org = org("H9")
        }),
        case(Reason::SenderNotAuthor, Consent, push(), |w| {
            w.document.author_org = org("C2")
        }),
        case(Reason::ScopeOrgOnly, Own, own_only(), |w| {
            w.request.cert_org = org("C1");
            w.request.req_org = org("C1");
        }),
        case(Reason::ScopePushOnly, Consent, push(), |w| {
            w.document.addressed_to.clear()
        }),
        case(Reason::ForeignRecipient, Joint, joint(), |w| {
            rewrite(&mut w.file.organisations, "C1", |d| d.terms.country = "US".into());
        }),
        case(Reason::ForeignStorage, Joint, joint(), |w| {
            h1(w, |h1| {
                h1.storage_countries = BTreeSet::from(["JP".into(), "US".into()])
            });
        }),
        case(Reason::NoHostingContract, Own, register(), |w| {
            w.file.entrustment_contracts.remove(0);
        }),
        case(Reason::NoStorageContract, Own, kept(), |w| {
            w.file.entrustment_contracts.pop();
        }),
        case(Reason::AuthorSuspended, Joint, joint(), |w| {
            h1(w, |h1| h1.status = Status::Suspended)
        }),
    ]
}

/// C1 asks through the gateway OP.
fn via_gateway() -> World {
    joint().with(|w| {
        w.request.cert_org = org("OP");
        rewrite(&mut w.file.organisations, "C1", |d| {
            d.terms.gateways.insert(org("OP"));
        });
    })
}

fn task(world: &mut World, change: impl FnOnce(&mut Draft<EntrustmentContract>)) {
    rewrite(&mut world.file.entrustment_contracts, "rad-images", change);
}

fn own_and_entrust() -> Vec<Case> {
    use Basis::{Entrust, Own};
    let sensitive = || own().with(|w| w.document.sensitivity = vec!["PSY".into()]);
    vec![
        case(Reason::OwnOtherEntity, Own, own(), |w| {
            w.document.author_org = org("C2")
        }),
        case(Reason::OwnPurpose, Own, own(), |w| {
            w.request.purpose = Some(Purpose::Legal)
        }),
        case(Reason::OwnSensitiveRole, Own, sensitive(), |w| {
            w.request.role = Some("nurse".into());
        }),
        case(Reason::CapacityNotSelf, Own, own(), |w| {
            w.request.capacity = Capacity::ContractorOf {
                entity: entity("E1"),
                contract: "rad-images".into(),
            };
        }),
        case(Reason::EntrustCapacity, Entrust, entrust(), |w| {
            w.request.capacity = Capacity::Itself;
        }),
        case(Reason::EntrustPurpose, Entrust, entrust(), |w| {
            w.request.purpose = Some(Purpose::Treatment);
        }),
        case(Reason::EntrustOtherEntruster, Entrust, entrust(), |w| {
            w.document.author_org = org("C1");
        }),
        case(Reason::ContractUnknown, Entrust, entrust(), |w| {
            w.file.entrustment_contracts.pop();
        }),
        case(Reason::ContractKind, Entrust, entrust(), |w| {
            task(w, |d| d.terms.kind = ContractKind::Maintenance);
        }),
        case(Reason::ConfidentialityEntrust, Entrust, entrust(), |w| {
            w.document.confidentiality = Confidentiality::R;
        }),
        case(Reason::E1, Entrust, entrust(), |w| {
            task(w, |d| d.terms.task.clear())
        }),
        case(Reason::E2, Entrust, entrust(), |w| {
            task(w, |d| d.terms.scope.operations.clear());
        }),
        case(Reason::E3, Entrust, entrust(), |w| {
            task(w, |d| d.terms.end_of_term.certificate = false)
        }),
        case(Reason::E4, Entrust, entrust(), |w| {
            task(w, |d| d.terms.retention.days = 0)
        }),
        case(Reason::E5, Entrust, entrust(), |w| {
            task(w, |d| d.terms.supervision.reports = false);
        }),
        case(Reason::E6, Entrust, entrust(), |w| {
            task(w, |d| d.terms.subcontracting = Subcontracting::Unsaid);
        }),
        case(Reason::E7, Entrust, entrust(), |w| {
            task(w, |d| d.terms.analysis = Analysis::Unsaid)
        }),
        case(Reason::E8, Entrust, entrust(), |w| {
            task(w, |d| d.terms.safeguards.report_on_suspicion = false);
        }),
        case(Reason::E9, Entrust, entrust(), |w| {
            rewrite(&mut w.file.organisations, "RAD", |d| d.terms.certificates.clear());
        }),
    ]
}

fn ja(world: &mut World, change: impl FnOnce(&mut Draft<JointUseAgreement>)) {
    rewrite(&mut world.file.joint_use_agreements, "JA-1", change);
}

fn joint_use() -> Vec<Case> {
    let old = || {
        joint().with(|w| {
            w.document.registered_at = START - Duration::seconds(1);
            ja(w, |d| d.terms.covers_existing_data = Some(evidence("kizon.pdf")));
        })
    };
    let case = |reason, holds, breaks| case(reason, Basis::Joint, holds, breaks);
    vec![
        case(Reason::OperationNotCovered, joint(), |w| {
            w.request.op = Operation::Update
        }),
        case(Reason::JointDisabled, joint(), |w| {
            rewrite(&mut w.file.domain_policies, "policy", |d| {
                d.terms.joint_enabled = false
            });
        }),
        case(Reason::NoAgreement, joint(), |w| {
            w.file.joint_use_agreements.clear()
        }),
        case(Reason::NotEnrolled, joint(), |w| w.file.consents.clear()),
        case(Reason::ConfidentialityJoint, joint(), |w| {
            w.document.confidentiality = Confidentiality::R;
        }),
        case(Reason::J0, joint(), |w| ja(w, |d| d.terms.statement.clear())),
        case(Reason::J1, joint(), |w| ja(w, |d| d.terms.metadata_items.clear())),
        case(Reason::J2, joint(), |w| w.document.author_org = org("C2")),
        case(Reason::J3, joint(), |w| ja(w, |d| d.terms.purposes.clear())),
        case(Reason::J4, joint(), |w| {
            ja(w, |d| d.terms.responsible.outdated_from = Some(NOW))
        }),
        case(Reason::J5, joint(), |w| {
            let look = PublicationCheck {
                agreement: "JA-1".into(),
                reference: "https://renkei.example.jp/kyodo".into(),
                found: false,
            };
            let mut draft = draft("look-1", look);
            draft.effective_from = NOW - Duration::days(1);
            w.file
                .publication_checks
                .push(xds_policy::version::Version::seal(draft).unwrap());
        }),
        case(Reason::J6, old(), |w| {
            ja(w, |d| d.terms.covers_existing_data = None)
        }),
        case(Reason::J7, joint(), |w| {
            ja(w, |d| d.terms.status = Status::Suspended)
        }),
        case(Reason::J8, joint(), |w| {
            ja(w, |d| {
                let signature = d.terms.users[0].signature.as_mut().unwrap();
                signature.withdrawn_at = Some(NOW);
            });
        }),
        case(Reason::J9, joint(), |w| {
            ja(w, |d| d.terms.clauses.incidents.clear())
        }),
    ]
}

fn agreed(world: &mut World, change: impl FnOnce(&mut Draft<Consent>)) {
    rewrite(&mut world.file.consents, "consent-C2", change);
}

fn consents() -> Vec<Case> {
    let by_proxy = || {
        scoped().with(|w| {
            agreed(w, |d| {
                d.terms.given_by = GivenBy::Proxy {
                    relation: "法定代理人".into(),
                    authority_until: Some(NOW + Duration::seconds(1)),
                };
            });
        })
    };
    // C2 joined after the consent to "all members" was signed; the text said so, and patients were told.
    let later = || {
        scoped().with(|w| {
            agreed(w, |d| {
                d.terms.requesters = Organisations::AllMembers {
                    except: BTreeSet::new(),
                };
            });
            rewrite(&mut w.file.consent_texts, "text-1", |d| {
                d.terms.includes_later_members = true;
            });
            rewrite(&mut w.file.organisations, "C2", |d| {
                d.terms.joined = NOW - Duration::days(30);
                d.terms.joining_notified = Some(NOW);
            });
        })
    };
    // What a visit permits to query, it does not permit to push.
    let pushed = || {
        push().with(|w| {
            let mut terms = consent(ConsentModel::Scoped);
            terms.purposes = BTreeSet::from([Purpose::Emergency]);
            w.file.consents.push(seal("consent-C2", terms));
            w.request.purpose = Some(Purpose::Emergency);
        })
    };
    let case = |reason, holds, breaks| case(reason, Basis::Consent, holds, breaks);
    vec![
        case(Reason::NoConsent, scoped(), |w| {
            w.file.consents.pop();
        }),
        case(Reason::ConsentKind, on_query_as_scoped(), |w| {
            agreed(w, |d| d.terms.model = ConsentModel::OnQuery);
        }),
        case(Reason::ConfidentialityConsent, scoped(), |w| {
            w.document.sensitivity = vec!["GEN".into()];
        }),
        case(Reason::C1, scoped(), |w| {
            agreed(w, |d| d.terms.withdrawn_at = Some(NOW))
        }),
        case(Reason::C2, scoped(), |w| {
            agreed(w, |d| d.effective_to = Some(NOW))
        }),
        case(Reason::C3, scoped(), |w| w.document.author_org = org("C3")),
        case(Reason::C4, scoped(), |w| {
            rewrite(&mut w.file.consent_texts, "text-1", |d| {
                d.effective_to = Some(START)
            });
        }),
        case(Reason::C5, scoped(), |w| {
            agreed(w, |d| d.evidence_found = Some(evidence("another.pdf").sha256));
        }),
        case(Reason::C6, by_proxy(), |w| {
            w.request.at = NOW + Duration::seconds(1)
        }),
        case(Reason::C7, later(), |w| {
            rewrite(&mut w.file.organisations, "C2", |d| {
                d.terms.joining_notified = Some(NOW + Duration::seconds(1));
            });
        }),
        case(Reason::OnQueryNotAdopted, on_query(), |w| {
            rewrite(&mut w.file.domain_policies, "policy", |d| {
                d.terms.on_query_rule.as_mut().unwrap().from = NOW + Duration::seconds(1);
            });
        }),
        case(Reason::NoticeNotPosted, push(), |w| {
            h1(w, |h1| h1.notices.clear())
        }),
        case(Reason::VisitOver, on_query(), |w| {
            w.request.encounter = Some("visit-78".into());
        }),
        case(Reason::PushPurpose, pushed(), |w| {
            w.file.consents.pop();
        }),
    ]
}

/// H1 pushes to C3 for emergency treatment, with a consent.
fn on_query_as_scoped() -> World {
    push().with(|w| {
        // No notice: only the consent can be the basis.
        h1(w, |h1| h1.notices.clear());
        w.request.purpose = Some(Purpose::Treatment);
        w.file
            .consents
            .push(seal("consent-C2", consent(ConsentModel::Scoped)));
    })
}

fn laws() -> Vec<Case> {
    use xds_policy::instruments::order::LegalOrder;
    fn order(world: &mut World, change: impl FnOnce(&mut Draft<LegalOrder>)) {
        rewrite(&mut world.file.legal_orders, "order-1", change);
    }
    let by_operator = || {
        law().with(|w| {
            w.request.cert_org = org("OP");
            w.request.req_org = org("OP");
            order(w, |d| d.terms.operator_instructed = Some(evidence("shiji.pdf")));
        })
    };
    let case = |reason, holds, breaks| case(reason, Basis::Law, holds, breaks);
    vec![
        case(Reason::LawPurpose, law(), |w| {
            // Own record would hold for treatment.
            w.request.purpose = Some(Purpose::EntrustedTask);
        }),
        case(Reason::LawExecutor, by_operator(), |w| {
            order(w, |d| d.terms.operator_instructed = None)
        }),
        case(Reason::LawRole, law(), |w| {
            w.request.role = Some("physician".into())
        }),
        case(Reason::NoOrder, law(), |w| w.file.legal_orders.clear()),
        case(Reason::OrderEnded, law(), |w| {
            order(w, |d| d.effective_to = Some(NOW))
        }),
        case(Reason::OrderIncomplete, law(), |w| {
            order(w, |d| d.terms.statute.clear())
        }),
        case(Reason::OrderApprovers, law(), |w| {
            order(w, |d| {
                d.approved_by = vec!["病院長".into(), " 病院長 ".into(), "".into()]
            });
        }),
        case(Reason::OrderScope, law(), |w| {
            w.document.class_code = REFERRAL.into()
        }),
    ]
}

fn session(world: &mut World, change: impl FnOnce(&mut Draft<BreakGlassSession>)) {
    rewrite(&mut world.file.break_glass_sessions, "bg-1", change);
}

fn emergencies() -> Vec<Case> {
    let seconded = || {
        emergency().with(|w| {
            let mut terms = refusal(RefusalLevel::Network);
            terms.includes_emergency = true;
            w.file.refusals.push(seal("refusal-1", terms));
            rewrite(&mut w.file.domain_policies, "policy", |d| {
                d.terms.emergency_over_refusal = OverRefusal::SecondApprover;
            });
            declared(w).second = Some(second());
        })
    };
    let sensitive = || {
        emergency().with(|w| {
            w.document.sensitivity = vec!["HIV".into()];
            declared(w).second = Some(second());
            declared(w).sensitive_need = Some(SensitiveNeed {
                text: "輸血前".into(),
                sensitivities: BTreeSet::from(["HIV".into()]),
                very_restricted: false,
            });
        })
    };
    let case = |reason, holds, breaks| case(reason, Basis::Emergency, holds, breaks);
    vec![
        case(Reason::EmergencyPurpose, emergency(), |w| {
            w.request.purpose = Some(Purpose::PatientRequest);
        }),
        case(Reason::NoDeclaration, emergency(), |w| {
            w.request.break_glass = None
        }),
        case(Reason::SessionMissing, emergency(), |w| {
            session(w, |d| d.terms.user = "dr-9".into())
        }),
        case(Reason::SessionEnded, emergency(), |w| {
            w.request.at = NOW + Duration::hours(4) - Duration::minutes(2);
        }),
        case(Reason::B1, emergency(), |w| w.request.role = Some("nurse".into())),
        case(Reason::B2, emergency(), |w| declared(w).free_text.clear()),
        case(Reason::B3, emergency_with_one_factor_allowed(), |w| {
            w.request.auth_level = AuthLevel::SingleFactor;
        }),
        case(Reason::B4, emergency(), |w| declared(w).confirmed = false),
        case(Reason::B5, emergency(), |w| {
            w.document.class_code = REFERRAL.into()
        }),
        case(Reason::B8, emergency(), |w| {
            declared(w).consent_unobtainable = false
        }),
        case(Reason::EmergencyRefused, seconded(), |w| {
            rewrite(&mut w.file.domain_policies, "policy", |d| {
                d.terms.emergency_over_refusal = OverRefusal::Deny;
            });
        }),
        case(Reason::EmergencySecondPhysician, seconded(), |w| {
            declared(w).second.as_mut().unwrap().by = "dr-1".into();
        }),
        case(Reason::EmergencySensitiveNeed, sensitive(), |w| {
            w.document.sensitivity.push("PSY".into());
        }),
        case(Reason::EmergencySecondConfirmation, sensitive(), |w| {
            declared(w).second.as_mut().unwrap().role = "nurse".into();
        }),
    ]
}

/// The domain lets users in with one factor; emergencies still need two.
fn emergency_with_one_factor_allowed() -> World {
    emergency().with(|w| {
        rewrite(&mut w.file.domain_policies, "policy", |d| {
            d.terms.users.insert(Operation::Query, AuthLevel::SingleFactor);
        });
    })
}

fn refused() -> Vec<Case> {
    fn refuses(world: &mut World, level: RefusalLevel) {
        world.file.refusals.push(seal("refusal-1", refusal(level)));
    }
    let sensitive = || {
        scoped().with(|w| {
            w.document.sensitivity = vec!["HIV".into()];
            agreed(w, |d| d.terms.sensitivities = BTreeSet::from(["HIV".into()]));
        })
    };
    let case = |reason, holds, breaks| case(reason, Basis::Consent, holds, breaks);
    vec![
        case(Reason::RefusedNetwork, scoped(), |w| {
            refuses(w, RefusalLevel::Network)
        }),
        case(Reason::RefusedProvider, scoped(), |w| {
            refuses(w, RefusalLevel::ProviderOrg(org("H1")));
        }),
        case(Reason::RefusedRequester, scoped(), |w| {
            refuses(w, RefusalLevel::RequesterOrg(org("C2")));
        }),
        case(Reason::RefusedPerson, scoped(), |w| {
            refuses(
                w,
                RefusalLevel::Person {
                    organisation: org("C2"),
                    user: "dr-1".into(),
                },
            );
        }),
        case(Reason::RefusedClass, scoped(), |w| {
            refuses(w, RefusalLevel::Class(SUMMARY.into()))
        }),
        case(Reason::RefusedSensitivity, sensitive(), |w| {
            refuses(w, RefusalLevel::Sensitivity("HIV".into()));
        }),
        case(Reason::RefusedDocument, scoped(), |w| {
            refuses(w, RefusalLevel::Document("1.2.392.1.1".into()));
        }),
    ]
}
