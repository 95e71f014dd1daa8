//! Ledgers of provision and receipt on a real database: whole, chained, kept until their time is over.

use registry_core::records::chain::Break;
use registry_core::records::{Disclosure, Released, Side, TaskKind, Written, written};
use registry_store::{
    Change, Deed, Instrument, LedgerRange, PatientRange, RecordsError, Store, StoreError, TaskCount,
};
use serde_json::json;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use xds_model::PatientId;
use xds_policy::engine::{decide, session_to_enter};
use xds_policy::ledger::Facts;
use xds_policy::version::InstrumentKind;
use xds_policy::words::InstrumentId;

use crate::db::{Db, fresh_space};
use crate::fixture::{Ids, patient, uuid};
use crate::vectors::{self, NOW, P, World};

fn p() -> PatientId {
    P.parse().unwrap()
}

fn change(number: u128, at: OffsetDateTime, who: &str) -> Change {
    Change {
        id: uuid(number),
        at,
        who: who.to_owned(),
        reason: None,
    }
}

async fn db() -> Db {
    let db = Db::empty().await;
    db.add_patients(&[p(), patient("P1")]).await;
    db
}

/// What is written down when the world's document goes out.
fn disclosed(world: &World) -> Written {
    let (ledger, instruments) = world.file.clone().into_facts();
    let facts = Facts {
        ledger: &ledger,
        patient: &instruments,
    };
    let permit = decide(facts, &world.request, &world.document).permit().unwrap();
    let released = [Released::new(
        Uuid::from_u128(1),
        world.document.clone(),
        permit,
        uuid(77),
    )];
    let disclosure = Disclosure {
        request: &world.request,
        released: &released,
    };
    written(facts, &disclosure)
}

async fn keep(store: &Store, written: &Written) {
    let ids = Ids::new(fresh_space());
    store.keep_records(written, &ids).await.unwrap();
}

fn ledger_of(organisation: &str, side: Side) -> LedgerRange {
    LedgerRange {
        organisation: organisation.to_owned(),
        side,
        from: datetime!(2000-01-01 0:00 UTC),
        until: datetime!(2100-01-01 0:00 UTC),
        counterparty: None,
        rows_max: 10_000,
    }
}

fn of_patient(patient: PatientId) -> PatientRange {
    PatientRange {
        patient,
        from: datetime!(2000-01-01 0:00 UTC),
        until: datetime!(2100-01-01 0:00 UTC),
        organisation: None,
        side: None,
        rows_max: 10_000,
    }
}

async fn breaks(db: &Db) -> Vec<Vec<Break>> {
    let verified = db.store.verify_records(None).await.unwrap();
    verified.faulty.into_iter().map(|faulty| faulty.breaks).collect()
}

#[tokio::test]
async fn both_sides_keep_what_was_disclosed() {
    let db = db().await;
    db.client()
        .await
        .batch_execute("UPDATE patient SET ideographic = '山田 太郎'")
        .await
        .unwrap();
    let disclosed = disclosed(&vectors::scoped());
    keep(&db.store, &disclosed).await;
    keep(&db.store, &disclosed).await;
    for (organisation, side, other) in [("H1", Side::Provision, "C2"), ("C2", Side::Receipt, "H1")] {
        let kept = db
            .store
            .records_of_ledger(&ledger_of(organisation, side))
            .await
            .unwrap();
        let names: Vec<String> = kept.iter().map(|kept| kept.name.to_string()).collect();
        let prefix = format!("{organisation}/{}/{other}", side.name());
        assert_eq!(names, [format!("{prefix}/1"), format!("{prefix}/2")]);
        assert_eq!(kept[0].person.as_deref(), Some("山田 太郎"));
        let entry = disclosed
            .entries
            .iter()
            .find(|entry| entry.record.side == side)
            .unwrap();
        assert_eq!(kept[0].record, entry.record);
        assert_eq!(
            (kept[0].previous.as_str(), &kept[1].previous),
            ("", &kept[0].sha256)
        );
        assert_eq!(kept[0].keep_until, entry.keep_until);
        let named = db.store.record(&kept[1].name).await.unwrap().unwrap();
        assert_eq!(named.sha256, kept[1].sha256);
        let mut unknown = kept[1].name.clone();
        unknown.position = 3;
        assert!(db.store.record(&unknown).await.unwrap().is_none());
    }
    let empty = ledger_of("C2", Side::Provision);
    assert!(db.store.records_of_ledger(&empty).await.unwrap().is_empty());
    let verified = db.store.verify_records(None).await.unwrap();
    assert_eq!((verified.strands, verified.records), (2, 4));
    assert!(verified.faulty.is_empty());
    // PostgreSQL itself says the same of the first link.
    let sql = "SELECT count(*) FROM provision_record
                WHERE sha256 = sha256(previous || sha256(convert_to(content || chr(10) || person, 'UTF8')))";
    assert_eq!(db.count(sql).await, 4);
}

