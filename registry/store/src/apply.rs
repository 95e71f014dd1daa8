//! Changes to rows. One statement writes one or more plain registrations.

use registry_core::object::ObjectKind;
use registry_core::register::{Changes, EntryRow, SetRow};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::StoreError;
use crate::mark::AuditMark;
use crate::row::{hash_bytes, time_number};
use crate::session::Session;
use crate::sql;

/// A registration that is ready to be written.
#[derive(Clone, Copy)]
pub(crate) struct Write<'a> {
    pub(crate) changes: &'a Changes,
    pub(crate) mark: Option<&'a AuditMark>,
    pub(crate) at: OffsetDateTime,
}

/// Writes everything that is new. For registrations that are [plain](Changes::is_plain) it is all there
/// is to do, in one statement, and so in one transaction.
pub(crate) async fn insert(session: Session<'_>, writes: &[Write<'_>]) -> Result<(), StoreError> {
    let Some(first) = writes.first() else {
        return Ok(());
    };
    let objects = ObjectColumns::of(writes);
    let ids = IdColumns::of(writes);
    let sets = SetColumns::of(writes);
    let links = LinkColumns::of(writes);
    let marks: Vec<&AuditMark> = writes.iter().filter_map(|write| write.mark).collect();
    let correlations: Vec<Uuid> = marks.iter().map(|mark| mark.correlation).collect();
    let times: Vec<OffsetDateTime> = marks.iter().map(|mark| mark.at).collect();
    let events: Vec<&[u8]> = marks.iter().map(|mark| mark.event.as_slice()).collect();
    let e = EntryColumns::of(writes);
    session
        .execute(
            &sql::REGISTER,
            &[
                &objects.id,
                &objects.patient,
                &objects.kind,
                &objects.source,
                &ids.value,
                &ids.ordinal,
                &ids.object,
                &ids.patient,
                &ids.kind,
                &ids.entry_type,
                &ids.hash,
                &ids.size,
                &sets.patient,
                &sets.id,
                &sets.time,
                &sets.organisation,
                &sets.unique_id,
                &sets.source,
                &sets.content_type_code,
                &sets.persons,
                &sets.home,
                &sets.body,
                &links.patient,
                &links.source,
                &links.id,
                &links.target,
                &links.kind,
                &links.body,
                &correlations,
                &times,
                &events,
                &e.patient,
                &e.id,
                &e.entry_type,
                &e.scope,
                &e.online,
                &e.creation,
                &e.start,
                &e.stop,
                &e.size,
                &e.organisation,
                &e.unique_id,
                &e.class,
                &e.kind,
                &e.format,
                &e.facility,
                &e.practice,
                &e.confidentiality,
                &e.event,
                &e.persons,
                &e.references,
                &e.repository,
                &e.hash,
                &e.home,
                &e.body,
                &first.at,
                &e.keeper,
                &e.attributed,
            ],
        )
        .await?;
    Ok(())
}

/// Writes what goes beyond a plain registration, within its transaction.
pub(crate) async fn extend(session: Session<'_>, write: Write<'_>) -> Result<(), StoreError> {
    let changes = write.changes;
    if !changes.folders.is_empty() {
        insert_folders(session, write).await?;
    }
    refer_across(session, changes).await?;
    if !changes.deprecations.is_empty() {
        let patients: Vec<Uuid> = changes.deprecations.iter().map(|row| row.stored_under).collect();
        let entries: Vec<Uuid> = changes.deprecations.iter().map(|row| row.entry).collect();
        let changed = session.execute(&sql::DEPRECATE, &[&patients, &entries]).await?;
        expect(changed, entries.len())?;
    }
    if !changes.touches.is_empty() {
        let patients: Vec<Uuid> = changes.touches.iter().map(|row| row.stored_under).collect();
        let folders: Vec<Uuid> = changes.touches.iter().map(|row| row.folder).collect();
        let times: Vec<Option<i64>> = changes.touches.iter().map(|row| time_number(&row.at)).collect();
        let changed = session
            .execute(&sql::TOUCH_FOLDERS, &[&patients, &folders, &times])
            .await?;
        expect(changed, folders.len())?;
    }
    Ok(())
}

/// What was decided to change must be as it was when that was decided: its patient's lock sees to it. If
/// it is not, something writes without the lock, and nothing is stored.
fn expect(changed: u64, expected: usize) -> Result<(), StoreError> {
    if usize::try_from(changed) == Ok(expected) {
        Ok(())
    } else {
        Err(StoreError::row("document_entry or folder", "status"))
    }
}

