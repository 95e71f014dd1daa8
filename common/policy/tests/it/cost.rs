//! A region decided on, a thousand documents at once. What that costs is printed:
//! `cargo test --release -p xds-policy a_thousand -- --nocapture`.

use std::hint::black_box;
use std::time::Instant;

use xds_policy::document::Document;
use xds_policy::engine::{decide, prepare};
use xds_policy::format::DomainFile;
use xds_policy::instruments::contract::ContractKind;
use xds_policy::instruments::organisation::OrganisationKind;
use xds_policy::ledger::{Facts, Ledger};

use crate::fixture::*;

const ORGANISATIONS: usize = 300;
const DOCUMENTS: usize = 1_000;
const ROUNDS: usize = 5;

/// A region: 300 organisations, each hosted; joint use of hospitals and a clinic; a patient with a consent.
fn region() -> DomainFile {
    let mut file = scoped().file;
    for at in 0..ORGANISATIONS {
        let (id, of) = (format!("X{at}"), format!("EX{at}"));
        file.organisations
            .push(organisation(&id, &of, OrganisationKind::Clinic));
        let hosting = contract(ContractKind::Hosting, &of, "OP");
        file.entrustment_contracts
            .push(seal(&format!("host-{of}"), hosting));
    }
    for at in 0..20 {
        let users = [format!("X{at}"), format!("X{}", at + 20), "H1".to_owned()];
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        file.joint_use_agreements
            .push(seal(&format!("JX{at}"), agreement(&users)));
    }
    file
}

fn documents() -> Vec<Document> {
    (0..DOCUMENTS)
        .map(|at| Document {
            id: Some(format!("1.2.392.{at}").as_str().into()),
            author_org: match at % 4 {
                0 => org("H1"),
                1 => org("H2"),
                2 => org("C1"),
                _ => org(&format!("X{}", at % ORGANISATIONS)),
            },
            ..document()
        })
        .collect()
}

#[test]
fn a_thousand_candidates_prepared_once_and_decided_as_one_by_one() {
    let (_, patient) = region().into_facts();
    let (ledger, _): (Ledger, _) = region().into_facts();
    let facts = Facts {
        ledger: &ledger,
        patient: &patient,
    };
    let documents = documents();
    for from in ["H2", "C1", "C2", "C3"] {
        let request = asks(from).request;
        let begun = Instant::now();
        for _ in 0..ROUNDS {
            black_box(prepare(facts, black_box(&request)));
        }
        let prepared = begun.elapsed() / u32::try_from(ROUNDS).unwrap();
        let begun = Instant::now();
        let mut permits = 0;
        for _ in 0..ROUNDS {
            let prepared = prepare(facts, &request);
            permits = documents
                .iter()
                .filter(|document| black_box(prepared.decide(document)).is_permit())
                .count();
        }
        let all = begun.elapsed() / u32::try_from(ROUNDS).unwrap();
        println!("{from}: {permits} permits; prepare {prepared:?}, with {DOCUMENTS} documents {all:?}");
        assert!(permits > 0 || from == "C3");
        let one_by_one = documents
            .iter()
            .filter(|document| decide(facts, &request, document).is_permit());
        assert_eq!(permits, one_by_one.count(), "{from}");
    }
}
