//! HTTP bodies: HTTP-02, 03, 06, 18.

use std::fs;
use std::time::{Duration, Instant};

use crate::client::End;
use crate::message::{
    Multipart, QUERY, RETRIEVE, SIMPLE, chunked_head, envelope, fresh_id, good, headers, post, post_chunked,
    query, query_body,
};
use crate::world::{World, quick, until};
use xds_server::config::Limits;

/// The head of a request whose body is to come.
fn head(path: &str, content_type: &str, length: usize) -> Vec<u8> {
    let mut bytes = post(path, content_type, b"");
    bytes.truncate(bytes.len() - 5);
    bytes.extend(format!("{length}\r\n\r\n").into_bytes());
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn http_02_stalled_bodies_are_cut() {
    let world = World::new().await;
    let mtom = Multipart::provide(&[b"x"]).content_type();
    for (what, begun) in [
        (
            "sized",
            [head("/registry", SIMPLE, 10_000), b"<soap12:En".to_vec()].concat(),
        ),
        (
            "chunked",
            [chunked_head("/registry", SIMPLE), b"a\r\n<soap12:En\r\n".to_vec()].concat(),
        ),
        (
            "half a chunk",
            [chunked_head("/registry", SIMPLE), b"ffff\r\n<soap12:En".to_vec()].concat(),
        ),
        (
            "multipart",
            [head("/repository", &mtom, 10_000), b"--MIME_b1\r\n".to_vec()].concat(),
        ),
        (
            "chunked multipart",
            [
                chunked_head("/repository", &mtom),
                b"a\r\n--MIME_b1\r\r\n".to_vec(),
            ]
            .concat(),
        ),
        (
            "text/xml",
            [head("/registry", "text/xml", 10_000), b"<soap".to_vec()].concat(),
        ),
    ] {
        let began = Instant::now();
        let status = if what == "text/xml" { 415 } else { 408 };
        world.refuse_and_close(what, &begun, status).await;
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{what}: {:?}",
            began.elapsed()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_02_trickling_bodies_are_cut_and_leave_the_others_alone() {
    let world = World::with(Limits {
        node_in_flight_max: 1_000,
        process_in_flight_max: 1_000,
        ..quick()
    })
    .await;
    let mut clients = Vec::new();
    for _ in 0..100 {
        let mut client = world.client().await;
        client.send(&head("/registry", SIMPLE, 10_000)).await.unwrap();
        clients.push(client);
    }
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(2500) {
        for client in &mut clients {
            let _ = client.send(b"<").await;
        }
        world.assert_lives().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Cut while they still trickled.
    assert_eq!(world.events_of("request-refused").len(), 100);
    for client in &mut clients {
        assert_eq!(client.reply().await.unwrap().status, 408);
    }
}

/// The deadline is for slowness, not for size.
#[tokio::test(flavor = "multi_thread")]
async fn http_02_a_body_at_an_honest_pace_passes() {
    let world = World::new().await;
    let request = Multipart::provide(&[&[b'd'; 60_000]]).post("/repository");
    let mut client = world.client().await;
    let began = Instant::now();
    for piece in request.chunks(4_000) {
        client.send(piece).await.unwrap();
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
    assert_eq!(client.reply().await.unwrap().status, 200);
    assert!(began.elapsed() > Duration::from_millis(1500));
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

fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn http_03_readers_that_stop_are_cut() {
    let world = World::new().await;
    let before = resident_bytes();
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = world.h1.connect_narrow(world.address).await.unwrap();
        // 200 MiB.
        client.send(&retrieve("3200-end")).await.unwrap();
        clients.push(client);
    }
    until("all answers are given up", || world.finished() == 20).await;
    assert!(resident_bytes().saturating_sub(before) < 64 * 1024 * 1024);
    until("their places are given back", || world.gate.in_flight.now() == 0).await;
    for told in world.events_of("ITI-43") {
        assert_eq!(told.outcome, Some(xds_audit::Outcome::MinorFailure));
    }
    for client in &mut clients {
        let (_, end) = client.rest().await;
        assert_eq!(end, End::Cut);
    }
    world.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_03_a_large_whole_answer_is_cut_too() {
    let world = World::new().await;
    let mut client = world.h1.connect_narrow(world.address).await.unwrap();
    client
        .send(&post("/registry", SIMPLE, query("large-20000000").as_bytes()))
        .await
        .unwrap();
    until("the answer is made", || world.finished() == 1).await;
    // The answer was closed in the journal before it left; the connection is what must go.
    tokio::time::sleep(Duration::from_millis(3000)).await;
    assert_eq!(client.rest().await.1, End::Cut);
    world.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_06_bodies_shorter_than_announced() {
    let world = World::new().await;
    let mtom = Multipart::provide(&[b"x"]);
    let whole = mtom.body();
    for (what, path, content_type, body) in [
        (
            "simple",
            "/registry",
            SIMPLE.to_owned(),
            query("echo").into_bytes(),
        ),
        (
            "in the root part",
            "/repository",
            mtom.content_type(),
            whole[..200].to_vec(),
        ),
        // The last boundary is there, the body around it is not.
        (
            "multipart for a registry",
            "/registry",
            mtom.content_type(),
            Multipart::new(&query("echo"), &[]).body(),
        ),
    ] {
        let before = world.events_of("request-refused").len();
        let mut client = world.client().await;
        let begun = [head(path, &content_type, body.len() + 10), body].concat();
        client.send(&begun).await.unwrap();
        tokio::io::AsyncWriteExt::shutdown(&mut client.stream)
            .await
            .unwrap();
        assert_eq!(client.reply().await.unwrap().status, 400, "{what}");
        assert_eq!(world.events_of("request-refused").len(), before + 1, "{what}");
        assert_eq!(world.reached(), 0, "{what}");
        world.assert_lives().await;
        world.probe.reached.store(0, std::sync::atomic::Ordering::SeqCst);
    }
}

/// A submission that is whole by its boundaries and cut by its length does not take effect.
#[tokio::test(flavor = "multi_thread")]
async fn http_06_a_submission_cut_behind_its_last_boundary_is_refused() {
    let world = World::new().await;
    let request = Multipart::provide(&[b"document"]);
    let mut client = world.client().await;
    let body = request.body();
    let begun = [
        head("/repository", &request.content_type(), body.len() + 10),
        body,
    ]
    .concat();
    client.send(&begun).await.unwrap();
    tokio::io::AsyncWriteExt::shutdown(&mut client.stream)
        .await
        .unwrap();
    assert_eq!(client.reply().await.unwrap().status, 400);
    assert_eq!(world.finished(), 0);
    let told = world.events_of("ITI-41");
    assert_eq!(told[0].outcome, Some(xds_audit::Outcome::SeriousFailure));
}

/// What is sent beyond the announced length is a request of its own, and no good one.
#[tokio::test(flavor = "multi_thread")]
async fn http_06_surplus_is_no_part_of_the_request() {
    let world = World::new().await;
    let mut client = world.client().await;
    client
        .send(&[good(), b"surplus and more".to_vec(), good()].concat())
        .await
        .unwrap();
    assert_eq!(client.reply().await.unwrap().status, 200);
    let _ = client.send(b"\r\n\r\n").await;
    assert_eq!(client.reply().await.unwrap().status, 400);
    assert_eq!(client.rest().await, (Vec::new(), End::Clean));
    assert_eq!(world.reached(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_in_chunks_of_any_size_are_read() {
    let world = World::new().await;
    let mut client = world.client().await;
    let request = Multipart::provide(&[b"one", &[7; 5_000]]);
    for size in [1, 7, 1_000, 100_000] {
        let reply = client
            .ask(&post_chunked("/registry", SIMPLE, query("echo").as_bytes(), size))
            .await;
        assert_eq!((reply.status, reply.closes()), (200, false), "{size}");
        let reply = client
            .ask(&post_chunked(
                "/repository",
                &request.content_type(),
                &request.body(),
                size,
            ))
            .await;
        assert!(
            reply.text().contains("parts=\"2\" bytes=\"5003\""),
            "{size}: {}",
            reply.text()
        );
        assert!(!reply.closes());
    }
}

/// Open files that belong to connections of this test are counted at the server: the test process is the server.
#[tokio::test(flavor = "multi_thread")]
async fn http_18_clients_that_reset_leave_nothing_behind() {
    let world = World::new().await;
    let request = Multipart::provide(&[&[b'd'; 20_000]]).post("/repository");
    let simple = post(
        "/registry",
        SIMPLE,
        envelope(&headers(QUERY, &fresh_id()), &query_body("echo")).as_bytes(),
    );
    for round in 0..500_usize {
        let request = if round % 2 == 0 { &request } else { &simple };
        let mut client = world.client().await;
        let sent = (round * 7919) % request.len();
        client.send(&request[..sent]).await.unwrap();
        client.stream.get_ref().0.set_zero_linger().unwrap();
        drop(client);
    }
    until("every request is over", || world.gate.in_flight.now() == 0).await;
    until("every connection is over", || {
        open_sockets(world.address.port()) == 1
    })
    .await;
    assert!(
        world.events().iter().all(|told| told.outcome.is_some()),
        "a record is open"
    );
    world.assert_lives().await;
}

/// Sockets of this port at the server's side: the listener, and connections in any state.
fn open_sockets(port: u16) -> usize {
    let table = fs::read_to_string("/proc/self/net/tcp").unwrap();
    let wanted = format!(":{port:04X}");
    let open = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // Not TIME_WAIT, which belongs to the kernel.
        fields[1].ends_with(&wanted) && fields[3] != "06"
    };
    table.lines().skip(1).filter(open).count()
}
