//! What objects touch, for policy.

use std::collections::BTreeSet;

use registry_core::answer::Candidates;
use registry_core::view::{Package, Surroundings};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::StoreError;
use crate::persons::persons;
use crate::row::{policy, read};
use crate::session::Session;
use crate::sql;

/// Loads what the candidates touch: the ends of their associations and what packages hold. The ends of
/// an association that an association ends at take a second look. Then the instruments of those whose they are.
pub(crate) async fn load(session: Session<'_>, candidates: &mut Candidates) -> Result<(), StoreError> {
    let mut known = BTreeSet::new();
    let mut wanted = touched(candidates);
    while !wanted.is_empty() {
        let ids: Vec<Uuid> = wanted.iter().copied().collect();
        let rows = session.query(&sql::SURROUNDINGS, &[&ids]).await?;
        known.append(&mut wanted);
        for row in &rows {
            if let Some((source, target)) = add(&mut candidates.surroundings, row)? {
                wanted.extend([source, target].into_iter().filter(|id| !known.contains(id)));
            }
        }
    }
    let whose: BTreeSet<Uuid> = owners(&candidates.surroundings).collect();
    if !whose.is_empty() {
        let keys: Vec<Uuid> = whose.into_iter().collect();
        let rows = session.query(&sql::PERSONS_OF_KEYS, &[&keys]).await?;
        candidates.surroundings.persons = persons(&rows)?;
    }
    Ok(())
}

/// The keys that they are stored under.
fn owners(surroundings: &Surroundings) -> impl Iterator<Item = Uuid> {
    let documents = surroundings.documents.values();
    let packages = surroundings.packages.values();
    documents
        .map(|facts| facts.stored_under)
        .chain(packages.map(|package| package.stored_under))
}

fn touched(candidates: &Candidates) -> BTreeSet<Uuid> {
    let packages = candidates.sets.iter().chain(&candidates.folders);
    let ends = candidates
        .associations
        .iter()
        .flat_map(|link| [link.ends.source, link.ends.target]);
    packages.map(|package| package.id).chain(ends).collect()
}

/// Where in a row the columns for policy begin.
const POLICY: usize = 4;

fn add(surroundings: &mut Surroundings, row: &Row) -> Result<Option<(Uuid, Uuid)>, StoreError> {
    const TABLE: &str = "object_id";
    let id: Uuid = read(row, 1, TABLE, "id")?;
    match read::<i16>(row, 0, TABLE, "kind")? {
        1 => {
            surroundings.documents.insert(id, policy(row, POLICY)?);
        }
        2 => {
            let organisation: String = read(row, POLICY, TABLE, "organisation")?;
            let package = package(surroundings, id);
            package.organisation = organisation;
            package.stored_under = read(row, POLICY + 2, TABLE, "patient")?;
        }
        3 => {
            let document: Uuid = read(row, 2, TABLE, "id")?;
            surroundings.documents.insert(document, policy(row, POLICY)?);
            package(surroundings, id).documents.push(document);
        }
        _ => {
            let ends = (read(row, 2, TABLE, "source")?, read(row, 3, TABLE, "target")?);
            surroundings.links.insert(id, ends);
            return Ok(Some(ends));
        }
    }
    Ok(None)
}

fn package(surroundings: &mut Surroundings, id: Uuid) -> &mut Package {
    surroundings.packages.entry(id).or_insert_with(|| Package {
        organisation: String::new(),
        stored_under: Uuid::nil(),
        documents: Vec::new(),
    })
}
