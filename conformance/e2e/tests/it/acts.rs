//! What is done on the command line is told in the journal of the server.

use std::time::Duration;

use renkei_network::{Network, Program, Recorded};
use xds_audit::EventKind;

use crate::support::{shared, until};

/// The events of the registry that tell of this verb and object, once there are so many.
async fn told(network: &Network, verb: &str, object: &str, count: usize) -> Vec<Recorded> {
    let found = || -> Vec<Recorded> {
        let (events, _) = network.events(Program::Registry, 1).unwrap();
        let is_told = |event: &Recorded| {
            matches!(&event.opening.kind, EventKind::ConfigurationChanged { verb: known, object: to, .. }
                if known == verb && to == object)
        };
        events.into_iter().filter(is_told).collect()
    };
    until(
        &format!("{verb} {object} is told"),
        Duration::from_secs(20),
        || async { found().len() >= count },
    )
    .await;
    let events = found();
    assert_eq!(events.len(), count, "each act once: {verb}");
    events
}

fn values(event: &Recorded) -> (&serde_json::Value, &serde_json::Value) {
    match &event.opening.kind {
        EventKind::ConfigurationChanged { before, after, .. } => (
            before.as_ref().unwrap_or(&serde_json::Value::Null),
            after.as_ref().unwrap_or(&serde_json::Value::Null),
        ),
        _ => panic!("another kind"),
    }
}

#[tokio::test]
async fn aud_11_changes_of_the_directory_are_told_with_before_and_after() {
    let network = shared();
    let add = |name: &str| {
        let arguments = [
            "org",
            "add",
            "--id",
            "1319900001",
            "--name",
            name,
            "--entity",
            "E99",
            "--by",
            "運用 太郎",
            "--reason",
            "試験",
        ];
        network.command(Program::Registry, &arguments).unwrap()
    };
    add("試験診療所");
    add("新試験診療所");
    network
        .command(Program::Registry, &["org", "end", "--id", "1319900001"])
        .unwrap();
    let added = told(network, "org add", "1319900001", 2).await;
    assert_eq!(values(&added[0]).0, &serde_json::Value::Null);
    assert_eq!(values(&added[0]).1["name"], "試験診療所");
    assert_eq!(values(&added[1]).0["name"], "試験診療所");
    assert_eq!(values(&added[1]).1["name"], "新試験診療所");
    let user = added[0].opening.caller.user.as_ref().unwrap();
    assert_eq!(user.id, "運用 太郎");
    assert_eq!(added[0].closing.as_ref().unwrap().note.as_deref(), Some("試験"));
    let ended = told(network, "org end", "1319900001", 1).await;
    assert_eq!(values(&ended[0]).0["name"], "新試験診療所");
    // Nothing is left of the row; in law it ends.
    let after = values(&ended[0]).1;
    assert!(after.as_object().unwrap().keys().eq(["in_law"]), "{after}");
    assert_eq!(after["in_law"][0]["id"], "1319900001");
    assert!(after["in_law"][0]["effective_to"].is_string());
}

#[tokio::test]
async fn aud_11_looks_at_patients_are_told_even_when_nothing_is_found() {
    let network = shared();
    let known = network.fresh_patient().to_string();
    let unknown = network.fresh_patient().to_string();
    network
        .command(
            Program::Registry,
            &["patient", "add", "--id", &known, "--kanji", "連携^花子"],
        )
        .unwrap();
    network
        .command(Program::Registry, &["patient", "show", "--id", &known])
        .unwrap();
    let output = network
        .output(Program::Registry, &["patient", "show", "--id", &unknown])
        .unwrap();
    assert!(!output.status.success());
    for (verb, patient) in [
        ("patient add", &known),
        ("patient show", &known),
        ("patient show", &unknown),
    ] {
        let events = told(network, verb, patient, 1).await;
        assert_eq!(&events[0].opening.objects.patients, std::slice::from_ref(patient));
    }
}
