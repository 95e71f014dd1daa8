//! From checked to permitted to changes: who may publish, and what is written.

use registry_core::facts::{Addendum, Facts, Holder};
use registry_core::object::{ObjectKind, scope_number};
use registry_core::register::{Changes, Context, Refusal, UnknownInstitution, decide};
use uuid::Uuid;
use xds_model::submission::ReceivedSubmission;
use xds_model::{AssociationType as A, Author, Fault, RuleId as R, Slot};
use xds_policy::SharingScope;
use xds_policy::decision::DenyCode;
use xds_policy::instruments::contract::ContractKind;
use xds_policy::ledger::Ledger;

use crate::fixture::*;
use crate::law;

fn run(world: &World, submission: &ReceivedSubmission, facts: Facts) -> Result<Changes, Refusal> {
    decide(submission, &wanted(submission), facts, &world.context(), &Bodies)
}

fn by(institution: &str) -> ReceivedSubmission {
    let mut submission = one("1.2.900", "1.2.100", &patient(PATIENT));
    submission.entries[0].authors.push(Author {
        institutions: vec![institution.to_owned()],
        ..Author::default()
    });
    submission
}

fn rules(refusal: &Refusal) -> Vec<R> {
    refusal.faults.iter().map(Fault::rule).collect()
}

#[test]
fn a_document_comes_from_the_publisher_or_its_sister() {
    let world = World::of("h1");
    for (institution, organisation) in [
        ("どこかの病院".to_owned(), "h1"),
        (xon("9999999999"), "h1"),
        (xon("1311111111"), "h1"),
        (xon("1311111112"), "h1b"),
    ] {
        let changes = run(&world, &by(&institution), facts()).unwrap();
        assert_eq!(changes.entries[0].organisation, organisation, "{institution}");
        assert_eq!(changes.sets[0].organisation, "h1");
    }
}

#[test]
fn auz_01_another_organisation_is_not_published_for() {
    let world = World::of("h1");
    let refusal = run(&world, &by(&xon("1311111113")), facts()).unwrap_err();
    assert_eq!(rules(&refusal), [R::NotAuthorised]);
    let codes: Vec<DenyCode> = refusal.denials.iter().map(|denial| denial.code).collect();
    assert_eq!(codes, [DenyCode::NoBasis]);

    let mut by_set = one("1.2.900", "1.2.100", &patient(PATIENT));
    by_set.sets[0].authors.push(Author {
        institutions: vec![xon("1311111113")],
        ..Author::default()
    });
    assert!(run(&world, &by_set, facts()).is_err());
}

#[test]
fn auz_01_a_source_id_of_another_is_refused() {
    let submission = one("1.2.900", "1.2.100", &patient(PATIENT));
    let mut world = World::of("h1");
    for (allowed, ok) in [("1.2.3.5", true), ("1.2.3.6", false)] {
        let mut node = node("h1");
        node.source_ids = [allowed.to_owned()].into();
        let entity = xds_model::principal::EntityId("e1".into());
        world.principal = xds_model::Principal::authenticated(node.enrolled(entity));
        assert_eq!(run(&world, &submission, facts()).is_ok(), ok, "{allowed}");
    }
}

#[test]
fn auz_02_others_documents_are_not_replaced_appended_to_or_filed() {
    let strange = || {
        let mut facts = facts();
        let fact = registered_by("h2", ObjectKind::DocumentEntry, SharingScope::Shared);
        facts.objects.insert(uuid(100), fact);
        facts.objects.insert(uuid(101), registered(ObjectKind::Folder));
        facts
    };
    let world = World::of("h1");
    for kind in [A::Replace, A::Append, A::Transform] {
        let mut submission = one("1.2.900", "1.2.100", &patient(PATIENT));
        relate(&mut submission, kind, &urn(uuid(100)));
        let refusal = run(&world, &submission, strange()).unwrap_err();
        assert_eq!(rules(&refusal), [R::NotAuthorised], "{kind:?}");
    }
    let mut filed = bare("1.2.900", &patient(PATIENT));
    file(&mut filed, &urn(uuid(101)), &urn(uuid(100)));
    assert!(run(&world, &filed, strange()).is_err());
    // To refer to what may be seen is no change of it.
    let mut referring = one("1.2.900", "1.2.100", &patient(PATIENT));
    referring.associations.push(held("x", &urn(uuid(100)), REFERENCE));
    assert!(run(&world, &referring, strange()).is_ok());
}

#[test]
fn a_withheld_target_looks_absent() {
    let mut facts = facts();
    let fact = registered_by("h2", ObjectKind::DocumentEntry, SharingScope::OrganisationOnly);
    facts.objects.insert(uuid(100), fact);
    let world = World::of("h1");
    let refused = |target: Uuid| {
        let mut submission = one("1.2.900", "1.2.100", &patient(PATIENT));
        relate(&mut submission, A::Replace, &urn(target));
        run(&world, &submission, facts.clone()).unwrap_err()
    };
    let (withheld, absent) = (refused(uuid(100)), refused(uuid(999)));
    assert_eq!(rules(&withheld), rules(&absent));
    assert_eq!(rules(&absent), [R::TargetExists]);
    assert_eq!(withheld.denials, absent.denials);
}

