//! Receivers that hang, lie, reset and half-die, and our own restarts.

use std::collections::HashSet;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socket2::SockRef;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use xds_syslog::sender::{CursorError, Destination, Limits, Sender, Transport, Trouble};
use xds_syslog::{Owed, Source, SourceError};

use crate::receiver::{Kept, receiver};
use crate::source::{Journal, Ledger, line, numbers};
use crate::world::{World, free_port, loopback, settled, surroundings, until};

/// A source with these lines and no more.
pub(crate) struct Fixed(Vec<String>);

impl Fixed {
    pub(crate) fn new(lines: &[String]) -> Self {
        Self(lines.to_vec())
    }

    pub(crate) fn sender(self, world: &World, destination: Destination) -> Sender {
        let newest = tokio::sync::watch::channel(self.0.len() as u64).1;
        Sender::start(destination, Box::new(self), newest, &world.folder, surroundings()).unwrap()
    }
}

impl Source for Fixed {
    fn read(&mut self, after: u64, _: usize, _: usize) -> Result<Vec<Owed>, SourceError> {
        let owed = |(sequence, line): (u64, &String)| Owed {
            sequence,
            at: OffsetDateTime::UNIX_EPOCH,
            lines: vec![line.clone()],
        };
        Ok((1..).zip(&self.0).skip(after as usize).map(owed).collect())
    }
}

/// What a scripted receiver does with an accepted TCP connection.
async fn scripted<F, R>(listener: TcpListener, script: F) -> JoinHandle<()>
where
    F: Fn(TcpStream) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            tokio::spawn(script(tcp));
        }
    })
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn accept(world: &World, tcp: TcpStream) -> TlsStream<TcpStream> {
    TlsAcceptor::from(world.server_tls().config())
        .accept(tcp)
        .await
        .unwrap()
}

fn reset(tcp: &TcpStream) {
    SockRef::from(tcp).set_linger(Some(Duration::ZERO)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_03_who_accepts_and_never_speaks_tls_is_left_with_growing_pauses() {
    let world = World::new();
    let (listener, address) = listener().await;
    let attempts = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&attempts);
    let hole = scripted(listener, move |tcp| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move {
            std::future::pending::<()>().await;
            drop(tcp);
        }
    })
    .await;
    let mut destination = world.destination(address);
    destination.limits.handshake_max = Duration::from_millis(50);
    let journal = Journal::new(5);
    let sender = world.sender(destination, &journal);
    let failing = || sender.status().failures >= 4;
    until(20, failing, || format!("{:?}", sender.status())).await;
    assert_eq!(sender.status().last_error, Some(Trouble::HandshakeTimeout));
    assert_eq!((sender.status().settled, sender.status().sent), (0, 0));
    assert!(attempts.load(Ordering::Relaxed) <= sender.status().failures + 1);
    hole.abort();
}

