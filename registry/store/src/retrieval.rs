//! What a repository asks about documents and submissions that it holds.

use registry_core::view::PolicyFacts;
use xds_model::PatientId;

use crate::error::StoreError;
use crate::facts::patient;
use crate::pool::Store;
use crate::row::{policy, read};
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

    /// Whether a SubmissionSet with this uniqueId is registered.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn is_submission_set(&self, unique_id: &str) -> Result<bool, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(&sql::IS_SUBMISSION_SET, &[&unique_id])
            .await?;
        Ok(!rows.is_empty())
    }
}
