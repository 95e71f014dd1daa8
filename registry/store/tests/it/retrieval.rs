//! What repositories ask.

use xds_policy::SharingScope;

use crate::db::{Db, register_at};
use crate::fixture::*;

#[tokio::test]
async fn documents_of_a_repository_are_told_with_what_policy_decides_on() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let first = db
        .register(&world, &one("1.2.900", "1.2.100", &patient("P1")))
        .await;
    db.register(&world, &one("1.2.901", "1.2.100", &patient("P1")))
        .await;
    db.register(&world, &one("1.2.902", "1.2.102", &patient("P2")))
        .await;
    let ask = async |repository: &str, ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        db.store.retrievable(repository, &ids).await.unwrap().1
    };
    let found = ask("1.2.3.4", &["1.2.100", "1.2.102", "1.2.999", "1.2.900"]).await;
    let told: Vec<_> = (found.iter())
        .map(|known| (known.unique_id.as_str(), known.patient.id(), known.policy.document.scope))
        .collect();
    let shared = SharingScope::Shared;
    assert_eq!(
        told,
        [
            ("1.2.100", "P1", shared),
            ("1.2.100", "P1", shared),
            ("1.2.102", "P2", shared)
        ]
    );
    assert!(
        ask("1.2.3.5", &["1.2.100"]).await.is_empty(),
        "another repository"
    );
    let submitted = async |set: &str| {
        let entries = db.store.submitted(set).await.unwrap();
        entries.map(|entries| {
            entries
                .into_iter()
                .map(|entry| entry.unique_id)
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(submitted("1.2.900").await.unwrap(), ["1.2.100"]);
    assert_eq!(submitted("1.2.902").await.unwrap(), ["1.2.102"]);
    let mut referring = one("1.2.903", "1.2.103", &patient("P1"));
    referring
        .associations
        .push(held("old", &urn(first.entries[0].id), REFERENCE));
    let later = now() + time::Duration::SECOND;
    register_at(&db.store, &world, &referring, later)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        submitted("1.2.903").await.unwrap(),
        ["1.2.103"],
        "not by reference"
    );
    assert_eq!(submitted("1.2.100").await, None, "a document");
    assert_eq!(submitted("1.2.999").await, None);
}
