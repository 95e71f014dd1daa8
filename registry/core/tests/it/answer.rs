//! From what was found to what is answered.

use std::collections::HashSet;

use proptest::prelude::*;
use registry_core::answer::{Answer, Candidate, Candidates, Ends, Entry, LeftOut, Link, answer};
use registry_core::object::{Current, ObjectKind};
use registry_core::plan::{ContainerLookup, EntryLookup, EntryRestriction, Plan, Search};
use registry_core::view::{Package, PolicyFacts, Viewer};
use uuid::Uuid;
use xds_model::query::{QueryId, ReturnType};
use xds_model::{AssociationType, AvailabilityStatus, RuleId};
use xds_policy::SharingScope::{self, OrganisationOnly, Shared};

use crate::fixture::*;

fn current(of: &str) -> Current {
    Current {
        status: AvailabilityStatus::Approved,
        version: 1,
        logical_id: Uuid::nil(),
        home: None,
        last_update_time: None,
        patient: Some(patient(of)),
    }
}

/// What the store found: entries before they are decided on, and the rest.
#[derive(Clone, Default)]
struct Scene {
    entries: Vec<(Candidate, PolicyFacts)>,
    rest: Candidates,
}

impl Scene {
    /// As the store hands it over: entries are decided on as they are read.
    fn seen_by(self, viewer: &Viewer<'_>) -> Candidates {
        let (mut candidates, persons) = (self.rest, persons());
        let judge = viewer.judge(&persons);
        for (candidate, policy) in self.entries {
            match judge.release(policy.clone()) {
                Ok(released) => candidates.entries.push(Entry { candidate, released }),
                Err(denial) => candidates.withheld.add(candidate.id, denial.code.code()),
            }
        }
        candidates.surroundings.persons = persons;
        candidates
    }
}

fn found(number: u128, organisation: &str, scope: SharingScope) -> (Candidate, PolicyFacts) {
    (candidate(number), policy(organisation, scope))
}

fn candidate(number: u128) -> Candidate {
    Candidate {
        id: uuid(number),
        time: Some(20_260_100_000_000 + i64::try_from(number).unwrap()),
        current: current("P1"),
        body: vec![1],
    }
}

fn join(number: u128, source: u128, target: u128) -> Link {
    Link {
        id: uuid(number),
        ends: Ends {
            kind: AssociationType::HasMember,
            source: uuid(source),
            target: uuid(target),
        },
        current: current("P1"),
        body: vec![1],
    }
}

fn package(scene: &mut Scene, number: u128, organisation: &str, documents: &[u128]) {
    let package = Package {
        organisation: organisation.to_owned(),
        stored_under: uuid(1),
        documents: documents.iter().map(|number| uuid(*number)).collect(),
    };
    scene.rest.surroundings.packages.insert(uuid(number), package);
}

fn plan(search: Search, return_type: ReturnType, objects_max: usize) -> Plan {
    Plan {
        query: QueryId::GetDocuments,
        return_type,
        search,
        objects_max,
    }
}

fn by_id() -> Search {
    Search::EntriesById(EntryLookup::Ids(vec![]))
}

fn ids(answer: &Answer) -> Vec<Uuid> {
    answer.objects.iter().map(|object| object.id).collect()
}

fn ask(organisation: &str, plan: &Plan, scene: Scene) -> Result<Answer, xds_model::Fault> {
    let world = World::of(organisation);
    let viewer = Viewer::new(&world.principal, &world.ledger, now());
    answer(plan, scene.seen_by(&viewer), &viewer)
}

