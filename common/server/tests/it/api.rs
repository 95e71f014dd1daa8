//! The operator listener's frame: who gets to a handler, and that nothing leaves before its event is durable.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use actix_server::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, resource};
use actix_web::{HttpRequest, HttpResponse};
use xds_audit::{Closing, EventKind, Objects, Outcome};
use xds_model::principal::Right;
use xds_server::config::Limits;
use xds_server::gate::Gate;
use xds_server::http::{BODY_BYTES_MAX, CORRELATION, Call, Refusal, Reply, Route, call};
use xds_testkit::pki::LeafSpec;

use crate::app::Probe;
use crate::client::{Client, End, Identity};
use crate::message::{CANARY, post};
use crate::watch::PLANNED;
use crate::world::{World, node, quick, until};

static TRAIL: Route = Route {
    name: "trail",
    path: "/trail/{id}",
    method: "GET",
    allow: "GET",
    rights: &[Right::Operator],
    body: None,
    body_bytes_max: BODY_BYTES_MAX,
    is_of_trail: true,
    is_public: false,
    write: |refusal, _| ("application/json", format!("{{\"code\":\"{}\"}}", refusal.code)),
};
static SEARCH: Route = Route {
    name: "search",
    path: "/search",
    method: "POST",
    allow: "POST",
    rights: &[Right::Operator, Right::AuditConsumer],
    body: Some("application/json"),
    ..TRAIL
};
static PUBLIC: Route = Route {
    name: "public",
    path: "/public",
    rights: &[Right::Operator, Right::AuditConsumer],
    is_of_trail: false,
    is_public: true,
    ..TRAIL
};

/// Takes more, at more than one method, and answers in the reader's language.
static LARGE: Route = Route {
    name: "large",
    path: "/large",
    method: "PUT",
    allow: "GET, PUT",
    body: Some("application/octet-stream"),
    body_bytes_max: 128 * 1024,
    is_of_trail: false,
    write: |refusal, lang| ("text/plain", format!("{} {lang:?}", refusal.code)),
    ..TRAIL
};

/// Does what its segment, or its body, says.
async fn handler(call: Call<'_>, probe: &Probe) -> Result<Reply, Refusal> {
    probe.reached.fetch_add(1, Ordering::SeqCst);
    let body = String::from_utf8_lossy(&call.body).into_owned();
    let mode = match call.segment("id") {
        "" => body.as_str(),
        segment => segment,
    };
    let refused = || Refusal::new(StatusCode::CONFLICT, "as-asked", "as asked for", "a rule");
    match mode {
        "refuse-early" => return Err(refused()),
        "panic-early" => panic!("{PLANNED}"),
        "" | "untold" => return Ok(Reply::ok("text/plain", "x".to_owned(), Closing::success())),
        _ => {}
    }
    let uri = "/trail?patient".to_owned();
    let objects = Objects::of_patient("P1^^^&1.2.3&ISO".to_owned());
    call.open(EventKind::AuditLogRead { uri }, objects).await?;
    match mode {
        "refuse" => return Err(refused()),
        "panic" => panic!("{PLANNED}"),
        "wait" => probe.go.acquire().await.unwrap().forget(),
        _ => {}
    }
    probe.finished.fetch_add(1, Ordering::SeqCst);
    Ok(
        Reply::ok("text/plain", call.query.len().to_string(), Closing::success())
            .with("x-more", "1".to_owned()),
    )
}

macro_rules! serve {
    ($route:ident) => {
        resource($route.path).to(
            async |gate: Data<Gate>,
                   probe: Data<Probe>,
                   request: HttpRequest,
                   payload: Payload|
                   -> HttpResponse {
                call(gate, &$route, request, payload, async move |call: Call<'_>| {
                    handler(call, &probe).await
                })
                .await
            },
        )
    };
}

/// An operator listener beside the clinical one, with an operator and an auditor.
struct Operators {
    world: World,
    address: SocketAddr,
    handle: ServerHandle,
    operator: Identity,
    auditor: Identity,
}

impl Operators {
    async fn new(limits: Limits) -> Self {
        let mut world = World::with(limits).await;
        let leaf = |name| world.ca.leaf(&LeafSpec::node(name)).unwrap();
        let (operator_leaf, auditor_leaf) = (leaf("op"), leaf("auditor"));
        let identity = |leaf| Identity::new(world.ca.cert_der(), leaf);
        let (operator, auditor) = (identity(&operator_leaf), identity(&auditor_leaf));
        for (name, leaf, right) in [
            ("op", &operator_leaf, Right::Operator),
            ("auditor", &auditor_leaf, Right::AuditConsumer),
        ] {
            let mut node = node(name, leaf);
            node.transactions.clear();
            node.rights = [right].into();
            world.add(node);
        }
        let (listener, gate) = world
            .foundation
            .operator(&world.gate, "https://localhost:1")
            .unwrap();
        let at = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        at.set_nonblocking(true).unwrap();
        let address = at.local_addr().unwrap();
        let probe = Arc::clone(&world.probe);
        let server = listener
            .serve(at, move |config| {
                config
                    .app_data(Data::new(gate.clone()))
                    .app_data(Data::from(Arc::clone(&probe)))
                    .service(serve!(TRAIL))
                    .service(serve!(SEARCH))
                    .service(serve!(PUBLIC))
                    .service(serve!(LARGE));
            })
            .unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            world,
            address,
            handle,
            operator,
            auditor,
        }
    }

    async fn client(&self) -> Client {
        self.operator.connect(self.address).await.expect("a connection")
    }

    /// The event of this answer, as `kind outcome`.
    fn told(&self, correlation: &str) -> Vec<String> {
        let events = self.world.events();
        let told = events.iter().filter(|event| event.correlation == correlation);
        told.map(|event| format!("{} {}", event.kind, event.outcome.map_or(99, Outcome::code)))
            .collect()
    }
}

