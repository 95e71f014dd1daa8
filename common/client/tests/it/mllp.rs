use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use xds_client::mllp::{MllpClient, MllpError, MllpSettings};
use xds_hl7::mllp::Decoder;

use crate::world::World;

/// Reads frames and writes, for each in turn, these pieces, flushing each. After them it hangs up, or waits.
async fn receiver(
    world: &World,
    answers: Vec<Vec<&'static [u8]>>,
    hang_up: bool,
) -> (String, JoinHandle<Vec<Vec<u8>>>) {
    let tls = TlsAcceptor::from(world.server_config());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let task = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = tls.accept(tcp).await.unwrap();
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        let mut answers = answers.into_iter();
        let mut buffer = [0; 1024];
        while let Ok(length) = stream.read(&mut buffer).await {
            let mut input = &buffer[..length];
            while let Some(frame) = decoder.decode(&mut input).unwrap() {
                frames.push(frame);
                for piece in answers.next().unwrap_or_default() {
                    stream.write_all(piece).await.unwrap();
                    stream.flush().await.unwrap();
                }
            }
            if length == 0 || (hang_up && answers.len() == 0) {
                let _ = stream.shutdown().await;
                break;
            }
        }
        frames
    });
    (address, task)
}

async fn connect(world: &World, address: &str) -> MllpClient {
    let settings = MllpSettings {
        answer_seconds_max: 1,
        ..MllpSettings::default()
    };
    MllpClient::connect(address, &world.tls(), settings)
        .await
        .unwrap()
}

#[tokio::test]
async fn messages_go_one_after_the_other_and_are_acknowledged() {
    let world = World::new();
    let answers: Vec<Vec<&'static [u8]>> = vec![
        vec![b"\x0bMSA|AA|1\r\x1c\r"],
        vec![b"\x0bMSA|", b"AE|2\r", b"\x1c", b"\r"],
    ];
    let (address, task) = receiver(&world, answers, false).await;
    let mut client = connect(&world, &address).await;

    assert_eq!(client.send(b"MSH|1\r").await.unwrap(), b"MSA|AA|1\r");
    assert_eq!(client.send(b"MSH|2\r").await.unwrap(), b"MSA|AE|2\r");
    client.close().await.unwrap();

    assert_eq!(task.await.unwrap(), [b"MSH|1\r", b"MSH|2\r"]);
}

#[tokio::test]
async fn no_acknowledgment_is_an_error_and_ends_the_connection() {
    let world = World::new();
    let (address, _task) = receiver(&world, vec![vec![b"\x0bhalf"]], false).await;
    let mut client = connect(&world, &address).await;
    assert_eq!(client.send(b"MSH|1\r").await, Err(MllpError::Timeout));
    assert_eq!(client.send(b"MSH|2\r").await, Err(MllpError::OutOfStep));

    let (address, _task) = receiver(&world, vec![vec![b"\x0bhalf"]], true).await;
    let mut client = connect(&world, &address).await;
    assert_eq!(client.send(b"MSH|1\r").await, Err(MllpError::Closed));

    let (address, _task) = receiver(&world, vec![vec![b"MSA|AA|1\r"]], false).await;
    let mut client = connect(&world, &address).await;
    assert!(matches!(client.send(b"MSH|1\r").await, Err(MllpError::Frame(_))));
}

#[tokio::test]
async fn an_answer_nobody_asked_for_is_not_taken_for_the_next_one() {
    let world = World::new();
    let answers: Vec<Vec<&'static [u8]>> = vec![
        vec![b"\x0bMSA|AA|1\r\x1c\r\x0bMSA|AA|stray\r\x1c\r"],
        vec![b"\x0bMSA|AE|2\r\x1c\r"],
    ];
    let (address, _task) = receiver(&world, answers, false).await;
    let mut client = connect(&world, &address).await;

    assert_eq!(client.send(b"MSH|1\r").await.unwrap(), b"MSA|AA|1\r");
    assert_eq!(client.send(b"MSH|2\r").await, Err(MllpError::OutOfStep));
}

#[tokio::test]
async fn an_address_is_a_host_and_a_port() {
    let world = World::new();
    let tls = world.tls();
    for address in ["localhost", ":1", "a b:1"] {
        let error = MllpClient::connect(address, &tls, MllpSettings::default())
            .await
            .unwrap_err();
        assert_eq!(error, MllpError::Address, "{address}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = MllpClient::connect(&address, &tls, MllpSettings::default())
        .await
        .unwrap_err();
    assert!(matches!(error, MllpError::Connect(_)), "{error:?}");
}

#[tokio::test]
async fn a_receiver_that_we_do_not_trust_gets_nothing() {
    let (ours, theirs) = (World::new(), World::new());
    let tls = TlsAcceptor::from(theirs.server_config());
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = listener.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        tls.accept(tcp).await.is_err()
    });

    let error = MllpClient::connect(&address, &ours.tls(), MllpSettings::default())
        .await
        .unwrap_err();

    assert!(matches!(error, MllpError::Tls(_)), "{error:?}");
    assert!(task.await.unwrap());
}
