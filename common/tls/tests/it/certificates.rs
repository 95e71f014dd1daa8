//! TLS-01 to TLS-04 and TLS-07 to TLS-11: whose certificate is accepted.

use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
use rustls::AlertDescription;
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::CertificateDer;
use time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use xds_testkit::pki::{Issued, LeafSpec, TestCa};
use xds_tls::{Admitted, RefusalReason, TlsVersion};

use crate::world::{START, TestClient, World, attempt, fingerprint, presenting};

async fn refusal(world: &World, identity: &Issued) -> (AlertDescription, RefusalReason) {
    let attempt = attempt(&world.server(), &TestClient::new(Some(identity))).await;
    let refused = attempt.refused();
    let peer = refused.peer.as_ref().expect("the certificate was shown");
    assert_eq!(peer.fingerprint, fingerprint(identity));
    (attempt.alert(), refused.reason)
}

#[tokio::test]
async fn an_enrolled_node_is_served_and_known() {
    let world = World::new();
    let node = world.middle.leaf(&LeafSpec {
        organisation: Some("県立病院".into()),
        ..LeafSpec::node("h1")
    });
    let node = node.unwrap();

    let attempt = attempt(&world.server(), &TestClient::new(Some(&node))).await;

    let peer = attempt.accepted();
    assert_eq!(peer.fingerprint(), fingerprint(&node));
    assert_eq!(peer.der(), node.cert_der);
    assert_eq!(peer.protocol(), TlsVersion::Tls13);
    assert_eq!(peer.not_after(), START + Duration::days(3650));
    assert!(peer.summary().subject.contains("CN=h1"), "{:?}", peer.summary());
    assert!(
        peer.summary().subject.contains("O=県立病院"),
        "{:?}",
        peer.summary()
    );
    let serial: String = node.serial.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(peer.summary().serial, serial);
}

#[tokio::test]
async fn tls_01_no_client_certificate() {
    let world = World::new();
    for (server, version) in [(world.server(), &TLS13), (world.tls12_server(), &TLS12)] {
        let attempt = attempt(&server, &TestClient::speaking(None, version)).await;
        assert_eq!(attempt.alert(), AlertDescription::CertificateRequired);
        assert_eq!(attempt.refused().reason, RefusalReason::NoCertificate);
        assert_eq!(attempt.refused().peer, None);
    }
}

/// Under TLS 1.3 the client sends its request before it can learn of the refusal. The request is swallowed, unread by
/// anyone, so that the alert arrives instead of a reset.
#[tokio::test]
async fn tls_01_a_request_sent_anyway_is_swallowed() {
    let world = World::new();
    let server = world.server();
    let (near, far) = tokio::io::duplex(2 * 1024);
    let client = async {
        let connector = tokio_rustls::TlsConnector::from(TestClient::new(None).config);
        let mut stream = connector
            .connect("localhost".try_into().unwrap(), near)
            .await
            .unwrap();
        stream.write_all(&[b'x'; 32 * 1024]).await.unwrap();
        stream.flush().await.expect("the server reads on");
        stream.read_to_end(&mut Vec::new()).await.unwrap_err()
    };
    let (error, refused) = tokio::join!(client, server.accept(far));
    assert!(error.to_string().contains("CertificateRequired"), "{error}");
    assert_eq!(refused.unwrap_err().reason, RefusalReason::NoCertificate);
}

#[tokio::test]
async fn tls_02_expired_or_not_yet_valid() {
    let world = World::new();
    let node = |from, to| {
        let spec = LeafSpec {
            not_before: Some(from),
            not_after: Some(to),
            ..LeafSpec::node("h1")
        };
        world.middle.leaf(&spec).unwrap()
    };
    let expired = node(START - Duration::HOUR, START - Duration::SECOND);
    let early = node(START + Duration::HOUR, START + Duration::DAY);

    let expected = AlertDescription::CertificateExpired;
    assert_eq!(
        refusal(&world, &expired).await,
        (expected, RefusalReason::Expired)
    );
    assert_eq!(
        refusal(&world, &early).await,
        (expected, RefusalReason::NotYetValid)
    );

    let last_second = node(START - Duration::HOUR, START);
    attempt(&world.server(), &TestClient::new(Some(&last_second)))
        .await
        .accepted();
}

