//! A file of a domain, taken over: all of it that is not there yet, or nothing.

use std::collections::HashMap;

use serde_json::json;
use time::OffsetDateTime;
use xds_model::IdSource;
use xds_policy::format::DomainFile;
use xds_policy::version::InstrumentKind;
use xds_policy::words::InstrumentId;

use super::add::apart;
use super::check::{entered_since, fits, follows};
use super::error::InstrumentError;
use super::export::of_patients;
use super::kinds::Instrument;
use super::load::{gathered, of_domain, of_domain_kinds};
use super::rows::insert;
use super::two_sides::agrees;
use crate::change::{self, Change, Deed};
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
        self.run_tx("import_domain", || async {
            apart(self.import_once(file, name, change, ids).await)
        })
        .await?
    }

    async fn import_once(
        &self,
        file: &DomainFile,
        name: &str,
        change: &Change,
        ids: &dyn IdSource,
    ) -> Result<Imported, InstrumentError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let session = self.within(&transaction);
        session.query(&sql::LOCK_DOMAIN, &[]).await?;
        let mut known = of_domain(session, &of_domain_kinds(), None).await?;
        known.extend(of_patients(session).await?);
        let here = known.len();
        let news = news(&known, file, change.at)?;
        let imported = Imported {
            added: news.len(),
            known: Instrument::all_of(file.clone()).len().saturating_sub(news.len()),
        };
        known.extend(news.iter().cloned());
        fits(&gathered(known))?;
        let after = json!({ "added": imported.added, "known": imported.known, "here_before": here });
        let deed = Deed::new("domain import", name).with(None, Some(after));
        change::record(session, change, &deed).await?;
        for instrument in &news {
            agrees(session, instrument).await?;
            tell(session, instrument, change, ids).await?;
            insert(session, instrument, change.id).await?;
        }
        commit(transaction).await?;
        Ok(imported)
    }
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