#[tokio::test]
async fn all_or_nothing_and_nothing_of_nobody() {
    let db = Db::empty().await;
    let ids = Ids::new(fresh_space());
    let refused = db
        .store
        .keep_records(&disclosed(&vectors::emergency()), &ids)
        .await;
    assert!(
        matches!(
            &refused,
            Err(RecordsError::Store(
                StoreError::Server { .. } | StoreError::Constraint { .. }
            ))
        ),
        "the patient is not known: {refused:?}"
    );
    for table in ["provision_record", "record_strand", "disclosure_task"] {
        assert_eq!(db.count(&format!("SELECT count(*) FROM {table}")).await, 0);
    }
    let nothing = db.store.keep_records(&Written::default(), &ids).await.unwrap();
    assert!(nothing.is_empty());
}

#[tokio::test]
async fn requests_at_once_make_whole_strands() {
    let db = db().await;
    let (scoped, joint) = (disclosed(&vectors::scoped()), disclosed(&vectors::joint()));
    let mut at_once = Vec::new();
    for number in 0..8 {
        let store = db.store.clone();
        // Of two receivers; some are written down with both at once.
        let mut written = if number % 2 == 0 {
            scoped.clone()
        } else {
            joint.clone()
        };
        if number % 4 == 0 {
            written.extend(scoped.clone());
            written.extend(joint.clone());
        }
        at_once.push(tokio::spawn(async move {
            for _ in 0..5 {
                keep(&store, &written).await;
            }
        }));
    }
    for one in at_once {
        one.await.unwrap();
    }
    let verified = db.store.verify_records(None).await.unwrap();
    assert_eq!(verified.strands, 4, "H1 to C2 and C1, each of two sides");
    assert_eq!(verified.records, 2 * 5 * (8 + 2 * 2));
    assert!(verified.faulty.is_empty(), "{:?}", verified.faulty);
    let one = db.store.verify_records(Some("C2")).await.unwrap();
    assert_eq!(one.strands, 1);
    assert_ne!(one.ends, verified.ends);
}

#[tokio::test]
async fn nobody_changes_or_removes_a_record() {
    let db = db().await;
    let role = format!("records_{}", db.parameters.database);
    let client = db.client().await;
    let create = format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'");
    client.batch_execute(&create).await.unwrap();
    db.store.grant(&role).await.unwrap();
    let serving = db.with(|config| {
        config.user = role.clone();
        config.password = Some("secret".to_owned());
    });
    keep(&serving, &disclosed(&vectors::scoped())).await;
    keep(&serving, &disclosed(&vectors::scoped())).await;
    for who in ["RESET ROLE".to_owned(), format!("SET ROLE {role}")] {
        client.batch_execute(&who).await.unwrap();
        for statement in [
            "UPDATE provision_record SET content = 'x'",
            "UPDATE provision_record SET keep_until = now()",
            "DELETE FROM provision_record",
            "TRUNCATE provision_record",
            "SET renkei.expiring = 'on'; DELETE FROM provision_record",
            "RESET renkei.expiring; UPDATE record_strand SET position = position - 1",
            "UPDATE record_strand SET chain = '{}'",
            "UPDATE record_strand SET expired = 1",
            "DELETE FROM record_strand",
            "TRUNCATE record_strand",
        ] {
            assert!(
                client.batch_execute(statement).await.is_err(),
                "{who}: {statement}"
            );
        }
    }
    client.batch_execute("RESET ROLE").await.unwrap();
    let early = "INSERT INTO provision_record SELECT patient, at, gen_random_uuid(), organisation, side, counterparty,
                        3, basis, legally_required, decision, at + interval '2 years', person, content, previous, sha256
                   FROM provision_record";
    assert!(
        client.batch_execute(early).await.is_err(),
        "kept for less than the law asks"
    );
    // The function removes nothing either whose time is not over.
    let change = change(1, NOW, "事務局");
    let far = datetime!(2090-01-01 0:00 UTC);
    assert_eq!(serving.expire_records(far, &change).await.unwrap(), 0);
    assert_eq!(db.count("SELECT count(*) FROM provision_record").await, 4);
}

