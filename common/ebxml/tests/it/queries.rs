//! ITI-18 requests: the parameter tables, every fault, and what the builder writes.

use xds_ebxml::query::parameters::{Kind, Multiplicity, Need, Parameter, parameters};
use xds_ebxml::query::{QueryBuilder, QueryLimits, raw_query, read_query};
use xds_model::query::{
    ContainerId, EntryIds, Pattern, QueryId, ReturnType, StoredQuery, StoredQueryRequest,
};
use xds_model::{AvailabilityStatus, Code, DocumentEntryType, Fault, RuleId};
use xds_xml::{Document, Limits};

use crate::support::{assert_valid, sample, summary, with_body};

const APPROVED: &str = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved";
const PATIENT: &str = "R1^^^&1.2.392.9.9&ISO";
const UUID: &str = "urn:uuid:bbc362bb-88b3-593a-a324-1881ef3c52d7";

fn read(builder: &QueryBuilder) -> Result<StoredQueryRequest, Vec<Fault>> {
    let mut out = String::new();
    builder.write(&mut out);
    with_body(&out, |root| read_query(root, QueryLimits::default()))
}

fn rules(builder: &QueryBuilder) -> Vec<(RuleId, String)> {
    summary(&read(builder).unwrap_err())
}

fn at(name: &str) -> String {
    format!("AdhocQueryRequest/AdhocQuery/Slot[{name}]")
}

fn new(query: QueryId) -> QueryBuilder {
    QueryBuilder::new(query, ReturnType::LeafClass)
}

/// A value of the right form for a parameter.
fn with(builder: QueryBuilder, parameter: &Parameter) -> QueryBuilder {
    let value = match parameter.kind {
        Kind::Patient => PATIENT,
        Kind::Code => "C^^1.2",
        Kind::Time => "2026",
        Kind::Text | Kind::Pattern => "x",
        Kind::Urn if parameter.name.ends_with("Type") => "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248",
        Kind::Urn if parameter.name.ends_with("Status") => APPROVED,
        Kind::Urn => UUID,
    };
    match (parameter.multiplicity, parameter.kind) {
        (Multiplicity::Single, Kind::Time) => builder.number(parameter.name, value),
        (Multiplicity::Single, _) => builder.text(parameter.name, value),
        _ => builder.list(parameter.name, [value]),
    }
}

/// The smallest legal form of a query.
fn least(query: QueryId) -> QueryBuilder {
    let mut builder = parameters(query)
        .filter(|parameter| parameter.need == Need::Required)
        .fold(new(query), with);
    if let Some(first) = parameters(query).find(|parameter| parameter.need == Need::OneOf) {
        builder = with(builder, first);
    }
    builder
}

const SERVED: [QueryId; 8] = [
    QueryId::FindDocuments,
    QueryId::FindSubmissionSets,
    QueryId::GetAll,
    QueryId::GetDocuments,
    QueryId::GetAssociations,
    QueryId::GetDocumentsAndAssociations,
    QueryId::GetSubmissionSets,
    QueryId::GetSubmissionSetAndContents,
];

#[test]
fn served_queries_are_read_in_their_least_form() {
    for query in SERVED {
        let builder = least(query);
        let mut out = String::new();
        builder.write(&mut out);
        assert_valid(&out);
        assert_eq!(read(&builder).unwrap().query.id(), query);
    }
}

#[test]
fn xds_21_a_missing_parameter_is_named() {
    for query in SERVED {
        for parameter in parameters(query).filter(|parameter| parameter.need == Need::Required) {
            let others = parameters(query)
                .filter(|other| other.need == Need::Required && other.name != parameter.name);
            let faults = rules(&others.fold(new(query), with));
            assert_eq!(
                faults,
                [(RuleId::MissingParameter, at(parameter.name))],
                "{query:?}"
            );
        }
    }
    let none = rules(&new(QueryId::GetDocuments));
    assert_eq!(
        none,
        [(RuleId::MissingParameter, at("$XDSDocumentEntryEntryUUID"))]
    );
}

