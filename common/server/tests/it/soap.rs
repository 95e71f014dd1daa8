//! SOAP at the door: HTTP-16, HTTP-17, and what an answer carries.

use crate::message::{
    ANONYMOUS, CANARY, Multipart, PROVIDE, QUERY, REGISTER, SIMPLE, envelope, fresh_id, headers, post, query,
    query_body, register_body,
};
use crate::world::World;

fn simple(headers: &str, body: &str) -> Vec<u8> {
    post("/registry", SIMPLE, envelope(headers, body).as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn http_16_headers_and_bodies_that_do_not_agree() {
    let world = World::new().await;
    let id = fresh_id();
    let good = headers(QUERY, &id);
    let action = format!("<wsa:Action soap12:mustUnderstand=\"1\">{QUERY}</wsa:Action>");
    let body = query_body("echo");
    let message_id = format!("<wsa:MessageID>{id}</wsa:MessageID>");
    for (what, bytes, status, code, related) in [
        (
            "no action",
            simple(&good.replace(&action, ""), &body),
            400,
            "MessageAddressingHeaderRequired",
            true,
        ),
        (
            "no message id",
            simple(&good.replace(&message_id, ""), &body),
            400,
            "MessageAddressingHeaderRequired",
            false,
        ),
        (
            "unknown action",
            simple(&headers("urn:ihe:iti:2007:Nothing", &id), &body),
            400,
            "ActionNotSupported",
            true,
        ),
        (
            "action of another endpoint",
            simple(&headers(PROVIDE, &id), &body),
            400,
            "ActionNotSupported",
            true,
        ),
        (
            "action of another body",
            simple(&headers(REGISTER, &id), &body),
            400,
            "ActionMismatch",
            true,
        ),
        (
            "action twice",
            simple(&format!("{action}{good}"), &body),
            400,
            "InvalidCardinality",
            true,
        ),
        (
            "message id twice",
            simple(&format!("{message_id}{good}"), &body),
            400,
            "InvalidCardinality",
            false,
        ),
        (
            "unknown header",
            simple(
                &format!("{good}<x:y xmlns:x=\"urn:x\" soap12:mustUnderstand=\"1\"/>"),
                &body,
            ),
            500,
            "MustUnderstand",
            true,
        ),
        (
            "two bodies",
            simple(&good, &format!("{body}{body}")),
            400,
            "Sender",
            true,
        ),
        ("no body", simple(&good, ""), 400, "Sender", true),
        (
            "unknown body",
            simple(&good, &format!("<x xmlns=\"urn:x\">{CANARY}</x>")),
            400,
            "Sender",
            true,
        ),
        (
            "stray include",
            simple(
                &good,
                &body.replace(
                    "/>",
                    &format!(
                        ">{}</query:AdhocQueryRequest>",
                        crate::message::include("cid:d0@x")
                    ),
                ),
            ),
            400,
            "Sender",
            true,
        ),
        (
            "not well-formed",
            simple(&good, &format!("<a>{CANARY}")),
            400,
            "Sender",
            false,
        ),
        (
            "DTD",
            post(
                "/registry",
                SIMPLE,
                format!("<!DOCTYPE a [<!ENTITY b \"{CANARY}\">]><a>&b;</a>").as_bytes(),
            ),
            400,
            "Sender",
            false,
        ),
        ("empty", post("/registry", SIMPLE, b""), 400, "Sender", false),
        (
            "UTF-16",
            post("/registry", SIMPLE, b"\xff\xfe<\0a\0"),
            400,
            "Sender",
            false,
        ),
    ] {
        let reply = world.fault(what, &bytes, status, code).await;
        assert_eq!(
            reply.element("wsa:RelatesTo").as_deref(),
            related.then_some(id.as_str()),
            "{what}"
        );
        assert_eq!(reply.header("content-type").as_deref(), Some(SIMPLE), "{what}");
        assert!(
            !reply.closes(),
            "{what}: the body was read: the connection goes on"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_16_an_action_in_http_headers_is_ignored() {
    let world = World::new().await;
    let typed = format!("{SIMPLE}; action=\"{REGISTER}\"");
    let bytes = crate::message::post_with(
        "/registry",
        &typed,
        "SOAPAction: \"urn:other\"\r\n",
        query("echo").as_bytes(),
    );
    assert_eq!(world.client().await.ask(&bytes).await.status, 200);
}

/// Faults travel in the packaging of their request, on a connection that goes on.
#[tokio::test(flavor = "multi_thread")]
async fn faults_answer_in_kind_and_keep_the_connection() {
    let world = World::new().await;
    let id = fresh_id();
    let bad = Multipart::new(&envelope(&headers("urn:nothing", &id), &register_body()), &[]);
    let mut client = world.client().await;
    for _ in 0..3 {
        let (reply, _) = world
            .refuse_on(&mut client, "in kind", &bad.post("/repository"), 400)
            .await;
        let content_type = reply.header("content-type").unwrap();
        assert!(
            content_type.starts_with("multipart/related; type=\"application/xop+xml\""),
            "{content_type}"
        );
        let boundary = content_type
            .split("boundary=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        assert!(reply.text().ends_with(&format!("\r\n--{boundary}--\r\n")));
        assert_eq!(reply.element("wsa:RelatesTo").unwrap(), id);
        assert!(!reply.closes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_17_answers_go_nowhere_else() {
    let world = World::new().await;
    let watch = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    watch.set_nonblocking(true).unwrap();
    let here = format!("http://{}/", watch.local_addr().unwrap());
    for address in [
        here.as_str(),
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
    ] {
        let id = fresh_id();
        let good = headers(QUERY, &id);
        let reply_to = good.replace(
            &format!("<wsa:Address>{ANONYMOUS}"),
            &format!("<wsa:Address>{address}"),
        );
        let fault_to = format!("{good}<wsa:FaultTo><wsa:Address>{address}</wsa:Address></wsa:FaultTo>");
        for headers in [reply_to, fault_to] {
            let reply = world
                .fault(
                    address,
                    &simple(&headers, &query_body("echo")),
                    400,
                    "OnlyAnonymousAddressSupported",
                )
                .await;
            assert_eq!(reply.element("wsa:RelatesTo").unwrap(), id);
        }
    }
    assert!(watch.accept().is_err(), "somebody called");
}

/// The id in the answer is the one in the journal.
#[tokio::test(flavor = "multi_thread")]
async fn the_message_id_of_an_answer_is_the_correlation() {
    let world = World::new().await;
    let mut client = world.client().await;
    let id = fresh_id();
    let bytes = simple(&headers(QUERY, &id), &query_body("echo"));
    let reply = client.ask(&bytes).await;
    assert_eq!(reply.element("wsa:RelatesTo").unwrap(), id);
    assert_eq!(
        reply.element("wsa:Action").unwrap(),
        "urn:ihe:iti:2007:RegistryStoredQueryResponse"
    );
    let told = world.events_of("ITI-18");
    assert_eq!(
        reply.element("wsa:MessageID").unwrap(),
        format!("urn:uuid:{}", told[0].correlation)
    );
    assert_eq!(
        (told[0].node.as_deref(), told[0].outcome),
        (Some("h1"), Some(xds_audit::Outcome::Success))
    );

    let fault = client
        .ask(&simple(&headers("urn:nothing", &id), &query_body("echo")))
        .await;
    let told = world.events_of("request-refused");
    assert_eq!(
        fault.element("wsa:MessageID").unwrap(),
        format!("urn:uuid:{}", told[0].correlation)
    );
}

/// Whole answers of every size arrive as they were made, in both packagings.
#[tokio::test(flavor = "multi_thread")]
async fn whole_answers_arrive_whole() {
    let world = World::new().await;
    let mut client = world.client().await;
    for size in [1, 32_000, 32_768, 100_000, 3_000_000] {
        let envelope = query(&format!("large-{size}"));
        for bytes in [
            post("/registry", SIMPLE, envelope.as_bytes()),
            Multipart::new(&envelope, &[]).post("/registry"),
        ] {
            let reply = client.ask(&bytes).await;
            assert_eq!(reply.status, 200);
            let content = reply.element("echo").unwrap();
            assert!(
                content.len() == size && content.bytes().all(|byte| byte == b'x'),
                "{size}"
            );
            assert!(reply.text().contains("</soap12:Envelope>"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_sends_only_what_it_is_enrolled_for() {
    let mut world = World::new().await;
    world.enrol("h1", |node| {
        node.transactions.remove(&xds_model::Transaction::Iti18);
        true
    });
    world
        .fault("not enrolled", &crate::message::good(), 400, "Sender")
        .await;
    let question = post("/question", "application/json", b"\"hello\"");
    let reply = world.client().await.ask(&question).await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "\"hello\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_refused_with_a_word() {
    let mut world = World::new().await;
    let ask = |body: &[u8]| post("/question", "application/json", body);
    let (reply, _) = world
        .refuse("no JSON", &ask(format!("{{{CANARY}").as_bytes()), 400)
        .await;
    assert_eq!(reply.text(), "{\"error\":\"not-understood\"}");
    let (reply, _) = world
        .refuse("too large", &ask(&[b' '; 1024 * 1024 + 1]), 413)
        .await;
    assert!(reply.closes());
    let encoded = crate::message::post_with(
        "/question",
        "application/json",
        "Content-Encoding: gzip\r\n",
        b"\"a\"",
    );
    world.refuse("encoded", &encoded, 415).await;
    world.enrol("h1", |node| {
        node.transactions.remove(&xds_model::Transaction::Decision);
        true
    });
    world.refuse("not for this node", &ask(b"\"a\""), 403).await;
}
