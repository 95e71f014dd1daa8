//! Messages of the patient identity feed.

use registry_core::patient::{
    Demographics, FedIdentifier, Feed, FeedEvent, FeedRefusal, PatientChanges, feed,
};

use crate::fixture::*;

fn message(event: FeedEvent, id: &str, namespace: Option<&str>, authority: Option<&str>) -> Feed {
    Feed {
        event,
        identifiers: vec![FedIdentifier {
            id: id.to_owned(),
            namespace: namespace.map(str::to_owned),
            oid: authority.map(oid),
        }],
        demographics: Demographics {
            phonetic: Some("ヤマダ タロウ".to_owned()),
            ..Demographics::default()
        },
    }
}

#[test]
fn identifiers_of_the_domain_are_taken() {
    let world = World::of("h1");
    let take = |message| feed(message, &world.principal, &world.affinity);
    let known = PatientChanges::Add(
        vec![patient("P7")],
        message(FeedEvent::Add, "", None, None).demographics,
    );
    for (namespace, authority) in [
        (None, Some(AUTHORITY)),
        (Some("HIMEJI"), None),
        (Some("X"), Some(AUTHORITY)),
    ] {
        assert!(take(message(FeedEvent::Add, "P7", namespace, authority)) == Ok(known.clone()));
    }
    for (namespace, authority) in [
        (None, Some("1.2.3")),
        (Some("ELSEWHERE"), None),
        (Some("HIMEJI"), Some("1.2.3")),
        (None, None),
    ] {
        let refused = take(message(FeedEvent::Add, "P7", namespace, authority));
        assert!(refused == Err(FeedRefusal::NoIdentifier));
    }
    let faulty = take(message(FeedEvent::Add, "P^7", None, Some(AUTHORITY)));
    assert!(matches!(faulty, Err(FeedRefusal::Identifier(_))));
}

#[test]
fn auz_18_a_node_feeds_for_its_authorities_only() {
    let mut node = node("h1");
    node.feeds.clear();
    let entity = xds_model::principal::EntityId("e1".into());
    let principal = xds_model::Principal::authenticated(node.enrolled(entity));
    let message = message(FeedEvent::Add, "P7", None, Some(AUTHORITY));
    let refused = feed(message, &principal, &World::of("h1").affinity);
    assert!(refused == Err(FeedRefusal::NotAuthorised));
}
