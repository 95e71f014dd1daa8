//! SNTP against servers that lie, or do worse.

use std::time::Duration;

use xds_clock::evaluate::Refused;
use xds_clock::{Ntp, Sources, Unknown, measure};
use xds_model::time::System;

use crate::false_server::{FalseServer, Manner};

fn asking(servers: &[&FalseServer]) -> Ntp {
    Ntp::new(servers.iter().map(|server| server.name.clone())).patient_for(Duration::from_millis(1500))
}

async fn refused(manner: Manner) -> Refused {
    let server = FalseServer::start(manner);
    let ntp = asking(&[&server]).patient_for(Duration::from_millis(500));
    let mut readings = ntp.ask(&System, &System).await;
    readings.remove(0).outcome.unwrap_err()
}

#[tokio::test]
async fn ct_each_false_answer_is_refused_with_its_reason() {
    for (manner, reason) in [
        (Manner::Silent, Refused::Silent),
        (Manner::WrongOriginate, Refused::NotOurs),
        (Manner::Kiss, Refused::Kiss(*b"RATE")),
        (Manner::LeapAlarm, Refused::NotSynchronised),
        (Manner::Stratum16, Refused::NotSynchronised),
        (Manner::OtherAddress, Refused::Silent),
        (Manner::Short, Refused::Malformed),
    ] {
        assert_eq!(refused(manner).await, reason, "{manner:?}");
    }
}

#[tokio::test]
async fn ct_an_offset_of_five_seconds_is_measured_either_way() {
    for ahead in [5_000, -5_000] {
        let server = FalseServer::start(Manner::Ahead(ahead));
        let sources = Sources::Ntp(asking(&[&server]));
        let measured = measure(&sources, &System, &System).await.unwrap();
        let wrong = measured.offset_ms.abs_diff(ahead);
        assert!(wrong <= measured.uncertainty_ms + 5, "{measured:?}");
        assert_eq!(server.asked(), 3);
    }
}

#[tokio::test]
async fn ct_a_stranger_does_not_hide_the_true_answer() {
    let server = FalseServer::start(Manner::StrangerFirst);
    let reading = asking(&[&server]).ask(&System, &System).await.remove(0);
    let sample = reading.outcome.unwrap();
    assert!(
        sample.offset_micros.unsigned_abs() <= sample.uncertainty_micros + 5_000,
        "{sample:?}"
    );
}

#[tokio::test]
async fn ct_one_liar_among_three_is_outvoted() {
    let [a, b] = [0, 0].map(|ms| FalseServer::start(Manner::Ahead(ms)));
    let liar = FalseServer::start(Manner::Ahead(5_000));
    let sources = Sources::Ntp(asking(&[&liar, &a, &b]));
    let measured = measure(&sources, &System, &System).await.unwrap();
    assert!(measured.offset_ms.unsigned_abs() < 1_000, "{measured:?}");

    let sources = Sources::Ntp(asking(&[&liar, &a]));
    let unknown = measure(&sources, &System, &System).await.unwrap_err();
    assert!(matches!(unknown, Unknown::Disagree(_)), "{unknown}");
}

#[tokio::test]
async fn ct_one_silent_among_three_is_done_without() {
    let [a, b] = [0, 0].map(|ms| FalseServer::start(Manner::Ahead(ms)));
    let silent = FalseServer::start(Manner::Silent);
    let sources = Sources::Ntp(asking(&[&a, &silent, &b]));
    let measured = measure(&sources, &System, &System).await.unwrap();
    assert_eq!(measured.readings.len(), 3);
    assert_eq!(silent.asked(), 1, "a silent server is waited for once");
}

#[tokio::test]
async fn ct_who_wants_to_be_left_alone_is_left_alone() {
    let server = FalseServer::start(Manner::Kiss);
    let ntp = asking(&[&server]);
    for reason in [Refused::Kiss(*b"RATE"), Refused::LeftAlone] {
        let reading = ntp.ask(&System, &System).await.remove(0);
        assert_eq!(reading.outcome, Err(reason));
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_unreachable() {
    let ntp = Ntp::new(["ntp.invalid".to_owned()]);
    let reading = ntp.ask(&System, &System).await.remove(0);
    assert_eq!(reading.outcome, Err(Refused::Unreachable));
    assert_eq!(reading.to_string(), "ntp.invalid cannot be reached");
}