#[test]
fn exclusive_parameters_exclude_each_other() {
    let both = new(QueryId::GetDocuments)
        .list("$XDSDocumentEntryEntryUUID", [UUID])
        .list("$XDSDocumentEntryUniqueId", ["1.2"]);
    assert_eq!(
        rules(&both),
        [(RuleId::ParameterNumber, at("$XDSDocumentEntryEntryUUID"))]
    );
}

#[test]
fn xds_21_only_lists_of_lists_may_be_repeated() {
    for query in SERVED {
        for parameter in parameters(query) {
            let twice = with(with(new(query), parameter), parameter);
            let said = read(&twice).err().unwrap_or_default();
            let is_refused = summary(&said).contains(&(RuleId::ParameterNumber, at(parameter.name)));
            assert_eq!(
                is_refused,
                parameter.multiplicity != Multiplicity::ListOfLists,
                "{}",
                parameter.name
            );
        }
    }
}

#[test]
fn xds_21_values_of_a_wrong_form_are_named() {
    for query in SERVED {
        for parameter in parameters(query) {
            for bad in ["('a'", "\"a\"", "a", "", "'a", "()"] {
                let faults = rules(&new(query).raw(parameter.name, bad));
                assert!(
                    faults.contains(&(RuleId::ParameterForm, at(parameter.name))),
                    "{} {bad}",
                    parameter.name
                );
            }
        }
    }
}

#[test]
fn parentheses_and_quotes_are_demanded_of_lists_and_texts() {
    let status = "$XDSDocumentEntryStatus";
    let patient = "$XDSDocumentEntryPatientId";
    let base = || new(QueryId::FindDocuments).text(patient, PATIENT);
    assert_eq!(
        rules(&base().text(status, APPROVED)),
        [(RuleId::ParameterForm, at(status))]
    );
    assert_eq!(
        rules(&base().raw(status, "(1)")),
        [(RuleId::ParameterForm, at(status))]
    );
    let find = || new(QueryId::FindDocuments).list(status, [APPROVED]);
    assert!(read(&find().raw(patient, &format!("('{PATIENT}')"))).is_ok());
    assert_eq!(
        rules(&find().raw(patient, &format!("('{PATIENT}','{PATIENT}')"))),
        [(RuleId::ParameterNumber, at(patient))]
    );
    for bad in ["R1", "R1^^^", "x^^^&1.2&DNS"] {
        assert_eq!(
            rules(&find().text(patient, bad)),
            [(RuleId::ParameterForm, at(patient))],
            "{bad}"
        );
    }
    // Every fault at once, although the patient is missing.
    let many = rules(
        &new(QueryId::FindDocuments)
            .list("$XDSDocumentEntryClassCode", ["x"])
            .number("$XDSDocumentEntryCreationTimeFrom", "20261"),
    );
    let rules: Vec<_> = many.into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(
        rules,
        [
            RuleId::MissingParameter,
            RuleId::MissingParameter,
            RuleId::CodeParameterForm,
            RuleId::ParameterForm
        ]
    );
}

