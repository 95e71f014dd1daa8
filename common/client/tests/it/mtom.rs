use std::io;

use bytes::Bytes;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use xds_client::{Answer, Call, CallError, ClientSettings, ContentError, NotSoap, OutgoingPart, PartContent};
use xds_model::Transaction;
use xds_soap::{ContentId, MimeLimits, MtomEvent, MtomReader, Packaging, write_include};

use crate::world::*;

fn part(id: &str, content: PartContent) -> OutgoingPart {
    OutgoingPart {
        content_id: ContentId::from_header(id).unwrap(),
        content_type: "application/pdf".to_owned(),
        content,
    }
}

fn pieces(pieces: &[&'static [u8]]) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::iter(
        pieces
            .iter()
            .map(|piece| Ok(Bytes::from_static(piece)))
            .collect::<Vec<_>>(),
    )
}

fn accepts(seen: &Seen) -> Vec<Act> {
    vec![http(
        200,
        MTOM,
        multipart(&seen.response(PROVIDE_RESPONSE, "<r/>"), &[]),
    )]
}

/// Sends `parts` to a server that accepts them, and returns what it saw.
async fn send(parts: Vec<OutgoingPart>) -> (Result<Answer, CallError>, Vec<Seen>) {
    let world = World::new();
    let server = world.serve(accepts).await;
    let url = server.url();
    let ids: Vec<_> = parts.iter().map(|part| part.content_id.clone()).collect();
    let body = |out: &mut String| {
        out.push_str("<p>");
        ids.iter().for_each(|id| write_include(out, id));
        out.push_str("</p>");
    };
    let call = Call::new(&url, Transaction::Iti41);
    let answer = world.client().call_mtom(&call, body, parts).await;
    (answer, server.seen())
}

/// Envelope and documents of a request.
fn read(seen: &Seen) -> (String, Vec<(String, Vec<u8>)>) {
    let Packaging::Mtom { boundary, start } = Packaging::parse(seen.header("content-type").unwrap()).unwrap()
    else {
        panic!("not MTOM");
    };
    let mut reader = MtomReader::new(&boundary, start.as_deref(), MimeLimits::default()).unwrap();
    reader.push(seen.body.clone());
    reader.finish();
    let (mut root, mut documents) = (String::new(), Vec::new());
    while let Some(event) = reader.next().unwrap() {
        match event {
            MtomEvent::Root { envelope, .. } => root = String::from_utf8(envelope.to_vec()).unwrap(),
            MtomEvent::PartStart(headers) => {
                documents.push((headers.content_id.unwrap().to_string(), Vec::new()));
            }
            MtomEvent::Data(data) => documents.last_mut().unwrap().1.extend_from_slice(&data),
            MtomEvent::PartEnd | MtomEvent::End => {}
        }
    }
    (root, documents)
}

#[tokio::test]
async fn documents_of_known_length_go_with_a_content_length() {
    let (answer, seen) = send(vec![
        part("d1@x", PartContent::Bytes(Bytes::from_static(b"\r\n--one"))),
        part(
            "d2@x",
            PartContent::stream(Some(6), pieces(&[b"tw", b"", b"o\n\r\n"])),
        ),
        part("d3@x", PartContent::Bytes(Bytes::new())),
    ])
    .await;

    assert!(answer.unwrap().packaging.is_mtom());
    let seen = &seen[0];
    assert_eq!(
        seen.header("content-length"),
        Some(seen.body.len().to_string().as_str())
    );
    assert_eq!(seen.header("transfer-encoding"), None);
    let content_type = seen.header("content-type").unwrap();
    assert!(content_type.ends_with("; action=\"urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b\""));
    let (envelope, documents) = read(seen);
    assert!(envelope.contains("cid:d2@x"));
    let expected: [(String, Vec<u8>); 3] = [
        ("d1@x".to_owned(), b"\r\n--one".to_vec()),
        ("d2@x".to_owned(), b"two\n\r\n".to_vec()),
        ("d3@x".to_owned(), Vec::new()),
    ];
    assert_eq!(documents, expected);
}

#[tokio::test]
async fn a_document_of_unknown_length_goes_in_chunks() {
    let (answer, seen) = send(vec![part(
        "d1@x",
        PartContent::stream(None, pieces(&[b"one", b"two"])),
    )])
    .await;

    answer.unwrap();
    assert_eq!(seen[0].header("content-length"), None);
    assert_eq!(seen[0].header("transfer-encoding"), Some("chunked"));
    assert_eq!(read(&seen[0]).1, [("d1@x".to_owned(), b"onetwo".to_vec())]);
}

