//! Instants and counts at their edges: what holds from an instant holds at it, what ends at one does not.

use time::{Duration, OffsetDateTime};
use xds_policy::basis::Basis;
use xds_policy::decision::DenyCode;
use xds_policy::instruments::agreement::{JointUseAgreement, PublicationCheck};
use xds_policy::instruments::consent::{Consent, Encounter, EncounterKind, GivenBy};
use xds_policy::instruments::contract::EntrustmentContract;
use xds_policy::instruments::organisation::Organisation;
use xds_policy::instruments::policy::DomainPolicy;
use xds_policy::instruments::session::BreakGlassSession;
use xds_policy::reasons::Reason;
use xds_policy::version::Version;
use xds_policy::words::*;

use crate::fixture::*;
use crate::vectors::{denied, permitted, shut};

const MOMENT: Duration = Duration::nanoseconds(1);
const JUST_BEFORE: OffsetDateTime = match NOW.checked_sub(MOMENT) {
    Some(before) => before,
    None => NOW,
};
const JUST_AFTER: OffsetDateTime = match NOW.checked_add(MOMENT) {
    Some(after) => after,
    None => NOW,
};

fn agreement_that(change: impl FnOnce(&mut JointUseAgreement)) -> World {
    joint().with(|world| {
        rewrite(&mut world.file.joint_use_agreements, "JA-1", |draft| {
            change(&mut draft.terms);
        });
    })
}

fn consent_that(change: impl FnOnce(&mut Consent)) -> World {
    scoped().with(|world| {
        rewrite(&mut world.file.consents, "consent-C2", |draft| {
            change(&mut draft.terms);
        });
    })
}

fn visit_that(change: impl FnOnce(&mut Consent)) -> World {
    on_query().with(|world| {
        rewrite(&mut world.file.consents, "visit-C2", |draft| {
            change(&mut draft.terms);
        });
    })
}

fn organisation_that(world: World, id: &str, change: impl FnOnce(&mut Organisation)) -> World {
    world.with(|world| {
        rewrite(&mut world.file.organisations, id, |draft| {
            change(&mut draft.terms)
        });
    })
}

fn policy_that(world: World, change: impl FnOnce(&mut DomainPolicy)) -> World {
    world.with(|world| {
        rewrite(&mut world.file.domain_policies, "policy", |draft| {
            change(&mut draft.terms);
        });
    })
}

fn contract_that(world: World, id: &str, change: impl FnOnce(&mut EntrustmentContract)) -> World {
    world.with(|world| {
        rewrite(&mut world.file.entrustment_contracts, id, |draft| {
            change(&mut draft.terms);
        });
    })
}

fn session_that(change: impl FnOnce(&mut BreakGlassSession)) -> World {
    emergency().with(|world| {
        rewrite(&mut world.file.break_glass_sessions, "bg-1", |draft| {
            draft.effective_from = NOW - Duration::days(1);
            draft.entered_at = Some(NOW - Duration::days(1));
            draft.effective_to = Some(NOW + Duration::days(1));
            change(&mut draft.terms);
        });
    })
}

// Joint use.

#[test]
fn a_document_of_the_instant_when_the_joint_use_began_is_none_from_before() {
    let began_at = |at| agreement_that(|terms| terms.began = at);
    let registered = document().registered_at;
    permitted(&began_at(registered), Basis::Joint, "JA-1");
    denied(&began_at(registered + MOMENT), Basis::Joint, Reason::J6);
    let covered = began_at(registered + MOMENT).with(|world| {
        rewrite(&mut world.file.joint_use_agreements, "JA-1", |draft| {
            draft.terms.covers_existing_data = Some(evidence("kizon.pdf"));
        });
    });
    permitted(&covered, Basis::Joint, "JA-1");
}

