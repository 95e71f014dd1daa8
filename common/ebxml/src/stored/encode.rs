//! Model to body.

use uuid::Uuid;
use xds_model::author::Author;
use xds_model::code::{CodedAttribute, CodedValue};
use xds_model::slot::{Classification, ExternalIdentifier, Extras, IdentifierIds, Slot};
use xds_model::text::Text;
use xds_model::{Association, DocumentEntry, DocumentEntryType, Folder, SubmissionSet, SubmissionSetStatus};

use super::cursor::Encoder;
use super::tags;

/// The body of a DocumentEntry: everything but what [`super::EntryColumns`] holds.
pub fn encode_document_entry(entry: &DocumentEntry) -> Vec<u8> {
    let mut out = Encoder::with_capacity();
    out.text(&entry.mime_type);
    entry_slots(&mut out, entry);
    out.texts(&entry.title, &entry.comments);
    out.byte(tags::VERSION_INFO);
    entry.authors.iter().for_each(|author| out.author(author));
    for (attribute, value) in [
        (CodedAttribute::ClassCode, &entry.class_code),
        (CodedAttribute::TypeCode, &entry.type_code),
        (CodedAttribute::FormatCode, &entry.format_code),
        (
            CodedAttribute::HealthcareFacilityTypeCode,
            &entry.healthcare_facility_type_code,
        ),
        (CodedAttribute::PracticeSettingCode, &entry.practice_setting_code),
    ] {
        out.coded(attribute, value);
    }
    out.coded(CodedAttribute::ConfidentialityCode, &entry.confidentiality_codes);
    out.coded(CodedAttribute::EventCodeList, &entry.event_codes);
    out.extra_classifications(&entry.extras, entry.limited_metadata);
    let ids = &entry.identifier_ids;
    out.identifiers(ids, entry.patient_id.is_some(), None, entry.unique_id.as_str());
    out.extra_identifiers(&entry.extras);
    out.finish(match entry.object_type {
        DocumentEntryType::Stable => tags::STABLE,
        DocumentEntryType::OnDemand => tags::ON_DEMAND,
    })
}

fn entry_slots(out: &mut Encoder, entry: &DocumentEntry) {
    let time = |time: &Option<xds_model::Dtm>| time.map(|time| time.as_str().to_owned());
    for (tag, value) in [
        (tags::CREATION_TIME, time(&entry.creation_time).as_deref()),
        (
            tags::DOCUMENT_AVAILABILITY,
            entry.document_availability.as_deref(),
        ),
        (tags::HASH, entry.hash.as_ref().map(|hash| hash.as_str())),
        (tags::LANGUAGE_CODE, entry.language_code.as_deref()),
        (tags::LEGAL_AUTHENTICATOR, entry.legal_authenticator.as_deref()),
        (
            tags::REPOSITORY_UNIQUE_ID,
            entry.repository_unique_id.as_ref().map(|id| id.as_str()),
        ),
        (
            tags::SERVICE_START_TIME,
            time(&entry.service_start_time).as_deref(),
        ),
        (tags::SERVICE_STOP_TIME, time(&entry.service_stop_time).as_deref()),
        (tags::SIZE, entry.size.map(|size| size.to_string()).as_deref()),
        (tags::SOURCE_PATIENT_ID, entry.source_patient_id.as_deref()),
        (tags::URI, entry.uri.as_deref()),
    ] {
        out.single(tag, value);
    }
    out.several(tags::SOURCE_PATIENT_INFO, &entry.source_patient_info);
    out.several(tags::REFERENCE_ID_LIST, &entry.reference_ids);
    out.extra_slots(&entry.extras.slots);
}

/// The body of a SubmissionSet: everything but what [`super::SetColumns`] holds.
pub fn encode_submission_set(set: &SubmissionSet) -> Vec<u8> {
    let mut out = Encoder::with_capacity();
    out.single(
        tags::SUBMISSION_TIME,
        set.submission_time.as_ref().map(|time| time.as_str()),
    );
    out.several(tags::INTENDED_RECIPIENT, &set.intended_recipients);
    out.extra_slots(&set.extras.slots);
    out.texts(&set.title, &set.comments);
    out.byte(tags::VERSION_INFO);
    out.byte(tags::LABEL);
    set.authors.iter().for_each(|author| out.author(author));
    out.coded(CodedAttribute::ContentTypeCode, &set.content_type_code);
    out.extra_classifications(&set.extras, set.limited_metadata);
    let source = set.source_id.as_ref().map(|id| id.as_str());
    out.identifiers(
        &set.identifier_ids,
        set.patient_id.is_some(),
        source,
        set.unique_id.as_str(),
    );
    out.extra_identifiers(&set.extras);
    out.finish(tags::SUBMISSION_SET)
}

