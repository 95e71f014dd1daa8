//! What a decision of the past was made from, as far as it is kept.

use std::collections::HashMap;

use registry_core::policy_facts::PolicyFacts;
use uuid::Uuid;
use xds_policy::ledger::PatientInstruments;

use crate::error::StoreError;
use crate::instruments::{Instrument, PatientVersions};
use crate::pool::Store;
use crate::row::{ENTRY_POLICY, policy, read};
use crate::sql;

impl Store {
    /// What policy decides these DocumentEntries on, by entryUUID. None of it changes after registration. Those that are
    /// not here are left out.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn facts_of_entries(&self, entries: &[Uuid]) -> Result<HashMap<Uuid, PolicyFacts>, StoreError> {
        let connection = self.connection().await?;
        let without_bodies = false;
        let rows = self
            .session(&connection)
            .query(&sql::ENTRIES_BY_ID, &[&without_bodies, &entries])
            .await?;
        rows.iter()
            .map(|row| Ok((read(row, 0, "document_entry", "id")?, policy(row, ENTRY_POLICY)?)))
            .collect()
    }

    /// All versions of instruments that were entered under exactly these keys of patients: whatever was merged into them
    /// since does not count.
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn instruments_under(&self, keys: &[Uuid]) -> Result<PatientInstruments, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(&sql::INSTRUMENTS_UNDER_KEYS, &[&keys])
            .await?;
        let mut versions = PatientVersions::default();
        for row in &rows {
            versions.add(Instrument::of_row(row)?);
        }
        Ok(versions.into_facts())
    }
}
