//! Stored query to plan: values as the store compares them, and a bound on the answer. Pure.

use uuid::Uuid;
use xds_model::code::Code;
use xds_model::query::{
    AnyOfAll, ContainerId, EntryFilter, EntryIds, FindDocuments, FindSubmissionSets, GetAll, QueryId,
    ReturnType, StoredQuery, StoredQueryRequest, TimeRange,
};
use xds_model::{AvailabilityStatus, DocumentEntryType, Dtm, PatientId};

use crate::object::{code_text, entry_type_number, status_number};

/// How many objects one answer may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ResultLimits {
    /// In LeafClass form.
    pub leaf_class_max: usize,
    /// In ObjectRef form.
    pub object_ref_max: usize,
}

impl Default for ResultLimits {
    fn default() -> Self {
        Self {
            leaf_class_max: 5_000,
            object_ref_max: 50_000,
        }
    }
}

/// What is to be looked up for a stored query, and how the answer is shaped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// Which query it is.
    pub query: QueryId,
    /// Whole objects or ids.
    pub return_type: ReturnType,
    /// What is looked up.
    pub search: Search,
    /// Objects in the answer at most.
    pub objects_max: usize,
}

impl Plan {
    /// Whether the bodies are needed.
    pub fn with_bodies(&self) -> bool {
        self.return_type == ReturnType::LeafClass
    }
}

/// A look-up. Each is bounded by one patient or by the ids that it names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Search {
    /// DocumentEntries of a patient.
    Entries(Box<EntrySearch>),
    /// SubmissionSets of a patient.
    Sets(SetSearch),
    /// Everything of a patient.
    All(AllSearch),
    /// DocumentEntries by id.
    EntriesById(EntryLookup),
    /// DocumentEntries by id and the associations that they stand in.
    EntriesAndAssociations(EntryLookup),
    /// Associations that start from or end at these objects.
    Associations(Vec<Uuid>),
    /// SubmissionSets that hold these objects, with the HasMember associations that say so.
    SetsHolding(Vec<Uuid>),
    /// A SubmissionSet and what it holds.
    SetContents(ContainerLookup, EntryRestriction),
}

/// Which DocumentEntries of a patient. `None`: no condition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntrySearch {
    /// The patient.
    pub patient: PatientId,
    /// See [`status_number`].
    pub statuses: Vec<i16>,
    /// See [`entry_type_number`].
    pub types: Vec<i16>,
    /// Codes as `code^^scheme`.
    pub class_codes: Option<Vec<String>>,
    /// See `class_codes`.
    pub type_codes: Option<Vec<String>>,
    /// See `class_codes`.
    pub practice_setting_codes: Option<Vec<String>>,
    /// See `class_codes`.
    pub facility_type_codes: Option<Vec<String>>,
    /// See `class_codes`.
    pub format_codes: Option<Vec<String>>,
    /// eventCodeList.
    pub event_codes: Option<Groups>,
    /// confidentialityCode.
    pub confidentiality_codes: Option<Groups>,
    /// LIKE patterns without escape character; one of them matches one of the authors.
    pub author_persons: Option<Vec<String>>,
    /// creationTime.
    pub creation_time: Bounds,
    /// serviceStartTime.
    pub service_start_time: Bounds,
    /// serviceStopTime.
    pub service_stop_time: Bounds,
    /// documentAvailability: true is Online.
    pub online: Option<Vec<bool>>,
}

impl EntrySearch {
    /// Whether it asks for more than a patient, statuses and types.
    pub fn is_restricted(&self) -> bool {
        let codes = [
            &self.class_codes,
            &self.type_codes,
            &self.practice_setting_codes,
            &self.facility_type_codes,
            &self.format_codes,
            &self.author_persons,
        ];
        let groups = [&self.event_codes, &self.confidentiality_codes];
        let times = [
            &self.creation_time,
            &self.service_start_time,
            &self.service_stop_time,
        ];
        codes.iter().any(|codes| codes.is_some())
            || groups.iter().any(|groups| groups.is_some())
            || times.iter().any(|time| **time != Bounds::default())
            || self.online.is_some()
    }
}

