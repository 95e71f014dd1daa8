//! The domain as it is, for a file.

use tokio_postgres::Row;
use uuid::Uuid;
use xds_policy::format::DomainFile;

use super::kinds::Instrument;
use super::load::{gathered, of_domain, of_domain_kinds};
use super::rows::instrument;
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::read;
use crate::session::Session;
use crate::sql;
use crate::tx::commit;

impl Store {
    /// Every version of every instrument, at one moment; `with_patients` also those of patients. It is read into
    /// memory: a file of a domain has [`xds_policy::format::BYTES_MAX`] at most.
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn export_domain(&self, with_patients: bool) -> Result<DomainFile, StoreError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin_reading(&mut connection).await?;
        let session = self.within(&transaction);
        let mut versions = of_domain(session, &of_domain_kinds(), None).await?;
        if with_patients {
            versions.extend(of_patients(session).await?);
        }
        commit(transaction).await?;
        Ok(gathered(versions))
    }
}

/// Every version of every patient's instruments, page by page.
pub(super) async fn of_patients(session: Session<'_>) -> Result<Vec<Instrument>, StoreError> {
    let mut all = Vec::new();
    let mut after = Place::default();
    loop {
        let rows = session
            .query(
                &sql::ALL_PATIENT_INSTRUMENTS,
                &[&after.patient, &after.kind, &after.id, &after.version],
            )
            .await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = Place::of(last)?;
        for row in &rows {
            all.push(instrument(row)?);
        }
    }
}

/// Where a page ended.
#[derive(Default)]
struct Place {
    patient: Uuid,
    kind: String,
    id: String,
    version: i32,
}

impl Place {
    fn of(row: &Row) -> Result<Self, StoreError> {
        const TABLE: &str = "patient_instrument_version";
        Ok(Self {
            patient: read(row, 6, TABLE, "patient")?,
            kind: read(row, 0, TABLE, "kind")?,
            id: read(row, 1, TABLE, "id")?,
            version: read(row, 2, TABLE, "version")?,
        })
    }
}
