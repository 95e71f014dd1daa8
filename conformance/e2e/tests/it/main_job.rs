//! Publish a document, find it, open it.

use std::time::{Duration, Instant};

use renkei_network::{Draft, Form, Options, Paper, Program, sha1};
use xds_ebxml::query::QueryBuilder;
use xds_ebxml::rs::ResponseStatus;
use xds_model::query::{QueryId, ReturnType};
use xds_model::{AssociationType, AvailabilityStatus, ObjectId};

use crate::soap::{self, Answered};
use crate::support::{
    accepted, assert_errors, assert_success, node, patient, published, shared, start, until,
};

const LEAF: ReturnType = ReturnType::LeafClass;
const APPROVED: AvailabilityStatus = AvailabilityStatus::Approved;
const DEPRECATED: AvailabilityStatus = AvailabilityStatus::Deprecated;

#[tokio::test]
async fn a_document_is_published_found_and_opened() {
    let (h1, c1) = (node("h1"), node("c1"));
    let patient = patient(shared()).await;
    let content = "紹介状 ".repeat(10_000).into_bytes();
    let published = published(&h1, &patient, content.clone()).await;

    let found = c1.find(&patient).await.unwrap();

    assert_eq!(found, published.entries);
    let entry = &found[0];
    assert_eq!(entry.hash, Some(sha1(&content)));
    assert_eq!(entry.size, Some(content.len() as u64));
    let sent = &published.draft.entries[0];
    assert_eq!(
        (&entry.title, &entry.authors[0].person),
        (&sent.title, &sent.authors[0].person)
    );
    assert_eq!(entry.source_patient_info, sent.source_patient_info);
    let (response, documents) = c1.retrieve(&[entry.unique_id.to_string()]).await.unwrap();
    assert_success(&response);
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].1, content);
    assert_eq!(documents[0].0.mime_type, "application/pdf");
}

#[tokio::test]
async fn documents_without_hash_and_size_get_them_and_an_empty_one_is_one() {
    let h1 = node("h1");
    let patient = patient(shared()).await;
    let mut draft = Draft::new(&h1.organisation, &patient, &[Paper::new("中身"), Paper::new("")]);
    for entry in &mut draft.entries {
        (entry.hash, entry.size, entry.repository_unique_id) = (None, None, None);
    }
    let published = accepted(&h1, draft).await;

    let ids: Vec<String> = published
        .entries
        .iter()
        .map(|entry| entry.unique_id.to_string())
        .collect();
    let (response, documents) = h1.retrieve(&ids).await.unwrap();

    assert_success(&response);
    assert_eq!(documents[0].1, "中身".as_bytes());
    assert_eq!(documents[1].1, b"");
    for (entry, (_, bytes)) in published.entries.iter().zip(&documents) {
        assert_eq!(entry.hash, Some(sha1(bytes)));
        assert_eq!(entry.size, Some(bytes.len() as u64));
        assert!(entry.repository_unique_id.is_some());
    }
}

#[tokio::test]
async fn simple_requests_are_answered_in_simple() {
    let h1 = node("h1");
    let patient = patient(shared()).await;
    let draft = Draft::new(&h1.organisation, &patient, &[Paper::new("inline")]);
    // base64 of the content.
    let body = soap::provide(&draft.request(), &[("Document01", "aW5saW5l".to_owned())]);
    let envelope = soap::envelope(&soap::headers(soap::PROVIDE), &body);
    let request = soap::simple(Program::Repository, envelope.as_bytes());
    let (answered, text) = soap::send(&h1, Program::Repository, &request).await;
    assert_eq!(answered, Answered::Response(true, Vec::new()), "{text}");
    assert!(text.contains("application/soap+xml"), "{text}");

    let wanted = format!(
        "<xds:RetrieveDocumentSetRequest xmlns:xds=\"urn:ihe:iti:xds-b:2007\"><xds:DocumentRequest>\
         <xds:RepositoryUniqueId>{}</xds:RepositoryUniqueId><xds:DocumentUniqueId>{}</xds:DocumentUniqueId>\
         </xds:DocumentRequest></xds:RetrieveDocumentSetRequest>",
        renkei_network::REPOSITORY_UNIQUE_ID,
        draft.unique_id()
    );
    let envelope = soap::envelope(&soap::headers(soap::RETRIEVE), &wanted);
    let request = soap::simple(Program::Repository, envelope.as_bytes());
    let (answered, text) = soap::send(&h1, Program::Repository, &request).await;
    assert_eq!(answered, Answered::Response(true, Vec::new()), "{text}");
    assert!(text.contains(">aW5saW5l<"), "{text}");
}

