//! Sheets as they are printed, and every verb once on a real PostgreSQL.

use registry_core::records::{Disclosure, Released, Side, Written, written};
use registry_store::{KeptRecord, RecordName};
use registry_trail::report::{Language, MonthRange};
use time::Duration;
use uuid::Uuid;
use xds_model::IdSource;
use xds_model::time::System;
use xds_policy::engine::decide;
use xds_policy::ledger::Facts;
use xds_policy::words::Operation;

use super::super::desk::{Desk, lasting};
use super::month::MonthReport;
use super::patient::PatientReport;
use super::received::Received;

#[expect(dead_code, reason = "the tests of xds-policy use the rest")]
#[path = "../../../../common/policy/tests/it/fixture.rs"]
mod law;

use law::{NOW, P, World};

/// What is written down when the world's document goes out.
fn disclosed(world: &World) -> Written {
    let (ledger, patient) = world.file.clone().into_facts();
    let facts = Facts {
        ledger: &ledger,
        patient: &patient,
    };
    let permit = decide(facts, &world.request, &world.document).permit().unwrap();
    let released = [Released {
        title: Some("診療情報提供書 <紹介>".to_owned()),
        hash: Some("da39a3ee5e6b4b0d3255bfef95601890afd80709".to_owned()),
        source_patient: Some("0077^^^&1.2.3&ISO".to_owned()),
        ..Released::new(
            Uuid::from_u128(1),
            world.document.clone(),
            permit,
            Uuid::from_u128(77),
        )
    }];
    let disclosure = Disclosure {
        request: &world.request,
        released: &released,
    };
    written(facts, &disclosure)
}

/// As if they were kept.
fn kept() -> Vec<KeptRecord> {
    let later = law::scoped().with(|world| {
        world.request.op = Operation::Retrieve;
        world.request.at = NOW + Duration::minutes(5);
    });
    let worlds = [law::scoped(), later, law::joint(), law::push(), law::emergency()];
    let entries = worlds.iter().flat_map(|world| disclosed(world).entries);
    entries
        .enumerate()
        .map(|(number, entry)| KeptRecord {
            name: RecordName {
                organisation: entry.record.ledger().0.clone(),
                side: entry.record.side,
                counterparty: entry.record.counterparty().organisation.0.clone(),
                position: i64::try_from(number).unwrap() + 1,
            },
            person: Some("山田 太郎".to_owned()),
            sha256: "00".repeat(32),
            previous: String::new(),
            keep_until: entry.keep_until,
            record: entry.record,
        })
        .collect()
}

/// Compares with a file, or writes it with RENKEI_GOLDEN=write.
fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/records")
        .join(name);
    if std::env::var("RENKEI_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::write(&path, text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == wanted, "{name} differs:\n{text}");
}

fn month(side: Side) -> MonthReport {
    let keeper = if side == Side::Provision { "H1" } else { "C2" };
    let records: Vec<KeptRecord> = kept()
        .into_iter()
        .filter(|kept| kept.name.organisation == keeper && kept.name.side == side)
        .collect();
    MonthReport {
        keeper: records[0].record.keeper().clone(),
        side,
        month: MonthRange::of(2026, 11).unwrap(),
        made_at: NOW + Duration::days(7),
        made_by: "事務局 佐藤".to_owned(),
        is_cut: false,
        records,
    }
}

#[test]
fn the_month_of_a_provider_has_a_table_for_each_receiver() {
    let sheet = month(Side::Provision).sheet(Language::Japanese);
    assert_eq!(sheet.sections.len(), 3, "C1, C2, C3");
    golden("month-provision.ja.html", &sheet.html());
    golden("month-provision.ja.csv", &sheet.csv());
}

#[test]
fn the_month_of_a_receiver_says_how_data_were_acquired() {
    let sheet = month(Side::Receipt).sheet(Language::Japanese);
    golden("month-receipt.ja.csv", &sheet.csv());
    golden(
        "month-receipt.en.csv",
        &month(Side::Receipt).sheet(Language::English).csv(),
    );
    let mut cut = month(Side::Receipt);
    cut.is_cut = true;
    assert!(cut.sheet(Language::Japanese).csv().contains("一部のみ"));
    let empty = MonthReport {
        records: Vec::new(),
        ..month(Side::Receipt)
    };
    assert!(
        empty
            .sheet(Language::Japanese)
            .html()
            .contains("この月の記録はありません")
    );
}

#[test]
fn a_patients_sheet_has_both_sides() {
    let report = PatientReport {
        patient: P.to_owned(),
        organisation: None,
        made_at: NOW + Duration::days(7),
        made_by: "事務局 佐藤".to_owned(),
        is_cut: false,
        records: kept(),
    };
    let sheet = report.sheet(Language::Japanese);
    assert_eq!(sheet.sections.len(), 2);
    golden("patient.ja.html", &sheet.html());
    assert!(!sheet.html().contains("<紹介>"));
}

