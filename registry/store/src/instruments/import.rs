//! A file of a domain, taken over: all of it that is not there yet, or nothing.

use std::collections::HashMap;

use serde_json::json;
use time::OffsetDateTime;
use xds_model::IdSource;
use xds_policy::format::DomainFile;
use xds_policy::version::{InstrumentKind, InstrumentRef};
use xds_policy::words::InstrumentId;

use super::add::apart;
use super::check::{entered_since, fits, follows};
use super::error::InstrumentError;
use super::export::of_patients;
use super::kinds::Instrument;
use super::load::{gathered, of_domain, of_domain_kinds};
use super::rows::insert;
use super::two_sides::agrees;
use crate::change::{self, Change, Deed, Telling};
use crate::error::StoreError;
use crate::pool::Store;
use crate::session::Session;
use crate::sql;
use crate::tx::commit;

/// New versions in one file at most.
pub const IMPORT_VERSIONS_MAX: usize = 100_000;

/// What an import did.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Imported {
    /// Versions that are new here.
    pub added: usize,
    /// Versions that were here already, with the same content.
    pub known: usize,
}

/// What an import would do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImportPlan {
    /// Versions that would be new here, in the order in which they would be entered.
    pub added: Vec<InstrumentRef>,
    /// Versions that are here already, with the same content.
    pub known: usize,
    /// Versions that are here, whether the file names them or not.
    pub here: usize,
}

impl Store {
    /// Takes over what a file has and the database has not. Versions that are here stay as they are; a file that says
    /// otherwise is refused as a whole. The journal is told of the import, by its name and the numbers, and of each
    /// new version.
    ///
    /// A file brings its own dates of entry. So that no decision of this registry looks different in hindsight, a
    /// domain that has instruments takes only versions that were entered after all of them.
    ///
    /// # Errors
    /// When something in it may not be, does not fit what is here, or the database cannot do it.
    pub async fn import_domain(
        &self,
        file: &DomainFile,
        name: &str,
        change: &Change,
        ids: &dyn IdSource,
    ) -> Result<Imported, InstrumentError> {
        let import = Import {
            file,
            name,
            change,
            seen: None,
            telling: Telling::Owed,
        };
        self.run_tx("import_domain", || async {
            apart(self.import_once(&import, ids).await)
        })
        .await?
    }

    /// What an import at an instant would do; nothing is done.
    ///
    /// # Errors
    /// Why it could not be done, or when the database cannot say.
    pub async fn plan_import(
        &self,
        file: &DomainFile,
        at: OffsetDateTime,
    ) -> Result<ImportPlan, InstrumentError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin_reading(&mut connection).await?;
        let (news, plan) = planned(self.within(&transaction), file, at).await?;
        commit(transaction).await?;
        drop(news);
        Ok(plan)
    }

    /// Takes a file over whose import was planned when there were so many versions `here`, and of which the caller has
    /// opened an event. The journal is told of each new version besides.
    ///
    /// # Errors
    /// As [`Store::import_domain`], and when there are more versions by now.
    pub async fn import_planned_domain(
        &self,
        file: &DomainFile,
        (name, here): (&str, usize),
        change: &Change,
        ids: &dyn IdSource,
    ) -> Result<Imported, InstrumentError> {
        let import = Import {
            file,
            name,
            change,
            seen: Some(here),
            telling: Telling::Opened,
        };
        self.run_tx("import_domain", || async {
            apart(self.import_once(&import, ids).await)
        })
        .await?
    }

    async fn import_once(
        &self,
        import: &Import<'_>,
        ids: &dyn IdSource,
    ) -> Result<Imported, InstrumentError> {
        let change = import.change;
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let session = self.within(&transaction);
        session.query(&sql::LOCK_DOMAIN, &[]).await?;
        let (news, plan) = planned(session, import.file, change.at).await?;
        if import.seen.is_some_and(|seen| seen != plan.here) {
            return Err(InstrumentError::PlanStale);
        }
        let imported = Imported {
            added: news.len(),
            known: plan.known,
        };
        let after = json!({ "added": imported.added, "known": imported.known, "here_before": plan.here });
        let deed = Deed::new("domain import", import.name).with(None, Some(after));
        change::put(session, change, &deed, import.telling).await?;
        for instrument in &news {
            agrees(session, instrument).await?;
            tell(session, instrument, change, ids).await?;
            insert(session, instrument, change.id).await?;
        }
        commit(transaction).await?;
        Ok(imported)
    }
}