#[test]
fn the_sharing_scope_is_kept() {
    let world = World::of("h1");
    for scope in [
        SharingScope::Shared,
        SharingScope::OrganisationOnly,
        SharingScope::PushOnly,
    ] {
        let mut submission = one("1.2.900", "1.2.100", &patient(PATIENT));
        let slots = &mut submission.entries[0].extras.slots;
        slots.push(Slot::single(SharingScope::SLOT, scope.as_str()));
        let changes = run(&world, &submission, facts()).unwrap();
        assert_eq!(changes.entries[0].scope, scope_number(scope));
    }
}

#[test]
fn symbols_become_the_same_uuid_everywhere() {
    let world = World::of("h1");
    let mut submission = one("1.2.900", "1.2.100", &patient(PATIENT));
    in_folder(&mut submission, "1.2.77", &patient(PATIENT));
    let changes = run(&world, &submission, facts()).unwrap();
    let (set, doc, folder) = (changes.sets[0].id, changes.entries[0].id, changes.folders[0].id);
    let ends: Vec<(Uuid, Uuid)> = (changes.associations.iter())
        .map(|row| (row.source, row.target))
        .collect();
    let membership = changes.associations[2].id;
    assert_eq!(
        ends,
        [(set, doc), (set, folder), (folder, doc), (set, membership)]
    );
    assert_eq!(changes.patient, uuid(1));
    assert!(!changes.is_plain(), "a folder is more than one statement writes");
    assert!(
        run(&world, &one("1.2.900", "1.2.100", &patient(PATIENT)), facts())
            .unwrap()
            .is_plain()
    );
}

#[test]
fn a_replacement_deprecates_addenda_and_goes_into_the_folders() {
    let mut facts = facts();
    (facts.objects).insert(uuid(100), registered(ObjectKind::DocumentEntry));
    let addendum = |entry, of| Addendum {
        entry: uuid(entry),
        stored_under: uuid(1),
        of: uuid(of),
    };
    facts.addenda = vec![addendum(110, 100), addendum(111, 110)];
    facts.holders = vec![Holder {
        folder: uuid(101),
        stored_under: uuid(1),
        patient: uuid(1),
        entry: uuid(100),
    }];
    let world = World::of("h1");
    let mut submission = one("1.2.900", "1.2.100", &patient(PATIENT));
    relate(&mut submission, A::Replace, &urn(uuid(100)));
    let changes = run(&world, &submission, facts.clone()).unwrap();
    let deprecated: Vec<Uuid> = changes.deprecations.iter().map(|row| row.entry).collect();
    assert_eq!(deprecated, [uuid(100), uuid(110), uuid(111)]);
    let touched: Vec<Uuid> = changes.touches.iter().map(|row| row.folder).collect();
    assert_eq!(touched, [uuid(101)]);
    let [.., membership, held] = changes.associations.as_slice() else {
        panic!("two more associations");
    };
    assert_eq!(
        (membership.source, membership.target),
        (uuid(101), changes.entries[0].id)
    );
    assert_eq!((held.source, held.target), (changes.sets[0].id, membership.id));
    assert_eq!(changes.associations.len(), 4);

    // What the request files itself is not filed a second time.
    facts.objects.insert(uuid(101), registered(ObjectKind::Folder));
    file(&mut submission, &urn(uuid(101)), "doc");
    let changes = run(&world, &submission, facts).unwrap();
    assert_eq!(changes.associations.len(), 4);
}

#[test]
fn an_append_deprecates_nothing() {
    let mut facts = facts();
    (facts.objects).insert(uuid(100), registered(ObjectKind::DocumentEntry));
    let world = World::of("h1");
    for kind in [A::Append, A::Transform, A::Signs] {
        let mut submission = one("1.2.900", "1.2.100", &patient(PATIENT));
        relate(&mut submission, kind, &urn(uuid(100)));
        let changes = run(&world, &submission, facts.clone()).unwrap();
        assert!(changes.deprecations.is_empty() && changes.touches.is_empty());
    }
}

#[test]
fn uses_of_a_unique_id_are_numbered() {
    let mut facts = facts();
    let mut second = used_by(ObjectKind::DocumentEntry);
    second.ordinal = 1;
    facts
        .unique_ids
        .insert("1.2.100".into(), vec![used_by(ObjectKind::DocumentEntry), second]);
    let world = World::of("h1");
    let changes = run(&world, &one("1.2.900", "1.2.100", &patient(PATIENT)), facts).unwrap();
    let ordinals: Vec<(&str, i32)> = (changes.unique_ids.iter())
        .map(|row| (row.value.as_str(), row.ordinal))
        .collect();
    assert_eq!(ordinals, [("1.2.100", 2), ("1.2.900", 0)]);
}

