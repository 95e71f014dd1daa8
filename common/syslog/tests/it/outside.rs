//! Events owed = events arrived, at a receiver that we did not write and that dies.
//!
//! `RENKEI_SYSLOG_EVENTS` and `RENKEI_SYSLOG_KILLS` raise the counts.

use std::time::{Duration, Instant};

use crate::rsyslog::{Driver, Rsyslog, is_there};
use crate::source::{Fixed, Journal, Ledger};
use crate::world::{World, free_port, loopback, settled, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_02_rsyslog_with_openssl_killed_under_load_loses_nothing() {
    killed_under_load(
        Driver::Ossl,
        count("RENKEI_SYSLOG_EVENTS", 24_000),
        count("RENKEI_SYSLOG_KILLS", 10),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_02_rsyslog_with_gnutls_killed_under_load_loses_nothing() {
    killed_under_load(Driver::Gtls, 24_000, 10).await;
}

async fn killed_under_load(driver: Driver, events: u64, kills: u64) {
    if !is_there(driver) {
        return;
    }
    let world = World::new();
    let address = loopback(free_port());
    let mut rsyslog = Rsyslog::receiver(&world, driver, address);
    rsyslog.start().await;
    let journal = Journal::new(0);
    let sender = world.sender(world.destination(address), &journal);
    let began = Instant::now();

    let load = journal.load(events, 4000);
    let kill = async {
        for kill in 1..=kills {
            let at = events * 6 / 7 * kill / (kills + 1);
            let reached = || sender.status().sent >= at;
            until(120, reached, || format!("{:?}", sender.status())).await;
            rsyslog.kill();
            // Long enough for attempts to fail, and for events to be owed.
            tokio::time::sleep(Duration::from_millis(20 + 13 * (kill % 8))).await;
            rsyslog.start().await;
        }
    };
    tokio::join!(load, kill);
    let status = settled(&sender, events, 120).await;
    let seconds = began.elapsed().as_secs_f64();

    let ledger = Ledger::of(events, &rsyslog.arrived());
    ledger.print(&format!(
        "{kills} times kill -9 of rsyslog ({driver:?}), {seconds:.1} s"
    ));
    ledger.assert_whole();
    assert!(ledger.duplicate_share() < 0.01, "{ledger:?} {status:?}");
    assert!(status.failures >= kills, "{status:?}");
    assert!(status.resent as usize >= ledger.duplicates, "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_01_what_an_outage_left_is_caught_up_while_events_go_on() {
    if !is_there(Driver::Ossl) {
        return;
    }
    let world = World::new();
    let address = loopback(free_port());
    let mut rsyslog = Rsyslog::receiver(&world, Driver::Ossl, address);
    let outage = count("RENKEI_SYSLOG_OUTAGE", 20_000);
    let journal = Journal::new(outage);
    let sender = world.sender(world.destination(address), &journal);
    let failing = || sender.status().failures >= 3;
    until(20, failing, || format!("{:?}", sender.status())).await;
    let during = sender.status();
    assert_eq!(during.oldest.unwrap().sequence, 1);
    assert!(during.oldest.unwrap().age > Duration::from_secs(365 * 24 * 3600));
    assert_eq!((during.connected, during.settled), (false, 0));

    rsyslog.start().await;
    let began = Instant::now();
    let caught_up = async {
        settled(&sender, outage, 120).await;
        let owed = outage as f64 * 6.0 / 7.0;
        println!(
            "caught up at {:.0} events/s",
            owed / began.elapsed().as_secs_f64()
        );
    };
    tokio::join!(journal.load(outage + 2000, 500), caught_up);
    let status = settled(&sender, outage + 2000, 60).await;

    let ledger = Ledger::of(outage + 2000, &rsyslog.arrived());
    ledger.print("outage");
    ledger.assert_whole();
    assert!(ledger.duplicate_share() < 0.01, "{ledger:?} {status:?}");
    assert_eq!(status.oldest, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_18_rsyslog_sees_one_message_per_frame_whatever_is_in_it() {
    for driver in [Driver::Ossl, Driver::Gtls] {
        if !is_there(driver) {
            return;
        }
        let head = "<85>1 2026-01-01T10:00:00Z registry.test renkei 1 IHE+RFC-3881 -";
        let lines = [
            format!("{head} \u{feff}<AuditMessage>患者</AuditMessage><n>1</n>"),
            format!("{head} <a>{}</a><n>2</n>", "患".repeat(30_000)),
            format!("{head} <a>{}</a><n>3</n>", "x".repeat(3_000_000)),
            format!("{head} a\r\nb ]]> 9 <85>1 \u{85}<85>1 \u{1b}[2J<n>4</n>"),
            format!("{head} <n>5</n>"),
        ];
        let world = World::new();
        let address = loopback(free_port());
        let mut rsyslog = Rsyslog::receiver(&world, driver, address);
        rsyslog.start().await;
        let fixed = Fixed::new(&lines);
        let sender = fixed.sender(&world, world.destination(address));
        settled(&sender, 5, 30).await;
        let expected: String = lines.iter().map(|line| format!("{line}\n")).collect();
        assert!(
            rsyslog.text() == expected.as_bytes(),
            "{driver:?}: {:?}",
            rsyslog.arrived()
        );
    }
}

/// With GnuTLS only: the OpenSSL driver of rsyslog 8.2302 forgets to compare names when a handshake comes in pieces.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rsyslog_that_does_not_know_our_name_gets_nothing_and_is_owed_everything() {
    if !is_there(Driver::Gtls) {
        return;
    }
    let world = World::new();
    let address = loopback(free_port());
    let mut rsyslog = Rsyslog::receiver(&world, Driver::Gtls, address);
    world.issue("sender", "somebody.test");
    rsyslog.start().await;
    let journal = Journal::new(10);
    let sender = world.sender(world.destination(address), &journal);
    let failing = || sender.status().failures >= 3;
    until(20, failing, || {
        format!("{:?} {:?}", sender.status(), rsyslog.arrived())
    })
    .await;
    let status = sender.status();
    assert_eq!(
        (status.settled, status.oldest.map(|oldest| oldest.sequence)),
        (0, Some(1)),
        "{status:?}"
    );
    assert!(rsyslog.arrived().is_empty());
}

pub(crate) fn count(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}
