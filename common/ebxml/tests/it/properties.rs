//! Whatever the model holds comes back, from the wire and from the store.

use proptest::prelude::*;
use uuid::Uuid;
use xds_ebxml::query::{read_query_response, write_response_end, write_response_start};
use xds_ebxml::rim::write_submission;
use xds_ebxml::stored::{
    AssociationColumns, EntryColumns, Escaped, FolderColumns, SetColumns, decode_association,
    decode_document_entry, decode_folder, decode_submission_set, encode_association, encode_document_entry,
    encode_folder, encode_submission_set, nested_id, write_association, write_document_entry, write_folder,
    write_submission_set,
};
use xds_model::submission::ReceivedSubmission;
use xds_model::{AvailabilityStatus, ObjectId, PatientId};

use crate::strategies::{association, entry, folder, home, set, uuid};
use crate::support::{received, summary, with_body};

/// What an answer of these bodies is read as by a client.
fn answered(write: impl FnOnce(&mut String)) -> ReceivedSubmission {
    let mut out = String::new();
    write_response_start(&[], &mut out);
    write(&mut out);
    write_response_end(&mut out);
    let response = with_body(&out, read_query_response).unwrap();
    assert_eq!(summary(&response.objects.faults), []);
    response.objects
}

/// Ids of nested elements are given where there were none: by position, so that they are known.
fn forget_ids(received: &mut ReceivedSubmission, object: Uuid) {
    let derived: Vec<Uuid> = (0..200).map(|position| nested_id(object, position)).collect();
    let forget = |id: &mut Option<Uuid>| {
        assert!(id.is_some(), "every nested element is answered with a UUID");
        *id = id.filter(|id| !derived.contains(id));
    };
    for entry in &mut received.entries {
        entry.authors.iter_mut().for_each(|author| forget(&mut author.id));
        let single = [
            &mut entry.class_code,
            &mut entry.type_code,
            &mut entry.format_code,
            &mut entry.healthcare_facility_type_code,
            &mut entry.practice_setting_code,
        ];
        single.into_iter().flatten().for_each(|code| forget(&mut code.id));
        entry
            .confidentiality_codes
            .iter_mut()
            .for_each(|code| forget(&mut code.id));
        entry.event_codes.iter_mut().for_each(|code| forget(&mut code.id));
        forget(&mut entry.identifier_ids.patient_id);
        forget(&mut entry.identifier_ids.unique_id);
    }
    for set in &mut received.sets {
        set.authors.iter_mut().for_each(|author| forget(&mut author.id));
        set.content_type_code
            .iter_mut()
            .for_each(|code| forget(&mut code.id));
        forget(&mut set.identifier_ids.patient_id);
        forget(&mut set.identifier_ids.unique_id);
        forget(&mut set.identifier_ids.source_id);
    }
    for folder in &mut received.folders {
        folder.codes.iter_mut().for_each(|code| forget(&mut code.id));
        forget(&mut folder.identifier_ids.patient_id);
        forget(&mut folder.identifier_ids.unique_id);
    }
    for association in &mut received.associations {
        association
            .documentation
            .iter_mut()
            .for_each(|code| forget(&mut code.id));
    }
    let extras = received.entries.iter_mut().map(|it| &mut it.extras);
    let extras = extras.chain(received.sets.iter_mut().map(|it| &mut it.extras));
    let extras = extras.chain(received.folders.iter_mut().map(|it| &mut it.extras));
    for extras in extras.chain(received.associations.iter_mut().map(|it| &mut it.extras)) {
        extras
            .classifications
            .iter_mut()
            .for_each(|it| forget(&mut it.id));
        extras.identifiers.iter_mut().for_each(|it| forget(&mut it.id));
    }
}