#[test]
fn a_signature_counts_from_when_it_was_given_until_it_is_taken_back() {
    for user in [0, 2] {
        let signed = |at| agreement_that(|terms| terms.users[user].signature.as_mut().unwrap().at = at);
        permitted(&signed(NOW), Basis::Joint, "JA-1");
        denied(&signed(JUST_AFTER), Basis::Joint, Reason::J8);
        let back = |at| {
            agreement_that(|terms| terms.users[user].signature.as_mut().unwrap().withdrawn_at = Some(at))
        };
        permitted(&back(JUST_AFTER), Basis::Joint, "JA-1");
        denied(&back(NOW), Basis::Joint, Reason::J8);
        let unnamed = agreement_that(|terms| terms.users[user].signature.as_mut().unwrap().by = " ".into());
        denied(&unnamed, Basis::Joint, Reason::J8);
    }
}

#[test]
fn who_is_responsible_counts_until_it_is_out_of_date() {
    let outdated = |at| agreement_that(|terms| terms.responsible.outdated_from = Some(at));
    permitted(&outdated(JUST_AFTER), Basis::Joint, "JA-1");
    denied(&outdated(NOW), Basis::Joint, Reason::J4);
}

#[test]
fn a_publication_counts_from_when_it_is_there_until_it_is_stale() {
    let published = |at| agreement_that(|terms| terms.publications[0].published_from = at);
    permitted(&published(NOW), Basis::Joint, "JA-1");
    denied(&published(JUST_AFTER), Basis::Joint, Reason::J5);
    let seen = |at| agreement_that(|terms| terms.publications[0].verified_at = at);
    permitted(&seen(NOW), Basis::Joint, "JA-1");
    denied(&seen(JUST_AFTER), Basis::Joint, Reason::J5);
    let fresh = Duration::days(35);
    permitted(&seen(JUST_AFTER - fresh), Basis::Joint, "JA-1");
    denied(&seen(NOW - fresh), Basis::Joint, Reason::J5);
    let nowhere = agreement_that(|terms| terms.publications[0].reference = " ".into());
    denied(&nowhere, Basis::Joint, Reason::J5);
}

/// A look at the publication, known from when it was made.
fn looked(at: OffsetDateTime, found: bool) -> impl Fn(&mut World) {
    move |world| {
        let look = PublicationCheck {
            agreement: "JA-1".into(),
            reference: "https://renkei.example.jp/kyodo".into(),
            found,
        };
        let number = world.file.publication_checks.len();
        let mut draft = draft(&format!("look-{number}"), look);
        draft.effective_from = at;
        draft.entered_at = Some(START);
        world.file.publication_checks.push(Version::seal(draft).unwrap());
    }
}

#[test]
fn a_look_counts_from_when_it_was_made() {
    let missing = |at| joint().with(looked(at, false));
    denied(&missing(NOW), Basis::Joint, Reason::J5);
    permitted(&missing(JUST_AFTER), Basis::Joint, "JA-1");
    // What was seen when the version was entered is newer than an older look, and no newer than one of that instant.
    let verified = NOW - Duration::days(10);
    denied(&missing(verified), Basis::Joint, Reason::J5);
    permitted(&missing(verified - MOMENT), Basis::Joint, "JA-1");
    // Of two looks at one instant the one that did not find it counts.
    for first in [true, false] {
        let both = joint().with(looked(NOW, first)).with(looked(NOW, !first));
        denied(&both, Basis::Joint, Reason::J5);
    }
    let later = joint().with(looked(JUST_BEFORE, false)).with(looked(NOW, true));
    permitted(&later, Basis::Joint, "JA-1");
    // Another reference that is fresh will do.
    let elsewhere = missing(NOW).with(|world| {
        rewrite(&mut world.file.joint_use_agreements, "JA-1", |draft| {
            let mut second = draft.terms.publications[0].clone();
            second.reference = "玄関の掲示".into();
            draft.terms.publications.push(second);
        });
    });
    permitted(&elsewhere, Basis::Joint, "JA-1");
}

