//! The eight stored queries, asked of a real database.

use registry_core::plan::{ResultLimits, plan};
use uuid::Uuid;
use xds_model::query::{
    AnyOfAll, ContainerId, EntryFilter, EntryIds, FindDocuments, FindSubmissionSets, GetAll, GetContents,
    Pattern, ReturnType, StoredQuery, StoredQueryRequest, TimeRange,
};
use xds_model::{
    AssociationType as A, Author, AvailabilityStatus, Code, DocumentEntry, DocumentEntryType, RuleId, Slot,
};

use crate::db::{Db, ids};
use crate::fixture::*;

pub(crate) fn find(of: &str) -> FindDocuments {
    FindDocuments {
        patient: patient(of),
        statuses: vec![AvailabilityStatus::Approved],
        types: vec![],
        class_codes: vec![],
        type_codes: vec![],
        practice_setting_codes: vec![],
        facility_type_codes: vec![],
        format_codes: vec![],
        event_codes: AnyOfAll::default(),
        confidentiality_codes: AnyOfAll::default(),
        author_persons: vec![],
        creation_time: TimeRange::default(),
        service_start_time: TimeRange::default(),
        service_stop_time: TimeRange::default(),
        availabilities: vec![],
    }
}

pub(crate) fn find_query(query: FindDocuments) -> StoredQuery {
    StoredQuery::FindDocuments(Box::new(query))
}

pub(crate) fn find_sets(of: &str) -> FindSubmissionSets {
    FindSubmissionSets {
        patient: patient(of),
        statuses: vec![AvailabilityStatus::Approved],
        source_ids: vec![],
        submission_time: TimeRange::default(),
        author_person: None,
        content_types: vec![],
    }
}

pub(crate) fn any_entry() -> EntryFilter {
    EntryFilter {
        format_codes: vec![],
        confidentiality_codes: AnyOfAll::default(),
        types: vec![],
    }
}

pub(crate) fn get_all(of: &str) -> StoredQuery {
    StoredQuery::GetAll(GetAll {
        patient: patient(of),
        entry_statuses: vec![AvailabilityStatus::Approved, AvailabilityStatus::Deprecated],
        set_statuses: vec![AvailabilityStatus::Approved],
        folder_statuses: vec![AvailabilityStatus::Approved],
        entries: any_entry(),
    })
}

pub(crate) fn contents(container: ContainerId) -> StoredQuery {
    StoredQuery::GetSubmissionSetAndContents(GetContents {
        container,
        entries: any_entry(),
    })
}

fn model_code(text: &str) -> Code {
    code(text).code
}

/// Registers one document for each change; their ids in order.
async fn documents(db: &Db, world: &World, changes: &[fn(&mut DocumentEntry)]) -> Vec<Uuid> {
    let mut found = Vec::new();
    for (number, change) in changes.iter().enumerate() {
        let mut submission = one(
            &format!("1.2.9.{number}"),
            &format!("1.2.1.{number}"),
            &patient("P1"),
        );
        change(&mut submission.entries[0]);
        found.push(db.register(world, &submission).await.entries[0].id);
    }
    found
}

const NONE: [Uuid; 0] = [];

type Narrow = fn(&mut FindDocuments);
type NarrowSets = fn(&mut FindSubmissionSets);

