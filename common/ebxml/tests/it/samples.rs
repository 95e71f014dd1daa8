//! The vendored sample messages, read and written again.

use xds_ebxml::provide::read_provide;
use xds_ebxml::query::{QueryLimits, read_query, read_query_response};
use xds_ebxml::retrieve::{Content, DOCUMENTS_MAX, read_request, read_response};
use xds_ebxml::rim::{ObjectLimits, SenderColumn, read_submission, write_submission};
use xds_ebxml::rs::{ResponseStatus, read_registry_response};
use xds_model::query::{EntryIds, StoredQuery};
use xds_model::{AssociationType, DocumentEntryType, RuleId, SubmissionSetStatus};

use crate::support::{COMPLETE, assert_valid, faults, received, sample, summary, with_body};

#[test]
fn submissions_are_read_without_faults() {
    for (name, entries, folders, associations) in [
        ("iti42-register-one-document.xml", 1, 0, 1),
        ("iti42-register-with-reference-id.xml", 1, 0, 1),
        ("iti57-update-document-entry.xml", 1, 0, 1),
        ("iti61-register-on-demand.xml", 1, 0, 1),
    ] {
        let read = received(&sample(name));
        assert_eq!(summary(&read.faults), [], "{name}");
        assert_eq!(
            (
                read.sets.len(),
                read.entries.len(),
                read.folders.len(),
                read.associations.len()
            ),
            (1, entries, folders, associations),
            "{name}"
        );
        assert!(read.unreadable.is_empty(), "{name}");
    }
}

/// Four samples have the size `061224` (sizes have no leading zeros) and most of them, and another, a
/// SubmissionSet.uniqueId that is no OID, such as `1.2.42.20260101000000.4APND.2`; one has sourcePatientIds
/// without an assigning authority. They are refused for that alone.
#[test]
fn samples_with_illegal_values_are_refused_for_them() {
    let list = "Envelope/Body/SubmitObjectsRequest/RegistryObjectList";
    let size = (RuleId::SizeForm, format!("{list}/ExtrinsicObject/Slot[size]"));
    let oid = (
        RuleId::OidForm,
        format!("{list}/RegistryPackage/ExternalIdentifier[uniqueId]"),
    );
    for (name, expected) in [
        ("iti42-replace-document.xml", vec![size.clone()]),
        ("iti42-append-document.xml", vec![size.clone(), oid.clone()]),
        ("iti42-transform-document.xml", vec![size.clone(), oid.clone()]),
        ("iti42-transform-replace-document.xml", vec![size, oid.clone()]),
        ("iti42-register-one-document-symbolic-ids.xml", vec![oid.clone()]),
        ("iti57-update-availability-status.xml", vec![oid]),
        (
            "iti42-register-two-documents.xml",
            [1, 2]
                .map(|number| format!("{list}/ExtrinsicObject[{number}]/Slot[sourcePatientId]"))
                .map(|place| (RuleId::PatientIdForm, place))
                .to_vec(),
        ),
    ] {
        assert_eq!(faults(&sample(name)), expected, "{name}");
    }
}

/// Made for a repository, which adds repositoryUniqueId, hash and size.
#[test]
fn the_folder_sample_lacks_what_a_repository_adds() {
    let text = sample("iti42-register-document-in-folder.xml");
    let read = with_body(&text, |root| {
        read_submission(root, SenderColumn::XdsDs, ObjectLimits::default())
    });
    assert_eq!(summary(&read.faults), []);
    assert_eq!((read.folders.len(), read.associations.len()), (1, 4));
    let kinds: Vec<_> = read
        .associations
        .iter()
        .map(|it| it.submission_set_status)
        .collect();
    assert_eq!(kinds.iter().flatten().count(), 1);
}