#[tokio::test]
async fn a_multipart_query_is_answered_in_multipart() {
    let h1 = node("h1");
    let patient = patient(shared()).await.to_string().replace('&', "&amp;");
    let envelope = soap::envelope(&soap::headers(soap::QUERY), &soap::find_documents(&patient));
    let body = soap::multipart("b1", &envelope, &[]);
    let request = soap::post(Program::Registry, &(soap::related("b1") + "\r\n"), &body);
    let (answered, text) = soap::send(&h1, Program::Registry, &request).await;
    assert_eq!(answered, Answered::Response(true, Vec::new()), "{text}");
    assert!(text.contains("multipart/related"), "{text}");
}

#[tokio::test]
async fn a_replacement_deprecates_what_it_replaces_and_its_addenda() {
    let h1 = node("h1");
    let patient = patient(shared()).await;
    let first = published(&h1, &patient, "v1").await;
    let paper = [Paper::new("addendum")];
    let addendum = Draft::new(&h1.organisation, &patient, &paper);
    let addendum = accepted(
        &h1,
        addendum.relating(AssociationType::Append, first.entry().unwrap()),
    )
    .await;
    let transform = Draft::new(&h1.organisation, &patient, &[Paper::new("as text")]);
    let transform = transform.relating(AssociationType::Transform, first.entry().unwrap());
    let transform = accepted(&h1, transform).await;
    assert_eq!(h1.find(&patient).await.unwrap().len(), 3);

    let second = Draft::new(&h1.organisation, &patient, &[Paper::new("v2")]);
    let second = accepted(
        &h1,
        second.relating(AssociationType::Replace, first.entry().unwrap()),
    )
    .await;

    let found = h1.find(&patient).await.unwrap();
    assert_eq!(found, second.entries);
    let ids = [&first, &addendum, &transform].map(|published| published.unique_id());
    let deprecated = h1.documents(&ids).await.unwrap();
    assert_eq!(deprecated.len(), 3);
    assert!(deprecated.iter().all(|entry| entry.status == Some(DEPRECATED)));
    // Deprecated documents are still there.
    let (response, documents) = h1.retrieve(&ids).await.unwrap();
    assert_success(&response);
    assert_eq!(documents.len(), 3);

    let third = Draft::new(&h1.organisation, &patient, &[Paper::new("v3")]);
    let third = third.relating(AssociationType::Replace, first.entry().unwrap());
    let response = h1.provide(&third).await.unwrap();
    assert_errors(&response, &["XDSRegistryDeprecatedDocumentError"]);
}

#[tokio::test]
async fn a_transform_that_replaces_and_a_folder_follows_the_replacement() {
    let h1 = node("h1");
    let patient = patient(shared()).await;
    let draft = Draft::new(&h1.organisation, &patient, &[Paper::new("in a folder")]).in_folder("転院");
    let first = accepted(&h1, draft).await;
    let next = Draft::new(&h1.organisation, &patient, &[Paper::new("as another form")]);
    let next = accepted(
        &h1,
        next.relating(AssociationType::TransformReplace, first.entry().unwrap()),
    )
    .await;

    let all = h1.query(&get_all(&patient.to_string())).await.unwrap().objects;

    assert_eq!(all.folders.len(), 1);
    let folder = &all.folders[0];
    assert_eq!(folder.title.first(), Some("転院"));
    let members: Vec<&ObjectId> = all
        .associations
        .iter()
        .filter(|link| link.kind == AssociationType::HasMember && link.source == folder.id)
        .map(|link| &link.target)
        .collect();
    assert!(members.contains(&&next.entries[0].id), "{members:?}");
    assert!(members.contains(&&first.entries[0].id), "{members:?}");
}