#[test]
fn find_documents_is_typed() {
    let code = |code: &str| Code {
        code: code.to_owned(),
        scheme: "1.2".to_owned(),
    };
    let builder = least(QueryId::FindDocuments)
        .codes("$XDSDocumentEntryClassCode", &[code("a'b"), code("c")])
        .list("$XDSDocumentEntryEventCodeList", ["e1^^1.2", "e2^^1.2"])
        .list("$XDSDocumentEntryEventCodeList", ["e3^^1.2"])
        .list("$XDSDocumentEntryAuthorPerson", ["%佐藤%", "a_"])
        .number("$XDSDocumentEntryCreationTimeFrom", "2026")
        .text("$XDSDocumentEntryServiceStopTimeTo", "20261124")
        .raw("$XDSDocumentEntryType", "('urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248','urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1')")
        .text("$Unknown", "x")
        .text("$XDSSubmissionSetPatientId", "not of this query");
    let StoredQuery::FindDocuments(find) = read(&builder).unwrap().query else {
        panic!()
    };
    assert_eq!(find.patient.to_string(), PATIENT);
    assert_eq!(find.statuses, [AvailabilityStatus::Approved]);
    assert_eq!(find.class_codes, [code("a'b"), code("c")]);
    assert_eq!(
        find.event_codes.0,
        [vec![code("e1"), code("e2")], vec![code("e3")]]
    );
    assert_eq!(
        find.author_persons,
        [Pattern("%佐藤%".into()), Pattern("a_".into())]
    );
    assert_eq!(
        find.types,
        [DocumentEntryType::OnDemand, DocumentEntryType::Stable]
    );
    assert_eq!(find.creation_time.from.unwrap().as_str(), "2026");
    assert_eq!(find.service_stop_time.to.unwrap().as_str(), "20261124");
    assert!(find.confidentiality_codes.0.is_empty() && find.creation_time.to.is_none());
}

#[test]
fn statuses_that_are_not_understood_do_not_count() {
    let status = "$XDSDocumentEntryStatus";
    let find = || new(QueryId::FindDocuments).text("$XDSDocumentEntryPatientId", PATIENT);
    let strange = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Approved";
    let StoredQuery::FindDocuments(both) = read(&find().list(status, [strange, APPROVED])).unwrap().query
    else {
        panic!()
    };
    assert_eq!(both.statuses, [AvailabilityStatus::Approved]);
    assert_eq!(
        rules(&find().list(status, [strange])),
        [(RuleId::MissingParameter, at(status))]
    );
}

#[test]
fn ids_that_are_no_uuid_name_nothing() {
    let query = |ids: &[&str]| {
        read(&new(QueryId::GetDocuments).list("$XDSDocumentEntryEntryUUID", ids))
            .unwrap()
            .query
    };
    let found = query(&["Document01", &UUID.replace("bbc", "BBC"), "urn:uuid:x", UUID]);
    let StoredQuery::GetDocuments(EntryIds::EntryUuid(ids)) = found else {
        panic!()
    };
    assert_eq!(ids.len(), 2);
    assert!(ids.iter().all(|id| format!("urn:uuid:{id}") == UUID));
    assert!(matches!(query(&["x"]), StoredQuery::GetDocuments(EntryIds::EntryUuid(ids)) if ids.is_empty()));
    let unique = read(&new(QueryId::GetDocuments).list("$XDSDocumentEntryUniqueId", ["1.2^a,b"])).unwrap();
    assert_eq!(
        unique.query,
        StoredQuery::GetDocuments(EntryIds::UniqueId(vec!["1.2^a,b".to_owned()]))
    );
    let set = new(QueryId::GetSubmissionSetAndContents).text("$XDSSubmissionSetUniqueId", "1.2.3");
    let StoredQuery::GetSubmissionSetAndContents(contents) = read(&set).unwrap().query else {
        panic!()
    };
    assert_eq!(contents.container, ContainerId::UniqueId("1.2.3".to_owned()));
    assert_eq!(contents.entries.types, [DocumentEntryType::Stable]);
    let nowhere = new(QueryId::GetSubmissionSetAndContents).text("$XDSSubmissionSetEntryUUID", "x");
    assert!(read(&nowhere).is_ok());
}

#[test]
fn codes_have_both_parts() {
    for bad in ["C", "C^1.2", "C^^", "^^1.2", "C^x^1.2", "C^^1.2^x", ""] {
        let query = least(QueryId::FindDocuments).list("$XDSDocumentEntryFormatCode", [bad]);
        assert_eq!(
            rules(&query),
            [(RuleId::CodeParameterForm, at("$XDSDocumentEntryFormatCode"))],
            "{bad}"
        );
    }
}