/// A conjunction of disjunctions in two columns: value `n` belongs to group `n`; the attribute has a
/// value of every group.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Groups {
    /// The values.
    pub values: Vec<String>,
    /// The group of each value, counted from 1.
    pub groups: Vec<i32>,
}

/// `from <= time < to` in 14 digits.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Bounds {
    /// Inclusive.
    pub from: Option<String>,
    /// Exclusive.
    pub to: Option<String>,
}

/// Which SubmissionSets of a patient.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SetSearch {
    /// The patient.
    pub patient: PatientId,
    /// See [`status_number`].
    pub statuses: Vec<i16>,
    /// sourceIds.
    pub sources: Option<Vec<String>>,
    /// submissionTime.
    pub submission_time: Bounds,
    /// A LIKE pattern without escape character.
    pub author_person: Option<String>,
    /// contentTypeCodes as `code^^scheme`.
    pub content_types: Option<Vec<String>>,
}

/// Which objects of a patient.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AllSearch {
    /// The patient.
    pub patient: PatientId,
    /// Of DocumentEntries.
    pub entry_statuses: Vec<i16>,
    /// Of SubmissionSets.
    pub set_statuses: Vec<i16>,
    /// Of Folders.
    pub folder_statuses: Vec<i16>,
    /// Which of the DocumentEntries.
    pub entries: EntryRestriction,
}

/// Which DocumentEntries of those found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntryRestriction {
    /// See [`entry_type_number`].
    pub types: Vec<i16>,
    /// As `code^^scheme`.
    pub format_codes: Option<Vec<String>>,
    /// confidentialityCode.
    pub confidentiality_codes: Option<Groups>,
}

/// DocumentEntries by one kind of id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EntryLookup {
    /// entryUUIDs.
    Ids(Vec<Uuid>),
    /// uniqueIds: each may name several entries.
    UniqueIds(Vec<String>),
    /// logicalIDs: each names all versions.
    LogicalIds(Vec<Uuid>),
}

/// A SubmissionSet or Folder by one kind of id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ContainerLookup {
    /// entryUUID.
    Id(Uuid),
    /// uniqueId.
    UniqueId(String),
}

/// Plans a stored query.
pub fn plan(request: StoredQueryRequest, limits: ResultLimits) -> Plan {
    let StoredQueryRequest { query, return_type } = request;
    Plan {
        query: query.id(),
        return_type,
        search: search(query),
        objects_max: match return_type {
            ReturnType::LeafClass => limits.leaf_class_max,
            ReturnType::ObjectRef => limits.object_ref_max,
        },
    }
}

fn search(query: StoredQuery) -> Search {
    match query {
        StoredQuery::FindDocuments(query) => Search::Entries(Box::new(entry_search(*query))),
        StoredQuery::FindSubmissionSets(query) => Search::Sets(set_search(query)),
        StoredQuery::GetAll(query) => Search::All(all_search(query)),
        StoredQuery::GetDocuments(ids) => Search::EntriesById(lookup(ids)),
        StoredQuery::GetDocumentsAndAssociations(ids) => Search::EntriesAndAssociations(lookup(ids)),
        StoredQuery::GetAssociations(ids) => Search::Associations(ids),
        StoredQuery::GetSubmissionSets(ids) => Search::SetsHolding(ids),
        StoredQuery::GetSubmissionSetAndContents(query) => {
            Search::SetContents(container(query.container), restriction(query.entries))
        }
    }
}