impl Drop for Operators {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// Each answer is told once, with its own id, and is there before the answer.
#[tokio::test(flavor = "multi_thread")]
async fn each_answer_is_told_before_it_leaves() {
    let operators = Operators::new(quick()).await;
    let mut client = operators.client().await;
    for (path, status, told) in [
        ("/trail/x?patient=1", 200, "audit-log-read 0"),
        ("/trail/untold", 200, "audit-log-read 0"),
        ("/trail/refuse-early", 409, "audit-log-read 8"),
        ("/trail/refuse", 409, "audit-log-read 8"),
        ("/trail/panic-early", 500, "audit-log-read 12"),
        ("/trail/panic", 500, "audit-log-read 12"),
        ("/search", 405, "audit-log-read 8"),
        ("/public", 200, ""),
        ("/nothing", 404, "request-refused 8"),
    ] {
        let reply = client.ask(&get(path)).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
        let correlation = reply.header(CORRELATION).unwrap();
        let events = operators.told(&correlation);
        assert_eq!(events.concat(), told, "{path}");
        if reply.closes() {
            client = operators.client().await;
        } else {
            assert_eq!(
                reply.header("cache-control").as_deref(),
                Some("no-store"),
                "{path}"
            );
        }
    }
    assert_eq!(operators.world.gate.in_flight.now(), 0);
    operators.world.assert_lives().await;
}

/// Rows TLS-01, AUZ-18: the handshake lets nobody in without a right; a right is judged for each address, and again for
/// each request; nobody has one on behalf of another.
#[tokio::test(flavor = "multi_thread")]
async fn auz_18_rights_are_judged_for_each_request() {
    let mut operators = Operators::new(quick()).await;
    let address = operators.address;
    let mut stranger = operators.world.h1.connect(address).await;
    if let Ok(client) = &mut stranger {
        assert!(client.send(&get("/public")).await.is_err() || client.reply().await.is_err());
    }
    let mut auditor = operators.auditor.connect(address).await.unwrap();
    assert_eq!(auditor.ask(&get("/public")).await.status, 200);
    let reply = auditor.ask(&get("/trail/x")).await;
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (403, "{\"code\":\"forbidden\"}")
    );
    assert_eq!(
        operators.told(&reply.header(CORRELATION).unwrap()),
        ["audit-log-read 8"]
    );
    assert!(!reply.closes());
    let named = b"GET /trail/x HTTP/1.1\r\nHost: localhost\r\nRenkei-Submitting-Node: op\r\n\r\n";
    let reply = auditor.ask(named).await;
    assert_eq!((reply.status, reply.closes()), (403, true));
    assert_eq!(operators.world.reached(), 1);
    // The right is taken away, and then the entry.
    let mut client = operators.client().await;
    assert_eq!(client.ask(&get("/trail/x")).await.status, 200);
    operators.world.enrol("op", |node| {
        node.rights = [Right::AuditConsumer].into();
        true
    });
    assert_eq!(client.ask(&get("/trail/x")).await.status, 403);
    operators.world.enrol("op", |_| false);
    let reply = client.ask(&get("/public")).await;
    assert_eq!((reply.status, reply.closes()), (403, true));
    assert_eq!(operators.world.reached(), 2);
}

/// Rows HTTP-02, HTTP-05 to HTTP-08.
#[tokio::test(flavor = "multi_thread")]
async fn http_05_bodies_have_a_type_a_size_and_a_pace() {
    let operators = Operators::new(quick()).await;
    let post = |kind: &str, body: &[u8]| post("/search", kind, body);
    let most = vec![b'x'; 64 * 1024];
    let over = vec![b'x'; 64 * 1024 + 1];
    for (what, request, status) in [
        ("good", post("application/json", b"x"), 200),
        ("good", post("Application/JSON; charset=UTF-8", b"x"), 200),
        ("the most", post("application/json", &most), 200),
        ("one over", post("application/json", &over), 413),
        ("text", post("text/plain", b"x"), 415),
        (
            "another charset",
            post("application/json; charset=shift_jis", b"x"),
            415,
        ),
        ("another parameter", post("application/json; x=y", b"x"), 415),
    ] {
        let reply = operators.client().await.ask(&request).await;
        assert_eq!(reply.status, status, "{what}: {}", reply.text());
        let told = operators.told(&reply.header(CORRELATION).unwrap());
        let outcome = if status == 200 { 0 } else { 8 };
        assert_eq!(told, [format!("audit-log-read {outcome}")], "{what}");
    }
    let head = "POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\nx";
    let began = Instant::now();
    let mut slow = operators.client().await;
    let reply = slow.ask(head.as_bytes()).await;
    assert_eq!((reply.status, reply.closes()), (408, true));
    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(slow.rest().await.1, End::Clean);
    let coded = head.replace(
        "Content-Length: 10",
        "Content-Encoding: gzip\r\nContent-Length: 1",
    );
    assert_eq!(operators.client().await.ask(coded.as_bytes()).await.status, 415);
}

