//! Rows of the hardening catalogue on authorisation.

use renkei_network::{Draft, Network, ORGANISATIONS, Paper, Program, REPOSITORY_UNIQUE_ID};
use xds_ebxml::query::QueryBuilder;
use xds_model::query::{QueryId, ReturnType};
use xds_model::{AssociationType, AvailabilityStatus, PatientId};

use crate::five_checks::{CANARIES, Case};
use crate::soap::{
    Answered, QUERY, REGISTER, RETRIEVE, SIMPLE, envelope, find_documents, headers, post, send, simple,
};
use crate::support::{assert_errors, patient, published};

fn canary() -> Paper {
    Paper {
        title: CANARIES[2].to_owned(),
        ..Paper::new(format!("{} bytes", CANARIES[4]))
    }
}

/// A clinic says that a hospital wrote what it sends, in each place where an author stands.
#[tokio::test]
async fn auz_01_another_organisation_as_author() {
    let (case, (c1, patient)) =
        Case::begin(async |network: &'static Network| (network.node("c1").unwrap(), patient(network).await))
            .await;
    let [hospital, ..] = ORGANISATIONS;
    let honest = Draft::new(&c1.organisation, &patient, &[canary()]);
    let institutions = vec![hospital.xon()];
    let mut of_entry = honest.clone();
    of_entry.entries[0].authors[0].institutions = institutions.clone();
    let mut of_set = honest.clone();
    of_set.set.authors[0].institutions = institutions;
    let mut replies = String::new();
    for (name, spoilt) in [("entry", of_entry), ("set", of_set)] {
        let response = c1.provide(&spoilt).await.unwrap();
        let code = response
            .errors
            .first()
            .map(|error| error.code.clone())
            .unwrap_or_default();
        assert!(
            code == "XDSRegistryError" || code == "XDSRepositoryError",
            "{name}: {response:?}"
        );
        assert_errors(&response, &[code.as_str()]);
        replies.push_str(&format!("{response:?}"));
    }
    case.end_with_any_refusals(&replies).await;
}

/// A clinic changes what a hospital published: it cannot see it, so it cannot name it.
#[tokio::test]
async fn auz_02_others_documents_are_not_changed() {
    let (case, (c1, patient, document)) = Case::begin(async |network: &'static Network| {
        let patient = patient(network).await;
        let document = published(&network.node("h1").unwrap(), &patient, "the hospital's").await;
        (network.node("c1").unwrap(), patient, document)
    })
    .await;
    let mut replies = String::new();
    for kind in [
        AssociationType::Replace,
        AssociationType::Append,
        AssociationType::Transform,
    ] {
        let draft = Draft::new(&c1.organisation, &patient, &[canary()]);
        let response = c1
            .provide(&draft.relating(kind, document.entry().unwrap()))
            .await
            .unwrap();
        let unknown = Draft::new(&c1.organisation, &patient, &[canary()]);
        let nobody = uuid::Uuid::from_u128(0x7e3f_6a52_6a3c_4f1e_9d55_0e6c_1d1f_0001);
        let absent = c1.provide(&unknown.relating(kind, nobody)).await.unwrap();
        assert_errors(&response, &["UnresolvedReferenceException"]);
        assert_errors(&absent, &["UnresolvedReferenceException"]);
        replies.push_str(&format!("{response:?}{absent:?}"));
    }
    case.end_with_any_refusals(&replies).await;
}

