//! The client side, and TLS-28: not one application byte to a server that is not good.

use std::sync::Arc;

use rustls_pki_types::ServerName;
use time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use xds_testkit::pki::{Issued, LeafSpec, TestCa};
use xds_tls::{
    ClientSettings, ClientTls, LiveMaterial, MaterialPaths, RefusalReason, ServerSettings, ServerTls,
};

use crate::world::{START, World, fingerprint};

/// A server of `world` that presents `leaf`.
fn server(world: &World, leaf: &Issued) -> ServerTls {
    leaf.write(&world.folder.path("."), "peer").unwrap();
    let paths = MaterialPaths {
        certificate: world.folder.path("peer.crt"),
        key: world.folder.path("peer.key"),
        ..world.paths()
    };
    // Loaded while the leaf was good.
    let at = time::OffsetDateTime::from_unix_timestamp(START.unix_timestamp() - 60).unwrap();
    let material = LiveMaterial::load(paths, Arc::new(move || at)).unwrap();
    let settings = ServerSettings {
        allow_tls12: true,
        ..ServerSettings::default()
    };
    world.server_of(material, settings)
}

fn client(world: &World, settings: ClientSettings) -> ClientTls {
    ClientTls::new(world.material(), settings).unwrap()
}

/// Connects, sends a request; returns why not, and how many application bytes the server saw.
async fn call(client: &ClientTls, server: &ServerTls, name: &str) -> (Option<RefusalReason>, usize) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let calling = async {
        let mut stream = match client.connect(name, near).await {
            Ok(stream) => stream,
            Err(refused) => return Some(refused.reason),
        };
        stream.write_all(b"ping").await.unwrap();
        stream.shutdown().await.unwrap();
        None
    };
    let serving = async {
        let Ok((mut stream, _)) = server.accept(far).await else {
            return 0;
        };
        let mut request = Vec::new();
        stream.read_to_end(&mut request).await.unwrap();
        request.len()
    };
    tokio::join!(calling, serving)
}

#[tokio::test]
async fn a_good_server_is_called_with_our_certificate() {
    let world = World::new();
    let server = server(&world, &world.node("repository"));
    let client = client(&world, ClientSettings::default());
    let (near, far) = tokio::io::duplex(64 * 1024);
    let name = ServerName::try_from("localhost").unwrap();
    let (stream, accepted) = tokio::join!(client.connect(name, near), server.accept(far));
    assert!(stream.is_ok());
    assert_eq!(accepted.unwrap().1.fingerprint(), fingerprint(&world.server_leaf));
}

#[tokio::test]
async fn tls_28_a_bad_server_gets_nothing() {
    let world = World::new();
    let revoked = world.node("revoked");
    world.publish_crls(&[], std::slice::from_ref(&revoked.serial));
    let expired = LeafSpec {
        not_after: Some(START - Duration::SECOND),
        ..LeafSpec::node("expired")
    };
    let client_only = LeafSpec {
        extended_key_usages: vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth],
        ..LeafSpec::node("client")
    };
    let stranger = TestCa::new("Somebody Else", START)
        .unwrap()
        .leaf(&LeafSpec::node("x"))
        .unwrap();
    let client = client(&world, ClientSettings::default());

    for (leaf, reason) in [
        (revoked, RefusalReason::Revoked),
        (world.middle.leaf(&expired).unwrap(), RefusalReason::Expired),
        (world.middle.leaf(&client_only).unwrap(), RefusalReason::Usage),
        (stranger, RefusalReason::UnknownCa),
    ] {
        assert_eq!(
            call(&client, &server(&world, &leaf), "localhost").await,
            (Some(reason), 0)
        );
    }
    assert_eq!(
        call(&client, &server(&world, &world.node("fine")), "localhost").await,
        (None, 4)
    );
}

#[tokio::test]
async fn host_names_matter_with_the_fqdn_option_only() {
    let world = World::new();
    let server = server(&world, &world.node("repository"));
    let plain = client(&world, ClientSettings::default());
    let strict = client(
        &world,
        ClientSettings {
            fqdn_check: true,
            ..ClientSettings::default()
        },
    );

    assert_eq!(call(&plain, &server, "elsewhere.example").await, (None, 4));
    assert_eq!(call(&strict, &server, "localhost").await, (None, 4));
    assert_eq!(call(&strict, &server, "127.0.0.1").await, (None, 4));
    assert_eq!(
        call(&strict, &server, "elsewhere.example").await,
        (Some(RefusalReason::WrongName), 0)
    );
}

#[tokio::test]
async fn a_directly_trusted_server_is_called() {
    let world = World::new();
    let leaf = LeafSpec::node("arr")
        .self_signed(START - Duration::HOUR, START + Duration::DAY)
        .unwrap();
    let mut paths = world.paths();
    paths.directly_trusted = vec![world.write("arr.pem", leaf.cert_pem.as_bytes())];
    let trusting = ClientTls::new(world.material_of(paths), ClientSettings::default()).unwrap();

    let server = server(&world, &leaf);
    assert_eq!(call(&trusting, &server, "localhost").await, (None, 4));
    let plain = client(&world, ClientSettings::default());
    assert_eq!(
        call(&plain, &server, "localhost").await,
        (Some(RefusalReason::UnknownCa), 0)
    );
}

/// One configuration, handed out before the reload, judges by the lists after it.
#[tokio::test]
async fn a_reload_reaches_clients_that_exist() {
    let world = World::new();
    let leaf = world.node("repository");
    let server = server(&world, &leaf);
    let material = world.material();
    let client = ClientTls::new(Arc::clone(&material), ClientSettings::default()).unwrap();
    assert_eq!(call(&client, &server, "localhost").await, (None, 4));

    world.publish_crls(&[], std::slice::from_ref(&leaf.serial));
    material.reload().unwrap();
    assert_eq!(
        call(&client, &server, "localhost").await,
        (Some(RefusalReason::Revoked), 0)
    );
}