#[tokio::test]
async fn find_documents_by_each_parameter() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let all = documents(
        &db,
        &world,
        &[
            |entry| entry.type_code = Some(code("type2")),
            |entry| entry.event_codes = vec![code("event")],
            |entry| {
                entry.event_codes = vec![code("event"), code("event2")];
                entry.confidentiality_codes = vec![code("N"), code("R")];
            },
            |entry| {
                entry.authors.push(Author {
                    person: Some("1^山田^太郎".to_owned()),
                    ..Author::default()
                });
            },
            |entry| entry.creation_time = Some("202606".parse().unwrap()),
            |entry| entry.service_start_time = Some("20260301120000".parse().unwrap()),
            |entry| {
                entry.document_availability =
                    Some("urn:ihe:iti:2010:DocumentAvailability:Offline".to_owned());
            },
        ],
    )
    .await;
    let cases: &[(&str, Narrow, &[usize])] = &[
        ("nothing more", |_| {}, &[0, 1, 2, 3, 4, 5, 6]),
        ("type", |q| q.type_codes = vec![model_code("type2")], &[0]),
        (
            "one type or the other",
            |q| q.type_codes = vec![model_code("type2"), model_code("type")],
            &[0, 1, 2, 3, 4, 5, 6],
        ),
        (
            "a code of another scheme",
            |q| {
                q.type_codes = vec![Code {
                    code: "type2".into(),
                    scheme: "1.8".into(),
                }];
            },
            &[],
        ),
        (
            "either event",
            |q| q.event_codes = AnyOfAll(vec![vec![model_code("event"), model_code("event2")]]),
            &[1, 2],
        ),
        (
            "both events",
            |q| q.event_codes = AnyOfAll(vec![vec![model_code("event")], vec![model_code("event2")]]),
            &[2],
        ),
        (
            "confidentiality",
            |q| q.confidentiality_codes = AnyOfAll(vec![vec![model_code("R")]]),
            &[2],
        ),
        (
            "author",
            |q| q.author_persons = vec![Pattern("%山_^太郎".into())],
            &[3],
        ),
        (
            "author, another case of none",
            |q| q.author_persons = vec![Pattern("山田".into())],
            &[],
        ),
        (
            "created from, inclusive",
            |q| q.creation_time.from = Some("20260601000000".parse().unwrap()),
            &[4],
        ),
        (
            "created to, exclusive",
            |q| q.creation_time.to = Some("20260601".parse().unwrap()),
            &[0, 1, 2, 3, 5, 6],
        ),
        (
            "service start: entries without it match",
            |q| q.service_start_time.from = Some("20260301120001".parse().unwrap()),
            &[0, 1, 2, 3, 4, 6],
        ),
        (
            "service start: the edge",
            |q| q.service_start_time.from = Some("20260301120000".parse().unwrap()),
            &[0, 1, 2, 3, 4, 5, 6],
        ),
        (
            "offline",
            |q| q.availabilities = vec!["urn:ihe:iti:2010:DocumentAvailability:Offline".into()],
            &[6],
        ),
        (
            "deprecated",
            |q| q.statuses = vec![AvailabilityStatus::Deprecated],
            &[],
        ),
        ("on demand", |q| q.types = vec![DocumentEntryType::OnDemand], &[]),
        ("class", |q| q.class_codes = vec![model_code("strange")], &[]),
        ("format", |q| q.format_codes = vec![model_code("strange")], &[]),
        (
            "practice",
            |q| q.practice_setting_codes = vec![model_code("strange")],
            &[],
        ),
        (
            "facility",
            |q| q.facility_type_codes = vec![model_code("strange")],
            &[],
        ),
        ("another patient", |q| q.patient = patient("P2"), &[]),
        ("an unknown patient", |q| q.patient = patient("P9"), &[]),
    ];
    for (what, narrow, expected) in cases {
        let mut query = find("P1");
        narrow(&mut query);
        let answer = db.ask(&world, find_query(query)).await.unwrap();
        let mut found = ids(&answer);
        found.sort();
        let mut expected: Vec<Uuid> = expected.iter().map(|index| all[*index]).collect();
        expected.sort();
        assert_eq!(found, expected, "{what}");
    }
}