/// Every stored query about a patient or objects that are withheld, that are unknown, and that have nothing.
#[tokio::test]
async fn auz_03_denied_unknown_and_empty_are_one_answer() {
    let (case, (c1, denied, empty, document)) = Case::begin(async |network: &'static Network| {
        let denied = patient(network).await;
        let document = published(&network.node("h1").unwrap(), &denied, "the hospital's").await;
        (
            network.node("c1").unwrap(),
            denied,
            patient(network).await,
            document,
        )
    })
    .await;
    let unknown = case.network.fresh_patient();
    let h1 = case.network.node("h1").unwrap();
    let set = QueryBuilder::new(QueryId::GetSubmissionSets, ReturnType::LeafClass)
        .list("$uuid", [document.entries[0].id.to_string()]);
    let set = h1.query(&set).await.unwrap().objects.sets[0].id.to_string();
    let nobody = "urn:uuid:7e3f6a52-6a3c-4f1e-9d55-0e6c1d1f0001".to_owned();
    let approved = [AvailabilityStatus::Approved];
    let mut answers = 0;
    for kind in [ReturnType::LeafClass, ReturnType::ObjectRef] {
        let of_patient = |patient: &PatientId| {
            vec![
                QueryBuilder::new(QueryId::FindDocuments, kind)
                    .patient("$XDSDocumentEntryPatientId", patient)
                    .statuses("$XDSDocumentEntryStatus", approved),
                QueryBuilder::new(QueryId::FindSubmissionSets, kind)
                    .patient("$XDSSubmissionSetPatientId", patient)
                    .statuses("$XDSSubmissionSetStatus", approved),
                [
                    "$XDSDocumentEntryStatus",
                    "$XDSSubmissionSetStatus",
                    "$XDSFolderStatus",
                ]
                .into_iter()
                .fold(
                    QueryBuilder::new(QueryId::GetAll, kind).patient("$patientId", patient),
                    |query, name| query.statuses(name, approved),
                ),
            ]
        };
        let of_object = |entry: &str, set: &str| {
            let mut queries = vec![
                QueryBuilder::new(QueryId::GetSubmissionSetAndContents, kind)
                    .text("$XDSSubmissionSetEntryUUID", set),
            ];
            for (query, name) in [
                (QueryId::GetDocuments, "$XDSDocumentEntryEntryUUID"),
                (QueryId::GetDocumentsAndAssociations, "$XDSDocumentEntryEntryUUID"),
                (QueryId::GetAssociations, "$uuid"),
                (QueryId::GetSubmissionSets, "$uuid"),
            ] {
                queries.push(QueryBuilder::new(query, kind).list(name, [entry]));
            }
            queries
        };
        let cases = [
            (
                of_patient(&denied),
                vec![of_patient(&unknown), of_patient(&empty)],
            ),
            (
                of_object(&document.entries[0].id.to_string(), &set),
                vec![of_object(&nobody, &nobody)],
            ),
        ];
        for (withheld, others) in cases {
            for other in others {
                for (withheld, other) in withheld.iter().zip(&other) {
                    let [withheld, other] = [body(&c1, withheld).await, body(&c1, other).await];
                    assert_eq!(withheld, other);
                    assert!(withheld.contains("ResponseStatusType:Success"), "{withheld}");
                    answers += 1;
                }
            }
        }
    }
    assert_eq!(answers, 2 * (3 * 2 + 5));
    case.end_but(&["ITI-18 0"], "").await;
}

/// The whole answer to a query, without what is fresh in each: MessageID, RelatesTo and the date.
pub(crate) async fn body(node: &renkei_network::Node, query: &QueryBuilder) -> String {
    let mut text = String::new();
    query.write(&mut text);
    let message = envelope(&headers(QUERY), &text);
    let (answered, text) = send(
        node,
        Program::Registry,
        &simple(Program::Registry, message.as_bytes()),
    )
    .await;
    assert!(matches!(answered, Answered::Response(..)), "{text}");
    without_fresh(&text)
}

fn without_fresh(text: &str) -> String {
    let mut text = text.to_owned();
    for (start, end) in [
        ("<wsa:MessageID>", "</wsa:MessageID>"),
        ("<wsa:RelatesTo>", "</wsa:RelatesTo>"),
        ("date: ", "\n"),
    ] {
        if let Some((before, rest)) = text.split_once(start) {
            let after = rest.split_once(end).map(|(_, after)| after).unwrap_or_default();
            text = format!("{before}{after}");
        }
    }
    text
}