async fn insert_folders(session: Session<'_>, write: Write<'_>) -> Result<(), StoreError> {
    let rows = &write.changes.folders;
    let patients = vec![write.changes.patient; rows.len()];
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let times: Vec<Option<i64>> = rows
        .iter()
        .map(|row| time_number(&row.last_update_time))
        .collect();
    let organisations: Vec<&str> = rows.iter().map(|row| row.organisation.as_str()).collect();
    let unique_ids: Vec<&str> = rows.iter().map(|row| row.unique_id.as_str()).collect();
    let codes: Vec<Option<String>> = rows.iter().map(|row| joined(&row.codes)).collect();
    let homes: Vec<Option<&str>> = rows.iter().map(|row| row.home.as_deref()).collect();
    let bodies: Vec<&[u8]> = rows.iter().map(|row| row.body.as_slice()).collect();
    session
        .execute(
            &sql::REGISTER_FOLDERS,
            &[
                &patients,
                &ids,
                &times,
                &organisations,
                &unique_ids,
                &codes,
                &homes,
                &bodies,
                &write.at,
            ],
        )
        .await?;
    Ok(())
}

async fn refer_across(session: Session<'_>, changes: &Changes) -> Result<(), StoreError> {
    let (mut patients, mut targets, mut ids, mut sources) = (vec![], vec![], vec![], vec![]);
    for row in &changes.associations {
        if let Some(patient) = row.target_elsewhere {
            patients.push(patient);
            targets.push(row.target);
            ids.push(row.id);
            sources.push(row.source);
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    let own = vec![changes.patient; ids.len()];
    session
        .execute(
            &sql::CROSS_REFERENCE,
            &[&patients, &targets, &ids, &own, &sources],
        )
        .await?;
    Ok(())
}

/// A list of texts as one: U+001F is in no XML text.
fn joined(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| texts.join("\u{1f}"))
}

#[derive(Default)]
struct ObjectColumns {
    id: Vec<Uuid>,
    patient: Vec<Uuid>,
    kind: Vec<i16>,
    source: Vec<Option<Uuid>>,
}

impl ObjectColumns {
    fn of(writes: &[Write<'_>]) -> Self {
        let mut columns = Self::default();
        for Write { changes, .. } in writes {
            let mut add = |id, kind: ObjectKind, source| {
                columns.id.push(id);
                columns.patient.push(changes.patient);
                columns.kind.push(kind.number());
                columns.source.push(source);
            };
            for row in &changes.sets {
                add(row.id, ObjectKind::SubmissionSet, None);
            }
            for row in &changes.entries {
                add(row.id, ObjectKind::DocumentEntry, None);
            }
            for row in &changes.folders {
                add(row.id, ObjectKind::Folder, None);
            }
            for row in &changes.associations {
                add(row.id, ObjectKind::Association, Some(row.source));
            }
        }
        columns
    }
}

#[derive(Default)]
struct IdColumns<'a> {
    value: Vec<&'a str>,
    ordinal: Vec<i32>,
    object: Vec<Uuid>,
    patient: Vec<Uuid>,
    kind: Vec<i16>,
    entry_type: Vec<Option<i16>>,
    hash: Vec<Option<Vec<u8>>>,
    size: Vec<Option<i64>>,
}

impl<'a> IdColumns<'a> {
    fn of(writes: &[Write<'a>]) -> Self {
        let mut columns = Self::default();
        for Write { changes, .. } in writes {
            for row in &changes.unique_ids {
                columns.value.push(&row.value);
                columns.ordinal.push(row.ordinal);
                columns.object.push(row.object);
                columns.patient.push(changes.patient);
                columns.kind.push(row.kind.number());
                columns.entry_type.push(row.entry_type);
                columns.hash.push(row.hash.as_deref().and_then(hash_bytes));
                columns.size.push(row.size);
            }
        }
        columns
    }
}

#[derive(Default)]
struct SetColumns<'a> {
    patient: Vec<Uuid>,
    id: Vec<Uuid>,
    time: Vec<Option<i64>>,
    organisation: Vec<&'a str>,
    unique_id: Vec<&'a str>,
    source: Vec<Option<&'a str>>,
    content_type_code: Vec<Option<&'a str>>,
    persons: Vec<Option<String>>,
    home: Vec<Option<&'a str>>,
    body: Vec<&'a [u8]>,
}

impl<'a> SetColumns<'a> {
    fn of(writes: &[Write<'a>]) -> Self {
        let mut columns = Self::default();
        for Write { changes, .. } in writes {
            for row in &changes.sets {
                columns.add(changes.patient, row);
            }
        }
        columns
    }

    fn add(&mut self, patient: Uuid, row: &'a SetRow) {
        self.patient.push(patient);
        self.id.push(row.id);
        self.time
            .push(row.submission_time.as_deref().and_then(time_number));
        self.organisation.push(&row.organisation);
        self.unique_id.push(&row.unique_id);
        self.source.push(row.source.as_deref());
        self.content_type_code.push(row.content_type_code.as_deref());
        self.persons.push(joined(&row.author_persons));
        self.home.push(row.home.as_deref());
        self.body.push(&row.body);
    }
}

#[derive(Default)]
struct LinkColumns<'a> {
    patient: Vec<Uuid>,
    source: Vec<Uuid>,
    id: Vec<Uuid>,
    target: Vec<Uuid>,
    kind: Vec<i16>,
    body: Vec<&'a [u8]>,
}

impl<'a> LinkColumns<'a> {
    fn of(writes: &[Write<'a>]) -> Self {
        let mut columns = Self::default();
        for Write { changes, .. } in writes {
            for row in &changes.associations {
                columns.patient.push(changes.patient);
                columns.source.push(row.source);
                columns.id.push(row.id);
                columns.target.push(row.target);
                columns.kind.push(row.kind);
                columns.body.push(&row.body);
            }
        }
        columns
    }
}

#[derive(Default)]
struct EntryColumns<'a> {
    patient: Vec<Uuid>,
    id: Vec<Uuid>,
    entry_type: Vec<i16>,
    scope: Vec<i16>,
    online: Vec<bool>,
    creation: Vec<Option<i64>>,
    start: Vec<Option<i64>>,
    stop: Vec<Option<i64>>,
    size: Vec<Option<i64>>,
    organisation: Vec<&'a str>,
    unique_id: Vec<&'a str>,
    class: Vec<Option<&'a str>>,
    kind: Vec<Option<&'a str>>,
    format: Vec<Option<&'a str>>,
    facility: Vec<Option<&'a str>>,
    practice: Vec<Option<&'a str>>,
    confidentiality: Vec<Option<String>>,
    event: Vec<Option<String>>,
    persons: Vec<Option<String>>,
    references: Vec<Option<String>>,
    repository: Vec<Option<&'a str>>,
    hash: Vec<Option<Vec<u8>>>,
    home: Vec<Option<&'a str>>,
    body: Vec<&'a [u8]>,
    keeper: Vec<Option<&'a str>>,
    attributed: Vec<bool>,
}

impl<'a> EntryColumns<'a> {
    fn of(writes: &[Write<'a>]) -> Self {
        let mut columns = Self::default();
        for Write { changes, .. } in writes {
            for row in &changes.entries {
                columns.add(changes.patient, row);
            }
        }
        columns
    }

    fn add(&mut self, patient: Uuid, row: &'a EntryRow) {
        self.patient.push(patient);
        self.id.push(row.id);
        self.entry_type.push(row.entry_type);
        self.scope.push(row.scope);
        self.online.push(row.online);
        self.creation
            .push(row.creation_time.as_deref().and_then(time_number));
        self.start
            .push(row.service_start_time.as_deref().and_then(time_number));
        self.stop
            .push(row.service_stop_time.as_deref().and_then(time_number));
        self.size.push(row.size);
        self.organisation.push(&row.organisation);
        self.unique_id.push(&row.unique_id);
        self.class.push(row.class_code.as_deref());
        self.kind.push(row.type_code.as_deref());
        self.format.push(row.format_code.as_deref());
        self.facility.push(row.facility_type_code.as_deref());
        self.practice.push(row.practice_setting_code.as_deref());
        self.confidentiality.push(joined(&row.confidentiality_codes));
        self.event.push(joined(&row.event_codes));
        self.persons.push(joined(&row.author_persons));
        self.references.push(joined(&row.reference_ids));
        self.repository.push(row.repository.as_deref());
        self.hash.push(row.hash.as_deref().and_then(hash_bytes));
        self.home.push(row.home.as_deref());
        self.body.push(&row.body);
        self.keeper.push(row.keeper.as_deref());
        self.attributed.push(row.attributed);
    }
}
