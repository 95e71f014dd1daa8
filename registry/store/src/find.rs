//! Stored queries: what a plan looks up.

use std::collections::HashSet;

use registry_core::answer::{Candidates, Entry, LeftOut, Link};
use registry_core::plan::{
    AllSearch, Bounds, ContainerLookup, EntryLookup, EntryRestriction, EntrySearch, Groups, Plan, Search,
    SetSearch,
};
use registry_core::view::Viewer;
use tokio_postgres::Row;
use uuid::Uuid;
use xds_model::{AssociationType, PatientId};

use crate::error::{Busy, StoreError};
use crate::persons::persons;
use crate::pool::Store;
use crate::row::{ENTRY_OWNER, ENTRY_POLICY, PACKAGE_OWNER, candidate, link, policy, read, time_number};
use crate::session::{Params, Question, Session};
use crate::sql::{self, Statement};
use crate::surroundings;

/// How often entries are read anew because patients were merged between the look at instruments and that at entries.
pub(crate) const MERGES_MAX: u32 = 3;

impl Store {
    /// Candidates for the answer to a plan.
    ///
    /// Entries that the viewer may not know of are left out as they are read, and reading stops one past
    /// the plan's bound: memory is bounded by what may be answered, not by what is stored.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn find(&self, plan: &Plan, viewer: &Viewer<'_>) -> Result<Candidates, StoreError> {
        match &plan.search {
            Search::Entries(search) => {
                let connection = self.connection().await?;
                let mut reader = Reader::new(self.session(&connection), plan, viewer);
                reader.find_entries(search).await?;
                Ok(reader.found)
            }
            Search::EntriesById(lookup) => {
                let connection = self.connection().await?;
                let mut reader = Reader::new(self.session(&connection), plan, viewer);
                reader.entries_by(lookup).await?;
                Ok(reader.found)
            }
            // On the heap: they are rarer, and several times as large.
            _ => Box::pin(self.find_linked(plan, viewer)).await,
        }
    }

    /// Several statements, which see the same moment.
    async fn find_linked(&self, plan: &Plan, viewer: &Viewer<'_>) -> Result<Candidates, StoreError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin_reading(&mut connection).await?;
        let mut reader = Reader::new(self.within(&transaction), plan, viewer);
        reader.read(&plan.search).await?;
        surroundings::load(reader.session, &mut reader.found).await?;
        let found = reader.found;
        crate::tx::commit(transaction).await?;
        Ok(found)
    }
}

/// Reads candidates of one plan.
struct Reader<'a> {
    session: Session<'a>,
    viewer: &'a Viewer<'a>,
    bodies: bool,
    /// One more of each kind than may be answered.
    rows_max: usize,
    found: Candidates,
}

/// The kinds of package.
#[derive(Clone, Copy)]
enum Package {
    Set,
    Folder,
}

impl<'a> Reader<'a> {
    fn new(session: Session<'a>, plan: &Plan, viewer: &'a Viewer<'a>) -> Self {
        Self {
            session,
            viewer,
            bodies: plan.with_bodies(),
            rows_max: plan.objects_max.saturating_add(1),
            found: Candidates::default(),
        }
    }

    async fn read(&mut self, search: &Search) -> Result<(), StoreError> {
        match search {
            Search::Entries(search) => self.find_entries(search).await,
            Search::Sets(search) => self.find_sets(search).await,
            Search::All(search) => self.all(search).await,
            Search::EntriesById(lookup) => self.entries_by(lookup).await,
            Search::EntriesAndAssociations(lookup) => {
                self.entries_by(lookup).await?;
                let ids = distinct(self.found.entries.iter().map(|entry| entry.candidate.id));
                self.associations_of(&ids).await
            }
            Search::Associations(ids) => self.associations_of(ids).await,
            Search::SetsHolding(ids) => self.sets_holding(ids).await,
            Search::SetContents(set, restriction) => self.set_contents(set, restriction).await,
        }
    }