/// As if it were then.
fn then(at: OffsetDateTime) -> Written {
    let mut written = disclosed(&vectors::scoped());
    for entry in &mut written.entries {
        entry.record.at = at;
        entry.keep_until = at + Duration::days(5 * 366);
    }
    written
}

#[tokio::test]
async fn what_is_over_is_removed_from_the_beginning_and_the_rest_stays_one_piece() {
    let db = db().await;
    for at in [
        datetime!(2015-01-01 0:00 UTC),
        datetime!(2016-01-01 0:00 UTC),
        datetime!(2018-01-01 0:00 UTC),
        NOW,
        // Written late: what has to stay keeps what is behind it.
        datetime!(2015-02-01 0:00 UTC),
    ] {
        keep(&db.store, &then(at)).await;
    }
    let expire = async |number, before| {
        let change = change(number, NOW, "事務局");
        db.store.expire_records(before, &change).await.unwrap()
    };
    // By policy it is kept longer than the rows say.
    assert_eq!(expire(1, datetime!(2014-01-01 0:00 UTC)).await, 0);
    assert_eq!(
        expire(2, datetime!(2017-01-01 0:00 UTC)).await,
        4,
        "two, of either side"
    );
    assert_eq!(breaks(&db).await, [] as [Vec<Break>; 0]);
    assert_eq!(expire(3, NOW).await, 2);
    assert_eq!(expire(4, NOW).await, 0);
    assert_eq!(breaks(&db).await, [] as [Vec<Break>; 0]);
    let left = db
        .store
        .records_of_ledger(&ledger_of("H1", Side::Provision))
        .await
        .unwrap();
    let positions: Vec<i64> = left.iter().map(|kept| kept.name.position).collect();
    assert_eq!(positions, [5, 4]);
    // It goes on where it was.
    keep(&db.store, &disclosed(&vectors::scoped())).await;
    assert_eq!(breaks(&db).await, [] as [Vec<Break>; 0]);
    let acts = db.store.owed_acts().await.unwrap();
    let told: Vec<_> = acts
        .iter()
        .filter(|act| act.deed.verb == "record expire")
        .map(|act| act.deed.after.clone().unwrap())
        .collect();
    assert_eq!(told, [json!(0), json!(4), json!(2), json!(0)]);
}

#[tokio::test]
async fn what_was_done_past_the_triggers_shows() {
    let tampered = async |sql: &str| {
        let db = db().await;
        for _ in 0..3 {
            keep(&db.store, &disclosed(&vectors::scoped())).await;
        }
        assert_eq!(breaks(&db).await, [] as [Vec<Break>; 0]);
        let past = format!("ALTER TABLE provision_record DISABLE TRIGGER USER; {sql}");
        db.client().await.batch_execute(&past).await.unwrap();
        breaks(&db).await
    };
    let of_h1 = "organisation = 'H1'";
    let [missing, changed] = [
        vec![vec![Break::Missing { position: 2 }]],
        vec![vec![Break::Changed { position: 2 }]],
    ];
    let at = |sql: &str| format!("{sql} WHERE {of_h1} AND position = 2");
    assert_eq!(tampered(&at("DELETE FROM provision_record")).await, missing);
    for change in [
        "content = replace(content, '\"H1 ', '\"H9 ')",
        "person = '別人'",
        "legally_required = false",
        "basis = 'OWN'",
        "decision = 'another'",
        "at = at - interval '1 day'",
    ] {
        let sql = at(&format!("UPDATE provision_record SET {change}"));
        assert_eq!(tampered(&sql).await, changed, "{change}");
    }
    let last = format!("DELETE FROM provision_record WHERE {of_h1} AND position = 3");
    assert_eq!(tampered(&last).await, [[Break::Missing { position: 3 }]]);
    let copied = format!(
        "INSERT INTO provision_record SELECT patient, at, gen_random_uuid(), organisation, side, counterparty, 4, basis,
                legally_required, decision, keep_until, person, content, previous, sha256
           FROM provision_record WHERE {of_h1} AND position = 3"
    );
    let found = tampered(&copied).await;
    assert_eq!(found[0].last(), Some(&Break::Extra { position: 4 }), "{found:?}");
}

