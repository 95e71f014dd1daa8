use serde::{Deserialize, Serialize};
use xds_client::{CallError, ClientSettings, Repeat};

use crate::world::*;

#[derive(Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Decision {
    permit: bool,
}

async fn outcome(status: u16, content_type: &'static str, body: &'static str) -> Result<Decision, CallError> {
    let world = World::new();
    let server = world.serve(move |_| vec![http(status, content_type, body)]).await;
    let client = world.client_with(ClientSettings {
        answer_bytes_max: 30,
        ..ClientSettings::default()
    });
    let headers = [("x-correlation", "c1")];
    let answer = client
        .post_json(
            &server.url(),
            &Decision { permit: false },
            &headers,
            Repeat::Never,
        )
        .await;
    let seen = server.seen().remove(0);
    assert_eq!(seen.body.as_ref(), b"{\"permit\":false}");
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("x-correlation"), Some("c1"));
    answer
}

#[tokio::test]
async fn a_question_gets_its_answer() {
    let answer = outcome(200, "application/json; charset=utf-8", "{\"permit\":true}").await;
    assert_eq!(answer, Ok(Decision { permit: true }));
}

#[tokio::test]
async fn anything_else_is_an_error() {
    let json = "application/json";
    assert_eq!(
        outcome(403, json, "{\"permit\":true}").await,
        Err(CallError::Status(403))
    );
    assert_eq!(
        outcome(200, "text/html", "{\"permit\":true}").await,
        Err(CallError::NotJson)
    );
    assert_eq!(
        outcome(200, json, "{\"permit\":1}").await,
        Err(CallError::NotJson)
    );
    let long = "{\"permit\":true               }";
    assert_eq!(long.len(), 30);
    assert_eq!(outcome(200, json, long).await, Ok(Decision { permit: true }));
    let longer = "{\"permit\":true                }";
    assert_eq!(outcome(200, json, longer).await, Err(CallError::TooLarge));
}
