//! Multipart messages through the whole frame: HTTP-09 to 15.

use crate::message::{
    Multipart, PROVIDE, ROOT_HEAD, SIMPLE, envelope, fresh_id, headers, include, part_head, post,
    provide_body,
};
use crate::world::World;
use xds_audit::Outcome;

fn provide_envelope(contents: &[String]) -> String {
    envelope(&headers(PROVIDE, &fresh_id()), &provide_body(contents))
}

/// Refused before a handler is reached.
async fn refused(world: &World, what: &str, bytes: &[u8]) {
    let reply = world.fault(what, bytes, 400, "Sender").await;
    assert!(!reply.text().contains("etc/passwd"), "{what}");
}

/// Refused by the handler while it reads: its record tells.
async fn refused_within(world: &World, what: &str, bytes: &[u8]) {
    let finished = world.finished();
    let reply = world.client().await.ask(bytes).await;
    assert_eq!(reply.status, 400, "{what}: {}", reply.text());
    assert!(reply.text().contains("soap12:Sender"), "{what}");
    assert!(
        reply
            .header("content-type")
            .unwrap()
            .starts_with("multipart/related"),
        "{what}"
    );
    assert!(reply.element("wsa:RelatesTo").is_some(), "{what}");
    assert_eq!(world.finished(), finished, "{what}");
    let told = world.events_of("ITI-41").pop().unwrap();
    assert_eq!(
        (told.outcome, told.note),
        (Some(Outcome::SeriousFailure), None),
        "{what}"
    );
    world.assert_lives().await;
}

