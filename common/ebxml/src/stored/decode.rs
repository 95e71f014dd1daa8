//! Body and columns back to the model.

use std::str::FromStr;

use uuid::Uuid;
use xds_model::author::Author;
use xds_model::code::{Code, CodedAttribute, CodedValue};
use xds_model::ident::{ObjectId, Oid};
use xds_model::slot::{Classification, ExternalIdentifier, Extras, IdentifierIds, Slot};
use xds_model::text::{LocalizedString, Text};
use xds_model::{
    Association, DocumentEntry, DocumentEntryType, Folder, PatientId, SubmissionSet, SubmissionSetStatus,
};
use xds_xml::escape::unescape_own;

use super::columns::{AssociationColumns, EntryColumns, FolderColumns, SetColumns};
use super::cursor::{BodyError, Cursor};
use super::tags;

/// The DocumentEntry of a body and its columns.
///
/// # Errors
///
/// If the body is damaged or that of something else.
pub fn decode_document_entry(body: &[u8], columns: &EntryColumns<'_>) -> Result<DocumentEntry, BodyError> {
    let (kind, mut cursor) = Cursor::open(body)?;
    let object_type = match kind {
        tags::STABLE => DocumentEntryType::Stable,
        tags::ON_DEMAND => DocumentEntryType::OnDemand,
        _ => return Err(BodyError::Kind),
    };
    let mime_type = cursor.string()?;
    let mut parts = Parts::default();
    let mut entry = DocumentEntry::new(columns.id.into(), object_type, mime_type, nothing_yet()?);
    while let Some(tag) = cursor.next()? {
        if !entry_part(&mut entry, tag, &mut cursor)? {
            parts.take(tag, &mut cursor)?;
        }
    }
    entry.unique_id = parts.unique_id()?;
    entry.patient_id = parts.patient_id(columns.patient_id.as_str())?;
    entry.logical_id = Some(columns.logical_id.into());
    entry.version = Some(columns.version);
    entry.status = Some(columns.status);
    entry.home = columns.home.cloned();
    entry.title = parts.name;
    entry.comments = parts.description;
    entry.authors = parts.authors;
    entry.limited_metadata = parts.limited_metadata;
    entry.identifier_ids = parts.identifier_ids;
    entry.extras = parts.extras;
    Ok(entry)
}

fn entry_part(entry: &mut DocumentEntry, tag: u8, cursor: &mut Cursor<'_>) -> Result<bool, BodyError> {
    match tag {
        tags::CREATION_TIME => entry.creation_time = Some(cursor.value()?),
        tags::DOCUMENT_AVAILABILITY => entry.document_availability = Some(cursor.string()?),
        tags::HASH => entry.hash = Some(cursor.value()?),
        tags::LANGUAGE_CODE => entry.language_code = Some(cursor.string()?),
        tags::LEGAL_AUTHENTICATOR => entry.legal_authenticator = Some(cursor.string()?),
        tags::REPOSITORY_UNIQUE_ID => entry.repository_unique_id = Some(cursor.value()?),
        tags::SERVICE_START_TIME => entry.service_start_time = Some(cursor.value()?),
        tags::SERVICE_STOP_TIME => entry.service_stop_time = Some(cursor.value()?),
        tags::SIZE => entry.size = Some(cursor.value()?),
        tags::SOURCE_PATIENT_ID => entry.source_patient_id = Some(cursor.string()?),
        tags::URI => entry.uri = Some(cursor.string()?),
        tags::SOURCE_PATIENT_INFO => entry.source_patient_info = cursor.strings()?,
        tags::REFERENCE_ID_LIST => entry.reference_ids = cursor.strings()?,
        _ => match tags::coded(tag) {
            Some(CodedAttribute::ClassCode) => entry.class_code = Some(cursor.coded()?),
            Some(CodedAttribute::TypeCode) => entry.type_code = Some(cursor.coded()?),
            Some(CodedAttribute::FormatCode) => entry.format_code = Some(cursor.coded()?),
            Some(CodedAttribute::HealthcareFacilityTypeCode) => {
                entry.healthcare_facility_type_code = Some(cursor.coded()?);
            }
            Some(CodedAttribute::PracticeSettingCode) => {
                entry.practice_setting_code = Some(cursor.coded()?);
            }
            Some(CodedAttribute::ConfidentialityCode) => entry.confidentiality_codes.push(cursor.coded()?),
            Some(CodedAttribute::EventCodeList) => entry.event_codes.push(cursor.coded()?),
            _ => return Ok(false),
        },
    }
    Ok(true)
}

