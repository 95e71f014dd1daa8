//! Reports, golden, and what they count in the database.

use std::path::Path;

use registry_trail::report::{
    AccessReport, AccessRequest, Audience, Directory, Language, MonthRange, Signature, Thresholds,
    access_report, anomalies, review_report,
};
use registry_trail::{Page, Question, SignOff, Who};
use time::macros::{date, datetime};
use time::{Duration, OffsetDateTime};
use xds_audit::{Closing, Event, EventKind, Objects, Outcome, Told};
use xds_model::Transaction;

use crate::db::Db;
use crate::fixture::{AT, P1, P2, doctor, refused, retrieve, told};

/// Compares with the file; with `RENKEI_GOLDEN=write`, writes it.
fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    if std::env::var("RENKEI_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{name} differs; it is now:\n{text}");
}

fn directory() -> Directory {
    let map = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(code, name)| ((*code).to_owned(), (*name).to_owned()))
            .collect()
    };
    Directory {
        organisations: map(&[
            ("1310000001", "さくら診療所"),
            ("1310000002", "みなと病院 <救急>"),
        ]),
        roles: map(&[("221", "医師")]),
        persons: map(&[("dr.sato", "佐藤 花子")]),
    }
}

/// What befell P1: a lookup of two patients, an opening, an emergency, a refusal, and what the system did.
fn events() -> Vec<Told> {
    let mut lookup = retrieve(P1, "1.2.1");
    lookup.opening.kind = EventKind::received(Transaction::Iti51);
    lookup.opening.objects = Objects {
        patients: vec![P1.to_owned(), P2.to_owned()],
        ..Objects::default()
    };
    lookup.closing.objects = Objects {
        registry_objects: vec!["urn:uuid:of-p1".to_owned(), "urn:uuid:OTHER-CANARY".to_owned()],
        owners: [("urn:uuid:of-p1", P1), ("urn:uuid:OTHER-CANARY", P2)]
            .map(|(id, owner)| (id.to_owned(), owner.to_owned()))
            .into(),
        ..Objects::default()
    };
    let mut emergency = retrieve(P1, "1.2.1");
    emergency.closing.decisions[0].basis = "EMERG".to_owned();
    let caller = &mut emergency.opening.caller;
    caller.organisation = Some("1310000002".to_owned());
    caller.node = Some("hospital-b".to_owned());
    let user = caller.user.as_mut().unwrap();
    user.id = "=HYPERLINK(\"http://evil.example\")".to_owned();
    user.purposes[0].code = "BTG".to_owned();
    let mut decision = retrieve(P1, "1.2.1");
    decision.opening.kind = EventKind::received(Transaction::Decision);
    let read = Event {
        opening: xds_audit::Opening {
            kind: EventKind::AuditLogRead {
                uri: "urn:renkei:audit".to_owned(),
            },
            ..retrieve(P1, "1.2.1").opening
        },
        closing: Closing::success(),
    };
    let mut read = read;
    read.opening.objects.documents.clear();
    let at = |minutes: i64| -> OffsetDateTime { AT + Duration::minutes(minutes) };
    vec![
        told(1, 6, at(60), read),
        told(1, 5, at(40), refused(P1)),
        told(2, 9, at(30), emergency),
        told(1, 3, at(20), decision),
        told(1, 2, at(20), retrieve(P1, "1.2.1")),
        told(1, 1, at(0), lookup),
        told(1, 0, at(-100_000), retrieve(P1, "1.2.1")),
    ]
}

fn request() -> AccessRequest {
    AccessRequest {
        audience: Audience::Patient,
        patient: P1.to_owned(),
        from: datetime!(2026-11-01 0:00 +9),
        until: datetime!(2026-12-01 0:00 +9),
        made_at: datetime!(2026-11-25 0:00 UTC),
        made_by: "さくら地域医療連携協議会".to_owned(),
        is_cut: false,
    }
}

fn report(audience: Audience) -> AccessReport {
    let request = AccessRequest {
        audience,
        ..request()
    };
    access_report(&request, &events(), &directory())
}