#[tokio::test]
async fn a_document_of_another_length_than_announced_ends_the_call() {
    for length in [5, 7] {
        let (answer, seen) = send(vec![part(
            "d1@x",
            PartContent::stream(Some(length), pieces(&[b"one", b"two"])),
        )])
        .await;

        let error = answer.unwrap_err();
        assert_eq!(error, CallError::Content(ContentError::Length), "{length}");
        assert!(seen.is_empty(), "a whole message came");
    }
}

#[tokio::test]
async fn a_document_that_cannot_be_read_ends_the_call() {
    for length in [None, Some(9)] {
        let broken = stream::iter([
            Ok(Bytes::from_static(b"one")),
            Err(io::Error::from(io::ErrorKind::NotFound)),
        ]);
        let (answer, seen) = send(vec![part("d1@x", PartContent::stream(length, broken))]).await;

        let error = answer.unwrap_err();
        assert_eq!(
            error,
            CallError::Content(ContentError::Read(io::ErrorKind::NotFound))
        );
        assert!(seen.is_empty(), "a whole message came");
    }
}

async fn retrieve_with(
    settings: ClientSettings,
    script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static,
) -> (World, Server, Result<Answer, CallError>) {
    let world = World::new();
    let server = world.serve(script).await;
    let url = server.url();
    let call = Call::new(&url, Transaction::Iti43);
    let answer = world
        .client_with(settings)
        .call_mtom(&call, |out| out.push_str("<q/>"), Vec::new())
        .await;
    (world, server, answer)
}

