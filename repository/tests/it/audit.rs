//! What the journal tells of each request.

use xds_audit::{
    Action, Closing, DocumentReference, EventKind, Journal, JournalOptions, Objects, Opening, Outcome,
};
use xds_model::Transaction;

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_is_told_twice_and_a_retrieval_once() {
    let world = World::new().await;
    let entry = Entry::text("hello");
    world.ground.registry.permit(&entry.unique_id);
    let submission = Submission::of(std::slice::from_ref(&entry));
    world.h1.provide(&submission).await.unwrap();
    world
        .c1
        .retrieve(&[ask(&entry.unique_id), ask("1.2.3")])
        .await
        .unwrap();
    let all_closed = || {
        events(&world.ground.journal())
            .iter()
            .all(|event| event.closing.is_some())
    };
    until("all records are closed", all_closed).await;
    let events = events(&world.ground.journal());
    let kinds: Vec<EventKind> = events.iter().map(|event| event.opening.kind.clone()).collect();
    let expected = [
        EventKind::NodeStart,
        EventKind::received(Transaction::Iti41),
        EventKind::sent(Transaction::Iti42),
        EventKind::received(Transaction::Iti43),
        EventKind::sent(Transaction::Decision),
    ];
    assert!(kinds == expected, "{kinds:?}");

    for (event, via) in [(&events[1], None), (&events[2], Some("repository-1"))] {
        let opening = &event.opening;
        assert_eq!(opening.caller.node.as_deref(), Some("h1"));
        assert_eq!(opening.caller.via.as_deref(), via);
        assert_eq!(opening.objects.patients, [PATIENT]);
        assert_eq!(opening.objects.submission_set.as_ref(), Some(&submission.set));
        assert_eq!(event.closing.as_ref().unwrap().outcome, Outcome::Success);
    }
    assert_eq!(events[1].opening.correlation, events[2].opening.correlation);
    assert!(events[2].opening.endpoint.ends_with("/xds/registry"));

    let retrieval = &events[3];
    assert_eq!(retrieval.opening.caller.node.as_deref(), Some("c1"));
    assert_eq!(retrieval.opening.objects.documents.len(), 2);
    let closing = retrieval.closing.as_ref().unwrap();
    assert_eq!(closing.outcome, Outcome::Success);
    assert_eq!(closing.objects.patients, [PATIENT]);
    assert_eq!(closing.objects.documents.len(), 1);
    assert_eq!(closing.objects.documents[0].unique_id, entry.unique_id);
    assert_eq!(closing.decisions[0].basis, "OWN");
    let failed = closing.failed.as_ref().unwrap();
    assert_eq!(failed.errors, ["XDSDocumentUniqueIdError"]);
    assert_eq!(failed.objects.documents[0].unique_id, "1.2.3");

    let question = &events[4];
    assert_eq!(question.opening.caller.node.as_deref(), Some("c1"));
    assert_eq!(question.opening.caller.via.as_deref(), Some("repository-1"));
    assert!(question.opening.endpoint.ends_with("/decision"));
    assert_eq!(question.opening.correlation, retrieval.opening.correlation);
    assert_eq!(question.opening.objects.documents.len(), 2);
    let closing = question.closing.as_ref().unwrap();
    assert_eq!(
        (closing.outcome, &closing.errors[..]),
        (Outcome::Success, &[][..])
    );
    assert_eq!(closing.objects.patients, [PATIENT]);
    assert_eq!(closing.decisions[0].basis, "OWN");
    assert_eq!(closing.withheld.len(), 1);
    assert_eq!(closing.withheld[0].object, "1.2.3");
}