#[tokio::test]
async fn xds_20_values_are_matched_literally() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let registered = documents(
        &db,
        &world,
        &[|entry| {
            entry.authors.push(Author {
                person: Some("1^O'Brien\\;--$1)".to_owned()),
                ..Author::default()
            });
        }],
    )
    .await;
    let ask = async |pattern: &str| {
        let query = FindDocuments {
            author_persons: vec![Pattern(pattern.to_owned())],
            ..find("P1")
        };
        ids(&db.ask(&world, find_query(query)).await.unwrap())
    };
    assert_eq!(ask("1^O'Brien\\;--$1)").await, registered);
    assert_eq!(ask("%\\;--$1)").await, registered);
    for nothing in ["' OR 1=1 --", "1^O''Brien%", "\\", "1^O'Brien", "%)(%", ""] {
        assert_eq!(ask(nothing).await, NONE, "{nothing}");
    }
    let huge = "x".repeat(1 << 20);
    assert_eq!(ask(&huge).await, NONE);
}

#[tokio::test]
async fn find_submission_sets_by_each_parameter() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let mut submission = one("1.2.900", "1.2.100", &patient("P1"));
    submission.sets[0].authors.push(Author {
        person: Some("1^山田^太郎".to_owned()),
        ..Author::default()
    });
    let set = db.register(&world, &submission).await.sets[0].id;
    let cases: &[(&str, NarrowSets, bool)] = &[
        ("nothing more", |_| {}, true),
        ("source", |q| q.source_ids = vec!["1.2.3.5".into()], true),
        ("another source", |q| q.source_ids = vec!["1.2.3.6".into()], false),
        (
            "from, inclusive",
            |q| q.submission_time.from = Some("20260102030405".parse().unwrap()),
            true,
        ),
        (
            "to, exclusive",
            |q| q.submission_time.to = Some("20260102030405".parse().unwrap()),
            false,
        ),
        (
            "author",
            |q| q.author_person = Some(Pattern("%山田%".into())),
            true,
        ),
        (
            "another author",
            |q| q.author_person = Some(Pattern("%鈴木%".into())),
            false,
        ),
        (
            "content type",
            |q| q.content_types = vec![model_code("content")],
            true,
        ),
        (
            "another content type",
            |q| q.content_types = vec![model_code("x")],
            false,
        ),
        ("another patient", |q| q.patient = patient("P2"), false),
    ];
    for (what, narrow, hit) in cases {
        let mut query = find_sets("P1");
        narrow(&mut query);
        let answer = db
            .ask(&world, StoredQuery::FindSubmissionSets(query))
            .await
            .unwrap();
        assert_eq!(ids(&answer) == [set], *hit, "{what}");
        assert_eq!(answer.objects.len(), usize::from(*hit), "{what}");
    }
}

