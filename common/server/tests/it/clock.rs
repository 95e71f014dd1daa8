//! JP-L04: what a server says of its clock, and what its journal notes.

use std::net::UdpSocket;
use std::sync::Arc;

use xds_clock::StartRefused;
use xds_clock::packet::Timestamp;
use xds_model::Clock;
use xds_model::time::System;
use xds_server::config::{AuditSection, TimeSection};
use xds_server::metrics::{Metrics, SharedMetrics};
use xds_server::ready::Ready;
use xds_server::timekeeping::Timekeeping;

/// An NTP server that is ahead by so many seconds.
fn ntp_server(ahead: i64) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let name = socket.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut question = [0; 48];
        while let Ok((48, from)) = socket.recv_from(&mut question) {
            let now = Timestamp::of(System.now() + time::Duration::seconds(ahead))
                .0
                .to_be_bytes();
            let mut answer = [0; 48];
            answer[..2].copy_from_slice(&[0x24, 2]);
            answer[24..32].copy_from_slice(&question[40..48]);
            answer[32..40].copy_from_slice(&now);
            answer[40..48].copy_from_slice(&now);
            let _ = socket.send_to(&answer, from);
        }
    });
    name
}

/// A start with these servers: how it ends, what is counted, and what `/ready` warns of.
async fn started(name: &str, ntp_servers: Vec<String>) -> (Result<(), StartRefused>, SharedMetrics, Ready) {
    let folder = std::env::temp_dir().join(format!("renkei-server-clock-{}-{name}", std::process::id()));
    let section = TimeSection {
        ntp_servers,
        ..TimeSection::default()
    };
    let (metrics, ready) = (Metrics::new(|_| ()), Ready::waiting_for(&[]));
    let outcome = Timekeeping::start(
        &section,
        &AuditSection::in_folder(folder.join("journal")),
        (Arc::new(System), Arc::new(System)),
        (SharedMetrics::clone(&metrics), ready.clone()),
    )
    .await;
    let _ = std::fs::remove_dir_all(folder);
    (outcome.map(drop), metrics, ready)
}

#[tokio::test]
async fn jp_l04_a_good_clock_is_counted_and_warns_of_nothing() {
    let (outcome, metrics, ready) = started("good", vec![ntp_server(0)]).await;
    assert_eq!(outcome, Ok(()));
    let text = metrics.text().unwrap();
    assert!(
        text.contains("renkei_clock_standing{standing=\"good\"} 1"),
        "{text}"
    );
    assert!(
        text.contains("renkei_clock_standing{standing=\"off\"} 0"),
        "{text}"
    );
    assert!(ready.warnings().is_empty());
}

#[tokio::test]
async fn jp_l04_a_clock_that_is_off_refuses_the_start() {
    let (outcome, ..) = started("off", vec![ntp_server(-5)]).await;
    let said = outcome.unwrap_err().to_string();
    assert!(
        said.contains("-5") && said.contains("1000 ms is allowed"),
        "{said}"
    );
}

#[tokio::test]
async fn jp_l04_without_a_source_it_starts_and_warns() {
    let (outcome, metrics, ready) = started("none", Vec::new()).await;
    assert_eq!(outcome, Ok(()));
    assert!(ready.is_ready() && ready.warnings().contains_key("clock"));
    let text = metrics.text().unwrap();
    assert!(
        text.contains("renkei_clock_standing{standing=\"unchecked\"} 1"),
        "{text}"
    );
}
