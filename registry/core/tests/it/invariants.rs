//! Whatever is sent: what is accepted has no loose ends, and nothing panics.

use std::collections::HashSet;

use proptest::prelude::*;
use registry_core::facts::Facts;
use registry_core::object::ObjectKind;
use registry_core::register::{AssociationRow, decide};
use uuid::Uuid;
use xds_model::submission::ReceivedSubmission;
use xds_model::{Association, AssociationType, AvailabilityStatus, SubmissionSetStatus};

use crate::fixture::*;

/// Ids that lead to objects of the request, of the registry, or nowhere.
fn any_id() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["set", "doc0", "doc1", "folder0", "link0", "link1"]).prop_map(str::to_owned),
        4 => (200u128..206).prop_map(|number| urn(uuid(number))),
        1 => Just("nothing".to_owned()),
    ]
}

fn any_link() -> impl Strategy<Value = (AssociationType, String, String, Option<SubmissionSetStatus>)> {
    let status = prop_oneof![Just(None), Just(ORIGINAL), Just(REFERENCE)];
    (
        prop::sample::select(AssociationType::ALL.to_vec()),
        any_id(),
        any_id(),
        status,
    )
}

prop_compose! {
    fn any_submission()(
        documents in 0usize..3,
        folders in 0usize..2,
        links in prop::collection::vec(any_link(), 0..4),
        linked in prop::bool::weighted(0.9),
        other_patient in prop::bool::weighted(0.1),
    ) -> ReceivedSubmission {
        let own = patient(PATIENT);
        let mut submission = bare("1.2.900", &own);
        for number in 0..documents {
            let of = if other_patient { patient("P2") } else { own.clone() };
            submission.entries.push(entry(&format!("doc{number}"), &format!("1.2.10{number}"), &of));
            if linked {
                submission.associations.push(held(&format!("h{number}"), &format!("doc{number}"), ORIGINAL));
            }
        }
        for number in 0..folders {
            submission.folders.push(folder(&format!("folder{number}"), &format!("1.2.77{number}"), &own));
            submission.associations.push(held(&format!("hf{number}"), &format!("folder{number}"), None));
        }
        for (number, (kind, source, target, status)) in links.into_iter().enumerate() {
            let mut link: Association = link(&format!("link{number}"), kind, &source, &target);
            link.submission_set_status = status;
            if kind == AssociationType::HasMember && source.starts_with("folder") {
                submission.associations.push(held(&format!("hl{number}"), &format!("link{number}"), None));
            }
            submission.associations.push(link);
        }
        submission
    }
}

/// Registered: two documents, one of them deprecated, a folder, a set, an association, nothing.
fn registry() -> Facts {
    let mut facts = facts();
    let kinds = [
        ObjectKind::DocumentEntry,
        ObjectKind::DocumentEntry,
        ObjectKind::Folder,
        ObjectKind::SubmissionSet,
        ObjectKind::Association,
    ];
    for (number, kind) in (200u128..).zip(kinds) {
        let mut fact = registered(kind);
        if number == 201 {
            fact.status = AvailabilityStatus::Deprecated;
        }
        facts.objects.insert(uuid(number), fact);
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_accepted_has_no_loose_ends(submission in any_submission()) {
        let (world, facts) = (World::of("h1"), registry());
        let decided = decide(&submission, &wanted(&submission), facts.clone(), &world.context(), &Bodies);
        let Ok(changes) = decided else { return Ok(()) };
        let own: HashSet<Uuid> = (changes.sets.iter().map(|row| row.id))
            .chain(changes.entries.iter().map(|row| row.id))
            .chain(changes.folders.iter().map(|row| row.id))
            .chain(changes.associations.iter().map(|row| row.id))
            .collect();
        let objects = changes.sets.len() + changes.entries.len() + changes.folders.len() + changes.associations.len();
        prop_assert_eq!(own.len(), objects, "every object has an id of its own");
        prop_assert!(!own.contains(&Uuid::nil()));
        let exists = |id: &Uuid| own.contains(id) || facts.objects.contains_key(id);
        for AssociationRow { source, target, kind, .. } in &changes.associations {
            prop_assert!(exists(source) && exists(target), "no end is loose");
            prop_assert!(AssociationType::from_number(*kind).is_some());
            for end in [source, target] {
                let closed = facts.objects.get(end).is_some_and(|fact| {
                    fact.kind == ObjectKind::SubmissionSet || fact.status == AvailabilityStatus::Deprecated
                });
                prop_assert!(!closed, "no end is a closed set or a deprecated document");
            }
        }
        for entry in &changes.entries {
            let holding = (changes.associations.iter())
                .filter(|row| row.source == changes.sets[0].id && row.target == entry.id)
                .count();
            prop_assert_eq!(holding, 1, "the set holds each entry once");
        }
    }

    #[test]
    fn faults_come_with_an_error_or_not_at_all(submission in any_submission()) {
        let world = World::of("h1");
        if let Err(refusal) = decide(&submission, &wanted(&submission), Facts::default(), &world.context(), &Bodies) {
            prop_assert!(xds_model::fault::any_error(&refusal.faults));
        }
    }
}
