//! ITI-41: what is accepted, what is refused, and that nothing stays of what is refused.

use xds_ebxml::rs::ResponseStatus;
use xds_model::Severity;

use crate::support::*;

/// Publishes in both packagings and retrieves in both.
async fn round_trip(content: bytes::Bytes) {
    let world = World::new().await;
    for simple in [false, true] {
        let entry = Entry::new(content.clone());
        world.ground.registry.permit(&entry.unique_id);
        let submission = Submission::of(std::slice::from_ref(&entry));
        let response = match simple {
            true => world.h1.provide_simple(&submission.inline()).await.unwrap(),
            false => world.h1.provide(&submission).await.unwrap(),
        };
        assert_eq!(response.status, ResponseStatus::Success, "{:?}", response.errors);
        let (response, documents) = world.c1.retrieve(&[ask(&entry.unique_id)]).await.unwrap();
        assert_eq!(response.response.status, ResponseStatus::Success);
        assert_eq!(response.documents[0].mime_type, "application/octet-stream");
        assert!(documents[0] == content, "as a part");
        let response = world.c1.retrieve_simple(&[ask(&entry.unique_id)]).await.unwrap();
        let xds_ebxml::retrieve::Content::Inline(inline) = &response.documents[0].content else {
            panic!("not inline")
        };
        assert!(*inline == content, "inline");
    }
    assert_eq!(world.ground.stored_in("unfinished"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_document_goes_in_and_comes_out() {
    round_trip(bytes::Bytes::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_of_one_byte_goes_in_and_comes_out() {
    round_trip(bytes::Bytes::from_static(b"\x00")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_of_five_mebibytes_goes_in_and_comes_out() {
    round_trip(noise(5 << 20)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_registry_gets_the_submission_with_what_the_repository_sets() {
    let world = World::new().await;
    let entry = Entry::text("hello");
    world
        .h1
        .provide(&Submission::of(std::slice::from_ref(&entry)))
        .await
        .unwrap();
    let (node, body) = world.ground.registry.submissions().pop().unwrap();
    assert_eq!(node.as_deref(), Some("h1"));
    for said in [OURS, &sha1(b"hello"), ">5<", "CANARY-TITLE", &entry.id] {
        assert!(body.contains(said), "{said} in {body}");
    }
    assert!(!body.contains("xds:Document"), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inline_and_parts_may_be_mixed() {
    let world = World::new().await;
    let submission = Submission::of(&[Entry::text("inline"), Entry::text("as a part")]);
    let id = content_id("part@test");
    let documents = format!(
        "{}<xds:Document id=\"{}\"> aW5s\n aW5l </xds:Document>",
        include(&submission.entries[1].id, "cid:part@test"),
        submission.entries[0].id,
    );
    let parts = vec![part(id, submission.entries[1].content.clone())];
    let response = world
        .h1
        .provide_raw(&submission.message(&documents), parts)
        .await
        .unwrap();
    assert_eq!(codes(&response), Vec::<String>::new());
    for entry in &submission.entries {
        world.ground.registry.permit(&entry.unique_id);
        let (_, documents) = world.c1.retrieve(&[ask(&entry.unique_id)]).await.unwrap();
        assert_eq!(documents, [entry.content.to_vec()]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_without_documents_passes_on() {
    let world = World::new().await;
    let before = world.ground.stored();
    let response = world.h1.provide(&Submission::of(&[])).await.unwrap();
    assert_eq!(response.status, ResponseStatus::Success);
    assert_eq!(world.ground.registry.submissions().len(), 1);
    assert_eq!(world.ground.stored(), before);
}

/// Refused with these codes, and nothing stays of it.
async fn refused(world: &World, submission: &Submission, expected: &[&str]) {
    let before = world.ground.stored();
    let sent = world.ground.registry.submissions().len();
    let response = world.h1.provide(submission).await.unwrap();
    assert_eq!(response.status, ResponseStatus::Failure);
    assert_eq!(codes(&response), expected);
    assert!(response.errors.iter().all(|error| !error.context.is_empty()));
    assert_eq!(world.ground.registry.submissions().len(), sent, "ITI-42 was sent");
    world.ground.wait_for_stored(&before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xds_01_a_hash_or_size_that_is_not_that_of_the_bytes_is_refused() {
    let world = World::new().await;
    let good = Entry::text("the real bytes").described();
    let lie = |hash: Option<&str>, size: Option<&str>| {
        let mut entry = good.clone();
        entry.hash = hash.map(str::to_owned).or(entry.hash);
        entry.size = size.map(str::to_owned).or(entry.size);
        Submission::of(&[entry])
    };
    let one = &["XDSRepositoryMetadataError"][..];
    let hash = sha1(b"the real bytes");
    for wrong in [
        &sha1(b"others"),
        &format!("0x{hash}"),
        &hash[1..],
        &format!("{hash}0"),
    ] {
        refused(&world, &lie(Some(wrong), None), one).await;
    }
    for wrong in ["13", "+14", "014", "-14", "9223372036854775808", "x"] {
        refused(&world, &lie(None, Some(wrong)), one).await;
    }
    let both = ["XDSRepositoryMetadataError", "XDSRepositoryMetadataError"];
    refused(&world, &lie(Some(&sha1(b"others")), Some("1")), &both).await;
    let response = world
        .h1
        .provide(&lie(Some(&hash.to_uppercase()), None))
        .await
        .unwrap();
    assert_eq!(codes(&response), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xds_02_an_empty_document_is_only_an_empty_one() {
    let world = World::new().await;
    let empty = Entry::new("").described();
    let mut lie = empty.clone();
    lie.content = "real bytes".into();
    let two = ["XDSRepositoryMetadataError", "XDSRepositoryMetadataError"];
    refused(&world, &Submission::of(&[lie]), &two).await;

    let before = world.ground.stored();
    let response = world
        .h1
        .provide_simple(&Submission::of(std::slice::from_ref(&empty)).message(""))
        .await
        .unwrap();
    assert_eq!(codes(&response), ["XDSMissingDocument"]);
    assert_eq!(world.ground.stored(), before);

    let response = world.h1.provide(&Submission::of(&[empty])).await.unwrap();
    assert_eq!(codes(&response), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xds_03_other_bytes_under_a_known_id_are_refused_and_the_first_stay() {
    let world = World::new().await;
    let first = Entry::text("first");
    world.ground.registry.permit(&first.unique_id);
    world
        .h1
        .provide(&Submission::of(std::slice::from_ref(&first)))
        .await
        .unwrap();
    for (content, expected) in [
        ("other", &["XDSNonIdenticalHash"][..]),
        ("longer than it", &["XDSNonIdenticalHash", "XDSNonIdenticalSize"]),
    ] {
        let mut second = first.clone();
        second.content = content.into();
        // With a document that is new beside it: that one does not stay either.
        refused(
            &world,
            &Submission::of(&[Entry::text("beside"), second]),
            expected,
        )
        .await;
    }
    let (_, documents) = world.c1.retrieve(&[ask(&first.unique_id)]).await.unwrap();
    assert_eq!(documents, [b"first".to_vec()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xds_04_the_same_document_again_is_registered_again_and_kept_once() {
    let world = World::new().await;
    let entry = Entry::text("the same");
    world.ground.registry.permit(&entry.unique_id);
    world
        .h1
        .provide(&Submission::of(std::slice::from_ref(&entry)))
        .await
        .unwrap();
    let before = world.ground.stored();
    let response = world
        .h1
        .provide(&Submission::of(std::slice::from_ref(&entry)))
        .await
        .unwrap();
    assert_eq!(codes(&response), Vec::<String>::new());
    assert_eq!(world.ground.registry.submissions().len(), 2);
    world.ground.wait_for_stored(&before).await;

    // The second is turned down: the first one's document stays.
    world
        .ground
        .registry
        .on_register(OnRegister::Refuse("XDSDuplicateUniqueIdInRegistry"));
    let response = world
        .h1
        .provide(&Submission::of(std::slice::from_ref(&entry)))
        .await
        .unwrap();
    assert_eq!(codes(&response), ["XDSDuplicateUniqueIdInRegistry"]);
    let (_, documents) = world.c1.retrieve(&[ask(&entry.unique_id)]).await.unwrap();
    assert_eq!(documents, [b"the same".to_vec()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xds_15_one_bad_document_of_many_and_none_stays() {
    let world = World::new().await;
    let mut entries: Vec<Entry> = (0..20).map(|n| Entry::text(&format!("document {n}"))).collect();
    entries[19].hash = Some(sha1(b"another"));
    refused(&world, &Submission::of(&entries), &["XDSRepositoryMetadataError"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_registry_says_is_passed_on_unchanged() {
    let world = World::new().await;
    let before = world.ground.stored();
    world
        .ground
        .registry
        .on_register(OnRegister::Refuse("XDSUnknownPatientId"));
    let response = world
        .h1
        .provide(&Submission::of(&[Entry::text("refused")]))
        .await
        .unwrap();
    assert_eq!(response.status, ResponseStatus::Failure);
    let error = &response.errors[0];
    assert_eq!(
        (
            error.code.as_str(),
            error.context.as_str(),
            error.location.as_str(),
            error.severity
        ),
        (
            "XDSUnknownPatientId",
            "said by the registry",
            "there",
            Severity::Error
        )
    );
    world.ground.wait_for_stored(&before).await;

    world
        .ground
        .registry
        .on_register(OnRegister::Warn("DocumentQueued"));
    let entry = Entry::text("with a warning");
    let response = world
        .h1
        .provide(&Submission::of(std::slice::from_ref(&entry)))
        .await
        .unwrap();
    assert_eq!(response.status, ResponseStatus::Success);
    assert_eq!(
        (response.errors[0].code.as_str(), response.errors[0].severity),
        ("DocumentQueued", Severity::Warning)
    );
    world.ground.registry.permit(&entry.unique_id);
    assert_eq!(
        world.c1.retrieve(&[ask(&entry.unique_id)]).await.unwrap().1.len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_and_documents_must_match() {
    let world = World::new().await;
    let submission = Submission::of(&[Entry::text("one")]);
    let two = submission.inline().replace(
        "</xds:ProvideAndRegisterDocumentSetRequest>",
        "<xds:Document id=\"nobody\">QUJD</xds:Document></xds:ProvideAndRegisterDocumentSetRequest>",
    );
    assert_eq!(
        codes(&world.h1.provide_simple(&two).await.unwrap()),
        ["XDSMissingDocumentMetadata"]
    );
    let entry = Entry::text("one");
    let mut twice = entry.clone();
    twice.id = "another".to_owned();
    refused(
        &world,
        &Submission::of(&[entry, twice]),
        &["XDSRepositoryDuplicateUniqueIdInMessage"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_publishes_under_its_own_source_ids_only() {
    let world = World::new().await;
    let limited = Node::new(world.ground.folder.path(), "limited", &world.h1.url);
    let mut submission = Submission::of(&[Entry::text("by another source")]);
    let before = world.ground.stored();
    let response = limited.provide(&submission).await.unwrap();
    assert_eq!(codes(&response), ["XDSRepositoryError"]);
    assert_eq!(world.ground.stored(), before);
    submission.source = "1.2.3.999".to_owned();
    assert_eq!(
        codes(&limited.provide(&submission).await.unwrap()),
        Vec::<String>::new()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_plaintext_is_on_the_disk() {
    let world = World::new().await;
    let content = "CANARY-DOCUMENT ".repeat(4096);
    let entry = Entry::text(&content);
    world
        .h1
        .provide(&Submission::of(std::slice::from_ref(&entry)))
        .await
        .unwrap();
    let files = world.ground.stored();
    assert!(!files.is_empty());
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        for canary in ["CANARY", &entry.unique_id] {
            let found = bytes
                .windows(canary.len())
                .any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} in {}", file.display());
        }
        assert!(!file.to_string_lossy().contains(&entry.unique_id));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_over_the_limit_is_refused() {
    let mut ground = Ground::new().await;
    ground.extra = "[limits]\ndocument_bytes_max = 100000\nsubmission_entries_max = 2".to_owned();
    let world = ground.start().await;
    let at = Submission::of(&[Entry::new(noise(100_000))]);
    assert_eq!(codes(&world.h1.provide(&at).await.unwrap()), Vec::<String>::new());
    assert_eq!(
        codes(
            &world
                .h1
                .provide_simple(&Submission::of(&[Entry::new(noise(100_000))]).inline())
                .await
                .unwrap()
        ),
        Vec::<String>::new()
    );
    let before = world.ground.stored();
    let over = Submission::of(&[Entry::new(noise(100_001))]);
    let response = world.h1.provide_simple(&over.inline()).await.unwrap();
    assert_eq!(codes(&response), ["XDSRepositoryOutOfResources"]);
    for size in [100_001, 1_000_000] {
        let over = Submission::of(&[Entry::text("first"), Entry::new(noise(size))]);
        let response = world.h1.provide(&over).await.unwrap();
        assert_eq!(codes(&response), ["XDSRepositoryOutOfResources"]);
        let said = response.errors[0].context.clone();
        assert!(said.contains("REP-011") && !said.contains("CANARY"), "{said}");
    }
    let codes_told = || {
        let mut told = events(&world.ground.journal()).into_iter();
        told.next_back()
            .and_then(|event| event.closing)
            .map(|closing| closing.errors)
    };
    assert_eq!(codes_told(), Some(vec!["XDSRepositoryOutOfResources".to_owned()]));
    let many = Submission::of(&[Entry::text("1"), Entry::text("2"), Entry::text("3")]);
    assert_eq!(
        codes(&world.h1.provide(&many).await.unwrap()),
        ["XDSRegistryMetadataError"]
    );
    world.ground.wait_for_stored(&before).await;
}