#[tokio::test]
async fn get_queries_follow_associations() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let mut first = one("1.2.901", "1.2.101", &patient("P1"));
    in_folder(&mut first, "1.2.77", &patient("P1"));
    let first = db.register(&world, &first).await;
    let (set, doc, folder) = (first.sets[0].id, first.entries[0].id, first.folders[0].id);
    let [doc_in_set, folder_in_set, membership, membership_in_set] =
        [0, 1, 2, 3].map(|n| first.associations[n].id);
    let mut second = one("1.2.902", "1.2.102", &patient("P1"));
    relate(&mut second, A::Append, &urn(doc));
    let second = db.register(&world, &second).await;
    let (addendum, append) = (second.entries[0].id, second.associations[1].id);

    let ask = async |query: StoredQuery| {
        let mut found = ids(&db.ask(&world, query).await.unwrap());
        found.sort();
        found
    };
    let sorted = |ids: &[Uuid]| {
        let mut ids = ids.to_vec();
        ids.sort();
        ids
    };
    let by_uuid = |ids: &[Uuid]| EntryIds::EntryUuid(ids.to_vec());

    assert_eq!(
        ask(StoredQuery::GetDocuments(by_uuid(&[doc, uuid(9)]))).await,
        [doc]
    );
    assert_eq!(
        ask(StoredQuery::GetDocuments(by_uuid(&[set, folder]))).await,
        NONE
    );
    assert_eq!(
        ask(StoredQuery::GetDocuments(EntryIds::LogicalId(vec![doc]))).await,
        [doc]
    );
    assert_eq!(
        ask(StoredQuery::GetAssociations(vec![doc])).await,
        sorted(&[doc_in_set, membership, append])
    );
    assert_eq!(
        ask(StoredQuery::GetAssociations(vec![membership])).await,
        [membership_in_set]
    );
    assert_eq!(
        ask(StoredQuery::GetAssociations(vec![set, folder])).await,
        sorted(&[doc_in_set, folder_in_set, membership, membership_in_set])
    );
    assert_eq!(
        ask(StoredQuery::GetDocumentsAndAssociations(by_uuid(&[addendum]))).await,
        sorted(&[addendum, append, second.associations[0].id])
    );
    assert_eq!(
        ask(StoredQuery::GetSubmissionSets(vec![doc])).await,
        sorted(&[set, doc_in_set])
    );
    assert_eq!(
        ask(StoredQuery::GetSubmissionSets(vec![folder, addendum])).await,
        sorted(&[set, folder_in_set, second.sets[0].id, second.associations[0].id])
    );
    let everything_of_first = sorted(&[
        set,
        doc,
        folder,
        doc_in_set,
        folder_in_set,
        membership,
        membership_in_set,
    ]);
    for container in [
        ContainerId::EntryUuid(set),
        ContainerId::UniqueId("1.2.901".to_owned()),
    ] {
        assert_eq!(ask(contents(container)).await, everything_of_first);
    }
    assert_eq!(ask(contents(ContainerId::EntryUuid(doc))).await, NONE);
    assert_eq!(
        ask(contents(ContainerId::EntryUuid(second.sets[0].id))).await,
        sorted(&[second.sets[0].id, addendum, second.associations[0].id])
    );
    let mut filtered = any_entry();
    filtered.format_codes = vec![model_code("strange")];
    let filtered = StoredQuery::GetSubmissionSetAndContents(GetContents {
        container: ContainerId::EntryUuid(set),
        entries: filtered,
    });
    assert_eq!(ask(filtered).await, sorted(&[set, folder, folder_in_set]));
    assert_eq!(ask(get_all("P1")).await.len(), 5 + 6);
    assert_eq!(ask(get_all("P2")).await, NONE);
    // Ids alone are of the same objects.
    let refs = db
        .ask_for(&world, get_all("P1"), ReturnType::ObjectRef)
        .await
        .unwrap();
    assert!(refs.objects.len() == 11 && refs.objects.iter().all(|object| object.body.is_empty()));
}

#[tokio::test]
async fn a_reference_across_patients_is_found_from_the_document() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let doc = db
        .register(&world, &one("1.2.901", "1.2.101", &patient("P2")))
        .await
        .entries[0]
        .id;
    let mut submission = one("1.2.902", "1.2.102", &patient("P1"));
    submission.associations.push(held("x", &urn(doc), REFERENCE));
    let set = db.register(&world, &submission).await.sets[0].id;
    let holding = StoredQuery::GetSubmissionSets(vec![doc]);
    let answer = db.ask_for(&world, holding, ReturnType::ObjectRef).await.unwrap();
    assert!(ids(&answer).contains(&set));
    // In LeafClass form its contents are of two patients.
    let fault = db
        .ask(&world, contents(ContainerId::EntryUuid(set)))
        .await
        .unwrap_err();
    assert_eq!(fault.rule(), RuleId::ManyPatients);
    let refs = db
        .ask_for(
            &world,
            contents(ContainerId::EntryUuid(set)),
            ReturnType::ObjectRef,
        )
        .await
        .unwrap();
    assert_eq!(refs.objects.len(), 5);
}

