//! One submission for each rule, right but for one thing; and several things wrong at once.

use registry_core::facts::Facts;
use registry_core::object::ObjectKind;
use registry_core::register::{SubmissionLimits, check};
use xds_model::RuleId as R;
use xds_model::submission::ReceivedSubmission;
use xds_model::{
    AssociationType as A, AvailabilityStatus, CodedValue, DocumentEntryType, Fault, Slot, Submission,
};

use crate::fixture::*;

struct Case {
    rule: R,
    what: &'static str,
    change: fn(&mut ReceivedSubmission, &mut Facts),
}

const fn case(rule: R, what: &'static str, change: fn(&mut ReceivedSubmission, &mut Facts)) -> Case {
    Case { rule, what, change }
}

const OLD: u128 = 100;

fn old() -> String {
    urn(uuid(OLD))
}

fn add_old(facts: &mut Facts, kind: ObjectKind) {
    facts.objects.insert(uuid(OLD), registered(kind));
}

fn change_old(facts: &mut Facts, change: impl Fn(&mut registry_core::facts::ObjectFact)) {
    facts.objects.entry(uuid(OLD)).and_modify(change);
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    case(R::OneSubmissionSet, "two sets", |s, _| { let mut two = set("1.2.901", &patient(PATIENT)); two.id = id("set2"); s.sets.push(two); }),
    case(R::OneSubmissionSet, "no set", |s, _| { s.sets.clear(); s.associations.clear(); }),
    case(R::SomethingSubmitted, "a set alone", |s, _| { s.entries.clear(); s.associations.clear(); }),
    case(R::LinkedToSubmissionSet, "an entry that is not held", |s, _| s.associations.clear()),
    case(R::LinkedToSubmissionSet, "an entry that is held twice", |s, _| s.associations.push(held("again", "doc", ORIGINAL))),
    case(R::LinkedToSubmissionSet, "a folder that is not held", |s, _| s.folders.push(folder("f", "1.2.77", &patient(PATIENT)))),
    case(R::LinkedToSubmissionSet, "a folder membership that is not held", |s, _| { in_folder(s, "1.2.77", &patient(PATIENT)); s.associations.pop(); }),
    case(R::OriginalOrReference, "a new entry by Reference", |s, _| s.associations[0].submission_set_status = REFERENCE),
    case(R::OriginalOrReference, "a new entry without status", |s, _| s.associations[0].submission_set_status = None),
    case(R::OriginalOrReference, "a registered entry as Original", |s, f| { add_old(f, ObjectKind::DocumentEntry); s.associations.push(held("o", &old(), ORIGINAL)); }),
    case(R::OriginalOrReference, "status on a folder's HasMember", |s, _| { in_folder(s, "1.2.77", &patient(PATIENT)); s.associations[2].submission_set_status = ORIGINAL; }),
    case(R::IdOnce, "xds_08: one symbol for entry and association", |s, _| s.associations[0].id = id("doc")),
    case(R::SymbolResolves, "a target that is no object", |s, _| s.associations.push(link("x", A::Append, "doc", "nothing"))),
    case(R::SymbolResolves, "a source that is no object", |s, _| s.associations.push(link("x", A::HasMember, "nothing", "doc"))),
    case(R::UniqueIdOnce, "xds_08: two entries with one uniqueId", |s, _| { s.entries.push(entry("doc2", "1.2.100", &patient(PATIENT))); s.associations.push(held("h2", "doc2", ORIGINAL)); }),
    case(R::UniqueIdOnce, "xds_08: an entry with the set's uniqueId", |s, _| s.entries[0].unique_id = "1.2.900".parse().unwrap()),
    case(R::StableOnly, "an On-Demand entry", |s, _| s.entries[0].object_type = DocumentEntryType::OnDemand),
    case(R::HasMemberEnds, "from an entry", |s, _| s.associations.push(link("x", A::HasMember, "doc", "set"))),
    case(R::HasMemberEnds, "a folder in a folder", |s, _| { in_folder(s, "1.2.77", &patient(PATIENT)); s.folders.push(folder("f2", "1.2.78", &patient(PATIENT))); s.associations.push(held("h2", "f2", None)); file(s, "folder", "f2"); }),
    case(R::HasMemberEnds, "a HasMember to a relationship", |s, f| { add_old(f, ObjectKind::DocumentEntry); relate(s, A::Append, &old()); s.associations.push(held("x", "relation", None)); }),
    case(R::HasMemberEnds, "a registered association held", |s, f| { add_old(f, ObjectKind::Association); s.associations.push(held("x", &old(), None)); }),
    case(R::UpdateInRegister, "PreviousVersion", |s, _| s.associations[0].previous_version = Some(Slot::single("PreviousVersion", "1"))),
    case(R::UpdateInRegister, "UpdateAvailabilityStatus", |s, f| { add_old(f, ObjectKind::DocumentEntry); s.associations.push(link("x", A::UpdateAvailabilityStatus, "set", &old())); }),
    case(R::UpdateInRegister, "a logicalID other than the id", |s, _| s.entries[0].logical_id = Some(id(&urn(uuid(5))))),
    case(R::ReplacedOnce, "two replacements of one document", |s, f| { add_old(f, ObjectKind::DocumentEntry); s.entries.push(entry("doc2", "1.2.101", &patient(PATIENT))); s.associations.push(held("h2", "doc2", ORIGINAL)); relate(s, A::Replace, &old()); s.associations.push(link("x", A::TransformReplace, "doc2", &old())); }),
    case(R::SubmissionPatients, "xds_11: an entry of another patient", |s, _| s.entries[0].patient_id = Some(patient("P2"))),
    case(R::SubmissionPatients, "xds_11: a folder of another patient", |s, _| { in_folder(s, "1.2.77", &patient("P2")); }),
    case(R::SelfReference, "xds_17: an entry that replaces itself", |s, _| s.associations.push(link("x", A::Append, "doc", "doc"))),
    case(R::RequiredAttribute, "no typeCode", |s, _| s.entries[0].type_code = None),
    case(R::RequiredAttribute, "no sourceId", |s, _| s.sets[0].source_id = None),
    case(R::ServiceTimeOrder, "xds_27: start after stop", |s, _| { s.entries[0].service_start_time = Some("20260102".parse().unwrap()); s.entries[0].service_stop_time = Some("202601010000".parse().unwrap()); }),
    case(R::LimitedMetadata, "a limited entry", |s, _| s.entries[0].limited_metadata = true),
    case(R::LimitedMetadata, "a limited set", |s, _| s.sets[0].limited_metadata = true),
    case(R::UnknownCode, "an unknown typeCode", |s, _| s.entries[0].type_code = Some(code("strange"))),
    case(R::UnknownCode, "a known code of another scheme", |s, _| s.entries[0].type_code = Some(CodedValue::new("type", "1.8", "type"))),
    case(R::UnknownCode, "an unknown contentTypeCode", |s, _| s.sets[0].content_type_code = Some(code("strange"))),
    case(R::UnknownCode, "one unknown eventCode of two", |s, _| s.entries[0].event_codes = vec![code("event"), code("strange")]),
    case(R::UnknownCode, "an unknown sharing scope", |s, _| s.entries[0].extras.slots.push(Slot::single("urn:renkei:sharing-scope", "EVERYBODY"))),
    case(R::UnknownMimeType, "xds_26: text/html", |s, _| s.entries[0].mime_type = "text/html".to_owned()),
    case(R::DocumentationForm, "documentation on HasMember", |s, _| s.associations[0].documentation = Some(code("why"))),
    case(R::UnknownPatient, "xds_19: an unknown patient", |s, f| { f.patients.clear(); s.entries[0].patient_id = Some(patient(PATIENT)); }),
    case(R::SetUniqueIdUsed, "xds_12: the set's uniqueId again", |_, f| { f.unique_ids.insert("1.2.900".into(), vec![used_by(ObjectKind::SubmissionSet)]); }),
    case(R::SetUniqueIdUsed, "xds_07: the set's uniqueId is a document's", |_, f| { f.unique_ids.insert("1.2.900".into(), vec![used_by(ObjectKind::DocumentEntry)]); }),
    case(R::FolderUniqueIdUsed, "xds_07: the folder's uniqueId is a document's", |s, f| { in_folder(s, "1.2.77", &patient(PATIENT)); f.unique_ids.insert("1.2.77".into(), vec![used_by(ObjectKind::DocumentEntry)]); }),
    case(R::NonIdenticalHash, "xds_03: the document again with another hash", |s, f| { s.entries[0].hash = Some(OTHER_HASH.parse().unwrap()); f.unique_ids.insert("1.2.100".into(), vec![used_by(ObjectKind::DocumentEntry)]); }),
    case(R::NonIdenticalSize, "xds_03: the document again with another size", |s, f| { s.entries[0].size = Some(1); f.unique_ids.insert("1.2.100".into(), vec![used_by(ObjectKind::DocumentEntry)]); }),
    case(R::EntryUniqueIdOfOther, "xds_07: the document's uniqueId is a folder's", |_, f| { f.unique_ids.insert("1.2.100".into(), vec![used_by(ObjectKind::Folder)]); }),
    case(R::EntryUniqueIdOfOther, "the document's uniqueId is an On-Demand one's", |_, f| { let mut used = used_by(ObjectKind::DocumentEntry); used.entry_type = Some(DocumentEntryType::OnDemand); f.unique_ids.insert("1.2.100".into(), vec![used]); }),
    case(R::ObjectIdUsed, "xds_18: an entryUUID that is taken", |s, f| { s.entries[0].id = id(&old()); s.associations[0].target = id(&old()); add_old(f, ObjectKind::DocumentEntry); }),
    case(R::SourceInRequest, "a relationship from a registered document", |s, f| { add_old(f, ObjectKind::DocumentEntry); s.associations.push(link("x", A::Append, &old(), "doc")); }),
    case(R::TargetExists, "xds_17: an absent target", |s, _| relate(s, A::Append, &old())),
    case(R::TargetExists, "xds_17: a replaced document in the request", |s, _| { s.entries.push(entry("doc2", "1.2.101", &patient(PATIENT))); s.associations.push(held("h2", "doc2", ORIGINAL)); relate(s, A::Replace, "doc2"); }),
    case(R::TargetExists, "an absent document by Reference", |s, _| s.associations.push(held("x", &old(), REFERENCE))),
    case(R::TargetExists, "an absent folder", |s, _| file(s, &old(), "doc")),
    case(R::TargetDeprecated, "xds_17: a deprecated document replaced", |s, f| { add_old(f, ObjectKind::DocumentEntry); change_old(f, |o| o.status = AvailabilityStatus::Deprecated); relate(s, A::Replace, &old()); }),
    case(R::TargetDeprecated, "a deprecated document by Reference", |s, f| { add_old(f, ObjectKind::DocumentEntry); change_old(f, |o| o.status = AvailabilityStatus::Deprecated); s.associations.push(held("x", &old(), REFERENCE)); }),
    case(R::TargetDeprecated, "a deprecated folder", |s, f| { add_old(f, ObjectKind::Folder); change_old(f, |o| o.status = AvailabilityStatus::Deprecated); file(s, &old(), "doc"); }),
    case(R::TargetPatient, "xds_11: another patient's document replaced", |s, f| { add_old(f, ObjectKind::DocumentEntry); change_old(f, |o| o.patient = uuid(2)); relate(s, A::Replace, &old()); }),
    case(R::TargetPatient, "xds_11: into another patient's folder", |s, f| { add_old(f, ObjectKind::Folder); change_old(f, |o| o.patient = uuid(2)); file(s, &old(), "doc"); }),
    case(R::TargetKind, "xds_17: a folder replaced", |s, f| { add_old(f, ObjectKind::Folder); relate(s, A::Replace, &old()); }),
    case(R::TargetKind, "a relationship to the set", |s, _| s.associations.push(link("x", A::Append, "doc", "set"))),
    case(R::SnapshotKinds, "a snapshot of a Stable document", |s, f| { add_old(f, ObjectKind::DocumentEntry); relate(s, A::IsSnapshotOf, &old()); }),
    case(R::AppendToTransform, "a registered transformation appended to", |s, f| { add_old(f, ObjectKind::DocumentEntry); f.transformations.insert(uuid(OLD)); relate(s, A::Append, &old()); }),
    case(R::AppendToTransform, "a transformation of the request appended to", |s, f| { add_old(f, ObjectKind::DocumentEntry); s.entries.push(entry("doc2", "1.2.101", &patient(PATIENT))); s.associations.push(held("h2", "doc2", ORIGINAL)); s.associations.push(link("x", A::Transform, "doc2", &old())); relate(s, A::Append, "doc2"); }),
    case(R::ClosedSubmissionSet, "into an earlier set", |s, f| { add_old(f, ObjectKind::SubmissionSet); s.associations.push(link("x", A::HasMember, &old(), "doc")); }),
    case(R::ClosedSubmissionSet, "a relationship to an earlier set", |s, f| { add_old(f, ObjectKind::SubmissionSet); relate(s, A::Append, &old()); }),
    case(R::FolderPatient, "a folder of another patient holds the replaced document", |s, f| { add_old(f, ObjectKind::DocumentEntry); f.holders.push(registry_core::facts::Holder { folder: uuid(3), stored_under: uuid(2), patient: uuid(2), entry: uuid(OLD) }); relate(s, A::Replace, &old()); }),
];

