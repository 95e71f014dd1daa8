//! What a permitted submission changes, in the columns that the store keeps.

use uuid::Uuid;
use xds_model::code::CodedValue;
use xds_model::submission::assigned;
use xds_model::{Association, DocumentEntry, Dtm, Fault, Folder, ObjectId, Submission, SubmissionSet};

use super::acknowledgement::Entered;
use super::{Permitted, PermittedEntry};
use crate::decisions::Decisions;
use crate::object::{BodyEncoder, ObjectKind, code_text, entry_type_number, scope_number};

/// Everything that one registration writes. All of it, or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The key of the submission's patient, under which all new objects are stored.
    pub patient: Uuid,
    /// The SubmissionSet.
    pub sets: Vec<SetRow>,
    /// New DocumentEntries.
    pub entries: Vec<EntryRow>,
    /// New Folders.
    pub folders: Vec<FolderRow>,
    /// New Associations, with those that follow from a replacement in folders.
    pub associations: Vec<AssociationRow>,
    /// The uniqueIds of new objects.
    pub unique_ids: Vec<UniqueIdRow>,
    /// Registered entries that become Deprecated.
    pub deprecations: Vec<Deprecation>,
    /// Registered folders that gain a document.
    pub touches: Vec<FolderTouch>,
    /// Warnings for the answer.
    pub warnings: Vec<Fault>,
    /// For each entry, in order, where it comes from and why it may be published: for the audit, and for what else is
    /// written of a registration.
    pub permits: Vec<PermittedEntry>,
    /// What it does to consents and refusals.
    pub entered: Entered,
    /// The decisions that they are.
    pub decisions: Decisions,
}

/// A new DocumentEntry.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryRow {
    /// entryUUID.
    pub id: Uuid,
    /// Stable or On-Demand, see [`crate::object::entry_type_number`].
    pub entry_type: i16,
    /// uniqueId.
    pub unique_id: String,
    /// Codes as `code^^scheme`.
    pub class_code: Option<String>,
    /// See `class_code`.
    pub type_code: Option<String>,
    /// See `class_code`.
    pub format_code: Option<String>,
    /// See `class_code`.
    pub facility_type_code: Option<String>,
    /// See `class_code`.
    pub practice_setting_code: Option<String>,
    /// See `class_code`.
    pub confidentiality_codes: Vec<String>,
    /// See `class_code`.
    pub event_codes: Vec<String>,
    /// authorPerson of every author.
    pub author_persons: Vec<String>,
    /// referenceIdList.
    pub reference_ids: Vec<String>,
    /// Times in 14 digits, see [`Dtm::floor`].
    pub creation_time: Option<String>,
    /// See `creation_time`.
    pub service_start_time: Option<String>,
    /// See `creation_time`.
    pub service_stop_time: Option<String>,
    /// The organisation that it comes from.
    pub organisation: String,
    /// Whether that is only because the author named no organisation that is known.
    pub attributed: bool,
    /// The organisation that keeps the document, when it is another.
    pub keeper: Option<String>,
    /// How far it is shared, see [`crate::object::scope_number`].
    pub scope: i16,
    /// Whether the document is online.
    pub online: bool,
    /// repositoryUniqueId.
    pub repository: Option<String>,
    /// SHA-1 in lower case.
    pub hash: Option<String>,
    /// Size in bytes.
    pub size: Option<i64>,
    /// homeCommunityId.
    pub home: Option<String>,
    /// The encoded object.
    pub body: Vec<u8>,
}

/// A new SubmissionSet.
#[derive(Clone, Debug, PartialEq)]
pub struct SetRow {
    /// entryUUID.
    pub id: Uuid,
    /// uniqueId.
    pub unique_id: String,
    /// sourceId.
    pub source: Option<String>,
    /// contentTypeCode as `code^^scheme`.
    pub content_type_code: Option<String>,
    /// submissionTime in 14 digits.
    pub submission_time: Option<String>,
    /// authorPerson of every author.
    pub author_persons: Vec<String>,
    /// The organisation that registered it.
    pub organisation: String,
    /// homeCommunityId.
    pub home: Option<String>,
    /// The encoded object.
    pub body: Vec<u8>,
}

/// A new Folder.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderRow {
    /// entryUUID.
    pub id: Uuid,
    /// uniqueId.
    pub unique_id: String,
    /// codeList as `code^^scheme`.
    pub codes: Vec<String>,
    /// lastUpdateTime in 14 digits.
    pub last_update_time: String,
    /// The organisation that registered it.
    pub organisation: String,
    /// homeCommunityId.
    pub home: Option<String>,
    /// The encoded object.
    pub body: Vec<u8>,
}

