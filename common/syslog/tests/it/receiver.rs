//! Our receiver, against our sender, openssl and rsyslog.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, UdpSocket};
use xds_syslog::receiver::{DatagramReceiver, Peer, Receiver, ReceiverLimits, Sink, SinkRefused, TurnedAway};
use xds_testkit::pki::{LeafSpec, TestCa};

use crate::rsyslog::{Driver, Rsyslog, is_there};
use crate::source::{Journal, Ledger, line, numbers};
use crate::world::{World, loopback, settled, until};

/// Keeps everything in memory, and refuses now and then where it is told to.
#[derive(Clone)]
pub(crate) struct Kept(Arc<Inner>);

struct Inner {
    messages: Mutex<Vec<Vec<u8>>>,
    turned_away: Mutex<Vec<String>>,
    calls: AtomicU64,
    /// Each so manieth call is refused after half of its messages were kept.
    refuse_every: u64,
    pause: Duration,
}

impl Kept {
    pub(crate) fn new() -> Self {
        Self::with(u64::MAX, Duration::ZERO)
    }

    fn with(refuse_every: u64, pause: Duration) -> Self {
        Self(Arc::new(Inner {
            messages: Mutex::default(),
            turned_away: Mutex::default(),
            calls: AtomicU64::new(0),
            refuse_every,
            pause,
        }))
    }

    fn messages(&self) -> Vec<String> {
        let messages = self.0.messages.lock().unwrap();
        messages
            .iter()
            .map(|message| String::from_utf8_lossy(message).into_owned())
            .collect()
    }

    pub(crate) fn numbers(&self) -> Vec<u64> {
        numbers(&self.0.messages.lock().unwrap().concat())
    }

    fn turned_away(&self) -> Vec<String> {
        self.0.turned_away.lock().unwrap().clone()
    }
}

impl Sink for Kept {
    async fn keep(&self, _: &Peer, messages: Vec<Vec<u8>>) -> Result<(), SinkRefused> {
        if !self.0.pause.is_zero() {
            tokio::time::sleep(self.0.pause).await;
        }
        let call = self.0.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let refused = call.is_multiple_of(self.0.refuse_every);
        let taken = if refused {
            messages.len() / 2
        } else {
            messages.len()
        };
        self.0
            .messages
            .lock()
            .unwrap()
            .extend(messages.into_iter().take(taken));
        if refused { Err(SinkRefused) } else { Ok(()) }
    }

    fn turned_away(&self, _: SocketAddr, why: &TurnedAway) {
        self.0.turned_away.lock().unwrap().push(why.to_string());
    }
}

pub(crate) async fn receiver(world: &World, address: SocketAddr, kept: &Kept) -> Receiver {
    receiver_with(world, address, kept, ReceiverLimits::default()).await
}

async fn receiver_with(world: &World, address: SocketAddr, kept: &Kept, limits: ReceiverLimits) -> Receiver {
    let listener = TcpListener::bind(address).await.unwrap();
    Receiver::start(listener, world.server_tls(), Arc::new(kept.clone()), limits).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_that_refuses_and_is_slow_gets_everything_in_order() {
    let world = World::new();
    let kept = Kept::with(5, Duration::from_millis(1));
    let receiver = receiver(&world, loopback(0), &kept).await;
    let journal = Journal::new(1000);
    let sender = world.sender(world.destination(receiver.local_addr()), &journal);
    settled(&sender, 1000, 60).await;
    let ledger = Ledger::of(1000, &kept.numbers());
    ledger.assert_whole();
    assert!(receiver.status().sink_refusals >= 5, "{:?}", receiver.status());
    assert!(ledger.duplicates > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receivers_that_are_stopped_and_dropped_under_load_lose_nothing() {
    let world = World::new();
    let kept = Kept::with(u64::MAX, Duration::from_micros(200));
    let mut running = receiver(&world, loopback(0), &kept).await;
    let address = running.local_addr();
    let journal = Journal::new(0);
    let sender = world.sender(world.destination(address), &journal);
    let stops = async {
        for round in 1..=12 {
            let some = || sender.status().settled >= round * 300;
            until(20, some, || format!("{:?}", sender.status())).await;
            if round % 2 == 0 {
                running.stop(Duration::from_secs(10)).await;
            } else {
                drop(running);
            }
            running = until_bound(&world, address, &kept).await;
        }
        running
    };
    let ((), _running) = tokio::join!(journal.load(4500, 3000), stops);
    settled(&sender, 4500, 30).await;
    let ledger = Ledger::of(4500, &kept.numbers());
    ledger.print("12 ends of our receiver");
    ledger.assert_whole();
}

/// The task of a dropped receiver gives the port back a moment later.
async fn until_bound(world: &World, address: SocketAddr, kept: &Kept) -> Receiver {
    let mut bound = None;
    let bind = || {
        let listener = std::net::TcpListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener)
        });
        bound = listener.ok();
        bound.is_some()
    };
    until(20, bind, || "the port stays taken".to_owned()).await;
    let sink = Arc::new(kept.clone());
    Receiver::start(
        bound.unwrap(),
        world.server_tls(),
        sink,
        ReceiverLimits::default(),
    )
    .unwrap()
}

