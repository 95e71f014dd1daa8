//! Submissions as a hospital writes them, with fresh ids.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use uuid::Uuid;
use xds_client::PartContent;
use xds_client::xds::Document;
use xds_ebxml::rim::{Objects, write_submission};
use xds_model::code::CodedAttribute;
use xds_model::time::System;
use xds_model::{
    Association, AssociationType, Author, Clock, DocumentEntry, DocumentEntryType, DocumentHash, Dtm, Folder,
    IdSource, LocalizedString, ObjectId, Oid, PatientId, SubmissionSet, SubmissionSetStatus, Text, UniqueId,
};

use crate::codes::{Form, coded};
use crate::roster::{Organisation, REPOSITORY_UNIQUE_ID};

/// A fresh OID under 2.25, the arc of UUIDs (ITU-T X.667).
pub fn fresh_oid() -> Oid {
    oid(&format!("2.25.{}", System.random().as_u128()))
}

/// The SHA-1 of a document, as metadata carry it.
pub fn sha1(content: &[u8]) -> DocumentHash {
    let mut bytes = [0; 20];
    bytes
        .iter_mut()
        .zip(digest(&SHA1_FOR_LEGACY_USE_ONLY, content).as_ref())
        .for_each(|(byte, of)| *byte = *of);
    DocumentHash::from_digest(&bytes)
}

/// A document of a [`Draft`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Paper {
    /// DocumentEntry.uniqueId.
    pub unique_id: UniqueId,
    /// Its bytes.
    pub content: Vec<u8>,
    /// DocumentEntry.title.
    pub title: String,
    /// What kind of document.
    pub form: Form,
}

impl Paper {
    /// A referral with a fresh id.
    pub fn new(content: impl Into<Vec<u8>>) -> Self {
        Self {
            unique_id: fresh_oid().into(),
            content: content.into(),
            title: "診療情報提供書".to_owned(),
            form: Form::Referral,
        }
    }
}

/// A submission that can still be changed: registry objects with symbolic ids, and the documents' bytes.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The SubmissionSet.
    pub set: SubmissionSet,
    /// A DocumentEntry for each document, in order.
    pub entries: Vec<DocumentEntry>,
    /// Folders.
    pub folders: Vec<Folder>,
    /// What links them.
    pub associations: Vec<Association>,
    /// The documents' bytes, in the order of the entries.
    pub contents: Vec<Vec<u8>>,
}

impl Draft {
    /// A submission of an organisation about a patient. Hash and size are in it, so that it suits ITI-42 as well; the
    /// repositoryUniqueId is that of the network's repository.
    pub fn new(organisation: &Organisation, patient: &PatientId, papers: &[Paper]) -> Self {
        let set = submission_set(organisation, patient, papers.first());
        let mut draft = Self {
            set,
            entries: Vec::new(),
            folders: Vec::new(),
            associations: Vec::new(),
            contents: Vec::new(),
        };
        for paper in papers {
            draft.add(organisation, patient, paper);
        }
        draft
    }

    /// One more document.
    pub fn add(&mut self, organisation: &Organisation, patient: &PatientId, paper: &Paper) {
        let id = symbol("Document", self.entries.len());
        self.entries.push(entry(id.clone(), organisation, patient, paper));
        self.contents.push(paper.content.clone());
        let (source, status) = (self.set.id.clone(), SubmissionSetStatus::Original);
        self.link(AssociationType::HasMember, source, id);
        if let Some(link) = self.associations.last_mut() {
            link.submission_set_status = Some(status);
        }
    }

    /// Relates the first document to one that is registered: RPLC, APND, XFRM ...
    #[must_use]
    pub fn relating(mut self, kind: AssociationType, target: Uuid) -> Self {
        if let Some(first) = self.entries.first() {
            let source = first.id.clone();
            self.link(kind, source, target.into());
        }
        self
    }

    /// A new folder that holds every document of the submission.
    #[must_use]
    pub fn in_folder(mut self, title: &str) -> Self {
        let id = symbol("Folder", self.folders.len());
        let mut folder = Folder::new(id.clone(), fresh_oid());
        folder.patient_id.clone_from(&self.set.patient_id);
        folder.codes = coded(CodedAttribute::FolderCodeList, Form::Referral)
            .into_iter()
            .collect();
        folder.title = japanese(title);
        self.folders.push(folder);
        self.link(AssociationType::HasMember, self.set.id.clone(), id.clone());
        let documents: Vec<_> = self.entries.iter().map(|entry| entry.id.clone()).collect();
        for document in documents {
            let membership = self.link(AssociationType::HasMember, id.clone(), document);
            self.link(AssociationType::HasMember, self.set.id.clone(), membership);
        }
        self
    }

