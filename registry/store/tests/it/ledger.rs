//! Organisations, nodes, codes and settings, each version with the change that made it.

use registry_core::codes::UnknownCodes;
use registry_core::register::UnknownInstitution;
use registry_store::{Change, ImportedCodeFile, InLaw, InstrumentError, SettingError, StoreError};
use xds_model::code::CodedAttribute;
use xds_model::principal::{NodeName, OrganisationId};

use crate::db::Db;
use crate::fixture::*;

fn change(number: u128) -> Change {
    Change {
        id: uuid(number),
        at: now() + time::Duration::seconds(i64::try_from(number).unwrap()),
        who: "operator".to_owned(),
        reason: Some("test".to_owned()),
    }
}

#[tokio::test]
async fn organisations_and_nodes_have_versions() {
    let db = Db::empty().await;
    let store = &db.store;
    let [h1, _, h2] = organisations().try_into().unwrap();
    store.add_organisation(&h1, &InLaw::default(), &change(1)).await.unwrap();
    store.add_organisation(&h2, &InLaw::default(), &change(2)).await.unwrap();
    assert!(store.add_node(&node("h1"), &change(3)).await.unwrap());
    let enrolled = store.enrolled_nodes().await.unwrap();
    assert_eq!(enrolled, [principal("h1").node().clone()]);

    let mut renamed = h1.clone();
    renamed.name = "新病院".to_owned();
    store.add_organisation(&renamed, &InLaw::default(), &change(4)).await.unwrap();
    let all = store.organisations(Some(&h1.id), true).await.unwrap();
    let versions: Vec<_> = all
        .iter()
        .map(|known| (known.version, known.until.is_none()))
        .collect();
    assert_eq!(versions, [(1, false), (2, true)]);
    assert_eq!(all[1].value, renamed);
    assert_eq!(store.enrolled_nodes().await.unwrap().len(), 1);

    // A node of an organisation that is not there is not enrolled.
    assert!(!store.add_node(&node("h9"), &change(5)).await.unwrap());
    // An organisation ends with its nodes.
    assert!(store.end_organisation(&h1.id, &change(6)).await.unwrap());
    assert!(!store.end_organisation(&h1.id, &change(7)).await.unwrap());
    assert_eq!(store.enrolled_nodes().await.unwrap(), []);
    assert_eq!(store.nodes(None, true).await.unwrap().len(), 1);
    let directory = store.directory().await.unwrap();
    assert_eq!(directory.entity(&h1.id), None);
    assert!(directory.entity(&h2.id).is_some());
    // What did not take place is not on record.
    assert_eq!(db.count("SELECT count(*) FROM change").await, 5);
}

#[tokio::test]
async fn a_certificate_is_bound_to_one_active_node() {
    let db = Db::empty().await;
    let store = &db.store;
    for (number, organisation) in (1..).zip(organisations()) {
        store
            .add_organisation(&organisation, &InLaw::default(), &change(number))
            .await
            .unwrap();
    }
    store.add_node(&node("h1"), &change(10)).await.unwrap();
    let mut thief = node("h2");
    thief.fingerprint = node("h1").fingerprint;
    let refused = store.add_node(&thief, &change(11)).await.unwrap_err();
    assert!(
        matches!(
            &refused,
            InstrumentError::Store(StoreError::Constraint { constraint, .. }) if constraint == "node_fingerprint"
        ),
        "{refused}"
    );
    // The same node may come again, with the same certificate or another.
    store.add_node(&node("h1"), &change(12)).await.unwrap();
    assert!(
        store
            .end_node(&NodeName("node-h1".into()), &change(13))
            .await
            .unwrap()
    );
    assert!(store.add_node(&thief, &change(14)).await.unwrap());
    let nodes = store.enrolled_nodes().await.unwrap();
    assert_eq!(nodes[0].organisation, OrganisationId("h2".into()));
}