/// A file that is to be taken over.
struct Import<'a> {
    file: &'a DomainFile,
    name: &'a str,
    change: &'a Change,
    /// How many versions were here when it was planned.
    seen: Option<usize>,
    telling: Telling,
}

/// What of a file is new here, if all of it may be.
async fn planned(
    session: Session<'_>,
    file: &DomainFile,
    at: OffsetDateTime,
) -> Result<(Vec<Instrument>, ImportPlan), InstrumentError> {
    let mut known = of_domain(session, &of_domain_kinds(), None).await?;
    known.extend(of_patients(session).await?);
    let here = known.len();
    let news = news(&known, file, at)?;
    let plan = ImportPlan {
        added: news.iter().map(|version| version.reference().clone()).collect(),
        known: Instrument::all_of(file.clone()).len().saturating_sub(news.len()),
        here,
    };
    known.extend(news.iter().cloned());
    fits(&gathered(known))?;
    Ok((news, plan))
}

/// The versions of a file that are new, each judged against the one before it, in an order in which they can follow
/// each other.
fn news(
    known: &[Instrument],
    file: &DomainFile,
    now: OffsetDateTime,
) -> Result<Vec<Instrument>, InstrumentError> {
    let mut latest: HashMap<(InstrumentKind, InstrumentId), Instrument> = HashMap::new();
    let mut hashes = HashMap::new();
    for version in known {
        let reference = version.reference();
        let name = (reference.kind, reference.id.clone());
        hashes.insert((name.clone(), reference.version), reference.hash);
        // They come by version.
        latest.insert(name, version.clone());
    }
    let newest = known.iter().filter_map(Instrument::entered_at).max();
    // A domain whose instruments do not say when they were entered is not without a past.
    let newest = newest.or((!known.is_empty()).then_some(now));
    let mut all = Instrument::all_of(file.clone());
    all.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut news = Vec::new();
    for version in all {
        let reference = version.reference();
        let name = (reference.kind, reference.id.clone());
        match hashes.get(&(name.clone(), reference.version)) {
            Some(hash) if *hash == reference.hash => continue,
            Some(_) => {
                return Err(InstrumentError::Differs {
                    kind: reference.kind,
                    id: reference.id.clone(),
                    version: reference.version,
                });
            }
            None => {}
        }
        entered_since(newest, &version, now)?;
        follows(latest.get(&name), &version)?;
        latest.insert(name, version.clone());
        news.push(version);
    }
    if news.len() > IMPORT_VERSIONS_MAX {
        return Err(InstrumentError::TooMany {
            given: news.len(),
            max: IMPORT_VERSIONS_MAX,
        });
    }
    Ok(news)
}

fn order(version: &Instrument) -> (InstrumentKind, &str, u32) {
    let reference = version.reference();
    (reference.kind, reference.id.as_str(), reference.version)
}

async fn tell(
    session: Session<'_>,
    instrument: &Instrument,
    change: &Change,
    ids: &dyn IdSource,
) -> Result<(), StoreError> {
    let reference = instrument.reference();
    let value = instrument
        .value()
        .map_err(|_| StoreError::row("owed_act", "after"))?;
    let subject = format!("{} {}", reference.kind.name(), reference.id);
    let deed = Deed {
        after: Some(value),
        patients: instrument
            .patient()
            .map(|patient| patient.0.clone())
            .into_iter()
            .collect(),
        ..Deed::new("domain import", &subject)
    };
    let change = Change {
        id: ids.ordered(),
        ..change.clone()
    };
    change::owe(session, &change, &deed).await
}