/// A submission with one document that obeys all rules.
fn sound() -> ReceivedSubmission {
    one("1.2.900", "1.2.100", &patient(PATIENT))
}

#[test]
fn a_sound_submission_breaks_no_rule() {
    assert_eq!(broken(&sound(), &facts()), []);
    let mut filed = sound();
    in_folder(&mut filed, "1.2.77", &patient(PATIENT));
    assert_eq!(broken(&filed, &facts()), []);
}

#[test]
fn each_rule_is_found_broken_alone() {
    for case in CASES {
        let (mut submission, mut facts) = (sound(), facts());
        (case.change)(&mut submission, &mut facts);
        let found = broken(&submission, &facts);
        assert!(found.contains(&case.rule), "{}: {found:?}", case.what);
        // What follows of itself: an entry that nothing holds any more, or a set that is missing.
        let follows = [
            R::LinkedToSubmissionSet,
            R::SourceInRequest,
            R::HasMemberEnds,
            R::TargetExists,
        ];
        let others: Vec<_> = found
            .iter()
            .filter(|rule| **rule != case.rule && !follows.contains(rule))
            .collect();
        assert!(others.is_empty(), "{}: also {others:?}", case.what);
    }
}

#[test]
fn every_rule_of_the_families_has_its_case() {
    let elsewhere = [R::ObjectCount, R::RegistryBusy, R::RegistryInternal];
    for rule in R::ALL {
        let family = rule.id().starts_with("SUB-") || rule.id().starts_with("REG-");
        if family && !elsewhere.contains(rule) {
            assert!(
                CASES.iter().any(|case| case.rule == *rule),
                "{} has no case",
                rule.id()
            );
        }
    }
}