/// A new Association.
#[derive(Clone, Debug, PartialEq)]
pub struct AssociationRow {
    /// Its id.
    pub id: Uuid,
    /// Its type, see `AssociationType::number`.
    pub kind: i16,
    /// sourceObject.
    pub source: Uuid,
    /// targetObject.
    pub target: Uuid,
    /// The key of the target's patient, when it is another: a reference across patients.
    pub target_elsewhere: Option<Uuid>,
    /// The encoded object.
    pub body: Vec<u8>,
}

/// One use of a uniqueId.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UniqueIdRow {
    /// The uniqueId.
    pub value: String,
    /// Counted from 0 among its uses: two submissions at once cannot both take one.
    pub ordinal: i32,
    /// What uses it.
    pub object: Uuid,
    /// Its kind.
    pub kind: ObjectKind,
    /// The type of a DocumentEntry.
    pub entry_type: Option<i16>,
    /// The hash of a DocumentEntry.
    pub hash: Option<String>,
    /// The size of a DocumentEntry.
    pub size: Option<i64>,
}

/// A registered entry that becomes Deprecated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deprecation {
    /// The patient under whose key it is stored.
    pub stored_under: Uuid,
    /// The entry.
    pub entry: Uuid,
}

/// A registered folder whose lastUpdateTime changes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FolderTouch {
    /// The patient under whose key it is stored.
    pub stored_under: Uuid,
    /// The folder.
    pub folder: Uuid,
    /// The new lastUpdateTime, 14 digits.
    pub at: String,
}

impl Changes {
    /// With what it does to consents and refusals.
    pub(super) fn with(mut self, mut entered: Entered) -> Self {
        self.warnings.append(&mut entered.warnings);
        Self { entered, ..self }
    }

    /// Whether it changes nothing that is registered already, and adds no folder or reference across
    /// patients: then one statement does it, and several submissions may share it.
    pub fn is_plain(&self) -> bool {
        self.entered.versions.is_empty()
            && self.deprecations.is_empty()
            && self.touches.is_empty()
            && self.folders.is_empty()
            && self.associations.iter().all(|row| row.target_elsewhere.is_none())
    }
}

/// The rows of a permitted submission.
pub fn changes(submission: Submission<Permitted>, encoder: &dyn BodyEncoder) -> Changes {
    let Submission {
        set,
        entries,
        folders,
        associations,
        stage,
    } = submission;
    let checked = &stage.checked;
    let organisation = stage.organisation.as_str();
    let entries: Vec<EntryRow> = (entries.iter().zip(&stage.entries))
        .map(|(entry, permitted)| entry_row(entry, permitted, encoder))
        .collect();
    let sets = vec![set_row(&set, organisation, encoder)];
    let folders: Vec<FolderRow> = (folders.iter())
        .map(|folder| folder_row(folder, organisation, &checked.now, encoder))
        .collect();
    let associations = (associations.iter())
        .map(|association| AssociationRow {
            target_elsewhere: checked.elsewhere.get(&uuid(&association.target)).copied(),
            ..association_row(association, encoder)
        })
        .collect();
    let ordinal = |unique_id: &str| checked.ordinals.get(unique_id).copied().unwrap_or(0);
    let mut unique_ids: Vec<UniqueIdRow> = (sets
        .iter()
        .map(|row| package_id(&row.unique_id, row.id, ObjectKind::SubmissionSet)))
    .chain(
        folders
            .iter()
            .map(|row| package_id(&row.unique_id, row.id, ObjectKind::Folder)),
    )
    .chain(entries.iter().map(|row| entry_id(row, ordinal(&row.unique_id))))
    .collect();
    // In one order everywhere: two submissions that want the same ones wait, and do not deadlock.
    unique_ids.sort_by(|a, b| a.value.cmp(&b.value));
    let deprecations = (checked.deprecated.iter())
        .map(|(entry, stored_under)| Deprecation {
            stored_under: *stored_under,
            entry: *entry,
        })
        .collect();
    let touches = (checked.touched.iter())
        .map(|(folder, stored_under)| FolderTouch {
            stored_under: *stored_under,
            folder: *folder,
            at: checked.now.clone(),
        })
        .collect();
    Changes {
        patient: checked.patient,
        sets,
        entries,
        folders,
        associations,
        unique_ids,
        deprecations,
        touches,
        warnings: stage.checked.warnings,
        permits: stage.entries,
        entered: Entered::default(),
        decisions: stage.decisions,
    }
}