/// The body of a Folder: everything but what [`super::FolderColumns`] holds.
pub fn encode_folder(folder: &Folder) -> Vec<u8> {
    let mut out = Encoder::with_capacity();
    out.byte(tags::LAST_UPDATE_TIME);
    out.extra_slots(&folder.extras.slots);
    out.texts(&folder.title, &folder.comments);
    out.byte(tags::VERSION_INFO);
    out.byte(tags::LABEL);
    out.coded(CodedAttribute::FolderCodeList, &folder.codes);
    out.extra_classifications(&folder.extras, folder.limited_metadata);
    out.identifiers(
        &folder.identifier_ids,
        folder.patient_id.is_some(),
        None,
        folder.unique_id.as_str(),
    );
    out.extra_identifiers(&folder.extras);
    out.finish(tags::FOLDER)
}

/// The body of an Association: everything but what [`super::AssociationColumns`] holds.
pub fn encode_association(association: &Association) -> Vec<u8> {
    let mut out = Encoder::default();
    match association.submission_set_status {
        Some(SubmissionSetStatus::Original) => out.byte(tags::ORIGINAL),
        Some(SubmissionSetStatus::Reference) => out.byte(tags::REFERENCE),
        None => {}
    }
    if let Some(slot) = &association.previous_version {
        out.byte(tags::PREVIOUS_VERSION);
        out.slot(slot);
    }
    out.extra_slots(&association.extras.slots);
    out.texts(&association.name, &association.description);
    out.byte(tags::VERSION_INFO);
    out.coded(
        CodedAttribute::AssociationDocumentation,
        &association.documentation,
    );
    out.extra_classifications(&association.extras, false);
    out.extra_identifiers(&association.extras);
    out.finish(tags::ASSOCIATION)
}

impl Encoder {
    fn single(&mut self, tag: u8, value: Option<&str>) {
        if let Some(value) = value {
            self.byte(tag);
            self.text(value);
        }
    }

    fn several(&mut self, tag: u8, values: &[String]) {
        if !values.is_empty() {
            self.byte(tag);
            self.values(values);
        }
    }

    fn values(&mut self, values: &[String]) {
        self.number(values.len() as u64);
        values.iter().for_each(|value| self.text(value));
    }

    fn slot(&mut self, slot: &Slot) {
        self.byte(if slot.slot_type.is_some() {
            tags::HAS_TYPE
        } else {
            0
        });
        self.text(&slot.name);
        if let Some(slot_type) = &slot.slot_type {
            self.text(slot_type);
        }
        self.values(&slot.values);
    }

    fn slots(&mut self, slots: &[Slot]) {
        self.number(slots.len() as u64);
        slots.iter().for_each(|slot| self.slot(slot));
    }

    fn extra_slots(&mut self, slots: &[Slot]) {
        for slot in slots {
            self.byte(tags::EXTRA_SLOT);
            self.slot(slot);
        }
    }

    fn texts(&mut self, name: &Text, description: &Text) {
        for (tag, text) in [(tags::NAME, name), (tags::DESCRIPTION, description)] {
            if !text.strings.is_empty() {
                self.byte(tag);
                self.strings(text);
            }
        }
    }

    fn strings(&mut self, text: &Text) {
        self.number(text.strings.len() as u64);
        for string in &text.strings {
            let lang = if string.lang.is_some() { tags::HAS_LANG } else { 0 };
            let charset = if string.charset.is_some() {
                tags::HAS_CHARSET
            } else {
                0
            };
            self.byte(lang | charset);
            string.lang.iter().for_each(|lang| self.text(lang));
            string.charset.iter().for_each(|charset| self.text(charset));
            self.text(&string.value);
        }
    }

    /// The name of a nested element: one plain string nearly always.
    fn name(&mut self, text: &Text) {
        match plain(text) {
            Some(value) => self.text(value),
            None => self.strings(text),
        }
    }

