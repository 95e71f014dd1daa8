//! The examples of `docs/decide.md`: each gives the answer that stands beside it.
//!
//! `RENKEI_REWRITE=1 cargo test -p xds-policy examples` writes them anew from the fixture; read the difference.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use xds_policy::basis::Basis;
use xds_policy::engine::decide;
use xds_policy::format::{self, DomainFile, Question};
use xds_policy::instruments::refusal::RefusalLevel;
use xds_policy::ledger::Facts;

use crate::fixture::*;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/decide")
}

/// Name, world: one for every basis, and denials of every kind.
fn examples() -> Vec<(&'static str, World)> {
    vec![
        ("own", own()),
        ("entrust", entrust()),
        ("joint", joint()),
        ("consent-scoped", scoped()),
        // The consent of the example before it names H1 only.
        (
            "consent-on-query",
            on_query().with(|world| world.document.author_org = org("H2")),
        ),
        ("consent-implied-push", push()),
        ("law", law()),
        ("emergency", emergency()),
        ("register", register()),
        (
            "deny-role",
            joint().with(|world| world.request.role = Some("clerk".into())),
        ),
        ("deny-no-basis", asks("C3")),
        (
            "deny-refused",
            joint().with(|world| {
                world.document.id = Some("1.2.392.1.2".into());
            }),
        ),
    ]
}

/// One domain for all: what each world adds, and a refusal of one document.
fn domain_of_all() -> DomainFile {
    let mut file = domain();
    for world in [scoped(), on_query()] {
        file.consents.extend(world.file.consents.into_iter().skip(1));
    }
    file.legal_orders = law().file.legal_orders;
    file.break_glass_sessions = emergency().file.break_glass_sessions;
    let refused = refusal(RefusalLevel::Document("1.2.392.1.2".into()));
    file.refusals.push(seal("refusal-1", refused));
    file
}

/// What the folder has to hold.
fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let domain = domain_of_all();
    files.insert("domain.json".to_owned(), format::to_string(&domain).unwrap());
    let (ledger, patient) = domain.into_facts();
    let facts = Facts {
        ledger: &ledger,
        patient: &patient,
    };
    for (name, world) in examples() {
        let answer = decide(facts, &world.request, &world.document);
        let question = Question {
            request: world.request,
            document: world.document,
        };
        let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap() + "\n";
        let request = serde_json::to_string_pretty(&question).unwrap() + "\n";
        files.insert(format!("{name}.request.json"), request);
        files.insert(
            format!("{name}.answer.json"),
            pretty(&serde_json::to_value(&answer).unwrap()),
        );
    }
    files
}

#[test]
fn examples_give_the_answers_beside_them() {
    let rewrite = std::env::var_os("RENKEI_REWRITE").is_some();
    if rewrite {
        fs::create_dir_all(folder()).unwrap();
        for (name, text) in files() {
            fs::write(folder().join(name), text).unwrap();
        }
    }
    let mut expected = files();
    for entry in fs::read_dir(folder()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        assert_eq!(expected.remove(&name), Some(text), "{name}");
    }
    assert!(expected.is_empty(), "missing: {:?}", expected.keys());
}

/// What is in the folder is read as a user's files would be, and decided.
#[test]
fn every_basis_has_an_example() {
    let read = |name: &str| fs::read_to_string(folder().join(name)).unwrap();
    let (ledger, patient) = format::from_str(&read("domain.json")).unwrap().into_facts();
    let facts = Facts {
        ledger: &ledger,
        patient: &patient,
    };
    let mut bases = Vec::new();
    for (name, _) in examples() {
        let question = format::question_from_str(&read(&format!("{name}.request.json"))).unwrap();
        let answer = decide(facts, &question.request, &question.document);
        let expected: serde_json::Value =
            serde_json::from_str(&read(&format!("{name}.answer.json"))).unwrap();
        assert_eq!(serde_json::to_value(&answer).unwrap(), expected, "{name}");
        assert_eq!(answer.is_permit(), !name.starts_with("deny"), "{name}");
        bases.extend(answer.permit().ok().map(|permit| permit.basis));
    }
    for basis in Basis::ALL {
        assert!(bases.contains(&basis), "{basis:?} has no example");
    }
}