fn get_all(patient: &str) -> QueryBuilder {
    [
        "$XDSDocumentEntryStatus",
        "$XDSSubmissionSetStatus",
        "$XDSFolderStatus",
    ]
    .into_iter()
    .fold(
        QueryBuilder::new(QueryId::GetAll, LEAF).text("$patientId", patient),
        |query, name| query.statuses(name, [APPROVED, DEPRECATED]),
    )
}

/// Every stored query of this release, about one submission with a folder and one addendum to it.
#[tokio::test]
async fn every_stored_query_answers_in_both_return_types() {
    let h1 = node("h1");
    let patient = patient(shared()).await;
    let papers = [
        Paper::new("one"),
        Paper {
            form: Form::Summary,
            ..Paper::new("two")
        },
    ];
    let first = accepted(
        &h1,
        Draft::new(&h1.organisation, &patient, &papers).in_folder("束"),
    )
    .await;
    let addendum = Draft::new(&h1.organisation, &patient, &[Paper::new("three")]);
    let addendum = accepted(
        &h1,
        addendum.relating(AssociationType::Append, first.entry().unwrap()),
    )
    .await;

    let entry = first.entries[0].id.to_string();
    let all = h1.query(&get_all(&patient.to_string())).await.unwrap().objects;
    let set = all
        .sets
        .iter()
        .find(|set| set.unique_id == first.draft.set.unique_id)
        .unwrap();
    let set_id = set.id.to_string();
    let class = first.entries[1].class_code.as_ref().unwrap();

    // Query, and how many sets, entries, folders and associations it finds.
    type Build<'a> = Box<dyn Fn(ReturnType) -> QueryBuilder + 'a>;
    let cases: Vec<(Build<'_>, [usize; 4])> = vec![
        (
            Box::new(|kind| {
                QueryBuilder::new(QueryId::FindDocuments, kind)
                    .patient("$XDSDocumentEntryPatientId", &patient)
                    .statuses("$XDSDocumentEntryStatus", [APPROVED])
                    .codes("$XDSDocumentEntryClassCode", [&class.code])
            }),
            [0, 1, 0, 0],
        ),
        (
            Box::new(|kind| {
                QueryBuilder::new(QueryId::FindSubmissionSets, kind)
                    .patient("$XDSSubmissionSetPatientId", &patient)
                    .statuses("$XDSSubmissionSetStatus", [APPROVED])
            }),
            [2, 0, 0, 0],
        ),
        (
            Box::new(|kind| {
                [
                    "$XDSDocumentEntryStatus",
                    "$XDSSubmissionSetStatus",
                    "$XDSFolderStatus",
                ]
                .into_iter()
                .fold(
                    QueryBuilder::new(QueryId::GetAll, kind).patient("$patientId", &patient),
                    |query, name| query.statuses(name, [APPROVED]),
                )
            }),
            // SS-DE 2, SS-FD, FD-DE 2, SS-HM 2; SS-DE and APND of the addendum.
            [2, 3, 1, 9],
        ),
        (
            Box::new(|kind| {
                QueryBuilder::new(QueryId::GetDocuments, kind).list(
                    "$XDSDocumentEntryUniqueId",
                    first.entries.iter().map(|entry| entry.unique_id.to_string()),
                )
            }),
            [0, 2, 0, 0],
        ),
        (
            Box::new(|kind| QueryBuilder::new(QueryId::GetAssociations, kind).list("$uuid", [&entry])),
            [0, 0, 0, 3],
        ),
        (
            Box::new(|kind| {
                QueryBuilder::new(QueryId::GetDocumentsAndAssociations, kind)
                    .list("$XDSDocumentEntryEntryUUID", [&entry])
            }),
            [0, 1, 0, 3],
        ),
        (
            Box::new(|kind| QueryBuilder::new(QueryId::GetSubmissionSets, kind).list("$uuid", [&entry])),
            [1, 0, 0, 1],
        ),
        (
            Box::new(|kind| {
                QueryBuilder::new(QueryId::GetSubmissionSetAndContents, kind)
                    .text("$XDSSubmissionSetEntryUUID", &set_id)
            }),
            [1, 2, 1, 7],
        ),
    ];
    for (build, expected) in cases {
        let query = build(LEAF);
        let found = h1.query(&query).await.unwrap();
        assert_eq!(
            found.status,
            ResponseStatus::Success,
            "{query:?}: {:?}",
            found.errors
        );
        let objects = &found.objects;
        assert_eq!(objects.faults.len(), 0, "{:?}", objects.faults);
        let counts = [
            objects.sets.len(),
            objects.entries.len(),
            objects.folders.len(),
            objects.associations.len(),
        ];
        assert_eq!(counts, expected, "{query:?}");
        let references = h1.query(&build(ReturnType::ObjectRef)).await.unwrap();
        assert_eq!(
            references.references.len(),
            expected.iter().sum::<usize>(),
            "{query:?}"
        );
        assert_eq!(references.objects.entries.len(), 0);
    }
    assert_eq!(addendum.entries.len(), 1);
}

