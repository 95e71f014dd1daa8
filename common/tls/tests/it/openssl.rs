//! The same rows with another TLS library at the other end: `openssl s_client` over loopback, where it is installed.

use std::net::SocketAddr;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc;
use xds_testkit::pki::{Issued, KeyKind, LeafSpec, TestCa};
use xds_tls::{RefusalReason, ServerTls};

use crate::world::{START, World};

/// What `openssl` printed, and how the server's side ended for each connection.
struct Dialogue {
    printed: String,
    outcomes: Vec<Option<RefusalReason>>,
}

struct Listener {
    address: SocketAddr,
    outcomes: mpsc::UnboundedReceiver<Option<RefusalReason>>,
    task: tokio::task::JoinHandle<()>,
}

impl Listener {
    async fn start(server: ServerTls) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (report, outcomes) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            while let Ok((io, _)) = listener.accept().await {
                let outcome = match server.accept(io).await {
                    Ok((mut stream, _)) => {
                        let _ = stream.write_all(b"SERVED\n").await;
                        let _ = stream.shutdown().await;
                        None
                    }
                    Err(refused) => Some(refused.reason),
                };
                let _ = report.send(outcome);
            }
        });
        Self {
            address,
            outcomes,
            task,
        }
    }
}

fn installed() -> bool {
    let found = std::process::Command::new("openssl")
        .arg("version")
        .output()
        .is_ok_and(|o| o.status.success());
    if !found {
        eprintln!("skipped: no openssl on this machine");
    }
    found
}

/// Runs `openssl s_client` with `arguments` against `server`; `connections` is how many handshakes to wait for.
async fn s_client(
    world: &World,
    server: ServerTls,
    identity: Option<&Issued>,
    arguments: &[&str],
    connections: usize,
) -> Dialogue {
    let mut listener = Listener::start(server).await;
    let mut command = Command::new("openssl");
    command
        .args(["s_client", "-connect", &listener.address.to_string(), "-ign_eof"])
        .args(arguments);
    if let Some(identity) = identity {
        let (certificate, key) = identity.write(&world.folder.path("."), "s_client").unwrap();
        command
            .arg("-cert")
            .arg(&certificate)
            .arg("-cert_chain")
            .arg(&certificate)
            .arg("-key")
            .arg(key);
    }
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(std::time::Duration::from_secs(20), output)
        .await
        .unwrap()
        .unwrap();
    let mut outcomes = Vec::new();
    for _ in 0..connections {
        let outcome = tokio::time::timeout(std::time::Duration::from_secs(10), listener.outcomes.recv());
        outcomes.push(outcome.await.expect("the server saw the connection").unwrap());
    }
    listener.task.abort();
    let printed = [output.stdout, output.stderr].concat();
    Dialogue {
        printed: String::from_utf8_lossy(&printed).into_owned(),
        outcomes,
    }
}

async fn assert_alert(world: &World, identity: Option<&Issued>, alert: &str, reason: RefusalReason) {
    let dialogue = s_client(world, world.server(), identity, &["-tls1_3"], 1).await;
    assert_eq!(dialogue.outcomes, [Some(reason)], "{}", dialogue.printed);
    assert!(dialogue.printed.contains(alert), "{}", dialogue.printed);
    assert!(!dialogue.printed.contains("SERVED"), "{}", dialogue.printed);
}

#[tokio::test]
async fn openssl_is_served() {
    if !installed() {
        return;
    }
    let world = World::new();
    let node = world.node("h1");
    for version in ["-tls1_3", "-tls1_2"] {
        let dialogue = s_client(&world, world.tls12_server(), Some(&node), &[version], 1).await;
        assert_eq!(dialogue.outcomes, [None], "{}", dialogue.printed);
        assert!(dialogue.printed.contains("SERVED"), "{}", dialogue.printed);
    }
}