#[test]
fn who_saw_this_patients_records() {
    let patient = report(Audience::Patient);
    let institution = report(Audience::Institution);
    let (ja, en) = (Language::Japanese, Language::English);
    assert_golden("access-patient.ja.html", &patient.sheet(ja).html());
    assert_golden("access-patient.en.html", &patient.sheet(en).html());
    assert_golden("access-patient.ja.csv", &patient.sheet(ja).csv());
    assert_golden("access-institution.ja.html", &institution.sheet(ja).html());
    assert_golden("access-institution.en.csv", &institution.sheet(en).csv());
    let json = serde_json::to_string_pretty(&institution).unwrap();
    assert_golden("access-institution.json", &json);
}

#[test]
fn the_patients_sheet_tells_each_access_once_and_nothing_of_others() {
    let patient = report(Audience::Patient);
    let kinds: Vec<&str> = patient.lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["audit-log-read", "ITI-43", "ITI-43", "ITI-43", "ITI-51"]);
    let institution = report(Audience::Institution);
    assert_eq!(institution.lines.len(), 6);
    for report in [&patient, &institution] {
        let json = serde_json::to_string(report).unwrap();
        let sheet = report.sheet(Language::Japanese);
        let all = json + &sheet.html() + &sheet.csv();
        assert!(!all.contains("CANARY") && !all.contains(P2), "{all}");
        assert!(all.contains("urn:uuid:of-p1") || report.audience == Audience::Patient);
    }
    assert!(!patient.sheet(Language::English).html().contains("HYPERLINK"));
}

#[test]
fn a_publication_is_one_line_for_the_patient() {
    let publication = |sequence, transaction, set: &str| {
        let mut event = retrieve(P1, "1.2.1");
        event.opening.kind = EventKind::received(transaction);
        event.opening.objects = Objects {
            submission_set: Some(set.to_owned()),
            ..Objects::of_patient(P1.to_owned())
        };
        told(1, sequence, AT, event)
    };
    let mut refused = publication(3, Transaction::Iti42, "1.9.1");
    refused.event.closing = Closing::failure(Outcome::MinorFailure, ["XDSRegistryBusy"]);
    let events = [
        publication(1, Transaction::Iti41, "1.9.1"),
        publication(2, Transaction::Iti42, "1.9.1"),
        refused,
        publication(4, Transaction::Iti42, "1.9.2"),
    ];
    let lines = |audience| -> Vec<String> {
        let request = AccessRequest {
            audience,
            ..request()
        };
        let report = access_report(&request, &events, &directory());
        report
            .lines
            .into_iter()
            .map(|line| format!("{} {:?}", line.kind, line.outcome))
            .collect()
    };
    // Registered directly, and what ended otherwise than the repository says, stay.
    let told = ["ITI-41 Success", "ITI-42 MinorFailure", "ITI-42 Success"];
    assert_eq!(lines(Audience::Patient), told);
    assert_eq!(lines(Audience::Institution).len(), 4);
}

#[test]
fn no_cell_of_the_institutions_csv_is_a_formula() {
    let csv = report(Audience::Institution).sheet(Language::Japanese).csv();
    assert!(
        csv.contains("\"'=HYPERLINK(\"\"http://evil.example\"\")"),
        "{csv}"
    );
    let html = report(Audience::Institution).sheet(Language::Japanese).html();
    assert!(html.contains("みなと病院 &lt;救急&gt;") && !html.contains("<救急>"));
}