#[test]
fn a_reference_across_patients_is_found_from_both() {
    let mut facts = facts();
    let mut fact = registered(ObjectKind::DocumentEntry);
    (fact.patient, fact.stored_under) = (uuid(2), uuid(2));
    facts.objects.insert(uuid(100), fact);
    let mut submission = one("1.2.900", "1.2.100", &patient(PATIENT));
    submission
        .associations
        .push(held("x", &urn(uuid(100)), REFERENCE));
    let changes = run(&World::of("h1"), &submission, facts).unwrap();
    assert_eq!(changes.associations[0].target_elsewhere, None);
    assert_eq!(changes.associations[1].target_elsewhere, Some(uuid(2)));
    assert!(!changes.is_plain());
}

#[test]
fn who_publishes_has_a_hosting_contract() {
    let submission = one("1.2.900", "1.2.100", &patient(PATIENT));
    let mut world = World::of("h2");
    assert!(run(&world, &submission, facts()).is_ok());
    let mut instruments = law::apart();
    instruments
        .entrustment_contracts
        .retain(|contract| contract.id.as_str() != "host-e2");
    world.ledger = Ledger::new(instruments);
    let refusal = run(&world, &submission, facts()).unwrap_err();
    assert_eq!(rules(&refusal), [R::NotHosted]);
    assert!(refusal.faults[0].context().contains("h2"), "who has to repair it is told");
    // To another's submitter nothing is told of h2.
    let by_h1 = World {
        ledger: world.ledger,
        ..World::of("h1")
    };
    let refusal = run(&by_h1, &by(&xon("1311111113")), facts()).unwrap_err();
    assert_eq!(rules(&refusal), [R::NotAuthorised]);
    assert!(!refusal.faults[0].context().contains("h2"));
}

#[test]
fn a_repository_of_another_entity_needs_a_storage_contract() {
    let submission = one("1.2.900", "1.2.100", &patient(PATIENT));
    let mut world = World::of("h2");
    world.principal = through("h2", "h1");
    let refusal = run(&world, &submission, facts()).unwrap_err();
    assert_eq!(rules(&refusal), [R::NotStored]);
    let mut instruments = law::apart();
    let storage = law::contract(ContractKind::ExternalStorage, "e2", "h1");
    instruments.entrustment_contracts.push(law::seal("storage", storage));
    world.ledger = Ledger::new(instruments);
    let changes = run(&world, &submission, facts()).unwrap();
    assert_eq!(changes.entries[0].keeper.as_deref(), Some("h1"));
    // A sister's repository is the entity's own.
    world.principal = through("h1", "h1b");
    assert!(run(&world, &submission, facts()).is_ok());
}

#[test]
fn an_author_institution_that_nobody_knows_is_attributed_or_refused() {
    let world = World::of("h1");
    let stranger = by("どこかの病院");
    let changes = run(&world, &stranger, facts()).unwrap();
    assert!(changes.entries[0].attributed && changes.entries[0].organisation == "h1");
    let known = run(&world, &by(&xon("1311111112")), facts()).unwrap();
    assert!(!known.entries[0].attributed);
    let strict = |submission: &ReceivedSubmission| {
        let context = Context {
            unknown_institution: UnknownInstitution::Refuse,
            ..world.context()
        };
        decide(submission, &wanted(submission), facts(), &context, &Bodies)
    };
    assert_eq!(rules(&strict(&stranger).unwrap_err()), [R::UnknownInstitution]);
    // Who names no institution at all is not in doubt: the certificate says who it is.
    assert!(strict(&one("1.2.900", "1.2.100", &patient(PATIENT))).is_ok());
}

#[test]
fn a_machine_without_a_user_publishes_and_replaces_its_own() {
    let mut world = World::of("h1");
    let mut node = node("h1");
    node.default_user = None;
    let entity = xds_model::principal::EntityId("e1".into());
    world.principal = xds_model::Principal::authenticated(node.enrolled(entity));
    let mut facts = facts();
    (facts.objects).insert(uuid(100), registered(ObjectKind::DocumentEntry));
    let of_h2 = registered_by("h2", ObjectKind::DocumentEntry, SharingScope::Shared);
    facts.objects.insert(uuid(101), of_h2);
    let replacing = |target: Uuid| {
        let mut submission = one("1.2.900", "1.2.100", &patient(PATIENT));
        relate(&mut submission, A::Replace, &urn(target));
        run(&world, &submission, facts.clone())
    };
    assert_eq!(replacing(uuid(100)).unwrap().deprecations.len(), 1);
    assert_eq!(rules(&replacing(uuid(101)).unwrap_err()), [R::TargetExists], "it looks at nothing");
}

#[test]
fn a_decision_is_what_rests_on_one_ground() {
    let world = World::of("h1");
    let mut submission = by(&xon("1311111112"));
    submission.entries.push(entry("second", "1.2.101", &patient(PATIENT)));
    submission.associations.push(held("second-in-set", "second", ORIGINAL));
    let changes = run(&world, &submission, facts()).unwrap();
    let decisions: Vec<_> = changes.decisions.iter().collect();
    assert_eq!(decisions.len(), 1, "both are h1's own to publish");
    assert_eq!(decisions[0].permit.instrument.id.as_str(), "h1");
    assert_eq!(decisions[0].permit.basis.code(), "OWN");
}
