//! Receivers that hang, lie, reset and half-die, and a network that goes silent.

use std::collections::HashSet;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::ServerConnection;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use xds_syslog::sender::Trouble;

use crate::receiver::{Kept, receiver};
use crate::source::{Fixed, Journal, Ledger, numbers};
use crate::world::{World, free_port, loopback, settled, until};

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

/// Accepts a session without reading a byte beyond the handshake, as most TLS libraries do, and ends it at once: what
/// the client sent stays unread, or comes too late.
fn accept_and_end(world: &World, mut tcp: std::net::TcpStream, says_goodbye: bool) -> std::io::Result<()> {
    let mut session = ServerConnection::new(world.server_tls().config()).unwrap();
    while session.is_handshaking() || session.wants_write() {
        if session.wants_write() {
            session.write_tls(&mut tcp)?;
        } else {
            session.read_tls(&mut (&tcp).take(1))?;
            session.process_new_packets().unwrap();
        }
    }
    if says_goodbye {
        session.send_close_notify();
        session.write_tls(&mut tcp)?;
    }
    Ok(())
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
/// that refuses our certificate under TLS 1.3, or closes what was idle. The sender's runtime is busy and learns late
/// what the kernel knows, as on a loaded machine.
#[tokio::test]
async fn aud_02_ends_that_cross_prove_nothing() {
    let world = Arc::new(World::new());
    let crossing = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = crossing.local_addr().unwrap();
    let theirs = Arc::clone(&world);
    std::thread::spawn(move || {
        for (count, tcp) in crossing.incoming().flatten().enumerate() {
            for _ in 0..count % 8 {
                std::thread::yield_now();
            }
            let _ = accept_and_end(&theirs, tcp, count % 2 == 0);
        }
    });
    let mut destination = world.destination(address);
    destination.limits.settle_after = Duration::ZERO;
    destination.limits.probation = Duration::ZERO;
    destination.limits.pause_min = Duration::from_millis(1);
    destination.limits.pause_max = Duration::from_millis(1);
    let journal = Journal::new(5);
    let sender = world.sender(destination, &journal);
    let busy = tokio::spawn(async {
        loop {
            std::thread::sleep(Duration::from_micros(50));
            tokio::task::yield_now().await;
        }
    });
    let failing = || sender.status().failures >= 150 || sender.status().settled > 0;
    until(60, failing, || format!("{:?}", sender.status())).await;
    assert_eq!(sender.status().settled, 0, "{:?}", sender.status());
    busy.abort();
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
            let noticed = || sender.status().failures > before;
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
