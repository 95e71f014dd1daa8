//! Consents and refusals that documents enter: in the transaction of the registration, and at work at once.

use registry_core::register::decide as decide_registration;
use time::{Duration, OffsetDateTime};
use xds_model::Code;
use xds_model::query::{AnyOfAll, FindDocuments, StoredQuery};
use xds_model::submission::ReceivedSubmission;
use xds_model::{AssociationType as A, RuleId as R};
use xds_policy::basis::Basis;
use xds_policy::decision::Decision;
use xds_policy::engine::decide;
use xds_policy::format::question_from_str;
use xds_policy::ledger::Facts;
use xds_policy::version::InstrumentKind;
use xds_policy::words::InstrumentId;

use crate::acknowledging::*;
use crate::db::{Db, ids, register_at, rules};
use crate::fixture::*;
use crate::queries::{find, find_query};

/// What h2 gets of a document that h1 wrote about P1, from what the database holds: as the next query decides.
async fn decided(db: &Db, at: OffsetDateTime) -> Decision {
    let instant = at.format(&time::format_description::well_known::Rfc3339).unwrap();
    let question = serde_json::json!({
        "request": { "op": "QUERY", "at": instant, "cert_org": "h2", "req_org": "h2", "user": "dr", "role": "physician",
                     "auth_level": "TWO_FACTOR", "purpose": "TREAT", "patient": patient("P1").to_string() },
        "document": { "author_org": "h1", "class_code": "class", "type_code": "type", "stored_by": "h1",
                      "registered_at": "2026-11-01T00:00:00Z" },
    });
    let question = question_from_str(&question.to_string()).unwrap();
    let (ledger, _) = domain().into_facts();
    let patient = db.store.load_patient(&patient("P1"), at).await.unwrap();
    let facts = Facts {
        ledger: &ledger,
        patient: &patient,
    };
    decide(facts, &question.request, &question.document)
}

fn basis(decision: &Decision) -> Option<Basis> {
    match decision {
        Decision::Permit(permit) => Some(permit.basis),
        Decision::Deny(_) => None,
    }
}

fn after(seconds: i64) -> OffsetDateTime {
    now() + Duration::seconds(seconds)
}

/// Registers at some seconds after now.
async fn register(
    db: &Db,
    seconds: i64,
    submission: &ReceivedSubmission,
) -> registry_core::register::Changes {
    let (mut world, at) = (world("h1"), after(seconds));
    world.ids = Ids::new(crate::db::fresh_space());
    let wanted = wanted(submission);
    let context = registry_core::register::Context {
        now: at,
        ..world.context()
    };
    let registered = db.store.register(&wanted, at, |facts| {
        decide_registration(submission, &wanted, facts, &context, &Bodies).map(|changes| (changes, None))
    });
    registered.await.unwrap().unwrap()
}

#[tokio::test]
async fn a_consent_works_at_once_and_ends_with_the_refusal_that_replaces_it() {
    let db = Db::new().await;
    assert_eq!(basis(&decided(&db, now()).await), None);
    let first = register(&db, 0, &acknowledging("1.2.900", "1.2.100", &[CONSENT])).await;
    assert_eq!(basis(&decided(&db, now()).await), Some(Basis::Consent));
    let kept = db.store.patient_instruments(&patient("P1")).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].reference(), first.entered.references().next().unwrap());
    // The document is no file of the registry.
    assert_eq!(kept[0].evidence_named().unwrap(), []);
    let mut second = acknowledging("1.2.901", "1.2.101", &[REFUSAL]);
    relate(&mut second, A::Replace, &urn(first.entries[0].id));
    register(&db, 1, &second).await;
    assert_eq!(basis(&decided(&db, after(1)).await), None);
    // A decision of the second before is the same for ever.
    assert_eq!(basis(&decided(&db, now()).await), Some(Basis::Consent));
    let history = |kind, entry| {
        let id = InstrumentId(format!("ack-{entry}-1"));
        let store = db.store.clone();
        async move { store.instrument_history(kind, &id).await.unwrap().len() }
    };
    assert_eq!(history(InstrumentKind::Consent, first.entries[0].id).await, 2);
    let recorded = "SELECT count(*) FROM change WHERE verb = 'ITI-42'";
    assert_eq!(db.count(recorded).await, 2);
}

