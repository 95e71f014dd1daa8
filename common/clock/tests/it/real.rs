//! Against chrony, which we did not write.

use std::time::{Duration, Instant};

use xds_clock::evaluate::Refused;
use xds_clock::{Chrony, Measured, Ntp, Sources, Unknown, measure};
use xds_model::time::System;

use crate::chronyd::Chronyd;
use crate::false_server::{FalseServer, Manner};

/// Measures until something is known: a chronyd takes its time to start.
async fn known(sources: &Sources, chronyd: &Chronyd) -> Measured {
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        match measure(sources, &System, &System).await {
            Ok(measured) => return measured,
            Err(unknown) => assert!(Instant::now() < deadline, "{unknown}\n{}", chronyd.log()),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn ct_a_real_chronyd_answers_and_outvotes_a_liar() {
    let chronyd = Chronyd::server();
    let alone = Sources::Ntp(Ntp::new([chronyd.name()]));
    let measured = known(&alone, &chronyd).await;
    assert!(
        measured.offset_ms.unsigned_abs() <= measured.uncertainty_ms + 5,
        "{measured:?}"
    );

    let second = Chronyd::server();
    known(&Sources::Ntp(Ntp::new([second.name()])), &second).await;
    let liar = FalseServer::start(Manner::Ahead(5_000));
    let three = Sources::Ntp(Ntp::new([chronyd.name(), liar.name.clone(), second.name()]));
    let measured = known(&three, &chronyd).await;
    assert!(measured.offset_ms.unsigned_abs() < 1_000, "{measured:?}");
    assert_eq!(measured.readings.len(), 3);
}

#[tokio::test]
async fn ct_chronyc_tells_what_a_real_chronyd_follows() {
    let server = Chronyd::server();
    let follower = Chronyd::follower(server.port);
    let sources = Sources::Chrony(Chrony::with_arguments(follower.chronyc()));
    let measured = known(&sources, &follower).await;
    assert!(measured.offset_ms.unsigned_abs() < 1_000, "{measured:?}");

    // The first one follows nothing but itself: that is no time source.
    let itself = Chrony::with_arguments(server.chronyc()).ask().await;
    assert_eq!(itself.outcome, Err(Refused::NotSynchronised));
}

/// The sign of chronyc's report, as chrony itself means it: this machine is behind a server that is 5 s ahead.
#[tokio::test]
async fn ct_chronyc_and_we_mean_the_same_by_behind() {
    let ahead = FalseServer::start(Manner::Ahead(5_000));
    let port = ahead.name.rsplit_once(':').unwrap().1.parse().unwrap();
    let follower = Chronyd::follower(port);
    let sources = Sources::Chrony(Chrony::with_arguments(follower.chronyc()));
    let measured = known(&sources, &follower).await;
    assert!(
        (4_000..=6_000).contains(&measured.offset_ms),
        "{measured:?}\n{}",
        follower.log()
    );
}

#[tokio::test]
async fn a_chrony_that_does_not_run_is_said_to_be_so() {
    let chrony = Chrony::with_arguments(["-h", "/nowhere/chronyd.sock"].map(str::to_owned));
    let unknown = measure(&Sources::Chrony(chrony), &System, &System)
        .await
        .unwrap_err();
    assert!(matches!(unknown, Unknown::TooFew(_)), "{unknown}");
    assert!(unknown.to_string().contains("does chronyd run"), "{unknown}");
}