fn escaped(patient: &Option<PatientId>) -> Escaped {
    Escaped::from(patient.as_ref().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn submissions_come_back_from_the_wire(
        entry in entry(), set in set(), folder in folder(), association in association(),
    ) {
        let sent = ReceivedSubmission {
            sets: vec![set],
            entries: vec![entry],
            folders: vec![folder],
            associations: vec![association],
            ..ReceivedSubmission::default()
        };
        let mut out = String::new();
        write_submission(&sent, &mut out);
        let read = received(&out);
        prop_assert_eq!(summary(&read.faults), []);
        prop_assert_eq!(read, sent);
    }

    #[test]
    fn entries_come_back_from_the_store(
        mut entry in entry(), ids in (uuid(), uuid()), version in 1..9_u32, home in home(),
    ) {
        let patient = escaped(&entry.patient_id);
        let columns = EntryColumns {
            id: ids.0,
            logical_id: ids.1,
            version,
            status: AvailabilityStatus::Deprecated,
            home: Some(&home),
            patient_id: &patient,
        };
        let body = encode_document_entry(&entry);
        entry.id = ids.0.into();
        entry.logical_id = Some(ids.1.into());
        (entry.version, entry.status) = (Some(version), Some(AvailabilityStatus::Deprecated));
        entry.home = Some(home.clone());
        prop_assert_eq!(&decode_document_entry(&body, &columns).unwrap(), &entry);
        let mut answer = answered(|out| write_document_entry(&body, &columns, out).unwrap());
        forget_ids(&mut answer, ids.0);
        prop_assert_eq!(&answer.entries[0], &entry);
    }

    #[test]
    fn sets_come_back_from_the_store(mut set in set(), id in uuid()) {
        let patient = escaped(&set.patient_id);
        let columns = SetColumns { id, status: AvailabilityStatus::Approved, home: None, patient_id: &patient };
        let body = encode_submission_set(&set);
        set.id = id.into();
        (set.status, set.home) = (Some(AvailabilityStatus::Approved), None);
        prop_assert_eq!(&decode_submission_set(&body, &columns).unwrap(), &set);
        let mut answer = answered(|out| write_submission_set(&body, &columns, out).unwrap());
        forget_ids(&mut answer, id);
        prop_assert_eq!(&answer.sets[0], &set);
    }

    #[test]
    fn folders_come_back_from_the_store(mut folder in folder(), ids in (uuid(), uuid())) {
        let patient = escaped(&folder.patient_id);
        let columns = FolderColumns {
            id: ids.0,
            logical_id: ids.1,
            version: 2,
            status: AvailabilityStatus::Approved,
            home: None,
            patient_id: &patient,
            last_update_time: "20261124054533".parse().unwrap(),
        };
        let body = encode_folder(&folder);
        folder.id = ids.0.into();
        folder.logical_id = Some(ids.1.into());
        (folder.version, folder.status, folder.home) = (Some(2), Some(AvailabilityStatus::Approved), None);
        folder.last_update_time = Some(columns.last_update_time);
        prop_assert_eq!(&decode_folder(&body, &columns).unwrap(), &folder);
        let mut answer = answered(|out| write_folder(&body, &columns, out).unwrap());
        forget_ids(&mut answer, ids.0);
        prop_assert_eq!(&answer.folders[0], &folder);
    }

    #[test]
    fn associations_come_back_from_the_store(mut association in association(), ids in (uuid(), uuid(), uuid())) {
        let columns = AssociationColumns {
            id: ids.0,
            status: AvailabilityStatus::Deprecated,
            home: None,
            kind: association.kind,
            source: ids.1,
            target: ids.2,
        };
        let body = encode_association(&association);
        association.id = ids.0.into();
        (association.source, association.target) = (ObjectId::Uuid(ids.1), ObjectId::Uuid(ids.2));
        (association.status, association.home) = (Some(AvailabilityStatus::Deprecated), None);
        prop_assert_eq!(&decode_association(&body, &columns).unwrap(), &association);
        let mut answer = answered(|out| write_association(&body, &columns, out).unwrap());
        forget_ids(&mut answer, ids.0);
        prop_assert_eq!(&answer.associations[0], &association);
    }
}