#[tokio::test]
async fn the_parts_of_an_answer_come_one_by_one() {
    for chunk in [1, 13, 100_000] {
        let (_world, _server, answer) = retrieve_with(ClientSettings::default(), move |seen| {
            let parts: [(&str, &[u8]); 3] = [("a@x", b"first\r\n"), ("b@x", b"second"), ("c@x", b"")];
            let body = multipart(&seen.response(RETRIEVE_RESPONSE, "<r/>"), &parts);
            vec![http_chunked(MTOM, &body, chunk)]
        })
        .await;
        let mut answer = answer.unwrap();

        let mut first = answer.next_part().await.unwrap().unwrap();
        assert_eq!(first.content_id.as_ref().unwrap().as_str(), "a@x");
        assert_eq!(first.content_type.as_deref(), Some("application/pdf"));
        assert_eq!(first.bytes(7).await.unwrap(), b"first\r\n");
        assert_eq!(first.next_chunk().await.unwrap(), None);
        // Passed over unread.
        assert!(answer.next_part().await.unwrap().is_some());
        let mut third = answer.next_part().await.unwrap().unwrap();
        assert_eq!(third.content_id.as_ref().unwrap().as_str(), "c@x");
        assert_eq!(third.next_chunk().await.unwrap(), None);
        assert!(answer.next_part().await.unwrap().is_none());
        assert!(answer.next_part().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_answer_that_ends_too_early_is_never_complete() {
    let (_world, _server, answer) = retrieve_with(ClientSettings::default(), |seen| {
        let body = multipart_open(&seen.response(RETRIEVE_RESPONSE, "<r/>"), &[("a@x", b"half")]);
        vec![http(200, MTOM, body)]
    })
    .await;
    let mut answer = answer.unwrap();

    let mut part = answer.next_part().await.unwrap().unwrap();
    let error = part.bytes(100).await.unwrap_err();

    assert!(
        matches!(error, CallError::NotSoap(NotSoap::Multipart(_))),
        "{error:?}"
    );
    assert!(answer.next_part().await.is_err());
}

#[tokio::test]
async fn a_connection_cut_inside_a_document_is_broken() {
    let (_world, _server, answer) = retrieve_with(ClientSettings::default(), |seen| {
        let body = multipart_open(&seen.response(RETRIEVE_RESPONSE, "<r/>"), &[("a@x", b"half")]);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {MTOM}\r\nContent-Length: 99999\r\n\r\n");
        vec![Act::Write([head.into_bytes(), body].concat()), Act::Close]
    })
    .await;
    let mut answer = answer.unwrap();

    let mut part = answer.next_part().await.unwrap().unwrap();
    assert_eq!(part.bytes(100).await.unwrap_err(), CallError::Broken);
}

#[tokio::test]
async fn an_answer_above_a_limit_is_refused() {
    let script = |seen: &Seen| {
        let body = multipart(
            &seen.response(RETRIEVE_RESPONSE, "<r/>"),
            &[("a@x", &[b'x'; 5000])],
        );
        vec![http_chunked(MTOM, &body, 500)]
    };
    let whole = ClientSettings {
        message_bytes_max: 4000,
        ..ClientSettings::default()
    };
    let (_world, _server, answer) = retrieve_with(whole, script).await;
    let mut answer = answer.unwrap();
    let mut part = answer.next_part().await.unwrap().unwrap();
    assert_eq!(part.bytes(9000).await.unwrap_err(), CallError::TooLarge);

    let one_part = ClientSettings {
        mime: MimeLimits {
            part_bytes_max: 4999,
            ..MimeLimits::default()
        },
        ..ClientSettings::default()
    };
    let (_world, _server, answer) = retrieve_with(one_part, script).await;
    let mut answer = answer.unwrap();
    let mut part = answer.next_part().await.unwrap().unwrap();
    let error = part.bytes(9000).await.unwrap_err();
    assert!(
        matches!(error, CallError::NotSoap(NotSoap::Multipart(_))),
        "{error:?}"
    );

    let (_world, _server, answer) = retrieve_with(ClientSettings::default(), script).await;
    let mut answer = answer.unwrap();
    let mut part = answer.next_part().await.unwrap().unwrap();
    assert_eq!(part.bytes(4999).await.unwrap_err(), CallError::TooLarge);

    let root = ClientSettings {
        answer_bytes_max: 100,
        ..ClientSettings::default()
    };
    let (_world, _server, answer) = retrieve_with(root, script).await;
    let error = answer.unwrap_err();
    assert!(
        matches!(error, CallError::NotSoap(NotSoap::Multipart(_))),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_that_stops_inside_a_document_is_left() {
    let settings = ClientSettings {
        answer_seconds_max: 1,
        ..ClientSettings::default()
    };
    let (_world, _server, answer) = retrieve_with(settings, |seen| {
        let body = multipart_open(&seen.response(RETRIEVE_RESPONSE, "<r/>"), &[("a@x", b"half")]);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {MTOM}\r\nContent-Length: 99999\r\n\r\n");
        vec![Act::Write([head.into_bytes(), body].concat()), Act::Hang]
    })
    .await;
    let mut answer = answer.unwrap();

    let mut part = answer.next_part().await.unwrap().unwrap();
    assert_eq!(part.bytes(100).await.unwrap_err(), CallError::Timeout);
}

/// Reads a request only up to its MessageID, then answers with a fault.
async fn serve_impatiently(world: &World) -> (String, tokio::task::JoinHandle<usize>) {
    let tls = tokio_rustls::TlsAcceptor::from(world.server_config());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = tls.accept(tcp).await.unwrap();
        let mut read = Vec::new();
        while !String::from_utf8_lossy(&read).contains("</wsa:MessageID>") {
            assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0);
        }
        let seen = Seen {
            connection: 0,
            on_connection: 0,
            head: String::new(),
            bytes: read.len(),
            body: read.into(),
        };
        let fault = "<s:Fault xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Code>\
                     <s:Value>s:Sender</s:Value></s:Code></s:Fault>";
        let Act::Write(answer) = http(400, SOAP, seen.response("urn:fault", fault)) else {
            unreachable!()
        };
        stream.write_all(&answer).await.unwrap();
        stream.shutdown().await.unwrap();
        // As servers do, so that the answer is not lost by a reset.
        let mut bytes = seen.bytes;
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length @ 1..) = stream.read(&mut buffer).await {
            bytes += length;
        }
        bytes
    });
    (url, task)
}

#[tokio::test]
async fn an_early_answer_is_taken() {
    let world = World::new();
    let (url, _server) = serve_impatiently(&world).await;
    let endless = stream::iter(std::iter::repeat_with(|| Ok(Bytes::from_static(&[7; 64 << 10]))));
    let parts = vec![part("d1@x", PartContent::stream(None, endless))];
    let call = Call::new(&url, Transaction::Iti41);

    let error = world
        .client()
        .call_mtom(&call, |out| out.push_str("<p/>"), parts)
        .await
        .unwrap_err();

    assert!(matches!(error, CallError::Fault { status: 400, .. }), "{error:?}");
    assert!(!error.may_have_taken_effect());
}

/// An upload is alive as long as the server takes from it, however long that lasts.
#[tokio::test]
async fn a_slow_upload_is_not_cut_by_the_limit_on_stillness() {
    let world = World::new();
    let server = world.serve(accepts).await;
    let url = server.url();
    let slow = stream::unfold(0_u32, async |count| {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        (count < 4).then(|| (Ok(Bytes::from_static(b"piece")), count + 1))
    });
    let client = world.client_with(ClientSettings {
        answer_seconds_max: 1,
        ..ClientSettings::default()
    });
    let call = Call::new(&url, Transaction::Iti41);

    let parts = vec![part("d1@x", PartContent::stream(Some(20), slow))];
    let answer = client.call_mtom(&call, |out| out.push_str("<p/>"), parts).await;

    assert!(answer.is_ok(), "{answer:?}");
}