    fn id(&mut self, id: Option<Uuid>) {
        if let Some(id) = id {
            self.uuid(id);
        }
    }

    fn coded<'v>(&mut self, attribute: CodedAttribute, values: impl IntoIterator<Item = &'v CodedValue>) {
        for value in values {
            self.byte(tags::of(attribute));
            self.byte(id_flag(value.id) | name_flag(&value.display) | slots_flag(&value.extra_slots));
            self.id(value.id);
            self.text(&value.code.code);
            self.text(&value.code.scheme);
            if !value.extra_slots.is_empty() {
                self.slots(&value.extra_slots);
            }
            self.name(&value.display);
        }
    }

    fn author(&mut self, author: &Author) {
        let person = if author.person.is_some() {
            tags::HAS_PERSON
        } else {
            0
        };
        self.byte(tags::AUTHOR);
        self.byte(id_flag(author.id) | slots_flag(&author.extra_slots) | person);
        self.id(author.id);
        author.person.iter().for_each(|person| self.text(person));
        self.values(&author.institutions);
        self.values(&author.roles);
        self.values(&author.specialties);
        self.values(&author.telecommunications);
        if !author.extra_slots.is_empty() {
            self.slots(&author.extra_slots);
        }
    }

    fn extra_classifications(&mut self, extras: &Extras, limited_metadata: bool) {
        extras
            .classifications
            .iter()
            .for_each(|classification| self.classification(classification));
        if limited_metadata {
            self.byte(tags::LIMITED_METADATA);
        }
    }

    fn classification(&mut self, classification: &Classification) {
        let given = [
            (tags::HAS_SCHEME, &classification.scheme),
            (tags::HAS_NODE, &classification.node),
            (tags::HAS_REPRESENTATION, &classification.representation),
        ];
        let flags = given
            .iter()
            .filter(|(_, value)| value.is_some())
            .fold(0, |flags, (flag, _)| flags | flag);
        self.byte(tags::EXTRA_CLASSIFICATION);
        self.byte(
            flags
                | id_flag(classification.id)
                | name_flag(&classification.name)
                | slots_flag(&classification.slots),
        );
        self.id(classification.id);
        given
            .iter()
            .filter_map(|(_, value)| value.as_deref())
            .for_each(|value| self.text(value));
        if !classification.slots.is_empty() {
            self.slots(&classification.slots);
        }
        self.name(&classification.name);
    }

    fn identifiers(&mut self, ids: &IdentifierIds, patient: bool, source: Option<&str>, unique: &str) {
        if patient {
            self.byte(tags::PATIENT_ID);
            self.byte(id_flag(ids.patient_id));
            self.id(ids.patient_id);
        }
        if let Some(source) = source {
            self.byte(tags::SOURCE_ID);
            self.byte(id_flag(ids.source_id));
            self.id(ids.source_id);
            self.text(source);
        }
        self.byte(tags::UNIQUE_ID);
        self.byte(id_flag(ids.unique_id));
        self.id(ids.unique_id);
        self.text(unique);
    }

    fn extra_identifiers(&mut self, extras: &Extras) {
        extras
            .identifiers
            .iter()
            .for_each(|identifier| self.identifier(identifier));
    }

    fn identifier(&mut self, identifier: &ExternalIdentifier) {
        self.byte(tags::EXTRA_IDENTIFIER);
        self.byte(id_flag(identifier.id) | name_flag(&identifier.name));
        self.id(identifier.id);
        self.text(&identifier.scheme);
        self.text(&identifier.value);
        self.name(&identifier.name);
    }
}

fn id_flag(id: Option<Uuid>) -> u8 {
    if id.is_some() { tags::HAS_ID } else { 0 }
}

fn name_flag(text: &Text) -> u8 {
    if plain(text).is_some() {
        0
    } else {
        tags::HAS_LONG_NAME
    }
}

fn slots_flag(slots: &[Slot]) -> u8 {
    if slots.is_empty() { 0 } else { tags::HAS_SLOTS }
}

/// The text's value, if it is one string without language.
fn plain(text: &Text) -> Option<&str> {
    match text.strings.as_slice() {
        [string] if string.lang.is_none() && string.charset.is_none() => Some(&string.value),
        _ => None,
    }
}