/// Everything fits into the buffers of the two kernels, and TCP acknowledges all of it: that it was never read shows
/// only in the missing end of the session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_03_what_a_receiver_accepted_and_never_read_is_still_owed() {
    let world = Arc::new(World::new());
    let port = free_port();
    let hole = TcpListener::bind(loopback(port)).await.unwrap();
    let theirs = Arc::clone(&world);
    let hole = scripted(hole, move |tcp| {
        let world = Arc::clone(&theirs);
        async move {
            let tls = accept(&world, tcp).await;
            std::future::pending::<()>().await;
            drop(tls);
        }
    })
    .await;
    let mut destination = world.destination(loopback(port));
    destination.limits.close_max = Duration::from_millis(300);
    let journal = Journal::new(100);
    let sender = world.sender(destination, &journal);
    let failing = || sender.status().failures >= 3;
    until(20, failing, || format!("{:?}", sender.status())).await;
    let status = sender.status();
    assert_eq!(
        (status.settled, status.last_error),
        (0, Some(Trouble::CloseTimeout)),
        "{status:?}"
    );
    hole.abort();
    let _ = hole.await;

    let kept = Kept::new();
    let _receiver = receiver(&world, loopback(port), &kept).await;
    settled(&sender, 100, 20).await;
    Ledger::of(100, &kept.numbers()).assert_whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_03_a_receiver_that_stops_reading_ends_the_write_not_the_sender() {
    let world = Arc::new(World::new());
    let (listener, address) = listener().await;
    let theirs = Arc::clone(&world);
    let hole = scripted(listener, move |tcp| {
        let world = Arc::clone(&theirs);
        async move {
            let tls = accept(&world, tcp).await;
            std::future::pending::<()>().await;
            drop(tls);
        }
    })
    .await;
    let mut destination = world.destination(address);
    destination.limits.write_max = Duration::from_millis(300);
    let fixed = Fixed::new(&["x".repeat(30_000_000)]);
    let sender = fixed.sender(&world, destination);
    let failing = || sender.status().last_error == Some(Trouble::WriteTimeout);
    until(20, failing, || format!("{:?}", sender.status())).await;
    hole.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_03_resets_at_once_and_after_the_handshake_are_met_with_pauses() {
    let world = Arc::new(World::new());
    let (listener, address) = listener().await;
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let theirs = Arc::clone(&world);
    let resetting = scripted(listener, move |tcp| {
        let (world, count) = (Arc::clone(&theirs), counted.fetch_add(1, Ordering::Relaxed));
        async move {
            reset(&tcp);
            if count % 2 == 1 {
                drop(accept(&world, tcp).await);
            }
        }
    })
    .await;
    let journal = Journal::new(50);
    let sender = world.sender(world.destination(address), &journal);
    let failing = || sender.status().failures >= 8;
    let began = std::time::Instant::now();
    until(20, failing, || format!("{:?}", sender.status())).await;
    // 20 + 40 + 80 + 160 + 3 * 200 ms, halved where chance will have it so.
    assert!(
        began.elapsed() >= Duration::from_millis(450),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(sender.status().settled, 0);
    resetting.abort();
}

/// The kernel of a killed process ends its connections by FIN where nothing was left unread, as if the process had
/// done it. Only its closed port tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_02_a_fin_counts_only_while_the_receiver_takes_new_sessions() {
    let world = World::new();
    let port = free_port();
    let dying = TcpListener::bind(loopback(port)).await.unwrap();
    let journal = Journal::new(10);
    let sender = world.sender(world.destination(loopback(port)), &journal);
    let (tcp, _) = dying.accept().await.unwrap();
    let mut tls = accept(&world, tcp).await;
    let mut read = Vec::new();
    tls.read_to_end(&mut read).await.unwrap();
    assert_eq!(numbers(&read).len(), 9);
    drop(dying);
    drop(tls);
    let failing = || sender.status().failures >= 1;
    until(20, failing, || format!("{:?}", sender.status())).await;
    assert_eq!(sender.status().settled, 0);

    let kept = Kept::new();
    let _receiver = receiver(&world, loopback(port), &kept).await;
    let status = settled(&sender, 10, 20).await;
    Ledger::of(10, &kept.numbers()).assert_whole();
    assert_eq!(status.resent, 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_ends_the_session_first_has_proved_nothing() {
    let world = Arc::new(World::new());
    let (listener, address) = listener().await;
    let theirs = Arc::clone(&world);
    let first = scripted(listener, move |tcp| {
        let world = Arc::clone(&theirs);
        async move {
            let mut tls = accept(&world, tcp).await;
            let mut some = [0; 100];
            let _ = tls.read(&mut some).await;
            let _ = tls.shutdown().await;
            // Goes on reading, so that no reset follows.
            let mut rest = Vec::new();
            let _ = tls.read_to_end(&mut rest).await;
        }
    })
    .await;
    let mut destination = world.destination(address);
    destination.limits.settle_after = Duration::from_secs(60);
    let journal = Journal::new(5);
    let sender = world.sender(destination, &journal);
    let failing = || sender.status().failures >= 3;
    until(20, failing, || format!("{:?}", sender.status())).await;
    let status = sender.status();
    assert_eq!(
        (status.settled, status.last_error),
        (0, Some(Trouble::ClosedByPeer)),
        "{status:?}"
    );
    first.abort();
}

/// The receiver ends sessions unread, a moment sooner or later, while the sender writes and ends them too: so does one
/// that refuses our certificate under TLS 1.3, or closes what was idle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_02_ends_that_cross_prove_nothing() {
    let world = Arc::new(World::new());
    let (listener, address) = listener().await;
    let count = AtomicU64::new(0);
    let theirs = Arc::clone(&world);
    let crossing = scripted(listener, move |tcp| {
        let (world, count) = (Arc::clone(&theirs), count.fetch_add(1, Ordering::Relaxed));
        async move {
            let mut tls = accept(&world, tcp).await;
            for _ in 0..count % 8 {
                tokio::task::yield_now().await;
            }
            if count.is_multiple_of(2) {
                let _ = tls.shutdown().await;
            }
        }
    })
    .await;
    let mut destination = world.destination(address);
    destination.limits.settle_after = Duration::ZERO;
    destination.limits.pause_min = Duration::from_millis(1);
    destination.limits.pause_max = Duration::from_millis(1);
    let journal = Journal::new(5);
    let sender = world.sender(destination, &journal);
    let failing = || sender.status().failures >= 300 || sender.status().settled > 0;
    until(60, failing, || format!("{:?}", sender.status())).await;
    assert_eq!(sender.status().settled, 0, "{:?}", sender.status());
    crossing.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_sender_has_delivered_all_and_the_next_one_goes_on_from_there() {
    let world = World::new();
    let kept = Kept::new();
    let receiver = receiver(&world, loopback(0), &kept).await;
    let journal = Journal::new(300);
    let mut destination = world.destination(receiver.local_addr());
    destination.limits.settle_after = Duration::from_secs(60);
    let sender = world.sender(destination.clone(), &journal);
    let status = sender.stop(Duration::from_secs(10)).await;
    assert_eq!((status.settled, status.resent), (300, 0));

    journal.grow_to(320);
    let sender = world.sender(destination, &journal);
    assert_eq!(sender.status().settled, 300);
    let status = sender.stop(Duration::from_secs(10)).await;
    assert_eq!((status.settled, status.sent), (320, 17));
    let ledger = Ledger::of(320, &kept.numbers());
    ledger.assert_whole();
    assert_eq!(ledger.duplicates, 0);
}

/// Dropped without a goodbye, twenty times: what one sender had under way, the next one sends again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_sender_loses_nothing() {
    let world = World::new();
    let kept = Kept::new();
    let receiver = receiver(&world, loopback(0), &kept).await;
    let journal = Journal::new(0);
    let load = journal.load(4000, 4000);
    let drops = async {
        for round in 1..=20 {
            let sender = world.sender(world.destination(receiver.local_addr()), &journal);
            let some = || sender.status().sent >= 10 * round;
            until(20, some, || format!("{:?}", sender.status())).await;
            drop(sender);
        }
    };
    tokio::join!(load, drops);
    let sender = world.sender(world.destination(receiver.local_addr()), &journal);
    settled(&sender, 4000, 20).await;
    Ledger::of(4000, &kept.numbers()).assert_whole();
}

#[tokio::test]
async fn a_cursor_beyond_the_source_or_of_another_kind_stops_the_start() {
    let world = World::new();
    let start = |journal: &Journal| {
        Sender::start(
            world.destination(loopback(1)),
            journal.source(),
            journal.newest(),
            &world.folder,
            surroundings(),
        )
        .map(drop)
    };
    fs::write(
        world.file("arr.cursor"),
        r#"{"settled":11,"delivered":9,"resent":0}"#,
    )
    .unwrap();
    assert!(start(&Journal::new(11)).is_ok());
    let ahead = start(&Journal::new(10));
    assert!(
        matches!(
            ahead,
            Err(CursorError::Ahead {
                settled: 11,
                newest: 10,
                ..
            })
        ),
        "{ahead:?}"
    );
    fs::write(world.file("arr.cursor"), "{").unwrap();
    assert!(matches!(
        start(&Journal::new(11)),
        Err(CursorError::Damaged { .. })
    ));
}

/// While the folder of the cursor is gone, delivery goes on and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unwritable_cursor_is_told_and_holds_nothing_up() {
    let world = World::new();
    let kept = Kept::new();
    let receiver = receiver(&world, loopback(0), &kept).await;
    let journal = Journal::new(10);
    let gone = world.file("cursors");
    fs::create_dir(&gone).unwrap();
    let sender = Sender::start(
        world.destination(receiver.local_addr()),
        journal.source(),
        journal.newest(),
        &gone,
        surroundings(),
    )
    .unwrap();
    fs::remove_dir(&gone).unwrap();
    settled(&sender, 10, 10).await;
    let told = || sender.status().last_error == Some(Trouble::Cursor);
    until(10, told, || format!("{:?}", sender.status())).await;
    fs::create_dir(&gone).unwrap();
    let saved = || gone.join("arr.cursor").exists();
    until(10, saved, || "no cursor".to_owned()).await;
}

/// Fails three times, then gives everything.
struct Reluctant(Fixed, u32);

impl Source for Reluctant {
    fn read(&mut self, after: u64, events: usize, bytes: usize) -> Result<Vec<Owed>, SourceError> {
        if self.1 == 0 {
            return self.0.read(after, events, bytes);
        }
        self.1 -= 1;
        Err(SourceError("not now"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_source_is_told_and_asked_again() {
    let world = World::new();
    let kept = Kept::new();
    let receiver = receiver(&world, loopback(0), &kept).await;
    let mut destination = world.destination(receiver.local_addr());
    destination.limits.source_retry = Duration::from_millis(100);
    let source = Reluctant(Fixed::new(&[line(1), line(2)]), 3);
    let newest = tokio::sync::watch::channel(2).1;
    let sender = Sender::start(
        destination,
        Box::new(source),
        newest,
        &world.folder,
        surroundings(),
    )
    .unwrap();
    let told = || sender.status().last_error == Some(Trouble::Source);
    until(10, told, || format!("{:?}", sender.status())).await;
    settled(&sender, 2, 10).await;
    assert_eq!(kept.numbers(), [1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn udp_sends_a_datagram_for_each_message_and_truncates_at_a_character() {
    let world = World::new();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let destination = Destination {
        name: "udp".parse().unwrap(),
        transport: Transport::Udp {
            address: socket.local_addr().unwrap().to_string(),
            datagram_bytes_max: 50,
        },
        limits: Limits::default(),
    };
    let short = "<85>1 - - - - - - short".to_owned();
    let long = format!("<85>1 - - - - - - {}", "患".repeat(20));
    let sender = Fixed::new(&[short.clone(), long.clone(), short.clone()]).sender(&world, destination);
    let status = settled(&sender, 3, 10).await;
    assert_eq!((status.sent, status.truncated), (3, 1));
    let mut buffer = [0; 1000];
    for expected in [short.as_str(), &long[..48], &short] {
        let length = socket.recv(&mut buffer).await.unwrap();
        assert_eq!(std::str::from_utf8(&buffer[..length]).unwrap(), expected);
    }
}

/// What stands between sender and receiver: passes bytes on, or holds them back in both directions without a word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_03_a_network_that_goes_silent_and_comes_back_loses_nothing() {
    let world = World::new();
    let kept = Kept::new();
    let receiver = receiver(&world, loopback(0), &kept).await;
    let (silent, is_silent) = tokio::sync::watch::channel(false);
    let (listener, address) = listener().await;
    let to = receiver.local_addr();
    let proxy = scripted(listener, move |tcp| pass_on(tcp, to, is_silent.clone())).await;
    let mut destination = world.destination(address);
    destination.limits.close_max = Duration::from_millis(300);
    let journal = Journal::new(0);
    let sender = world.sender(destination, &journal);
    let cuts = async {
        for cut in 1..=6 {
            let some = || sender.status().settled >= cut * 600;
            until(20, some, || format!("{:?}", sender.status())).await;
            let before = sender.status().failures;
            silent.send_replace(true);
            let noticed = || sender.status().failures >= before + 1;
            until(20, noticed, || format!("{:?}", sender.status())).await;
            silent.send_replace(false);
        }
    };
    tokio::join!(journal.load(6000, 2000), cuts);
    settled(&sender, 6000, 30).await;
    let ledger = Ledger::of(6000, &kept.numbers());
    ledger.print("6 times a silent network (proxy)");
    ledger.assert_whole();
    let unique: HashSet<u64> = kept.numbers().into_iter().collect();
    assert_eq!(unique.len(), ledger.owed);
    proxy.abort();
}

async fn pass_on(mut from: TcpStream, to: SocketAddr, silent: tokio::sync::watch::Receiver<bool>) {
    let mut to = TcpStream::connect(to).await.unwrap();
    let (mut from_read, mut from_write) = from.split();
    let (mut to_read, mut to_write) = to.split();
    let forth = copy(&mut from_read, &mut to_write, silent.clone());
    let back = copy(&mut to_read, &mut from_write, silent);
    tokio::join!(forth, back);
}

async fn copy<R, W>(from: &mut R, to: &mut W, mut silent: tokio::sync::watch::Receiver<bool>)
where
    R: AsyncReadExt + Unpin,
    W: AsyncWriteExt + Unpin,
{
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if silent.wait_for(|silent| !silent).await.is_err() || to.write_all(&buffer[..length]).await.is_err()
        {
            return;
        }
    }
    let _ = silent.wait_for(|silent| !silent).await;
    let _ = to.shutdown().await;
}
