//! The registry is down, or its answer is lost.

use std::time::{Duration, Instant};

use xds_ebxml::rs::ResponseStatus;

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sto_04_a_registry_that_is_down_is_said_and_nothing_stays() {
    let world = World::new().await;
    let before = world.ground.stored();
    world.ground.registry.go_down().await;
    let submission = Submission::of(&[Entry::text("not now")]);
    let began = Instant::now();
    let response = world.h1.provide(&submission).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(response.status, ResponseStatus::Failure);
    assert_eq!(codes(&response), ["XDSRegistryNotAvailable"]);
    world.ground.wait_for_stored(&before).await;

    world.ground.registry.come_back().await;
    assert_eq!(
        codes(&world.h1.provide(&submission).await.unwrap()),
        Vec::<String>::new()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sto_05_an_answer_lost_after_the_commit_is_found_to_be_a_success() {
    let world = World::new().await;
    for lost in [OnRegister::DieAfter, OnRegister::Silent] {
        world.ground.registry.on_register(lost);
        let entry = Entry::text("registered, not answered");
        world.ground.registry.permit(&entry.unique_id);
        let response = world
            .h1
            .provide(&Submission::of(std::slice::from_ref(&entry)))
            .await
            .unwrap();
        assert_eq!(response.status, ResponseStatus::Success, "{:?}", response.errors);
        assert_eq!(world.ground.stored_in("unfinished"), 0);
        assert_eq!(
            world.c1.retrieve(&[ask(&entry.unique_id)]).await.unwrap().1.len(),
            1
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sto_05_what_is_not_registered_is_removed_when_that_is_settled() {
    let world = World::new().await;
    world.ground.registry.on_register(OnRegister::DieBefore);
    let entry = Entry::text("lost");
    let response = world
        .h1
        .provide(&Submission::of(std::slice::from_ref(&entry)))
        .await
        .unwrap();
    assert_eq!(response.status, ResponseStatus::Failure);
    assert_eq!(codes(&response), ["XDSRegistryNotAvailable"]);
    // The registry may be at work on it still: nothing is removed yet.
    until("it is left to recovery", || {
        world.ground.stored_in("unfinished") == 1
    })
    .await;

    let ground = world.stop().await;
    ground.clock.forward(3600);
    let world = ground.start().await;
    until("recovery has removed it", || {
        ["blobs", "pointers", "unfinished"]
            .iter()
            .all(|part| world.ground.stored_in(part) == 0)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sto_05_what_is_registered_after_all_is_kept_by_recovery() {
    let world = World::new().await;
    world.ground.registry.on_register(OnRegister::DieBefore);
    let entry = Entry::text("late");
    let submission = Submission::of(std::slice::from_ref(&entry));
    world.h1.provide(&submission).await.unwrap();
    until("it is left to recovery", || {
        world.ground.stored_in("unfinished") == 1
    })
    .await;

    let ground = world.stop().await;
    ground.registry.with(|state| {
        state
            .registered
            .insert(submission.set.clone(), [entry.unique_id.clone()].into())
    });
    ground.registry.permit(&entry.unique_id);
    let world = ground.start().await;
    until("recovery has finished it", || {
        world.ground.stored_in("unfinished") == 0
    })
    .await;
    assert_eq!(
        world.c1.retrieve(&[ask(&entry.unique_id)]).await.unwrap().1,
        [b"late".to_vec()]
    );
}

/// A sender that uses the uniqueId of an older SubmissionSet again is not told that its new documents are registered,
/// neither at once nor by recovery.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sto_05_an_older_set_of_the_same_unique_id_is_no_success() {
    let world = World::new().await;
    let older = Submission::of(&[Entry::text("older")]);
    assert_eq!(
        codes(&world.h1.provide(&older).await.unwrap()),
        Vec::<String>::new()
    );
    world.ground.registry.on_register(OnRegister::DieBefore);
    let again = Submission {
        set: older.set.clone(),
        ..Submission::of(&[Entry::text("other")])
    };
    let response = world.h1.provide(&again).await.unwrap();
    assert_eq!(codes(&response), ["XDSRegistryNotAvailable"]);
    until("it is left to recovery", || {
        world.ground.stored_in("unfinished") == 1
    })
    .await;

    let ground = world.stop().await;
    ground.clock.forward(3600);
    let world = ground.start().await;
    until("recovery has removed it, and it alone", || {
        world.ground.stored_in("unfinished") == 0 && world.ground.stored_in("pointers") == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_registry_turns_away_leaves_nothing() {
    let world = World::new().await;
    let before = world.ground.stored();
    for (status, code) in [
        (403, "XDSRepositoryError"),
        (413, "XDSRepositoryError"),
        (503, "XDSRegistryNotAvailable"),
    ] {
        world.ground.registry.on_register(OnRegister::Status(status));
        let response = world
            .h1
            .provide(&Submission::of(&[Entry::text("x")]))
            .await
            .unwrap();
        assert_eq!(codes(&response), [code], "{status}");
        world.ground.wait_for_stored(&before).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_list_of_nodes_nobody_is_served() {
    let ground = Ground::new().await;
    ground.registry.go_down().await;
    let world = ground.start().await;
    assert!(world.h1.provide(&Submission::of(&[])).await.is_err());
    let ready = world.status("/ready").await;
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    assert!(ready.contains("does not answer"), "{ready}");
}