#[test]
fn who_received_what_is_told_once_for_each_pair() {
    let records: Vec<KeptRecord> = kept()
        .into_iter()
        .filter(|kept| kept.name.side == Side::Provision)
        .collect();
    let received = Received::new(P.to_owned(), &records, false, NOW + Duration::days(7));
    let sheet = received.sheet(Language::Japanese);
    golden("received.ja.csv", &sheet.csv());
    let value = serde_json::to_value(&received).unwrap();
    assert_eq!(value["lines"].as_array().unwrap().len(), 5);
}

#[test]
fn a_break_is_told_with_its_record() {
    use registry_core::records::chain::Break;
    use registry_store::{FaultyStrand, StrandName, Verified};
    use xds_server::lang::Lang;
    let verified = Verified {
        strands: 2,
        records: 9,
        ends: "ab".to_owned(),
        faulty: vec![FaultyStrand {
            strand: StrandName {
                organisation: "H1".to_owned(),
                side: Side::Provision,
                counterparty: "C1".to_owned(),
            },
            breaks: vec![Break::Missing { position: 4 }, Break::Changed { position: 7 }],
        }],
    };
    let told = super::upkeep::told(&verified, Lang::Ja);
    assert!(
        told.contains("H1/provision/C1/4: ここから記録が失われています"),
        "{told}"
    );
    assert!(
        told.contains("H1/provision/C1/7: 記録が書き換えられています"),
        "{told}"
    );
    assert!(super::upkeep::told(&verified, Lang::En).contains("C1/4: missing"));
}

#[tokio::test]
async fn ledgers_are_looked_at_and_every_look_is_told() {
    let desk = Desk::new().await;
    for world in [law::scoped(), law::joint()] {
        desk.store
            .keep_records(&disclosed(&world), &System)
            .await
            .unwrap();
    }
    assert!(desk.run(&["record", "list", "--org", "H1"]).await);
    assert!(
        desk.run(&["record", "list", "--org", "C2", "--side", "receipt", "--json"])
            .await
    );
    assert!(
        desk.run(&["record", "show", "--record", "H1/provision/C2/1"])
            .await
    );
    assert!(
        !desk
            .run(&["record", "show", "--record", "H1/provision/C2/2"])
            .await
    );
    let page = desk.folder.join("month.html");
    let page = page.to_str().unwrap();
    let month = [
        "record", "month", "--org", "H1", "--month", "2026-11", "--output", page,
    ];
    assert!(desk.run(&month).await);
    assert!(
        std::fs::read_to_string(page)
            .unwrap()
            .contains("第三者提供の記録")
    );
    assert!(desk.run(&["record", "patient", "--patient", P]).await);
    assert!(desk.run(&["record", "received", "--patient", P, "--json"]).await);
    assert!(desk.run(&["record", "verify"]).await);
    assert!(desk.run(&["record", "expire"]).await);
    let acts = desk.store.owed_acts().await.unwrap();
    for (verb, times) in [
        ("record list", 2),
        ("record show", 2),
        ("record month", 1),
        ("record patient", 1),
        ("record received", 1),
        ("record verify", 1),
        ("record expire", 1),
    ] {
        let told: Vec<_> = acts.iter().filter(|act| act.deed.verb == verb).collect();
        assert_eq!(told.len(), times, "{verb}");
        let looks = ["record verify", "record expire"];
        if !looks.contains(&verb) {
            assert_eq!(told[0].deed.patients, [P], "{verb}");
        }
    }
}

#[tokio::test]
async fn a_refusal_tells_who_received_what_already() {
    let desk = Desk::new().await;
    let file = desk.file("domain.json", &lasting().to_string());
    assert!(desk.run(&["domain", "import", "--file", &file]).await);
    let written = disclosed(&law::scoped());
    desk.store.keep_records(&written, &System).await.unwrap();
    let text = serde_json::json!({
        "id": format!("refusal-{}", System.random().simple()),
        "effective_from": "2026-11-24T00:00:00Z",
        "terms": { "patient": P, "level": "NETWORK", "given_by": "PATIENT" }
    });
    let refusal = desk.file("refusal.json", &text.to_string());
    assert!(
        desk.run(&["instrument", "add", "--kind", "refusal", "--file", &refusal])
            .await
    );
    assert_eq!(desk.told("record received").await, 1);
    assert!(
        desk.run(&["instrument", "end", "--kind", "consent", "--id", "consent-C2"])
            .await
    );
    assert_eq!(desk.told("record received").await, 2);
    // A refusal that is lifted takes nothing away.
    assert!(
        desk.run(&["instrument", "end", "--kind", "refusal", "--id", "refusal-1"])
            .await
    );
    assert_eq!(desk.told("record received").await, 2);
}