#[tokio::test]
async fn records_follow_the_surviving_patient() {
    let db = db().await;
    keep(&db.store, &disclosed(&vectors::scoped())).await;
    let found = db.store.records_of_patient(&of_patient(p())).await.unwrap();
    assert_eq!(found.len(), 2);
    let of_other = of_patient(patient("P1"));
    assert!(db.store.records_of_patient(&of_other).await.unwrap().is_empty());
    let merge = "UPDATE patient SET surviving = (SELECT key FROM patient WHERE id = 'P1') WHERE id = 'P0001'";
    db.client().await.batch_execute(merge).await.unwrap();
    for asked in [p(), patient("P1")] {
        let found = db.store.records_of_patient(&of_patient(asked)).await.unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].record.person.patient.0, P, "as it was at that time");
    }
    let narrow = |side, organisation: &str| PatientRange {
        side: Some(side),
        organisation: Some(organisation.to_owned()),
        ..of_patient(p())
    };
    let count = async |range: PatientRange| db.store.records_of_patient(&range).await.unwrap().len();
    assert_eq!(count(narrow(Side::Receipt, "C2")).await, 1);
    assert_eq!(count(narrow(Side::Receipt, "H1")).await, 0);
    let later = PatientRange {
        from: NOW + Duration::seconds(1),
        ..of_patient(p())
    };
    assert_eq!(count(later).await, 0);
}

/// The law's world in the database, with an emergency that is declared and no session.
async fn declared() -> (Db, World) {
    let db = db().await;
    let world = vectors::emergency().with(|world| world.file.break_glass_sessions.clear());
    let ids = Ids::new(fresh_space());
    let entered = change(900, NOW - Duration::hours(1), "事務局");
    db.store
        .import_domain(&world.file, "test", &entered, &ids)
        .await
        .unwrap();
    (db, world)
}

async fn open(store: &Store, world: &World, number: u128) -> Option<InstrumentId> {
    let at = world.request.at;
    let ledger = store.load_domain(at).await.unwrap();
    let opened = store
        .open_session(&p(), &ledger, &change(number, at, "dr-1"), |instruments| {
            let facts = Facts {
                ledger: &ledger,
                patient: instruments,
            };
            let id = InstrumentId(format!("emergency-{number}"));
            session_to_enter(facts, &world.request, id)
        })
        .await
        .unwrap();
    let facts = Facts {
        ledger: &ledger,
        patient: &opened.patient,
    };
    let permit = decide(facts, &world.request, &world.document).permit().unwrap();
    assert_eq!(permit.basis.code(), "EMERG");
    opened.session.map(|session| session.id.clone())
}

#[tokio::test]
async fn of_requests_at_once_one_opens_the_session() {
    let (db, world) = declared().await;
    let mut at_once = Vec::new();
    for number in 1..=6 {
        let (store, world) = (db.store.clone(), world.clone());
        at_once.push(tokio::spawn(async move { open(&store, &world, number).await }));
    }
    let mut opened = 0;
    for one in at_once {
        opened += usize::from(one.await.unwrap().is_some());
    }
    assert_eq!(opened, 1);
    let sessions = db.store.patient_instruments(&p()).await.unwrap();
    let sessions: Vec<_> = sessions
        .iter()
        .filter(|known| known.reference().kind == InstrumentKind::BreakGlassSession)
        .collect();
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].entered_by(), "dr-1");
    let acts = db.store.owed_acts().await.unwrap();
    let told: Vec<_> = acts
        .iter()
        .filter(|act| act.deed.verb == "emergency open")
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].deed.patients, [P]);
}