#[test]
fn auz_07_policy_comes_before_limits() {
    let mut left_out = LeftOut::default();
    (10..14).for_each(|number| left_out.add(uuid(number), "scope"));
    let candidates = Scene {
        entries: vec![
            found(1, "h2", OrganisationOnly),
            found(2, "h2", Shared),
            found(3, "h1", OrganisationOnly),
        ],
        rest: Candidates {
            withheld: left_out.clone(),
            ..Candidates::default()
        },
    };
    let leaf = |max| plan(by_id(), ReturnType::LeafClass, max);
    let answer = ask("h1", &leaf(2), candidates.clone()).unwrap();
    assert_eq!(ids(&answer), [uuid(3), uuid(2)], "the newest first");
    assert_eq!((answer.withheld.count(), answer.released.len()), (5, 2));
    let named: Vec<_> = answer.withheld.named().iter().map(|(id, _)| *id).collect();
    assert_eq!(named, [uuid(10), uuid(11), uuid(12), uuid(13), uuid(1)]);
    assert_eq!(answer.withheld.named()[4].1, "scope");
    let fault = ask("h1", &leaf(1), candidates).unwrap_err();
    assert_eq!(fault.rule(), RuleId::TooManyResults);
}

#[test]
fn xds_22_what_was_not_read_could_have_been_shown() {
    let candidates = Scene {
        rest: Candidates {
            cut: true,
            ..Candidates::default()
        },
        ..Scene::default()
    };
    let fault = ask("h1", &plan(by_id(), ReturnType::ObjectRef, 9), candidates).unwrap_err();
    assert_eq!(fault.rule(), RuleId::TooManyResults);
}

#[test]
fn xds_23_one_patient_in_leaf_class_form() {
    let mut other = found(2, "h1", Shared);
    (other.0.current, other.1.stored_under) = (current("P2"), uuid(2));
    let candidates = Scene {
        entries: vec![found(1, "h1", Shared), other.clone()],
        ..Scene::default()
    };
    let fault = ask("h1", &plan(by_id(), ReturnType::LeafClass, 9), candidates.clone()).unwrap_err();
    assert_eq!(fault.rule(), RuleId::ManyPatients);
    assert!(ask("h1", &plan(by_id(), ReturnType::ObjectRef, 9), candidates).is_ok());
    // A patient whose documents are withheld is not there.
    other.1 = policy("h2", OrganisationOnly);
    let candidates = Scene {
        entries: vec![found(1, "h1", Shared), other],
        ..Scene::default()
    };
    assert!(ask("h1", &plan(by_id(), ReturnType::LeafClass, 9), candidates).is_ok());
}

/// Set 50 holds documents 1 and 2, folder 60 and its membership 72.
fn contents() -> Scene {
    let mut scene = Scene {
        entries: vec![found(1, "h2", Shared), found(2, "h2", Shared)],
        rest: Candidates {
            sets: vec![candidate(50)],
            folders: vec![candidate(60)],
            associations: vec![
                join(70, 50, 1),
                join(71, 50, 2),
                join(72, 60, 1),
                join(73, 50, 72),
                join(74, 50, 60),
                join(75, 60, 3),
            ],
            ..Candidates::default()
        },
    };
    package(&mut scene, 50, "h2", &[1, 2]);
    package(&mut scene, 60, "h2", &[1]);
    let surroundings = &mut scene.rest.surroundings;
    surroundings.links.insert(uuid(72), (uuid(60), uuid(1)));
    surroundings.documents.insert(uuid(3), policy("h2", Shared));
    scene
}

fn set_contents() -> Plan {
    let restriction = EntryRestriction {
        types: vec![1],
        format_codes: None,
        confidentiality_codes: None,
    };
    plan(
        Search::SetContents(ContainerLookup::Id(uuid(50)), restriction),
        ReturnType::ObjectRef,
        99,
    )
}

#[test]
fn contents_have_both_ends_in_the_answer() {
    let answer = ask("h1", &set_contents(), contents()).unwrap();
    let expected = [50, 2, 1, 60, 70, 71, 72, 73, 74].map(uuid);
    assert_eq!(ids(&answer), expected);
    // A document that the filter left out takes its associations along.
    let mut filtered = contents();
    filtered.entries.remove(0);
    filtered
        .rest
        .surroundings
        .documents
        .insert(uuid(1), policy("h2", Shared));
    let answer = ask("h1", &set_contents(), filtered).unwrap();
    assert_eq!(ids(&answer), [50, 2, 60, 71, 74].map(uuid));
}