/// `openssl s_client` with the certificate `name`; what is written to it goes to the receiver.
fn openssl(world: &World, name: &str, address: SocketAddr) -> Child {
    Command::new("openssl")
        .args(["s_client", "-quiet", "-connect", &address.to_string()])
        .args(["-cert".as_ref(), world.file(&format!("{name}.crt")).as_os_str()])
        .args(["-key".as_ref(), world.file(&format!("{name}.key")).as_os_str()])
        .args(["-CAfile".as_ref(), world.file("roots.pem").as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn say(child: &mut Child, bytes: &[u8]) {
    child.stdin.as_mut().unwrap().write_all(bytes).unwrap();
}

fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_18_frames_of_openssl_arrive_as_they_were() {
    let world = World::new();
    let kept = Kept::new();
    let receiver = receiver(&world, loopback(0), &kept).await;
    let long = "患".repeat(50_000);
    let mut client = openssl(&world, "sender", receiver.local_addr());
    say(&mut client, b"9 <85>1 \r\nz");
    say(&mut client, format!("{} {long}3 abc", long.len()).as_bytes());
    let there = || kept.messages().len() == 3;
    until(20, there, || format!("{:?}", receiver.status())).await;
    assert!(kept.messages() == ["<85>1 \r\nz", &long, "abc"]);
    assert_eq!(receiver.status().open, 1);
    end(client);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_frame_or_too_long_resets_the_connection_and_is_told() {
    let world = World::new();
    let kept = Kept::new();
    let limits = ReceiverLimits {
        message_bytes_max: 100,
        ..ReceiverLimits::default()
    };
    let receiver = receiver_with(&world, loopback(0), &kept, limits).await;
    for bytes in ["3 abc<85>1 no count\n", "3 abc101 x"] {
        let mut client = openssl(&world, "sender", receiver.local_addr());
        say(&mut client, bytes.as_bytes());
        let seen = kept.turned_away().len();
        let told = || kept.turned_away().len() > seen;
        until(20, told, || format!("{:?}", receiver.status())).await;
        end(client);
    }
    assert_eq!(
        kept.turned_away(),
        [
            "the frame does not begin with its length in decimal octets and a space",
            "the frame is longer than 100 bytes"
        ]
    );
    assert_eq!(receiver.status().broken, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_inside_a_frame_loses_the_connection_and_who_is_idle_is_sent_home() {
    let world = World::new();
    let kept = Kept::new();
    let limits = ReceiverLimits {
        idle_max: Duration::from_millis(300),
        frame_still_max: Duration::from_millis(300),
        ..ReceiverLimits::default()
    };
    let receiver = receiver_with(&world, loopback(0), &kept, limits).await;
    let mut idle = openssl(&world, "sender", receiver.local_addr());
    say(&mut idle, b"3 abc");
    let gone = || receiver.status().accepted == 1 && receiver.status().open == 0;
    until(20, gone, || format!("{:?}", receiver.status())).await;
    assert_eq!(kept.turned_away(), [""; 0]);
    let mut still = openssl(&world, "sender", receiver.local_addr());
    say(&mut still, b"3 ab");
    let told = || kept.turned_away() == ["the peer stopped inside a frame"];
    until(20, told, || format!("{:?}", receiver.status())).await;
    assert_eq!(kept.messages(), ["abc"]);
    end(idle);
    end(still);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_too_many_are_turned_away_and_told() {
    let world = World::new();
    world.issue("stranger", "stranger.test");
    let pem = std::fs::read(world.file("stranger.crt")).unwrap();
    let der = rustls_pki_types::pem::PemObject::from_pem_slice(&pem)
        .map(|der: rustls_pki_types::CertificateDer<'static>| der)
        .unwrap();
    std::fs::write(world.file("stranger.der"), &der).unwrap();
    let other = TestCa::new(
        "Another Root",
        time::OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000),
    );
    other
        .unwrap()
        .leaf(&LeafSpec::node("registry.test"))
        .unwrap()
        .write(&world.folder, "alien")
        .unwrap();
    let kept = Kept::new();
    let limits = ReceiverLimits {
        connections_per_peer_max: 2,
        ..ReceiverLimits::default()
    };
    let receiver = receiver_with(&world, loopback(0), &kept, limits).await;
    for (count, name) in [(1, "stranger"), (2, "alien")] {
        let client = openssl(&world, name, receiver.local_addr());
        let told = || kept.turned_away().len() == count;
        until(20, told, || format!("{:?}", receiver.status())).await;
        end(client);
    }
    let open: Vec<Child> = (0..3)
        .map(|_| openssl(&world, "sender", receiver.local_addr()))
        .collect();
    let told = || kept.turned_away().len() == 3;
    until(20, told, || format!("{:?}", receiver.status())).await;
    assert_eq!(kept.turned_away()[2], "too many connections");
    assert_eq!((receiver.status().open, receiver.status().refused), (2, 3));
    open.into_iter().for_each(end);
    let gone = || receiver.status().open == 0;
    until(20, gone, || format!("{:?}", receiver.status())).await;
    let again = openssl(&world, "sender", receiver.local_addr());
    let taken = || receiver.status().open == 1;
    until(20, taken, || format!("{:?}", receiver.status())).await;
    end(again);
}

/// omfwd does not look for an orderly end: it is stopped here, not killed, and the receiver lives on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rsyslog_delivers_to_our_receiver_by_tls_with_a_certificate() {
    for driver in [Driver::Ossl, Driver::Gtls] {
        if !is_there(driver) {
            return;
        }
        let world = World::new();
        let kept = Kept::new();
        let receiver = receiver(&world, loopback(0), &kept).await;
        let mut rsyslog = Rsyslog::sender(&world, driver, receiver.local_addr());
        let text: String = (1..=500).filter(|n| n % 7 != 0).map(|n| line(n) + "\n").collect();
        std::fs::write(world.file("input.log"), text).unwrap();
        rsyslog.spawn();
        let there = || kept.messages().len() >= 429;
        until(30, there, || {
            format!("{driver:?} {:?} {:?}", receiver.status(), kept.turned_away())
        })
        .await;
        let ledger = Ledger::of(500, &kept.numbers());
        ledger.assert_whole();
        assert_eq!(kept.messages()[0], line(1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn datagrams_of_logger_arrive_and_those_of_others_do_not() {
    let kept = Kept::new();
    let sink = Arc::new(kept.clone());
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let admits = |address: std::net::IpAddr| address.is_loopback();
    let receiver = DatagramReceiver::start(socket, Arc::clone(&sink), admits).unwrap();
    let closed = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let closed = DatagramReceiver::start(closed, sink, |_| false).unwrap();
    for port in [closed.local_addr().port(), receiver.local_addr().port()] {
        let status = Command::new("logger")
            .args([
                "--server",
                "127.0.0.1",
                "--udp",
                "--rfc5424",
                "--msgid",
                "IHE+RFC-3881",
            ])
            .args([
                "--port",
                &port.to_string(),
                "--priority",
                "authpriv.notice",
                "患者 1",
            ])
            .status();
        assert!(status.unwrap().success());
    }
    let there = || receiver.status().messages == 1;
    until(20, there, || format!("{:?}", receiver.status())).await;
    assert_eq!(closed.status().messages, 0);
    let message = &kept.messages()[0];
    assert!(
        message.starts_with("<85>1 ") && message.ends_with("患者 1"),
        "{message}"
    );
}