#[tokio::test]
async fn an_unknown_patient_is_refused_and_stores_nothing() {
    let h1 = node("h1");
    let unknown = shared().fresh_patient();
    let draft = Draft::new(&h1.organisation, &unknown, &[Paper::new("for nobody")]);

    let response = h1.provide(&draft).await.unwrap();

    assert_errors(&response, &["XDSUnknownPatientId"]);
    assert!(
        response.errors[0].context.contains(&unknown.to_string()),
        "{response:?}"
    );
    let (response, documents) = h1.retrieve(&[draft.unique_id()]).await.unwrap();
    assert_errors(&response, &["XDSDocumentUniqueIdError"]);
    assert_eq!(documents.len(), 0);
}

/// Two hospitals of one legal entity see each other's records; a clinic sees them while an agreement of joint use is in
/// force, which a running registry learns within three seconds.
#[tokio::test]
async fn who_sees_what_follows_the_agreement() {
    let network = tokio::task::spawn_blocking(|| {
        start(&Options {
            joint_use: false,
            ..Options::default()
        })
    });
    let network = network.await.unwrap();
    let [h1, h2, c1] = ["h1", "h2", "c1"].map(|name| network.node(name).unwrap());
    let patient = patient(&network).await;
    let document = published(&h1, &patient, "ours").await;
    let id = [document.unique_id()];

    assert_eq!(h1.find(&patient).await.unwrap().len(), 1);
    assert_eq!(h2.find(&patient).await.unwrap().len(), 1);
    assert_eq!(c1.find(&patient).await.unwrap().len(), 0);
    assert_eq!(h2.retrieve(&id).await.unwrap().1.len(), 1);
    // What is withheld is what does not exist.
    let (withheld, none) = c1.retrieve(&id).await.unwrap();
    assert_eq!(none.len(), 0);
    let (unknown, _) = c1.retrieve(&["1.2.392.9.9.9.7.404"]).await.unwrap();
    assert_errors(&withheld, &["XDSDocumentUniqueIdError"]);
    assert_eq!(withheld.errors[0].context, unknown.errors[0].context);
    assert_eq!(c1.documents(&id).await.unwrap().len(), 0);

    network.agree().unwrap();
    let set = Instant::now();
    until("the clinic sees the document", Duration::from_secs(3), || async {
        c1.find(&patient).await.unwrap().len() == 1
    })
    .await;
    assert!(set.elapsed() < Duration::from_secs(3));
    assert_eq!(c1.retrieve(&id).await.unwrap().1[0].1, b"ours");

    network.disagree().unwrap();
    until("the clinic sees it no more", Duration::from_secs(3), || async {
        c1.find(&patient).await.unwrap().is_empty()
    })
    .await;
    assert_eq!(c1.retrieve(&id).await.unwrap().1.len(), 0);
}