    /// Adds an association and returns its id.
    pub fn link(&mut self, kind: AssociationType, source: ObjectId, target: ObjectId) -> ObjectId {
        let id = symbol("Association", self.associations.len());
        self.associations
            .push(Association::new(id.clone(), kind, source, target));
        id
    }

    /// Its objects.
    pub fn objects(&self) -> Objects<'_> {
        Objects {
            sets: std::slice::from_ref(&self.set),
            entries: &self.entries,
            folders: &self.folders,
            associations: &self.associations,
        }
    }

    /// The `lcm:SubmitObjectsRequest`, to be spoilt as text.
    pub fn request(&self) -> String {
        let mut text = String::new();
        write_submission(self.objects(), &mut text);
        text
    }

    /// The documents as ITI-41 sends them.
    pub fn documents(&self) -> Vec<Document> {
        self.entries
            .iter()
            .zip(&self.contents)
            .map(|(entry, content)| Document {
                entry: entry.id.to_string(),
                mime_type: entry.mime_type.clone(),
                content: PartContent::Bytes(content.clone().into()),
            })
            .collect()
    }

    /// uniqueId of the first document.
    pub fn unique_id(&self) -> String {
        let first = self.entries.first();
        first.map(|entry| entry.unique_id.to_string()).unwrap_or_default()
    }
}

fn oid(text: &str) -> Oid {
    text.parse().unwrap_or_else(|_| fresh_oid())
}

fn symbol(what: &str, index: usize) -> ObjectId {
    ObjectId::Symbol(format!("{what}{:02}", index + 1).into())
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

fn author(organisation: &Organisation) -> Author {
    Author {
        person: Some(format!("D0001^鈴木^健一^^^^^^&{}&ISO", organisation.patients)),
        institutions: vec![organisation.xon()],
        roles: vec!["医師".to_owned()],
        ..Author::default()
    }
}

fn submission_set(organisation: &Organisation, patient: &PatientId, first: Option<&Paper>) -> SubmissionSet {
    let form = first.map(|paper| paper.form).unwrap_or_default();
    let mut set = SubmissionSet::new(symbol("SubmissionSet", 0), fresh_oid());
    set.source_id = Some(oid(organisation.source));
    set.patient_id = Some(patient.clone());
    set.authors = vec![author(organisation)];
    set.content_type_code = coded(CodedAttribute::ContentTypeCode, form);
    set.submission_time = Some(Dtm::from_instant(System.now()));
    set.title = japanese("文書一式");
    set
}

fn entry(id: ObjectId, organisation: &Organisation, patient: &PatientId, paper: &Paper) -> DocumentEntry {
    let code = |attribute| coded(attribute, paper.form);
    let mut entry = DocumentEntry::new(
        id,
        DocumentEntryType::Stable,
        "application/pdf".to_owned(),
        paper.unique_id.clone(),
    );
    let source_patient = format!("00000010^^^&{}&ISO", organisation.patients);
    entry.patient_id = Some(patient.clone());
    entry.source_patient_info = vec![
        format!("PID-3|{source_patient}"),
        "PID-5|検査^太郎^^^^^^I".to_owned(),
        "PID-7|19560312".to_owned(),
        "PID-8|M".to_owned(),
    ];
    entry.source_patient_id = Some(source_patient);
    entry.authors = vec![author(organisation)];
    entry.class_code = code(CodedAttribute::ClassCode);
    entry.type_code = code(CodedAttribute::TypeCode);
    entry.format_code = code(CodedAttribute::FormatCode);
    entry.practice_setting_code = code(CodedAttribute::PracticeSettingCode);
    entry.healthcare_facility_type_code = code(CodedAttribute::HealthcareFacilityTypeCode);
    entry.confidentiality_codes = code(CodedAttribute::ConfidentialityCode).into_iter().collect();
    entry.event_codes = code(CodedAttribute::EventCodeList).into_iter().collect();
    entry.title = japanese(&paper.title);
    entry.creation_time = Some(Dtm::from_instant(System.now()));
    entry.language_code = Some("ja-JP".to_owned());
    entry.hash = Some(sha1(&paper.content));
    entry.size = u64::try_from(paper.content.len()).ok();
    entry.repository_unique_id = Some(oid(REPOSITORY_UNIQUE_ID));
    entry
}
