//! TLS-18: a connection does not outlive the trust it was opened with.

use time::Duration;
use xds_testkit::pki::{LeafSpec, TestCa};
use xds_tls::{Admitted, PeerIdentity, RefusalReason, ServerTls};

use crate::world::{START, TestClient, World, attempt};

async fn connected(world: &World, server: &ServerTls, spec: &LeafSpec) -> (PeerIdentity, Vec<u8>) {
    let node = world.middle.leaf(spec).unwrap();
    let peer = attempt(server, &TestClient::new(Some(&node)))
        .await
        .accepted()
        .clone();
    (peer, node.serial)
}

#[tokio::test]
async fn tls_18_nothing_changed() {
    let world = World::new();
    let server = world.server();
    let (peer, _) = connected(&world, &server, &LeafSpec::node("h1")).await;
    assert_eq!(server.still_good(&peer), Ok(()));
    server.material().reload().unwrap();
    assert_eq!(server.still_good(&peer), Ok(()));
    assert_eq!(server.still_good(&peer.clone()), Ok(()));
}

#[tokio::test]
async fn tls_18_revoked_since() {
    let world = World::new();
    let server = world.server();
    let (peer, serial) = connected(&world, &server, &LeafSpec::node("h1")).await;
    let (other, _) = connected(&world, &server, &LeafSpec::node("h2")).await;
    world.publish_crls(&[], &[serial]);
    assert_eq!(server.still_good(&peer), Ok(()));

    server.material().reload().unwrap();

    for _ in 0..2 {
        assert_eq!(server.still_good(&peer), Err(RefusalReason::Revoked));
        assert_eq!(server.still_good(&other), Ok(()));
    }
}

#[tokio::test]
async fn tls_18_removed_from_the_ledger_since() {
    let world = World::new();
    let server = world.server();
    let node = world.node("h1");
    let peer = attempt(&server, &TestClient::new(Some(&node)))
        .await
        .accepted()
        .clone();

    world.ledger.set(&node, Admitted::No);
    assert_eq!(server.still_good(&peer), Err(RefusalReason::NotEnrolled));
    world.ledger.set(&node, Admitted::Tls13);
    assert_eq!(server.still_good(&peer), Ok(()));
}

#[tokio::test]
async fn tls_18_tls12_withdrawn_since() {
    let world = World::new();
    let server = world.tls12_server();
    let node = world.node("h1");
    let client = TestClient::speaking(Some(&node), &rustls::version::TLS12);
    let peer = attempt(&server, &client).await.accepted().clone();

    world.ledger.set(&node, Admitted::Tls13);
    assert_eq!(server.still_good(&peer), Err(RefusalReason::OldProtocol));
}

#[tokio::test]
async fn tls_18_expired_since_without_any_reload() {
    let world = World::new();
    let server = world.server();
    let spec = LeafSpec {
        not_after: Some(START + Duration::HOUR),
        ..LeafSpec::node("h1")
    };
    let (peer, _) = connected(&world, &server, &spec).await;

    world.clock.set(START + Duration::HOUR);
    assert_eq!(server.still_good(&peer), Ok(()));
    world.clock.set(START + Duration::HOUR + Duration::SECOND);
    assert_eq!(server.still_good(&peer), Err(RefusalReason::Expired));
    // And a clock that was set back is believed again.
    world.clock.set(START);
    assert_eq!(server.still_good(&peer), Ok(()));
    world.clock.set(START - Duration::days(2));
    assert_eq!(server.still_good(&peer), Err(RefusalReason::NotYetValid));
}

#[tokio::test]
async fn tls_18_lists_grew_stale_since_without_any_reload() {
    let world = World::new();
    let server = world.server();
    let (peer, _) = connected(&world, &server, &LeafSpec::node("h1")).await;
    world.clock.set(START + Duration::days(8));
    assert_eq!(server.still_good(&peer), Ok(()));
    world.clock.set(START + Duration::days(8) + Duration::SECOND);
    assert_eq!(server.still_good(&peer), Err(RefusalReason::StaleCrl));
}

#[tokio::test]
async fn tls_18_root_removed_since() {
    let world = World::new();
    let server = world.server();
    let (peer, _) = connected(&world, &server, &LeafSpec::node("h1")).await;
    let other = TestCa::new("Another Root", START).unwrap();
    world.write("roots.pem", other.cert_pem().as_bytes());
    server.material().reload().unwrap();
    assert_eq!(server.still_good(&peer), Err(RefusalReason::UnknownCa));
}

#[tokio::test]
async fn tls_18_direct_trust_withdrawn_since() {
    let world = World::new();
    let node = LeafSpec::node("c")
        .self_signed(START, START + Duration::DAY)
        .unwrap();
    let other = LeafSpec::node("d")
        .self_signed(START, START + Duration::DAY)
        .unwrap();
    let mut paths = world.paths();
    paths.directly_trusted = vec![world.write("direct.pem", node.cert_pem.as_bytes())];
    let server = world.server_of(world.material_of(paths), Default::default());
    let peer = attempt(&server, &TestClient::new(Some(&node)))
        .await
        .accepted()
        .clone();
    assert_eq!(server.still_good(&peer), Ok(()));

    world.write("direct.pem", other.cert_pem.as_bytes());
    server.material().reload().unwrap();
    assert_eq!(server.still_good(&peer), Err(RefusalReason::UnknownCa));
}
