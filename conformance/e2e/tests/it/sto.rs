//! Rows of the hardening catalogue on storage and crashes.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use renkei_network::{Draft, Network, Node, Options, Paper, Program, is_whole};
use xds_ebxml::rs::ResponseStatus;
use xds_model::{IdSource, PatientId, time::System};

use crate::five_checks::documents;
use crate::support::{assert_errors, patient, published, start, until};

/// The registry goes away and comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sto_04_the_registry_is_down() {
    let network = tokio::task::spawn_blocking(|| start(&Options::default()))
        .await
        .unwrap();
    let h1 = network.node("h1").unwrap();
    let patient = patient(&network).await;
    published(&h1, &patient, "before").await;
    let before = documents(&network);
    network.registry.kill();

    let draft = Draft::new(&h1.organisation, &patient, &[Paper::new("meanwhile")]);
    let began = Instant::now();
    let response = h1.provide(&draft).await.unwrap();

    assert_errors(&response, &["XDSRegistryNotAvailable"]);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    until("what was stored goes", Duration::from_secs(10), || async {
        documents(&network) == before
    })
    .await;
    until("the repository is not ready", Duration::from_secs(10), || async {
        !network.repository.is_ready()
    })
    .await;
    assert_eq!(network.repository.status("/live").unwrap().0, 200);
    // Nothing is released that the registry cannot decide on.
    let (response, withheld) = h1.retrieve(&[draft.unique_id()]).await.unwrap();
    assert_eq!(withheld.len(), 0);
    assert_errors(&response, &["XDSRepositoryBusy"]);

    let pid = network.repository.pid();
    tokio::task::block_in_place(|| network.registry.start()).unwrap();
    until("submissions are taken again", Duration::from_secs(20), || async {
        matches!(h1.provide(&draft).await, Ok(response) if response.status == ResponseStatus::Success)
    })
    .await;
    assert_eq!(network.repository.pid(), pid);
    let (_, documents) = h1.retrieve(&[draft.unique_id()]).await.unwrap();
    assert_eq!(documents[0].1, b"meanwhile");
}

/// What a client knows of a submission: whether it was acknowledged.
struct Entry {
    draft: Draft,
    acknowledged: bool,
}

/// How often; `RENKEI_KILL_CYCLES` says another number: 200 in CI's long run, 10 000 before a release.
fn cycles() -> u32 {
    let asked = std::env::var("RENKEI_KILL_CYCLES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(20)
}

const CLIENTS: usize = 4;
const DOCUMENTS: usize = 2;

/// Either program is killed at a random moment under load, again and again. Then: every acknowledged document comes
/// back (I1, I2), every submission is wholly there or wholly absent (I3), every acknowledged transaction has its event
/// (I7) and what is not registered has none of a success, and the journals are whole (I8).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sto_02_killed_at_random() {
    let network = tokio::task::spawn_blocking(|| start(&Options::default()))
        .await
        .unwrap();
    let patient = patient(&network).await;
    let mut ledger: Vec<Entry> = Vec::new();
    let seed = System.random().as_u128();
    let mut random = seed;
    println!("seed {seed}");
    for cycle in 0..cycles() {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let delay = Duration::from_millis((random >> 64) as u64 % 400);
        let victim = match cycle % 2 {
            0 => Program::Registry,
            _ => Program::Repository,
        };
        let loads: Vec<_> = (0..CLIENTS)
            .map(|_| tokio::spawn(load(network.node("h1").unwrap(), patient.clone())))
            .collect();
        tokio::time::sleep(delay).await;
        tokio::task::block_in_place(|| network.server(victim).kill());
        for load in loads {
            ledger.extend(load.await.unwrap());
        }
        tokio::task::block_in_place(|| network.server(victim).start()).unwrap();
        let other = if victim == Program::Registry {
            Program::Repository
        } else {
            Program::Registry
        };
        tokio::task::block_in_place(|| network.server(other).wait_ready()).unwrap();
    }
    verify(&network, &ledger).await;
}

/// Publishes until something fails.
async fn load(h1: Node, patient: PatientId) -> Vec<Entry> {
    let mut ledger = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        let papers: Vec<Paper> = (0..DOCUMENTS)
            .map(|_| Paper::new(renkei_network::fresh_oid().to_string().repeat(200)))
            .collect();
        let draft = Draft::new(&h1.organisation, &patient, &papers);
        let response = h1.provide(&draft).await;
        let acknowledged = matches!(&response, Ok(response) if response.status == ResponseStatus::Success);
        ledger.push(Entry { draft, acknowledged });
        if !acknowledged {
            break;
        }
    }
    ledger
}

async fn verify(network: &Network, ledger: &[Entry]) {
    let h1 = network.node("h1").unwrap();
    let acknowledged = ledger.iter().filter(|entry| entry.acknowledged).count();
    println!("{acknowledged} of {} submissions were acknowledged", ledger.len());
    assert!(acknowledged >= cycles() as usize / 2, "{acknowledged}");
    let [at_registry, at_repository] = [(Program::Registry, "ITI-42 0"), (Program::Repository, "ITI-41 0")]
        .map(|(program, event)| successes(network, program, event));
    let mut unacknowledged_but_there = 0;
    for entry in ledger {
        let ids: Vec<String> = entry
            .draft
            .entries
            .iter()
            .map(|entry| entry.unique_id.to_string())
            .collect();
        let set = entry.draft.set.unique_id.to_string();
        let registered = h1.documents(&ids).await.unwrap();
        let there = registered.len();
        assert!(
            there == 0 || there == DOCUMENTS,
            "{set} is there in part: {there}"
        );
        if entry.acknowledged {
            assert_eq!(there, DOCUMENTS, "{set} was acknowledged and is lost");
            assert!(at_registry.contains(&set), "{set} has no event of ITI-42");
            assert!(at_repository.contains(&set), "{set} has no event of ITI-41");
        } else if there > 0 {
            unacknowledged_but_there += 1;
        }
        if there > 0 {
            let (response, documents) = h1.retrieve(&ids).await.unwrap();
            assert_eq!(response.status, ResponseStatus::Success, "{set}: {response:?}");
            for (content, (_, bytes)) in entry.draft.contents.iter().zip(&documents) {
                assert_eq!(content, bytes, "{set}");
            }
            assert!(at_registry.contains(&set), "{set} is registered and has no event");
        } else {
            assert!(
                !at_registry.contains(&set),
                "{set} is not there, and an event says so"
            );
        }
    }
    println!("{unacknowledged_but_there} that were not acknowledged are there");
    for program in [Program::Registry, Program::Repository] {
        assert_eq!(
            is_whole(&network.journal(program)).unwrap(),
            Ok(()),
            "{program:?}"
        );
        let log = network.server(program).log();
        assert!(!log.contains("panicked at"), "{log}");
    }
    // By the command that an auditor has.
    for program in [Program::Registry, Program::Repository] {
        let journal = network.journal(program).display().to_string();
        network
            .command(Program::Registry, &["audit", "verify", "--journal", &journal])
            .unwrap();
    }
}

/// SubmissionSets that have such an event.
fn successes(network: &Network, program: Program, event: &str) -> HashSet<String> {
    let (events, _) = network.events(program, 1).unwrap();
    events
        .iter()
        .filter(|recorded| recorded.summary() == event)
        .filter_map(|recorded| {
            let closing = recorded.closing.as_ref()?;
            let set = closing.objects.submission_set.clone();
            set.or_else(|| recorded.opening.objects.submission_set.clone())
        })
        .collect()
}
