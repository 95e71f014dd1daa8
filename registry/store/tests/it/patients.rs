//! The patient identity feed.

use registry_core::patient::{Demographics, PatientChanges};
use registry_store::FedPatients;

use crate::db::Db;
use crate::fixture::*;

#[tokio::test]
async fn patients_are_added_once_and_renamed_when_known() {
    let db = Db::empty().await;
    let ids = Ids::new(0xbbbb);
    let named = |kana: &str| Demographics {
        phonetic: Some(kana.to_owned()),
        birth_date: Some("19500101".to_owned()),
        ..Demographics::default()
    };
    let add = PatientChanges::Add(vec![patient("P7")], named("ヤマダ タロウ"));
    let fed = |changes| {
        let (store, ids) = (&db.store, &ids);
        async move { store.feed(&changes, ids, now(), None).await.unwrap() }
    };
    assert_eq!(fed(add.clone()).await, FedPatients { added: 1, renamed: 0 });
    assert_eq!(fed(add).await, FedPatients { added: 0, renamed: 1 });
    let key = db.store.patient(&patient("P7")).await.unwrap().unwrap().key;

    let rename = PatientChanges::Rename(vec![patient("P7")], named("スズキ タロウ"));
    assert_eq!(fed(rename).await, FedPatients { added: 0, renamed: 1 });
    let known = db.store.patient(&patient("P7")).await.unwrap().unwrap();
    assert_eq!(known.key, key);
    assert_eq!(known.demographics.phonetic.as_deref(), Some("スズキ タロウ"));
    assert_eq!(known.demographics.birth_date.as_deref(), Some("19500101"));
    let search = "SELECT count(*) FROM patient WHERE search_key LIKE 'スズキ%'";
    assert_eq!(db.count(search).await, 1);

    // A08 creates nothing.
    let unknown = PatientChanges::Rename(vec![patient("P8")], named("サトウ"));
    assert_eq!(fed(unknown).await, FedPatients::default());
    assert!(db.store.patient(&patient("P8")).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_patient_fed_by_many_at_once_is_added_once() {
    let db = Db::empty().await;
    let mut feeders = Vec::new();
    for number in 0..16 {
        let store = db.store.clone();
        feeders.push(tokio::spawn(async move {
            let add = PatientChanges::Add(vec![patient("P7")], Demographics::default());
            store
                .feed(&add, &Ids::new(0xcc00 + number), now(), None)
                .await
                .unwrap()
                .added
        }));
    }
    let mut added = 0;
    for feeder in feeders {
        added += feeder.await.unwrap();
    }
    assert_eq!(added, 1);
    assert_eq!(db.count("SELECT count(*) FROM patient").await, 1);
}

#[tokio::test]
async fn patients_are_listed_by_the_beginning_of_their_name() {
    let db = Db::empty().await;
    for (number, kana) in (0u64..).zip(["ヤマダ タロウ", "ヤマモト ハナコ", "スズキ"]) {
        let person = Demographics {
            phonetic: Some(kana.to_owned()),
            ..Demographics::default()
        };
        let add = PatientChanges::Add(vec![patient(&format!("P{number}"))], person);
        let ids = Ids::new(crate::db::fresh_space());
        db.store.feed(&add, &ids, now(), None).await.unwrap();
    }
    let list = async |name: Option<&str>, rows_max| -> Vec<String> {
        let patients = db.store.patients(name, rows_max).await.unwrap();
        patients
            .iter()
            .map(|known| known.patient.id().to_owned())
            .collect()
    };
    assert_eq!(list(None, 10).await, ["P2", "P0", "P1"]);
    assert_eq!(list(Some("ﾔﾏ"), 10).await, ["P0", "P1"]);
    assert_eq!(list(Some("やまも"), 10).await, ["P1"]);
    assert_eq!(list(None, 1).await, ["P2"]);
    assert!(list(Some("%"), 10).await.is_empty());
}
