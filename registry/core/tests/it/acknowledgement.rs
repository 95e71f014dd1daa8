//! Acknowledgements of privacy policies (BPPC): what they enter and end, and what is refused.

use registry_core::facts::Facts;
use registry_core::object::ObjectKind;
use registry_core::register::acknowledgement::Standing;
use registry_core::register::{Changes, Context, Refusal as TurnedDown, decide};
use time::macros::datetime;
use xds_model::acknowledgement::FORMAT_SCANNED;
use xds_model::code::CodedValue;
use xds_model::submission::ReceivedSubmission;
use xds_model::{AssociationType as A, Fault, RuleId as R, Severity, Slot};
use xds_policy::instruments::acknowledgement::Acknowledged;
use xds_policy::instruments::consent::{Consent, ConsentModel, Method, Organisations};
use xds_policy::instruments::refusal::{Refusal, RefusalLevel};
use xds_policy::version::Version;

use crate::acknowledging::*;
use crate::fixture::*;

fn run(world: &World, submission: &ReceivedSubmission, facts: Facts) -> Result<Changes, TurnedDown> {
    decide(submission, &wanted(submission), facts, &world.context(), &Bodies)
}

fn of(policies: &[&str]) -> ReceivedSubmission {
    acknowledging("1.2.900", "1.2.100", policies)
}

fn accepted(submission: &ReceivedSubmission) -> Changes {
    run(&world("h1"), submission, facts()).unwrap()
}

fn refused(submission: &ReceivedSubmission) -> Vec<R> {
    let refusal = run(&world("h1"), submission, facts()).unwrap_err();
    refusal.faults.iter().map(Fault::rule).collect()
}

fn warned(changes: &Changes) -> Vec<R> {
    let warnings = changes.warnings.iter();
    assert!(
        warnings
            .clone()
            .all(|fault| fault.severity() == Severity::Warning)
    );
    warnings.map(Fault::rule).collect()
}

#[track_caller]
fn consent(entered: &Acknowledged) -> &Version<Consent> {
    match entered {
        Acknowledged::Consent(version) => version,
        Acknowledged::Refusal(_) => panic!("a refusal"),
    }
}

#[track_caller]
fn refusal(entered: &Acknowledged) -> &Version<Refusal> {
    match entered {
        Acknowledged::Refusal(version) => version,
        Acknowledged::Consent(_) => panic!("a consent"),
    }
}

/// With these documents registered, and what they entered standing.
fn after(changes: &[&Changes]) -> Facts {
    let mut facts = facts();
    for changes in changes {
        for entry in &changes.entries {
            facts
                .objects
                .insert(entry.id, registered(ObjectKind::DocumentEntry));
        }
        let mut standing: Vec<Acknowledged> = facts.acknowledged.0;
        standing.extend(changes.entered.versions.iter().cloned());
        facts.acknowledged = Standing(standing);
    }
    facts
}

fn replacing(first: &Changes, policies: &[&str]) -> ReceivedSubmission {
    let mut submission = acknowledging("1.2.901", "1.2.101", policies);
    relate(&mut submission, A::Replace, &urn(first.entries[0].id));
    submission
}

#[test]
fn a_consent_is_entered_with_the_document_as_evidence() {
    let mut submission = of(&[CONSENT]);
    submission.entries[0].service_stop_time = Some("20271231".parse().unwrap());
    let changes = accepted(&submission);
    assert!(!changes.is_plain(), "instruments need a transaction");
    assert_eq!(warned(&changes), []);
    let [entered] = changes.entered.versions.as_slice() else {
        panic!("one")
    };
    let consent = consent(entered);
    assert_eq!(consent.version, 1);
    assert_eq!(consent.entered_at, Some(now()));
    assert_eq!(consent.entered_by, "node node-h1 of h1, user node-h1");
    assert_eq!(consent.effective_from, datetime!(2026-11-01 0:00 UTC));
    // The last day is included.
    assert_eq!(consent.effective_to, Some(datetime!(2028-01-01 0:00 UTC)));
    let evidence = consent.evidence.as_ref().unwrap();
    assert_eq!(evidence.file, "renkei-document:1.2.3.4/1.2.100");
    assert_eq!(evidence.sha256.to_string(), SHA256);
    let terms = &consent.terms;
    assert_eq!(terms.patient.0, patient(PATIENT).to_string());
    assert_eq!(
        (terms.model, terms.method),
        (ConsentModel::Scoped, Method::Electronic)
    );
    assert_eq!(terms.signed_at, datetime!(2026-11-01 0:00 UTC));
    let h1 = xds_model::principal::OrganisationId("h1".into());
    assert_eq!(terms.providers, Organisations::Listed([h1.clone()].into()));
    assert!(terms.text.as_ref().unwrap().hash.is_some());
    let document = terms.acknowledgement.as_ref().unwrap();
    assert_eq!(document.policy.as_str(), CONSENT);
    assert_eq!((document.domain_policy, &document.organisation), (1, &h1));
    assert_eq!(document.entry, urn(changes.entries[0].id));
    assert_eq!(
        (document.document.as_str(), document.repository.as_str()),
        ("1.2.100", "1.2.3.4")
    );
}