#[test]
fn every_attribute_of_the_first_sample_is_read() {
    let read = received(&sample("iti42-register-one-document.xml"));
    let entry = &read.entries[0];
    assert_eq!(
        entry.id.to_string(),
        "urn:uuid:bbc362bb-88b3-593a-a324-1881ef3c52d7"
    );
    assert_eq!(
        (entry.object_type, entry.mime_type.as_str()),
        (DocumentEntryType::Stable, "text/plain")
    );
    assert_eq!(entry.unique_id.as_str(), "1.2.42.20260101000000.1.1");
    let patient = "NISTSAMPLE-1^^^&1.3.6.1.4.1.21367.13.20.1000&ISO";
    assert_eq!(entry.patient_id.as_ref().unwrap().to_string(), patient);
    assert_eq!(
        entry.source_patient_id.as_deref(),
        Some("89765a87b^^^&1.3.4.5&ISO")
    );
    assert_eq!(entry.source_patient_info.len(), 5);
    assert_eq!(entry.authors.len(), 2);
    assert_eq!(entry.authors[0].person.as_deref(), Some("^Smitty^Gerald^^^"));
    assert_eq!(
        entry.authors[0].institutions,
        ["Cleveland Clinic", "Parma Community"]
    );
    assert_eq!(entry.authors[1].specialties, ["Orthopedic"]);
    assert_eq!(entry.size, Some(4));
    assert_eq!(entry.creation_time.unwrap().as_str(), "20061224");
    assert_eq!(entry.service_stop_time.unwrap().as_str(), "200612230900");
    assert_eq!(entry.title.first(), Some("DocA"));
    assert_eq!(entry.type_code.as_ref().unwrap().code.code, "11502-2");
    assert_eq!(
        entry.type_code.as_ref().unwrap().display.first(),
        Some("LABORATORY REPORT.TOTAL")
    );
    let set = &read.sets[0];
    assert_eq!(set.source_id.as_ref().unwrap().as_str(), "1.3.6.1.4.1.21367.4");
    assert_eq!(set.comments.first(), Some("Annual physical"));
    assert_eq!(set.content_type_code.as_ref().unwrap().code.code, "394747008");
    let member = &read.associations[0];
    assert_eq!(member.kind, AssociationType::HasMember);
    assert_eq!(member.submission_set_status, Some(SubmissionSetStatus::Original));
    assert_eq!((&member.source, &member.target), (&set.id, &entry.id));
}

#[test]
fn submissions_come_back_from_what_we_write() {
    for text in [
        COMPLETE.to_owned(),
        sample("iti42-register-one-document.xml"),
        sample("iti42-register-document-in-folder.xml"),
        sample("iti57-update-availability-status.xml").replace(".57s.", ".57."),
        sample("iti61-register-on-demand.xml"),
    ] {
        let first = received(&text);
        let mut out = String::new();
        write_submission(&first, &mut out);
        assert_valid(&out);
        assert_eq!(received(&out).entries, first.entries);
        let second = received(&out);
        assert_eq!((second.sets, second.folders), (first.sets, first.folders));
        assert_eq!(second.associations, first.associations);
    }
}

#[test]
fn the_complete_submission_has_no_fault() {
    let read = received(COMPLETE);
    assert_eq!(summary(&read.faults), []);
    let entry = &read.entries[0];
    assert_eq!(
        entry.legal_authenticator.as_deref(),
        Some("D01^佐藤^花子^^^^^^&1.2.392.9&ISO")
    );
    assert_eq!(entry.reference_ids.len(), 1);
    assert_eq!(entry.extras.slots[0].name, "urn:renkei:sharing-scope");
    assert_eq!(entry.title.strings[0].lang.as_deref(), Some("ja-JP"));
    assert_eq!(entry.event_codes.len(), 2);
    assert_eq!(entry.home.as_ref().unwrap().oid().as_str(), "1.2.3");
    assert_eq!(read.folders[0].codes[0].code.code, "LIST");
    assert_eq!(read.sets[0].intended_recipients.len(), 1);
    assert!(read.associations[4].documentation.is_some());
}

#[test]
fn served_queries_are_read() {
    let read = |name: &str| {
        let text = sample(name);
        with_body(&text, |root| read_query(root, QueryLimits::default())).map(|request| request.query)
    };
    let Ok(StoredQuery::FindDocuments(find)) = read("iti18-find-documents.xml") else {
        panic!()
    };
    assert_eq!(find.types, [DocumentEntryType::Stable]);
    assert_eq!(find.creation_time.from.unwrap().as_str(), "2004");
    assert_eq!(find.creation_time.to.unwrap().as_str(), "2007");
    assert!(matches!(
        read("iti18-find-submission-sets.xml"),
        Ok(StoredQuery::FindSubmissionSets(_))
    ));
    assert!(matches!(read("iti18-get-all.xml"), Ok(StoredQuery::GetAll(_))));
    let ids = read("iti18-get-documents.xml");
    assert!(matches!(ids, Ok(StoredQuery::GetDocuments(EntryIds::EntryUuid(ids))) if ids.len() == 1));
    let ids = read("iti18-get-documents-and-associations.xml");
    assert!(
        matches!(ids, Ok(StoredQuery::GetDocumentsAndAssociations(EntryIds::EntryUuid(ids))) if ids.len() == 2)
    );
    assert!(
        matches!(read("iti18-get-associations.xml"), Ok(StoredQuery::GetAssociations(ids)) if ids.len() == 1)
    );
    assert!(matches!(
        read("iti18-get-submission-sets.xml"),
        Ok(StoredQuery::GetSubmissionSets(_))
    ));
    let contents = read("iti18-get-submission-set-and-contents.xml");
    assert!(matches!(
        contents,
        Ok(StoredQuery::GetSubmissionSetAndContents(_))
    ));
}

