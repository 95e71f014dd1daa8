//! Instruments as evidence: immutable, versioned, checked against their hashes, exported and imported whole.

use std::collections::BTreeSet;

use registry_store::{Change, Instrument, InstrumentError, Store, StoreError};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;
use xds_model::PatientId;
use xds_model::principal::OrganisationId;
use xds_policy::change::ChangeFault;
use xds_policy::document::Document;
use xds_policy::engine::decide;
use xds_policy::format::{self, DomainFile};
use xds_policy::ledger::Facts;
use xds_policy::version::InstrumentKind;

use crate::db::{Db, fresh_space};
use crate::fixture::{Ids, now, patient, uuid};

const DOMAIN: &str = include_str!("../../../../docs/examples/decide/domain.json");
const SCOPED: &str = include_str!("../../../../docs/examples/decide/consent-scoped.request.json");
const REFUSED: &str = include_str!("../../../../docs/examples/decide/deny-refused.request.json");
const P: &str = "P0001^^^&1.2.392.200036.9125&ISO";

fn example() -> DomainFile {
    format::from_str(DOMAIN).unwrap()
}

fn change(number: u128, seconds: i64) -> Change {
    Change {
        id: uuid(number),
        at: now() + time::Duration::seconds(seconds),
        who: "事務局 佐藤".to_owned(),
        reason: None,
    }
}

fn p() -> PatientId {
    P.parse().unwrap()
}

/// With the example's patient and nothing else.
async fn empty() -> Db {
    let db = Db::empty().await;
    db.add_patients(&[p(), patient("P1")]).await;
    db
}

/// With the example.
async fn filled() -> Db {
    let db = empty().await;
    import(&db.store, &example(), &change(1, 0)).await.unwrap();
    db
}

async fn import(
    store: &Store,
    file: &DomainFile,
    change: &Change,
) -> Result<(usize, usize), InstrumentError> {
    let ids = Ids::new(fresh_space());
    let imported = store.import_domain(file, "test", change, &ids).await?;
    Ok((imported.added, imported.known))
}

async fn latest(store: &Store, kind: InstrumentKind, id: &str) -> Instrument {
    let all = store.instrument_history(kind, &id.into()).await.unwrap();
    all.last().unwrap().clone()
}

/// The next version of an instrument, with a difference.
async fn next(
    store: &Store,
    kind: InstrumentKind,
    id: &str,
    change: &Change,
    edit: impl FnOnce(&mut Value),
) -> Instrument {
    let mut value = latest(store, kind, id).await.value().unwrap();
    value["version"] = json!(value["version"].as_u64().unwrap() + 1);
    value["effective_from"] = json!("2026-11-25T00:00:00Z");
    edit(&mut value);
    Instrument::draft(kind, &value.to_string(), change, &[]).unwrap()
}

async fn add(store: &Store, instrument: &Instrument, change: &Change) -> Result<(), InstrumentError> {
    store.add_instrument("instrument add", instrument, change).await
}

const AGREEMENT: InstrumentKind = InstrumentKind::JointUseAgreement;

#[tokio::test]
async fn export_import_export_is_the_same_to_the_byte() {
    let first = filled().await;
    let exported = format::to_string(&first.store.export_domain(true).await.unwrap()).unwrap();
    assert_eq!(exported, format::to_string(&example()).unwrap());
    let second = empty().await;
    let file = format::from_str(&exported).unwrap();
    let all = Instrument::all_of(file.clone());
    assert_eq!(
        import(&second.store, &file, &change(1, 0)).await.unwrap(),
        (all.len(), 0)
    );
    let again = format::to_string(&second.store.export_domain(true).await.unwrap()).unwrap();
    assert_eq!(exported, again);
    // Once more: nothing is new.
    assert_eq!(
        import(&second.store, &file, &change(2, 1)).await.unwrap(),
        (0, all.len())
    );
    let without = second.store.export_domain(false).await.unwrap();
    assert!(without.consents.is_empty() && !without.organisations.is_empty());
}