#[test]
fn a_scanned_form_is_paper_and_a_document_without_start_is_no_consent() {
    let mut submission = of(&[CONSENT]);
    submission.entries[0].format_code = Some(CodedValue::new(
        FORMAT_SCANNED,
        "1.3.6.1.4.1.19376.1.2.3",
        "BPPC-SD",
    ));
    let changes = accepted(&submission);
    assert_eq!(consent(&changes.entered.versions[0]).terms.method, Method::Paper);
    submission.entries[0].service_start_time = None;
    assert_eq!(refused(&submission), [R::AcknowledgementStart]);
}

#[test]
fn other_documents_enter_nothing() {
    let mut submission = of(&[CONSENT]);
    submission.entries[0].format_code = Some(code("format"));
    submission.entries[0].event_codes.clear();
    let changes = accepted(&submission);
    assert!(changes.entered.versions.is_empty() && changes.is_plain());
}

#[test]
fn several_policies_in_one_document_are_several_instruments() {
    let changes = accepted(&of(&[REFUSAL_OF_AUTHOR, CONSENT, CONSENT]));
    let [first, second] = changes.entered.versions.as_slice() else {
        panic!("two")
    };
    assert_eq!(
        consent(first)
            .terms
            .acknowledgement
            .as_ref()
            .unwrap()
            .policy
            .as_str(),
        CONSENT
    );
    let level = &refusal(second).terms.level;
    assert_eq!(
        *level,
        RefusalLevel::ProviderOrg(xds_model::principal::OrganisationId("h1".into()))
    );
    assert_ne!(consent(first).id, refusal(second).id);
}

#[test]
fn a_policy_that_the_domain_does_not_declare_is_refused() {
    assert_eq!(refused(&of(&["1.2.3"])), [R::AcknowledgementUnknown]);
    assert_eq!(refused(&of(&[CONSENT, "1.2.3"])), [R::AcknowledgementUnknown]);
    // Not even with a refusal beside it: the sender hears of it, and nothing is registered.
    assert_eq!(refused(&of(&[REFUSAL, "1.2.3"])), [R::AcknowledgementUnknown]);
    assert_eq!(refused(&of(&[])), [R::AcknowledgementPolicy]);
    let fault = run(&world("h1"), &of(&["1.2.3"]), facts())
        .unwrap_err()
        .faults
        .remove(0);
    assert!(
        fault.context().starts_with("1.2.3: the domain declares"),
        "{}",
        fault.context()
    );
    assert!(fault.context().contains("ACK-002"));
}

#[test]
fn what_a_consent_lacks_refuses_it_and_what_a_refusal_lacks_is_a_warning() {
    type Spoil = fn(&mut xds_model::DocumentEntry);
    let cases: [(R, Spoil); 5] = [
        (R::AcknowledgementClass, |entry| {
            entry.class_code = Some(code("class"))
        }),
        (R::AcknowledgementStart, |entry| entry.service_start_time = None),
        (R::AcknowledgementEvidence, |entry| entry.extras.slots.clear()),
        (R::AcknowledgementEvidence, |entry| {
            entry.extras.slots = vec![Slot::single("urn:renkei:document-sha256", "DEADBEEF")];
        }),
        (R::AcknowledgementOver, |entry| {
            entry.service_stop_time = Some("20261110".parse().unwrap());
        }),
    ];
    for (rule, spoil) in cases {
        let mut submission = of(&[CONSENT]);
        spoil(&mut submission.entries[0]);
        assert_eq!(refused(&submission), [rule]);
        let mut submission = of(&[REFUSAL]);
        spoil(&mut submission.entries[0]);
        let changes = accepted(&submission);
        assert_eq!(warned(&changes), [rule]);
        let over = rule == R::AcknowledgementOver;
        assert_eq!(changes.entered.versions.is_empty(), over, "{rule:?}");
        // Beside a consent it is no refusal alone.
        let mut submission = of(&[REFUSAL, CONSENT]);
        spoil(&mut submission.entries[0]);
        assert_eq!(refused(&submission), [rule]);
    }
}