/// Every id of a checked submission is a UUID; the nil UUID stands for none and is never stored.
fn uuid(id: &ObjectId) -> Uuid {
    assigned(id).unwrap_or_default()
}

fn texts<'a>(values: impl IntoIterator<Item = &'a CodedValue>) -> Vec<String> {
    values.into_iter().map(|value| code_text(&value.code)).collect()
}

fn text(value: Option<&CodedValue>) -> Option<String> {
    value.map(|value| code_text(&value.code))
}

fn floor(time: Option<&Dtm>) -> Option<String> {
    time.map(Dtm::floor)
}

fn entry_row(entry: &DocumentEntry, permitted: &PermittedEntry, encoder: &dyn BodyEncoder) -> EntryRow {
    const OFFLINE: &str = "urn:ihe:iti:2010:DocumentAvailability:Offline";
    EntryRow {
        id: uuid(&entry.id),
        entry_type: entry_type_number(entry.object_type),
        unique_id: entry.unique_id.as_str().to_owned(),
        class_code: text(entry.class_code.as_ref()),
        type_code: text(entry.type_code.as_ref()),
        format_code: text(entry.format_code.as_ref()),
        facility_type_code: text(entry.healthcare_facility_type_code.as_ref()),
        practice_setting_code: text(entry.practice_setting_code.as_ref()),
        confidentiality_codes: texts(&entry.confidentiality_codes),
        event_codes: texts(&entry.event_codes),
        author_persons: entry
            .authors
            .iter()
            .filter_map(|author| author.person.clone())
            .collect(),
        reference_ids: entry.reference_ids.clone(),
        creation_time: floor(entry.creation_time.as_ref()),
        service_start_time: floor(entry.service_start_time.as_ref()),
        service_stop_time: floor(entry.service_stop_time.as_ref()),
        organisation: permitted.organisation.clone(),
        attributed: permitted.attributed,
        keeper: permitted.keeper.as_ref().map(|keeper| keeper.0.clone()),
        scope: scope_number(permitted.scope),
        online: entry.document_availability.as_deref() != Some(OFFLINE),
        repository: entry.repository_unique_id.as_ref().map(ToString::to_string),
        hash: entry.hash.as_ref().map(|hash| hash.as_str().to_ascii_lowercase()),
        size: entry.size.and_then(|size| i64::try_from(size).ok()),
        home: entry.home.as_ref().map(ToString::to_string),
        body: encoder.document_entry(entry),
    }
}

fn set_row(set: &SubmissionSet, organisation: &str, encoder: &dyn BodyEncoder) -> SetRow {
    SetRow {
        id: uuid(&set.id),
        unique_id: set.unique_id.as_str().to_owned(),
        source: set.source_id.as_ref().map(ToString::to_string),
        content_type_code: text(set.content_type_code.as_ref()),
        submission_time: floor(set.submission_time.as_ref()),
        author_persons: set
            .authors
            .iter()
            .filter_map(|author| author.person.clone())
            .collect(),
        organisation: organisation.to_owned(),
        home: set.home.as_ref().map(ToString::to_string),
        body: encoder.submission_set(set),
    }
}

fn folder_row(folder: &Folder, organisation: &str, now: &str, encoder: &dyn BodyEncoder) -> FolderRow {
    FolderRow {
        id: uuid(&folder.id),
        unique_id: folder.unique_id.as_str().to_owned(),
        codes: texts(&folder.codes),
        last_update_time: now.to_owned(),
        organisation: organisation.to_owned(),
        home: folder.home.as_ref().map(ToString::to_string),
        body: encoder.folder(folder),
    }
}

fn association_row(association: &Association, encoder: &dyn BodyEncoder) -> AssociationRow {
    AssociationRow {
        id: uuid(&association.id),
        kind: association.kind.number(),
        source: uuid(&association.source),
        target: uuid(&association.target),
        target_elsewhere: None,
        body: encoder.association(association),
    }
}

fn package_id(value: &str, object: Uuid, kind: ObjectKind) -> UniqueIdRow {
    UniqueIdRow {
        value: value.to_owned(),
        ordinal: 0,
        object,
        kind,
        entry_type: None,
        hash: None,
        size: None,
    }
}

fn entry_id(row: &EntryRow, ordinal: i32) -> UniqueIdRow {
    UniqueIdRow {
        value: row.unique_id.clone(),
        ordinal,
        object: row.id,
        kind: ObjectKind::DocumentEntry,
        entry_type: Some(row.entry_type),
        hash: row.hash.clone(),
        size: row.size,
    }
}