#[tokio::test]
async fn a_refusal_is_lifted_and_the_consent_counts_again() {
    let db = Db::new().await;
    register(&db, 0, &acknowledging("1.2.900", "1.2.100", &[CONSENT])).await;
    register(&db, 1, &acknowledging("1.2.901", "1.2.101", &[REFUSAL])).await;
    assert_eq!(basis(&decided(&db, after(1)).await), None);
    register(&db, 2, &acknowledging("1.2.902", "1.2.102", &[LIFT])).await;
    assert_eq!(basis(&decided(&db, after(2)).await), Some(Basis::Consent));
}

#[tokio::test]
async fn what_is_refused_enters_nothing() {
    let db = Db::new().await;
    let refused = acknowledging("1.2.900", "1.2.100", &[CONSENT, "1.2.3"]);
    let refusal = register_at(&db.store, &world("h1"), &refused, now())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(rules(&refusal), [R::AcknowledgementUnknown]);
    let stranger = acknowledging("1.2.900", "1.2.100", &[ENROLMENT]);
    let refusal = register_at(&db.store, &world("h1"), &stranger, now())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(rules(&refusal), [R::AcknowledgementTaker]);
    assert_eq!(
        db.count("SELECT count(*) FROM patient_instrument_version").await,
        0
    );
    assert_eq!(db.count("SELECT count(*) FROM document_entry").await, 0);
}

#[tokio::test]
async fn a_registration_that_fails_at_its_end_enters_nothing() {
    let db = Db::new().await;
    // The number of the instrument's version is taken by somebody: the transaction does not end.
    let client = db.client().await;
    let stop =
        "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
                CREATE TRIGGER stop BEFORE INSERT ON patient_instrument_version
                    FOR EACH ROW EXECUTE FUNCTION stop()";
    client.batch_execute(stop).await.unwrap();
    let consent = acknowledging("1.2.900", "1.2.100", &[CONSENT]);
    assert!(
        register_at(&db.store, &world("h1"), &consent, now())
            .await
            .is_err()
    );
    assert_eq!(db.count("SELECT count(*) FROM document_entry").await, 0);
    client
        .batch_execute("DROP TRIGGER stop ON patient_instrument_version")
        .await
        .unwrap();
    register(&db, 0, &consent).await;
    assert_eq!(
        db.count("SELECT count(*) FROM patient_instrument_version").await,
        1
    );
}

fn acknowledged(policy: &str) -> StoredQuery {
    let code = Code {
        code: policy.to_owned(),
        scheme: "1.2.392.9.9.9.100".to_owned(),
    };
    find_query(FindDocuments {
        event_codes: AnyOfAll(vec![vec![code]]),
        ..find("P1")
    })
}

/// ITI-18 by $XDSDocumentEntryEventCodeList (ITI TF-2 3.18.4.1.2.3.7.1) finds the documents of a policy.
#[tokio::test]
async fn acknowledgements_are_found_by_their_policy() {
    let db = Db::new().await;
    let consent = register(&db, 0, &acknowledging("1.2.900", "1.2.100", &[CONSENT])).await;
    let refusal = register(
        &db,
        0,
        &acknowledging("1.2.901", "1.2.101", &[REFUSAL, REFUSAL_OF_AUTHOR]),
    )
    .await;
    for (policy, found) in [
        (CONSENT, consent.entries[0].id),
        (REFUSAL, refusal.entries[0].id),
        (REFUSAL_OF_AUTHOR, refusal.entries[0].id),
    ] {
        let answer = db.ask(&world("h1"), acknowledged(policy)).await.unwrap();
        assert_eq!(ids(&answer), [found], "{policy}");
    }
}