#[test]
fn a_refusal_without_evidence_or_start_holds_from_now() {
    let mut submission = of(&[REFUSAL]);
    submission.entries[0].extras.slots.clear();
    submission.entries[0].service_start_time = None;
    let changes = accepted(&submission);
    let refusal = refusal(&changes.entered.versions[0]);
    assert_eq!((refusal.effective_from, &refusal.evidence), (now(), &None));
    assert!(refusal.in_force(now()));
    assert_eq!(refusal.terms.level, RefusalLevel::Network);
    assert!(refusal.terms.includes_emergency);
}

#[test]
fn the_text_was_in_force_when_it_was_signed() {
    assert_eq!(refused(&of(&[OUTDATED])), [R::AcknowledgementText]);
    let mut early = of(&[OUTDATED]);
    early.entries[0].service_start_time = Some("20241231".parse().unwrap());
    let changes = accepted(&early);
    assert_eq!(
        consent(&changes.entered.versions[0]).terms.signed_at,
        datetime!(2024-12-31 0:00 UTC)
    );
}

#[test]
fn who_joined_after_the_form_was_made_is_not_in_a_consent_that_begins_later() {
    let mut later = of(&[CONSENT]);
    later.entries[0].service_start_time = Some("20270401".parse().unwrap());
    let changes = accepted(&later);
    let consent = consent(&changes.entered.versions[0]);
    assert_eq!(consent.effective_from, datetime!(2027-04-01 0:00 UTC));
    assert_eq!(consent.terms.signed_at, datetime!(2026-11-02 0:00 UTC));
}

#[test]
fn only_an_organisation_that_may_takes_a_consent() {
    let refusal = run(&world("h1"), &of(&[ENROLMENT]), facts()).unwrap_err();
    assert_eq!(refusal.faults[0].rule(), R::AcknowledgementTaker);
    assert!(refusal.faults[0].context().contains("ACK-007"));
    let changes = run(&world("h2"), &of(&[ENROLMENT]), facts()).unwrap();
    assert_eq!(
        consent(&changes.entered.versions[0]).terms.model,
        ConsentModel::Enrolment
    );
    // A refusal is taken by every member.
    assert!(run(&world("h2"), &of(&[REFUSAL]), facts()).is_ok());
    // Who is no member of the domain in law takes none.
    let mut stranger = world("h1");
    let mut file = domain();
    file.organisations
        .retain(|organisation| organisation.id.as_str() != "h1");
    stranger.ledger = file.into_facts().0;
    assert!(run(&stranger, &of(&[CONSENT]), facts()).is_err());
}

#[test]
fn a_replacement_ends_what_rests_on_the_replaced() {
    let first = accepted(&of(&[CONSENT]));
    let second = run(&world("h1"), &replacing(&first, &[REFUSAL]), after(&[&first])).unwrap();
    let [ended, entered] = second.entered.versions.as_slice() else {
        panic!("two")
    };
    let ended = consent(ended);
    assert_eq!((ended.version, ended.effective_to), (2, Some(now())));
    assert_eq!(&ended.id, &consent(&first.entered.versions[0]).id);
    assert!(!ended.in_force(now()) && ended.known_from() <= now());
    assert!(refusal(entered).in_force(now()));
    // The same the other way round: the patient's last word counts.
    let first = accepted(&of(&[REFUSAL]));
    let second = run(&world("h1"), &replacing(&first, &[CONSENT]), after(&[&first])).unwrap();
    let [ended, entered] = second.entered.versions.as_slice() else {
        panic!("two")
    };
    assert_eq!(refusal(ended).effective_to, Some(now()));
    assert!(consent(entered).in_force(now()));
}

