//! Our own ends and beginnings: stops, drops, cursors and sources; and UDP.

use std::fs;
use std::time::Duration;

use tokio::net::UdpSocket;
use xds_syslog::sender::{CursorError, Destination, Limits, Sender, Transport, Trouble};
use xds_syslog::{Owed, Source, SourceError};

use crate::receiver::{Kept, receiver};
use crate::source::{Fixed, Journal, Ledger, line};
use crate::world::{World, loopback, settled, surroundings, until};

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
    // A record that owes nothing is passed over at once.
    assert!((300..=301).contains(&sender.status().settled));
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