#[tokio::test]
async fn tls_01_openssl_without_certificate() {
    if !installed() {
        return;
    }
    let world = World::new();
    assert_alert(&world, None, "certificate required", RefusalReason::NoCertificate).await;
}

#[tokio::test]
async fn tls_02_openssl_expired() {
    if !installed() {
        return;
    }
    let world = World::new();
    let spec = LeafSpec {
        not_after: Some(START - time::Duration::SECOND),
        ..LeafSpec::node("h1")
    };
    let node = world.middle.leaf(&spec).unwrap();
    assert_alert(&world, Some(&node), "certificate expired", RefusalReason::Expired).await;
}

#[tokio::test]
async fn tls_04_openssl_untrusted_ca() {
    if !installed() {
        return;
    }
    let world = World::new();
    let node = TestCa::new("Somebody Else", START)
        .unwrap()
        .leaf(&LeafSpec::node("h1"))
        .unwrap();
    assert_alert(&world, Some(&node), "unknown ca", RefusalReason::UnknownCa).await;
}

#[tokio::test]
async fn tls_05_openssl_revoked() {
    if !installed() {
        return;
    }
    let world = World::new();
    let node = world.node("h1");
    world.publish_crls(&[], std::slice::from_ref(&node.serial));
    assert_alert(&world, Some(&node), "certificate revoked", RefusalReason::Revoked).await;
}

#[tokio::test]
async fn tls_12_openssl_old_protocols() {
    if !installed() {
        return;
    }
    let world = World::new();
    let node = world.node("h1");
    for version in ["-tls1", "-tls1_1"] {
        let arguments = [version, "-cipher", "ALL:@SECLEVEL=0"];
        let dialogue = s_client(&world, world.tls12_server(), Some(&node), &arguments, 1).await;
        assert_eq!(
            dialogue.outcomes,
            [Some(RefusalReason::OldProtocol)],
            "{}",
            dialogue.printed
        );
        assert!(
            dialogue.printed.contains("protocol version"),
            "{}",
            dialogue.printed
        );
    }
}

#[tokio::test]
async fn tls_13_openssl_weak_suites() {
    if !installed() {
        return;
    }
    let world = World::with_server(LeafSpec {
        key: KeyKind::Rsa2048,
        ..LeafSpec::node("registry")
    });
    let node = world.node("h1");
    for suite in [
        "AES128-SHA",
        "AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-SHA256",
        "NULL-SHA256",
        "ADH-AES128-SHA256",
    ] {
        let cipher = format!("{suite}:@SECLEVEL=0");
        let arguments = ["-tls1_2", "-cipher", &cipher];
        let dialogue = s_client(&world, world.tls12_server(), Some(&node), &arguments, 1).await;
        assert_eq!(
            dialogue.outcomes,
            [Some(RefusalReason::NoCommonSuite)],
            "{suite}: {}",
            dialogue.printed
        );
        assert!(
            dialogue.printed.contains("handshake failure"),
            "{suite}: {}",
            dialogue.printed
        );
    }
}

#[tokio::test]
async fn tls_16_openssl_reconnects_in_full() {
    if !installed() {
        return;
    }
    let world = World::new();
    let node = world.node("h1");
    // One connection and five reconnects that offer its session.
    let arguments = ["-tls1_2", "-reconnect"];
    let dialogue = s_client(&world, world.tls12_server(), Some(&node), &arguments, 6).await;
    assert!(
        dialogue.outcomes.iter().all(Option::is_none),
        "{:?}",
        dialogue.outcomes
    );
    assert!(dialogue.printed.contains("New, TLSv1.2"), "{}", dialogue.printed);
    assert!(!dialogue.printed.contains("Reused"), "{}", dialogue.printed);

    let dialogue = s_client(&world, world.server(), Some(&node), &["-tls1_3"], 1).await;
    assert!(
        !dialogue.printed.contains("Post-Handshake New Session Ticket"),
        "{}",
        dialogue.printed
    );
}
