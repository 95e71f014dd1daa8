//! The registry objects of one submission, as a hospital writes them: symbolic ids, Japanese titles, three forms of
//! the patient's name.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use time::OffsetDateTime;
use uuid::Uuid;
use xds_hl7::PersonName;
use xds_model::code::CodedAttribute;
use xds_model::time::System;
use xds_model::{
    Association, AssociationType, Author, DocumentEntry, DocumentEntryType, DocumentHash, Dtm, Folder,
    IdSource, LocalizedString, ObjectId, Oid, PatientId, SubmissionSet, SubmissionSetStatus, Text, UniqueId,
};

use crate::codes;
use crate::documents::Sheet;
use crate::network::{Patient, SECOND, Sender};
use crate::plan::Planned;

/// The objects, and the `@id` of each document's entry in their order.
#[derive(Debug)]
pub(crate) struct Metadata {
    /// The SubmissionSet.
    pub(crate) set: SubmissionSet,
    /// A DocumentEntry for each document.
    pub(crate) entries: Vec<DocumentEntry>,
    /// The folder, if there is one.
    pub(crate) folders: Vec<Folder>,
    /// What links them.
    pub(crate) associations: Vec<Association>,
}

/// Why the demo's own data are not right. A fault of the program, which its tests exclude.
#[derive(Debug, thiserror::Error)]
#[error("an identifier of the demo has not the form that it must have")]
pub(crate) struct Malformed;