/// An address has its own limit, names all its methods, and refuses in the language that is asked for; what is refused
/// there is no look at the trail.
#[tokio::test(flavor = "multi_thread")]
async fn http_05_an_address_has_its_own_limit_and_language() {
    let operators = Operators::new(quick()).await;
    let put = |language: &str, bytes: usize| {
        let head = format!(
            "PUT /large HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n\
             Accept-Language: {language}\r\nContent-Length: {bytes}\r\n\r\n"
        );
        [head.into_bytes(), vec![b'x'; bytes]].concat()
    };
    let reply = operators.client().await.ask(&put("ja", 128 * 1024)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    for (language, told) in [("ja, en;q=0.5", "body Ja"), ("en-GB", "body En"), ("fr", "body Ja")] {
        let reply = operators.client().await.ask(&put(language, 128 * 1024 + 1)).await;
        assert_eq!((reply.status, reply.text().as_str()), (413, told));
        let correlation = reply.header(CORRELATION).unwrap();
        assert_eq!(operators.told(&correlation), ["request-refused 8"]);
    }
    let reply = operators.client().await.ask(&get("/large")).await;
    assert_eq!(
        (reply.status, reply.header("allow").as_deref()),
        (405, Some("GET, PUT"))
    );
}

/// Row DOS-04: places are shared with the clinical listener, and counted by node.
#[tokio::test(flavor = "multi_thread")]
async fn dos_04_an_operator_has_only_so_many_places() {
    let operators = Operators::new(Limits {
        node_in_flight_max: 1,
        ..quick()
    })
    .await;
    let mut first = operators.client().await;
    first.send(&get("/trail/wait")).await.unwrap();
    until("it waits", || operators.world.reached() == 1).await;
    let reply = operators.client().await.ask(&get("/trail/x")).await;
    assert_eq!(
        (reply.status, reply.header("retry-after").as_deref()),
        (503, Some("1"))
    );
    assert_eq!(
        operators.told(&reply.header(CORRELATION).unwrap()),
        ["audit-log-read 4"]
    );
    operators.world.assert_lives().await;
    operators.world.probe.go.add_permits(1);
    assert_eq!(first.reply().await.unwrap().status, 200);
}

/// A client that hangs up stops nothing halfway.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_hangs_up_is_told_of_to_the_end() {
    let operators = Operators::new(quick()).await;
    let mut client = operators.client().await;
    client.send(&get("/trail/wait")).await.unwrap();
    until("it waits", || operators.world.reached() == 1).await;
    client.stream.get_ref().0.set_zero_linger().unwrap();
    drop(client);
    operators.world.assert_lives().await;
    operators.world.probe.go.add_permits(1);
    until("it is told", || {
        let told = operators.world.events_of("audit-log-read");
        told.len() == 1 && told[0].outcome == Some(Outcome::Success)
    })
    .await;
}

/// Row AUD-05: nothing is shown that cannot be told.
#[tokio::test(flavor = "multi_thread")]
async fn aud_05_without_a_journal_nothing_is_shown() {
    let operators = Operators::new(quick()).await;
    let mut client = operators.client().await;
    operators.world.foundation.journal.shutdown().await;
    for path in ["/trail/x", "/trail/untold", "/trail/refuse-early", "/nothing"] {
        let reply = client.ask(&get(path)).await;
        assert_eq!(reply.status, 503, "{path}: {}", reply.text());
        if reply.closes() {
            client = operators.client().await;
        }
    }
    assert_eq!(operators.world.finished(), 0);
}

/// Rows CON-12 and AUD-15: whatever a URL holds, it stands neither in the log nor in metrics.
#[tokio::test(flavor = "multi_thread")]
async fn aud_15_a_url_is_logged_nowhere() {
    let operators = Operators::new(quick()).await;
    let mut client = operators.client().await;
    for path in ["/trail/x", "/trail/refuse", "/public"] {
        let reply = client.ask(&get(&format!("{path}?patient={CANARY}"))).await;
        assert!(!reply.head.contains(CANARY) && !reply.text().contains(CANARY));
    }
    let reply = client.ask(&get(&format!("/{CANARY}?{CANARY}"))).await;
    assert_eq!(reply.status, 404);
    // Looks at log and metrics.
    operators.world.assert_lives().await;
}
