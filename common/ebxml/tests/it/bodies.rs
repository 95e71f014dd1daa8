//! Stored bodies: their size, what answers look like, and what damage does.

use std::sync::LazyLock;

use proptest::prelude::*;
use uuid::Uuid;
use xds_ebxml::query::{read_query_response, write_response_end, write_response_start};
use xds_ebxml::stored::{
    AssociationColumns, BodyError, EntryColumns, Escaped, FolderColumns, SetColumns, decode_association,
    decode_document_entry, decode_folder, decode_submission_set, encode_association, encode_document_entry,
    encode_folder, encode_submission_set, write_association, write_document_entry, write_folder,
    write_object_ref, write_submission_set,
};
use xds_model::submission::ReceivedSubmission;
use xds_model::{AssociationType, AvailabilityStatus, HomeCommunityId};

use crate::support::{COMPLETE, assert_valid, received, sample, summary, with_body};

static PATIENT: LazyLock<Escaped> = LazyLock::new(|| Escaped::new("R1^^^&1.2.392.9.9&ISO"));
const ID: Uuid = Uuid::from_u128(0xbbc3_62bb_88b3_593a_a324_1881_ef3c_52d7);

fn entry_columns(home: Option<&HomeCommunityId>) -> EntryColumns<'_> {
    EntryColumns {
        id: ID,
        logical_id: ID,
        version: 1,
        status: AvailabilityStatus::Approved,
        home,
        patient_id: &PATIENT,
    }
}

fn set_columns() -> SetColumns<'static> {
    SetColumns {
        id: ID,
        status: AvailabilityStatus::Approved,
        home: None,
        patient_id: &PATIENT,
    }
}

fn folder_columns() -> FolderColumns<'static> {
    FolderColumns {
        id: ID,
        logical_id: ID,
        version: 1,
        status: AvailabilityStatus::Approved,
        home: None,
        patient_id: &PATIENT,
        last_update_time: "20261124054533".parse().unwrap(),
    }
}

fn association_columns() -> AssociationColumns<'static> {
    AssociationColumns {
        id: ID,
        status: AvailabilityStatus::Approved,
        home: None,
        kind: AssociationType::HasMember,
        source: Uuid::from_u128(1),
        target: Uuid::from_u128(2),
    }
}

fn answer(submission: &ReceivedSubmission, home: Option<&HomeCommunityId>) -> String {
    let mut out = String::new();
    write_response_start(&[], &mut out);
    for entry in &submission.entries {
        write_document_entry(&encode_document_entry(entry), &entry_columns(home), &mut out).unwrap();
    }
    for set in &submission.sets {
        write_submission_set(&encode_submission_set(set), &set_columns(), &mut out).unwrap();
    }
    for folder in &submission.folders {
        write_folder(&encode_folder(folder), &folder_columns(), &mut out).unwrap();
    }
    for association in &submission.associations {
        let columns = AssociationColumns {
            kind: association.kind,
            ..association_columns()
        };
        write_association(&encode_association(association), &columns, &mut out).unwrap();
    }
    write_object_ref(ID, home, &mut out);
    write_response_end(&mut out);
    out
}

#[test]
fn answers_are_valid() {
    let home: HomeCommunityId = "urn:oid:1.2.3".parse().unwrap();
    for text in [
        COMPLETE.to_owned(),
        sample("iti42-register-one-document.xml"),
        sample("iti61-register-on-demand.xml"),
    ] {
        let submission = received(&text);
        assert_valid(&answer(&submission, None));
        assert_valid(&answer(&submission, Some(&home)));
    }
}