#[test]
fn a_refusal_stands_until_its_replacement_begins() {
    let first = accepted(&of(&[REFUSAL]));
    let mut later = replacing(&first, &[REFUSAL_OF_AUTHOR]);
    later.entries[0].service_start_time = Some("20270401".parse().unwrap());
    let second = run(&world("h1"), &later, after(&[&first])).unwrap();
    let ended = refusal(&second.entered.versions[0]);
    assert_eq!(ended.effective_to, Some(datetime!(2027-04-01 0:00 UTC)));
    assert!(ended.in_force(now()));
}

#[test]
fn a_consent_ends_with_its_document_and_a_refusal_only_by_the_patient() {
    let plain = |first: &Changes| {
        let mut submission = one("1.2.901", "1.2.101", &patient(PATIENT));
        relate(&mut submission, A::Replace, &urn(first.entries[0].id));
        submission
    };
    let first = accepted(&of(&[CONSENT]));
    let second = run(&world("h1"), &plain(&first), after(&[&first])).unwrap();
    assert_eq!(consent(&second.entered.versions[0]).effective_to, Some(now()));
    let first = accepted(&of(&[REFUSAL]));
    let refusal = run(&world("h1"), &plain(&first), after(&[&first])).unwrap_err();
    assert_eq!(refusal.faults[0].rule(), R::RefusalReplaced);
}

#[test]
fn what_has_ended_is_not_ended_again() {
    let mut short = of(&[CONSENT]);
    short.entries[0].service_stop_time = Some("202611".parse().unwrap());
    let first = accepted(&short);
    // When November is over.
    let world = world("h1");
    let context = Context {
        now: datetime!(2026-12-01 0:00 UTC),
        ..world.context()
    };
    let mut replacement = replacing(&first, &[CONSENT]);
    replacement.entries[0].service_start_time = Some("20261201".parse().unwrap());
    let wanted = wanted(&replacement);
    let second = decide(&replacement, &wanted, after(&[&first]), &context, &Bodies).unwrap();
    assert_eq!(second.entered.versions.len(), 1);
}

#[test]
fn a_lift_ends_what_was_acknowledged_under_its_policies() {
    let refused_before = accepted(&of(&[REFUSAL, REFUSAL_OF_AUTHOR]));
    let lift = acknowledging("1.2.901", "1.2.101", &[LIFT]);
    let changes = run(&world("h1"), &lift, after(&[&refused_before])).unwrap();
    let [ended] = changes.entered.versions.as_slice() else {
        panic!("one")
    };
    assert_eq!(refusal(ended).terms.level, RefusalLevel::Network);
    assert_eq!(
        (refusal(ended).version, refusal(ended).effective_to),
        (2, Some(now()))
    );
    // By the legal entity that took it, or whom the domain lets: h2 is neither.
    let refusal = run(&world("h2"), &lift, after(&[&refused_before])).unwrap_err();
    assert_eq!(refusal.faults[0].rule(), R::AcknowledgementTaker);
    // What lifts nothing says so.
    let nothing = run(&world("h1"), &lift, facts()).unwrap();
    assert_eq!(warned(&nothing), [R::NothingLifted]);
}

#[test]
fn a_lift_is_for_good_and_does_not_lift_itself() {
    let mut ends = of(&[LIFT]);
    ends.entries[0].service_stop_time = Some("20301231".parse().unwrap());
    assert_eq!(refused(&ends), [R::LiftWithoutEnd]);
    assert_eq!(refused(&of(&[LIFT, REFUSAL])), [R::AcknowledgementContradiction]);
    // It opens, so it needs proof.
    let mut unproved = of(&[LIFT]);
    unproved.entries[0].extras.slots.clear();
    assert_eq!(refused(&unproved), [R::AcknowledgementEvidence]);
}

#[test]
fn the_store_is_told_what_matters() {
    assert!(wanted(&of(&[CONSENT])).touches_registered());
    assert!(wanted(&of(&[CONSENT])).concerns_acknowledgements());
    let plain = one("1.2.900", "1.2.100", &patient(PATIENT));
    assert!(!wanted(&plain).touches_registered() && !wanted(&plain).concerns_acknowledgements());
}
