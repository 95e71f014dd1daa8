//! What is there: histories, and what decisions are made from.

use time::OffsetDateTime;
use tokio_postgres::Row;
use xds_model::PatientId;
use xds_policy::format::DomainFile;
use xds_policy::ledger::{Ledger, PatientInstruments};
use xds_policy::version::InstrumentKind;
use xds_policy::words::InstrumentId;

use super::kinds::Instrument;
use super::rows::instrument;
use crate::error::StoreError;
use crate::pool::Store;
use crate::session::Session;
use crate::sql;

impl Store {
    /// All versions of one instrument, oldest first; none if there is no such.
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn instrument_history(
        &self,
        kind: InstrumentKind,
        id: &InstrumentId,
    ) -> Result<Vec<Instrument>, StoreError> {
        let connection = self.connection().await?;
        history(self.session(&connection), kind, id).await
    }

    /// All versions of all instruments of a kind that concerns the whole domain, by id. None of a kind that concerns
    /// patients: see [`Store::patient_instruments`].
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn instruments(&self, kind: InstrumentKind) -> Result<Vec<Instrument>, StoreError> {
        let connection = self.connection().await?;
        of_domain(self.session(&connection), &[kind], None).await
    }

    /// All versions of all instruments of a patient, by kind and id: also of those that were merged into the patient,
    /// or that the patient was merged into.
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn patient_instruments(&self, patient: &PatientId) -> Result<Vec<Instrument>, StoreError> {
        self.of_patient(patient, None).await
    }

    /// What decisions at an instant are made from, of the whole domain: everything that had been entered by then, of
    /// whatever effect. One call serves many decisions; [`Store::domain_version`] says when it has to be made again.
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn load_domain(&self, at: OffsetDateTime) -> Result<Ledger, StoreError> {
        let connection = self.connection().await?;
        let kinds = of_domain_kinds();
        let versions = of_domain(self.session(&connection), &kinds, Some(at)).await?;
        Ok(gathered(versions).into_facts().0)
    }

    /// The same of one patient, under any identifier that the patient has or had before a merge. Instruments keep the
    /// identifier that they name.
    ///
    /// # Errors
    /// When the database cannot do it, or a version is not what its hash says.
    pub async fn load_patient(
        &self,
        patient: &PatientId,
        at: OffsetDateTime,
    ) -> Result<PatientInstruments, StoreError> {
        let versions = self.of_patient(patient, Some(at)).await?;
        Ok(gathered(versions).into_facts().1)
    }

    async fn of_patient(
        &self,
        patient: &PatientId,
        at: Option<OffsetDateTime>,
    ) -> Result<Vec<Instrument>, StoreError> {
        let connection = self.connection().await?;
        self.of_patient_in(self.session(&connection), patient, at).await
    }

    /// The same within a transaction that does more.
    pub(crate) async fn of_patient_in(
        &self,
        session: Session<'_>,
        patient: &PatientId,
        at: Option<OffsetDateTime>,
    ) -> Result<Vec<Instrument>, StoreError> {
        let rows = session
            .query(
                &sql::PATIENT_INSTRUMENTS,
                &[&patient.id(), &patient.authority().as_str(), &at],
            )
            .await?;
        read_all(&rows)
    }
}

pub(super) fn of_domain_kinds() -> Vec<InstrumentKind> {
    let kinds = Instrument::KINDS.into_iter();
    kinds.filter(|kind| !Instrument::is_of_patient(*kind)).collect()
}

/// All versions of some kinds of the domain, as entered by an instant or ever.
pub(super) async fn of_domain(
    session: Session<'_>,
    kinds: &[InstrumentKind],
    at: Option<OffsetDateTime>,
) -> Result<Vec<Instrument>, StoreError> {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let id: Option<&str> = None;
    let rows = session.query(&sql::INSTRUMENTS, &[&names, &id, &at]).await?;
    read_all(&rows)
}

pub(super) async fn history(
    session: Session<'_>,
    kind: InstrumentKind,
    id: &InstrumentId,
) -> Result<Vec<Instrument>, StoreError> {
    let rows = if Instrument::is_of_patient(kind) {
        session
            .query(&sql::PATIENT_INSTRUMENT, &[&kind.name(), &id.as_str()])
            .await?
    } else {
        let at: Option<OffsetDateTime> = None;
        let (kinds, id) = (vec![kind.name()], Some(id.as_str()));
        session.query(&sql::INSTRUMENTS, &[&kinds, &id, &at]).await?
    };
    read_all(&rows)
}

pub(super) fn read_all(rows: &[Row]) -> Result<Vec<Instrument>, StoreError> {
    rows.iter().map(instrument).collect()
}

pub(crate) fn gathered(versions: impl IntoIterator<Item = Instrument>) -> DomainFile {
    let mut file = DomainFile::empty();
    for version in versions {
        version.add_to(&mut file);
    }
    file
}
