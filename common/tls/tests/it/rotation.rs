//! TLS-23 and TLS-24: new material under a running server, good and bad.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use time::Duration as Span;
use xds_testkit::pki::{LeafSpec, TestCa};
use xds_tls::MaterialError;

use crate::world::{START, TestClient, World, attempt, names, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_23_rotation_under_handshakes_loses_none() {
    let world = World::new();
    let server = world.server();
    let stop = Arc::new(AtomicBool::new(false));
    let served = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..8)
        .map(|number| {
            let client = TestClient::new(Some(&world.node(&format!("h{number}"))));
            let (server, stop, served) = (server.clone(), Arc::clone(&stop), Arc::clone(&served));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    attempt(&server, &client).await.accepted();
                    served.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();

    let probe = TestClient::new(Some(&world.node("probe")));
    for round in 1..=20_u64 {
        let leaf = world.node(&format!("registry {round}"));
        leaf.write(&world.folder.path("."), "server").unwrap();
        world.publish_crls(&[], &[]);
        assert_eq!(server.material().reload().unwrap(), round + 1);
        let now_served = attempt(&server, &probe).await.client.unwrap().server_leaf;
        assert_eq!(
            now_served, leaf.cert_der,
            "a handshake after the reload uses the new leaf"
        );
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("no handshake failed");
    }
    assert!(served.load(Ordering::Relaxed) >= 20);
}

#[tokio::test]
async fn tls_23_a_changed_file_is_noticed() {
    let world = World::new();
    let server = world.server();
    let material = Arc::clone(server.material());
    let reports = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&reports);
    let watch = tokio::spawn(
        Arc::clone(&material).watch(Duration::from_millis(10), move |outcome| {
            heard
                .lock()
                .unwrap()
                .push(outcome.as_ref().map_err(ToString::to_string).copied());
        }),
    );

    // The watcher remembers the files as they were when it first ran.
    tokio::task::yield_now().await;
    let leaf = world.node("registry 2");
    leaf.write(&world.folder.path("."), "server").unwrap();
    until("the new leaf", || material.generation() == 2).await;
    let client = TestClient::new(Some(&world.node("h1")));
    assert_eq!(
        attempt(&server, &client).await.client.unwrap().server_leaf,
        leaf.cert_der
    );

    world.write("root.crl", b"half");
    until("the alarm", || reports.lock().unwrap().len() == 2).await;
    // A second attempt, which fails in the same way.
    world.clock.set(START + Span::MINUTE);
    let attempted = || {
        material
            .status()
            .last_error
            .is_some_and(|failure| failure.at > START)
    };
    until("another attempt", attempted).await;
    assert_eq!(material.generation(), 2);
    world.publish_crls(&[], &[]);
    until("recovery", || reports.lock().unwrap().last() == Some(&Ok(3))).await;
    watch.abort();

    let reports = reports.lock().unwrap();
    assert_eq!(reports.first(), Some(&Ok(2)));
    assert_eq!(reports.len(), 3, "one alarm, not one per look: {reports:?}");
    assert_eq!(material.status().last_error, None);
}

#[tokio::test]
async fn tls_24_a_bad_rotation_leaves_the_old_set_in_force() {
    type Spoil = fn(&World);
    let cases: [(&str, &str, Spoil); 11] = [
        ("key of another leaf", "server.key", |world| {
            world.write_private("server.key", world.node("x").key_pem.as_bytes());
        }),
        ("empty certificate", "server.crt", |world| {
            world.write("server.crt", b"");
        }),
        ("half-written certificate", "server.crt", |world| {
            let whole = &world.server_leaf.chain_pem;
            world.write("server.crt", &whole.as_bytes()[..whole.len() / 4]);
        }),
        ("half-written key", "server.key", |world| {
            let whole = &world.server_leaf.key_pem;
            world.write_private("server.key", &whole.as_bytes()[..whole.len() / 2]);
        }),
        ("expired leaf", "server.crt", |world| {
            let spec = LeafSpec {
                not_after: Some(START - Span::SECOND),
                ..LeafSpec::node("registry")
            };
            world
                .middle
                .leaf(&spec)
                .unwrap()
                .write(&world.folder.path("."), "server")
                .unwrap();
        }),
        ("leaf of the future", "server.crt", |world| {
            let spec = LeafSpec {
                not_before: Some(START + Span::SECOND),
                ..LeafSpec::node("registry")
            };
            world
                .middle
                .leaf(&spec)
                .unwrap()
                .write(&world.folder.path("."), "server")
                .unwrap();
        }),
        ("mode 0000", "server.key", |world| {
            fs::set_permissions(world.folder.path("server.key"), Permissions::from_mode(0o000)).unwrap();
        }),
        ("key readable by all", "server.key", |world| {
            fs::set_permissions(world.folder.path("server.key"), Permissions::from_mode(0o644)).unwrap();
        }),
        ("no root", "roots.pem", |world| {
            world.write("roots.pem", b"# none\n");
        }),
        ("no list", "middle.crl", |world| {
            fs::remove_file(world.folder.path("middle.crl")).unwrap()
        }),
        ("a folder for a file", "root.crl", |world| {
            fs::remove_file(world.folder.path("root.crl")).unwrap();
            fs::create_dir(world.folder.path("root.crl")).unwrap();
        }),
    ];
    for (case, file, spoil) in cases {
        let world = World::new();
        let server = world.server();
        let material = server.material();
        spoil(&world);

        let error = material.reload().expect_err(case);
        assert!(names(&error, &world.folder.path(file)), "{case}: {error}");
        let status = material.status();
        assert_eq!(status.generation, 1, "{case}");
        assert_eq!(status.last_error.unwrap().error, error.to_string(), "{case}");
        let served = attempt(&server, &TestClient::new(Some(&world.node("h1"))))
            .await
            .client
            .unwrap();
        assert_eq!(served.server_leaf, world.server_leaf.cert_der, "{case}");
    }
}

#[tokio::test]
async fn tls_24_an_older_list_does_not_forgive() {
    let world = World::new();
    let node = world.node("h1");
    let server = world.server();
    let old = fs::read(world.folder.path("middle.crl")).unwrap();
    world.clock.set(START + Span::HOUR);
    world.publish_crls(&[], std::slice::from_ref(&node.serial));
    server.material().reload().unwrap();

    world.write("middle.crl", &old);
    let error = server.material().reload().unwrap_err();
    assert!(matches!(&error, MaterialError::CrlRolledBack { issuer } if issuer == "CN=Renkei Test Middle"));
    attempt(&server, &TestClient::new(Some(&node))).await.refused();
}

#[tokio::test]
async fn a_new_root_is_trusted_after_the_reload() {
    let world = World::new();
    let server = world.server();
    let other = TestCa::new("Another Root", START).unwrap();
    let client = TestClient::new(Some(&other.leaf(&LeafSpec::node("h9")).unwrap()));
    attempt(&server, &client).await.refused();

    let both = format!("{}{}", world.root.cert_pem(), other.cert_pem());
    world.write("roots.pem", both.as_bytes());
    let list = format!(
        "{}{}",
        fs::read_to_string(world.folder.path("root.crl")).unwrap(),
        other.crl(&[], START, START + Span::WEEK).unwrap()
    );
    world.write("root.crl", list.as_bytes());
    server.material().reload().unwrap();
    attempt(&server, &client).await.accepted();
}
