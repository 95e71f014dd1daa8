//! ITI-43: what is released, and that what is not looks like what is not there.

use xds_audit::Outcome;
use xds_client::CallError;
use xds_ebxml::retrieve::{DocumentRequest, RetrieveResponse, read_response};
use xds_ebxml::rs::ResponseStatus;
use xds_model::Transaction;

use crate::support::*;

/// Publishes a document that may be released.
async fn published(world: &World, entry: Entry) -> String {
    world.ground.registry.permit(&entry.unique_id);
    let response = world
        .h1
        .provide(&Submission::of(std::slice::from_ref(&entry)))
        .await
        .unwrap();
    assert_eq!(codes(&response), Vec::<String>::new());
    entry.unique_id
}

fn deny(world: &World, document: &str) {
    world
        .ground
        .registry
        .with(|state| state.permitted.remove(document));
}

fn errors(response: &RetrieveResponse) -> Vec<(String, String, String)> {
    let errors = response.response.errors.iter();
    errors
        .map(|error| (error.code.clone(), error.location.clone(), error.context.clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn auz_withheld_looks_like_unknown() {
    let world = World::new().await;
    let withheld = published(&world, Entry::text("withheld")).await;
    deny(&world, &withheld);
    // As long as the other id, so that only the document differs.
    let unknown = "9".repeat(withheld.len());
    // Known to the registry, and not here.
    let gone = "8".repeat(withheld.len());
    world.ground.registry.permit(&gone);
    let mut answers = Vec::new();
    for id in [&withheld, &unknown, &gone] {
        let response = world.c1.retrieve_simple(&[ask(id)]).await.unwrap();
        assert_eq!(response.response.status, ResponseStatus::Failure);
        assert!(response.documents.is_empty());
        let errors = errors(&response);
        assert_eq!(
            (errors[0].0.as_str(), &errors[0].1),
            ("XDSDocumentUniqueIdError", id)
        );
        answers.push(format!("{errors:?}").replace(id.as_str(), "ID"));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    // The registry was asked about each, known or not, so that time tells nothing either.
    let asked = world.ground.registry.with(|state| {
        state
            .seen
            .iter()
            .filter(|(path, ..)| path.ends_with("/decision"))
            .count()
    });
    assert_eq!(asked, 3);
    // The audit knows the difference.
    let withheld_events = events(&world.ground.journal())
        .into_iter()
        .filter(|event| event.opening.kind.name() == "ITI-43")
        .filter(|event| {
            event
                .closing
                .as_ref()
                .is_some_and(|closing| !closing.withheld.is_empty())
        })
        .count();
    assert_eq!(withheld_events, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xds_24_another_repository_id_fails_alone() {
    let world = World::new().await;
    let good = published(&world, Entry::text("good")).await;
    let elsewhere = DocumentRequest {
        repository: "1.2.3".to_owned(),
        ..ask(&good)
    };
    let response = world
        .c1
        .retrieve_simple(std::slice::from_ref(&elsewhere))
        .await
        .unwrap();
    assert_eq!(response.response.status, ResponseStatus::Failure);
    assert_eq!(errors(&response)[0].0, "XDSUnknownRepositoryId");

    let (response, documents) = world.c1.retrieve(&[elsewhere, ask(&good)]).await.unwrap();
    assert_eq!(response.response.status, ResponseStatus::PartialSuccess);
    assert_eq!(documents, [b"good".to_vec()]);
    assert_eq!(
        (errors(&response)[0].0.as_str(), errors(&response)[0].1.as_str()),
        ("XDSUnknownRepositoryId", good.as_str())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_is_answered_in_order_with_its_own_words() {
    let world = World::new().await;
    let first = published(&world, Entry::new(noise(700_000))).await;
    let second = published(&world, Entry::text("second")).await;
    let home = DocumentRequest {
        home: Some("urn:oid:1.2.3".to_owned()),
        ..ask(&second)
    };
    let requests = [home.clone(), ask(&first), home];
    for simple in [false, true] {
        let response = match simple {
            true => world.c1.retrieve_simple(&requests).await.unwrap(),
            false => {
                let (response, documents) = world.c1.retrieve(&requests).await.unwrap();
                assert_eq!(
                    documents.iter().map(Vec::len).collect::<Vec<_>>(),
                    [6, 700_000, 6]
                );
                response
            }
        };
        assert_eq!(response.response.status, ResponseStatus::Success);
        let ids: Vec<_> = response
            .documents
            .iter()
            .map(|document| document.ids.clone())
            .collect();
        assert_eq!(ids, requests);
    }
    let (asked, node) = world.ground.registry.with(|state| {
        let (_, node, body) = state
            .seen
            .iter()
            .rfind(|(path, ..)| path.ends_with("/decision"))
            .unwrap();
        (body.clone(), node.clone())
    });
    assert_eq!(
        node.as_deref(),
        Some("c1"),
        "the registry decides on the node that asks"
    );
    assert_eq!(
        asked.matches(second.as_str()).count(),
        1,
        "one question about each document"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xds_25_damaged_bytes_are_never_served() {
    let world = World::new().await;
    let damaged = published(&world, Entry::text("soon damaged")).await;
    flip_a_bit(&world);
    let good = published(&world, Entry::text("good")).await;
    let (response, documents) = world.c1.retrieve(&[ask(&damaged), ask(&good)]).await.unwrap();
    assert_eq!(response.response.status, ResponseStatus::PartialSuccess);
    assert_eq!(documents, [b"good".to_vec()]);
    assert_eq!(
        (errors(&response)[0].0.as_str(), errors(&response)[0].1.as_str()),
        ("XDSRepositoryError", damaged.as_str())
    );
    let metrics = world.status("/metrics").await;
    assert!(metrics.contains("renkei_documents_damaged_total 1"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xds_25_damage_found_under_way_cuts_the_connection() {
    let world = World::new().await;
    let damaged = published(&world, Entry::new(noise(8 << 20))).await;
    flip_a_bit(&world);
    let mut answer = world.c1.retrieve_start(&[ask(&damaged)]).await.unwrap();
    let outcome = async {
        while let Some(mut part) = answer.next_part().await? {
            while part.next_chunk().await?.is_some() {}
        }
        Ok::<_, CallError>(())
    }
    .await;
    assert_eq!(outcome, Err(CallError::Broken));
    let closing = closed_retrieval(&world).await;
    assert_eq!(closing.outcome, Outcome::MajorFailure);
    assert!(closing.objects.documents.is_empty());
    assert!(closing.note.unwrap().contains("could not be read"));
    world.assert_alive().await;
}

/// Flips a bit in the last byte of the only document, wherever it lies.
fn flip_a_bit(world: &World) {
    let stored = world.ground.stored();
    let of = |part: &str| stored.iter().find(|path| path.to_string_lossy().contains(part));
    let object = of("/blobs/").or_else(|| of("/pointers/")).unwrap();
    let mut bytes = std::fs::read(object).unwrap();
    let at = bytes.len() - 1;
    bytes[at] ^= 1;
    std::fs::write(object, bytes).unwrap();
}

/// The closing part of the only retrieval.
async fn closed_retrieval(world: &World) -> xds_audit::Closing {
    let find = || {
        events(&world.ground.journal())
            .into_iter()
            .find(|event| event.opening.kind == xds_audit::EventKind::received(Transaction::Iti43))
            .and_then(|event| event.closing)
    };
    until("the record of the retrieval is closed", || find().is_some()).await;
    find().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_up_is_told_to_the_audit() {
    let world = World::new().await;
    let small = published(&world, Entry::text("small")).await;
    let large = published(&world, Entry::new(noise(32 << 20))).await;
    let mut answer = world
        .c1
        .retrieve_start(&[ask(&small), ask(&large)])
        .await
        .unwrap();
    assert_eq!(answer.body(read_response).unwrap().unwrap().documents.len(), 2);
    answer
        .next_part()
        .await
        .unwrap()
        .unwrap()
        .bytes(100)
        .await
        .unwrap();
    drop(answer);
    let closing = closed_retrieval(&world).await;
    assert_eq!(closing.outcome, Outcome::Success, "something was delivered");
    let delivered: Vec<_> = closing
        .objects
        .documents
        .iter()
        .map(|document| document.unique_id.clone())
        .collect();
    assert_eq!(delivered, [small]);
    let failed = closing.failed.unwrap();
    assert_eq!(failed.outcome, Outcome::MajorFailure);
    assert_eq!(failed.objects.documents[0].unique_id, large);
    assert_eq!(closing.note.as_deref(), Some("the client hung up"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_decision_no_document_leaves() {
    let world = World::new().await;
    let good = published(&world, Entry::text("good")).await;
    let expect_busy = async |case: &str| {
        // Known or not: the answer is the same.
        for id in [good.as_str(), "1.2.3.4.5"] {
            let response = world.c1.retrieve_simple(&[ask(id)]).await.unwrap();
            assert_eq!(response.response.status, ResponseStatus::Failure, "{case}");
            assert!(response.documents.is_empty(), "{case}");
            let errors = errors(&response);
            assert_eq!(errors[0].0, "XDSRepositoryBusy", "{case}");
            assert!(errors[0].2.contains("registry"), "{case}: {}", errors[0].2);
        }
    };
    let permit = |id: &str| serde_json::json!({ "unique_id": id, "permitted": true });
    for (case, broken) in [
        ("no decisions", serde_json::json!({ "decisions": [] })),
        (
            "another document",
            serde_json::json!({ "decisions": [permit("1.1.1")] }),
        ),
        (
            "too many",
            serde_json::json!({ "decisions": [permit(&good), permit(&good)] }),
        ),
        (
            "a condition",
            serde_json::json!({ "decisions": [{ "unique_id": good, "permitted": true, "until": "noon" }] }),
        ),
        ("another form", serde_json::json!([])),
    ] {
        world
            .ground
            .registry
            .with(|state| state.broken_answer = Some(broken));
        expect_busy(case).await;
    }
    world.ground.registry.with(|state| state.broken_answer = None);
    world.ground.registry.go_down().await;
    expect_busy("down").await;
    world.ground.registry.come_back().await;
    assert_eq!(
        world.c1.retrieve(&[ask(&good)]).await.unwrap().1,
        [b"good".to_vec()]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_are_refused_and_as_many_as_allowed_are_not() {
    let mut ground = Ground::new().await;
    ground.extra = "[limits]\nretrieve_documents_max = 3".to_owned();
    let world = ground.start().await;
    let good = published(&world, Entry::text("good")).await;
    let (response, documents) = world.c1.retrieve(&vec![ask(&good); 3]).await.unwrap();
    assert_eq!(
        (response.response.status, documents.len()),
        (ResponseStatus::Success, 3)
    );
    let response = world.c1.retrieve_simple(&vec![ask(&good); 4]).await.unwrap();
    assert_eq!(response.response.status, ResponseStatus::Failure);
    assert_eq!(errors(&response)[0].0, "XDSTooManyResults");
    let response = world.c1.retrieve_simple(&[]).await.unwrap();
    assert_eq!(errors(&response)[0].0, "XDSRepositoryError");
}