#[tokio::test]
async fn the_monthly_review_counts_what_was_indexed_and_is_signed_for_good() {
    let db = Db::new().await;
    let month = MonthRange::of(2026, 11).unwrap();
    let mut all = events();
    // Refused again and again within one hour, in the evening; and once more in the month before.
    let evening = datetime!(2026-11-20 21:00 +9);
    all.extend((100..112).map(|sequence| {
        let minutes = i64::try_from(sequence).unwrap() - 100;
        told(1, sequence, evening + Duration::minutes(minutes), refused(P2))
    }));
    all.extend((200..230).map(|sequence| {
        let patient = format!("Q{sequence}^^^&1.2.3&ISO");
        told(
            1,
            sequence,
            datetime!(2026-11-19 10:30 +9),
            retrieve(&patient, "1.2.1"),
        )
    }));
    let mut busy = refused(P2);
    busy.closing.errors = vec!["XDSRegistryBusy".to_owned()];
    all.push(told(1, 300, datetime!(2026-11-19 11:30 +9), busy));
    all.retain(|told| told.id.sequence > 0);
    db.indexer.index(&all).await.unwrap();
    let thresholds = Thresholds::default();
    let hours = db
        .reader
        .hours(
            thresholds.history_from(month),
            month.until,
            &thresholds.emergency_bases,
            &thresholds.retry_errors,
        )
        .await
        .unwrap();
    let sato = Who {
        node: Some("clinic-a".to_owned()),
        organisation: Some("1310000001".to_owned()),
        user: Some("dr.sato".to_owned()),
        issuer: Some("https://idp.example.jp".to_owned()),
    };
    let of = |at: OffsetDateTime| {
        hours
            .iter()
            .find(|hour| hour.hour == at && hour.who == sato)
            .unwrap()
    };
    let many = of(datetime!(2026-11-19 10:00 +9));
    assert_eq!((many.events, many.patients, many.denials), (30, 30, 0));
    let denied = of(evening);
    assert_eq!((denied.events, denied.patients, denied.denials), (12, 1, 12));
    assert_eq!(of(datetime!(2026-11-19 11:00 +9)).denials, 0);
    let counts = db.reader.counts(month.from, month.until).await.unwrap();
    let found = anomalies(&hours, month, &thresholds);
    let mut review = review_report(month, counts, found, datetime!(2026-12-01 1:00 UTC), "operator");
    review.journal_is_whole = Some(true);
    let report = serde_json::to_vec(&review).unwrap();
    let sign_off = SignOff {
        month: date!(2026 - 11 - 01),
        report,
        reviewer: "安全管理者 鈴木".to_owned(),
        remark: "確認した。".to_owned(),
        signed_at: datetime!(2026-12-02 1:00 UTC),
    };
    assert_eq!(
        db.reader.sign(&sign_off).await.unwrap_err().sqlstate(),
        Some("42501")
    );
    db.operator.sign(&sign_off).await.unwrap();
    let signed = db.reader.sign_offs(month.first).await.unwrap();
    assert!(signed == [sign_off]);
    review.signatures = signed
        .into_iter()
        .map(|signed| Signature {
            reviewer: signed.reviewer,
            remark: signed.remark,
            signed_at: signed.signed_at,
        })
        .collect();
    let directory = directory();
    assert_golden(
        "review.ja.html",
        &review.sheet(Language::Japanese, &directory).html(),
    );
    assert_golden(
        "review.en.csv",
        &review.sheet(Language::English, &directory).csv(),
    );
    assert_golden("review.json", &serde_json::to_string_pretty(&review).unwrap());
}

#[tokio::test]
async fn a_sheet_is_made_from_what_a_search_finds() {
    let db = Db::new().await;
    let mut all = events();
    all.retain(|told| told.id.sequence > 0);
    db.indexer.index(&all).await.unwrap();
    let question = Question {
        patient: Some(P1.to_owned()),
        ..Question::default()
    };
    let found = db.reader.search(&question, Page::first(100)).await.unwrap();
    let request = AccessRequest {
        audience: Audience::Institution,
        patient: P1.to_owned(),
        from: datetime!(2026-11-01 0:00 +9),
        until: datetime!(2026-12-01 0:00 +9),
        made_at: datetime!(2026-11-25 0:00 UTC),
        made_by: "さくら地域医療連携協議会".to_owned(),
        is_cut: false,
    };
    let made = access_report(&request, found.iter().map(|found| &found.told), &directory());
    assert_eq!(made.lines.len(), 6);
    assert_eq!(doctor().user.unwrap().id, "dr.sato");
    assert!(made.lines.iter().all(|line| line.facility != "1310000001"));
}
