//! TLS-05 and TLS-06: revoked certificates, and lists that are missing, old or somebody else's.

use rustls::AlertDescription;
use time::Duration;
use xds_testkit::pki::{LeafSpec, TestCa};
use xds_tls::{CrlCondition, CrlPolicy, MaterialPaths, RefusalReason, ServerSettings};

use crate::world::{Attempt, START, TestClient, World, attempt};

#[tokio::test]
async fn tls_05_revoked_leaf() {
    let world = World::new();
    let (revoked, good) = (world.node("h1"), world.node("h2"));
    world.publish_crls(&[], std::slice::from_ref(&revoked.serial));
    let server = world.server();

    let refused = attempt(&server, &TestClient::new(Some(&revoked))).await;
    assert_eq!(refused.alert(), AlertDescription::CertificateRevoked);
    assert_eq!(refused.refused().reason, RefusalReason::Revoked);
    attempt(&server, &TestClient::new(Some(&good))).await.accepted();
}

#[tokio::test]
async fn tls_05_revoked_intermediate() {
    let world = World::new();
    let node = world.node("h1");
    world.publish_crls(&[world.middle.serial().to_vec()], &[]);

    let refused = attempt(&world.server(), &TestClient::new(Some(&node))).await;
    assert_eq!(refused.alert(), AlertDescription::CertificateRevoked);
    assert_eq!(refused.refused().reason, RefusalReason::Revoked);
}

#[tokio::test]
async fn tls_06_stale_list_is_used_for_its_grace_and_then_refuses() {
    let world = World::new();
    let client = TestClient::new(Some(&world.node("h1")));
    let server = world.server();
    let material = server.material();
    let next_update = START + Duration::WEEK;

    for (at, condition, refused) in [
        (next_update, CrlCondition::Fresh, false),
        (next_update + Duration::SECOND, CrlCondition::Overdue, false),
        (next_update + Duration::DAY, CrlCondition::Overdue, false),
        (
            next_update + Duration::DAY + Duration::SECOND,
            CrlCondition::Refusing,
            true,
        ),
    ] {
        world.clock.set(at);
        assert_eq!(material.crl_health().worst(), condition, "{at}");
        let attempt = attempt(&server, &client).await;
        if refused {
            assert_stale(&attempt);
        } else {
            attempt.accepted();
        }
    }

    world.publish_crls(&[], &[]);
    material.reload().unwrap();
    attempt(&server, &client).await.accepted();
}

/// One CA's list grows old: others go on.
#[tokio::test]
async fn tls_06_only_certificates_of_the_stale_issuer_are_refused() {
    let world = World::new();
    let other = world.root.intermediate("Renkei Test Other").unwrap();
    let (old, new) = (START + Duration::DAY, START + Duration::days(30));
    world.write("root.crl", world.root.crl(&[], START, new).unwrap().as_bytes());
    world.write(
        "middle.crl",
        world.middle.crl(&[], START, old).unwrap().as_bytes(),
    );
    let mut paths = world.paths();
    paths
        .crls
        .push(world.write("other.crl", other.crl(&[], START, new).unwrap().as_bytes()));
    let server = world.server_of(world.material_of(paths), ServerSettings::default());

    world.clock.set(START + Duration::days(3));
    assert_stale(&attempt(&server, &TestClient::new(Some(&world.node("h1")))).await);
    let fine = other.leaf(&LeafSpec::node("h2")).unwrap();
    attempt(&server, &TestClient::new(Some(&fine))).await.accepted();
}

#[tokio::test]
async fn tls_06_missing_list_or_wrong_issuer_refuses() {
    let world = World::new();
    let client = TestClient::new(Some(&world.node("h1")));
    let stranger = TestCa::new("Somebody Else", START).unwrap();
    let strangers = stranger.crl(&[], START, START + Duration::WEEK).unwrap();
    // The right name and key identifier, the wrong key.
    let forged = world
        .middle
        .impostor()
        .unwrap()
        .crl(&[], START, START + Duration::WEEK)
        .unwrap();
    let of_root = world.folder.path("root.crl");

    for crls in [
        vec![of_root.clone()],
        vec![world.folder.path("middle.crl")],
        vec![
            of_root.clone(),
            world.write("strangers.crl", strangers.as_bytes()),
        ],
        vec![of_root, world.write("forged.crl", forged.as_bytes())],
    ] {
        let paths = MaterialPaths {
            crls,
            ..world.paths()
        };
        let server = world.server_of(world.material_of(paths), ServerSettings::default());
        assert_stale(&attempt(&server, &client).await);
    }
}