/// ITI TF-2 3.20.7.1: a message for each patient, which names what is that patient's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_of_several_patients_are_told_with_whose_they_are() {
    let world = World::new().await;
    let entries = [Entry::text("one"), Entry::text("two")];
    world.h1.provide(&Submission::of(&entries)).await.unwrap();
    let ids: Vec<&str> = entries.iter().map(|entry| entry.unique_id.as_str()).collect();
    let other = "CANARY-OTHER^^^&1.2.392.1&ISO";
    world.ground.registry.permit(ids[0]);
    world
        .ground
        .registry
        .with(|state| state.permitted.insert(ids[1].to_owned(), other.to_owned()));
    world.c1.retrieve(&[ask(ids[0]), ask(ids[1])]).await.unwrap();
    let told = || {
        let events = events(&world.ground.journal()).split_off(3);
        let closings: Vec<Closing> = events.into_iter().filter_map(|event| event.closing).collect();
        (closings.len() == 2).then_some(closings)
    };
    until("both are closed", || told().is_some()).await;
    for closing in told().unwrap() {
        assert_eq!(closing.objects.patients, [other, PATIENT]);
        let owners = &closing.objects.owners;
        assert_eq!(
            (owners.len(), owners[ids[0]].as_str(), owners[ids[1]].as_str()),
            (2, PATIENT, other)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_without_answer_is_told_as_such() {
    let world = World::new().await;
    world.ground.registry.go_down().await;
    let _ = world.c1.retrieve(&[ask("1.2.3")]).await;
    let told = || {
        let events = events(&world.ground.journal()).into_iter();
        let question = events
            .into_iter()
            .find(|event| event.opening.kind.name() == "DECISION");
        question.and_then(|event| event.closing)
    };
    until("it is closed", || told().is_some()).await;
    let closing = told().unwrap();
    assert_eq!(closing.outcome, Outcome::MajorFailure);
    assert_eq!(closing.errors, ["no decisions"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_told_with_its_codes() {
    let world = World::new().await;
    world
        .ground
        .registry
        .on_register(OnRegister::Refuse("XDSUnknownPatientId"));
    world
        .h1
        .provide(&Submission::of(&[Entry::text("x")]))
        .await
        .unwrap();
    world
        .h1
        .provide_simple(&Submission::of(&[Entry::text("x")]).message(""))
        .await
        .unwrap();
    let told: Vec<_> = events(&world.ground.journal())
        .into_iter()
        .skip(1)
        .map(|event| {
            let closing = event.closing.unwrap();
            (event.opening.kind.name(), closing.outcome, closing.errors)
        })
        .collect();
    let failed = |name, code: &str| (name, Outcome::SeriousFailure, vec![code.to_owned()]);
    assert_eq!(
        told,
        [
            failed("ITI-41", "XDSUnknownPatientId"),
            failed("ITI-42", "XDSUnknownPatientId"),
            failed("ITI-41", "XDSMissingDocument"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_a_crash_left_open_are_closed_with_what_is_found_out() {
    let ground = Ground::new().await;
    ground.registry.with(|state| {
        state
            .registered
            .insert("1.2.3".to_owned(), ["1.2.4".to_owned()].into())
    });
    let opening = |kind: EventKind, set: Option<&str>, documents: &[&str]| Opening {
        kind,
        caller: xds_audit::Caller::default(),
        endpoint: String::new(),
        correlation: String::new(),
        objects: Objects {
            submission_set: set.map(str::to_owned),
            documents: (documents.iter())
                .map(|id| DocumentReference {
                    unique_id: (*id).to_owned(),
                    repository_unique_id: OURS.to_owned(),
                    home: None,
                })
                .collect(),
            ..Objects::default()
        },
    };
    let ids = xds_model::time::System;
    let opened = Journal::open_dir(
        &ground.journal(),
        JournalOptions {
            free_bytes_min: 1,
            ..JournalOptions::default()
        },
        ground.clock.clone(),
        &ids,
    )
    .unwrap();
    for opening in [
        // Of an older release, whose records name no documents; of this one; of a uniqueId used again.
        opening(EventKind::received(Transaction::Iti41), Some("1.2.3"), &[]),
        opening(EventKind::received(Transaction::Iti41), Some("1.2.3"), &["1.2.4"]),
        opening(EventKind::received(Transaction::Iti41), Some("1.2.3"), &["1.2.5"]),
        opening(
            EventKind::Received {
                transaction: Transaction::Iti43,
                action: Some(Action::Read),
            },
            None,
            &[],
        ),
    ] {
        // As a process that dies leaves it.
        std::mem::forget(opened.journal.open(opening).await.unwrap());
    }
    opened.journal.shutdown().await;

    let world = ground.start().await;
    let closings = || {
        let events = events(&world.ground.journal());
        [0, 1, 2, 3].map(|at| events[at].closing.clone())
    };
    until("all but one are closed", || {
        closings().iter().filter(|closing| closing.is_some()).count() == 3
    })
    .await;
    let [of_old, of_now, again, retrieval] = closings();
    for submission in [of_old.unwrap(), of_now.unwrap()] {
        assert_eq!(submission.outcome, Outcome::Success);
        assert!(submission.note.unwrap().ends_with(": registered"));
    }
    assert!(again.is_none(), "the registry may be at work on it still");
    let retrieval = retrieval.unwrap();
    assert_eq!(retrieval.outcome, Outcome::MajorFailure);
    assert_eq!(retrieval.note.as_deref(), Some(Closing::UNKNOWN));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn start_and_stop_are_told() {
    let ground = World::new().await.stop().await;
    let kinds: Vec<EventKind> = events(&ground.journal())
        .into_iter()
        .map(|event| event.opening.kind)
        .collect();
    assert!(kinds == [EventKind::NodeStart, EventKind::NodeStop], "{kinds:?}");
}
