//! What a repository asks about documents and submissions that it holds.

use registry_core::view::PolicyFacts;
use xds_model::{DocumentHash, PatientId};

use crate::error::StoreError;
use crate::facts::patient;
use crate::pool::Store;
use crate::row::{hash_from_bytes, policy, read};
use crate::sql;

/// A registered document of a repository.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Retrievable {
    /// Its uniqueId.
    pub unique_id: String,
    /// What policy decides on.
    pub policy: PolicyFacts,
    /// Its patient: the surviving one after a merge.
    pub patient: PatientId,
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
    /// What the retrieval of these documents of a repository is decided on. A document that is registered
    /// twice is in it twice, one that is not registered is not in it.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn retrievable(
        &self,
        repository_unique_id: &str,
        unique_ids: &[String],
    ) -> Result<Vec<Retrievable>, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(&sql::RETRIEVABLE, &[&repository_unique_id, &unique_ids])
            .await?;
        rows.iter()
            .map(|row| {
                let id: String = read(row, 3, "patient", "id")?;
                let authority: String = read(row, 4, "patient", "authority")?;
                Ok(Retrievable {
                    unique_id: read(row, 0, "unique_id", "value")?,
                    policy: policy(row, "document_entry")?,
                    patient: patient(&id, &authority)?,
                })
            })
            .collect()
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