#[test]
fn auz_07_a_package_with_a_withheld_document_is_withheld() {
    let mut candidates = contents();
    candidates.entries[0].1 = policy("h2", OrganisationOnly);
    let answer = ask("h1", &set_contents(), candidates.clone()).unwrap();
    assert!(ids(&answer).is_empty());
    // Its own organisation sees all of it.
    let answer = ask("h2", &set_contents(), candidates).unwrap();
    assert_eq!(answer.objects.len(), 9);
}

#[test]
fn what_is_not_known_is_withheld() {
    let mut candidates = contents();
    candidates.rest.surroundings.packages.clear();
    let answer = ask("h1", &set_contents(), candidates).unwrap();
    assert!(ids(&answer).is_empty());
}

#[test]
fn objects_say_what_they_are() {
    let answer = ask("h1", &set_contents(), contents()).unwrap();
    let kinds: Vec<ObjectKind> = answer.objects.iter().map(|object| object.kind).collect();
    use ObjectKind::{Association, DocumentEntry, Folder, SubmissionSet};
    assert_eq!(kinds[..4], [SubmissionSet, DocumentEntry, DocumentEntry, Folder]);
    assert!(kinds[4..].iter().all(|kind| *kind == Association));
    assert!((answer.objects.iter()).all(|object| object.ends.is_some() == (object.kind == Association)));
}

fn any_policy() -> impl Strategy<Value = PolicyFacts> {
    (
        prop::sample::select(vec!["h1", "h1b", "h2", "gone"]),
        prop::sample::select(vec![Shared, OrganisationOnly, SharingScope::PushOnly]),
    )
        .prop_map(|(organisation, scope)| policy(organisation, scope))
}

proptest! {
    /// AUZ-07: whatever the policies of three documents in a set, nothing in the answer touches one that is
    /// withheld, in any of the shapes.
    #[test]
    fn auz_07_no_answer_touches_a_withheld_document(
        policies in prop::collection::vec(any_policy(), 3),
        joint in any::<bool>(),
        search in 0usize..4,
    ) {
        let mut candidates = contents();
        candidates.entries.push(found(3, "h2", Shared));
        package(&mut candidates, 60, "h2", &[1, 3]);
        for (entry, policy) in candidates.entries.iter_mut().zip(policies) {
            entry.1 = policy;
        }
        let world = if joint { World::of("h1") } else { World::apart("h1") };
        let viewer = Viewer::new(&world.principal, &world.ledger, now());
        let persons = persons();
        let withheld: HashSet<Uuid> = (candidates.entries.iter())
            .filter(|(_, policy)| viewer.judge(&persons).permit(policy).is_err())
            .map(|(candidate, _)| candidate.id)
            .collect();
        let search = match search {
            0 => set_contents().search,
            1 => Search::Associations(vec![uuid(1)]),
            2 => Search::SetsHolding(vec![uuid(1), uuid(3)]),
            _ => Search::EntriesAndAssociations(EntryLookup::Ids(vec![uuid(1)])),
        };
        let plan = plan(search, ReturnType::ObjectRef, 99);
        let answer = answer(&plan, candidates.seen_by(&viewer), &viewer).unwrap();
        let shown: HashSet<Uuid> = answer.objects.iter().map(|object| object.id).collect();
        prop_assert!(shown.is_disjoint(&withheld));
        for ends in answer.objects.iter().filter_map(|object| object.ends) {
            prop_assert!(!withheld.contains(&ends.source) && !withheld.contains(&ends.target));
        }
        let set_holds_withheld = withheld.contains(&uuid(1)) || withheld.contains(&uuid(2));
        prop_assert!(!(set_holds_withheld && shown.contains(&uuid(50))));
    }
}