#[tokio::test]
async fn what_is_stored_has_the_hash_that_policy_gives_it() {
    let db = filled().await;
    let wanted: Vec<(String, String, String)> = Instrument::all_of(example())
        .iter()
        .map(|version| {
            let reference = version.reference();
            (
                reference.kind.name().into(),
                reference.id.to_string(),
                reference.hash.to_string(),
            )
        })
        .collect();
    let sql =
        "SELECT kind, id, encode(sha256, 'hex'), encode(sha256((kind || chr(10) || content)::bytea), 'hex')
                 FROM (SELECT kind, id, sha256, content FROM instrument_version
                       UNION ALL SELECT kind, id, sha256, content FROM patient_instrument_version) v";
    let rows = db.client().await.query(sql, &[]).await.unwrap();
    let mut stored: Vec<(String, String, String)> = Vec::new();
    for row in &rows {
        // PostgreSQL hashes the text itself: what lies there is what the hash is over.
        assert_eq!(row.get::<_, String>(2), row.get::<_, String>(3));
        stored.push((row.get(0), row.get(1), row.get(2)));
    }
    stored.sort();
    let mut wanted = wanted;
    wanted.sort();
    assert_eq!(stored, wanted);
}

#[tokio::test]
async fn nobody_changes_or_removes_a_version() {
    let db = filled().await;
    let role = format!("evidence_{}", db.parameters.database);
    let client = db.client().await;
    let create = format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'");
    client.batch_execute(&create).await.unwrap();
    db.store.grant(&role).await.unwrap();
    // The serving role enters and reads.
    let serving = db.with(|config| {
        config.user = role.clone();
        config.password = Some("secret".to_owned());
    });
    let change = change(5, 1);
    let renamed = next(&serving, InstrumentKind::Organisation, "C1", &change, |value| {
        value["terms"]["name"] = json!("新クリニック");
    })
    .await;
    add(&serving, &renamed, &change).await.unwrap();
    let lifted = latest(&serving, InstrumentKind::Refusal, "refusal-1").await;
    let change = Change {
        id: uuid(6),
        ..change
    };
    let lifted = lifted.ending(change.at, &change, &[]).unwrap();
    add(&serving, &lifted, &change).await.unwrap();
    // First the owner of the schema, then the serving role.
    for who in ["RESET ROLE".to_owned(), format!("SET ROLE {role}")] {
        client.batch_execute(&who).await.unwrap();
        for table in [
            "instrument_version",
            "patient_instrument_version",
            "instrument_patient",
        ] {
            for verb in ["UPDATE {} SET id = 'x'", "DELETE FROM {}", "TRUNCATE {}"] {
                let statement = verb.replace("{}", table);
                let refused = client.batch_execute(&statement).await;
                assert!(refused.is_err(), "{who}: {statement}");
            }
        }
    }
    let role_alone = "ALTER TABLE instrument_version DISABLE TRIGGER ALL";
    assert!(client.batch_execute(role_alone).await.is_err());
}

