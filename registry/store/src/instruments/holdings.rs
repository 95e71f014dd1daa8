//! Documents as a change of instruments would reach them.

use tokio_postgres::Row;
use uuid::Uuid;
use xds_model::principal::OrganisationId;
use xds_policy::document::Document;
use xds_policy::words::PatientRef;

use crate::error::StoreError;
use crate::facts::patient;
use crate::pool::Store;
use crate::row::{policy, read};
use crate::sql;

const TABLE: &str = "document_entry";

/// Documents of whole patients that are gathered before they are handed on.
const BATCH: usize = 10_000;

impl Store {
    /// Goes through the approved documents of some organisations. `each` gets them in batches that part no patient, so
    /// that patients can be counted batch by batch; one who was merged counts for each identifier that documents are
    /// kept under.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn holdings(
        &self,
        organisations: &[OrganisationId],
        mut each: impl FnMut(&[Document]),
    ) -> Result<(), StoreError> {
        let names: Vec<&str> = organisations
            .iter()
            .map(|organisation| organisation.0.as_str())
            .collect();
        let connection = self.connection().await?;
        let session = self.session(&connection);
        let mut after = (Uuid::nil(), Uuid::nil());
        let mut gathered: Vec<Document> = Vec::new();
        loop {
            let rows = session
                .query(&sql::HOLDINGS, &[&after.0, &after.1, &names])
                .await?;
            if rows.is_empty() {
                each(&gathered);
                return Ok(());
            }
            for row in &rows {
                let place: (Uuid, Uuid) = (read(row, 0, TABLE, "patient")?, read(row, 1, TABLE, "id")?);
                if place.0 != after.0 && gathered.len() >= BATCH {
                    each(&gathered);
                    gathered.clear();
                }
                after = place;
                if read(row, 2, TABLE, "organisation")? {
                    gathered.push(document(row)?);
                }
            }
        }
    }
}

/// What a change of instruments is judged by: the patient is part of it here.
fn document(row: &Row) -> Result<Document, StoreError> {
    let id: &str = read(row, 3, "patient", "id")?;
    let authority: &str = read(row, 4, "patient", "authority")?;
    let facts = policy(row, 5)?;
    Ok(Document {
        patient: Some(PatientRef(patient(id, authority)?.to_string())),
        ..facts.document
    })
}