/// The SubmissionSet of a body and its columns.
///
/// # Errors
///
/// If the body is damaged or that of something else.
pub fn decode_submission_set(body: &[u8], columns: &SetColumns<'_>) -> Result<SubmissionSet, BodyError> {
    let mut cursor = open(body, tags::SUBMISSION_SET)?;
    let mut parts = Parts::default();
    let mut set = SubmissionSet::new(columns.id.into(), nothing_yet()?);
    while let Some(tag) = cursor.next()? {
        match (tag, tags::coded(tag)) {
            (tags::SUBMISSION_TIME, _) => set.submission_time = Some(cursor.value()?),
            (tags::INTENDED_RECIPIENT, _) => set.intended_recipients = cursor.strings()?,
            (_, Some(CodedAttribute::ContentTypeCode)) => set.content_type_code = Some(cursor.coded()?),
            _ => parts.take(tag, &mut cursor)?,
        }
    }
    set.unique_id = parts.unique_id()?;
    set.patient_id = parts.patient_id(columns.patient_id.as_str())?;
    set.status = Some(columns.status);
    set.home = columns.home.cloned();
    set.source_id = parts.source_id;
    set.title = parts.name;
    set.comments = parts.description;
    set.authors = parts.authors;
    set.limited_metadata = parts.limited_metadata;
    set.identifier_ids = parts.identifier_ids;
    set.extras = parts.extras;
    Ok(set)
}

/// The Folder of a body and its columns.
///
/// # Errors
///
/// If the body is damaged or that of something else.
pub fn decode_folder(body: &[u8], columns: &FolderColumns<'_>) -> Result<Folder, BodyError> {
    let mut cursor = open(body, tags::FOLDER)?;
    let mut parts = Parts::default();
    let mut folder = Folder::new(columns.id.into(), nothing_yet()?);
    while let Some(tag) = cursor.next()? {
        match (tag, tags::coded(tag)) {
            (_, Some(CodedAttribute::FolderCodeList)) => folder.codes.push(cursor.coded()?),
            (tags::LAST_UPDATE_TIME, _) => {}
            _ => parts.take(tag, &mut cursor)?,
        }
    }
    folder.unique_id = parts.unique_id()?;
    folder.patient_id = parts.patient_id(columns.patient_id.as_str())?;
    folder.logical_id = Some(columns.logical_id.into());
    folder.version = Some(columns.version);
    folder.status = Some(columns.status);
    folder.home = columns.home.cloned();
    folder.last_update_time = Some(columns.last_update_time);
    folder.title = parts.name;
    folder.comments = parts.description;
    folder.limited_metadata = parts.limited_metadata;
    folder.identifier_ids = parts.identifier_ids;
    folder.extras = parts.extras;
    Ok(folder)
}

/// The Association of a body and its columns.
///
/// # Errors
///
/// If the body is damaged or that of something else.
pub fn decode_association(body: &[u8], columns: &AssociationColumns<'_>) -> Result<Association, BodyError> {
    let mut cursor = open(body, tags::ASSOCIATION)?;
    let mut parts = Parts::default();
    let ends: [ObjectId; 2] = [columns.source.into(), columns.target.into()];
    let [source, target] = ends;
    let mut association = Association::new(columns.id.into(), columns.kind, source, target);
    while let Some(tag) = cursor.next()? {
        match (tag, tags::coded(tag)) {
            (tags::ORIGINAL, _) => association.submission_set_status = Some(SubmissionSetStatus::Original),
            (tags::REFERENCE, _) => association.submission_set_status = Some(SubmissionSetStatus::Reference),
            (tags::PREVIOUS_VERSION, _) => association.previous_version = Some(cursor.slot()?),
            (_, Some(CodedAttribute::AssociationDocumentation)) => {
                association.documentation = Some(cursor.coded()?);
            }
            _ => parts.take(tag, &mut cursor)?,
        }
    }
    association.status = Some(columns.status);
    association.home = columns.home.cloned();
    association.name = parts.name;
    association.description = parts.description;
    association.extras = parts.extras;
    Ok(association)
}

fn open(body: &[u8], kind_expected: u8) -> Result<Cursor<'_>, BodyError> {
    match Cursor::open(body)? {
        (kind, cursor) if kind == kind_expected => Ok(cursor),
        _ => Err(BodyError::Kind),
    }
}

/// A uniqueId until the body's own has been read.
fn nothing_yet<T: FromStr>() -> Result<T, BodyError> {
    "0.0".parse().map_err(|_| BodyError::Value)
}

/// What several kinds of object have.
#[derive(Debug, Default)]
struct Parts {
    name: Text,
    description: Text,
    authors: Vec<Author>,
    unique_id: Option<String>,
    source_id: Option<Oid>,
    has_patient_id: bool,
    identifier_ids: IdentifierIds,
    limited_metadata: bool,
    extras: Extras,
}

