use xds_client::{Call, CallError, Repeat};
use xds_model::Transaction;

use crate::world::*;

/// Answers the first request of the first connection, hangs up on the second without a word, answers the rest.
fn hangs_up_on_the_second(seen: &Seen) -> Vec<Act> {
    match (seen.connection, seen.on_connection) {
        (0, 1) => vec![Act::Close],
        _ if seen.head.contains("soap") => {
            let action = match String::from_utf8_lossy(&seen.body).contains("RegisterDocumentSet-b") {
                true => REGISTER_RESPONSE,
                false => QUERY_RESPONSE,
            };
            vec![http(200, SOAP, seen.response(action, "<r/>"))]
        }
        _ => vec![http(200, "application/json", "7")],
    }
}

async fn twice(transaction: Transaction, repeat: Repeat) -> (Result<(), CallError>, Vec<Seen>) {
    let world = World::new();
    let server = world.serve(hangs_up_on_the_second).await;
    let client = world.client();
    let url = server.url();
    let call = Call {
        repeat,
        ..Call::new(&url, transaction)
    };
    client
        .call_simple(&call, |out| out.push_str("<q/>"))
        .await
        .unwrap();
    let second = client.call_simple(&call, |out| out.push_str("<q/>")).await;
    (second.map(|_| ()), server.seen())
}

#[tokio::test]
async fn a_query_is_sent_once_more_if_asked_for() {
    let (second, seen) = twice(Transaction::Iti18, Repeat::OnceIfBroken).await;

    assert_eq!(second, Ok(()));
    let places: Vec<_> = seen
        .iter()
        .map(|seen| (seen.connection, seen.on_connection))
        .collect();
    assert_eq!(places, [(0, 0), (0, 1), (1, 0)]);
    assert_eq!(seen[1].message_id(), seen[2].message_id());
}

#[tokio::test]
async fn a_query_is_not_sent_again_unasked() {
    let (second, seen) = twice(Transaction::Iti18, Repeat::Never).await;

    assert_eq!(second, Err(CallError::Broken));
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn a_registration_is_never_sent_again() {
    let (second, seen) = twice(Transaction::Iti42, Repeat::OnceIfBroken).await;

    assert_eq!(second, Err(CallError::Broken));
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn a_decision_is_asked_for_once_more() {
    let world = World::new();
    let server = world.serve(hangs_up_on_the_second).await;
    let client = world.client();
    for _ in 0..2 {
        let answer: u32 = client
            .post_json(&server.url(), &1, &[], Repeat::OnceIfBroken)
            .await
            .unwrap();
        assert_eq!(answer, 7);
    }
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_server_that_always_hangs_up_is_asked_twice_at_most() {
    let world = World::new();
    let server = world.serve(|_| vec![Act::Close]).await;
    let url = server.url();
    let call = Call {
        repeat: Repeat::OnceIfBroken,
        ..Call::new(&url, Transaction::Iti18)
    };

    let error = world.client().call_simple(&call, |_| ()).await.unwrap_err();

    assert_eq!(error, CallError::Broken);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn connections_are_kept_and_dropped_on_demand() {
    let world = World::new();
    let server = world
        .serve(|seen| {
            vec![http_chunked(
                MTOM,
                &multipart(&seen.response(QUERY_RESPONSE, "<r/>"), &[]),
                50,
            )]
        })
        .await;
    let client = world.client();
    let url = server.url();
    let call = Call::new(&url, Transaction::Iti18);
    let ask = async || {
        let mut answer = client
            .call_simple(&call, |out| out.push_str("<q/>"))
            .await
            .unwrap();
        assert!(answer.next_part().await.unwrap().is_none());
    };

    ask().await;
    ask().await;
    client.drop_connections().unwrap();
    ask().await;

    let places: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| (seen.connection, seen.on_connection))
        .collect();
    assert_eq!(places, [(0, 0), (0, 1), (1, 0)]);
}