#[test]
fn answers_show_what_a_registry_adds() {
    let home: HomeCommunityId = "urn:oid:1.2.3".parse().unwrap();
    let out = answer(&received(COMPLETE), Some(&home));
    let read = with_body(&out, read_query_response).unwrap();
    assert_eq!(summary(&read.objects.faults), []);
    let entry = &read.objects.entries[0];
    assert_eq!(
        (entry.version, entry.status),
        (Some(1), Some(AvailabilityStatus::Approved))
    );
    assert_eq!(entry.logical_id.as_ref(), Some(&entry.id));
    assert_eq!(entry.home.as_ref(), Some(&home));
    let folder = &read.objects.folders[0];
    assert_eq!(
        folder.last_update_time.unwrap().as_str(),
        "20261124054533",
        "the submitted one is gone"
    );
    assert_eq!(read.references, [ID.into()]);
    // Every id is a UUID in lower case, also of nested elements.
    for attribute in [
        " id=\"",
        " lid=\"",
        " classifiedObject=\"",
        " registryObject=\"",
        " sourceObject=\"",
    ] {
        let values: Vec<_> = out
            .split(attribute)
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        assert!(!values.is_empty(), "{attribute}");
        for value in values {
            let uuid: Uuid = value.strip_prefix("urn:uuid:").unwrap().parse().unwrap();
            assert_eq!(value, format!("urn:uuid:{uuid}"));
        }
    }
    // The ids in one object differ: its own, of an author, eight codes and two identifiers.
    let object = out.split("</rim:ExtrinsicObject>").next().unwrap();
    let ids: std::collections::HashSet<_> = object.split(" id=\"").skip(1).map(|rest| &rest[..45]).collect();
    assert_eq!((ids.len(), object.matches(" id=\"").count()), (12, 12));
    assert_eq!(
        answer(&received(COMPLETE), Some(&home)),
        out,
        "the same answer every time"
    );
}

#[test]
fn a_golden_association() {
    let member = &received(COMPLETE).associations[0];
    let mut out = String::new();
    write_association(&encode_association(member), &association_columns(), &mut out).unwrap();
    assert_eq!(
        out,
        concat!(
            r#"<rim:Association id="urn:uuid:bbc362bb-88b3-593a-a324-1881ef3c52d7""#,
            r#" lid="urn:uuid:bbc362bb-88b3-593a-a324-1881ef3c52d7""#,
            r#" status="urn:oasis:names:tc:ebxml-regrep:StatusType:Approved""#,
            r#" associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember""#,
            r#" sourceObject="urn:uuid:00000000-0000-0000-0000-000000000001""#,
            r#" targetObject="urn:uuid:00000000-0000-0000-0000-000000000002""#,
            r#" objectType="urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Association">"#,
            r#"<rim:Slot name="SubmissionSetStatus"><rim:ValueList><rim:Value>Original</rim:Value></rim:ValueList></rim:Slot>"#,
            r#"<rim:VersionInfo versionName="1"/></rim:Association>"#,
        )
    );
}

/// A body of version 1 as it lies in databases: it must stay readable for ever.
#[test]
fn a_golden_body() {
    let member = &received(COMPLETE).associations[0];
    assert_eq!(encode_association(member), [1, 5, 0, 13, 32]);
    let folder = encode_folder(&received(COMPLETE).folders[0]);
    let texts = "FolderLIST1.2.3.9List1.2.392.9.1.3";
    let parts = [15, 30, 1, 0, 6, 32, 52, 48, 0, 4, 7, 4, 60, 0, 61, 0, 13];
    assert_eq!(
        folder,
        [&[1, 4, texts.len() as u8], texts.as_bytes(), &parts].concat()
    );
}

#[test]
fn limited_metadata_is_never_answered() {
    let mut submission = received(COMPLETE);
    submission.entries[0].limited_metadata = true;
    let out = answer(&submission, None);
    assert!(!out.contains("ab9b591b-83ab-4d03-8f5d-f93b1fb92e85"));
    let body = encode_document_entry(&submission.entries[0]);
    assert!(
        decode_document_entry(&body, &entry_columns(None))
            .unwrap()
            .limited_metadata
    );
}