#[test]
fn the_number_of_values_is_limited() {
    let ids = |count: usize| new(QueryId::GetDocuments).list("$XDSDocumentEntryUniqueId", vec!["1.2"; count]);
    assert!(read(&ids(1_000)).is_ok());
    assert_eq!(
        rules(&ids(1_001)),
        [(RuleId::TooManyValues, at("$XDSDocumentEntryUniqueId"))]
    );
}

#[test]
fn long_lists_are_split_between_values() {
    let ids: Vec<String> = (0..100).map(|number| format!("1.2.3.{number}'")).collect();
    let builder = new(QueryId::GetDocuments).list("$XDSDocumentEntryUniqueId", &ids);
    let mut out = String::new();
    builder.write(&mut out);
    assert_valid(&out);
    let StoredQuery::GetDocuments(EntryIds::UniqueId(read)) = read(&builder).unwrap().query else {
        panic!()
    };
    assert_eq!(read, ids);
}

#[test]
fn return_types() {
    let text = sample("iti18-get-documents.xml");
    let query = |text: &str| with_body(text, |root| read_query(root, QueryLimits::default()));
    assert_eq!(query(&text).unwrap().return_type, ReturnType::LeafClass);
    assert_eq!(
        query(&text.replace("LeafClass", "ObjectRef"))
            .unwrap()
            .return_type,
        ReturnType::ObjectRef
    );
    for bad in ["LeafClassWithRepositoryItem", "RegistryObject", "leafclass", ""] {
        let faults = query(&text.replace("LeafClass", bad)).unwrap_err();
        assert_eq!(summary(&faults)[0].0, RuleId::ReturnType, "{bad}");
    }
    assert!(query(&text.replace(" returnType=\"LeafClass\"", "")).is_err());
}

#[test]
fn query_ids() {
    for query in QueryId::ALL {
        let is_served = SERVED.contains(query);
        assert_eq!(read(&least(*query)).is_ok(), is_served, "{query:?}");
    }
    for id in ["", "urn:uuid:3d1bdb10-39a2-11de-89c2-2f44d94eaa9f", "x"] {
        let faults = read(&QueryBuilder::with_id(id, ReturnType::ObjectRef)).unwrap_err();
        assert_eq!(
            summary(&faults),
            [(
                RuleId::UnknownQuery,
                "AdhocQueryRequest/AdhocQuery/@id".to_owned()
            )]
        );
        assert!(faults[0].context().starts_with(id));
    }
    let padded = format!("\n  {}\n ", QueryId::GetDocuments.urn());
    assert_eq!(QueryId::from_urn(&padded), Some(QueryId::GetDocuments));
}

#[test]
fn xds_20_values_are_taken_literally() {
    for text in [
        "'", "''", "\\", "%", "_", ";--", "$1", ")", "(", "','", "')--", "a\nb", "<&>\"", "𠮷",
    ] {
        let query = new(QueryId::GetDocuments).list("$XDSDocumentEntryUniqueId", [text]);
        assert_eq!(
            read(&query).unwrap().query,
            StoredQuery::GetDocuments(EntryIds::UniqueId(vec![text.to_owned()])),
            "{text}"
        );
    }
}

#[test]
fn comments_in_values_are_refused() {
    let text = sample("iti18-find-documents.xml").replace("NISTSAMPLE-1^", "NIST<!-- -->SAMPLE-1^");
    let faults = with_body(&text, |root| read_query(root, QueryLimits::default())).unwrap_err();
    assert_eq!(summary(&faults)[0].0, RuleId::ParameterForm);
}

#[test]
fn the_raw_query_stands_alone() {
    let text = sample("iti18-find-documents.xml");
    let raw = with_body(&text, raw_query);
    let document = Document::parse(raw.as_bytes(), &Limits::default()).unwrap();
    assert!(read_query(document.root(), QueryLimits::default()).is_ok());
    assert!(raw.starts_with("<query:AdhocQueryRequest"));
}
