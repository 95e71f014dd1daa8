//! HTTP heads: HTTP-01, 04, 05, 07, 08.

use std::time::{Duration, Instant};

use crate::client::End;
use crate::message::{
    CANARY, QUERY, SIMPLE, chunked_head, envelope, fresh_id, good, headers, post, post_with, query,
    query_body,
};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn http_01_slow_heads_are_cut() {
    let world = World::new().await;
    let mut clients = Vec::new();
    for _ in 0..200 {
        let mut client = world.client().await;
        client
            .send(b"POST /registry HTTP/1.1\r\nHost: loc")
            .await
            .unwrap();
        clients.push(client);
    }
    world.assert_lives().await;
    let began = Instant::now();
    for client in &mut clients {
        assert_eq!(client.reply().await.unwrap().status, 408);
        assert_eq!(client.rest().await.1, End::Clean);
    }
    assert!(began.elapsed() < Duration::from_secs(4));
    assert_eq!(world.events_of("request-refused").len(), 200);
    world.assert_lives().await;
}

/// The HTTP server itself watches the first head of a connection only.
#[tokio::test(flavor = "multi_thread")]
async fn http_01_a_slow_second_head_is_cut_too() {
    let world = World::new().await;
    let mut client = world.client().await;
    assert_eq!(client.ask(&good()).await.status, 200);
    let began = Instant::now();
    let (reply, end) = world
        .refuse_on(&mut client, "half a head", b"POST /registry HTTP/1.1\r\nHo", 408)
        .await;
    assert_eq!((reply.closes(), end), (true, Some(End::Clean)));
    assert!(began.elapsed() < Duration::from_secs(4));
}