    async fn find_entries(&mut self, search: &EntrySearch) -> Result<(), StoreError> {
        let patient = &search.patient;
        let (bodies, id, authority) = (self.bodies, patient.id(), patient.authority().as_str());
        let whose: Question<'_> = (&sql::PERSONS_OF_PATIENT, &[&id, &authority]);
        if !search.is_restricted() {
            let params: Params<'_> = &[&bodies, &id, &authority, &search.statuses, &search.types];
            return self
                .entries(whose, (&sql::FIND_PATIENTS_ENTRIES, params), Some(patient))
                .await;
        }
        let (events, event_groups) = split(search.event_codes.as_ref());
        let (confidentialities, confidentiality_groups) = split(search.confidentiality_codes.as_ref());
        let [creation, start, stop] = [
            &search.creation_time,
            &search.service_start_time,
            &search.service_stop_time,
        ]
        .map(numbers);
        let params: Params<'_> = &[
            &bodies,
            &id,
            &authority,
            &search.statuses,
            &search.types,
            &search.class_codes,
            &search.type_codes,
            &search.practice_setting_codes,
            &search.facility_type_codes,
            &search.format_codes,
            &events,
            &event_groups,
            &confidentialities,
            &confidentiality_groups,
            &search.author_persons,
            &creation.0,
            &creation.1,
            &start.0,
            &start.1,
            &stop.0,
            &stop.1,
            &search.online,
        ];
        self.entries(whose, (&sql::FIND_ENTRIES, params), Some(patient)).await
    }

    async fn find_sets(&mut self, search: &SetSearch) -> Result<(), StoreError> {
        let patient = &search.patient;
        let (bodies, id, authority) = (self.bodies, patient.id(), patient.authority().as_str());
        let time = numbers(&search.submission_time);
        let author = search
            .author_person
            .as_ref()
            .map(|pattern| vec![pattern.as_str()]);
        let params: Params<'_> = &[
            &bodies,
            &id,
            &authority,
            &search.statuses,
            &search.sources,
            &time.0,
            &time.1,
            &author,
            &search.content_types,
        ];
        self.packages(Package::Set, &sql::FIND_SETS, params, Some(patient))
            .await
    }

    async fn all(&mut self, search: &AllSearch) -> Result<(), StoreError> {
        let patient = &search.patient;
        let (id, authority) = (patient.id(), patient.authority().as_str());
        let (codes, groups) = split(search.entries.confidentiality_codes.as_ref());
        let bodies = self.bodies;
        let entries: Params<'_> = &[
            &bodies,
            &id,
            &authority,
            &search.entry_statuses,
            &search.entries.types,
            &search.entries.format_codes,
            &codes,
            &groups,
        ];
        let whose: Question<'_> = (&sql::PERSONS_OF_PATIENT, &[&id, &authority]);
        self.entries(whose, (&sql::ALL_ENTRIES, entries), Some(patient))
            .await?;
        let sets = SetSearch {
            patient: patient.clone(),
            statuses: search.set_statuses.clone(),
            sources: None,
            submission_time: Bounds::default(),
            author_person: None,
            content_types: None,
        };
        self.find_sets(&sets).await?;
        let folders: Params<'_> = &[&bodies, &id, &authority, &search.folder_statuses];
        self.packages(Package::Folder, &sql::ALL_FOLDERS, folders, Some(patient))
            .await?;
        self.associations(&sql::ALL_ASSOCIATIONS, &[&bodies, &id, &authority])
            .await
    }

    async fn entries_by(&mut self, lookup: &EntryLookup) -> Result<(), StoreError> {
        let bodies = self.bodies;
        match lookup {
            EntryLookup::Ids(ids) => {
                let whose: Question<'_> = (&sql::PERSONS_OF_OBJECTS, &[ids]);
                self.entries(whose, (&sql::ENTRIES_BY_ID, &[&bodies, ids]), None)
                    .await
            }
            EntryLookup::UniqueIds(ids) => {
                let whose: Question<'_> = (&sql::PERSONS_OF_UNIQUE_IDS, &[ids]);
                self.entries(whose, (&sql::ENTRIES_BY_UNIQUE_ID, &[&bodies, ids]), None)
                    .await
            }
            EntryLookup::LogicalIds(ids) => {
                let whose: Question<'_> = (&sql::PERSONS_OF_LOGICAL_IDS, &[ids]);
                self.entries(whose, (&sql::ENTRIES_BY_LOGICAL_ID, &[&bodies, ids]), None)
                    .await
            }
        }
    }

    async fn associations_of(&mut self, ids: &Vec<Uuid>) -> Result<(), StoreError> {
        let bodies = self.bodies;
        self.associations(&sql::ASSOCIATIONS_FROM, &[&bodies, ids])
            .await?;
        self.associations(&sql::ASSOCIATIONS_TO, &[&bodies, ids]).await
    }

    /// HasMember associations to these objects, and the SubmissionSets that they start from.
    async fn sets_holding(&mut self, ids: &Vec<Uuid>) -> Result<(), StoreError> {
        let bodies = self.bodies;
        self.associations(&sql::ASSOCIATIONS_TO, &[&bodies, ids]).await?;
        self.found
            .associations
            .retain(|link| link.ends.kind == AssociationType::HasMember);
        let sources = distinct(self.found.associations.iter().map(|link| link.ends.source));
        self.packages(Package::Set, &sql::SETS_BY_ID, &[&bodies, &sources], None)
            .await
    }

    async fn set_contents(
        &mut self,
        set: &ContainerLookup,
        restriction: &EntryRestriction,
    ) -> Result<(), StoreError> {
        let bodies = self.bodies;
        match set {
            ContainerLookup::Id(id) => {
                self.packages(Package::Set, &sql::SETS_BY_ID, &[&bodies, &vec![*id]], None)
                    .await?;
            }
            ContainerLookup::UniqueId(id) => {
                let ids = vec![id.as_str()];
                self.packages(Package::Set, &sql::SETS_BY_UNIQUE_ID, &[&bodies, &ids], None)
                    .await?;
            }
        }
        let sets = distinct(self.found.sets.iter().map(|set| set.id));
        self.associations(&sql::ASSOCIATIONS_FROM, &[&bodies, &sets])
            .await?;
        let members = distinct(self.found.associations.iter().map(|link| link.ends.target));
        let (codes, groups) = split(restriction.confidentiality_codes.as_ref());
        let entries: Params<'_> = &[
            &bodies,
            &members,
            &restriction.types,
            &restriction.format_codes,
            &codes,
            &groups,
        ];
        let whose: Question<'_> = (&sql::PERSONS_OF_OBJECTS, &[&members]);
        self.entries(whose, (&sql::ENTRIES_HELD, entries), None).await?;
        self.packages(Package::Folder, &sql::FOLDERS_BY_ID, &[&bodies, &members], None)
            .await?;
        self.associations(&sql::ASSOCIATIONS_BY_ID, &[&bodies, &members])
            .await?;
        self.folder_memberships().await
    }

    /// HasMember associations between the folders and the entries that were found.
    async fn folder_memberships(&mut self) -> Result<(), StoreError> {
        let folders = distinct(self.found.folders.iter().map(|folder| folder.id));
        if folders.is_empty() {
            return Ok(());
        }
        let bodies = self.bodies;
        self.associations(&sql::ASSOCIATIONS_FROM, &[&bodies, &folders])
            .await
    }

    /// Adds entries: those that the viewer may know of, one more than may be answered at most. `whose` asks for the
    /// instruments of those whose they are: no entry is decided on before these are there.
    async fn entries(
        &mut self,
        whose: Question<'_>,
        entries: Question<'_>,
        patient: Option<&PatientId>,
    ) -> Result<(), StoreError> {
        for _ in 0..MERGES_MAX {
            if self.entries_once(whose, entries, patient).await? {
                return Ok(());
            }
            self.found.entries.clear();
            self.found.withheld = LeftOut::default();
        }
        Err(StoreError::Busy(Busy::Contention))
    }

    /// The same; false if an entry is of somebody whose instruments were not read, because patients were merged in
    /// between.
    async fn entries_once(
        &mut self,
        whose: Question<'_>,
        entries: Question<'_>,
        patient: Option<&PatientId>,
    ) -> Result<bool, StoreError> {
        const TABLE: &str = "document_entry";
        let (found, rows_max) = (&mut self.found, self.rows_max);
        let (whose, mut rows) = self.session.pair(whose, entries).await?;
        let persons = persons(&whose)?;
        let judge = self.viewer.judge(&persons);
        let mut all_known = true;
        rows.each(|row: Row| {
            let facts = policy(&row, ENTRY_POLICY)?;
            if !persons.knows(facts.stored_under) {
                all_known = false;
                return Ok(false);
            }
            match judge.release(facts) {
                Ok(released) => {
                    let candidate = candidate(&row, TABLE, patient.ok_or(ENTRY_OWNER))?;
                    found.entries.push(Entry { candidate, released });
                }
                Err(denial) => {
                    let id = read(&row, 0, TABLE, "id")?;
                    found.withheld.add(id, denial.code.code());
                }
            }
            Ok(found.entries.len() < rows_max)
        })
        .await?;
        Ok(all_known)
    }

    async fn packages(
        &mut self,
        kind: Package,
        statement: &'static Statement,
        params: Params<'_>,
        patient: Option<&PatientId>,
    ) -> Result<(), StoreError> {
        let (table, found) = match kind {
            Package::Set => ("submission_set", &mut self.found.sets),
            Package::Folder => ("folder", &mut self.found.folders),
        };
        let rows_max = self.rows_max;
        self.session
            .each(statement, params, |row: Row| {
                found.push(candidate(&row, table, patient.ok_or(PACKAGE_OWNER))?);
                Ok(found.len() < rows_max)
            })
            .await?;
        self.found.cut |= found_len(&self.found, kind) >= rows_max;
        Ok(())
    }

    /// Adds associations, each once.
    async fn associations(
        &mut self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<(), StoreError> {
        let mut known: HashSet<Uuid> = self.found.associations.iter().map(|link| link.id).collect();
        let (found, rows_max) = (&mut self.found.associations, self.rows_max);
        self.session
            .each(statement, params, |row: Row| {
                let link: Link = link(&row)?;
                if known.insert(link.id) {
                    found.push(link);
                }
                Ok(found.len() < rows_max)
            })
            .await?;
        self.found.cut |= self.found.associations.len() >= rows_max;
        Ok(())
    }
}

fn found_len(found: &Candidates, kind: Package) -> usize {
    match kind {
        Package::Set => found.sets.len(),
        Package::Folder => found.folders.len(),
    }
}

fn distinct(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    ids.collect::<HashSet<_>>().into_iter().collect()
}

fn split(groups: Option<&Groups>) -> (Option<&Vec<String>>, Option<&Vec<i32>>) {
    groups.map(|groups| (&groups.values, &groups.groups)).unzip()
}

fn numbers(bounds: &Bounds) -> (Option<i64>, Option<i64>) {
    let number = |time: &Option<String>| time.as_deref().and_then(time_number);
    (number(&bounds.from), number(&bounds.to))
}