async fn accepted(world: &World, what: &str, bytes: &[u8], told: &str) {
    let reply = world.client().await.ask(bytes).await;
    assert_eq!(reply.status, 200, "{what}: {}", reply.text());
    assert!(reply.text().contains(told), "{what}: {}", reply.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn http_09_boundaries() {
    let world = World::new().await;
    let whole = Multipart::provide(&[b"doc"]);
    let body = whole.body();
    let kind = "multipart/related; type=\"application/xop+xml\"; start-info=\"application/soap+xml\"";
    for (what, content_type) in [
        ("missing", kind.to_owned()),
        ("empty", format!("{kind}; boundary=\"\"")),
        (
            "71 characters",
            format!("{kind}; boundary=\"{}\"", "b".repeat(71)),
        ),
        ("twice", format!("{kind}; boundary=MIME_b1; boundary=MIME_b1")),
        ("other case", format!("{kind}; boundary=mime_B1")),
        ("semicolon", format!("{kind}; boundary=\"MIME;b1\"")),
    ] {
        refused(&world, what, &post("/repository", &content_type, &body)).await;
    }
    let mut endless = Multipart::provide(&[b"doc"]);
    endless.end = String::new();
    refused_within(&world, "no last boundary", &endless.post("/repository")).await;
    let inside = Multipart::provide(&[b"a\r\n--MIME_b\r\n-MIME_b1\r\n MIME_b1--\r\n"]);
    accepted(
        &world,
        "almost a boundary inside",
        &inside.post("/repository"),
        "bytes=\"35\"",
    )
    .await;
    let longer = Multipart::provide(&[b"a\r\n--MIME_b1x\r\n"]);
    refused_within(
        &world,
        "a longer boundary inside has two readings",
        &longer.post("/repository"),
    )
    .await;
    let mut odd = Multipart::provide(&[b"doc"]);
    odd.boundary = "uuid:'()+_,-./:=?id=17".to_owned();
    accepted(&world, "every character", &odd.post("/repository"), "bytes=\"3\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_10_root_parts() {
    let world = World::new().await;
    let mut none = Multipart::provide(&[b"doc"]);
    none.start = Some("<nothing@x>".to_owned());
    accepted(
        &world,
        "start names no part",
        &none.post("/repository"),
        "bytes=\"3\"",
    )
    .await;
    let mut later = Multipart::provide(&[b"doc"]);
    later.parts.swap(0, 1);
    refused(&world, "root is not first", &later.post("/repository")).await;
    let mut second = Multipart::provide(&[b"doc"]);
    second.start = Some("<d0@x>".to_owned());
    refused_within(&world, "start names the second", &second.post("/repository")).await;
    let mut twice = Multipart::provide(&[b"doc"]);
    twice.parts.push((part_head("<root@x>"), b"x".to_vec()));
    refused_within(&world, "two parts with the start id", &twice.post("/repository")).await;
    let mut mistyped = Multipart::provide(&[b"doc"]);
    mistyped.parts[0].0 = ROOT_HEAD.replace("application/soap+xml", "text/xml");
    refused(&world, "type of the root", &mistyped.post("/repository")).await;
    let whole = Multipart::provide(&[b"doc"]);
    let start_info = whole
        .content_type()
        .replace("start-info=\"application/soap+xml\"", "start-info=\"text/xml\"");
    refused(
        &world,
        "start-info",
        &post("/repository", &start_info, &whole.body()),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_11_content_ids() {
    let world = World::new().await;
    let with = |href: &str, id: &str| {
        let mut message = Multipart::new(&provide_envelope(&[include(href)]), &[b"doc"]);
        message.parts[1].0 = part_head(id);
        message.post("/repository")
    };
    accepted(
        &world,
        "encoded",
        &with("cid:a-1@urn%3Aihe", "<a-1@urn:ihe>"),
        "bytes=\"3\" missing=\"0\"",
    )
    .await;
    accepted(
        &world,
        "no brackets",
        &with("cid:a@x", "a@x"),
        "bytes=\"3\" missing=\"0\"",
    )
    .await;
    accepted(
        &world,
        "plus",
        &with("cid:a+b@x", "<a+b@x>"),
        "bytes=\"3\" missing=\"0\"",
    )
    .await;
    accepted(
        &world,
        "other case",
        &with("cid:A@x", "<a@x>"),
        "bytes=\"0\" missing=\"1\"",
    )
    .await;
    accepted(
        &world,
        "twice encoded",
        &with("cid:a%253Ab@x", "<a:b@x>"),
        "missing=\"1\"",
    )
    .await;
    refused_within(
        &world,
        "10 KiB",
        &with("cid:a@x", &format!("<{}@x>", "a".repeat(20_000))),
    )
    .await;
    let mut double = Multipart::provide(&[b"doc", b"doc"]);
    double.parts[2].0 = part_head("<d0@x>");
    refused_within(&world, "duplicate", &double.post("/repository")).await;
    let mut nameless = Multipart::provide(&[b"doc"]);
    nameless.parts[1].0 = "Content-Type: application/pdf\r\n".to_owned();
    accepted(&world, "none", &nameless.post("/repository"), "missing=\"1\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_12_references() {
    let world = World::new().await;
    let watch = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    watch.set_nonblocking(true).unwrap();
    let http = format!("http://{}/a", watch.local_addr().unwrap());
    let with = |content: String| Multipart::new(&provide_envelope(&[content]), &[b"doc"]).post("/repository");
    accepted(
        &world,
        "missing part",
        &with(include("cid:other@x")),
        "missing=\"1\"",
    )
    .await;
    assert_eq!(
        world.events_of("ITI-41").pop().unwrap().outcome,
        Some(Outcome::SeriousFailure)
    );
    for (what, content) in [
        ("http", include(&http)),
        ("file", include("file:///etc/passwd")),
        ("the root part", include("cid:root@x")),
        ("text beside it", format!("text{}", include("cid:d0@x"))),
        ("two", format!("{}{}", include("cid:d0@x"), include("cid:d1@x"))),
    ] {
        refused_within(&world, what, &with(content)).await;
    }
    let same = Multipart::new(
        &provide_envelope(&[include("cid:d0@x"), include("cid:d0@x")]),
        &[b"doc"],
    );
    refused_within(&world, "the same part twice", &same.post("/repository")).await;
    let in_header = format!(
        "{}<x:y xmlns:x=\"urn:x\">{}</x:y>",
        headers(PROVIDE, &fresh_id()),
        include("cid:d0@x")
    );
    let stray = Multipart::new(&envelope(&in_header, &provide_body(&[])), &[b"doc"]);
    refused(&world, "in a header", &stray.post("/repository")).await;
    let in_metadata =
        provide_body(&[]).replace("</xds:Prov", &format!("<m>{}</m></xds:Prov", include("cid:d0@x")));
    let stray = Multipart::new(&envelope(&headers(PROVIDE, &fresh_id()), &in_metadata), &[b"doc"]);
    refused(&world, "in metadata", &stray.post("/repository")).await;
    assert!(watch.accept().is_err(), "somebody called");
}

#[tokio::test(flavor = "multi_thread")]
async fn http_13_surplus_parts_are_dropped() {
    let world = World::new().await;
    let surplus = Multipart::new(
        &provide_envelope(&[include("cid:d0@x")]),
        &[b"doc", &[1; 100_000], b"more"],
    );
    accepted(
        &world,
        "surplus",
        &surplus.post("/repository"),
        "parts=\"1\" bytes=\"3\" missing=\"0\"",
    )
    .await;
    // At an endpoint that takes no parts at all, before its handler.
    let query = Multipart::new(&crate::message::query("echo"), &[&[1; 100_000]]);
    let mut client = world.client().await;
    for _ in 0..2 {
        let reply = client.ask(&query.post("/registry")).await;
        assert_eq!((reply.status, reply.closes()), (200, false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_14_part_headers() {
    let world = World::new().await;
    let with = |head: String, content: &[u8]| {
        let mut message = Multipart::provide(&[content]);
        message.parts[1].0 = head;
        message.post("/repository")
    };
    let id = "Content-ID: <d0@x>\r\n";
    let encoded = with(
        format!("{id}Content-Transfer-Encoding: base64\r\n"),
        b"aGVs\r\nbG8=",
    );
    accepted(&world, "base64", &encoded, "bytes=\"5\"").await;
    let quoted = with(
        format!("{id}Content-Transfer-Encoding: quoted-printable\r\n"),
        b"a=3Db",
    );
    refused_within(&world, "quoted-printable", &quoted).await;
    refused_within(
        &world,
        "1 MB",
        &with(format!("{id}X: {}\r\n", "a".repeat(1_000_000)), b"x"),
    )
    .await;
    refused_within(
        &world,
        "nested",
        &with(format!("{id}Content-Type: multipart/mixed; boundary=b\r\n"), b"x"),
    )
    .await;
    let documents: Vec<&[u8]> = vec![b"d"; 300];
    refused_within(
        &world,
        "300 parts",
        &Multipart::new(&provide_envelope(&[include("cid:d0@x")]), &documents).post("/repository"),
    )
    .await;
    let documents: Vec<&[u8]> = vec![b"d"; 255];
    accepted(
        &world,
        "256 parts",
        &Multipart::provide(&documents).post("/repository"),
        "parts=\"255\"",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_14_limits_of_documents_and_messages() {
    let world = World::new().await;
    let (at, over) = (vec![1; 2 * 1024 * 1024], vec![1; 2 * 1024 * 1024 + 1]);
    accepted(
        &world,
        "document at the limit",
        &Multipart::provide(&[&at]).post("/repository"),
        "bytes=\"2097152\"",
    )
    .await;
    // Its handler has an error of its own for a document that is too large, and is handed all of it.
    accepted(
        &world,
        "document over it",
        &Multipart::provide(&[&over]).post("/repository"),
        "bytes=\"2097153\"",
    )
    .await;
    let request = Multipart::provide(&[&at, &at]).post("/repository");
    world.refuse_and_close("message over it", &request, 413).await;
    // In chunks nothing is announced: the handler is the one that meets the limit.
    let message = Multipart::provide(&[&at, &at]);
    let chunked =
        crate::message::post_chunked("/repository", &message.content_type(), &message.body(), 60_000);
    let mut client = world.client().await;
    let _ = client.send(&chunked).await;
    assert_eq!(client.reply().await.unwrap().status, 413);
    assert_eq!(client.rest().await.1, crate::client::End::Clean);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_15_inline_documents() {
    let world = World::new().await;
    let inline = |text: &str| {
        post(
            "/repository",
            SIMPLE,
            provide_envelope(&[text.to_owned()]).as_bytes(),
        )
    };
    accepted(&world, "inline", &inline("aGVs bG8="), "missing=\"0\"").await;
    let large = "A".repeat(200 * 1024);
    accepted(&world, "below the limit", &inline(&large), "missing=\"0\"").await;
    for over in [300 * 1024, 3 * 1024 * 1024] {
        let reply = world
            .fault(
                "over the root part limit",
                &inline(&"A".repeat(over)),
                400,
                "Sender",
            )
            .await;
        assert!(reply.text().contains("MTOM/XOP"), "{}", reply.text());
        let root = Multipart::new(&provide_envelope(&["A".repeat(over)]), &[]);
        let reply = world
            .fault("over it in a root part", &root.post("/repository"), 400, "Sender")
            .await;
        assert!(reply.text().contains("MTOM/XOP"), "{}", reply.text());
    }
}