/// A drop at a time does not renew the deadline.
#[tokio::test(flavor = "multi_thread")]
async fn http_01_a_head_byte_by_byte_is_cut() {
    let world = World::new().await;
    let mut client = world.client().await;
    let began = Instant::now();
    for byte in good() {
        if client.send(&[byte]).await.is_err() || began.elapsed() > Duration::from_millis(2500) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(client.reply().await.unwrap().status, 408);
    assert_eq!(world.reached(), 0);
}

/// Each head has its own time, also when one begins in the same bytes that end another.
#[tokio::test(flavor = "multi_thread")]
async fn http_01_the_deadline_of_a_head_ends_with_it() {
    let world = World::new().await;
    let mut client = world.client().await;
    let two = [good(), good()].concat();
    let second = good().len() + 30;
    for (from, to) in [(0, 30), (30, second), (second, two.len())] {
        client.send(&two[from..to]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(650)).await;
    }
    for _ in 0..2 {
        assert_eq!(client.reply().await.unwrap().status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_01_a_connection_that_says_nothing_is_cut() {
    let world = World::new().await;
    let mut client = world.client().await;
    let began = Instant::now();
    client.rest().await;
    assert!(began.elapsed() < Duration::from_secs(6));
}

#[tokio::test(flavor = "multi_thread")]
async fn http_04_heads_with_two_readings() {
    let world = World::new().await;
    let body = query("echo");
    let length = body.len();
    let cases = [
        (
            "length twice",
            format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"),
        ),
        (
            "lengths that differ",
            format!("Content-Length: {length}\r\nContent-Length: 1\r\n"),
        ),
        ("list", format!("Content-Length: {length}, {length}\r\n")),
        ("plus", format!("Content-Length: +{length}\r\n")),
        ("hexadecimal", format!("Content-Length: 0x{length:x}\r\n")),
        ("minus", "Content-Length: -1\r\n".to_owned()),
        ("huge", format!("Content-Length: {}\r\n", "9".repeat(40))),
        (
            "CL.TE",
            format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        ),
        (
            "TE.CL",
            format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
        ),
        ("xchunked", "Transfer-Encoding: xchunked\r\n".to_owned()),
        (
            "chunked, identity",
            "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        ),
        ("identity", "Transfer-Encoding: identity\r\n".to_owned()),
        (
            "TE twice",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        ),
        ("TE tab", "Transfer-Encoding:\tchunked\r\n".to_owned()),
        ("TE vertical tab", "Transfer-Encoding: \x0bchunked\r\n".to_owned()),
        ("space before colon", format!("Content-Length : {length}\r\n")),
        (
            "obs-fold",
            format!("X-A: a\r\n b\r\nContent-Length: {length}\r\n"),
        ),
        ("fold of TE", "Transfer-Encoding:\r\n chunked\r\n".to_owned()),
        ("NUL", format!("X-A: a\0b\r\nContent-Length: {length}\r\n")),
        (
            "lone CR",
            format!("X-A: a\rTransfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
        ),
        ("bare LF", format!("X-A: a\nContent-Length: {length}\r\n")),
        (
            "two hosts",
            format!("Host: localhost\r\nContent-Length: {length}\r\n"),
        ),
        (
            "upgrade",
            "Connection: upgrade\r\nUpgrade: websocket\r\n".to_owned(),
        ),
    ];
    for (what, lines) in cases {
        let mut bytes = format!(
            "POST /registry HTTP/1.1\r\nHost: localhost\r\nContent-Type: {SIMPLE}\r\n{lines}\r\n{body}"
        )
        .into_bytes();
        bytes.extend(good());
        let reply = world.refuse_and_close(what, &bytes, 400).await;
        assert!(reply.body.is_empty(), "{what}");
    }
    for (what, head) in [
        ("no host", "POST /registry HTTP/1.1\r\n\r\n"),
        (
            "TE in 1.0",
            "POST /registry HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        (
            "CONNECT",
            "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("HTTP/0.9", "GET /registry\r\n\r\n"),
        (
            "our own word",
            "REFUSED /malformed-head HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ),
        ("bare LF ends", "POST /registry HTTP/1.1\nHost: localhost\n\n"),
    ] {
        world
            .refuse_and_close(what, &[head.as_bytes(), &good()].concat(), 400)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_04_large_heads() {
    let world = World::new().await;
    let many = "X-A: 1\r\n".repeat(100);
    world
        .refuse_and_close("100 lines", &post_with("/registry", SIMPLE, &many, b"x"), 431)
        .await;
    let long = format!("X-A: {}\r\n", "a".repeat(200_000));
    world
        .refuse_and_close("200 kB", &post_with("/registry", SIMPLE, &long, b"x"), 431)
        .await;
    let target = "a".repeat(40_000);
    world
        .refuse_and_close("target", &post(&format!("/{target}"), SIMPLE, b"x"), 431)
        .await;
    // One below the limits passes.
    let some = "X-A: 1\r\n".repeat(61);
    let good = post_with("/registry", SIMPLE, &some, query("echo").as_bytes());
    assert_eq!(world.client().await.ask(&good).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_04_bad_chunks() {
    let world = World::new().await;
    let body = query("echo");
    let size = format!("{:x}", body.len());
    for (what, chunks) in [
        ("extension", format!("{size};a=b\r\n{body}\r\n0\r\n\r\n")),
        ("bare LF", format!("{size}\n{body}\n0\n\n")),
        ("LF after data", format!("{size}\r\n{body}\n0\r\n\r\n")),
        ("negative", format!("-{size}\r\n{body}\r\n0\r\n\r\n")),
        ("0x", format!("0x{size}\r\n{body}\r\n0\r\n\r\n")),
        ("underscore", format!("0_{size}\r\n{body}\r\n0\r\n\r\n")),
        (
            "overflow",
            format!("1{}{size}\r\n{body}\r\n0\r\n\r\n", "0".repeat(16)),
        ),
        (
            "trailer",
            format!("{size}\r\n{body}\r\n0\r\nContent-Length: 3\r\n\r\n"),
        ),
        ("too much data", format!("1\r\n{body}\r\n0\r\n\r\n")),
        ("blank size", format!(" {size}\r\n{body}\r\n0\r\n\r\n")),
    ] {
        let bytes = [chunked_head("/registry", SIMPLE), chunks.into_bytes(), good()].concat();
        world.refuse_and_close(what, &bytes, 400).await;
    }
}

/// Behind good requests in the pipe, the refusal comes in its turn, and nothing after it is read.
#[tokio::test(flavor = "multi_thread")]
async fn http_04_a_refusal_in_the_pipe_comes_in_its_turn() {
    let world = World::new().await;
    let mut client = world.client().await;
    let bad = b"POST /registry HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_vec();
    client
        .send(&[good(), good(), bad, good()].concat())
        .await
        .unwrap();
    for status in [200, 200, 400] {
        assert_eq!(client.reply().await.unwrap().status, status);
    }
    assert_eq!(client.rest().await, (Vec::new(), End::Clean));
    assert_eq!(world.reached(), 2);
}

/// Nor is anything read behind a refusal that ends the connection for another reason.
#[tokio::test(flavor = "multi_thread")]
async fn http_04_nothing_is_served_behind_a_refusal_that_ends_the_connection() {
    let world = World::new().await;
    let mut client = world.client().await;
    let get = b"GET /registry HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec();
    client.send(&[get, good()].concat()).await.unwrap();
    let reply = client.reply().await.unwrap();
    assert_eq!((reply.status, reply.closes()), (405, true));
    client.rest().await;
    assert_eq!(world.reached(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_05_oversized_bodies() {
    let world = World::new().await;
    let huge = "Content-Length: 20000000000\r\n";
    let head = format!("POST /registry HTTP/1.1\r\nHost: localhost\r\nContent-Type: {SIMPLE}\r\n{huge}");
    world
        .refuse_and_close("20 GB, one byte sent", format!("{head}\r\nx").as_bytes(), 413)
        .await;
    let expect = format!("{head}Expect: 100-continue\r\n\r\n");
    let reply = world
        .refuse_and_close("20 GB expected", expect.as_bytes(), 413)
        .await;
    assert!(reply.head.starts_with("HTTP/1.1 413"));
}

/// A client that sends on without reading still gets the answer, and does not keep us reading.
#[tokio::test(flavor = "multi_thread")]
async fn http_05_an_endless_chunked_body_is_left() {
    let world = World::new().await;
    let mut client = world.client().await;
    let content_type = crate::message::Multipart::provide(&[]).content_type();
    client
        .send(&chunked_head("/repository", &content_type))
        .await
        .unwrap();
    let root = crate::message::Multipart::provide(&[b""]);
    let mut begun = root.body();
    begun.truncate(begun.len() - 15);
    client
        .send(format!("{:x}\r\n", begun.len()).as_bytes())
        .await
        .unwrap();
    client.send(&[&begun[..], b"\r\n"].concat()).await.unwrap();
    let chunk = [b"8000\r\n".as_slice(), &[b'z'; 0x8000], b"\r\n"].concat();
    let mut sent = 0;
    while sent < 600 * 1024 * 1024 && client.send(&chunk).await.is_ok() {
        sent += chunk.len();
    }
    assert!(sent < 64 * 1024 * 1024, "{sent} bytes were taken");
    world.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_05_expect_is_answered_where_the_body_is_welcome() {
    let world = World::new().await;
    let mut client = world.client().await;
    let body = query("echo");
    let head = format!(
        "POST /registry HTTP/1.1\r\nHost: localhost\r\nContent-Type: {SIMPLE}\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    assert_eq!(client.ask(head.as_bytes()).await.status, 100);
    assert_eq!(client.ask(body.as_bytes()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_07_encoded_bodies_are_not_inflated() {
    let world = World::new().await;
    for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity"] {
        let lines = format!("Content-Encoding: {encoding}\r\n");
        let reply = world
            .refuse_and_close(
                encoding,
                &post_with("/registry", SIMPLE, &lines, b"\x1f\x8b\x08"),
                415,
            )
            .await;
        assert!(reply.body.is_empty());
    }
}

/// A client that sends its whole body before it reads still reads why it was refused.
#[tokio::test(flavor = "multi_thread")]
async fn http_07_a_refusal_reaches_a_client_that_sends_first() {
    let world = World::new().await;
    for size in [50_000, 1_000_000, 3_000_000] {
        let lines = "Content-Encoding: gzip\r\n";
        for (request, status) in [
            (post_with("/registry", SIMPLE, lines, &vec![b'z'; size]), 415),
            (post("/nothing", SIMPLE, &vec![b'z'; size]), 404),
        ] {
            let mut client = world.h1.connect_narrow(world.address).await.unwrap();
            client
                .send(&request)
                .await
                .expect("taken, though nobody wants it");
            assert_eq!(client.reply().await.unwrap().status, status);
            assert_eq!(client.rest().await, (Vec::new(), End::Clean));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_08_methods_and_paths() {
    let world = World::new().await;
    let request = |method: &str, path: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
    };
    for method in ["GET", "PUT", "TRACE", "DELETE", "OPTIONS", "PATCH"] {
        for path in ["/registry", "/question"] {
            world.refuse_and_close(method, &request(method, path), 405).await;
        }
    }
    for path in [
        "/",
        "//registry",
        "/registry/",
        "/%2e%2e/registry",
        "/../registry",
        "/nothing",
        "*",
    ] {
        world
            .refuse_and_close(path, &post(path, SIMPLE, query("echo").as_bytes()), 404)
            .await;
    }
    let canary = format!("/{CANARY}?name={CANARY}");
    world
        .refuse_and_close("canary in the path", &request("GET", &canary), 404)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_08_media_types() {
    let world = World::new().await;
    let body = query("echo");
    for content_type in ["text/xml", "application/xml", "text/plain", "application/json"] {
        world
            .refuse_and_close(
                content_type,
                &post("/registry", content_type, body.as_bytes()),
                415,
            )
            .await;
    }
    let none = format!(
        "POST /registry HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    world.refuse_and_close("no type", none.as_bytes(), 415).await;
    let twice = post_with(
        "/registry",
        SIMPLE,
        &format!("Content-Type: {SIMPLE}\r\n"),
        body.as_bytes(),
    );
    world.refuse_and_close("two types", &twice, 415).await;
    world
        .fault(
            "charset",
            &post(
                "/registry",
                "application/soap+xml; charset=Shift_JIS",
                body.as_bytes(),
            ),
            400,
            "Sender",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_08_soap_11_is_a_version_mismatch() {
    let world = World::new().await;
    let old = envelope(&headers(QUERY, &fresh_id()), &query_body("echo")).replace(
        "http://www.w3.org/2003/05/soap-envelope",
        "http://schemas.xmlsoap.org/soap/envelope/",
    );
    for content_type in ["text/xml; charset=utf-8", SIMPLE] {
        let reply = world
            .fault(
                content_type,
                &post("/registry", content_type, old.as_bytes()),
                500,
                "VersionMismatch",
            )
            .await;
        assert!(reply.text().contains("SupportedEnvelope"));
    }
}
