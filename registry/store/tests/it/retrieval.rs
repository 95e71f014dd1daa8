//! What repositories ask.

use xds_policy::SharingScope;

use crate::db::Db;
use crate::fixture::*;

#[tokio::test]
async fn documents_of_a_repository_are_told_with_what_policy_decides_on() {
    let (db, world) = (Db::new().await, World::of("h1"));
    db.register(&world, &one("1.2.900", "1.2.100", &patient("P1")))
        .await;
    db.register(&world, &one("1.2.901", "1.2.100", &patient("P1")))
        .await;
    db.register(&world, &one("1.2.902", "1.2.102", &patient("P2")))
        .await;
    let ask = async |repository: &str, ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        db.store.retrievable(repository, &ids).await.unwrap()
    };
    let found = ask("1.2.3.4", &["1.2.100", "1.2.102", "1.2.999", "1.2.900"]).await;
    let told: Vec<_> = (found.iter())
        .map(|known| (known.unique_id.as_str(), known.patient.id(), known.policy.scope))
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
    assert!(db.store.is_submission_set("1.2.900").await.unwrap());
    assert!(!db.store.is_submission_set("1.2.100").await.unwrap());
    assert!(!db.store.is_submission_set("1.2.999").await.unwrap());
}
