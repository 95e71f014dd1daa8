use bytes::Bytes;
use xds_client::xds::{Document, Endpoint};
use xds_client::{CallError, PartContent, Repeat};
use xds_ebxml::query::{QueryBuilder, write_response_without_objects};
use xds_ebxml::retrieve::{
    DocumentRequest, write_document_end, write_document_start, write_include, write_inline,
    write_response_end, write_response_start_of,
};
use xds_ebxml::rim::Objects;
use xds_ebxml::rs::{ResponseStatus, write_registry_response_of};
use xds_model::Transaction;

use crate::world::*;

fn written(write: impl FnOnce(&mut String)) -> String {
    let mut out = String::new();
    write(&mut out);
    out
}

fn success() -> String {
    written(|out| write_registry_response_of(ResponseStatus::Success, &[], out))
}

#[tokio::test]
async fn a_submission_is_registered() {
    let world = World::new();
    let server = world
        .serve(|seen| vec![http(200, SOAP, seen.response(REGISTER_RESPONSE, &success()))])
        .await;

    let reply = world
        .client()
        .register(server.url().as_str(), Objects::default())
        .await
        .unwrap();

    assert_eq!(reply.content.status, ResponseStatus::Success);
    assert_eq!(reply.message_id.as_deref(), Some("urn:uuid:answer"));
    let sent = String::from_utf8(server.seen()[0].body.to_vec()).unwrap();
    assert!(sent.contains("lcm:SubmitObjectsRequest"), "{sent}");
}

#[tokio::test]
async fn an_answer_of_another_transaction_is_refused() {
    let world = World::new();
    let server = world
        .serve(|seen| vec![http(200, SOAP, seen.response(REGISTER_RESPONSE, "<r/>"))])
        .await;

    let error = world
        .client()
        .submit(server.url().as_str(), Transaction::Iti42, |out| {
            out.push_str("<q/>")
        })
        .await
        .unwrap_err();

    assert!(matches!(error, CallError::Form(_)), "{error:?}");
    assert!(error.may_have_taken_effect());
}

#[tokio::test]
async fn a_query_finds_nothing_and_says_so() {
    let world = World::new();
    let server = world
        .serve(|seen| {
            let body = written(|out| write_response_without_objects(&[], out));
            vec![http(200, SOAP, seen.response(QUERY_RESPONSE, &body))]
        })
        .await;
    let url = server.url();
    let endpoint = Endpoint {
        repeat: Repeat::OnceIfBroken,
        security_xml: Some("<a:Assertion xmlns:a=\"urn:a\"/>"),
        ..Endpoint::from(url.as_str())
    };
    let query = QueryBuilder::with_id("urn:uuid:1", xds_model::query::ReturnType::LeafClass);

    let reply = world.client().query(endpoint, &query).await.unwrap();

    assert_eq!(reply.content.status, ResponseStatus::Success);
    assert!(reply.content.references.is_empty());
    assert!(String::from_utf8_lossy(&server.seen()[0].body).contains("a:Assertion"));
}

#[tokio::test]
async fn documents_are_provided_each_in_its_part() {
    let world = World::new();
    let server = world
        .serve(|seen| {
            vec![http(
                200,
                MTOM,
                multipart(&seen.response(PROVIDE_RESPONSE, &success()), &[]),
            )]
        })
        .await;
    let client = world.client();
    for _ in 0..2 {
        let document = Document {
            entry: "Doc1".to_owned(),
            mime_type: "text/plain".to_owned(),
            content: PartContent::Bytes(Bytes::from_static(b"hello")),
        };
        let reply = client
            .provide(server.url().as_str(), Objects::default(), vec![document])
            .await
            .unwrap();
        assert_eq!(reply.content.status, ResponseStatus::Success);
    }

    let seen = server.seen();
    let sent = String::from_utf8(seen[0].body.to_vec()).unwrap();
    let (_, id) = sent.split_once("href=\"cid:").unwrap();
    let id = id.split_once('"').unwrap().0;
    assert!(
        sent.contains(&format!("Content-ID: <{id}>\r\n\r\nhello\r\n")),
        "{sent}"
    );
    assert!(sent.contains("<xds:Document id=\"Doc1\">"));
    assert_eq!(seen[1].connection, 0, "the connection is used again");
}

fn request(id: &str) -> DocumentRequest {
    DocumentRequest {
        home: None,
        repository: "1.2.3".to_owned(),
        document: id.to_owned(),
    }
}

/// Documents 1 and 3 in parts, 2 in the envelope.
fn retrieval() -> String {
    written(|out| {
        write_response_start_of(ResponseStatus::Success, &[], out);
        for id in ["1", "2", "3"] {
            write_document_start(&request(id), "text/plain", out);
            match id {
                "2" => write_inline(b"two", out),
                _ => write_include(&format!("{id}@x"), out),
            }
            write_document_end(out);
        }
        write_response_end(out);
    })
}

#[tokio::test]
async fn documents_are_retrieved_by_reference_not_by_order() {
    let world = World::new();
    let server = world
        .serve(|seen| {
            let parts: [(&str, &[u8]); 3] = [("3@x", b"three"), ("stray@x", b"?"), ("1@x", b"one")];
            vec![http(
                200,
                MTOM,
                multipart(&seen.response(RETRIEVE_RESPONSE, &retrieval()), &parts),
            )]
        })
        .await;
    let client = world.client();
    let requests = [request("1"), request("2"), request("3")];

    let reply = client
        .retrieve_all(server.url().as_str(), &requests, 5)
        .await
        .unwrap();

    let (response, documents) = reply.content;
    assert_eq!(response.status, ResponseStatus::Success);
    let got: Vec<_> = documents
        .iter()
        .map(|(document, bytes)| (document.ids.document.as_str(), bytes.as_slice()))
        .collect();
    let expected: [(&str, &[u8]); 3] = [("2", b"two"), ("3", b"three"), ("1", b"one")];
    assert_eq!(got, expected);

    for (bytes_max, fits) in [(2, false), (4, false)] {
        let result = client
            .retrieve_all(server.url().as_str(), &requests, bytes_max)
            .await;
        assert_eq!(result.is_ok(), fits);
    }
    let mut streamed = client.retrieve(server.url().as_str(), &requests).await.unwrap();
    assert_eq!(streamed.documents().len(), 3);
    let mut count = 0;
    while streamed.next_document().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 3, "what is not read is passed over");
}

#[tokio::test]
async fn a_document_without_its_part_is_an_error() {
    let world = World::new();
    let server = world
        .serve(|seen| {
            let body = multipart(
                &seen.response(RETRIEVE_RESPONSE, &retrieval()),
                &[("3@x", b"three")],
            );
            vec![http(200, MTOM, body)]
        })
        .await;

    let error = world
        .client()
        .retrieve_all(server.url().as_str(), &[request("1")], 100)
        .await
        .unwrap_err();

    assert_eq!(error, CallError::MissingPart);
}