#[tokio::test]
async fn a_version_that_was_tampered_with_is_not_read() {
    let db = filled().await;
    let client = db.client().await;
    client
        .batch_execute(
            "ALTER TABLE instrument_version DISABLE TRIGGER USER;
             UPDATE instrument_version SET content = replace(content, 'E1', 'E2') WHERE kind = 'organisation'",
        )
        .await
        .unwrap();
    let refused = db.store.load_domain(now()).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Row { column: "sha256", .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn of_two_who_enter_the_same_version_one_does() {
    let db = filled().await;
    for (round, kind, id) in [
        (0, InstrumentKind::Organisation, "C1"),
        (1, InstrumentKind::Consent, "consent-C2"),
    ] {
        let one = Change {
            id: uuid(10 + round * 2),
            ..change(0, 1)
        };
        let two = Change {
            id: uuid(11 + round * 2),
            who: "別の人".to_owned(),
            ..change(0, 1)
        };
        let first = next(&db.store, kind, id, &one, |_| ()).await;
        let second = next(&db.store, kind, id, &two, |_| ()).await;
        let (first, second) = tokio::join!(add(&db.store, &first, &one), add(&db.store, &second, &two));
        let lost = match (first, second) {
            (Ok(()), Err(lost)) | (Err(lost), Ok(())) => lost,
            other => panic!("{other:?}"),
        };
        assert!(
            matches!(
                lost,
                InstrumentError::NotNext {
                    latest: 2,
                    given: 2,
                    ..
                }
            ),
            "{lost}"
        );
        let all = db.store.instrument_history(kind, &id.into()).await.unwrap();
        assert_eq!(all.len(), 2);
    }
    // The loser is in no record.
    let acts = db.store.owed_acts().await.unwrap();
    assert_eq!(
        acts.iter()
            .filter(|act| act.deed.verb == "instrument add")
            .count(),
        2
    );
}

#[tokio::test]
async fn two_who_enter_a_new_instrument_of_one_name_do_not_both() {
    let db = filled().await;
    let text = |patient: &str| {
        json!({ "id": "refusal-9", "effective_from": "2026-11-24T00:00:00Z",
                "terms": { "patient": patient, "level": "NETWORK", "given_by": "PATIENT" } })
        .to_string()
    };
    let (one, two) = (change(20, 1), change(21, 1));
    let kind = InstrumentKind::Refusal;
    // Of two patients: the name is taken all the same.
    let first = Instrument::draft(kind, &text(P), &one, &[]).unwrap();
    let second = Instrument::draft(kind, &text(&patient("P1").to_string()), &two, &[]).unwrap();
    let (a, b) = tokio::join!(add(&db.store, &first, &one), add(&db.store, &second, &two));
    assert_eq!(
        [a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(),
        1,
        "{a:?} {b:?}"
    );
}

#[tokio::test]
async fn versions_keep_the_rules_of_change() {
    let db = filled().await;
    let store = &db.store;
    let change = change(30, 1);
    let faults = async |instrument: Instrument| match add(store, &instrument, &change).await {
        Err(InstrumentError::Change { faults, .. }) => faults,
        other => panic!("{other:?}"),
    };
    let added = next(store, AGREEMENT, "JA-1", &change, |value| {
        let users = value["terms"]["users"].as_array_mut().unwrap();
        let mut newcomer = users[0].clone();
        newcomer["organisation"] = json!("C2");
        users.push(newcomer);
    });
    assert_eq!(faults(added.await).await, [ChangeFault::UserAdded]);
    let backdated = next(store, AGREEMENT, "JA-1", &change, |value| {
        value["effective_from"] = json!("2026-11-01T00:00:00Z");
    });
    assert_eq!(faults(backdated.await).await, [ChangeFault::Backdated]);
    let removed = next(store, AGREEMENT, "JA-1", &change, |value| {
        value["terms"]["users"].as_array_mut().unwrap().pop();
    });
    add(store, &removed.await, &change).await.unwrap();

    // A number that was not seen, and one that is too high.
    for number in [2, 4] {
        let lost = next(store, AGREEMENT, "JA-1", &change, |value| {
            value["version"] = json!(number)
        })
        .await;
        let refused = add(store, &lost, &change).await;
        assert!(
            matches!(refused, Err(InstrumentError::NotNext { latest: 2, .. })),
            "{refused:?}"
        );
    }
    let of_another = next(store, InstrumentKind::Refusal, "refusal-1", &change, |value| {
        value["terms"]["patient"] = json!(patient("P1").to_string());
    });
    let refused = add(store, &of_another.await, &change).await;
    assert!(
        matches!(refused, Err(InstrumentError::AnotherSubject { .. })),
        "{refused:?}"
    );
    let session = next(
        store,
        InstrumentKind::BreakGlassSession,
        "bg-1",
        &change,
        |value| {
            value["effective_to"] = json!("2026-11-26T00:00:00Z");
            value["terms"]["opened"] = json!("2026-11-24T04:00:00Z");
        },
    );
    let refused = add(store, &session.await, &change).await;
    assert!(
        matches!(refused, Err(InstrumentError::AnotherSubject { .. })),
        "{refused:?}"
    );
    let order = next(store, InstrumentKind::LegalOrder, "order-1", &change, |value| {
        value["approved_by"] = json!(["病院長", " 病院長 "]);
    });
    let refused = add(store, &order.await, &change).await;
    assert!(
        matches!(refused, Err(InstrumentError::Approvers { given: 1, .. })),
        "{refused:?}"
    );
    // To end an order at once takes one person.
    let order = latest(store, InstrumentKind::LegalOrder, "order-1").await;
    let ended = order.ending(change.at, &change, &[]).unwrap();
    let change = Change {
        id: uuid(31),
        ..change
    };
    add(store, &ended, &change).await.unwrap();
    let stranger = Change {
        who: "誰か".to_owned(),
        ..change
    };
    let refused = add(store, &ended, &stranger).await;
    assert!(
        matches!(refused, Err(InstrumentError::EnteredOtherwise)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_does_not_fit_the_domain_is_refused() {
    let db = filled().await;
    let store = &db.store;
    let change = change(40, 1);
    let unfit = async |kind, text: Value| {
        let instrument = Instrument::draft(kind, &text.to_string(), &change, &[]).unwrap();
        match add(store, &instrument, &change).await {
            Err(InstrumentError::Unfit(problems)) => problems[0].to_string(),
            other => panic!("{other:?}"),
        }
    };
    let user = json!({ "id": "u-1", "effective_from": "2026-11-24T00:00:00Z",
                       "terms": { "organisation": "NOBODY", "user": "x" } });
    assert!(
        unfit(InstrumentKind::User, user)
            .await
            .ends_with("there is no organisation NOBODY")
    );
    let policy = json!({ "id": "second", "effective_from": "2026-11-24T00:00:00Z", "terms": {} });
    assert!(
        unfit(InstrumentKind::DomainPolicy, policy)
            .await
            .contains("one policy")
    );
    let mut consent = latest(store, InstrumentKind::Consent, "consent-C2")
        .await
        .value()
        .unwrap();
    consent["id"] = json!("consent-9");
    consent["terms"]["text"]["id"] = json!("no-text");
    assert!(
        unfit(InstrumentKind::Consent, consent.clone())
            .await
            .ends_with("no instrument no-text")
    );
    // A patient that nobody knows, or that is written in another way, would never be found.
    for stranger in [
        "X9^^^&1.2.392.200036.9125&ISO",
        "P0001",
        "P0001^^^x&1.2.392.200036.9125&ISO",
    ] {
        consent["terms"]["text"]["id"] = json!("text-1");
        consent["terms"]["patient"] = json!(stranger);
        let kind = InstrumentKind::Consent;
        let instrument = Instrument::draft(kind, &consent.to_string(), &change, &[]).unwrap();
        let refused = add(store, &instrument, &change).await.unwrap_err();
        assert!(
            matches!(refused, InstrumentError::UnknownPatient { .. }),
            "{refused}"
        );
        assert!(!refused.to_string().contains(stranger), "no patient in a message");
    }
    let acts = store.owed_acts().await.unwrap();
    assert!(
        acts.iter().all(|act| act.deed.verb == "domain import"),
        "nothing was done"
    );
}

#[tokio::test]
async fn a_file_changes_nothing_that_is_there() {
    let db = filled().await;
    let store = &db.store;
    let before = store.export_domain(true).await.unwrap();
    let with = |list: &str, edit: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(DOMAIN).unwrap();
        let versions = value[list].as_array_mut().unwrap();
        edit(&mut versions[0]);
        versions[0].as_object_mut().unwrap().remove("hash");
        format::from_str(&value.to_string()).unwrap()
    };
    let renamed = with("organisations", &|version| {
        version["terms"]["name"] = json!("別名")
    });
    let refused = import(store, &renamed, &change(50, 1)).await.unwrap_err();
    assert!(
        matches!(refused, InstrumentError::Differs { version: 1, .. }),
        "{refused}"
    );
    // New, but as of before what is here: decisions were made without it.
    let past = with("refusals", &|version| version["id"] = json!("refusal-0"));
    let refused = import(store, &past, &change(50, 1)).await.unwrap_err();
    assert!(
        matches!(refused, InstrumentError::EnteredInThePast { .. }),
        "{refused}"
    );
    let ahead = with("refusals", &|version| {
        version["id"] = json!("refusal-0");
        version["entered_at"] = json!("2027-11-24T03:00:00Z");
    });
    let refused = import(store, &ahead, &change(50, 1)).await.unwrap_err();
    assert!(
        matches!(refused, InstrumentError::EnteredInThePast { .. }),
        "{refused}"
    );
    // What cannot follow, cannot by a file either.
    let mut value: Value = serde_json::from_str(DOMAIN).unwrap();
    let agreements = value["joint_use_agreements"].as_array_mut().unwrap();
    let mut second = agreements[0].clone();
    second.as_object_mut().unwrap().remove("hash");
    second["version"] = json!(2);
    second["entered_at"] = json!("2026-11-24T05:00:00Z");
    second["effective_from"] = json!("2026-11-24T05:00:00Z");
    second["terms"]["items"].as_array_mut().unwrap().pop();
    agreements.push(second);
    let file = format::from_str(&value.to_string()).unwrap();
    let refused = import(store, &file, &change(50, 1)).await.unwrap_err();
    assert!(matches!(refused, InstrumentError::Change { .. }), "{refused}");
    assert_eq!(store.export_domain(true).await.unwrap(), before);
    // What was entered since is taken.
    let news = with("refusals", &|version| {
        version["id"] = json!("refusal-0");
        version["entered_at"] = json!("2026-11-24T05:00:00Z");
    });
    assert_eq!(import(store, &news, &change(50, 1)).await.unwrap().0, 1);
}

/// Whether the example's consent, and its refusal, are known to decisions at an instant.
async fn decided(store: &Store, question: &str, at: OffsetDateTime) -> bool {
    let mut question = format::question_from_str(question).unwrap();
    question.request.at = at;
    let (ledger, patient) = (
        store.load_domain(at).await.unwrap(),
        store.load_patient(&p(), at).await.unwrap(),
    );
    let facts = Facts {
        ledger: &ledger,
        patient: &patient,
    };
    decide(facts, &question.request, &question.document).is_permit()
}

#[tokio::test]
async fn decisions_know_what_was_entered_and_has_begun() {
    let db = filled().await;
    let store = &db.store;
    let noon = datetime!(2026-11-24 03:00 UTC);
    assert!(decided(store, SCOPED, noon).await);
    assert!(!decided(store, REFUSED, noon).await);
    // A second version ends the consent in two days; entered today.
    let change = change(60, 1);
    let consent = latest(store, InstrumentKind::Consent, "consent-C2").await;
    // After the example's other consent, that was given at a visit.
    let then = datetime!(2026-11-26 00:00 UTC);
    add(store, &consent.ending(then, &change, &[]).unwrap(), &change)
        .await
        .unwrap();
    assert!(decided(store, SCOPED, noon).await);
    assert!(decided(store, SCOPED, then - time::Duration::nanoseconds(1)).await);
    assert!(!decided(store, SCOPED, then).await);
    // As of before its entry an organisation of the domain is not even known.
    let early = store.load_domain(datetime!(2026-03-01 00:00 UTC)).await.unwrap();
    assert!(early.organisation(&OrganisationId("H1".into()), noon).is_none());
    let later = store.load_domain(noon).await.unwrap();
    assert!(later.organisation(&OrganisationId("H1".into()), noon).is_some());
    assert!(
        later
            .organisation(&OrganisationId("H1".into()), datetime!(2026-03-01 00:00 UTC))
            .is_none()
    );
    // The same from the file: the database adds and loses nothing.
    let (ledger, patient) = store.export_domain(true).await.unwrap().into_facts();
    let question = format::question_from_str(SCOPED).unwrap();
    let facts = Facts {
        ledger: &ledger,
        patient: &patient,
    };
    assert!(decide(facts, &question.request, &question.document).is_permit());
}

#[tokio::test]
async fn an_end_does_not_bring_the_beginning_forward() {
    let db = filled().await;
    let (first, second) = (change(65, 1), change(66, 2));
    let later = next(
        &db.store,
        InstrumentKind::Consent,
        "consent-C2",
        &first,
        |value| {
            value["effective_from"] = json!("2027-01-01T00:00:00Z");
        },
    )
    .await;
    let before = later
        .ending(datetime!(2026-12-01 00:00 UTC), &second, &[])
        .unwrap();
    assert_eq!(before.effective_from(), datetime!(2026-12-01 00:00 UTC));
    assert_eq!(before.effective_to(), Some(before.effective_from()));
    let after = later
        .ending(datetime!(2027-06-01 00:00 UTC), &second, &[])
        .unwrap();
    assert_eq!(after.effective_from(), datetime!(2027-01-01 00:00 UTC));
    assert_eq!(after.reference().version, 3);
    assert_eq!(after.entered_at(), Some(second.at));
}

#[tokio::test]
async fn a_merged_patient_keeps_the_instruments_of_both() {
    let db = filled().await;
    let merge = "UPDATE patient SET surviving = (SELECT key FROM patient WHERE id = 'P1') WHERE id = 'P0001'";
    db.client().await.batch_execute(merge).await.unwrap();
    for name in [p(), patient("P1")] {
        let all = db.store.patient_instruments(&name).await.unwrap();
        assert_eq!(all.len(), 6);
    }
    assert!(
        db.store
            .patient_instruments(&patient("P2"))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn the_journal_is_told_of_each_version_and_the_domain_has_a_new_version() {
    let db = filled().await;
    let store = &db.store;
    let acts = store.owed_acts().await.unwrap();
    let all = Instrument::all_of(example());
    assert_eq!(acts.len(), all.len() + 1);
    let of_patient = acts.iter().filter(|act| act.deed.patients == [P]);
    assert_eq!(
        of_patient.count(),
        all.iter().filter(|known| known.patient().is_some()).count()
    );
    let version = store.domain_version().await.unwrap();
    let change = change(70, 1);
    let renamed = next(store, InstrumentKind::Organisation, "C1", &change, |value| {
        value["terms"]["name"] = json!("新クリニック");
    })
    .await;
    store.judge_instrument(&renamed).await.unwrap();
    assert_eq!(store.domain_version().await.unwrap(), version);
    add(store, &renamed, &change).await.unwrap();
    assert_ne!(store.domain_version().await.unwrap(), version);
    let acts = store.owed_acts().await.unwrap();
    let act = acts.iter().find(|act| act.deed.verb == "instrument add").unwrap();
    assert_eq!(act.deed.subject, "organisation C1");
    assert_eq!(act.deed.before.as_ref().unwrap()["version"], 1);
    assert_eq!(act.deed.after.as_ref().unwrap()["terms"]["name"], "新クリニック");
    assert_eq!(act.change.who, "事務局 佐藤");
}

#[tokio::test]
async fn holdings_are_those_of_the_organisations_asked_for() {
    let db = empty().await;
    let fill =
        "INSERT INTO document_entry (patient, id, status, entry_type, scope, online, version, registered_at,
                       organisation, unique_id, class_code, type_code, confidentiality_codes, body)
                SELECT p.key, gen_random_uuid(), CASE WHEN n = 9 THEN 2 ELSE 1 END, 1, 1, true, 1, now(),
                       'H' || n % 3, '1.2.' || n, '18842-5^^1.9', 't^^1.9',
                       ARRAY['R^^2.16.840.1.113883.5.25'], ''
                  FROM patient p CROSS JOIN generate_series(1, 9) n";
    db.client().await.batch_execute(fill).await.unwrap();
    let mut found: Vec<Document> = Vec::new();
    let asked = [OrganisationId("H0".into()), OrganisationId("H1".into())];
    db.store
        .holdings(&asked, |batch| found.extend_from_slice(batch))
        .await
        .unwrap();
    // Of each patient three and three, but for the one that is deprecated.
    assert_eq!(found.len(), 2 * 5);
    assert!(found.iter().all(|document| document.author_org.0 != "H2"));
    assert_eq!(found[0].class_code.as_str(), "18842-5");
    assert_eq!(found[0].confidentiality, xds_policy::words::Confidentiality::R);
    let patients: BTreeSet<_> = found.iter().map(|document| &document.patient).collect();
    assert_eq!(patients.len(), 2);
}

#[tokio::test]
async fn batches_of_holdings_part_no_patient() {
    let db = empty().await;
    // More of each patient than a page of the statement has, and more of the first than a batch.
    let fill =
        "INSERT INTO document_entry (patient, id, status, entry_type, scope, online, version, registered_at,
                       organisation, unique_id, body)
                SELECT p.key, gen_random_uuid(), 1, 1, 1, true, 1, now(), 'H0', '1.2.' || n, ''
                  FROM patient p CROSS JOIN generate_series(1, 10001) n";
    db.client().await.batch_execute(fill).await.unwrap();
    let mut batches = Vec::new();
    let asked = [OrganisationId("H0".into())];
    db.store
        .holdings(&asked, |batch| {
            let patients: BTreeSet<_> = batch.iter().map(|document| document.patient.clone()).collect();
            batches.push((patients.len(), batch.len()));
        })
        .await
        .unwrap();
    assert_eq!(batches, [(1, 10001), (1, 10001)]);
}

#[test]
fn drafts_say_what_is_wrong_without_what_stands_there() {
    let draft = |text: &str| {
        Instrument::draft(InstrumentKind::Refusal, text, &change(1, 0), &[])
            .unwrap_err()
            .to_string()
    };
    assert!(draft("{\n  \"id\":").contains("line 2"));
    assert!(draft("[]").contains("an object"));
    assert!(draft("{}").contains("missing field `id`"));
    let wrong = json!({ "id": "r", "effective_from": "2026-11-24T00:00:00Z",
                        "terms": { "patient": P, "level": "SECRET-LEVEL", "given_by": "PATIENT" } });
    let said = draft(&wrong.to_string());
    assert!(
        said.contains("unknown variant") && !said.contains("SECRET"),
        "{said}"
    );
}
