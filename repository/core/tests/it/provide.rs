use repository_core::provide::*;
use xds_model::{DocumentHash, Fault, XdsCode};

fn entry(id: &str, unique_id: &str) -> EntryText {
    EntryText {
        id: id.to_owned(),
        unique_id: Some(unique_id.to_owned()),
        mime_type: Some("text/xml".to_owned()),
        hash: Vec::new(),
        size: Vec::new(),
    }
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn hash(digit: char) -> DocumentHash {
    digit.to_string().repeat(40).parse().unwrap()
}

fn content(digit: char, size: u64) -> Content {
    Content {
        hash: hash(digit),
        size,
    }
}

/// Rule, location, found.
fn told(faults: &[Fault]) -> Vec<(&str, &str, &str)> {
    faults
        .iter()
        .map(|fault| (fault.rule().id(), fault.location(), fault.found()))
        .collect()
}

fn faults_of(entries: &[EntryText], documents: &[&str]) -> Vec<Fault> {
    Provided::read(entries, &ids(documents)).unwrap_err()
}

#[test]
fn entries_and_documents_match_by_id_in_any_order() {
    let entries = [entry("a", "1.1"), entry("urn:uuid:x", "1.2"), entry("c", "1.3")];
    let provided = Provided::read(&entries, &ids(&["c", "a", "urn:uuid:x"])).unwrap();
    assert_eq!(provided.documents(), [1, 2, 0]);
    let unique_ids: Vec<_> = provided
        .entries()
        .iter()
        .map(|entry| entry.unique_id.as_str())
        .collect();
    assert_eq!(unique_ids, ["1.1", "1.2", "1.3"]);
    assert!(Provided::read(&[], &[]).unwrap().entries().is_empty());
}

#[test]
fn rep_001_002_each_entry_and_document_without_the_other() {
    let entries = [entry("a", "1.1"), entry("b", "1.2"), entry("B", "1.3")];
    assert_eq!(
        told(&faults_of(&entries, &["x", "b", "y"])),
        [
            ("REP-001", "DocumentEntry 1", "a"),
            ("REP-001", "DocumentEntry 3", "B"),
            ("REP-002", "Document 1", "x"),
            ("REP-002", "Document 3", "y"),
        ]
    );
}

#[test]
fn an_id_twice_matches_once() {
    assert_eq!(
        told(&faults_of(&[entry("a", "1.1")], &["a", "a"])),
        [("REP-002", "Document 2", "a")]
    );
    assert_eq!(
        told(&faults_of(&[entry("a", "1.1"), entry("a", "1.2")], &["a"])),
        [("REP-001", "DocumentEntry 2", "a")]
    );
}

#[test]
fn xds_08_a_unique_id_twice_is_told_once() {
    let entries = [
        entry("a", "1.1"),
        entry("b", "1.1"),
        entry("c", "1.1"),
        entry("d", "1.2"),
    ];
    let faults = faults_of(&entries, &["a", "b", "c", "d"]);
    assert_eq!(told(&faults), [("REP-005", "DocumentEntry 2 uniqueId", "1.1")]);
    assert_eq!(faults[0].code(), XdsCode::XDSRepositoryDuplicateUniqueIdInMessage);
}

#[test]
fn xds_01_hash_and_size_are_well_formed() {
    let with = |hash: &[&str], size: &[&str]| EntryText {
        hash: ids(hash),
        size: ids(size),
        ..entry("a", "1.1")
    };
    let digits = "0123456789abcdef0123456789ABCDEF01234567";
    for good in ["0", "1", "9223372036854775807"] {
        let provided = Provided::read(&[with(&[digits], &[good])], &ids(&["a"])).unwrap();
        assert_eq!(provided.entries()[0].size, good.parse().ok());
    }
    for bad in [
        "",
        "+5",
        "-1",
        "005",
        "00",
        "9223372036854775808",
        "1e3",
        "5 ",
        "٥",
    ] {
        let faults = faults_of(&[with(&[], &[bad])], &["a"]);
        assert_eq!(told(&faults), [("REP-008", "DocumentEntry 1 size", bad)]);
        assert_eq!(faults[0].code(), XdsCode::XDSRepositoryMetadataError);
    }
    let long = format!("{digits}0");
    for bad in [
        "",
        "0x23456789abcdef0123456789ABCDEF01234567",
        &digits[1..],
        &long,
    ] {
        let faults = faults_of(&[with(&[bad], &[])], &["a"]);
        assert_eq!(told(&faults), [("REP-008", "DocumentEntry 1 hash", bad)]);
    }
    let twice = faults_of(&[with(&[digits, digits], &["1", "1"])], &["a"]);
    assert_eq!(twice.len(), 2);
}

#[test]
fn rep_008_what_a_repository_needs() {
    let bare = EntryText {
        id: "a".to_owned(),
        ..EntryText::default()
    };
    assert_eq!(
        told(&faults_of(&[bare], &["a"])),
        [
            ("REP-008", "DocumentEntry 1 @mimeType", "no mimeType"),
            ("REP-008", "DocumentEntry 1 uniqueId", "no uniqueId"),
        ]
    );
    assert_eq!(
        told(&faults_of(&[entry("a", "1 2")], &["a"])),
        [("REP-008", "DocumentEntry 1 uniqueId", "1 2")]
    );
    assert_eq!(
        told(&faults_of(&[entry("", "1.2")], &[""])),
        [("REP-008", "DocumentEntry 1 @id", "no id")]
    );
}

#[test]
fn xds_01_02_every_lie_about_the_bytes_is_told() {
    let lying = EntryText {
        hash: ids(&[DocumentHash::OF_NOTHING]),
        size: ids(&["0"]),
        ..entry("a", "1.1")
    };
    let upper = EntryText {
        hash: vec![hash('b').as_str().to_uppercase()],
        size: ids(&["7"]),
        ..entry("b", "1.2")
    };
    let provided = Provided::read(&[lying, upper], &ids(&["a", "b"])).unwrap();
    let faults = provided
        .clone()
        .received(vec![content('a', 3), content('b', 7)])
        .unwrap_err();
    let rules: Vec<_> = faults
        .iter()
        .map(|fault| (fault.rule().id(), fault.location()))
        .collect();
    assert_eq!(
        rules,
        [
            ("REP-003", "DocumentEntry 1 hash"),
            ("REP-004", "DocumentEntry 1 size")
        ]
    );
    assert!(
        faults
            .iter()
            .all(|fault| fault.code() == XdsCode::XDSRepositoryMetadataError)
    );

    let nothing = Content {
        hash: DocumentHash::OF_NOTHING.parse().unwrap(),
        size: 0,
    };
    assert!(provided.clone().received(vec![nothing, content('b', 7)]).is_ok());
    let short = provided.received(vec![]).unwrap_err();
    assert!(short.iter().all(|fault| fault.rule().id() == "REP-001"));
}

fn received(contents: Vec<Content>) -> Provide<Received> {
    let entries: Vec<_> = (0..contents.len())
        .map(|n| entry(&format!("e{n}"), &format!("1.{n}")))
        .collect();
    let documents: Vec<_> = entries.iter().map(|entry| entry.id.clone()).collect();
    Provided::read(&entries, &documents)
        .unwrap()
        .received(contents)
        .unwrap()
}

#[test]
fn xds_03_04_stored_again() {
    let contents = vec![content('a', 1), content('b', 2)];
    for fine in [Holding::New, Holding::Identical] {
        assert!(received(contents.clone()).stored(&[fine.clone(), fine]).is_ok());
    }
    for (stored, rules) in [
        (content('c', 2), vec!["REP-006"]),
        (content('b', 3), vec!["REP-007"]),
        (content('c', 3), vec!["REP-006", "REP-007"]),
        // The same SHA-1 and size, and yet other bytes.
        (content('b', 2), vec!["REP-006"]),
    ] {
        let holdings = [Holding::New, Holding::Different(stored)];
        let faults = received(contents.clone()).stored(&holdings).unwrap_err();
        let expected: Vec<_> = rules.into_iter().map(|rule| (rule, "", "1.1")).collect();
        assert_eq!(told(&faults), expected);
    }
}

#[test]
fn what_is_added_is_what_was_missing() {
    let mut full = entry("a", "1.1");
    full.hash = vec![hash('a').to_string()];
    full.size = ids(&["1"]);
    let provided = Provided::read(&[full, entry("b", "1.2")], &ids(&["a", "b"])).unwrap();
    let stored = provided
        .received(vec![content('a', 1), content('b', 2)])
        .unwrap()
        .stored(&[Holding::New, Holding::New])
        .unwrap();
    let ours = "1.2.3".parse().unwrap();
    let additions = stored.additions(&ours);
    assert_eq!((&additions[0].hash, additions[0].size), (&None, None));
    assert_eq!(
        (&additions[1].hash, additions[1].size),
        (&Some(hash('b')), Some(2))
    );
    assert!(
        additions
            .iter()
            .all(|addition| addition.repository_unique_id == ours)
    );
}

#[test]
fn sto_04_05_only_a_certain_failure_is_undone() {
    let conclude = |outcome| received(vec![]).stored(&[]).unwrap().conclude(outcome);
    assert_eq!(conclude(RegistryOutcome::Registered), Conclusion::Keep);
    assert_eq!(conclude(RegistryOutcome::Refused), Conclusion::Undo(vec![]));
    let Conclusion::Undo(faults) = conclude(RegistryOutcome::NotSent) else {
        panic!("what was not sent is not registered");
    };
    assert_eq!(faults[0].code(), XdsCode::XDSRegistryNotAvailable);
    let Conclusion::Leave(faults) = conclude(RegistryOutcome::Unknown) else {
        panic!("what may be registered is not undone");
    };
    assert_eq!(faults[0].code(), XdsCode::XDSRegistryNotAvailable);
}

#[test]
fn faults_show_no_values_in_logs() {
    for fault in faults_of(&[entry("CANARY", "CANARY CANARY")], &["CANARY2"]) {
        assert!(!format!("{fault} {fault:?}").contains("CANARY"));
    }
}