#[test]
fn other_queries_are_unknown() {
    for name in [
        "find-folders",
        "get-folders",
        "get-folder-and-contents",
        "get-folders-for-document",
        "get-related-documents",
        "find-documents-by-reference-id",
    ] {
        let text = sample(&format!("iti18-{name}.xml"));
        let faults = with_body(&text, |root| read_query(root, QueryLimits::default())).unwrap_err();
        let rules: Vec<_> = faults.iter().map(xds_model::Fault::rule).collect();
        assert_eq!(rules, [RuleId::UnknownQuery], "{name}");
        assert!(faults[0].context().starts_with("urn:uuid:"), "{name}");
    }
}

#[test]
fn answers_are_read() {
    let leaf = with_body(&sample("response-query-leafclass.xml"), read_query_response).unwrap();
    assert_eq!((leaf.status, leaf.errors.len()), (ResponseStatus::Success, 0));
    assert_eq!(summary(&leaf.objects.faults), []);
    let (entry, set) = (&leaf.objects.entries[0], &leaf.objects.sets[0]);
    assert_eq!(
        (entry.version, entry.logical_id.as_ref()),
        (Some(1), Some(&entry.id))
    );
    assert!(entry.identifier_ids.patient_id.is_some() && entry.authors[0].id.is_some());
    assert_eq!(set.status, Some(xds_model::AvailabilityStatus::Approved));
    let references = with_body(&sample("response-query-objectref.xml"), read_query_response).unwrap();
    assert_eq!(references.references.as_slice(), std::slice::from_ref(&entry.id));

    let good = with_body(&sample("response-registry-success.xml"), read_registry_response).unwrap();
    assert_eq!((good.status, good.errors.len()), (ResponseStatus::Success, 0));
    let bad = with_body(&sample("response-registry-failure.xml"), read_registry_response).unwrap();
    assert_eq!(
        (bad.status, bad.errors[0].code.as_str()),
        (ResponseStatus::Failure, "XDSUnknownPatientId")
    );

    let text = sample("response-retrieve-partial-success-inline.xml");
    let retrieved = with_body(&text, read_response).unwrap();
    assert_eq!(retrieved.response.status, ResponseStatus::PartialSuccess);
    let document = &retrieved.documents[0];
    assert_eq!(document.mime_type, "text/plain");
    assert!(
        matches!(&document.content, Content::Inline(bytes) if bytes.starts_with(b"This is my document."))
    );
}

#[test]
fn requests_of_the_repository_are_read() {
    let text = sample("iti43-retrieve-request.xml");
    let requests = with_body(&text, |root| read_request(root, DOCUMENTS_MAX)).unwrap();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].repository, "1.3.6.1.4.1.21367.13.1120");
    assert_eq!(
        (requests[1].document.as_str(), &requests[1].home),
        ("1.2.42.20260101000000.404", &None)
    );

    let text = sample("iti41-provide-and-register-inline.xml");
    with_body(&text, |root| {
        let provide = read_provide(root, ObjectLimits::default()).unwrap();
        assert_eq!((provide.entries.len(), provide.documents.len()), (1, 1));
        assert_eq!(provide.entries[0].id, provide.documents[0].id);
        assert_eq!(provide.entries[0].author_institutions.len(), 4);
        assert_eq!(
            provide.set_unique_id.as_deref(),
            Some("1.2.42.20260101000000.41.2")
        );
        assert_eq!(provide.source_id.as_deref(), Some("1.3.6.1.4.1.21367.4"));
        assert_eq!(
            provide.author_institutions,
            ["Cleveland Clinic", "Berea Community"]
        );
        assert!(matches!(
            Content::read(provide.documents[0].element),
            Ok(Content::Inline(_))
        ));
    });
}
