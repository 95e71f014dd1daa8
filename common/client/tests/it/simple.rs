use xds_client::{Call, CallError, Client, ClientSettings, Mismatch, NotSoap, RequestProblem};
use xds_model::Transaction;
use xds_soap::{FaultCode, Packaging, ReplyAddresses, action, read_request};
use xds_xml::{Document, Limits};

use crate::world::*;

const QUERY: &str = r#"<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"/>"#;
const ANSWER: &str =
    r#"<q:AdhocQueryResponse xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" status="x"/>"#;

async fn ask(client: &Client, url: &str) -> Result<xds_client::Answer, CallError> {
    let call = Call::new(url, Transaction::Iti18);
    client.call_simple(&call, |out| out.push_str(QUERY)).await
}

/// Asks a server with this script once.
async fn outcome(
    script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static,
) -> Result<xds_client::Answer, CallError> {
    outcome_with(ClientSettings::default(), script).await
}

async fn outcome_with(
    settings: ClientSettings,
    script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static,
) -> Result<xds_client::Answer, CallError> {
    let world = World::new();
    let server = world.serve(script).await;
    ask(&world.client_with(settings), &server.url()).await
}

#[tokio::test]
async fn the_request_is_soap_as_the_standard_wants_it() {
    let world = World::new();
    let server = world
        .serve(|seen| vec![http(200, SOAP, seen.response(QUERY_RESPONSE, ANSWER))])
        .await;
    let url = server.url();
    let call = Call {
        security_xml: Some("<a:Assertion xmlns:a=\"urn:a\">signed</a:Assertion>"),
        headers: &[("traceparent", "00-1-2-01")],
        ..Call::new(&url, Transaction::Iti18)
    };

    let answer = world
        .client()
        .call_simple(&call, |out| out.push_str(QUERY))
        .await
        .unwrap();

    let seen = server.seen().remove(0);
    assert!(seen.head.starts_with("POST /xds HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!(
        seen.header("content-type"),
        Some("application/soap+xml; charset=UTF-8; action=\"urn:ihe:iti:2007:RegistryStoredQuery\"")
    );
    assert_eq!(
        seen.header("content-length"),
        Some(seen.body.len().to_string().as_str())
    );
    assert_eq!(seen.header("transfer-encoding"), None);
    assert_eq!(seen.header("traceparent"), Some("00-1-2-01"));
    let document = Document::parse(&seen.body, &Limits::default()).unwrap();
    let request = read_request(&document, ReplyAddresses::AnonymousOnly).unwrap();
    assert_eq!(request.headers.to.as_deref(), Some(url.as_str()));
    assert_eq!(request.headers.message_id, answer.request_id);
    assert!(request.headers.message_id.starts_with("urn:uuid:"));
    let assertion = request.security.unwrap().child("urn:a", "Assertion").unwrap();
    assert_eq!(assertion.text(), Ok("signed"));
    let transaction = action::resolve(&request.headers.action, request.body, &[Transaction::Iti18]);
    assert_eq!(transaction, Ok(Transaction::Iti18));
}

#[tokio::test]
async fn the_answer_has_its_body_ids_and_times() {
    let mut answer = outcome(|seen| vec![http(200, SOAP, seen.response(QUERY_RESPONSE, ANSWER))])
        .await
        .unwrap();

    assert_eq!(answer.packaging, Packaging::Simple);
    assert_eq!(answer.message_id.as_deref(), Some("urn:uuid:answer"));
    assert!(!answer.first_byte.is_zero());
    let status = answer.body(|body| body.attribute("status").map(str::to_owned));
    assert_eq!(status.unwrap().as_deref(), Some("x"));
    assert!(answer.next_part().await.unwrap().is_none());
}

#[tokio::test]
async fn chunked_and_multipart_answers_are_as_good() {
    for chunk in [1, 7, 4096] {
        let answer = outcome(move |seen| {
            vec![http_chunked(
                SOAP,
                seen.response(QUERY_RESPONSE, ANSWER).as_bytes(),
                chunk,
            )]
        });
        assert!(answer.await.is_ok(), "{chunk}");
    }
    let answer = outcome(|seen| {
        vec![http(
            200,
            MTOM,
            multipart(&seen.response(QUERY_RESPONSE, ANSWER), &[]),
        )]
    });
    assert!(answer.await.unwrap().packaging.is_mtom());
}

#[tokio::test]
async fn an_answer_to_another_request_is_refused() {
    let other = outcome(|seen| {
        let answer = seen.response(QUERY_RESPONSE, ANSWER);
        vec![http(
            200,
            SOAP,
            answer.replace(&seen.message_id(), "urn:uuid:other"),
        )]
    });
    assert_eq!(other.await.unwrap_err(), CallError::Mismatch(Mismatch::RelatesTo));

    let none = outcome(|seen| {
        let answer = seen.response(QUERY_RESPONSE, ANSWER);
        vec![http(200, SOAP, answer.replace("RelatesTo", "From"))]
    });
    assert_eq!(none.await.unwrap_err(), CallError::Mismatch(Mismatch::RelatesTo));

    let action = outcome(|seen| vec![http(200, SOAP, seen.response(REGISTER_RESPONSE, ANSWER))]);
    assert_eq!(action.await.unwrap_err(), CallError::Mismatch(Mismatch::Action));
}

#[tokio::test]
async fn a_fault_is_told_with_its_status_and_without_its_text() {
    const CANARY: &str = "patient 0123456789";
    for (status, code, effect) in [
        (400, "Sender", false),
        (500, "Sender", false),
        (500, "MustUnderstand", false),
        (500, "Receiver", true),
        (200, "Receiver", true),
    ] {
        let fault = format!(
            "<s:Fault xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Code><s:Value>s:{code}</s:Value></s:Code>\
             <s:Reason><s:Text xml:lang=\"en\">{CANARY}</s:Text></s:Reason></s:Fault>"
        );
        let error = outcome(move |seen| vec![http(status, SOAP, seen.response("urn:fault", &fault))])
            .await
            .unwrap_err();

        assert_eq!(error.may_have_taken_effect(), effect, "{code}");
        assert!(!error.to_string().contains(CANARY), "{error}");
        let CallError::Fault { fault, status: told } = error else {
            panic!("{error:?}");
        };
        assert_eq!(told, status);
        assert_eq!(Some(fault.code), FaultCode::from_local(code));
        assert_eq!(fault.reason, CANARY);
    }
}

#[tokio::test]
async fn a_status_without_a_fault_is_told_as_such() {
    let html = outcome(|_| vec![http(503, "text/html", "<p>busy")])
        .await
        .unwrap_err();
    assert_eq!(html, CallError::Status(503));
    assert!(html.may_have_taken_effect());

    let refused = outcome(|_| vec![http(403, "text/plain", "")]).await.unwrap_err();
    assert_eq!(refused, CallError::Status(403));
    assert!(!refused.may_have_taken_effect());

    // Says that it is SOAP, and is not; or is a response that comes with an error status.
    let page = outcome(|_| vec![http(500, SOAP, "<p>oops")]).await.unwrap_err();
    assert_eq!(page, CallError::Status(500));
    let odd = outcome(|seen| vec![http(500, SOAP, seen.response(QUERY_RESPONSE, ANSWER))]);
    assert_eq!(odd.await.unwrap_err(), CallError::Status(500));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = World::new();
    let elsewhere = world
        .serve(|seen| vec![http(200, SOAP, seen.response(QUERY_RESPONSE, ANSWER))])
        .await;
    let target = elsewhere.url();
    let server = world
        .serve(move |_| {
            let head = format!("HTTP/1.1 307 Go\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
            vec![Act::Write(head.into_bytes())]
        })
        .await;

    let error = ask(&world.client(), &server.url()).await.unwrap_err();

    assert_eq!(error, CallError::Status(307));
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn what_is_no_soap_is_told_as_such() {
    let html = outcome(|_| vec![http(200, "text/html", "<p>hello")])
        .await
        .unwrap_err();
    assert!(
        matches!(html, CallError::NotSoap(NotSoap::ContentType(_))),
        "{html:?}"
    );

    let bare = outcome(|_| {
        vec![Act::Write(
            b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_vec(),
        )]
    });
    assert_eq!(
        bare.await.unwrap_err(),
        CallError::NotSoap(NotSoap::NoContentType)
    );

    let cut = outcome(|_| vec![http(200, SOAP, "<s:Envelope")])
        .await
        .unwrap_err();
    assert!(matches!(cut, CallError::NotSoap(NotSoap::Xml(_))), "{cut:?}");

    let doctype = outcome(|seen| {
        let answer = seen.response(QUERY_RESPONSE, ANSWER);
        vec![http(200, SOAP, format!("<!DOCTYPE x>{answer}"))]
    });
    let doctype = doctype.await.unwrap_err();
    assert!(
        matches!(doctype, CallError::NotSoap(NotSoap::Xml(_))),
        "{doctype:?}"
    );

    let other = outcome(|_| vec![http(200, SOAP, "<hello/>")]).await.unwrap_err();
    assert_eq!(other, CallError::NotSoap(NotSoap::Envelope));
}

#[tokio::test]
async fn an_answer_above_the_limit_is_refused_announced_or_not() {
    for chunked in [false, true] {
        for (over, fits) in [(0, true), (1, false)] {
            let result = outcome_with(
                ClientSettings {
                    answer_bytes_max: 2000,
                    ..ClientSettings::default()
                },
                move |seen| {
                    let mut answer = seen.response(QUERY_RESPONSE, ANSWER);
                    answer.push_str(&" ".repeat(2000 - answer.len() + over));
                    match chunked {
                        true => vec![http_chunked(SOAP, answer.as_bytes(), 300)],
                        false => vec![http(200, SOAP, answer)],
                    }
                },
            );
            let result = result.await;
            assert_eq!(result.is_ok(), fits, "{chunked} {over}");
            if !fits {
                assert_eq!(result.unwrap_err(), CallError::TooLarge);
            }
        }
    }
}

#[tokio::test]
async fn a_silent_server_is_left_after_the_time_limit() {
    let quick = ClientSettings {
        answer_seconds_max: 1,
        ..ClientSettings::default()
    };
    let head = outcome_with(quick, |_| vec![Act::Hang]).await.unwrap_err();
    assert_eq!(head, CallError::Timeout);
    assert!(head.may_have_taken_effect());

    let begun = format!("HTTP/1.1 200 OK\r\nContent-Type: {SOAP}\r\nContent-Length: 999\r\n\r\n<s:En");
    let body = outcome_with(quick, move |_| {
        vec![Act::Write(begun.clone().into_bytes()), Act::Hang]
    });
    assert_eq!(body.await.unwrap_err(), CallError::Timeout);
}

#[tokio::test]
async fn a_dripping_server_is_left_after_the_limit_of_the_exchange() {
    let settings = ClientSettings {
        answer_seconds_max: 1,
        exchange_seconds_max: 2,
        ..ClientSettings::default()
    };
    let begun = format!("HTTP/1.1 200 OK\r\nContent-Type: {SOAP}\r\nContent-Length: 99999\r\n\r\n");
    let started = std::time::Instant::now();

    let error = outcome_with(settings, move |_| {
        vec![Act::Write(begun.clone().into_bytes()), Act::Drip(50)]
    })
    .await
    .unwrap_err();

    assert_eq!(error, CallError::Timeout);
    // It outlived the limit without progress, for there was some.
    assert!(started.elapsed().as_millis() >= 1900);
}

#[tokio::test]
async fn a_connection_cut_inside_the_answer_is_broken() {
    let begun = format!("HTTP/1.1 200 OK\r\nContent-Type: {SOAP}\r\nContent-Length: 999\r\n\r\n<s:En");
    let error = outcome(move |_| vec![Act::Write(begun.clone().into_bytes()), Act::Close])
        .await
        .unwrap_err();

    assert_eq!(error, CallError::Broken);
    assert!(error.may_have_taken_effect());
}

#[tokio::test]
async fn a_call_that_cannot_be_made_is_refused_before_anything_is_sent() {
    let world = World::new();
    let client = world.client();
    for url in ["http://localhost/xds", "/xds", "localhost", "https://"] {
        let error = ask(&client, url).await.unwrap_err();
        assert_eq!(error, CallError::Request(RequestProblem::Url), "{url}");
        assert!(!error.may_have_taken_effect());
    }
    let url = "https://localhost/xds";
    let no_action = Call::new(url, Transaction::Iti8);
    let foreign = Call {
        action: Some("urn:ihe:iti:2007:RegisterDocumentSet-b"),
        ..Call::new(url, Transaction::Iti18)
    };
    for call in [no_action, foreign] {
        let error = client.call_simple(&call, |_| ()).await.unwrap_err();
        assert_eq!(error, CallError::Request(RequestProblem::Action));
    }
    let split = Call {
        headers: &[("x", "a\r\nb: c")],
        ..Call::new(url, Transaction::Iti18)
    };
    let error = client.call_simple(&split, |_| ()).await.unwrap_err();
    assert_eq!(error, CallError::Request(RequestProblem::Header));
}

#[tokio::test]
async fn a_transaction_with_several_actions_is_told_which() {
    let world = World::new();
    let server = world
        .serve(|seen| {
            vec![http(
                200,
                SOAP,
                seen.response("urn:hl7-org:v3:MCCI_IN000002UV01", ANSWER),
            )]
        })
        .await;
    let url = server.url();
    let call = Call {
        action: Some("urn:hl7-org:v3:PRPA_IN201302UV02"),
        ..Call::new(&url, Transaction::Iti44)
    };

    world
        .client()
        .call_simple(&call, |out| out.push_str(QUERY))
        .await
        .unwrap();

    let seen = server.seen().remove(0);
    let action = text_of(&seen.body, xds_soap::ns::WSA, "Action");
    assert_eq!(action.as_deref(), Some("urn:hl7-org:v3:PRPA_IN201302UV02"));
}