/// The metadata of a submission. `target`: the entryUUID of the document that the first one relates to.
pub(crate) fn metadata(
    planned: &Planned,
    patient: &PatientId,
    documents: &[(Sheet, Vec<u8>)],
    target: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<Metadata, Malformed> {
    let set = submission_set(planned, patient, documents, now)?;
    let entries = documents
        .iter()
        .enumerate()
        .map(|(index, (sheet, content))| entry(symbol("Document", index), patient, sheet, content))
        .collect::<Result<Vec<_>, _>>()?;
    let folders = match planned.folder {
        Some(title) => vec![folder(title, patient)?],
        None => Vec::new(),
    };
    let mut associations = Vec::new();
    let mut link = |kind, source: &ObjectId, target: &ObjectId| {
        let id = symbol("Association", associations.len());
        let mut association = Association::new(id.clone(), kind, source.clone(), target.clone());
        if kind == AssociationType::HasMember
            && entries.iter().any(|entry| entry.id == *target)
            && *source == set.id
        {
            association.submission_set_status = Some(SubmissionSetStatus::Original);
        }
        associations.push(association);
        id
    };
    for entry in &entries {
        link(AssociationType::HasMember, &set.id, &entry.id);
    }
    for folder in &folders {
        link(AssociationType::HasMember, &set.id, &folder.id);
        for entry in &entries {
            let membership = link(AssociationType::HasMember, &folder.id, &entry.id);
            link(AssociationType::HasMember, &set.id, &membership);
        }
    }
    if let (Some((kind, _)), Some(target), Some(first)) = (planned.relation, target, entries.first()) {
        link(kind, &first.id, &ObjectId::Uuid(target));
    }
    Ok(Metadata {
        set,
        entries,
        folders,
        associations,
    })
}

/// A fresh OID under 2.25, the arc of UUIDs (ITU-T X.667).
pub(crate) fn fresh_oid() -> String {
    format!("2.25.{}", System.random().as_u128())
}

/// The SHA-1 of a document, as metadata carry it.
pub(crate) fn sha1(content: &[u8]) -> DocumentHash {
    let mut bytes = [0; 20];
    bytes
        .iter_mut()
        .zip(digest(&SHA1_FOR_LEGACY_USE_ONLY, content).as_ref())
        .for_each(|(byte, of)| *byte = *of);
    DocumentHash::from_digest(&bytes)
}

fn symbol(what: &str, index: usize) -> ObjectId {
    ObjectId::Symbol(format!("{what}{:02}", index + 1).into())
}

fn oid(text: &str) -> Result<Oid, Malformed> {
    text.parse().map_err(|_| Malformed)
}

fn japanese(text: &str) -> Text {
    Text {
        strings: vec![LocalizedString {
            lang: Some("ja-JP".to_owned()),
            charset: Some("UTF-8".to_owned()),
            value: text.to_owned(),
        }],
    }
}

fn author(sender: &Sender) -> Author {
    Author {
        person: Some(sender.xcn()),
        institutions: vec![sender.organisation.xon()],
        roles: vec!["医師".to_owned()],
        ..Author::default()
    }
}

fn submission_set(
    planned: &Planned,
    patient: &PatientId,
    documents: &[(Sheet, Vec<u8>)],
    now: OffsetDateTime,
) -> Result<SubmissionSet, Malformed> {
    let mut set = SubmissionSet::new(symbol("SubmissionSet", 0), oid(&fresh_oid())?);
    set.source_id = Some(oid(&planned.sender.source_id())?);
    set.patient_id = Some(patient.clone());
    set.authors = vec![author(planned.sender)];
    set.content_type_code = match (planned.relation, documents.first()) {
        (Some(_), _) => codes::listed(CodedAttribute::ContentTypeCode, "CORRECTION"),
        (None, Some((sheet, _))) => sheet.kind.code(CodedAttribute::ContentTypeCode),
        (None, None) => None,
    };
    set.submission_time = Some(Dtm::from_instant(now));
    let first = documents.first().map(|(sheet, _)| sheet.title.as_str());
    set.title = japanese(planned.folder.or(first).unwrap_or_default());
    Ok(set)
}

fn folder(title: &str, patient: &PatientId) -> Result<Folder, Malformed> {
    let mut folder = Folder::new(symbol("Folder", 0), oid(&fresh_oid())?);
    folder.patient_id = Some(patient.clone());
    folder.codes = codes::listed(CodedAttribute::FolderCodeList, "REFERRAL-SET")
        .into_iter()
        .collect();
    folder.title = japanese(title);
    folder.comments = japanese("紹介のために集めた文書");
    Ok(folder)
}

fn entry(
    id: ObjectId,
    patient: &PatientId,
    sheet: &Sheet,
    content: &[u8],
) -> Result<DocumentEntry, Malformed> {
    let unique_id: UniqueId = sheet.unique_id.parse().map_err(|_| Malformed)?;
    let kind = sheet.kind;
    let mut entry = DocumentEntry::new(
        id,
        DocumentEntryType::Stable,
        kind.mime_type().to_owned(),
        unique_id,
    );
    entry.patient_id = Some(patient.clone());
    entry.source_patient_id = Some(sheet.patient.source_id(sheet.sender.organisation));
    entry.source_patient_info = source_patient_info(sheet.patient, sheet.sender);
    entry.authors = vec![author(sheet.sender)];
    entry.class_code = kind.code(CodedAttribute::ClassCode);
    entry.type_code = kind.code(CodedAttribute::TypeCode);
    entry.format_code = kind.code(CodedAttribute::FormatCode);
    entry.practice_setting_code = kind.code(CodedAttribute::PracticeSettingCode);
    entry.healthcare_facility_type_code = kind.code(CodedAttribute::HealthcareFacilityTypeCode);
    entry.confidentiality_codes = kind
        .code(CodedAttribute::ConfidentialityCode)
        .into_iter()
        .collect();
    entry.title = japanese(&sheet.title);
    entry.creation_time = Some(Dtm::from_instant(sheet.made));
    entry.service_start_time = Some(Dtm::from_instant(sheet.care_began()));
    entry.service_stop_time = Some(Dtm::from_instant(sheet.made));
    entry.language_code = Some("ja-JP".to_owned());
    entry.reference_ids = sheet.reference_ids();
    // One hospital says what it sends; for the other the repository counts and hashes.
    if sheet.sender.node != SECOND.node {
        entry.hash = Some(sha1(content));
        entry.size = u64::try_from(content.len()).ok();
    }
    Ok(entry)
}

fn source_patient_info(patient: &Patient, sender: &Sender) -> Vec<String> {
    let mut info = vec![format!("PID-3|{}", patient.source_id(sender.organisation))];
    info.extend(patient.forms().map(|(form, (family, given))| {
        format!("PID-5|{}", PersonName::new(family, given, Some(form)).raw())
    }));
    info.push(format!("PID-7|{}", patient.birth));
    info.push(format!("PID-8|{}", if patient.female { "F" } else { "M" }));
    info
}

#[cfg(test)]
mod tests {
    use xds_ebxml::rim::{ObjectLimits, Objects, SenderColumn, read_submission, write_submission};
    use xds_xml::{Document, Limits};

    use super::*;
    use crate::documents::Kind;
    use crate::documents::tests::sheet;
    use crate::plan::plan;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-24 09:00 UTC);

    fn of(planned: &Planned) -> Metadata {
        let documents: Vec<_> = planned
            .kinds
            .iter()
            .map(|kind| (sheet(*kind), b"content".to_vec()))
            .collect();
        let patient = planned.patient.id().parse().unwrap();
        metadata(planned, &patient, &documents, Some(Uuid::from_u128(7)), NOW).unwrap()
    }

    #[test]
    fn every_submission_is_read_back_without_a_fault() {
        for planned in plan() {
            let metadata = of(&planned);
            let mut request = String::new();
            let objects = Objects {
                sets: std::slice::from_ref(&metadata.set),
                entries: &metadata.entries,
                folders: &metadata.folders,
                associations: &metadata.associations,
            };
            write_submission(objects, &mut request);
            let document = Document::parse(request.as_bytes(), &Limits::default()).unwrap();
            let received = read_submission(document.root(), SenderColumn::XdsDs, ObjectLimits::default());
            let faults: Vec<_> = received.faults.iter().map(xds_model::Fault::context).collect();
            assert_eq!(faults, Vec::<String>::new());
            assert_eq!(received.entries.len(), planned.kinds.len());
        }
    }

    #[test]
    fn a_folder_and_its_memberships_are_members_of_the_submission_set() {
        let planned = plan()
            .into_iter()
            .find(|planned| planned.folder.is_some())
            .unwrap();
        let metadata = of(&planned);
        let from_set = metadata
            .associations
            .iter()
            .filter(|association| association.source == metadata.set.id)
            .count();
        // Two documents, the folder, the folder's two memberships.
        assert_eq!((from_set, metadata.associations.len()), (5, 7));
        let originals = metadata
            .associations
            .iter()
            .filter(|association| association.submission_set_status.is_some());
        assert_eq!(originals.count(), 2);
    }

    #[test]
    fn a_hash_is_that_of_the_bytes() {
        assert_eq!(sha1(b"").as_str(), DocumentHash::OF_NOTHING);
        let id = symbol("Document", 0);
        let patient = "1^^^&1.2.3&ISO".parse().unwrap();
        let entry = entry(id, &patient, &sheet(Kind::Laboratory), b"abc").unwrap();
        assert_eq!(entry.size, Some(3));
        assert_eq!(
            entry
                .source_patient_info
                .iter()
                .filter(|info| info.starts_with("PID-5|"))
                .count(),
            3
        );
    }
}
