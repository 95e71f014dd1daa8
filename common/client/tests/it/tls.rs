use rustls::AlertDescription;
use rustls::CertificateError;
use tokio::net::TcpListener;
use xds_client::{Call, CallError, Client, ClientSettings, ConnectFailure};
use xds_model::Transaction;
use xds_model::time::{Clock, System};
use xds_testkit::pki::{LeafSpec, TestCa};

use crate::world::*;

async fn ask(client: &Client, url: &str) -> Result<(), CallError> {
    let call = Call::new(url, Transaction::Iti42);
    client
        .call_simple(&call, |out| out.push_str("<q/>"))
        .await
        .map(|_| ())
}

fn answers(seen: &Seen) -> Vec<Act> {
    vec![http(200, SOAP, seen.response(REGISTER_RESPONSE, "<r/>"))]
}

#[tokio::test]
async fn a_server_that_we_do_not_trust_gets_nothing() {
    let world = World::new();
    let stranger = TestCa::new("Other Root", System.now()).unwrap();
    let config = server_config(&world.ca, &stranger.leaf(&LeafSpec::node("registry")).unwrap());
    let server = Server::start(config, answers).await;

    let error = ask(&world.client(), &server.url()).await.unwrap_err();

    assert!(
        matches!(
            &error,
            CallError::Connect(ConnectFailure::Tls(rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer
            )))
        ),
        "{error:?}"
    );
    assert!(!error.may_have_taken_effect());
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_server_that_does_not_trust_us_tells_by_its_alert() {
    let world = World::new();
    let stranger = TestCa::new("Other Root", System.now()).unwrap();
    let config = server_config(&stranger, &world.ca.leaf(&LeafSpec::node("registry")).unwrap());
    let server = Server::start(config, answers).await;

    let error = ask(&world.client(), &server.url()).await.unwrap_err();

    assert_eq!(
        error,
        CallError::Connect(ConnectFailure::Alert(AlertDescription::UnknownCA))
    );
    assert!(!error.may_have_taken_effect());
}

#[tokio::test]
async fn nobody_there_is_told_as_refused() {
    let world = World::new();
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };

    let error = ask(&world.client(), &format!("https://127.0.0.1:{port}/"))
        .await
        .unwrap_err();

    assert_eq!(error, CallError::Connect(ConnectFailure::Refused));
}

#[tokio::test]
async fn a_server_that_never_shakes_hands_is_left() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let client = world.client_with(ClientSettings {
        connect_seconds_max: 1,
        ..ClientSettings::default()
    });

    let error = ask(&client, &url).await.unwrap_err();

    assert_eq!(error, CallError::Connect(ConnectFailure::Timeout));
    assert!(!error.may_have_taken_effect());
}

#[tokio::test]
async fn what_is_no_tls_is_told_as_such() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 1024]).await;
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        stream
    });

    let error = ask(&world.client(), &url).await.unwrap_err();

    assert!(
        matches!(&error, CallError::Connect(ConnectFailure::Tls(_))),
        "{error:?}"
    );
    server.await.unwrap();
}

/// New trust holds for new connections at once, and for kept ones after `drop_connections`.
#[tokio::test]
async fn reloaded_material_is_followed() {
    let world = World::new();
    let server = world.serve(answers).await;
    let material = world.material();
    let tls = xds_tls::ClientTls::new(material.clone(), xds_tls::ClientSettings::default()).unwrap();
    let client = Client::new(&tls, std::sync::Arc::new(System), ClientSettings::default()).unwrap();
    ask(&client, &server.url()).await.unwrap();

    let other = TestCa::new("Other Root", System.now()).unwrap();
    world.trust(&other);
    other
        .leaf(&LeafSpec::node("repository"))
        .unwrap()
        .write(world.folder(), "client")
        .unwrap();
    material.reload().unwrap();

    assert_eq!(
        ask(&client, &server.url()).await,
        Ok(()),
        "on the connection that was kept"
    );
    client.drop_connections().unwrap();
    let error = ask(&client, &server.url()).await.unwrap_err();
    assert!(
        matches!(error, CallError::Connect(ConnectFailure::Tls(_))),
        "{error:?}"
    );
}