#[test]
fn faults_are_reported_together_with_those_of_reading() {
    let mut submission = sound();
    submission
        .faults
        .push(Fault::new(R::TimeForm, "creationTime", "x"));
    submission.entries[0].mime_type = "text/html".to_owned();
    submission.sets[0].limited_metadata = true;
    let mut facts = facts();
    (facts.unique_ids).insert("1.2.900".into(), vec![used_by(ObjectKind::SubmissionSet)]);
    assert_eq!(
        broken(&submission, &facts),
        [
            R::TimeForm,
            R::LimitedMetadata,
            R::UnknownMimeType,
            R::SetUniqueIdUsed
        ]
    );
}

#[test]
fn two_unknown_patients_that_differ_break_both_rules() {
    let mut submission = sound();
    submission.entries[0].patient_id = Some(patient("X2"));
    submission.sets[0].patient_id = Some(patient("X1"));
    let broken = broken(&submission, &facts());
    assert_eq!(broken, [R::SubmissionPatients, R::UnknownPatient]);
}

#[test]
fn a_merged_patient_is_the_surviving_one() {
    let mut submission = sound();
    submission.entries[0].patient_id = Some(patient("P2"));
    let mut facts = facts();
    facts.patients.insert(patient("P2"), uuid(1));
    assert_eq!(broken(&submission, &facts), []);
}

