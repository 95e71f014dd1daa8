//! TLS-12 to TLS-14, 16, 17, 21, 22: versions, suites, resumption, early data, and what is no TLS at all.

use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, ClientConfig, HandshakeKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use xds_testkit::pki::{KeyKind, LeafSpec};
use xds_tls::{RefusalReason, ServerSettings, ServerTls};

use crate::hello::Hello;
use crate::world::{TestClient, World, attempt};

const PROTOCOL_VERSION: u8 = 70;
const HANDSHAKE_FAILURE: u8 = 40;

/// Sends raw bytes and returns all that came back, and why the server refused.
async fn raw(server: &ServerTls, bytes: &[u8]) -> (Vec<u8>, RefusalReason) {
    let (mut near, far) = tokio::io::duplex(256 * 1024);
    let client = async {
        near.write_all(bytes).await.unwrap();
        near.shutdown().await.unwrap();
        let mut answer = Vec::new();
        near.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let (answer, outcome) = tokio::join!(client, server.accept(far));
    (answer, outcome.expect_err("no certificate was shown").reason)
}

/// The description of a fatal alert that is all the server said.
fn alert(answer: &[u8]) -> Option<u8> {
    match answer {
        [21, _, _, 0, 2, 2, description] => Some(*description),
        _ => None,
    }
}

#[tokio::test]
async fn tls_12_old_protocols() {
    let world = World::new();
    for server in [world.server(), world.tls12_server()] {
        // TLS 1.0, TLS 1.1.
        for version in [0x0301, 0x0302] {
            let hello = Hello {
                version,
                suites: vec![0xc02f, 0x002f],
                supported_versions: Vec::new(),
            };
            let (answer, reason) = raw(&server, &hello.record()).await;
            assert_eq!(
                (alert(&answer), reason),
                (Some(PROTOCOL_VERSION), RefusalReason::OldProtocol)
            );
        }
        // A 1.3 hello that offers 1.1 at most.
        let hello = Hello {
            version: 0x0303,
            suites: vec![0x1301],
            supported_versions: vec![0x0302],
        };
        let (answer, reason) = raw(&server, &hello.record()).await;
        assert_eq!(
            (alert(&answer), reason),
            (Some(PROTOCOL_VERSION), RefusalReason::OldProtocol)
        );
    }
}

#[tokio::test]
async fn tls_12_ssl_is_refused_in_any_case() {
    let world = World::new();
    let ssl2 = [
        0x80, 0x2e, 0x01, 0x00, 0x02, 0x00, 0x15, 0x00, 0x00, 0x00, 0x10, 0x01, 0x00, 0x80,
    ];
    let mut ssl3 = Hello {
        version: 0x0300,
        suites: vec![0x002f],
        supported_versions: Vec::new(),
    }
    .record();
    ssl3[2] = 0;
    for hello in [&ssl2[..], &ssl3[..]] {
        let (answer, reason) = raw(&world.tls12_server(), hello).await;
        assert!(answer.is_empty() || alert(&answer).is_some(), "{answer:?}");
        assert!(
            matches!(
                reason,
                RefusalReason::NotTls | RefusalReason::OldProtocol | RefusalReason::Closed
            ),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn a_close_before_the_hello_ends_at_once() {
    let world = World::new();
    let close_notify = [21, 3, 3, 0, 2, 1, 0];
    let (answer, reason) = raw(&world.server(), &[close_notify, close_notify].concat()).await;
    assert!(answer.is_empty() || alert(&answer).is_some(), "{answer:?}");
    assert!(
        matches!(
            reason,
            RefusalReason::NotTls | RefusalReason::Other | RefusalReason::Closed
        ),
        "{reason}"
    );
}

/// A listener without TLS 1.2 says so.
#[tokio::test]
async fn tls_12_tls12_is_old_where_it_is_off() {
    let world = World::new();
    let (answer, reason) = raw(&world.server(), &Hello::tls12(0xc02f).record()).await;
    assert_eq!(
        (alert(&answer), reason),
        (Some(PROTOCOL_VERSION), RefusalReason::OldProtocol)
    );
}

#[tokio::test]
async fn tls_13_weak_suites_one_at_a_time() {
    let world = rsa_world();
    let server = world.tls12_server();
    for suite in [
        0x009c, 0x009d, // RSA key exchange, GCM
        0x002f, 0x0035, 0x003c, // RSA key exchange, CBC
        0xc013, 0xc014, 0xc027, 0xc028, // ECDHE, CBC
        0x000a, 0xc012, // 3DES
        0x0004, 0x0005, 0xc011, // RC4
        0x0001, 0x0002, 0x003b, 0xc010, // NULL
        0x0034, 0x00a6, 0xc018, // anonymous
        0x0003, 0x0008, 0x0014, // export
    ] {
        let (answer, reason) = raw(&server, &Hello::tls12(suite).record()).await;
        let expected = (Some(HANDSHAKE_FAILURE), RefusalReason::NoCommonSuite);
        assert_eq!((alert(&answer), reason), expected, "{suite:04x}");
    }
}

#[tokio::test]
async fn tls_14_suites_of_ihe() {
    let world = rsa_world();
    let server = world.tls12_server();
    let node = world.node("h1");
    let of_13 = [
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    ];
    let of_12 = [
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ];
    for (version, suite) in of_13
        .map(|s| (&TLS13, s))
        .into_iter()
        .chain(of_12.map(|s| (&TLS12, s)))
    {
        let client = only_suite(TestClient::speaking(Some(&node), version), suite);
        let attempt = attempt(&server, &client).await;
        attempt.accepted();
        assert_eq!(attempt.client.unwrap().suite, suite);
    }
    // ITI TF-2 3.19 names these too; rustls has no finite-field DHE, which BCP 195 has since moved to "should not".
    for dhe in [0x009e, 0x009f] {
        let (answer, reason) = raw(&server, &Hello::tls12(dhe).record()).await;
        assert_eq!(
            (alert(&answer), reason),
            (Some(HANDSHAKE_FAILURE), RefusalReason::NoCommonSuite)
        );
    }
}

#[tokio::test]
async fn tls_16_nothing_can_be_resumed() {
    let world = World::new();
    let node = world.node("h1");
    for version in [&TLS12, &TLS13] {
        let server = world.tls12_server();
        // One client with a session store, which would resume if it had been given anything.
        let client = TestClient::speaking(Some(&node), version);
        for _ in 0..2 {
            let served = attempt(&server, &client).await.client.unwrap();
            assert_ne!(served.kind, HandshakeKind::Resumed);
            assert_eq!(served.tickets, 0);
        }
        world.ledger.set(&node, xds_tls::Admitted::No);
        attempt(&server, &client).await.refused();
        world.ledger.set(&node, xds_tls::Admitted::Tls12Too);
    }
}

#[tokio::test]
async fn tls_17_no_early_data() {
    let world = World::new();
    let config = world.tls12_server().config();
    assert_eq!(config.max_early_data_size, 0);
    assert!(!config.send_half_rtt_data);

    // Without a ticket a client that wants to send early data has no key to do it with.
    let node = world.node("h1");
    let mut client = TestClient::new(Some(&node));
    change(&mut client, |config| config.enable_early_data = true);
    for _ in 0..2 {
        assert_eq!(attempt(&world.server(), &client).await.client.unwrap().tickets, 0);
    }
}

#[tokio::test]
async fn tls_21_a_stalled_handshake_ends() {
    let world = World::new();
    let settings = ServerSettings {
        handshake_max: Duration::from_millis(50),
        ..ServerSettings::default()
    };
    let server = world.server_of(world.material(), settings);
    let (mut near, far) = tokio::io::duplex(1024);
    near.write_all(&Hello::tls12(0xc02f).record()[..5]).await.unwrap();

    let refused = server.accept(far).await.err().unwrap();
    assert_eq!(refused.reason, RefusalReason::Timeout);
    let mut rest = Vec::new();
    near.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty());
}

#[tokio::test]
async fn tls_20_a_hello_in_single_bytes_works() {
    let world = World::new();
    let hello = Hello::tls12(0xc02f).record();
    let (header, body) = hello.split_at(5);
    let split: Vec<u8> = body
        .iter()
        .flat_map(|byte| [header[0], 3, 1, 0, 1, *byte])
        .collect();
    let (answer, _) = raw(&world.server(), &split).await;
    assert!(alert(&answer).is_some());
}

#[tokio::test]
async fn tls_22_not_tls() {
    let world = World::new();
    let server = world.server();
    let noise: Vec<u8> = (0..64 * 1024_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    for bytes in [
        b"GET / HTTP/1.1\r\nHost: canary\r\n\r\n".as_slice(),
        b"SSH-2.0-canary\r\n".as_slice(),
        b"\x0bMSH|^~\\&|canary\x1c\x0d".as_slice(),
        noise.as_slice(),
    ] {
        let (answer, reason) = raw(&server, bytes).await;
        assert_eq!(reason, RefusalReason::NotTls);
        assert!(answer.is_empty() || alert(&answer).is_some(), "{answer:?}");
    }
    let (answer, reason) = raw(&server, b"").await;
    assert_eq!((answer.len(), reason), (0, RefusalReason::Closed));
}

#[tokio::test]
async fn alpn_is_offered_where_wanted() {
    let world = World::new();
    let node = world.node("h1");
    let settings = ServerSettings {
        alpn_http11: true,
        ..ServerSettings::default()
    };
    let server = world.server_of(world.material(), settings);

    attempt(&server, &TestClient::new(Some(&node))).await.accepted();
    let mut client = TestClient::new(Some(&node));
    change(&mut client, |config| {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()]
    });
    attempt(&server, &client).await.accepted();
    change(&mut client, |config| config.alpn_protocols = vec![b"h2".to_vec()]);
    assert_eq!(
        attempt(&server, &client).await.refused().reason,
        RefusalReason::NoCommonSuite
    );
}

fn rsa_world() -> World {
    World::with_server(LeafSpec {
        key: KeyKind::Rsa2048,
        ..LeafSpec::node("registry")
    })
}

fn change(client: &mut TestClient, change: impl FnOnce(&mut ClientConfig)) {
    let mut config = ClientConfig::clone(&client.config);
    change(&mut config);
    client.config = config.into();
}

fn only_suite(mut client: TestClient, suite: CipherSuite) -> TestClient {
    let mut provider = rustls::crypto::CryptoProvider::clone(client.config.crypto_provider());
    provider
        .cipher_suites
        .retain(|candidate| candidate.suite() == suite);
    let version = provider.cipher_suites[0].version();
    let config = ClientConfig::builder_with_provider(provider.into())
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(TestClient::believes_all())
        .with_client_cert_resolver(client.config.client_auth_cert_resolver.clone());
    client.config = config.into();
    client
}