#[tokio::test]
async fn auz_07_a_withheld_document_is_absent_in_every_shape() {
    let (db, own) = (Db::new().await, World::of("h1"));
    let mut submission = one("1.2.900", "1.2.100", &patient("P1"));
    in_folder(&mut submission, "1.2.77", &patient("P1"));
    let slot = Slot::single("urn:renkei:sharing-scope", "ORG_ONLY");
    submission.entries[0].extras.slots.push(slot);
    let changes = db.register(&own, &submission).await;
    let (set, doc, folder) = (changes.sets[0].id, changes.entries[0].id, changes.folders[0].id);
    let questions = || {
        vec![
            find_query(find("P1")),
            StoredQuery::FindSubmissionSets(find_sets("P1")),
            get_all("P1"),
            StoredQuery::GetDocuments(EntryIds::EntryUuid(vec![doc])),
            StoredQuery::GetDocuments(EntryIds::UniqueId(vec!["1.2.100".to_owned()])),
            StoredQuery::GetDocuments(EntryIds::LogicalId(vec![doc])),
            StoredQuery::GetDocumentsAndAssociations(EntryIds::EntryUuid(vec![doc])),
            StoredQuery::GetAssociations(vec![set, doc, folder, changes.associations[2].id]),
            StoredQuery::GetSubmissionSets(vec![doc, folder]),
            contents(ContainerId::EntryUuid(set)),
            contents(ContainerId::UniqueId("1.2.900".to_owned())),
        ]
    };
    let other = World::of("h2");
    for return_type in [ReturnType::LeafClass, ReturnType::ObjectRef] {
        for (number, query) in questions().into_iter().enumerate() {
            let answer = db.ask_for(&own, query, return_type).await.unwrap();
            assert!(!answer.objects.is_empty(), "its own sees it: {number}");
        }
        for (number, query) in questions().into_iter().enumerate() {
            let answer = db.ask_for(&other, query, return_type).await.unwrap();
            assert_eq!(ids(&answer), NONE, "a stranger does not: {number}");
            assert!(answer.withheld.count() > 0);
        }
    }
}

#[tokio::test]
async fn xds_22_the_limit_counts_what_is_shown() {
    let (db, world) = (Db::new().await, World::of("h1"));
    documents(&db, &world, &[|_| {}, |_| {}, |_| {}]).await;
    let ask = async |world: &World, max: usize| {
        let request = StoredQueryRequest {
            query: find_query(find("P1")),
            return_type: ReturnType::LeafClass,
        };
        let limits = ResultLimits {
            leaf_class_max: max,
            object_ref_max: max,
        };
        db.ask_plan(world, &plan(request, limits)).await
    };
    assert_eq!(ask(&world, 3).await.unwrap().objects.len(), 3);
    let fault = ask(&world, 2).await.unwrap_err();
    assert_eq!(fault.rule(), RuleId::TooManyResults);
    let stranger = World::apart("h2");
    let answer = ask(&stranger, 0).await.unwrap();
    assert_eq!((answer.objects.len(), answer.withheld.count()), (0, 3));
}

#[tokio::test]
async fn a_merged_patient_is_found_under_the_surviving_id() {
    let (db, world) = (Db::new().await, World::of("h1"));
    let doc = db
        .register(&world, &one("1.2.901", "1.2.101", &patient("P2")))
        .await
        .entries[0]
        .id;
    let merge = "UPDATE patient SET surviving = (SELECT key FROM patient WHERE id = 'P1') WHERE id = 'P2'";
    db.client().await.execute(merge, &[]).await.unwrap();
    let surviving = db.ask(&world, find_query(find("P1"))).await.unwrap();
    assert_eq!(ids(&surviving), [doc]);
    assert_eq!(surviving.objects[0].current.patient, Some(patient("P1")));
    assert_eq!(ids(&db.ask(&world, find_query(find("P2"))).await.unwrap()), NONE);
    let by_id = StoredQuery::GetDocuments(EntryIds::EntryUuid(vec![doc]));
    let by_id = db.ask(&world, by_id).await.unwrap();
    assert_eq!(by_id.objects[0].current.patient, Some(patient("P1")));
}