#[tokio::test]
async fn tls_06_a_root_without_any_list_is_an_alarm_at_once() {
    let world = World::new();
    let paths = MaterialPaths {
        crls: vec![world.folder.path("middle.crl")],
        ..world.paths()
    };
    let health = world.material_of(paths).crl_health();
    assert_eq!(health.roots_without_list, ["CN=Renkei Test Root"]);
    assert_eq!(health.worst(), CrlCondition::Refusing);
}

#[tokio::test]
async fn revocation_can_be_switched_off() {
    let world = World::new();
    let revoked = world.node("h1");
    world.publish_crls(&[], std::slice::from_ref(&revoked.serial));
    let paths = MaterialPaths {
        crl: CrlPolicy::None,
        crls: Vec::new(),
        ..world.paths()
    };
    let material = world.material_of(paths);
    assert_eq!(material.crl_health().worst(), CrlCondition::Fresh);
    let server = world.server_of(material, ServerSettings::default());
    attempt(&server, &TestClient::new(Some(&revoked)))
        .await
        .accepted();
}

/// Of two lists of one CA the newer decides, in whichever order the files are named.
#[tokio::test]
async fn the_newest_list_of_an_issuer_decides() {
    let world = World::new();
    let node = world.node("h1");
    let later = START + Duration::HOUR;
    let newer = world
        .middle
        .crl(std::slice::from_ref(&node.serial), later, later + Duration::WEEK)
        .unwrap();
    let newer = world.write("newer.crl", newer.as_bytes());
    let older = world.folder.path("middle.crl");
    world.clock.set(later);

    for pair in [[older.clone(), newer.clone()], [newer, older]] {
        let crls = std::iter::once(world.folder.path("root.crl"))
            .chain(pair)
            .collect();
        let material = world.material_of(MaterialPaths {
            crls,
            ..world.paths()
        });
        let server = world.server_of(material, ServerSettings::default());
        let refused = attempt(&server, &TestClient::new(Some(&node))).await;
        assert_eq!(refused.refused().reason, RefusalReason::Revoked);
    }
}

/// A CA that changed its key under the same name: both keys' lists are in use, each for its own certificates.
#[tokio::test]
async fn a_ca_that_changed_its_key_has_two_lists() {
    let world = World::new();
    let renewed = TestCa::new("Renkei Test Root", START).unwrap();
    let old_node = world.root.leaf(&LeafSpec::node("h1")).unwrap();
    let new_node = renewed.leaf(&LeafSpec::node("h2")).unwrap();
    let gone = renewed.leaf(&LeafSpec::node("h3")).unwrap();
    let both = format!("{}{}", world.root.cert_pem(), renewed.cert_pem());
    let list = renewed
        .crl(std::slice::from_ref(&gone.serial), START, START + Duration::WEEK)
        .unwrap();
    let mut paths = world.paths();
    paths.trusted_roots = vec![world.write("both.pem", both.as_bytes())];
    paths.crls.push(world.write("renewed.crl", list.as_bytes()));
    let server = world.server_of(world.material_of(paths), ServerSettings::default());

    attempt(&server, &TestClient::new(Some(&old_node)))
        .await
        .accepted();
    attempt(&server, &TestClient::new(Some(&new_node)))
        .await
        .accepted();
    let refused = attempt(&server, &TestClient::new(Some(&gone))).await;
    assert_eq!(refused.refused().reason, RefusalReason::Revoked);
}

#[track_caller]
fn assert_stale(attempt: &Attempt) {
    assert_eq!(attempt.alert(), AlertDescription::UnknownCA);
    assert_eq!(attempt.refused().reason, RefusalReason::StaleCrl);
}