#[test]
fn an_agreement_needs_its_words_its_metadata_items_and_its_type() {
    let no_text = agreement_that(|terms| terms.purpose_text = " ".into());
    denied(&no_text, Basis::Joint, Reason::J3);
    let no_metadata = agreement_that(|terms| terms.metadata_items.clear());
    denied(&no_metadata, Basis::Joint, Reason::J1);
    let of_type = |code: &str| agreement_that(|terms| terms.items[1].types = [code.into()].into());
    permitted(&of_type("11490-0"), Basis::Joint, "JA-1");
    denied(&of_type("11488-4"), Basis::Joint, Reason::J1);
    let suspended = agreement_that(|terms| {
        terms.status = xds_policy::instruments::organisation::Status::Suspended;
    });
    denied(&suspended, Basis::Joint, Reason::J7);
}

// Consent.

#[test]
fn who_joined_when_the_consent_was_signed_is_a_member() {
    let everybody = |world: World| {
        world.with(|world| {
            rewrite(&mut world.file.consents, "consent-C2", |draft| {
                draft.terms.requesters = consent(draft.terms.model).requesters;
            });
        })
    };
    let signed = consent(xds_policy::instruments::consent::ConsentModel::Scoped).signed_at;
    let joined = |at| organisation_that(everybody(scoped()), "C2", |terms| terms.joined = at);
    permitted(&joined(signed), Basis::Consent, "consent-C2");
    denied(&joined(signed + MOMENT), Basis::Consent, Reason::C7);
    // The text includes later members: once patients were told.
    let includes = |told| {
        let world = joined(signed + MOMENT).with(|world| {
            rewrite(&mut world.file.consent_texts, "text-1", |draft| {
                draft.terms.includes_later_members = true;
            });
        });
        organisation_that(world, "C2", |terms| terms.joining_notified = told)
    };
    permitted(&includes(Some(NOW)), Basis::Consent, "consent-C2");
    denied(&includes(Some(JUST_AFTER)), Basis::Consent, Reason::C7);
    denied(&includes(None), Basis::Consent, Reason::C7);
}

#[test]
fn a_consent_ends_when_it_is_withdrawn_or_its_proxy_may_not_any_more() {
    let withdrawn = |at| consent_that(|terms| terms.withdrawn_at = Some(at));
    permitted(&withdrawn(JUST_AFTER), Basis::Consent, "consent-C2");
    denied(&withdrawn(NOW), Basis::Consent, Reason::C1);
    let proxy = |relation: &str, until| {
        consent_that(|terms| {
            terms.given_by = GivenBy::Proxy {
                relation: relation.into(),
                authority_until: until,
            };
        })
    };
    permitted(&proxy("親権者", None), Basis::Consent, "consent-C2");
    permitted(&proxy("親権者", Some(JUST_AFTER)), Basis::Consent, "consent-C2");
    denied(&proxy("親権者", Some(NOW)), Basis::Consent, Reason::C6);
    denied(&proxy(" ", None), Basis::Consent, Reason::C6);
}

#[test]
fn a_visit_lasts_to_the_nanosecond() {
    let signed = |at| visit_that(|terms| terms.signed_at = at);
    permitted(&signed(NOW), Basis::Consent, "visit-C2");
    denied(&signed(JUST_AFTER), Basis::Consent, Reason::VisitOver);
    let day = Duration::hours(24);
    permitted(&signed(JUST_AFTER - day), Basis::Consent, "visit-C2");
    denied(&signed(NOW - day), Basis::Consent, Reason::VisitOver);
    let stay = |signed: OffsetDateTime, ended| {
        visit_that(|terms| {
            terms.signed_at = signed;
            terms.encounter = Some(Encounter {
                id: "stay-1".into(),
                kind: EncounterKind::Inpatient,
                started: signed,
                ended,
            });
        })
    };
    permitted(&stay(NOW - Duration::days(30), None), Basis::Consent, "visit-C2");
    permitted(
        &stay(NOW - Duration::days(30), Some(JUST_AFTER)),
        Basis::Consent,
        "visit-C2",
    );
    denied(
        &stay(NOW - Duration::days(30), Some(NOW)),
        Basis::Consent,
        Reason::VisitOver,
    );
    permitted(
        &stay(JUST_AFTER - Duration::days(90), None),
        Basis::Consent,
        "visit-C2",
    );
    denied(
        &stay(NOW - Duration::days(90), None),
        Basis::Consent,
        Reason::VisitOver,
    );
    // The end of an outpatient's visit does not end it: time does.
    let left = visit_that(|terms| terms.encounter.as_mut().unwrap().ended = Some(NOW));
    permitted(&left, Basis::Consent, "visit-C2");
}

