//! Stored queries to plans.

use registry_core::plan::{Bounds, Groups, ResultLimits, Search, plan};
use xds_model::query::{
    AnyOfAll, EntryFilter, FindDocuments, GetAll, Pattern, ReturnType, StoredQuery, StoredQueryRequest,
    TimeRange,
};
use xds_model::{AvailabilityStatus, Code, DocumentEntryType};

use crate::fixture::patient;

fn code(text: &str) -> Code {
    Code {
        code: text.to_owned(),
        scheme: "1.9".to_owned(),
    }
}

pub(crate) fn find_documents() -> FindDocuments {
    FindDocuments {
        patient: patient("P1"),
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

#[test]
fn values_are_as_the_store_compares_them() {
    let query = FindDocuments {
        class_codes: vec![code("a"), code("b")],
        event_codes: AnyOfAll(vec![vec![code("x"), code("y")], vec![code("z")]]),
        author_persons: vec![Pattern("%Welby%".to_owned())],
        creation_time: TimeRange {
            from: Some("2026".parse().unwrap()),
            to: Some("202602".parse().unwrap()),
        },
        availabilities: vec!["urn:ihe:iti:2010:DocumentAvailability:Offline".to_owned()],
        ..find_documents()
    };
    let request = StoredQueryRequest {
        query: StoredQuery::FindDocuments(Box::new(query)),
        return_type: ReturnType::LeafClass,
    };
    let plan = plan(request, ResultLimits::default());
    assert_eq!((plan.objects_max, plan.with_bodies()), (5_000, true));
    let Search::Entries(search) = plan.search else {
        panic!("entries are searched");
    };
    assert_eq!(
        search.class_codes.unwrap(),
        ["a^^1.9".to_owned(), "b^^1.9".to_owned()]
    );
    let groups = Groups {
        values: vec!["x^^1.9".into(), "y^^1.9".into(), "z^^1.9".into()],
        groups: vec![1, 1, 2],
    };
    assert_eq!(search.event_codes, Some(groups));
    assert_eq!(search.confidentiality_codes, None);
    assert_eq!(search.author_persons.unwrap(), ["%Welby%"]);
    let bounds = Bounds {
        from: Some("20260101000000".into()),
        to: Some("20260201000000".into()),
    };
    assert_eq!(search.creation_time, bounds);
    assert_eq!(search.online, Some(vec![false]));
    assert_eq!(search.types, [1], "Stable only, unless asked otherwise");
}

#[test]
fn both_types_come_when_both_are_asked_for() {
    let query = GetAll {
        patient: patient("P1"),
        entry_statuses: vec![AvailabilityStatus::Approved, AvailabilityStatus::Deprecated],
        set_statuses: vec![AvailabilityStatus::Approved],
        folder_statuses: vec![AvailabilityStatus::Approved],
        entries: EntryFilter {
            format_codes: vec![],
            confidentiality_codes: AnyOfAll::default(),
            types: vec![DocumentEntryType::Stable, DocumentEntryType::OnDemand],
        },
    };
    let request = StoredQueryRequest {
        query: StoredQuery::GetAll(query),
        return_type: ReturnType::ObjectRef,
    };
    let plan = plan(request, ResultLimits::default());
    assert_eq!((plan.objects_max, plan.with_bodies()), (50_000, false));
    let Search::All(search) = plan.search else {
        panic!("everything is searched");
    };
    assert_eq!(search.entries.types, [1, 2]);
    assert_eq!(search.entry_statuses, [1, 2]);
}