#[test]
fn both_hash_and_size_are_told() {
    let mut submission = sound();
    submission.entries[0].hash = Some(OTHER_HASH.parse().unwrap());
    submission.entries[0].size = Some(9);
    let mut facts = facts();
    (facts.unique_ids).insert("1.2.100".into(), vec![used_by(ObjectKind::DocumentEntry)]);
    assert_eq!(
        broken(&submission, &facts),
        [R::NonIdenticalHash, R::NonIdenticalSize]
    );
}

#[test]
fn xds_04_the_same_document_again_is_a_second_entry() {
    let mut submission = sound();
    submission.entries[0].hash = Some(HASH.to_uppercase().parse().unwrap());
    let mut facts = facts();
    (facts.unique_ids).insert("1.2.100".into(), vec![used_by(ObjectKind::DocumentEntry)]);
    assert_eq!(broken(&submission, &facts), []);
}

#[test]
fn what_could_not_be_read_is_no_further_fault() {
    let mut submission = sound();
    submission.entries.clear();
    submission.unreadable.push(id("doc"));
    submission
        .faults
        .push(Fault::new(R::UniqueIdForm, "uniqueId", ""));
    in_folder(&mut submission, "1.2.77", &patient(PATIENT));
    assert_eq!(broken(&submission, &facts()), [R::UniqueIdForm]);
}

