//! Requests that follow each other, wait, fail, stream, and a server that stops.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use xds_audit::{Closing, Outcome};
use xds_server::config::Limits;
use xds_server::run;

use crate::client::End;
use crate::message::{
    Multipart, QUERY, RETRIEVE, SIMPLE, envelope, fresh_id, good, headers, post, query, query_body,
};
use crate::world::{World, quick, until};

fn ask(mode: &str) -> Vec<u8> {
    post("/registry", SIMPLE, query(mode).as_bytes())
}

fn retrieve(mode: &str) -> Vec<u8> {
    let body =
        format!("<xds:RetrieveDocumentSetRequest xmlns:xds=\"urn:ihe:iti:xds-b:2007\" mode=\"{mode}\"/>");
    post(
        "/repository",
        SIMPLE,
        envelope(&headers(RETRIEVE, &fresh_id()), &body).as_bytes(),
    )
}

fn metric(world: &World, name: &str) -> f64 {
    let text = world.foundation.metrics.text().unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_else(|| panic!("{name}: {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_carries_many_requests() {
    let world = World::new().await;
    let mut client = world.client().await;
    let submission = Multipart::provide(&[b"one", &[2; 70_000]]);
    for _ in 0..50 {
        for request in [
            good(),
            submission.post("/repository"),
            retrieve("3-end"),
            post("/question", "application/json", b"\"a\""),
        ] {
            let reply = client.ask(&request).await;
            assert_eq!((reply.status, reply.closes()), (200, false), "{}", reply.text());
        }
    }
    assert!(
        world
            .events()
            .iter()
            .all(|told| told.outcome == Some(Outcome::Success))
    );
    assert_eq!(
        metric(
            &world,
            "renkei_requests_total{transaction=\"ITI-41\",outcome=\"success\"}"
        ),
        50.0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_the_pipe_are_answered_in_order() {
    let world = World::new().await;
    let mut client = world.client().await;
    let ids: Vec<String> = (0..20).map(|_| fresh_id()).collect();
    let pipe: Vec<u8> = ids
        .iter()
        .flat_map(|id| {
            post(
                "/registry",
                SIMPLE,
                envelope(&headers(QUERY, id), &query_body("echo")).as_bytes(),
            )
        })
        .collect();
    client.send(&pipe).await.unwrap();
    for id in &ids {
        assert_eq!(
            client.reply().await.unwrap().element("wsa:RelatesTo").as_ref(),
            Some(id)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dos_04_a_node_has_only_so_many_places() {
    let world = World::with(Limits {
        node_in_flight_max: 2,
        process_in_flight_max: 3,
        ..quick()
    })
    .await;
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let mut client = world.client().await;
        client.send(&ask("wait")).await.unwrap();
        waiting.push(client);
    }
    until("both wait", || world.reached() == 2).await;
    assert_eq!(metric(&world, "renkei_in_flight"), 2.0);

    // The third of this node is told to come back, quickly, in kind, on a connection that goes on.
    let mut client = world.client().await;
    let mtom = Multipart::provide(&[b"x"]).post("/repository");
    for (request, kind) in [(good(), "application/soap+xml"), (mtom, "multipart/related")] {
        let (reply, end) = world.refuse_on(&mut client, "busy", &request, 503).await;
        assert_eq!(reply.header("retry-after").as_deref(), Some("1"));
        assert!(reply.text().contains("soap12:Receiver"));
        assert!(reply.header("content-type").unwrap().starts_with(kind));
        assert_eq!((reply.closes(), end), (false, None));
    }
    let told = world.events_of("request-refused");
    assert!(
        told.iter()
            .all(|told| (told.reason.as_str(), told.outcome) == ("busy", Some(Outcome::MinorFailure)))
    );
    let (reply, _) = world
        .refuse(
            "busy question",
            &post("/question", "application/json", b"\"a\""),
            503,
        )
        .await;
    assert!(reply.text().contains("busy"));

    // Another node has places, until the process has none.
    let mut other = world.h2.connect(world.address).await.unwrap();
    other.send(&ask("wait")).await.unwrap();
    until("three wait", || world.gate.in_flight.now() == 3).await;
    let reply = world.h2.connect(world.address).await.unwrap().ask(&good()).await;
    assert_eq!(reply.status, 503);

    world.probe.go.add_permits(3);
    for client in waiting.iter_mut().chain([&mut other]) {
        assert_eq!(client.reply().await.unwrap().status, 200);
    }
    until("all places are back", || world.gate.in_flight.now() == 0).await;
    assert_eq!(metric(&world, "renkei_in_flight"), 0.0);
    assert_eq!(client.ask(&good()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn dos_04_an_entry_may_allow_more() {
    let mut world = World::with(Limits {
        node_in_flight_max: 1,
        ..quick()
    })
    .await;
    world.enrol("h1", |node| {
        node.in_flight_max = Some(2);
        true
    });
    let (mut first, mut second) = (world.client().await, world.client().await);
    first.send(&ask("wait")).await.unwrap();
    second.send(&ask("wait")).await.unwrap();
    until("both wait", || world.reached() == 2).await;
    assert_eq!(world.client().await.ask(&good()).await.status, 503);
    world.probe.go.add_permits(2);
    assert_eq!(first.reply().await.unwrap().status, 200);
    assert_eq!(second.reply().await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_11_a_panic_ends_its_own_request_only() {
    let world = World::new().await;
    let mut client = world.client().await;
    for (mode, kind, note) in [
        ("panic", "ITI-18", Some(Closing::ABANDONED)),
        ("panic-early", "request-refused", None),
    ] {
        let id = fresh_id();
        let message = envelope(&headers(QUERY, &id), &query_body(mode));
        for (request, packaging) in [
            (post("/registry", SIMPLE, message.as_bytes()), SIMPLE),
            (
                Multipart::new(&message, &[]).post("/registry"),
                "multipart/related",
            ),
        ] {
            let before = world.events_of(kind).len();
            let reply = client.ask(&request).await;
            assert_eq!((reply.status, reply.closes()), (500, false), "{mode}");
            assert!(reply.text().contains("soap12:Receiver"));
            assert!(reply.header("content-type").unwrap().starts_with(packaging));
            assert_eq!(reply.element("wsa:RelatesTo").unwrap(), id);
            let told = world.events_of(kind);
            assert_eq!(told.len(), before + 1, "{mode}");
            let last = told.last().unwrap();
            assert_eq!(
                (last.outcome, last.note.as_deref()),
                (Some(Outcome::MajorFailure), note),
                "{mode}"
            );
            assert_eq!(
                reply.element("wsa:MessageID").unwrap(),
                format!("urn:uuid:{}", last.correlation)
            );
        }
    }
    let reply = client
        .ask(&post("/question", "application/json", b"\"panic\""))
        .await;
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (500, "{\"error\":\"failed\"}")
    );
    assert_eq!(world.gate.in_flight.now(), 0);
    assert_eq!(metric(&world, "renkei_in_flight"), 0.0);
    assert_eq!(
        metric(
            &world,
            "renkei_requests_total{transaction=\"ITI-18\",outcome=\"fault\"}"
        ),
        4.0
    );
    assert!(crate::watch::log_holds("alarm: a handler panicked"));
    assert_eq!(client.ask(&good()).await.status, 200);
}

/// A fault after the opening part: the record says so, and is durable before the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_after_the_opening_closes_the_record() {
    let world = World::new().await;
    let mut client = world.client().await;
    for (mode, outcome, note) in [
        ("fault", Outcome::SeriousFailure, None),
        ("drop", Outcome::MajorFailure, Some(Closing::ABANDONED)),
    ] {
        let reply = client.ask(&ask(mode)).await;
        assert_eq!((reply.status, reply.closes()), (400, false));
        let told = world.events_of("ITI-18").pop().unwrap();
        assert_eq!(
            (told.outcome, told.note.as_deref()),
            (Some(outcome), note),
            "{mode}"
        );
    }
    assert!(world.events_of("request-refused").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_stops_nothing_halfway() {
    let world = World::new().await;
    let mut client = world.client().await;
    client.send(&ask("wait")).await.unwrap();
    until("it waits", || world.reached() == 1).await;
    client.stream.get_ref().0.set_zero_linger().unwrap();
    drop(client);
    // The connection is gone, the work is not.
    world.assert_lives().await;
    assert_eq!(world.gate.in_flight.now(), 1);
    world.probe.go.add_permits(1);
    until("its place is back", || world.gate.in_flight.now() == 0).await;
    assert_eq!(world.finished(), 2);
    assert!(
        world
            .events_of("ITI-18")
            .iter()
            .all(|told| told.outcome == Some(Outcome::Success))
    );
}

/// A client that shuts its sending side only still gets its answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_only_stops_sending_is_answered() {
    let world = World::new().await;
    let mut client = world.client().await;
    client.send(&good()).await.unwrap();
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.reply().await.unwrap().status, 200);
    assert_eq!(client.rest().await.1, End::Clean);
}

#[tokio::test(flavor = "multi_thread")]
async fn streamed_answers_end_whole_or_are_cut() {
    let world = World::new().await;
    let mut client = world.client().await;
    let reply = client.ask(&retrieve("8-end")).await;
    assert_eq!((reply.status, reply.body.len()), (200, 8 * 64 * 1024));
    for broken in ["8-cut", "8-gone", "0-cut"] {
        let mut client = world.client().await;
        client.send(&retrieve(broken)).await.unwrap();
        let (got, end) = client.rest().await;
        assert!(!got.ends_with(b"0\r\n\r\n"), "{broken}: a whole body");
        assert_eq!(end, End::Cut, "{broken}");
    }
    until("all places are back", || world.gate.in_flight.now() == 0).await;
    world.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_ends_a_streamed_answer() {
    let world = World::new().await;
    let mut client = world.h1.connect_narrow(world.address).await.unwrap();
    client.send(&retrieve("1000-end")).await.unwrap();
    until("it streams", || world.reached() == 1).await;
    drop(client);
    until("it is over", || world.finished() == 1).await;
    assert_eq!(world.events_of("ITI-43")[0].outcome, Some(Outcome::MinorFailure));
    until("its place is back", || world.gate.in_flight.now() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_answer_holds_its_place() {
    let world = World::new().await;
    let mut client = world.h1.connect_narrow(world.address).await.unwrap();
    client.send(&retrieve("300-end")).await.unwrap();
    until("it streams", || world.reached() == 1).await;
    assert_eq!(world.gate.in_flight.now(), 1);
    assert_eq!(metric(&world, "renkei_in_flight"), 1.0);
    assert_eq!(client.reply().await.unwrap().body.len(), 300 * 64 * 1024);
    until("its place is back", || world.gate.in_flight.now() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_05_drain_finishes_what_runs() {
    let world = World::new().await;
    let (mut running, mut idle, mut gone) =
        (world.client().await, world.client().await, world.client().await);
    assert_eq!(idle.ask(&good()).await.status, 200);
    running.send(&ask("wait")).await.unwrap();
    gone.send(&ask("wait")).await.unwrap();
    until("both wait", || world.reached() == 3).await;
    // The work of a client that hung up counts as well.
    gone.stream.get_ref().0.set_zero_linger().unwrap();
    drop(gone);

    let handles = [world.handle.clone()];
    let began = Instant::now();
    let drained = tokio::spawn(async move { run::drain(&handles, Duration::from_secs(10)).await });
    // Idle connections end at once, new ones are not taken.
    assert_eq!(idle.rest().await.0, b"");
    until("nobody is taken", || {
        std::net::TcpStream::connect(world.address).is_err()
    })
    .await;
    assert!(!drained.is_finished());
    world.probe.go.add_permits(2);
    let reply = running.reply().await.unwrap();
    assert_eq!((reply.status, reply.closes()), (200, true));
    drained.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!(world.finished(), 3);
    world.foundation.leave().await;
    let mut told = world.events();
    // The look whether anybody is taken may have been the last one taken: it says nothing and hangs up.
    told.retain(|told| told.kind != "handshake-refused" || !told.reason.starts_with("closed x"));
    assert!(
        told.iter().all(|told| told.outcome == Some(Outcome::Success)),
        "{told:?}"
    );
    assert_eq!(told.last().unwrap().kind, "node-stop");
}

/// Also where nothing but that work holds the server up.
#[tokio::test(flavor = "multi_thread")]
async fn ops_05_drain_waits_for_the_work_of_a_client_that_hung_up() {
    let world = World::new().await;
    let mut gone = world.client().await;
    gone.send(&ask("wait")).await.unwrap();
    until("it waits", || world.reached() == 1).await;
    gone.stream.get_ref().0.set_zero_linger().unwrap();
    drop(gone);
    let handles = [world.handle.clone()];
    let drained = tokio::spawn(async move { run::drain(&handles, Duration::from_secs(10)).await });
    // Longer than the server takes to stop when nothing holds it up.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(!drained.is_finished());
    world.probe.go.add_permits(1);
    drained.await.unwrap();
    assert_eq!(world.finished(), 1);
    assert_eq!(world.events_of("ITI-18")[0].outcome, Some(Outcome::Success));
}

/// Work that does not end is given up, and its record says so.
#[tokio::test(flavor = "multi_thread")]
async fn ops_05_drain_has_an_end() {
    let world = World::with(Limits {
        drain_seconds_max: 1,
        ..quick()
    })
    .await;
    let mut stuck = world.client().await;
    stuck.send(&ask("wait")).await.unwrap();
    until("it waits", || world.reached() == 1).await;
    let began = Instant::now();
    run::drain(std::slice::from_ref(&world.handle), Duration::from_secs(1)).await;
    assert!(began.elapsed() < Duration::from_secs(4));
    until("it is given up", || {
        world.events_of("ITI-18")[0].outcome.is_some()
    })
    .await;
    assert_eq!(
        world.events_of("ITI-18")[0].note.as_deref(),
        Some(Closing::ABANDONED)
    );
}

/// Nothing is answered whose event cannot be written.
#[tokio::test(flavor = "multi_thread")]
async fn aud_without_a_journal_nothing_is_served() {
    let world = World::new().await;
    let mut client = world.client().await;
    world.foundation.journal.shutdown().await;
    for request in [
        good(),
        ask("panic-early"),
        Multipart::provide(&[b"x"]).post("/repository"),
    ] {
        let reply = client.ask(&request).await;
        assert_eq!(reply.status, 503, "{}", reply.text());
        assert_eq!(reply.header("retry-after").as_deref(), Some("1"));
    }
    assert_eq!(
        world
            .client()
            .await
            .ask(&post("/nothing", SIMPLE, b"x"))
            .await
            .status,
        503
    );
    assert_eq!(world.probe.finished.load(Ordering::SeqCst), 0);
}
