//! Documents as MIME parts: `hardening` rows on references and parts.

use futures_util::StreamExt;
use futures_util::future::ready;
use futures_util::stream;
use xds_client::CallError;
use xds_soap::FaultCode;

use crate::support::*;

pub(crate) fn assert_sender_fault(outcome: Result<xds_ebxml::rs::RegistryResponse, CallError>, case: &str) {
    match outcome {
        Err(CallError::Fault { fault, status: 400 }) => assert_eq!(fault.code, FaultCode::Sender, "{case}"),
        other => panic!("{case}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_12_a_reference_to_no_part_is_a_missing_document() {
    let world = World::new().await;
    let before = world.ground.stored();
    let submission = Submission::of(&[Entry::text("here"), Entry::text("not here")]);
    let documents = include(&submission.entries[0].id, "cid:here@test")
        + &include(&submission.entries[1].id, "cid:gone@test");
    let parts = vec![part(content_id("here@test"), "here".into())];
    let response = world
        .h1
        .provide_raw(&submission.message(&documents), parts)
        .await
        .unwrap();
    assert_eq!(codes(&response), ["XDSMissingDocument"]);
    assert!(response.errors[0].context.contains(&submission.entries[1].id));
    // A SIMPLE message has no parts at all.
    let response = world
        .h1
        .provide_simple(&submission.message(&documents))
        .await
        .unwrap();
    assert_eq!(codes(&response), ["XDSMissingDocument", "XDSMissingDocument"]);
    assert!(world.ground.registry.submissions().is_empty());
    world.ground.wait_for_stored(&before).await;
    world.assert_alive().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_12_a_reference_that_may_not_be_is_a_fault() {
    let world = World::new().await;
    let before = world.ground.stored();
    let submission = Submission::of(&[Entry::text("a"), Entry::text("b")]);
    let [first, second] = [&submission.entries[0].id, &submission.entries[1].id];
    let good = |document: &str| include(document, "cid:good@test");
    let cases = [
        ("http", include(first, "http://127.0.0.1:9/x") + &good(second)),
        ("file", include(first, "file:///etc/passwd") + &good(second)),
        ("no cid", include(first, "good@test") + &good(second)),
        ("twice the same part", good(first) + &good(second)),
        (
            "text beside",
            good(first).replace("<xop:", "text<xop:") + &good(second).replace("good@", "other@"),
        ),
        (
            "no base64",
            format!("<xds:Document id=\"{first}\">QQ=</xds:Document>{}", good(second)),
        ),
        (
            "url alphabet",
            format!("<xds:Document id=\"{first}\">-_-_</xds:Document>{}", good(second)),
        ),
        (
            "an element",
            format!(
                "<xds:Document id=\"{first}\"><a xmlns=\"\"/></xds:Document>{}",
                good(second)
            ),
        ),
    ];
    for (case, documents) in cases {
        let parts = vec![part(content_id("good@test"), "content".into())];
        assert_sender_fault(
            world.h1.provide_raw(&submission.message(&documents), parts).await,
            case,
        );
    }
    let (body, parts) = submission.mtom();
    let stray = body.replace("<rim:RegistryObjectList>", "<rim:RegistryObjectList><xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:good@test\"/>");
    assert_sender_fault(world.h1.provide_raw(&stray, parts).await, "in the metadata");
    assert!(world.ground.registry.submissions().is_empty());
    world.ground.wait_for_stored(&before).await;
    for event in events(&world.ground.journal()).iter().skip(1) {
        assert_eq!(
            event.closing.as_ref().unwrap().outcome,
            xds_audit::Outcome::SeriousFailure
        );
    }
    world.assert_alive().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_13_a_part_that_nobody_refers_to_is_dropped() {
    let world = World::new().await;
    let entry = Entry::text("wanted");
    let submission = Submission::of(std::slice::from_ref(&entry));
    let (body, mut parts) = submission.mtom();
    parts.insert(0, part(content_id("before@test"), noise(300_000)));
    parts.push(part(content_id("after@test"), noise(300_000)));
    let response = world.h1.provide_raw(&body, parts).await.unwrap();
    assert_eq!(codes(&response), Vec::<String>::new());
    let bytes: u64 = world
        .ground
        .stored()
        .iter()
        .filter(|file| {
            file.components().any(|part| {
                ["blobs", "pointers"]
                    .iter()
                    .any(|folder| part.as_os_str() == *folder)
            })
        })
        .map(|file| file.metadata().unwrap().len())
        .sum();
    assert!((1..100_000).contains(&bytes), "{bytes} bytes are on the disk");
    world.ground.registry.permit(&entry.unique_id);
    assert_eq!(
        world.c1.retrieve(&[ask(&entry.unique_id)]).await.unwrap().1,
        [b"wanted".to_vec()]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_18_a_client_that_hangs_up_leaves_nothing() {
    let world = World::new().await;
    let before = world.ground.stored();
    let submission = Submission::of(&[Entry::new(noise(8))]);
    for (number, sent) in [1_usize, 200_000, 3_000_000].into_iter().enumerate() {
        let (body, mut parts) = submission.mtom();
        let journal = world.ground.journal();
        // What was sent is on its way before the client breaks off.
        let begun = async move {
            until("the request has reached its handler", || {
                events(&journal).len() == number + 2
            })
            .await;
            Err(std::io::ErrorKind::BrokenPipe.into())
        };
        let pieces = stream::once(ready(Ok(noise(sent)))).chain(stream::once(begun));
        parts[0].content = xds_client::PartContent::stream(Some(4_000_000), pieces);
        let outcome = world.h1.provide_raw(&body, parts).await;
        assert!(matches!(outcome, Err(CallError::Content(_))), "{outcome:?}");
    }
    until("the records of the three requests are closed", || {
        let requests = events(&world.ground.journal());
        eprintln!(
            "{:?}",
            requests
                .iter()
                .map(|e| (e.opening.kind.clone(), e.closing.clone()))
                .collect::<Vec<_>>()
        );
        requests.len() == 4 && requests.iter().all(|event| event.closing.is_some())
    })
    .await;
    world.ground.wait_for_stored(&before).await;
    assert!(world.ground.registry.submissions().is_empty());
    world.assert_alive().await;
}