#[tokio::test]
async fn tls_03_certificates_are_judged_by_the_injected_clock() {
    let world = World::new();
    let spec = LeafSpec {
        not_before: Some(START - Duration::HOUR),
        not_after: Some(START + Duration::days(90)),
        ..LeafSpec::node("h1")
    };
    let node = world.middle.leaf(&spec).unwrap();
    let server = world.server();
    let client = TestClient::new(Some(&node));

    for (shift, reason) in [
        (Duration::days(-1), Some(RefusalReason::NotYetValid)),
        (Duration::DAY, None),
        (Duration::days(400), Some(RefusalReason::Expired)),
    ] {
        world.clock.set(START + shift);
        let attempt = attempt(&server, &client).await;
        assert_eq!(
            attempt.server.err().map(|refused| refused.reason),
            reason,
            "{shift}"
        );
    }
}

#[tokio::test]
async fn tls_04_untrusted_ca() {
    let world = World::new();
    let stranger = TestCa::new("Somebody Else", START)
        .unwrap()
        .leaf(&LeafSpec::node("h1"))
        .unwrap();
    // Same subject, same key identifier, another key: at the root, and one below.
    let namesake = world
        .root
        .impostor()
        .unwrap()
        .leaf(&LeafSpec::node("h1"))
        .unwrap();
    let mut below = world
        .middle
        .impostor()
        .unwrap()
        .leaf(&LeafSpec::node("h1"))
        .unwrap();
    below.chain_pem = format!("{}{}", below.cert_pem, world.middle.cert_pem());

    let expected = (AlertDescription::UnknownCA, RefusalReason::UnknownCa);
    for identity in [stranger, namesake, below] {
        assert_eq!(refusal(&world, &identity).await, expected);
    }
}

#[tokio::test]
async fn tls_07_server_only_usage_is_refused() {
    let world = World::new();
    let usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let node = world
        .middle
        .leaf(&LeafSpec {
            extended_key_usages: usages,
            ..LeafSpec::node("h1")
        })
        .unwrap();

    let expected = (AlertDescription::UnsupportedCertificate, RefusalReason::Usage);
    assert_eq!(refusal(&world, &node).await, expected);
}

#[tokio::test]
async fn tls_07_a_ca_certificate_is_no_node() {
    let world = World::new();
    let node = world
        .middle
        .leaf(&LeafSpec {
            is_ca: true,
            ..LeafSpec::node("h1")
        })
        .unwrap();

    let expected = (AlertDescription::CertificateUnknown, RefusalReason::Usage);
    assert_eq!(refusal(&world, &node).await, expected);
}

/// ITI-19 forbids to demand attributes. keyUsage is never read: pinned here.
#[tokio::test]
async fn tls_07_absent_or_odd_usage_is_accepted() {
    let world = World::new();
    let bare = LeafSpec {
        extended_key_usages: Vec::new(),
        key_usages: Vec::new(),
        ..LeafSpec::node("h1")
    };
    let odd = LeafSpec {
        key_usages: vec![KeyUsagePurpose::KeyAgreement],
        ..LeafSpec::node("h1")
    };
    let nameless = LeafSpec {
        dns_names: Vec::new(),
        ip_addresses: Vec::new(),
        ..LeafSpec::node("")
    };

    for spec in [bare, odd, nameless] {
        let node = world.middle.leaf(&spec).unwrap();
        attempt(&world.server(), &TestClient::new(Some(&node)))
            .await
            .accepted();
    }
}

#[tokio::test]
async fn tls_08_every_flipped_byte_is_refused() {
    let world = World::new();
    let node = world.node("h1");
    let server = world.server();
    let middle = CertificateDer::from(world.middle.cert_der().to_vec());

    for at in 0..node.cert_der.len() {
        let mut der = node.cert_der.clone();
        der[at] ^= 1 << (at % 8);
        let key = presenting(vec![CertificateDer::from(der), middle.clone()], &node.key_pem);
        let attempt = attempt(&server, &TestClient::with_key(Some(key), &TLS13)).await;
        attempt.alert();
        assert_ne!(
            attempt.refused().reason,
            RefusalReason::NotEnrolled,
            "byte {at} passed the chain check"
        );
    }
}

#[tokio::test]
async fn tls_09_key_does_not_match() {
    let world = World::new();
    let (a, b) = (world.node("h1"), world.node("h2"));
    let stolen = Issued {
        key_pem: b.key_pem,
        ..a
    };

    for (server, version) in [(world.server(), &TLS13), (world.tls12_server(), &TLS12)] {
        let attempt = attempt(&server, &TestClient::speaking(Some(&stolen), version)).await;
        assert_eq!(attempt.alert(), AlertDescription::DecryptError);
        assert_eq!(attempt.refused().reason, RefusalReason::BadSignature);
    }
}