fn entry_search(query: FindDocuments) -> EntrySearch {
    const ONLINE: &str = "urn:ihe:iti:2010:DocumentAvailability:Online";
    const OFFLINE: &str = "urn:ihe:iti:2010:DocumentAvailability:Offline";
    let online = given(query.availabilities).map(|availabilities| {
        [(ONLINE, true), (OFFLINE, false)]
            .into_iter()
            .filter(|(urn, _)| availabilities.iter().any(|asked| asked == urn))
            .map(|(_, online)| online)
            .collect()
    });
    EntrySearch {
        patient: query.patient,
        statuses: statuses(&query.statuses),
        types: types(&query.types),
        class_codes: codes(&query.class_codes),
        type_codes: codes(&query.type_codes),
        practice_setting_codes: codes(&query.practice_setting_codes),
        facility_type_codes: codes(&query.facility_type_codes),
        format_codes: codes(&query.format_codes),
        event_codes: groups(&query.event_codes),
        confidentiality_codes: groups(&query.confidentiality_codes),
        author_persons: given(query.author_persons)
            .map(|patterns| patterns.into_iter().map(|pattern| pattern.0).collect()),
        creation_time: bounds(query.creation_time),
        service_start_time: bounds(query.service_start_time),
        service_stop_time: bounds(query.service_stop_time),
        online,
    }
}

fn set_search(query: FindSubmissionSets) -> SetSearch {
    SetSearch {
        patient: query.patient,
        statuses: statuses(&query.statuses),
        sources: given(query.source_ids),
        submission_time: bounds(query.submission_time),
        author_person: query.author_person.map(|pattern| pattern.0),
        content_types: codes(&query.content_types),
    }
}

fn all_search(query: GetAll) -> AllSearch {
    AllSearch {
        patient: query.patient,
        entry_statuses: statuses(&query.entry_statuses),
        set_statuses: statuses(&query.set_statuses),
        folder_statuses: statuses(&query.folder_statuses),
        entries: restriction(query.entries),
    }
}

fn restriction(filter: EntryFilter) -> EntryRestriction {
    EntryRestriction {
        types: types(&filter.types),
        format_codes: codes(&filter.format_codes),
        confidentiality_codes: groups(&filter.confidentiality_codes),
    }
}

fn lookup(ids: EntryIds) -> EntryLookup {
    match ids {
        EntryIds::EntryUuid(ids) => EntryLookup::Ids(ids),
        EntryIds::UniqueId(ids) => EntryLookup::UniqueIds(ids),
        EntryIds::LogicalId(ids) => EntryLookup::LogicalIds(ids),
    }
}

fn container(id: ContainerId) -> ContainerLookup {
    match id {
        ContainerId::EntryUuid(id) => ContainerLookup::Id(id),
        ContainerId::UniqueId(id) => ContainerLookup::UniqueId(id),
    }
}

fn given<T>(values: Vec<T>) -> Option<Vec<T>> {
    (!values.is_empty()).then_some(values)
}

fn codes(codes: &[Code]) -> Option<Vec<String>> {
    given(codes.iter().map(code_text).collect())
}

fn groups(groups: &AnyOfAll<Code>) -> Option<Groups> {
    if groups.0.is_empty() {
        return None;
    }
    let mut found = Groups::default();
    for (number, codes) in (1..).zip(&groups.0) {
        for code in codes {
            found.values.push(code_text(code));
            found.groups.push(number);
        }
    }
    Some(found)
}

/// Stable entries only, unless the query says otherwise.
fn types(types: &[DocumentEntryType]) -> Vec<i16> {
    match types {
        [] => vec![entry_type_number(DocumentEntryType::Stable)],
        types => types.iter().map(|kind| entry_type_number(*kind)).collect(),
    }
}

fn statuses(statuses: &[AvailabilityStatus]) -> Vec<i16> {
    statuses.iter().map(|status| status_number(*status)).collect()
}

fn bounds(range: TimeRange) -> Bounds {
    Bounds {
        from: range.from.as_ref().map(Dtm::floor),
        to: range.to.as_ref().map(Dtm::floor),
    }
}