#[tokio::test]
async fn tasks_are_opened_once_and_closed() {
    let (db, world) = declared().await;
    let session = open(&db.store, &world, 1).await.unwrap();
    let history = db
        .store
        .instrument_history(InstrumentKind::BreakGlassSession, &session)
        .await
        .unwrap();
    let mut with_session = world.clone();
    for instrument in &history {
        if let Instrument::BreakGlassSession(version) = instrument {
            with_session.file.break_glass_sessions.push(version.clone());
        }
    }
    let written = disclosed(&with_session);
    let ids = Ids::new(fresh_space());
    let new = db.store.keep_records(&written, &ids).await.unwrap();
    // Operator, officer and review came with the session; the author and the patient with the first release.
    let mut kinds: Vec<TaskKind> = new.iter().map(|task| task.kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [TaskKind::TellAuthor, TaskKind::TellPatient]);
    assert!(new.iter().all(|task| task.instrument == session.as_str()));
    let again = db.store.keep_records(&written, &ids).await.unwrap();
    assert!(again.is_empty(), "each once");

    let count = async |kind, now| db.store.task_count(kind, now).await.unwrap();
    let [open_one, late_one] = [(1, 0), (1, 1)].map(|(open, late)| TaskCount { open, late });
    let due = datetime!(2026-11-28 0:00 +9);
    assert_eq!(
        count(TaskKind::Review, due - Duration::seconds(1)).await,
        open_one
    );
    assert_eq!(count(TaskKind::Review, due).await, late_one);
    assert_eq!(
        count(TaskKind::TellAuthor, due).await,
        open_one,
        "never late: at once"
    );

    let reference = history[0].reference();
    let by = change(50, NOW + Duration::hours(1), "H1 連絡係");
    let done = (TaskKind::TellAuthor, Some("H1"));
    let deed = Deed::new("emergency notified", session.as_str());
    assert_eq!(db.store.task_done(reference, done, &deed, &by).await.unwrap(), 1);
    let again = change(51, NOW + Duration::hours(1), "H1 連絡係");
    assert_eq!(
        db.store.task_done(reference, done, &deed, &again).await.unwrap(),
        0
    );

    // The review is the session's next version, in one transaction with its task.
    let mut value = history[0].value().unwrap();
    value["version"] = json!(2);
    value["terms"]["review"] =
        json!({ "by": "officer", "at": "2026-11-24T05:00:00Z", "outcome": "JUSTIFIED", "text": "" });
    let by = change(52, datetime!(2026-11-24 05:00 UTC), "officer");
    let reviewed =
        Instrument::draft(InstrumentKind::BreakGlassSession, &value.to_string(), &by, &[]).unwrap();
    let closed = db
        .store
        .close_tasks("emergency review", &reviewed, (TaskKind::Review, None), &by)
        .await
        .unwrap();
    assert_eq!(closed, 1);
    assert_eq!(count(TaskKind::Review, due).await, TaskCount::default());
    let tasks = db
        .store
        .tasks_of("break_glass_session", session.as_str())
        .await
        .unwrap();
    let done: Vec<_> = tasks
        .iter()
        .filter_map(|task| Some((task.kind, task.done_by.as_deref()?)))
        .collect();
    assert_eq!(
        done,
        [(TaskKind::TellAuthor, "H1 連絡係"), (TaskKind::Review, "officer")]
    );
    let range = (NOW - Duration::days(1), NOW + Duration::days(1));
    assert_eq!(db.store.tasks(false, range, 100).await.unwrap().len(), 5);
    assert_eq!(db.store.tasks(true, range, 100).await.unwrap().len(), 3);
    assert!(tasks.iter().all(|task| task.patient == p()));
    let twice = db
        .store
        .close_tasks("emergency review", &reviewed, (TaskKind::Review, None), &by)
        .await;
    assert!(twice.is_err(), "a version is entered once");
}