#[test]
fn a_visit_that_the_request_names_is_that_visit() {
    let named = |visit: &str| on_query().with(|world| world.request.encounter = Some(visit.into()));
    permitted(&named("visit-77"), Basis::Consent, "visit-C2");
    denied(&named("visit-78"), Basis::Consent, Reason::VisitOver);
    let nowhere = visit_that(|terms| terms.encounter = None);
    denied(&nowhere, Basis::Consent, Reason::VisitOver);
}

#[test]
fn rule_and_notice_count_from_their_instants() {
    let adopted = |at| {
        policy_that(on_query(), |terms| {
            terms.on_query_rule.as_mut().unwrap().from = at
        })
    };
    permitted(&adopted(NOW), Basis::Consent, "visit-C2");
    denied(&adopted(JUST_AFTER), Basis::Consent, Reason::OnQueryNotAdopted);
    let posted = |from, to| {
        organisation_that(on_query(), "H1", |terms| {
            terms.notices[0].from = from;
            terms.notices[0].to = to;
        })
    };
    permitted(&posted(NOW, None), Basis::Consent, "visit-C2");
    permitted(&posted(START, Some(JUST_AFTER)), Basis::Consent, "visit-C2");
    denied(&posted(JUST_AFTER, None), Basis::Consent, Reason::NoticeNotPosted);
    denied(&posted(START, Some(NOW)), Basis::Consent, Reason::NoticeNotPosted);
}

#[test]
fn of_several_consents_the_nearest_is_told_whatever_their_order() {
    // The one that the requester is not in, and the one whose class is not in it: the latter came nearer.
    for near in ["a-near", "z-near"] {
        let world = asks("C2").with(|world| {
            let mut far = consent(xds_policy::instruments::consent::ConsentModel::Scoped);
            far.requesters = xds_policy::instruments::consent::Organisations::Listed([org("C3")].into());
            let mut close = consent(xds_policy::instruments::consent::ConsentModel::Scoped);
            close.classes = ClassSet::Only([REFERRAL.into()].into());
            close.restricted = true;
            let mut closer = close.clone();
            closer.classes = ClassSet::All;
            closer.providers = xds_policy::instruments::consent::Organisations::Listed([org("H2")].into());
            world.file.consents.push(seal("m-far", far));
            world.file.consents.push(seal("m-provider", closer));
            world.file.consents.push(seal(near, close));
        });
        let denial = world.decide().permit().unwrap_err();
        let tried = denial
            .why
            .iter()
            .find(|tried| tried.basis == Basis::Consent)
            .unwrap();
        assert_eq!(tried.instrument.as_ref().unwrap().id.as_str(), near, "{denial:?}");
    }
}

// Law.

#[test]
fn an_order_needs_both_its_authors_and_its_classes() {
    let order = |change: fn(&mut xds_policy::instruments::order::LegalOrder)| {
        law().with(|world| {
            rewrite(&mut world.file.legal_orders, "order-1", |draft| {
                change(&mut draft.terms)
            });
        })
    };
    permitted(&order(|_| {}), Basis::Law, "order-1");
    denied(
        &order(|terms| terms.authors = [org("C1")].into()),
        Basis::Law,
        Reason::OrderScope,
    );
    let class = order(|terms| terms.classes = ClassSet::Only([IMAGES.into()].into()));
    denied(&class, Basis::Law, Reason::OrderScope);
    for blank in [
        (|terms| terms.statute = " ".into()) as fn(&mut xds_policy::instruments::order::LegalOrder),
        |terms| terms.issuing_body = String::new(),
        |terms| terms.document_number = String::new(),
    ] {
        denied(&order(blank), Basis::Law, Reason::OrderIncomplete);
    }
}