#[test]
fn the_body_of_a_full_entry_stays_inline() {
    for name in [
        "iti42-register-one-document.xml",
        "iti42-register-with-reference-id.xml",
    ] {
        let body = encode_document_entry(&received(&sample(name)).entries[0]);
        assert!(body.len() < 1_800, "{} bytes", body.len());
    }
}

#[test]
fn bodies_of_another_kind_are_refused() {
    let read = received(COMPLETE);
    let entry = encode_document_entry(&read.entries[0]);
    let set = encode_submission_set(&read.sets[0]);
    let folder = encode_folder(&read.folders[0]);
    let association = encode_association(&read.associations[0]);
    let mut out = "before".to_owned();
    assert_eq!(
        write_document_entry(&set, &entry_columns(None), &mut out),
        Err(BodyError::Kind)
    );
    assert_eq!(
        write_submission_set(&folder, &set_columns(), &mut out),
        Err(BodyError::Kind)
    );
    assert_eq!(
        write_folder(&set, &folder_columns(), &mut out),
        Err(BodyError::Kind)
    );
    assert_eq!(
        write_association(&entry, &association_columns(), &mut out),
        Err(BodyError::Kind)
    );
    assert_eq!(
        decode_document_entry(&association, &entry_columns(None)),
        Err(BodyError::Kind)
    );
    assert_eq!(
        decode_submission_set(&folder, &set_columns()),
        Err(BodyError::Kind)
    );
    assert_eq!(decode_folder(&set, &folder_columns()), Err(BodyError::Kind));
    assert_eq!(
        decode_association(&entry, &association_columns()),
        Err(BodyError::Kind)
    );
    let newer = [&[2], &entry[1..]].concat();
    assert_eq!(
        write_document_entry(&newer, &entry_columns(None), &mut out),
        Err(BodyError::Version(2))
    );
    assert_eq!(out, "before", "nothing is left of a failed answer");
}

/// Every function on these bytes: an error or not, never a panic, and nothing left behind by an error.
fn try_everything(body: &[u8]) {
    fn whole_or_nothing(write: impl FnOnce(&mut String) -> Result<(), BodyError>) {
        let mut out = String::new();
        assert!(write(&mut out).is_ok() || out.is_empty());
    }
    whole_or_nothing(|out| write_document_entry(body, &entry_columns(None), out));
    whole_or_nothing(|out| write_submission_set(body, &set_columns(), out));
    whole_or_nothing(|out| write_folder(body, &folder_columns(), out));
    whole_or_nothing(|out| write_association(body, &association_columns(), out));
    let _ = decode_document_entry(body, &entry_columns(None));
    let _ = decode_submission_set(body, &set_columns());
    let _ = decode_folder(body, &folder_columns());
    let _ = decode_association(body, &association_columns());
}

#[test]
fn bodies_cut_anywhere_are_refused() {
    let read = received(COMPLETE);
    let body = encode_document_entry(&read.entries[0]);
    for end in 0..body.len() {
        let mut out = String::new();
        assert!(
            write_document_entry(&body[..end], &entry_columns(None), &mut out).is_err(),
            "{end}"
        );
        assert!(
            decode_document_entry(&body[..end], &entry_columns(None)).is_err(),
            "{end}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn noise_is_no_panic(kind in 0..7_u8, noise in proptest::collection::vec(any::<u8>(), 0..200)) {
        try_everything(&noise);
        try_everything(&[&[1, kind, 0][..], &noise].concat());
        try_everything(&[&[1, kind, 20][..], &[b'a'; 20], &noise].concat());
    }

    #[test]
    fn damage_is_no_panic(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), which in 0..4_usize) {
        static BODIES: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| {
            let read = received(COMPLETE);
            [
                encode_document_entry(&read.entries[0]),
                encode_submission_set(&read.sets[0]),
                encode_folder(&read.folders[0]),
                encode_association(&read.associations[4]),
            ]
        });
        let mut body = BODIES[which].clone();
        for (index, byte) in changes {
            let at = index.index(body.len());
            body[at] = byte;
        }
        try_everything(&body);
    }
}