impl Parts {
    fn take(&mut self, tag: u8, cursor: &mut Cursor<'_>) -> Result<(), BodyError> {
        match tag {
            tags::EXTRA_SLOT => self.extras.slots.push(cursor.slot()?),
            tags::NAME => self.name = cursor.localized()?,
            tags::DESCRIPTION => self.description = cursor.localized()?,
            tags::VERSION_INFO | tags::LABEL => {}
            tags::AUTHOR => self.authors.push(cursor.author()?),
            tags::EXTRA_CLASSIFICATION => self.extras.classifications.push(cursor.classification()?),
            tags::LIMITED_METADATA => self.limited_metadata = true,
            tags::PATIENT_ID => {
                self.has_patient_id = true;
                self.identifier_ids.patient_id = cursor.flagged_id()?;
            }
            tags::UNIQUE_ID => {
                self.identifier_ids.unique_id = cursor.flagged_id()?;
                self.unique_id = Some(cursor.string()?);
            }
            tags::SOURCE_ID => {
                self.identifier_ids.source_id = cursor.flagged_id()?;
                self.source_id = Some(cursor.value()?);
            }
            tags::EXTRA_IDENTIFIER => self.extras.identifiers.push(cursor.identifier()?),
            _ => return Err(BodyError::Part(tag)),
        }
        Ok(())
    }

    fn unique_id<T: FromStr>(&self) -> Result<T, BodyError> {
        let text = self.unique_id.as_deref().ok_or(BodyError::Length)?;
        text.parse().map_err(|_| BodyError::Value)
    }

    fn patient_id(&self, column: &str) -> Result<Option<PatientId>, BodyError> {
        if !self.has_patient_id {
            return Ok(None);
        }
        let text = unescape_own(column).map_err(|_| BodyError::Value)?;
        text.parse().map(Some).map_err(|_| BodyError::Value)
    }
}

impl Cursor<'_> {
    fn string(&mut self) -> Result<String, BodyError> {
        let text = unescape_own(self.text()?).map_err(|_| BodyError::Text)?;
        Ok(text.into_owned())
    }

    fn strings(&mut self) -> Result<Vec<String>, BodyError> {
        let count = self.count()?;
        (0..count).map(|_| self.string()).collect()
    }

    fn value<T: FromStr>(&mut self) -> Result<T, BodyError> {
        self.string()?.parse().map_err(|_| BodyError::Value)
    }

    fn flagged_id(&mut self) -> Result<Option<Uuid>, BodyError> {
        let flags = self.byte()?;
        self.nested_id(flags)
    }

    fn slot(&mut self) -> Result<Slot, BodyError> {
        let flags = self.byte()?;
        Ok(Slot {
            name: self.string()?,
            slot_type: self.given(flags, tags::HAS_TYPE)?,
            values: self.strings()?,
        })
    }

    fn slots(&mut self, flags: u8) -> Result<Vec<Slot>, BodyError> {
        if flags & tags::HAS_SLOTS == 0 {
            return Ok(Vec::new());
        }
        let count = self.count()?;
        (0..count).map(|_| self.slot()).collect()
    }

    fn given(&mut self, flags: u8, flag: u8) -> Result<Option<String>, BodyError> {
        if flags & flag == 0 {
            return Ok(None);
        }
        self.string().map(Some)
    }

    fn localized(&mut self) -> Result<Text, BodyError> {
        let count = self.count()?;
        let strings = (0..count)
            .map(|_| self.localized_string())
            .collect::<Result<_, _>>()?;
        Ok(Text { strings })
    }

    fn localized_string(&mut self) -> Result<LocalizedString, BodyError> {
        let flags = self.byte()?;
        Ok(LocalizedString {
            lang: self.given(flags, tags::HAS_LANG)?,
            charset: self.given(flags, tags::HAS_CHARSET)?,
            value: self.string()?,
        })
    }

    fn name(&mut self, flags: u8) -> Result<Text, BodyError> {
        if flags & tags::HAS_LONG_NAME != 0 {
            return self.localized();
        }
        Ok(Text::plain(self.string()?))
    }

    fn coded(&mut self) -> Result<CodedValue, BodyError> {
        let flags = self.byte()?;
        Ok(CodedValue {
            id: self.nested_id(flags)?,
            code: Code {
                code: self.string()?,
                scheme: self.string()?,
            },
            extra_slots: self.slots(flags)?,
            display: self.name(flags)?,
        })
    }

    fn author(&mut self) -> Result<Author, BodyError> {
        let flags = self.byte()?;
        Ok(Author {
            id: self.nested_id(flags)?,
            person: self.given(flags, tags::HAS_PERSON)?,
            institutions: self.strings()?,
            roles: self.strings()?,
            specialties: self.strings()?,
            telecommunications: self.strings()?,
            extra_slots: self.slots(flags)?,
        })
    }

    fn classification(&mut self) -> Result<Classification, BodyError> {
        let flags = self.byte()?;
        Ok(Classification {
            id: self.nested_id(flags)?,
            scheme: self.given(flags, tags::HAS_SCHEME)?,
            node: self.given(flags, tags::HAS_NODE)?,
            representation: self.given(flags, tags::HAS_REPRESENTATION)?,
            slots: self.slots(flags)?,
            name: self.name(flags)?,
        })
    }

    fn identifier(&mut self) -> Result<ExternalIdentifier, BodyError> {
        let flags = self.byte()?;
        Ok(ExternalIdentifier {
            id: self.nested_id(flags)?,
            scheme: self.string()?,
            value: self.string()?,
            name: self.name(flags)?,
        })
    }
}