#[test]
fn an_order_is_executed_by_the_author_or_by_the_operator_with_its_word() {
    let by = |from: &str, instructed: bool| {
        law().with(|world| {
            world.request.req_org = org(from);
            world.request.cert_org = org(from);
            rewrite(&mut world.file.legal_orders, "order-1", |draft| {
                draft.terms.operator_instructed = instructed.then(|| evidence("shiji.pdf"));
            });
        })
    };
    permitted(&by("H2", false), Basis::Law, "order-1");
    permitted(&by("OP", true), Basis::Law, "order-1");
    denied(&by("OP", false), Basis::Law, Reason::LawExecutor);
    denied(&by("C1", true), Basis::Law, Reason::LawExecutor);
}

#[test]
fn two_people_approve_an_order_and_a_name_in_other_spaces_is_the_same() {
    let approved = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        law().with(move |world| {
            rewrite(&mut world.file.legal_orders, "order-1", |draft| {
                draft.approved_by = names
            });
        })
    };
    permitted(&approved(&["甲", "乙"]), Basis::Law, "order-1");
    permitted(&approved(&["甲", "乙", "丙"]), Basis::Law, "order-1");
    for too_few in [&["甲"][..], &["甲", " 甲 "], &["甲", " "]] {
        denied(&approved(too_few), Basis::Law, Reason::OrderApprovers);
    }
}

// Emergency.

#[test]
fn a_session_lasts_from_its_opening_for_four_hours_and_once_more() {
    let opened = |at, renewals| {
        session_that(|terms| {
            terms.opened = at;
            terms.renewals = renewals;
        })
    };
    permitted(&opened(NOW, 0), Basis::Emergency, "bg-1");
    denied(&opened(JUST_AFTER, 0), Basis::Emergency, Reason::SessionEnded);
    let four = Duration::hours(4);
    permitted(&opened(JUST_AFTER - four, 0), Basis::Emergency, "bg-1");
    denied(&opened(NOW - four, 0), Basis::Emergency, Reason::SessionEnded);
    permitted(&opened(JUST_AFTER - 2 * four, 1), Basis::Emergency, "bg-1");
    denied(&opened(NOW - 2 * four, 1), Basis::Emergency, Reason::SessionEnded);
    denied(&opened(NOW - four, 2), Basis::Emergency, Reason::SessionEnded);
}

#[test]
fn a_session_is_one_users_of_one_organisation_and_patient() {
    type Breaks = fn(&mut BreakGlassSession);
    for other in [
        (|terms| terms.user = "dr-9".into()) as Breaks,
        |terms| terms.organisation = org("C2"),
        |terms| terms.patient = "P0002^^^&1.2.392.200036.9125&ISO".into(),
    ] {
        denied(&session_that(other), Basis::Emergency, Reason::SessionMissing);
    }
}

#[test]
fn the_second_word_is_another_physicians_and_of_the_same_hours() {
    let seconded = |change: fn(&mut xds_policy::request::SecondConfirmation)| {
        emergency().with(|world| {
            world.document.confidentiality = Confidentiality::V;
            let declared = declared(world);
            declared.sensitive_need = Some(xds_policy::request::SensitiveNeed {
                text: "輸血の判断".into(),
                sensitivities: Default::default(),
                very_restricted: true,
            });
            let mut word = second();
            change(&mut word);
            declared.second = Some(word);
        })
    };
    permitted(&seconded(|_| {}), Basis::Emergency, "bg-1");
    permitted(&seconded(|word| word.at = NOW), Basis::Emergency, "bg-1");
    let reason = Reason::EmergencySecondConfirmation;
    denied(&seconded(|word| word.at = JUST_AFTER), Basis::Emergency, reason);
    denied(
        &seconded(|word| word.by = "dr-1".into()),
        Basis::Emergency,
        reason,
    );
    denied(
        &seconded(|word| word.role = "nurse".into()),
        Basis::Emergency,
        reason,
    );
    denied(
        &seconded(|word| word.role = "nobody".into()),
        Basis::Emergency,
        reason,
    );
}

// Versions.

