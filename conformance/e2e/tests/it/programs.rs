//! The command lines, and how the programs begin and end.

use std::process::Command;
use std::time::{Duration, Instant};

use renkei_network::{Draft, Network, Options, Paper, Program};
use xds_ebxml::rs::ResponseStatus;

use crate::support::{patient, run, shared, start, until};

const BOTH: [Program; 2] = [Program::Registry, Program::Repository];

/// Whether a text has Japanese in it.
fn is_japanese(text: &str) -> bool {
    text.chars().any(|char| ('\u{3040}'..='\u{30ff}').contains(&char))
}

#[tokio::test]
async fn help_is_there_in_both_languages() {
    for program in BOTH {
        for sub in [None, Some("serve"), Some("check-config"), Some("doctor")] {
            for (lang, japanese) in [("ja", true), ("en", false)] {
                let mut command = Command::new(program.binary());
                command.args(["--lang", lang]).args(sub).arg("--help");
                let (status, said) = run(&mut command, b"");
                assert_eq!(status, Some(0), "{said}");
                assert_eq!(
                    is_japanese(said.lines().next().unwrap()),
                    japanese,
                    "{program:?} {sub:?} {lang}: {said}"
                );
                assert!(said.contains("--config"), "{said}");
            }
        }
    }
}

#[tokio::test]
async fn check_config_shows_every_limit_in_both_languages() {
    let network = shared();
    for program in BOTH {
        for (lang, japanese) in [("ja", true), ("en", false)] {
            let said = network
                .command(program, &["check-config", "--lang", lang])
                .unwrap();
            assert_eq!(is_japanese(&said), japanese, "{said}");
            for limit in ["document_bytes_max", "xml_depth_max", "node_in_flight_max"] {
                assert!(said.contains(limit), "{said}");
            }
        }
        let json = network.command(program, &["check-config", "--json"]).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["limits"]["xml_depth_max"], 64, "{json}");
    }
}

/// The doctor looks at running servers and says what it found; a network without a time source has something to do.
#[tokio::test]
async fn doctor_says_what_to_do() {
    let network = shared();
    for program in BOTH {
        for (lang, japanese) in [("ja", true), ("en", false)] {
            let output = network.output(program, &["doctor", "--lang", lang]).unwrap();
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert_eq!(is_japanese(&said), japanese, "{said}");
            assert!(said.contains("ntp"), "{program:?}: {said}");
            assert!(!said.contains("panicked"), "{said}");
        }
        let output = network.output(program, &["doctor", "--json"]).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(json.is_object() || json.is_array(), "{json}");
    }
}

#[tokio::test]
async fn a_configuration_that_is_wrong_is_refused_with_its_key() {
    let network = tokio::task::spawn_blocking(|| Network::make(&Options::default()))
        .await
        .unwrap()
        .unwrap();
    for program in BOTH {
        let file = format!("{}.toml", program.name());
        let good = std::fs::read_to_string(network.folder().join(&file)).unwrap();
        let key = format!("pki/{}-server.key", program.name());
        for (named, bad) in [
            ("typo", good.replace("[status]", "typo = 1\n[status]")),
            (
                "listen",
                good.replace("[status]\nlisten = \"127", "[status]\nlisten = \"x127"),
            ),
            (
                "status.listen",
                good.replace("[status]\nlisten = \"127.0.0.1", "[status]\nlisten = \"0.0.0.0"),
            ),
            ("journal", good.replace("journal =", "journal_of =")),
            ("TOML", good.clone() + "\n[[["),
            ("none.key", good.replace(&key, "pki/none.key")),
        ] {
            assert_ne!(good, bad, "{named}");
            network.write(&file, &bad).unwrap();
            let output = network.output(program, &["serve"]).unwrap();
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert_eq!(output.status.code(), Some(1), "{named}: {said}");
            assert!(
                said.to_lowercase().contains(&named.to_lowercase()),
                "{program:?}, {named}: {said}"
            );
            assert!(!said.contains("panicked"), "{said}");
        }
        network.write(&file, &good).unwrap();
    }
}

#[tokio::test]
async fn a_configuration_that_is_missing_is_named() {
    for program in BOTH {
        let mut command = Command::new(program.binary());
        command.args(["--config", "/nowhere/renkei.toml", "serve"]);
        let (status, said) = run(&mut command, b"");
        assert_eq!(status, Some(1), "{said}");
        assert!(said.contains("/nowhere/renkei.toml"), "{said}");
    }
}

/// SIGTERM: requests in flight are finished, nothing new is taken, and the status is 0. The registry's PostgreSQL goes
/// with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_drains() {
    let network = tokio::task::spawn_blocking(|| start(&Options::default()))
        .await
        .unwrap();
    let patient = patient(&network).await;
    let h1 = network.node("h1").unwrap();
    let papers: Vec<Paper> = (0..20).map(|_| Paper::new("x".repeat(200_000))).collect();
    let draft = Draft::new(&h1.organisation, &patient, &papers);
    for program in [Program::Repository, Program::Registry] {
        let (h1, draft) = (
            h1.clone(),
            Draft {
                set: fresh(&draft),
                ..draft.clone()
            },
        );
        let request = tokio::spawn(async move {
            match program {
                Program::Repository => h1.provide(&draft).await,
                Program::Registry => h1.register(&draft).await,
            }
        });
        let in_flight = || {
            let metrics = network.server(program).metrics().unwrap();
            metrics.lines().any(|line| line.ends_with("in_flight 1"))
        };
        let deadline = Instant::now() + Duration::from_secs(5);
        while !in_flight() && !request.is_finished() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let began = Instant::now();
        let status = tokio::task::block_in_place(|| network.server(program).stop()).unwrap();
        assert!(status.success(), "{program:?}: {status}");
        assert!(began.elapsed() < Duration::from_secs(30));
        let response = request.await.unwrap().unwrap();
        assert_eq!(
            response.status,
            ResponseStatus::Success,
            "{program:?}: {response:?}"
        );
    }
    let lock = network.folder().join("registry/postgresql/data/postmaster.pid");
    assert!(!lock.exists(), "PostgreSQL goes on");
    let (events, _) = network.events(Program::Registry, 1).unwrap();
    assert_eq!(events.last().unwrap().summary(), "node-stop 0");

    // And again from the beginning: what was published is still there.
    tokio::task::block_in_place(|| {
        network.registry.start().unwrap();
        network.repository.start().unwrap();
    });
    until("the documents are found", Duration::from_secs(10), || async {
        matches!(h1.find(&patient).await, Ok(found) if found.len() == 40)
    })
    .await;
}

/// The same submission under another id, so that both can be sent.
fn fresh(draft: &Draft) -> xds_model::SubmissionSet {
    xds_model::SubmissionSet {
        unique_id: renkei_network::fresh_oid(),
        ..draft.set.clone()
    }
}