#[tokio::test]
async fn auz_05_a_retrieval_tells_no_more_than_a_query() {
    let (case, (c1, document)) = Case::begin(async |network: &'static Network| {
        let patient = patient(network).await;
        let document = published(&network.node("h1").unwrap(), &patient, "the hospital's").await;
        (network.node("c1").unwrap(), document)
    })
    .await;
    let retrieve = |unique_id: &str| {
        format!(
            "<xds:RetrieveDocumentSetRequest xmlns:xds=\"urn:ihe:iti:xds-b:2007\"><xds:DocumentRequest>\
             <xds:RepositoryUniqueId>{REPOSITORY_UNIQUE_ID}</xds:RepositoryUniqueId>\
             <xds:DocumentUniqueId>{unique_id}</xds:DocumentUniqueId></xds:DocumentRequest>\
             </xds:RetrieveDocumentSetRequest>"
        )
    };
    // Of one length.
    let denied = document.unique_id();
    let unknown = renkei_network::fresh_oid().to_string();
    let mut answers = Vec::new();
    for id in [&denied, &unknown] {
        let message = envelope(&headers(RETRIEVE), &retrieve(id));
        let request = simple(Program::Repository, message.as_bytes());
        let (answered, text) = send(&c1, Program::Repository, &request).await;
        assert_eq!(answered, Answered::error("XDSDocumentUniqueIdError"), "{text}");
        let text = without_fresh(&text).replace(id.as_str(), "ID");
        // The length of an id is the client's own.
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("content-length"))
            .collect();
        answers.push(lines.join("\n"));
    }
    assert_eq!(answers[0], answers[1]);
    case.end_with_any_refusals(&answers.concat()).await;
}

/// Each node sends each transaction: what its entry does not list is refused, and changes nothing.
#[tokio::test]
async fn auz_18_each_node_sends_what_its_entry_lists() {
    let (case, patient) = Case::begin(async |network: &'static Network| patient(network).await).await;
    let c1 = case.network.node("c1").unwrap();
    let draft = Draft::new(&c1.organisation, &patient, &[canary()]);
    let message = envelope(&headers(REGISTER), &draft.request());
    let (answered, mut replies) = send(
        &c1,
        Program::Registry,
        &simple(Program::Registry, message.as_bytes()),
    )
    .await;
    assert!(
        !matches!(answered, Answered::Response(true, _)),
        "{answered:?} {replies}"
    );
    // A consumer does not feed patients.
    let ack = c1
        .feed_patient(&case.network.fresh_patient(), ("検査", "太郎"))
        .await
        .unwrap();
    assert!(ack.contains("MSA|AE|"), "{ack}");
    replies.push_str(&ack);
    // Nor does a hospital for an authority that its entry does not list.
    let h2 = case.network.node("h2").unwrap();
    let ack = h2
        .feed_patient(&case.network.fresh_patient(), ("検査", "太郎"))
        .await
        .unwrap();
    assert!(ack.contains("MSA|AE|"), "{ack}");
    // What only a repository asks.
    let question = post(Program::Registry, "Content-Type: application/json\r\n", b"{}");
    let question = String::from_utf8(question)
        .unwrap()
        .replace("/xds/registry", "/xds/registry/nodes");
    let (answered, text) = send(&c1, Program::Registry, question.as_bytes()).await;
    assert_eq!(answered, Answered::Http(403), "{text}");
    // In the name of another node.
    let query = envelope(&headers(QUERY), &find_documents("X^^^&amp;1.2.3&amp;ISO"));
    let lines = format!("Content-Type: {SIMPLE}\r\nrenkei-submitting-node: h1\r\n");
    let (answered, text) = send(
        &c1,
        Program::Registry,
        &post(Program::Registry, &lines, query.as_bytes()),
    )
    .await;
    assert!(!matches!(answered, Answered::Response(..)), "{text}");
    // The repository's certificate is not for queries.
    let repository = case.network.node("repository").unwrap();
    let (answered, text) = send(
        &repository,
        Program::Registry,
        &simple(Program::Registry, query.as_bytes()),
    )
    .await;
    assert!(!matches!(answered, Answered::Response(..)), "{text}");
    case.end_with_any_refusals(&replies).await;
}