#[tokio::test]
async fn tls_10_self_signed_unknown() {
    let world = World::new();
    let node = LeafSpec::node("h1")
        .self_signed(START, START + Duration::DAY)
        .unwrap();

    let expected = (AlertDescription::UnknownCA, RefusalReason::UnknownCa);
    assert_eq!(refusal(&world, &node).await, expected);
}

#[tokio::test]
async fn tls_11_self_signed_directly_trusted() {
    let world = World::new();
    let spec = LeafSpec {
        is_ca: true,
        ..LeafSpec::node("c")
    };
    let node = spec.self_signed(START, START + Duration::DAY).unwrap();
    let mut paths = world.paths();
    paths.directly_trusted = vec![world.write("c.pem", node.cert_pem.as_bytes())];
    let server = world.server_of(world.material_of(paths), Default::default());

    let peer = attempt(&server, &TestClient::new(Some(&node))).await;
    assert_eq!(peer.accepted().fingerprint(), fingerprint(&node));

    let mut changed = node.cert_der.clone();
    *changed.last_mut().unwrap() ^= 1;
    let key = presenting(vec![CertificateDer::from(changed)], &node.key_pem);
    let forged = attempt(&server, &TestClient::with_key(Some(key), &TLS13)).await;
    // Not the trusted bytes any more: judged as a chain, where a CA's certificate is no leaf.
    assert_eq!(forged.alert(), AlertDescription::CertificateUnknown);

    let other = world.node("h2");
    let stolen = Issued {
        key_pem: other.key_pem,
        ..node.clone()
    };
    let stolen = attempt(&server, &TestClient::new(Some(&stolen))).await;
    assert_eq!(stolen.alert(), AlertDescription::DecryptError);

    world.clock.set(START - Duration::SECOND);
    let early = attempt(&server, &TestClient::new(Some(&node))).await;
    assert_eq!(early.refused().reason, RefusalReason::NotYetValid);

    world.clock.set(START + Duration::DAY + Duration::SECOND);
    let late = attempt(&server, &TestClient::new(Some(&node))).await;
    assert_eq!(late.alert(), AlertDescription::CertificateExpired);
    assert_eq!(late.refused().reason, RefusalReason::Expired);
}

/// JP-N15: a certificate that a trusted CA signed but nobody enrolled is refused before HTTP.
#[tokio::test]
async fn jp_n15_not_enrolled() {
    let world = World::new();
    let node = world.node("h1");
    world.ledger.set(&node, Admitted::No);

    let expected = (AlertDescription::AccessDenied, RefusalReason::NotEnrolled);
    assert_eq!(refusal(&world, &node).await, expected);
}

/// JP-N03: TLS 1.2 is a property of the peer's entry, not of the listener alone.
#[tokio::test]
async fn jp_n03_tls12_only_where_the_entry_allows_it() {
    let world = World::new();
    let (modern, legacy) = (world.node("h1"), world.node("h2"));
    world.ledger.set(&modern, Admitted::Tls13);
    world.ledger.set(&legacy, Admitted::Tls12Too);
    let server = world.tls12_server();

    let refused = attempt(&server, &TestClient::speaking(Some(&modern), &TLS12)).await;
    assert_eq!(refused.alert(), AlertDescription::HandshakeFailure);
    assert_eq!(refused.refused().reason, RefusalReason::OldProtocol);
    assert_eq!(
        refused.refused().peer.as_ref().unwrap().fingerprint,
        fingerprint(&modern)
    );

    let served = attempt(&server, &TestClient::speaking(Some(&legacy), &TLS12)).await;
    assert_eq!(served.accepted().protocol(), TlsVersion::Tls12);
    attempt(&server, &TestClient::speaking(Some(&modern), &TLS13))
        .await
        .accepted();
}

#[tokio::test]
async fn tls_26_a_long_chain_is_refused_without_work() {
    let world = World::new();
    let node = world.node("h1");
    let mut chain = vec![CertificateDer::from(node.cert_der.clone())];
    for number in 0..50 {
        let cross = world.root.intermediate(&format!("cross {}", number % 2)).unwrap();
        chain.push(CertificateDer::from(cross.cert_der().to_vec()));
    }

    let key = presenting(chain, &node.key_pem);
    let attempt = attempt(&world.server(), &TestClient::with_key(Some(key), &TLS13)).await;
    assert_eq!(attempt.alert(), AlertDescription::CertificateUnknown);
    assert_eq!(attempt.refused().reason, RefusalReason::Malformed);
}