#[tokio::test]
async fn code_files_add_up_and_are_replaced_by_name() {
    let db = Db::empty().await;
    let store = &db.store;
    let file = |name: &str, code: &str| {
        let json = format!(r#"{{"codeSets": {{"classCode": {{"codes": [["{code}", "1.9", "x"]]}}}}}}"#);
        ImportedCodeFile::new(name.to_owned(), json).unwrap()
    };
    assert!(ImportedCodeFile::new("x".into(), "{".into()).is_err());
    store
        .import_code_files(&[file("a", "A1"), file("b", "B1")], &change(1))
        .await
        .unwrap();
    store
        .import_code_files(&[file("a", "A2")], &change(2))
        .await
        .unwrap();
    let codes = async || -> Vec<String> {
        let domain = store.affinity_domain(UnknownCodes::Refuse).await.unwrap();
        domain
            .codes(CodedAttribute::ClassCode)
            .map(|code| code.code.clone())
            .collect()
    };
    assert_eq!(codes().await, ["A2", "B1"]);
    store.remove_code_file("b", &change(3)).await.unwrap();
    assert_eq!(codes().await, ["A2"]);
    assert_eq!(db.count("SELECT count(*) FROM code_file").await, 4);
    assert_eq!(store.code_files().await.unwrap()[0].version, 2);
}

#[tokio::test]
async fn settings_are_strict_until_changed() {
    let db = Db::empty().await;
    let store = &db.store;
    let none = store.domain_settings().await.unwrap();
    assert!(!none.default_user_allowed && none.version == 0);
    assert_eq!(none.unknown_author_institution, UnknownInstitution::Attribute);
    assert_eq!(none.unknown_codes, UnknownCodes::Refuse);
    store
        .set_domain_setting("unknown_author_institution", "refuse", &change(1))
        .await
        .unwrap();
    store
        .set_domain_setting("unknown_codes", "warn", &change(2))
        .await
        .unwrap();
    store
        .set_domain_setting("default_user_allowed", "false", &change(3))
        .await
        .unwrap();
    let settings = store.domain_settings().await.unwrap();
    assert_eq!(
        (settings.unknown_author_institution, settings.unknown_codes, settings.version),
        (UnknownInstitution::Refuse, UnknownCodes::Warn, 3)
    );
    for (name, value) in [
        ("default_user_allowed", "yes"),
        ("unknown_author_institution", "true"),
        ("home_community_id", "1.2.3"),
    ] {
        let refused = store.set_domain_setting(name, value, &change(4)).await;
        assert!(matches!(refused, Err(SettingError::Value { .. })), "{name}");
    }
    for name in ["colour", "shared_with_all"] {
        let unknown = store.set_domain_setting(name, "true", &change(4)).await;
        assert!(matches!(unknown, Err(SettingError::Unknown(_))), "{name}");
    }
    // What an older release set decides nothing any more, and stops nobody.
    let client = db.client().await;
    let old = "INSERT INTO domain_setting (version, name, value, change)
               SELECT 4, 'shared_with_all', 'true', id FROM change LIMIT 1";
    client.execute(old, &[]).await.unwrap();
    assert_eq!(store.domain_settings().await.unwrap(), settings);
    assert_eq!(db.count("SELECT count(*) FROM change").await, 3);
}

/// What a process keeps of the domain's data it reads again when this word is another, and only then.
#[tokio::test]
async fn the_version_of_the_domain_changes_with_every_change_and_with_nothing_else() {
    let db = Db::empty().await;
    let store = &db.store;
    let [h1, _, _] = organisations().try_into().unwrap();
    let file = ImportedCodeFile::new("a".to_owned(), "{\"codeSets\": {}}".to_owned()).unwrap();
    let mut seen = vec![store.domain_version().await.unwrap()];
    let mut changed = async |what: &str| {
        let version = store.domain_version().await.unwrap();
        assert!(!seen.contains(&version), "{what}");
        assert_eq!(
            version,
            store.domain_version().await.unwrap(),
            "{what}: without a change"
        );
        seen.push(version);
    };
    store.add_organisation(&h1, &InLaw::default(), &change(1)).await.unwrap();
    changed("an organisation").await;
    store.add_node(&node("h1"), &change(2)).await.unwrap();
    changed("a node").await;
    store.add_node(&node("h1"), &change(3)).await.unwrap();
    changed("the same node again").await;
    store
        .end_node(&NodeName("node-h1".into()), &change(4))
        .await
        .unwrap();
    changed("the end of a node").await;
    store.import_code_files(&[file], &change(5)).await.unwrap();
    changed("a code file").await;
    store.remove_code_file("a", &change(6)).await.unwrap();
    changed("a code file gone").await;
    store
        .set_domain_setting("default_user_allowed", "true", &change(7))
        .await
        .unwrap();
    changed("a setting").await;
    // Behind our back, by somebody who may do anything.
    let client = db.client().await;
    client
        .batch_execute("UPDATE node SET allow_tls12 = true")
        .await
        .unwrap();
    changed("a change by hand").await;
    store.end_organisation(&h1.id, &change(8)).await.unwrap();
    changed("the end of an organisation").await;
}