#[test]
fn a_reference_may_lead_to_another_patient() {
    let mut submission = sound();
    submission.associations.push(held("x", &old(), REFERENCE));
    let mut facts = facts();
    add_old(&mut facts, ObjectKind::DocumentEntry);
    change_old(&mut facts, |object| object.patient = uuid(2));
    assert_eq!(broken(&submission, &facts), []);
}

#[test]
fn the_four_shapes_of_filing_are_sound() {
    let old_entry = || {
        let mut facts = facts();
        add_old(&mut facts, ObjectKind::DocumentEntry);
        facts.objects.insert(uuid(101), registered(ObjectKind::Folder));
        facts
    };
    let mut old_old = bare("1.2.900", &patient(PATIENT));
    file(&mut old_old, &urn(uuid(101)), &old());
    assert_eq!(broken(&old_old, &old_entry()), [], "old document, old folder");

    let mut old_new = bare("1.2.900", &patient(PATIENT));
    old_new.folders.push(folder("f", "1.2.77", &patient(PATIENT)));
    old_new.associations.push(held("h", "f", None));
    file(&mut old_new, "f", &old());
    assert_eq!(broken(&old_new, &old_entry()), [], "old document, new folder");

    let mut new_old = sound();
    file(&mut new_old, &urn(uuid(101)), "doc");
    assert_eq!(broken(&new_old, &old_entry()), [], "new document, old folder");
}

#[test]
fn the_counts_are_judged_at_the_limit_and_one_past_it() {
    let world = World::of("h1");
    let mut context = world.context();
    let mut submission = sound();
    in_folder(&mut submission, "1.2.77", &patient(PATIENT));
    let exact = SubmissionLimits {
        entries_max: 1,
        folders_max: 1,
        associations_max: 4,
    };
    context.limits = exact;
    assert!(check(&submission, &facts(), &context).is_ok());
    let tighter = [
        SubmissionLimits {
            entries_max: 0,
            ..exact
        },
        SubmissionLimits {
            folders_max: 0,
            ..exact
        },
        SubmissionLimits {
            associations_max: 3,
            ..exact
        },
    ];
    for limits in tighter {
        context.limits = limits;
        let faults = check(&submission, &facts(), &context).unwrap_err();
        assert_eq!(
            faults.iter().map(Fault::rule).collect::<Vec<_>>(),
            [R::ObjectCount]
        );
    }
}

#[test]
fn unknown_codes_are_warned_of_where_the_domain_says_so() {
    let mut world = World::of("h1");
    world.affinity = affinity(registry_core::codes::UnknownCodes::Warn);
    let mut submission = sound();
    submission.entries[0].type_code = Some(code("strange"));
    let checked: Submission<_> = check(&submission, &facts(), &world.context()).unwrap();
    let warnings: Vec<R> = checked.stage.warnings.iter().map(Fault::rule).collect();
    assert_eq!(warnings, [R::UnknownCode]);
    // How far a document is shared is never guessed.
    (submission.entries[0].extras.slots).push(Slot::single("urn:renkei:sharing-scope", "?"));
    assert!(check(&submission, &facts(), &world.context()).is_err());
}

#[test]
fn faults_repeat_only_what_was_sent() {
    // The registered document is of patient P2; the text names the entryUUID that was sent, and no patient.
    let mut submission = sound();
    relate(&mut submission, A::Replace, &old());
    let mut facts = facts();
    add_old(&mut facts, ObjectKind::DocumentEntry);
    change_old(&mut facts, |object| object.patient = uuid(2));
    let world = World::of("h1");
    let faults = check(&submission, &facts, &world.context()).unwrap_err();
    assert_eq!(faults[0].found(), old());
    assert!(!faults[0].context().contains("P2"));
}
