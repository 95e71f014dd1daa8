//! What TLS and trust mean over HTTP: TLS-03, 15, 18, 19, 21, 22, 23, 30.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use xds_audit::Outcome;
use xds_model::Clock;
use xds_server::config::Limits;
use xds_testkit::pki::{LeafSpec, TestCa};

use crate::client::{End, Identity};
use crate::message::{SIMPLE, good, post, query};
use crate::world::{Now, World, node, quick, until};

struct Stopped(OffsetDateTime);

impl Clock for Stopped {
    fn now(&self) -> OffsetDateTime {
        self.0
    }
}

#[tokio::test]
async fn tls_03_a_clock_behind_the_build_is_told() {
    let log = crate::watch::OwnLog::begin();
    let behind = xds_server::foundation::built_at() - time::Duration::seconds(90);
    let _world = World::at(quick(), Arc::new(Stopped(behind))).await;
    assert!(log.holds("the clock is behind the build of this program"));
}

fn s_client(world: &World, more: &[&str]) -> Command {
    world.h1_leaf.write(&world.folder.path(""), "h1").unwrap();
    let mut command = Command::new("openssl");
    command.args([
        "s_client",
        "-connect",
        &world.address.to_string(),
        "-quiet",
        "-no_ign_eof",
    ]);
    command
        .arg("-cert")
        .arg(world.folder.path("h1.crt"))
        .arg("-key")
        .arg(world.folder.path("h1.key"));
    command
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A foreign client's good request is answered; its renegotiation is not.
#[tokio::test(flavor = "multi_thread")]
async fn tls_15_renegotiation_is_refused() {
    let world = World::new().await;
    if Command::new("openssl").arg("version").output().is_err() {
        return;
    }
    let mut command = s_client(&world, &["-tls1_2", "-servername", "localhost"]);
    let output = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        input.write_all(&good()).unwrap();
        let mut answer = [0; 15];
        output.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        drop(input);
        let _ = child.kill();
        let _ = child.wait();
    });
    output.await.unwrap();

    let mut command = s_client(&world, &["-tls1_2"]);
    // Without -quiet a line that begins with R asks for another handshake.
    let arguments: Vec<_> = command
        .get_args()
        .filter(|argument| *argument != "-quiet")
        .map(ToOwned::to_owned)
        .collect();
    command = Command::new("openssl");
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let reached = world.reached();
    let text = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        std::thread::sleep(Duration::from_millis(500));
        input.write_all(b"R\n").unwrap();
        std::thread::sleep(Duration::from_millis(500));
        drop(input);
        let output = child.wait_with_output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    })
    .await
    .unwrap();
    assert!(text.contains("RENEGOTIATING"), "{text}");
    assert!(text.contains("no renegotiation"), "{text}");
    assert_eq!(world.reached(), reached);
    world.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_18_a_revoked_node_is_refused_on_its_open_connection() {
    let world = World::new().await;
    let mut client = world.client().await;
    assert_eq!(client.ask(&good()).await.status, 200);
    world.publish_crl(std::slice::from_ref(&world.h1_leaf.serial));
    world.foundation.material.reload().unwrap();
    refused_for_good(&world, &mut client, "revoked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_18_a_node_off_the_list_is_refused_on_its_open_connections() {
    let mut world = World::new().await;
    let (mut first, mut second, mut third) =
        (world.client().await, world.client().await, world.client().await);
    assert_eq!(first.ask(&good()).await.status, 200);
    world.enrol("h1", |_| false);
    refused_for_good(&world, &mut first, "not_enrolled").await;
    // At every door.
    assert_eq!(
        second
            .ask(&post("/question", "application/json", b"\"a\""))
            .await
            .status,
        403
    );
    assert_eq!(second.rest().await, (Vec::new(), End::Clean));
    assert_eq!(third.ask(&post("/nothing", SIMPLE, b"x")).await.status, 403);
    assert_eq!(world.events_of("request-refused").len(), 3);
}

async fn refused_for_good(world: &World, client: &mut crate::client::Client, reason: &str) {
    let reached = world.reached();
    client.send(&[good(), good()].concat()).await.unwrap();
    let reply = client.reply().await.unwrap();
    assert_eq!((reply.status, reply.closes(), reply.body.len()), (403, true, 0));
    // What was sent behind it is not even looked at.
    assert_eq!(client.reply().await.unwrap().status, 503);
    assert_eq!(client.rest().await, (Vec::new(), End::Clean));
    assert_eq!(world.reached(), reached);
    let told = &world.events_of("request-refused")[0];
    assert_eq!(
        (told.reason.as_str(), told.outcome),
        (reason, Some(Outcome::SeriousFailure)),
        "{told:?}"
    );
    assert!(told.peer.is_some());
    // A new connection does not even come so far.
    let mut again = world.h1.connect(world.address).await;
    if let Ok(client) = &mut again {
        let _ = client.send(&good()).await;
        assert!(client.reply().await.is_err());
    }
    until("the refused handshake is told", || {
        !world.events_of("handshake-refused").is_empty()
    })
    .await;
    world.assert_lives().await;
}

/// A repository that speaks for a node that is not on the list, or may speak for nobody.
#[tokio::test(flavor = "multi_thread")]
async fn acting_for_others_needs_the_right_and_the_node() {
    let mut world = World::new().await;
    let for_node = |name: &str| {
        crate::message::post_with(
            "/registry",
            SIMPLE,
            &format!("renkei-submitting-node: {name}\r\n"),
            query("echo").as_bytes(),
        )
    };
    let mut client = world.client().await;
    assert_eq!(client.ask(&for_node("h2")).await.status, 403);
    world.enrol("h1", |node| {
        node.acts_for_others = true;
        true
    });
    assert_eq!(world.client().await.ask(&for_node("h3")).await.status, 403);
    assert_eq!(world.client().await.ask(&for_node("h2")).await.status, 200);
    let told = world.events_of("request-refused");
    assert!(told.len() == 2 && told.iter().all(|told| told.reason == "not_on_behalf"));
    assert_eq!(world.events_of("ITI-18")[0].node.as_deref(), Some("h2"));
}

/// Hellos of every kind of name reach the same server, and a name decides nothing.
#[tokio::test(flavor = "multi_thread")]
async fn tls_19_server_names_decide_nothing() {
    let world = World::new().await;
    if Command::new("openssl").arg("version").output().is_err() {
        return;
    }
    let long = format!("{}.example", "a".repeat(240));
    for name in ["localhost", "other.example", "127.0.0.1", &long] {
        let mut command = s_client(&world, &["-servername", name]);
        let answer = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            let mut input = child.stdin.take().unwrap();
            let _ = input.write_all(&good());
            let mut answer = [0; 12];
            let read = child.stdout.take().unwrap().read_exact(&mut answer);
            let _ = child.kill();
            let _ = child.wait();
            read.map(|()| answer)
        });
        match answer.await.unwrap() {
            Ok(answer) => assert_eq!(&answer, b"HTTP/1.1 200", "{name}"),
            // Refused with an alert: allowed too.
            Err(_) => assert_ne!(name, "localhost"),
        }
        world.assert_lives().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_21_stalled_handshakes_hold_nobody_up() {
    let world = World::with(Limits {
        handshake_seconds_max: 3,
        ..quick()
    })
    .await;
    let mut stalled = Vec::new();
    for _ in 0..500 {
        let mut socket = TcpStream::connect(world.address).await.unwrap();
        socket.write_all(b"\x16\x03\x01\x02\x00").await.unwrap();
        stalled.push(socket);
    }
    let began = Instant::now();
    world.assert_lives().await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    for socket in &mut stalled {
        let mut rest = Vec::new();
        timeout(Duration::from_secs(10), socket.read_to_end(&mut rest))
            .await
            .unwrap()
            .ok();
    }
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    world.assert_lives().await;
}

/// Beyond the bound on half-open connections newcomers are turned away at once.
#[tokio::test(flavor = "multi_thread")]
async fn tls_21_half_open_connections_are_bounded() {
    let world = World::with(Limits {
        handshakes_max: 10,
        ..quick()
    })
    .await;
    let mut stalled = Vec::new();
    for _ in 0..10 {
        stalled.push(TcpStream::connect(world.address).await.unwrap());
    }
    let mut turned_away = false;
    let began = Instant::now();
    while !turned_away && began.elapsed() < Duration::from_secs(1) {
        let mut socket = TcpStream::connect(world.address).await.unwrap();
        let read = timeout(Duration::from_millis(200), socket.read(&mut [0; 1])).await;
        turned_away = matches!(read, Ok(Ok(0) | Err(_)));
    }
    assert!(turned_away);
    drop(stalled);
    let began = Instant::now();
    while world.h2.connect(world.address).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    world.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_22_what_is_no_tls_is_not_answered() {
    let world = World::new().await;
    let noise: Vec<u8> = (0..65_536_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    for bytes in [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec(),
        b"\x0bMSH|^~\\&|A|B\r\x1c\r".to_vec(),
        noise,
    ] {
        let mut socket = TcpStream::connect(world.address).await.unwrap();
        let _ = socket.write_all(&bytes).await;
        let mut answer = Vec::new();
        let _ = timeout(Duration::from_secs(5), socket.read_to_end(&mut answer))
            .await
            .expect("closed");
        assert!(answer.len() <= 7, "{answer:?}");
        assert!(answer.is_empty() || answer[0] == 21, "no alert: {answer:?}");
    }
    until("it is told", || !world.events_of("handshake-refused").is_empty()).await;
    assert_eq!(world.reached(), 0);
    world.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_23_rotation_fails_no_request() {
    let world = Arc::new(
        World::with(Limits {
            node_in_flight_max: 1_000,
            process_in_flight_max: 1_000,
            ..quick()
        })
        .await,
    );
    let stop = Arc::new(AtomicBool::new(false));
    let (served, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut busy = Vec::new();
    for _ in 0..40 {
        let mut client = world.client().await;
        let (stop, served, failed) = (Arc::clone(&stop), Arc::clone(&served), Arc::clone(&failed));
        busy.push(tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let good = match client.send(&good()).await {
                    Ok(()) => client
                        .reply()
                        .await
                        .is_ok_and(|reply| reply.status == 200 && !reply.closes()),
                    Err(_) => false,
                };
                if good { &served } else { &failed }.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }));
    }
    for round in 0..5 {
        let server = world.ca.leaf(&LeafSpec::node("registry")).unwrap();
        server.write(&world.folder.path(""), "server").unwrap();
        world.publish_crl(&[vec![round + 1; 16]]);
        world.foundation.material.reload().unwrap();
        let mut fresh = world.client().await;
        assert_eq!(
            fresh.stream.get_ref().1.peer_certificates().unwrap()[0].as_ref(),
            server.cert_der
        );
        assert_eq!(fresh.ask(&good()).await.status, 200);
        let before = served.load(Ordering::SeqCst);
        until("all were served again", || {
            served.load(Ordering::SeqCst) > before + 80
        })
        .await;
    }
    stop.store(true, Ordering::SeqCst);
    for client in busy {
        client.await.unwrap();
    }
    assert_eq!(failed.load(Ordering::SeqCst), 0);
    world.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_30_a_flood_of_bad_handshakes_is_few_events() {
    let world = Arc::new(World::new().await);
    let now = OffsetDateTime::now();
    let other = TestCa::new("Another Root", now).unwrap();
    let stranger = Identity::new(world.ca.cert_der(), &other.leaf(&LeafSpec::node("h1")).unwrap());
    let unenrolled = Identity::new(
        world.ca.cert_der(),
        &world.ca.leaf(&LeafSpec::node("h9")).unwrap(),
    );
    let mut floods = Vec::new();
    for identity in [stranger, unenrolled] {
        for _ in 0..4 {
            let (world, identity) = (Arc::clone(&world), identity.clone());
            floods.push(tokio::spawn(async move {
                for _ in 0..250 {
                    if let Ok(mut client) = identity.connect(world.address).await {
                        let (answer, _) = client.rest().await;
                        assert!(answer.is_empty());
                    }
                }
            }));
        }
    }
    while floods.iter().any(|flood| !flood.is_finished()) {
        world.assert_lives().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for flood in floods {
        flood.await.unwrap();
    }
    until("all are counted", || {
        let text = world.foundation.metrics.text().unwrap();
        let refused = text
            .lines()
            .filter(|line| line.starts_with("renkei_refused_handshakes_total"));
        refused
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum::<u64>()
            == 2_000
    })
    .await;
    let told = world.events_of("handshake-refused");
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(world.reached(), world.finished());
    // The rest of the count is written when the window ends, or the server.
    world.foundation.leave().await;
    let told = world.events_of("handshake-refused");
    assert_eq!(told.len(), 4, "{told:?}");
    let counted: u64 = told
        .iter()
        .map(|told| told.reason.rsplit('x').next().unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(counted, 2_000);
}

/// A list of nodes that nobody has confirmed for too long holds nobody.
#[tokio::test(flavor = "multi_thread")]
async fn the_entry_of_a_node_follows_its_certificate() {
    let mut world = World::new().await;
    let renewed = world.ca.leaf(&LeafSpec::node("h1")).unwrap();
    let fingerprint = node("h1", &renewed).fingerprint;
    let mut old = world.client().await;
    assert_eq!(old.ask(&good()).await.status, 200);
    world.enrol("h1", |node| {
        node.fingerprint.clone_from(&fingerprint);
        true
    });
    assert_eq!(old.ask(&good()).await.status, 403);
    let new = Identity::new(world.ca.cert_der(), &renewed);
    assert_eq!(
        new.connect(world.address)
            .await
            .unwrap()
            .ask(&good())
            .await
            .status,
        200
    );
}