#[test]
fn a_version_counts_from_when_it_was_entered_and_began_until_it_ends() {
    let dated = |entered, from, to| {
        joint().with(|world| {
            rewrite(&mut world.file.joint_use_agreements, "JA-1", |draft| {
                draft.entered_at = entered;
                draft.effective_from = from;
                draft.effective_to = to;
            });
        })
    };
    permitted(&dated(Some(NOW), START, None), Basis::Joint, "JA-1");
    permitted(&dated(None, NOW, Some(JUST_AFTER)), Basis::Joint, "JA-1");
    // Not known, or not begun: there is none. Begun and over: it is told what is wrong with it.
    denied(
        &dated(Some(JUST_AFTER), START, None),
        Basis::Joint,
        Reason::NoAgreement,
    );
    denied(
        &dated(Some(START), JUST_AFTER, None),
        Basis::Joint,
        Reason::NoAgreement,
    );
    denied(&dated(None, START, Some(NOW)), Basis::Joint, Reason::J7);
}

#[test]
fn a_text_is_the_one_in_force_when_it_was_signed() {
    let signed = consent(xds_policy::instruments::consent::ConsentModel::Scoped).signed_at;
    let dated = |from, to, entered| {
        scoped().with(|world| {
            rewrite(&mut world.file.consent_texts, "text-1", |draft| {
                draft.effective_from = from;
                draft.effective_to = to;
                draft.entered_at = entered;
            });
        })
    };
    permitted(&dated(signed, None, None), Basis::Consent, "consent-C2");
    permitted(
        &dated(signed, Some(signed + MOMENT), Some(NOW)),
        Basis::Consent,
        "consent-C2",
    );
    denied(&dated(signed + MOMENT, None, None), Basis::Consent, Reason::C4);
    denied(&dated(START, Some(signed), None), Basis::Consent, Reason::C4);
    denied(&dated(START, None, Some(JUST_AFTER)), Basis::Consent, Reason::C4);
}

// Gates.

#[test]
fn of_two_shut_gates_the_first_is_told() {
    // The class is not the role's (G4), and the purpose is not served (G5); neither hides the other's order.
    let both = joint().with(|world| {
        world.request.role = Some("clerk".into());
        world.request.purpose = Some(Purpose::Research);
    });
    shut(&both, DenyCode::Role, Reason::RoleClass);
    // The author is unknown, and maintenance asks: the author comes first.
    let author = joint().with(|world| {
        world.document.author_org = org("H9");
        world.request.purpose = Some(Purpose::Maintenance);
    });
    shut(&author, DenyCode::Author, Reason::AuthorUnknown);
    let purpose = joint().with(|world| {
        world.document.author_org = org("H9");
        world.request.purpose = Some(Purpose::Research);
    });
    shut(&purpose, DenyCode::Purpose, Reason::PurposeNotServed);
    let patient = joint().with(|world| {
        world.document.patient = Some("P0002^^^&1.2.392.200036.9125&ISO".into());
        world.document.author_org = org("H9");
    });
    shut(&patient, DenyCode::Patient, Reason::PatientMismatch);
    let scope = joint().with(|world| {
        world.document.scope = xds_policy::SharingScope::OrganisationOnly;
        world.request.purpose = Some(Purpose::Maintenance);
    });
    shut(&scope, DenyCode::Scope, Reason::ScopeOrgOnly);
}

#[test]
fn a_contractor_keeps_nothing_longer_than_contract_and_domain_allow() {
    let sent = |contract_days, domain_days| {
        let world = push().with(|world| {
            world.request.recipient = Some(org("RAD"));
            world.request.purpose = Some(Purpose::EntrustedTask);
            world.document.class_code = IMAGES.into();
            world.document.addressed_to = [org("RAD")].into();
        });
        let world = contract_that(world, "rad-images", |terms| terms.retention.days = contract_days);
        let world = policy_that(world, |terms| terms.temp_max_days = domain_days);
        let permit = world.decide().permit().unwrap();
        let due = permit.obligations.iter().find_map(|duty| match duty {
            xds_policy::obligations::Obligation::EraseBy { at } => Some(*at),
            _ => None,
        });
        due.unwrap()
    };
    assert_eq!(sent(10, 30), NOW + Duration::days(10));
    assert_eq!(sent(30, 7), NOW + Duration::days(7));
}
