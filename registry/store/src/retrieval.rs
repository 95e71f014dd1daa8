//! What a repository asks about documents and submissions that it holds.

use registry_core::Persons;
use registry_core::policy_facts::PolicyFacts;
use tokio_postgres::Row;
use uuid::Uuid;
use xds_model::{DocumentHash, PatientId};

use crate::error::{Busy, StoreError};
use crate::facts::patient;
use crate::find::MERGES_MAX;
use crate::persons::persons;
use crate::pool::Store;
use crate::row::{hash_from_bytes, policy, read};
use crate::sql;

/// A registered document of a repository.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Retrievable {
    /// Its uniqueId.
    pub unique_id: String,
    /// entryUUID.
    pub entry: Uuid,
    /// What policy decides on.
    pub policy: PolicyFacts,
    /// Its patient: the surviving one after a merge.
    pub patient: PatientId,
    /// The encoded DocumentEntry: records of provision say more of it than policy looks at.
    pub body: Vec<u8>,
}

/// A DocumentEntry as it was submitted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Submitted {
    /// Its uniqueId.
    pub unique_id: String,
    /// Its hash, which an On-Demand entry has not.
    pub hash: Option<DocumentHash>,
}

impl Store {
    /// What the retrieval of these documents of a repository is decided on, with the instruments of those whose they are,
    /// in one round trip. A document that is registered twice is in it twice, one that is not registered is not in it.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn retrievable(
        &self,
        repository_unique_id: &str,
        unique_ids: &[String],
    ) -> Result<(Persons, Vec<Retrievable>), StoreError> {
        let connection = self.connection().await?;
        let session = self.session(&connection);
        for _ in 0..MERGES_MAX {
            let (whose, mut documents) = session
                .pair(
                    (&sql::PERSONS_OF_UNIQUE_IDS, &[&unique_ids]),
                    (&sql::RETRIEVABLE, &[&repository_unique_id, &unique_ids]),
                )
                .await?;
            let persons = persons(&whose)?;
            let mut found = Vec::new();
            documents
                .each(|row| {
                    found.push(retrievable(&row)?);
                    Ok(true)
                })
                .await?;
            let mut documents = found.iter();
            if documents.all(|document| persons.knows(document.policy.stored_under)) {
                return Ok((persons, found));
            }
        }
        Err(StoreError::Busy(Busy::Contention))
    }

    /// The DocumentEntries that the SubmissionSet with this uniqueId brought, in no order; none if there is no such
    /// SubmissionSet.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn submitted(&self, unique_id: &str) -> Result<Option<Vec<Submitted>>, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(&sql::SUBMITTED, &[&unique_id])
            .await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            let Some(unique_id) = read(row, 0, "document_entry", "unique_id")? else {
                continue;
            };
            let hash: Option<&[u8]> = read(row, 1, "document_entry", "hash")?;
            entries.push(Submitted {
                unique_id,
                hash: hash
                    .map(|bytes| hash_from_bytes(bytes, "document_entry"))
                    .transpose()?,
            });
        }
        Ok(Some(entries))
    }
}

fn retrievable(row: &Row) -> Result<Retrievable, StoreError> {
    Ok(Retrievable {
        unique_id: read(row, 0, "unique_id", "value")?,
        entry: read(row, 1, "document_entry", "id")?,
        patient: patient(
            read(row, 2, "patient", "id")?,
            read(row, 3, "patient", "authority")?,
        )?,
        body: read(row, 4, "document_entry", "body")?,
        policy: policy(row, 5)?,
    })
}
